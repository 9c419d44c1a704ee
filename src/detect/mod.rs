//! Judgement: is this a token launch, whose, what kind, when. Pure: no network, no clock, no database.

pub mod story;

use jiff::Timestamp;

use crate::model::Kind;

/// What the user wants judged, and how strictly (contract, section 2, `[detect]` and `[[projects]]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Score from which a text counts as a launch, 0–100.
    pub threshold: u8,
    /// Whether projects outside the watch list are ignored.
    pub watched_only: bool,
    /// The watch list.
    pub projects: Vec<Project>,
}

/// One project of the watch list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Project {
    /// Its name as shown.
    pub name: String,
    /// Other spellings and product names.
    pub aliases: Vec<String>,
    /// Tickers, without `$`.
    pub tokens: Vec<String>,
    /// Phrases that mean something else.
    pub exclude: Vec<String>,
    /// Its accounts on X, without `@`.
    pub handles: Vec<String>,
    /// `high`, `normal` or `low`.
    pub priority: Priority,
}

/// How much a watched project matters to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Priority {
    /// Told with the rest.
    Low,
    /// The default of a project added without a word on it.
    Normal,
    /// May become critical.
    #[default]
    High,
}

/// One text to judge.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// News or post.
    pub kind: Kind,
    /// Headline; empty for posts.
    pub title: &'a str,
    /// Body or summary, plain text. Judgement reads its opening.
    pub text: &'a str,
    /// Who wrote it; a handle for posts.
    pub author: &'a str,
    /// Name of the outlet.
    pub source: &'a str,
    /// Address, where there is one.
    pub url: &'a str,
    /// When it was published: what "tomorrow" counts from.
    pub published: Option<Timestamp>,
}

/// The early filter's word on an entry, before any article is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Early {
    /// It may matter.
    Candidate,
    /// It cannot matter.
    Dropped(&'static str),
}
