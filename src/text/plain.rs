//! Feed text made harmless for a terminal, a table, a spreadsheet or a message.

/// `text` on one line, without control characters (which steer terminals) and without those that turn the
/// direction of writing (which make a title read as something else).
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}') {
            gap = !out.is_empty();
        } else if !c.is_control() && !is_direction(c) {
            if std::mem::take(&mut gap) {
                out.push(' ');
            }
            out.push(c);
        }
    }
    out
}

/// Unicode's explicit directional formatting characters (UAX #9, section 2), and the byte order mark.
fn is_direction(c: char) -> bool {
    matches!(
        c,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_or_turns_the_text_is_left() {
        assert_eq!(plain("\x1b[31mred\x1b[0m\r\n and\tso on"), "[31mred[0m and so on");
        assert_eq!(plain("claim \u{202E}gnp.exe\u{202C} now"), "claim gnp.exe now");
        assert_eq!(plain("  Crédit 🚀 日本 "), "Crédit 🚀 日本");
    }
}
