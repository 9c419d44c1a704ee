//! Markdown as `CommonMark` defines it.

/// Escapes `text`, so that none of its characters is markup.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '(' | ')' | '#' | '-' | '&'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
