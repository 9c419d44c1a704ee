//! Feeds that give only the beginning of a text.

/// Whether a feed's text is incomplete: missing, or ending in an ellipsis or an invitation to read on.
pub(super) fn cut_short(text: &str) -> bool {
    let end = text.trim_end_matches([' ', ']', ')', '»', '→', '.', '!']).to_lowercase();
    let marked = text.trim_end_matches([' ', ']', ')']).ends_with('…') || text.trim_end().ends_with("...");
    text.trim().is_empty()
        || marked
        || text.trim_end().ends_with("...]")
        || ["read more", "continue reading", "read the full story", "keep reading"]
            .iter()
            .any(|mark| end.ends_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_summaries_are_recognised() {
        for cut in [
            "",
            "  ",
            "The team said…",
            "The team said […]",
            "The team said [...]",
            "So it is. Read more",
            "… Continue reading →",
        ] {
            assert!(cut_short(cut), "{cut:?}");
        }
        for whole in ["The team said so.", "Prices rose (again)."] {
            assert!(!cut_short(whole), "{whole:?}");
        }
    }
}
