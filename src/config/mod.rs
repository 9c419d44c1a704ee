//! Settings: flag > environment > file > built in, resolved once.
