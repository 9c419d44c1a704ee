//! The early filter: a look at title and summary before any article is fetched.
//!
//! It shares its gate with the judgement, so that it never drops what would be judged a launch.

use super::{
    Early,
    lexicon::{BODY_LIMIT, Lexicon, Part},
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

/// Which words let a text through.
#[derive(Debug, Clone, Copy)]
pub struct EarlyFilter {
    strong: u128,
    weak: u128,
}

impl EarlyFilter {
    /// Looks up the groups by name.
    #[must_use]
    pub fn new(lexicon: &Lexicon) -> Self {
        Self {
            strong: lexicon.mask(&[
                "airdrop",
                "airdropped",
                "claim",
                "presale",
                "tokensale",
                "ido",
                "launchpad",
                "tge",
                "tokenlaunch",
                "list",
                "trading",
                "newtoken",
                "tag",
                "governance",
            ]),
            weak: lexicon.mask(&[
                "snapshot",
                "tokenomics",
                "distribution",
                "debut",
                "token",
                "sell",
                "supply",
                "gives",
            ]),
        }
    }

    /// Whether a text with these groups may be a launch: one of the stronger set, two of the weaker one, or one of
    /// them where the body is missing.
    #[must_use]
    pub fn passes(&self, seen: u128, complete: bool) -> bool {
        let weak = (seen & self.weak).count_ones();
        seen & self.strong != 0 || weak > 1 || !complete && weak > 0
    }
}

/// Whether the entry may matter; `own` is how many phrases and how many mute phrases the user has.
pub(super) fn early(
    lexicon: &Lexicon,
    filter: EarlyFilter,
    own: (usize, usize),
    headline: &Headline,
) -> Early {
    let title = lexicon.read(headline.title, headline.summary, None);
    let whole = if headline.summary.len() > BODY_LIMIT {
        lexicon.read_whole(headline.summary)
    } else {
        Part::default()
    };
    let labels = headline.categories.iter().map(|label| lexicon.read_whole(label));
    let parts: Vec<Part> = [title.title, title.body, whole].into_iter().chain(labels).collect();
    let seen = parts.iter().fold(0, |seen, part| seen | part.seen);
    let watched = parts.iter().any(|part| !part.signs.is_empty());
    let matched = |range: std::ops::Range<usize>| {
        parts.iter().flat_map(|part| &part.rules).any(|(index, _, _)| range.contains(&usize::from(*index)))
    };
    let (phrases, mute) = own;
    if matched(phrases..phrases + mute) {
        return Early::Dropped(MUTED);
    }
    let complete = !headline.cut_short && !headline.summary.trim().is_empty();
    if watched || matched(0..phrases) || filter.passes(seen, complete) {
        Early::Candidate
    } else {
        Early::Dropped(NO_VOCABULARY)
    }
}
