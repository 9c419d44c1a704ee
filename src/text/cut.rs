//! Text cut to a limit, at a word where there is one, never inside what a reader sees as one character.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::plain;

/// What a limit counts: services count differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Unicode scalar values.
    Scalars,
    /// UTF-16 code units, as Discord and Telegram count.
    Utf16,
    /// Bytes of UTF-8, as ntfy counts.
    Bytes,
    /// Cells of a terminal: 0, 1 or 2 for each character that a reader sees.
    Cells,
}

impl Unit {
    /// How long `text` is.
    #[must_use]
    pub fn length(self, text: &str) -> usize {
        match self {
            Self::Scalars => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
            Self::Cells if text.is_ascii() => text.len(),
            // Character by character, because terminals join none of them (as Arabic letters) to a shorter word.
            Self::Cells => text.graphemes(true).map(|cluster| cluster.width().min(2)).sum(),
        }
    }
}

/// Longest title that is kept, characters.
pub const LONGEST_TITLE: usize = 1000;
/// Longest name of a person or label that is kept, characters.
pub const LONGEST_NAME: usize = 200;
/// Characters of a headline made of a text.
const HEADLINE: usize = 100;

/// `text`, cut to `limit` characters if it is longer.
#[must_use]
pub fn bounded(text: String, limit: usize) -> String {
    // No text has more characters than bytes.
    if text.len() <= limit { text } else { cut(&text, limit, Unit::Scalars) }
}

/// A headline for a text that has none: its first line with words, cut at a word. Addresses and the mark of a repost
/// (`RT @name:`) are left out, unless there is nothing else.
#[must_use]
pub fn headline(text: &str) -> String {
    let said = |line: &str| {
        let mut words = line.split_whitespace().peekable();
        if words.peek() == Some(&"RT") {
            words.next();
            words.next_if(|word| word.starts_with('@'));
        }
        opening(words.filter(|word| !is_address(word)))
    };
    let line = text.lines().map(said).find(|line| line.chars().any(char::is_alphanumeric));
    cut(&line.unwrap_or_else(|| opening(text.split_whitespace())), HEADLINE, Unit::Scalars)
}

/// The first of `words`, more than a headline holds.
fn opening<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut opening = String::new();
    for word in words {
        if !opening.is_empty() {
            opening.push(' ');
        }
        opening.push_str(word);
        if opening.len() > 8 * HEADLINE {
            break;
        }
    }
    opening
}

/// Whether `word` is an address, or what X shows of one.
fn is_address(word: &str) -> bool {
    word.contains("://")
        || ["www.", "t.co/", "pic.twitter.com/", "pic.x.com/"].iter().any(|start| word.starts_with(start))
}

/// The mark of a text that goes on.
const MORE: &str = "…";

/// `text` if it keeps to `limit`, else its opening with `…`, together within `limit`. Ends at a word unless
/// that would cost more than half of the limit, or three quarters of it for cells.
#[must_use]
pub fn cut(text: &str, limit: usize, unit: Unit) -> String {
    if unit.length(text) <= limit {
        return text.to_owned();
    }
    let Some(space_left) = limit.checked_sub(unit.length(MORE)) else { return String::new() };
    let (mut end, mut used) = (0, 0);
    let mut word = None;
    for (at, cluster) in text.grapheme_indices(true) {
        let more = unit.length(cluster);
        if cluster.chars().all(char::is_whitespace) {
            word = Some((at, used));
        }
        if used + more > space_left {
            break;
        }
        used += more;
        end = at + cluster.len();
    }
    // A table has more lines to cut than a message, and a part of a word helps nobody there.
    let parts = if unit == Unit::Cells { 4 } else { 2 };
    if let Some((at, length)) = word.filter(|(_, length)| length * parts > space_left) {
        debug_assert!(length <= used);
        end = at;
    }
    format!("{}{MORE}", text[..end].trim_end())
}

