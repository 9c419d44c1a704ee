//! The normal form of a text: folded tokens that remember where they stand in the original.
//!
//! Compatibility forms (full-width and mathematical letters, ligatures) become plain ones, accents and
//! invisible characters go, case is folded, traditional Chinese characters become simplified ones.
//!
//! In scripts without spaces, and in Korean, whose particles follow the word without one, each character is a token.
//! [`Normal::join`] joins those of one word once the vocabulary has found it.

mod apostrophe;
mod characters;
mod join;
mod script;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use apostrophe::{Apostrophe, apostrophe};
use characters::{ascii_word, case, invisible, is_unspaced, is_word, link_head, mark, plain_letter, simple};
use script::simplified;

/// What a token is by its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Letters, perhaps with digits.
    Word,
    /// Begins with a digit.
    Number,
    /// An amount with its currency sign: `$3.8m`.
    Money,
    /// `$TICK`.
    Cashtag,
    /// `#word`.
    Hashtag,
    /// `@name`.
    Handle,
    /// An address.
    Link,
    /// `'s` at the end of a word.
    Possessive,
    /// Punctuation that parts phrases: folded to one of `. ? , : | ( ) [ ] - %`.
    Mark,
    /// A quotation mark: parts nothing, but may embrace a name. Its folded form is empty.
    Quote,
}

/// How a token's letters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// No capitals, or no letters.
    Lower,
    /// A capital at its head or inside.
    Title,
    /// Two letters or more, all capital.
    Upper,
}

/// One token: its place in the original and in the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First byte in the original.
    pub start: u32,
    /// Byte after its last in the original.
    pub end: u32,
    /// First byte in the folded text.
    pub at: u32,
    /// Byte after its last in the folded text.
    pub to: u32,
    /// What it is.
    pub shape: Shape,
    /// How it is written.
    pub case: Case,
}

/// A text in normal form.
#[derive(Debug, Clone, Default)]
pub struct Normal {
    /// The folded tokens, each with one space before and after: ` kamino 's kmno airdrop `. A phrase between
    /// spaces is found here at word boundaries only.
    pub folded: String,
    /// The tokens in order.
    pub tokens: Vec<Token>,
    /// Whether some words are of a script without spaces.
    pub is_unspaced: bool,
}

impl Normal {
    /// The folded form of token `index`.
    #[must_use]
    pub fn word(&self, index: usize) -> &str {
        let token = &self.tokens[index];
        &self.folded[token.at as usize..token.to as usize]
    }

    /// The token that covers or follows byte `at` of the folded text; the number of tokens where none does.
    #[must_use]
    pub fn token_at(&self, at: usize) -> usize {
        self.tokens.partition_point(|token| (token.to as usize) <= at)
    }
}

/// Reads at most `limit` characters of `text`, in time linear in `limit`; `limit` may cut a word.
#[must_use]
pub fn normal(text: &str, limit: usize) -> Normal {
    let text = match at_character(text, limit) {
        // A word cut in two may be another word: its head is left out, unless it is endless.
        Some(end) => {
            &text[..text[..end].rfind(char::is_whitespace).filter(|&space| end - space < 256).unwrap_or(end)]
        }
        None => text,
    };
    let mut reader = Reader {
        text,
        out: Normal {
            folded: String::with_capacity(text.len() + 16),
            tokens: Vec::with_capacity(text.len() / 5 + 2),
            ..Normal::default()
        },
    };
    reader.out.folded.push(' ');
    let mut at = 0;
    while at < text.len() {
        at = reader.token(at);
    }
    reader.out
}

/// The byte at which character `index` of `text` begins; `None` beyond its end.
fn at_character(text: &str, index: usize) -> Option<usize> {
    if text.len() <= index {
        return None;
    }
    if text.as_bytes()[..index].is_ascii() {
        return Some(index);
    }
    text.char_indices().nth(index).map(|(at, _)| at)
}

