//! Judgement: is this a token launch, whose, what kind, when. Pure: no network, no clock, no database.

mod bait;
mod class;
mod early;
mod established;
mod explain;
pub mod facts;
pub mod feedback;
mod groups;
pub mod headline;
mod judge;
mod languages;
pub mod lexicon;
mod names;
mod reading;
mod rules;
pub mod signals;
pub mod story;
mod watch;
mod weights;
mod words;

use jiff::Timestamp;

use crate::model::{Kind, Language};

pub use class::class;
pub use early::{Headline, MUTED, NO_VOCABULARY, OTHER_LANGUAGE};
pub use explain::{Explanation, Line, Marked};
pub use rules::Rules;
pub use weights::score_of;
pub use words::{WordedReason, worded};

/// What the user wants judged, and how strictly (docs/reference/settings.md#detect, docs/reference/settings.md#projects).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Score from which a text counts as a launch, 0–100.
    pub threshold: u8,
    /// Whether projects outside the watch list are ignored.
    pub watched_only: bool,
    /// Whether the sentence encoder reads the texts that the linear model does not decide.
    pub encoder: bool,
    /// The watch list.
    pub projects: Vec<Project>,
    /// The user's own phrases.
    pub phrases: Vec<Phrase>,
    /// Phrases whose texts are not wanted at all.
    pub mute: Vec<String>,
    /// Languages that are judged; empty: all. A text whose language is not clear is judged.
    pub languages: Vec<Language>,
}

impl Default for Settings {
    /// Threshold 60 (docs/reference/settings.md#detect), every project.
    fn default() -> Self {
        Self {
            threshold: 60,
            watched_only: false,
            encoder: true,
            projects: Vec::new(),
            phrases: Vec::new(),
            mute: Vec::new(),
            languages: Vec::new(),
        }
    }
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
    /// Domains of its own, such as `caldera.xyz`.
    pub domains: Vec<String>,
    /// `high`, `normal` or `low`.
    pub priority: Priority,
    /// Score from which a text on it counts as a launch, where that differs from the rest.
    pub threshold: Option<u8>,
}

/// A phrase of the user's that moves the score of the texts it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// Its words, in any spelling of case and accents.
    pub text: String,
    /// Points on the 0–100 scale, added once a text.
    pub weight: i16,
}

/// The priority of a watched project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Priority {
    /// Reported with the rest.
    Low,
    /// The default of a project added without one.
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
    /// What proves who speaks.
    pub origin: Origin<'a>,
}

/// What proves who speaks in a text. What a feed claims of its author, and a link that was not read, prove nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin<'a> {
    /// Nothing.
    #[default]
    Unproven,
    /// The account that posted it, as the service itself names it; without `@` or with.
    Account(&'a str),
    /// The address that the text was read from: its feed, or its page after all redirects.
    Address(&'a str),
}

/// The early filter's decision on an entry, before any article is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Early {
    /// It may be a launch.
    Candidate,
    /// It cannot be one, for this reason.
    Dropped(&'static str),
}

#[cfg(test)]
mod encoder_tests;
#[cfg(test)]
mod tests;
