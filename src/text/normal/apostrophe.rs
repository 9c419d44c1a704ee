//! Apostrophes: of the possessive, of elision in French and Italian, and of Turkish endings.

use super::characters::{is_word, simple};

/// What an apostrophe does to the words on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apostrophe {
    /// Both are one word: `don't`.
    Joins,
    /// What follows is an ending of the possessive, with its length in bytes: `Kamino's`, `Kamino'nun`.
    Possessive(usize),
    /// What follows is another ending, with its length: `Kamino'da`. An article has none: `l'airdrop`.
    Ending(usize),
    /// Neither word follows: it is a quotation mark.
    Parts,
}

/// What the apostrophe between the folded `word` and `rest` does.
pub(super) fn apostrophe(word: &str, rest: &str) -> Apostrophe {
    let length: usize = rest.chars().take_while(|&c| is_word(simple(c))).map(char::len_utf8).sum();
    let ending = &rest[..length];
    match ending {
        "" => Apostrophe::Parts,
        "s" | "S" => Apostrophe::Possessive(length),
        _ if ELISIONS.contains(&word) => Apostrophe::Ending(0),
        _ if TURKISH_GENITIVES.contains(&ending) => Apostrophe::Possessive(length),
        _ if TURKISH_ENDINGS.contains(&ending) => Apostrophe::Ending(length),
        _ => Apostrophe::Joins,
    }
}

/// Articles and the like of French and Italian that lose their vowel before the next word.
const ELISIONS: &[&str] = &[
    "l", "d", "c", "j", "n", "s", "qu", "un", "dell", "all", "nell", "sull", "dall", "quest", "jusqu",
    "lorsqu",
];
/// Endings of the Turkish genitive.
const TURKISH_GENITIVES: &[&str] = &["in", "ın", "un", "ün", "nin", "nın", "nun", "nün"];
/// Endings of other Turkish cases.
const TURKISH_ENDINGS: &[&str] = &[
    "e", "a", "ye", "ya", "i", "ı", "u", "ü", "yi", "yı", "yu", "yü", "de", "da", "te", "ta", "den", "dan",
    "ten", "tan", "le", "la", "yle", "yla", "deki", "daki", "nde", "nda", "ne", "na", "ni", "nı", "nu", "nü",
];