/// `text` for a message: on one line, sanitised, at most `limit` characters.
#[must_use]
pub fn shown(text: &str, limit: usize) -> String {
    // A rough first cut, so that a long text is not segmented as a whole.
    let opening: String = text.chars().take(limit.saturating_mul(8).max(64)).collect();
    cut(&plain(&opening), limit, Unit::Scalars)
}

/// `text` if it keeps to `limit`, else its beginning and its end around a `…`, as suits an address.
#[must_use]
pub fn cut_middle(text: &str, limit: usize, unit: Unit) -> String {
    if unit.length(text) <= limit {
        return text.to_owned();
    }
    let Some(space_left) = limit.checked_sub(unit.length(MORE)) else { return String::new() };
    let clusters: Vec<&str> = text.graphemes(true).collect();
    let (mut used, mut head, mut tail) = (0, 0, clusters.len());
    // The beginning has the host, so it gets the odd cell.
    while head < tail {
        let from_head = head <= clusters.len() - tail;
        let cluster = if from_head { clusters[head] } else { clusters[tail - 1] };
        used += unit.length(cluster);
        if used > space_left {
            break;
        }
        if from_head {
            head += 1;
        } else {
            tail -= 1;
        }
    }
    format!("{}{MORE}{}", clusters[..head].concat(), clusters[tail..].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_ends_at_a_word_or_where_it_must() {
        assert_eq!(cut("one two three", 13, Unit::Scalars), "one two three");
        assert_eq!(cut("one two three", 10, Unit::Scalars), "one two…");
        assert_eq!(cut(&"x".repeat(100), 10, Unit::Scalars), "xxxxxxxxx…");
        // A family is one character to its reader.
        assert_eq!(cut("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 12, Unit::Utf16), "👨‍👩‍👧‍👦…");
        assert_eq!(cut("abc", 0, Unit::Bytes), "");
    }

    #[test]
    fn cells_are_counted_as_a_terminal_shows_them() {
        for (text, cells) in
            [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("👨‍👩‍👧‍👦", 2), ("🇩🇪", 2), ("مرحبا", 5), ("❤️", 2)]
        {
            assert_eq!(Unit::Cells.length(text), cells, "{text}");
        }
        assert_eq!(cut("日本語の見出し", 8, Unit::Cells), "日本語…");
    }

    #[test]
    fn an_address_keeps_both_ends() {
        let address = "https://news.example/2026/11/launch.xml";
        assert_eq!(cut_middle(address, 39, Unit::Cells), address);
        assert_eq!(cut_middle(address, 16, Unit::Cells), "https://…nch.xml");
        assert_eq!(cut_middle("日本語の見出し", 6, Unit::Cells), "日…し");
        assert_eq!(cut_middle(address, 0, Unit::Cells), "");
    }

    #[test]
    fn a_headline_is_the_first_line_with_words() {
        for (text, title) in [
            ("\n  The  claim is live \nmore", "The claim is live"),
            ("https://a.example/1\nClaim now: https://a.example/2 www.b.example t.co/x", "Claim now:"),
            ("RT @someone: Snapshot taken", "Snapshot taken"),
            ("RT if you hold", "if you hold"),
            ("https://a.example/only", "https://a.example/only"),
            ("🚀 !!", "🚀 !!"),
            ("", ""),
        ] {
            assert_eq!(headline(text), title, "{text}");
        }
        let long = headline(&"word ".repeat(60));
        assert!(long.ends_with("word…") && long.chars().count() <= HEADLINE, "{long}");
        assert_eq!(headline(&"字".repeat(5000)).chars().count(), HEADLINE);
    }

    #[test]
    fn what_is_short_enough_stays() {
        assert_eq!(bounded("é".repeat(600), 1000), "é".repeat(600));
        assert_eq!(bounded("é".repeat(1001), 1000).chars().count(), 1000);
    }

    proptest! {
        #[test]
        fn a_cut_keeps_to_its_limit(text in ".{0,200}", limit in 0_usize..120) {
            for unit in [Unit::Scalars, Unit::Utf16, Unit::Bytes] {
                prop_assert!(unit.length(&cut(&text, limit, unit)) <= limit);
            }
        }
    }
}
