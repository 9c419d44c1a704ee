//! Normal forms: of a text, of a page's address, of durations and sizes; text made fit to be shown, secrets masked. Pure.

pub mod address;
pub mod cut;
pub mod domain;
pub mod host;
pub mod link;
pub mod normal;
mod plain;
pub mod quantity;
pub mod secret;

pub use plain::{inert, lines, plain, suits_xml};
