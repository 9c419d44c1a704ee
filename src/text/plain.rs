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
        } else if !steers(c) {
            if std::mem::take(&mut gap) {
                out.push(' ');
            }
            out.push(c);
        }
    }
    out
}

/// `text` with its lines and spaces as they are, without what [`plain`] removes.
#[must_use]
pub fn lines(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !steers(*c)).collect()
}

/// A JSON document in which what [`plain`] removes is escaped: it means the same and controls no terminal. Control
/// characters below U+0020 are escaped by its writer (RFC 8259, section 7).
#[must_use]
pub fn inert(json: String) -> String {
    let left = |c: char| c >= '\u{7f}' && steers(c);
    if json.is_ascii() && !json.contains('\u{7f}') || !json.contains(left) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if left(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character may stand in XML: no control character (of which XML 1.0, section 2.2, knows only white space
/// and advises against the others), and none of the two that are not characters. White space is the caller's to allow.
#[must_use]
pub fn suits_xml(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

fn steers(c: char) -> bool {
    c.is_control() || is_direction(c)
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
        assert_eq!(lines("a\x1b]8;;x\x07b\n  c\u{9b}2J\u{202E}"), "a]8;;xb\n  c2J");
        let said = ["\u{9b}2J", "\u{7f}", "\u{202E}", "日本"];
        let json = inert(serde_json::to_string(&said).unwrap());
        assert_eq!(json, r#"["\u009b2J","\u007f","\u202e","日本"]"#);
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), said);
        assert_eq!(plain("  Crédit 🚀 日本 "), "Crédit 🚀 日本");
    }
}
