//! The target of a redirect, and whether it may be followed. Pure.

use url::Url;

use super::Failure;
use crate::text::address::on_the_web;

/// Longest address followed, bytes: what servers should support (RFC 9110, section 4.1). It is the base of a feed's links,
/// so a long one would be stored thousands of times.
const LONGEST: usize = 8000;
/// Characters shown of an invalid `Location`.
const SHOWN: usize = 200;

/// The target of a redirect from `from` with `location`, the header's value.
///
/// # Errors
/// The failure that ends the request (docs/reference/http.md#redirects).
pub fn target(from: &Url, location: &[u8]) -> Result<Url, Failure> {
    let location = escaped(location);
    let location = location.trim_matches(|c: char| c.is_ascii_control() || c == ' ');
    let mut to = Some(location)
        .filter(|location| !location.is_empty())
        .and_then(|location| from.join(location).ok())
        .filter(|to| on_the_web(to) && to.as_str().len() <= LONGEST)
        .ok_or_else(|| Failure::BadRedirect(location.chars().take(SHOWN).collect()))?;
    to.set_fragment(None);
    // Credentials come from the settings only: those of the own address stay with its origin, a server's are not sent.
    let own = to.origin() == from.origin();
    let (name, password) = if own { (from.username(), from.password()) } else { ("", None) };
    if to.set_username(name).and_then(|()| to.set_password(password)).is_err() {
        return Err(Failure::BadRedirect(location.chars().take(SHOWN).collect()));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(Failure::Downgrade);
    }
    Ok(to)
}

/// `location` with each byte that is not ASCII escaped, so that the server gets its own bytes back.
fn escaped(location: &[u8]) -> String {
    location
        .iter()
        .map(|byte| if byte.is_ascii() { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Whether the redirect is permanent (RFC 9110, sections 15.4.2 and 15.4.9).
pub fn is_permanent(status: u16) -> bool {
    matches!(status, 301 | 308)
}

/// Whether a POST from `from` may be sent again to `to`: only these statuses keep the method (RFC 9110, sections 15.4.8 and
/// 15.4.9), and the body goes to no other host.
pub fn keeps_post(status: u16, from: &Url, to: &Url) -> bool {
    matches!(status, 307 | 308) && from.host_str() == to.host_str()
}

/// Whether a status is a redirect to be followed.
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(location: impl AsRef<[u8]>) -> Result<String, Failure> {
        let from = Url::parse("https://me:pw@news.example/a/feed?x=1").unwrap();
        target(&from, location.as_ref()).map(|to| to.to_string())
    }

    #[test]
    fn a_location_is_read_however_it_is_written() {
        for (location, expected) in [
            (&b"/b"[..], "https://me:pw@news.example/b"),
            (b"b?c", "https://me:pw@news.example/a/b?c"),
            (b"?y=2", "https://me:pw@news.example/a/feed?y=2"),
            (b"//other.example/b", "https://other.example/b"),
            (b"\\\\other.example\\b", "https://other.example/b"),
            (b" \t/b#part \x00", "https://me:pw@news.example/b"),
            (b"/a b\tc", "https://me:pw@news.example/a%20bc"),
            (
                "/новости?q=é".as_bytes(),
                "https://me:pw@news.example/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8?q=%C3%A9",
            ),
            (b"/caf\xe9", "https://me:pw@news.example/caf%E9"),
            ("https://bücher.example/".as_bytes(), "https://xn--bcher-kva.example/"),
            (b"HTTPS://Other.Example:443/", "https://other.example/"),
            (b"https://you:secret@other.example/", "https://other.example/"),
            (b"https://you:secret@news.example/", "https://me:pw@news.example/"),
        ] {
            assert_eq!(to(location).as_deref(), Ok(expected), "{}", String::from_utf8_lossy(location));
        }
    }

    #[test]
    fn what_leads_nowhere_or_to_harm_is_refused() {
        for nowhere in [
            "",
            " ",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,a",
            "https://",
            "https://a b/",
        ] {
            assert!(matches!(to(nowhere), Err(Failure::BadRedirect(_))), "{nowhere}");
        }
        assert!(matches!(to(b"https://caf\xe9.example/"), Err(Failure::BadRedirect(_))));
        assert!(matches!(to("/a".repeat(4000)), Err(Failure::BadRedirect(shown)) if shown.len() == SHOWN));
        assert_eq!(to("http://news.example/"), Err(Failure::Downgrade));
    }
}
