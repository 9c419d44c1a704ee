//! Whether a body is complete although the connection broke before its announced end. Pure.

/// Whether `body` is a complete document: XML or HTML that ends with the end tag of its root, or a complete JSON value.
pub fn is_whole(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    match body.first() {
        Some(b'<') => root(body).is_some_and(|name| ends_with(body, name)),
        Some(b'{' | b'[') => serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok(),
        _ => false,
    }
}

/// The name of the first element, after declarations, comments and the document type.
fn root(mut body: &[u8]) -> Option<&[u8]> {
    loop {
        body = body.trim_ascii_start();
        let end: &[u8] = match body {
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'!', ..] => match body.iter().position(|byte| matches!(byte, b'[' | b'>'))? {
                at if body[at] == b'[' => b"]>",
                _ => b">",
            },
            [b'<', name @ ..] => {
                let end =
                    name.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))?;
                return Some(&name[..end]).filter(|name| !name.is_empty());
            }
            _ => return None,
        };
        body = &body[memchr::memmem::find(body, end)? + end.len()..];
    }
}

/// Whether `body` ends with the end tag of `name`, apart from comments: caches add the time of the page.
fn ends_with(mut body: &[u8], name: &[u8]) -> bool {
    while body.ends_with(b"-->") {
        let Some(start) = memchr::memmem::rfind(body, b"<!--") else { return false };
        body = body[..start].trim_ascii_end();
    }
    let Some(tag) = body.strip_suffix(b">").map(<[u8]>::trim_ascii_end) else { return false };
    let Some(start) = tag.len().checked_sub(name.len() + 2) else { return false };
    tag[start..].starts_with(b"</") && tag[start + 2..].eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_whole_where_its_root_is_closed_at_its_end() {
        for whole in [
            "<rss version=\"2.0\"><channel/></rss>",
            "\u{feff}\n<?xml version=\"1.0\"?>\n<!-- <x> --><!DOCTYPE rss [<!ENTITY a \">\">]>\n<rss>\n</rss >\n",
            "<!doctype html><HTML><p>One</html>",
            "<rss></rss>\n<!-- made in 0.1 s --> <!-- cached -->\n",
            "<rdf:RDF xmlns=\"a\"></rdf:RDF>",
            "{\"items\": [1, {\"a\": \"}\"}]}\n",
            "[]",
        ] {
            assert!(is_whole(whole.as_bytes()), "{whole}");
        }
        for broken in [
            "",
            "<",
            "<rss",
            "<rss><channel></channel>",
            "<rss><channel></rss",
            "<rss><channel></feed>",
            "<a></ba>",
            "<rss><!-- </rss>-->",
            "<!-- a -->",
            "<!-- never ends <rss></rss>",
            "{\"items\": [1, 2]",
            "{} {",
            "words</rss>",
        ] {
            assert!(!is_whole(broken.as_bytes()), "{broken}");
        }
    }
}
