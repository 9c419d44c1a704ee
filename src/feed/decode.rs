//! Bytes to text (docs/reference/feeds.md#decoding).

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes that are searched for a declaration.
const PROLOG: usize = 1024;
/// Bytes for the detector: enough for a reliable guess at little cost.
const SAMPLE: usize = 64 * 1024;

/// The text of `bytes`, and whether their label had to be ignored.
///
/// The order: a byte order mark; valid UTF-8, under any label; the HTTP header, the declaration and the detector, each
/// ignored if it gives replacement characters.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> (String, bool) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return (encoding.decode_without_bom_handling(&bytes[length..]).0.into_owned(), false);
    }
    let labels = [content_type.and_then(charset), declared(bytes)];
    let escapes = labels.iter().flatten().any(|label| label.to_ascii_lowercase().starts_with("iso-2022"));
    if let Some(encoding) = naked_utf16(bytes) {
        return (encoding.decode_without_bom_handling(bytes).0.into_owned(), false);
    }
    if !escapes && let Ok(text) = std::str::from_utf8(bytes) {
        let lied = labels.iter().flatten().any(|label| Encoding::for_label(label.as_bytes()) != Some(UTF_8));
        return (text.to_owned(), lied);
    }
    let has_nul = bytes.iter().take(PROLOG).any(|byte| *byte == 0);
    for label in labels.iter().flatten() {
        let named = Encoding::for_label(label.as_bytes());
        let plausible = |encoding: &&Encoding| has_nul || (*encoding != UTF_16LE && *encoding != UTF_16BE);
        if let Some(encoding) = named.filter(plausible).filter(|encoding| *encoding != UTF_8) {
            let (text, broken) = encoding.decode_without_bom_handling(bytes);
            if !broken {
                return (text.into_owned(), false);
            }
        }
    }
    // For mostly UTF-8 with a few other bytes, those bytes alone are decoded differently.
    let stray = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
    let beyond_ascii = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    if beyond_ascii > stray * 4 {
        return (patched(bytes), true);
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(&bytes[..bytes.len().min(SAMPLE)], bytes.len() <= SAMPLE);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Deny);
    (encoding.decode_without_bom_handling(bytes).0.into_owned(), true)
}

fn patched(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    text
}

/// UTF-16 without a byte order mark: every other byte of the beginning is zero.
fn naked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    match bytes {
        [a, 0, b, 0, ..] if is_text(a) && is_text(b) => Some(UTF_16LE),
        [0, a, 0, b, ..] if is_text(a) && is_text(b) => Some(UTF_16BE),
        _ => None,
    }
}

/// The `charset` parameter of a content type.
fn charset(content_type: &str) -> Option<String> {
    let lower = content_type.to_ascii_lowercase();
    let value = &content_type[lower.find("charset=")? + "charset=".len()..];
    let value = value.split(';').next()?.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(PROLOG)]).into_owned();
    let head = &head[head.find("<?xml")?..];
    let head = &head[..head.find("?>").unwrap_or(head.len())];
    let value =
        head[head.find("encoding")? + "encoding".len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(|label| label.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_count_only_where_the_bytes_agree() {
        let text = |bytes: &[u8], header| decode(bytes, header).0;
        assert_eq!(text(b"caf\xe9", None), "café");
        assert_eq!(text(b"caf\xe9", Some("text/xml; charset=\"utf-8\"")), "café");
        let said = "<?xml version='1.0' encoding='ISO-8859-1'?>café";
        assert_eq!(text(said.as_bytes(), None), said);
        assert_eq!(text("<?xml encoding=\"UTF-16\"?>é".as_bytes(), None), "<?xml encoding=\"UTF-16\"?>é");
        assert_eq!(text(b"\xff\xfe<\0a\0", None), "<a");
        assert_eq!(text(b"<\0a\0>\0", None), "<a>");
        assert_eq!(text(b"\0u\0r\0l", None), "url");
        assert_eq!(text(b"a\0\x01\0", None), "a\0\x01\0");
        assert_eq!(text(b"\xcf\xf0\xe8", Some("text/xml; charset=windows-1251")), "При");
        assert_eq!(text("\u{feff}\u{feff}x".as_bytes(), None), "x");
        assert_eq!(text(&[b"\xc3\xa9".repeat(9), b"\xe9".to_vec()].concat(), None), "é".repeat(10));
    }
}
