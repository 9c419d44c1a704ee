//! Normal forms: of a text, of a page's address, of durations and sizes. Pure.

pub mod address;
pub mod domain;
pub mod host;
pub mod normal;
pub mod quantity;
