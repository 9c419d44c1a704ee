//! Text out: tables, JSON, CSV. Renders, never prints.
