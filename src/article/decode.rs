//! Bytes to text: byte-order mark, then the header's charset, then the page's own, else UTF-8 with
//! replacement characters (docs/reference/articles.md#decoding).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// How far into a page its own charset is looked for; browsers look 1024 bytes far (HTML standard,
/// section 13.2.3.2), real pages write it later.
const PRESCAN: usize = 4096;

/// The text of `bytes`; `content_type` is the header's value.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[length..]).0;
    }
    // Text of another charset is as good as never UTF-8 by chance, while a wrong header is common.
    if let Ok(text) = std::str::from_utf8(bytes)
        && !(text.is_ascii()
            && stated(bytes, content_type).is_some_and(|encoding| !encoding.is_ascii_compatible()))
    {
        return Cow::Borrowed(text);
    }
    stated(bytes, content_type).unwrap_or(UTF_8).decode_without_bom_handling(bytes).0
}

/// The charset the header or else the page names.
fn stated(bytes: &[u8], content_type: Option<&str>) -> Option<&'static Encoding> {
    if let Some(encoding) = content_type.and_then(|value| label(value.as_bytes())) {
        return Some(encoding);
    }
    let found = label(&bytes[..bytes.len().min(PRESCAN)])?;
    // A page that could be read this far is not in UTF-16 (HTML standard, section 13.2.3.2).
    Some(if found == UTF_16LE || found == UTF_16BE { UTF_8 } else { found })
}

/// The first known label after a `charset=` or `encoding=`.
fn label(text: &[u8]) -> Option<&'static Encoding> {
    ["charset", "encoding"].iter().find_map(|key| {
        (0..text.len().saturating_sub(key.len())).find_map(|at| {
            let rest = &text[at..];
            if !rest[..key.len()].eq_ignore_ascii_case(key.as_bytes()) {
                return None;
            }
            let value = rest[key.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
            let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
            let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"';>/?".contains(byte);
            Encoding::for_label(&value[..value.iter().position(ends).unwrap_or(value.len())])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "токен" in windows-1251.
    const TOKEN: &[u8] = b"\xf2\xee\xea\xe5\xed";

    #[test]
    fn the_header_comes_first_then_the_page() {
        assert_eq!(decode(TOKEN, Some("text/html; charset=windows-1251")), "токен");
        let page =
            [b"<META http-equiv=Content-Type content='text/html; charset=windows-1251'>", TOKEN].concat();
        assert!(decode(&page, Some("text/html")).ends_with("токен"));
        let page = [b"<meta charset = \"koi8-r\">".as_slice(), TOKEN].concat();
        assert!(decode(&page, Some("text/html; charset=windows-1251")).ends_with("токен"));
        assert!(!decode(&page, None).ends_with("токен"));
    }

    #[test]
    fn a_byte_order_mark_beats_them_all() {
        assert_eq!(decode(b"\xff\xfea\0b\0", Some("text/html; charset=windows-1251")), "ab");
        assert_eq!(decode(b"\xef\xbb\xbf\xd0\xb4", Some("text/html; charset=koi8-r")), "д");
    }

    #[test]
    fn utf8_survives_a_wrong_statement_and_damage() {
        assert_eq!(decode("naïve".as_bytes(), Some("text/html; charset=iso-8859-1")), "naïve");
        assert_eq!(decode(b"a\xffb", None), "a\u{fffd}b");
        assert_eq!(decode(b"plain <meta charset=utf-16>", None), "plain <meta charset=utf-16>");
    }
}
