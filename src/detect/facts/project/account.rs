//! The account that writes a post: whether it is that of the project it writes about.

use super::vocabulary::GENERIC_TAGS;
use crate::{
    detect::{
        groups::{Group, Groups},
        lexicon::Lexicon,
        reading::{Part, Reading},
    },
    text::normal::{Shape, fold},
};

/// Words of accounts that report on projects of others.
const REPORTERS: &[&str] = &[
    "news", "alert", "announce", "airdrop", "listing", "signal", "crypto", "hunter", "whale", "alpha",
    "daily", "watch", "trad", "degen", "support", "giveaway",
];
/// Words of a post that speaks for its account.
const FIRST_PERSON: &[&str] = &["we", "our", "us", "weve"];
/// Letters of a name that say enough anywhere in an account's, and of a ticker that do at its head.
const LEAST: usize = 4;
const LEAST_HEAD: usize = 3;

/// Whether `author` bears the name, ticker or hashtag of something that stands in `reading` and is not established.
pub(crate) fn is_named_after(lexicon: &Lexicon, author: &str, reading: &Reading) -> bool {
    let account = plain(author);
    account.len() >= LEAST
        && reading.parts().into_iter().any(|part| {
            (0..part.tags.len()).any(|at| {
                let name = part.word(at).trim_start_matches(['#', '$']);
                let found = match part.normal.tokens[at].shape {
                    Shape::Cashtag => true,
                    Shape::Hashtag => {
                        !lexicon.is_common(name) && !GENERIC_TAGS.iter().any(|tag| name.contains(tag))
                    }
                    _ => part.tags[at].any(Group::Name),
                };
                let bears = account.contains(name) && name.len() >= LEAST
                    || account.starts_with(name) && name.len() >= LEAST_HEAD;
                found && bears && !part.tags[at].any(Groups::KNOWN)
            })
        })
}

/// Whether the post speaks for its account: "our claim is open".
pub(crate) fn speaks_for_itself(post: &Part) -> bool {
    (0..post.tags.len()).any(|at| FIRST_PERSON.contains(&post.word(at)))
}

/// The name of `author` as that of a project, if it may be one.
pub(super) fn name<'a>(lexicon: &Lexicon, author: &'a str) -> Option<&'a str> {
    let author = author.trim().trim_start_matches('@');
    let account = plain(author);
    let reports = REPORTERS.iter().any(|word| account.contains(word));
    // Names of exchanges and outlets are written large in texts.
    let known =
        || lexicon.read_whole(&author.replace('_', " ").to_uppercase()).seen.any(Groups::VENUE_OR_PRESS);
    (!account.is_empty() && !reports && !known()).then_some(author)
}

fn plain(author: &str) -> String {
    fold(author).chars().filter(|c| c.is_alphanumeric()).collect()
}
