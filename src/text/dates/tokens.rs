//! A date text as numbers, words and signs.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::words::morpheme;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// ASCII digits.
    Number,
    /// Letters; of scripts that put no space between words, one word of ours or one character.
    Word,
    /// Any other character.
    Sign(char),
}

/// One token of a date text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    /// In normal form.
    pub text: &'a str,
    pub kind: Kind,
    /// Whether white space stands before it.
    pub spaced: bool,
}

/// `text` in lower case, full-width and other compatibility forms folded, accents and marks of direction gone, one
/// kind of dash.
pub(super) fn normal(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let bare = text.nfkc().flat_map(char::to_lowercase).nfkd().filter(|c| !is_combining_mark(*c)).nfc();
    let folded = bare.filter_map(|c| match c {
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => None,
        'ı' => Some('i'),
        'ł' => Some('l'),
        'đ' => Some('d'),
        '‐'..='―' | '−' => Some('-'),
        _ => Some(c),
    });
    Cow::Owned(folded.collect())
}

/// The tokens of a text in [`normal`] form.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut spaced) = (text, false);
    while let Some(c) = rest.chars().next() {
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let (length, kind) = if c.is_whitespace() {
            spaced = true;
            rest = &rest[c.len_utf8()..];
            continue;
        } else if c.is_ascii_digit() {
            (run(|c| c.is_ascii_digit()), Kind::Number)
        } else if is_unspaced(c) {
            (morpheme(rest).unwrap_or(c.len_utf8()), Kind::Word)
        } else if c.is_alphabetic() {
            (run(|c| (c.is_alphabetic() || c == '_') && !is_unspaced(c)), Kind::Word)
        } else {
            (c.len_utf8(), Kind::Sign(c))
        };
        found.push(Token { text: &rest[..length], kind, spaced });
        rest = &rest[length..];
        spaced = false;
    }
    found
}

/// Characters of Chinese, Japanese and Korean.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}