/// A single phrase as it would stand in [`Normal::folded`], without the outer spaces.
#[must_use]
pub fn fold(phrase: &str) -> String {
    if phrase.bytes().all(|byte| byte == b' ' || byte.is_ascii_lowercase()) {
        let mut folded = String::with_capacity(phrase.len());
        for word in phrase.split_ascii_whitespace() {
            if !folded.is_empty() {
                folded.push(' ');
            }
            folded.push_str(word);
        }
        return folded;
    }
    normal(phrase, usize::MAX).folded.trim().to_owned()
}

/// `name` as people read it: without invisible characters, styled and full-width letters as plain ones.
#[must_use]
pub fn readable(name: &str) -> String {
    name.chars().filter(|&c| !invisible(c)).nfkc().collect()
}

struct Reader<'a> {
    text: &'a str,
    out: Normal,
}

impl Reader<'_> {
    /// Reads the token or gap that starts at byte `at`; gives the byte after it.
    fn token(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        let Some(c) = rest.chars().next() else { return self.text.len() };
        let plain = simple(c);
        let after = at + c.len_utf8();
        match plain {
            'h' | 'H' | 'w' | 'W' if link_head(rest) => self.link(at),
            '$' | '#' | '@' => self.sigil(at, after, plain),
            _ if is_unspaced(c) => self.character(at, c),
            _ if is_word(plain) => {
                self.word(at, at, if plain.is_numeric() { Shape::Number } else { Shape::Word })
            }
            '"' | '\'' => {
                self.push(at, after, Shape::Quote, Case::Lower, "");
                after
            }
            _ => {
                if let Some(mark) = mark(plain) {
                    // "**", "..." and the like are one mark.
                    let repeated = self
                        .out
                        .tokens
                        .last()
                        .is_some_and(|last| last.shape == Shape::Mark && last.end as usize == at)
                        && self.out.folded.trim_end().ends_with(mark);
                    if !repeated {
                        self.push(at, after, Shape::Mark, Case::Lower, mark);
                    }
                }
                after
            }
        }
    }

    fn link(&mut self, at: usize) -> usize {
        let end = self.text[at..]
            .find(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | '"' | '<' | '>'))
            .map_or(self.text.len(), |length| at + length);
        self.push(at, end, Shape::Link, Case::Lower, "http");
        end
    }

    fn sigil(&mut self, at: usize, after: usize, sigil: char) -> usize {
        let written = self.text[after..].chars().next().unwrap_or(' ');
        let next = simple(written);
        let shape = match sigil {
            '$' if next.is_alphabetic() && !is_unspaced(written) => Shape::Cashtag,
            '$' if next.is_numeric() => Shape::Money,
            '#' if is_word(next) => Shape::Hashtag,
            '@' if is_word(next) => Shape::Handle,
            _ => return after,
        };
        self.word(at, after, shape)
    }

    /// Reads the character `c` at `at` as a token of its own.
    fn character(&mut self, at: usize, c: char) -> usize {
        let from = self.out.folded.len();
        self.out.folded.extend(std::iter::once(simplified(c)).nfkd().filter(|&c| is_word(c)));
        let marks =
            self.text[at + c.len_utf8()..].chars().take_while(|&c| invisible(c) || is_combining_mark(c));
        let end = at + c.len_utf8() + marks.map(char::len_utf8).sum::<usize>();
        self.seal(at, end, from, Shape::Word, Case::Lower);
        self.out.is_unspaced = true;
        end
    }

    /// Reads a word whose letters start at `letters`, its sigil (if any) at `start`.
    fn word(&mut self, start: usize, letters: usize, shape: Shape) -> usize {
        let at = self.out.folded.len();
        self.out.folded.extend(self.text[start..letters].chars().map(simple));
        if let Some(length) = ascii_word(&self.text.as_bytes()[letters..]) {
            return self.ascii_word(at, start, letters, length, shape);
        }
        let (mut end, mut upper, mut lower, mut head) = (letters, 0_usize, 0_usize, None);
        let mut chars = self.text[letters..].char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            if invisible(c) || is_combining_mark(c) {
                end = letters + offset + c.len_utf8();
                continue;
            }
            let plain = simple(c);
            let joins = match plain {
                '.' => true,
                '_' => matches!(shape, Shape::Handle | Shape::Hashtag),
                ',' | ':' => {
                    matches!(shape, Shape::Number | Shape::Money)
                        && chars.peek().is_some_and(|&(_, n)| n.is_ascii_digit())
                }
                '\'' => {
                    let rest = &self.text[letters + offset + c.len_utf8()..];
                    apostrophe(&self.out.folded[at..], rest) == Apostrophe::Joins
                }
                _ => false,
            };
            if joins && chars.peek().is_some_and(|&(_, next)| is_word(simple(next))) && head.is_some() {
                if plain != '\'' && plain != ',' {
                    self.out.folded.push(plain);
                }
                end = letters + offset + c.len_utf8();
                continue;
            }
            let underscore = plain == '_' && matches!(shape, Shape::Handle | Shape::Hashtag);
            let joined = matches!(shape, Shape::Handle | Shape::Hashtag);
            if !(is_word(plain) || underscore) || !joined && is_unspaced(c) {
                break;
            }
            head.get_or_insert(plain);
            upper += usize::from(plain.is_uppercase());
            lower += usize::from(plain.is_lowercase());
            end = letters + offset + c.len_utf8();
            if c.is_ascii() {
                self.out.folded.push(c.to_ascii_lowercase());
            } else {
                self.out.folded.extend(
                    std::iter::once(c)
                        .nfkd()
                        .filter(|&c| is_word(c))
                        .flat_map(char::to_lowercase)
                        .map(plain_letter),
                );
            }
        }
        self.seal(start, end, at, shape, case(upper, lower));
        self.after_word(at, end)
    }

    /// Reads a word of `length` ASCII letters and digits, as [`Self::word`] would. Its folded text begins at `at`.
    fn ascii_word(&mut self, at: usize, start: usize, letters: usize, length: usize, shape: Shape) -> usize {
        let end = letters + length;
        let word = &self.text[letters..end];
        self.out.folded.push_str(word);
        self.out.folded[at..].make_ascii_lowercase();
        let count = |is: fn(&u8) -> bool| word.as_bytes().iter().filter(|&byte| is(byte)).count();
        let (upper, lower) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
        self.seal(start, end, at, shape, case(upper, lower));
        end
    }

    /// Takes what an apostrophe at `end` adds to the word that starts at `at` of the folded text: an ending of the
    /// possessive as a token of its own; another ending not at all.
    fn after_word(&mut self, at: usize, end: usize) -> usize {
        let Some(quote) = self.text[end..].chars().next().filter(|&c| simple(c) == '\'') else { return end };
        let rest = end + quote.len_utf8();
        let word = self.out.folded[at..].trim_end();
        match apostrophe(word, &self.text[rest..]) {
            Apostrophe::Possessive(length) => {
                self.push(end, rest + length, Shape::Possessive, Case::Lower, "'s");
                rest + length
            }
            Apostrophe::Ending(length) => rest + length,
            Apostrophe::Joins | Apostrophe::Parts => end,
        }
    }

    fn push(&mut self, start: usize, end: usize, shape: Shape, case: Case, folded: &str) {
        let at = self.out.folded.len();
        self.out.folded.push_str(folded);
        self.seal(start, end, at, shape, case);
    }

    fn seal(&mut self, start: usize, end: usize, at: usize, shape: Shape, case: Case) {
        let to = self.out.folded.len();
        if to > at {
            self.out.folded.push(' ');
        }
        let place = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        self.out.tokens.push(Token {
            start: place(start),
            end: place(end),
            at: place(at),
            to: place(to),
            shape,
            case,
        });
    }
}

#[cfg(test)]
mod tests;
