//! Single characters and the head of a word: their plain forms and their kinds.

use unicode_normalization::UnicodeNormalization;

use super::{Case, script::Script};

/// How a word with so many capital and small letters is written. `edgeX` and `zkPass` are names of a fashion.
#[inline]
pub(super) fn case(upper: usize, lower: usize) -> Case {
    match (upper, lower) {
        (2.., 0) => Case::Upper,
        (1.., _) => Case::Title,
        _ => Case::Lower,
    }
}

/// The length of the word that `rest` begins with, if it is of ASCII letters and digits, and what follows neither
/// belongs to it nor joins it with a next one.
#[inline]
pub(super) fn ascii_word(rest: &[u8]) -> Option<usize> {
    let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let ends = |at: usize| rest.get(at).is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric());
    let parts = match rest.get(length) {
        Some(b'.' | b',' | b':') => ends(length + 1),
        Some(b'_' | b'\'' | b'`') => false,
        _ => ends(length),
    };
    (length > 0 && parts).then_some(length)
}

/// The plain character a character stands for, as far as one character can say.
#[inline]
pub(super) fn simple(c: char) -> char {
    if c.is_ascii() {
        return if c == '`' { '\'' } else { c };
    }
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '「'..='』' | '《' | '》' | '〈' | '〉' => '"',
        '\u{2010}'..='\u{2015}' => '\u{2014}',
        _ => std::iter::once(c).nfkd().next().unwrap_or(c),
    }
}

/// The letter of the Latin alphabet that stands for one which has no other form.
#[inline]
pub(super) fn plain_letter(c: char) -> char {
    match c {
        'ı' => 'i',
        'đ' => 'd',
        _ => c,
    }
}

#[inline]
pub(super) fn is_unspaced(c: char) -> bool {
    !c.is_ascii() && Script::of(c) != Script::Spaced
}

#[inline]
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

/// Characters that are not seen and only serve to hide a word from a filter, or to style an emoji.
#[inline]
pub(super) fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// The folded form of a punctuation mark that parts phrases.
#[inline]
pub(super) fn mark(c: char) -> Option<&'static str> {
    Some(match c {
        '.' | '!' | '\u{3002}' | '\n' => ".",
        '?' => "?",
        '%' => "%",
        ',' | ';' | '\u{3001}' => ",",
        ':' => ":",
        '|' | '\u{2022}' | '【' | '】' => "|",
        '(' => "(",
        ')' => ")",
        '[' => "[",
        ']' => "]",
        '\u{2014}' => "-",
        _ => return None,
    })
}

#[inline]
pub(super) fn link_head(rest: &str) -> bool {
    let starts = |head: &str| {
        rest.as_bytes().get(..head.len()).is_some_and(|b| b.eq_ignore_ascii_case(head.as_bytes()))
    };
    starts("http://") || starts("https://") || starts("www.")
}
