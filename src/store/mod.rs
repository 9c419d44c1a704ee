//! The lasting memory: whole steps, not rows.
