//! The early filter: reads title and summary before any article is fetched.
//!
//! Judgement uses the same filter, so no entry is dropped that would be judged a launch.

use super::{
    Early, Settings,
    groups::Groups,
    languages::language,
    lexicon::{BODY_LIMIT, Lexicon},
    reading::Part,
};

/// What a feed says of an entry before its article is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headline<'a> {
    /// Headline.
    pub title: &'a str,
    /// Summary, plain text; may be empty.
    pub summary: &'a str,
    /// The feed's own labels.
    pub categories: &'a [String],
    /// Whether the summary is known to be cut short: then less is asked of it.
    pub cut_short: bool,
}

/// Why an entry is dropped: neither vocabulary of launches nor a watched name.
pub const NO_VOCABULARY: &str = "no_vocabulary";

/// Why an entry is dropped: the user does not want texts with one of its phrases.
pub const MUTED: &str = "muted";

/// Why an entry is dropped: it is in a language that the user does not want.
pub const OTHER_LANGUAGE: &str = "other_language";

/// Whether a text with these groups may be a launch: one of the stronger set, two of the weaker one, or one of
/// them where the body is missing.
pub(super) fn passes(seen: Groups, is_complete: bool) -> bool {
    let weak = (seen & Groups::WEAK).len();
    seen.any(Groups::STRONG) || weak > 1 || !is_complete && weak > 0
}

/// Whether the entry may be a launch.
pub(super) fn early(lexicon: &Lexicon, settings: &Settings, headline: &Headline) -> Early {
    let title = lexicon.read(headline.title, headline.summary, None);
    let whole = if headline.summary.len() > BODY_LIMIT {
        lexicon.read_whole(headline.summary)
    } else {
        Part::default()
    };
    let labels = headline.categories.iter().map(|label| lexicon.read_whole(label));
    let parts: Vec<Part> = [title.title, title.body, whole].into_iter().chain(labels).collect();
    let seen = parts.iter().map(|part| &part.seen).collect();
    let watched = parts.iter().any(|part| !part.signs.is_empty());
    let matched = |range: std::ops::Range<usize>| {
        parts.iter().flat_map(|part| &part.rules).any(|(index, _, _)| range.contains(&usize::from(*index)))
    };
    let (phrases, mute) = (settings.phrases.len(), settings.mute.len());
    if matched(phrases..phrases + mute) {
        return Early::Dropped(MUTED);
    }
    let complete = !headline.cut_short && !headline.summary.trim().is_empty();
    if !(watched || matched(0..phrases) || passes(seen, complete)) {
        return Early::Dropped(NO_VOCABULARY);
    }
    let is_wanted = settings.languages.is_empty()
        || language(headline.title, headline.summary).is_none_or(|found| settings.languages.contains(&found));
    if is_wanted { Early::Candidate } else { Early::Dropped(OTHER_LANGUAGE) }
}
