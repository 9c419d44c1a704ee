//! One source from request to verdict.
