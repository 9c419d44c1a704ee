//! The weekly summary: for whom it is due, what it contains, and its words. Pure.

mod build;
mod plan;
mod words;

pub use build::{build, dated_days};
pub use plan::plan_summaries;
pub use words::{Line, markdown, sections, title};
