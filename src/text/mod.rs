//! Normal forms: of a text, of a page's address, of durations and sizes; text made fit to be shown, secrets masked. Pure.

pub mod address;
pub mod cut;
pub mod dates;
pub mod domain;
pub(crate) mod hash;
pub mod host;
pub mod link;
pub(crate) mod login;
pub(crate) mod markdown;
pub(crate) mod markup;
pub(crate) mod measure;
pub mod normal;
pub(crate) mod outlet;
mod plain;
pub(crate) mod proc_file;
pub mod quantity;
pub(crate) mod records;
pub mod secret;
pub(crate) mod words;

pub use plain::{inert, lines, plain, suits_xml};
