//! What the vocabulary found in a text.

use super::groups::{Group, Groups};
use crate::text::normal::{Normal, Shape, Token};

/// How a watched project shows in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// Its name or an alias.
    Name,
    Ticker,
    Handle,
    /// A phrase that means something else.
    Exclusion,
}

/// A phrase of a group: tokens `first..=last` of a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub group: Group,
    pub first: u32,
    pub last: u32,
}

/// A sign of a watched project: tokens `first..=last` of a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sign {
    /// Index into the watch list.
    pub project: u16,
    pub what: Watched,
    pub first: u32,
    pub last: u32,
}

/// Title or body with what was found in it.
#[derive(Debug, Clone, Default)]
pub struct Part<'a> {
    /// The original.
    pub(super) text: &'a str,
    pub(super) normal: Normal,
    pub(super) tags: Vec<Groups>,
    /// Phrases found, by position.
    pub(super) hits: Vec<Hit>,
    pub(super) signs: Vec<Sign>,
    /// The user's rules that matched: index, first and last token.
    pub(super) rules: Vec<(u16, u32, u32)>,
    pub(super) seen: Groups,
}

impl<'a> Part<'a> {
    /// The folded form of token `index`; empty beyond the end.
    pub(super) fn word(&self, index: usize) -> &str {
        if index < self.tags.len() { self.normal.word(index) } else { "" }
    }

    pub(super) fn token(&self, index: usize) -> Option<Token> {
        self.normal.tokens.get(index).copied()
    }

    /// The groups of token `index`; none beyond the end.
    pub(super) fn groups(&self, index: usize) -> Groups {
        self.tags.get(index).copied().unwrap_or_default()
    }

    /// Whether token `index` has that shape.
    pub(super) fn is(&self, index: usize, shape: Shape) -> bool {
        self.token(index).is_some_and(|token| token.shape == shape)
    }

    /// The original words of tokens `first..=last`.
    pub(super) fn words(&self, first: usize, last: usize) -> &'a str {
        let (Some(first), Some(last)) = (self.token(first), self.token(last)) else { return "" };
        self.text.get(first.start as usize..last.end as usize).unwrap_or_default()
    }

    /// The next token that is not a quotation mark, from `index` on.
    pub(super) fn skip_quotes(&self, mut index: usize) -> usize {
        while self.is(index, Shape::Quote) {
            index += 1;
        }
        index
    }
}

/// Title and opening of the body.
#[derive(Debug, Clone, Default)]
pub struct Reading<'a> {
    pub(super) title: Part<'a>,
    pub(super) body: Part<'a>,
    /// The month of publication, in months since year 0.
    pub(super) month: Option<i32>,
}

impl<'a> Reading<'a> {
    /// The title, or the body where there is none.
    pub(super) fn head(&self) -> &Part<'a> {
        if self.title.tags.is_empty() { &self.body } else { &self.title }
    }

    pub(super) fn parts(&self) -> [&Part<'a>; 2] {
        [&self.title, &self.body]
    }

    pub(super) fn seen(&self) -> Groups {
        self.title.seen | self.body.seen
    }
}
