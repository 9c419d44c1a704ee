//! Text cut to a limit, at a word where there is one, never inside what a reader sees as one character.

use unicode_segmentation::UnicodeSegmentation;

/// What a limit counts: services count differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Unicode scalar values.
    Scalars,
    /// UTF-16 code units, as Discord and Telegram count.
    Utf16,
    /// Bytes of UTF-8, as ntfy counts.
    Bytes,
}

impl Unit {
    /// How long `text` is.
    #[must_use]
    pub fn length(self, text: &str) -> usize {
        match self {
            Self::Scalars => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
        }
    }
}

/// The mark of a text that goes on.
const MORE: &str = "…";

/// `text` if it keeps to `limit`, else its opening with `…`, together within `limit`. Ends at a word unless
/// that would cost more than half of the room.
#[must_use]
pub fn cut(text: &str, limit: usize, unit: Unit) -> String {
    if unit.length(text) <= limit {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub(unit.length(MORE)) else { return String::new() };
    let (mut end, mut used) = (0, 0);
    let mut word = None;
    for (at, cluster) in text.grapheme_indices(true) {
        let more = unit.length(cluster);
        if cluster.chars().all(char::is_whitespace) {
            word = Some((at, used));
        }
        if used + more > room {
            break;
        }
        used += more;
        end = at + cluster.len();
    }
    if let Some((at, length)) = word.filter(|(_, length)| length * 2 > room) {
        debug_assert!(length <= used);
        end = at;
    }
    format!("{}{MORE}", text[..end].trim_end())
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

    proptest! {
        #[test]
        fn a_cut_keeps_to_its_limit(text in ".{0,200}", limit in 0_usize..120) {
            for unit in [Unit::Scalars, Unit::Utf16, Unit::Bytes] {
                prop_assert!(unit.length(&cut(&text, limit, unit)) <= limit);
            }
        }
    }
}
