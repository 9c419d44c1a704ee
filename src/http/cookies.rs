//! Cookies within the redirects of one request (RFC 6265, section 5): some sites set one and redirect to the same
//! address. They are dropped after the request: nothing is stored, shared between requests or logged.

use httpdate::parse_http_date;
use jiff::Timestamp;
use reqwest::header::HeaderValue;
use url::{Host, Url};

use crate::text::domain::registrable;

/// Most cookies of one request.
const MOST: usize = 20;
/// Bytes of one cookie's name and value (RFC 6265, section 6.1).
const LONGEST: usize = 4096;
/// Bytes of one `Cookie` header: what servers accept as a line.
const LONGEST_HEADER: usize = 8192;

/// The cookies of one request. It has no `Debug`, so that no log can show them.
#[derive(Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
}

struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    domain: String,
    /// Whether subdomains get it too.
    below: bool,
    path: String,
    secure: bool,
}

/// The attributes of a `Set-Cookie` line.
#[derive(Default)]
struct Attributes {
    domain: Option<String>,
    path: Option<String>,
    secure: bool,
    expired: bool,
}

impl Jar {
    /// Takes the `Set-Cookie` lines of a response from `url`.
    pub fn take<'a>(&mut self, url: &Url, lines: impl Iterator<Item = &'a [u8]>, now: Timestamp) {
        for line in lines {
            self.set(url, line, now);
        }
    }

    fn set(&mut self, url: &Url, line: &[u8], now: Timestamp) -> Option<()> {
        let mut parts = line.split(|byte| *byte == b';');
        let pair = parts.next()?;
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
        let plain = |bytes: &[u8]| !bytes.iter().any(u8::is_ascii_control);
        if name.is_empty() || name.len() + value.len() > LONGEST || !plain(name) || !plain(value) {
            return None;
        }
        let attributes = attributes(parts, now);
        let host = url.host()?;
        let (domain, below) = match attributes.domain {
            Some(domain) => scope(&host, &domain)?,
            None => (host.to_string(), false),
        };
        let https = url.scheme() == "https";
        let path = attributes.path.filter(|path| path.starts_with('/')).unwrap_or_else(|| folder(url.path()));
        // Prefixes with conditions (RFC 6265bis, section 4.1.3).
        let begins =
            |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let kept = match () {
            () if attributes.secure && !https => false,
            () if begins(b"__Host-") => attributes.secure && !below && path == "/",
            () if begins(b"__Secure-") => attributes.secure,
            () => true,
        };
        if !kept {
            return None;
        }
        self.cookies.retain(|known| (&known.name[..], &known.domain, &known.path) != (name, &domain, &path));
        if attributes.expired {
            return None;
        }
        if self.cookies.len() >= MOST {
            self.cookies.remove(0);
        }
        let (name, value) = (name.to_vec(), value.to_vec());
        self.cookies.push(Cookie { name, value, domain, below, path, secure: attributes.secure });
        Some(())
    }

    /// The value of `Cookie` for a request to `url`, after `own` from the settings; `None` where there is nothing to add.
    #[must_use]
    pub fn header(&self, url: &Url, own: Option<&HeaderValue>) -> Option<HeaderValue> {
        let host = url.host()?;
        let mut sent: Vec<&Cookie> =
            self.cookies.iter().filter(|cookie| cookie.goes_to(&host, url)).collect();
        // The longer path first (section 5.4).
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let mut line = own.map(|own| own.as_bytes().to_vec()).unwrap_or_default();
        let before = line.len();
        for cookie in sent {
            if line.len() + cookie.name.len() + cookie.value.len() + 3 > LONGEST_HEADER {
                break;
            }
            if !line.is_empty() {
                line.extend_from_slice(b"; ");
            }
            line.extend_from_slice(&cookie.name);
            line.push(b'=');
            line.extend_from_slice(&cookie.value);
        }
        let mut value = HeaderValue::from_bytes(&line).ok().filter(|_| line.len() > before)?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Cookie {
    fn goes_to(&self, host: &Host<&str>, url: &Url) -> bool {
        let name = host.to_string();
        let in_domain = name == self.domain || self.below && is_below(&name, &self.domain);
        let path = url.path();
        let in_path = path == self.path
            || path
                .strip_prefix(&self.path)
                .is_some_and(|rest| self.path.ends_with('/') || rest.starts_with('/'));
        in_domain && in_path && (!self.secure || url.scheme() == "https")
    }
}

fn attributes<'a>(parts: impl Iterator<Item = &'a [u8]>, now: Timestamp) -> Attributes {
    let mut attributes = Attributes::default();
    // `Max-Age` has precedence over `Expires`, in any order.
    let (mut by_age, mut by_date) = (None, None);
    for part in parts {
        let text = String::from_utf8_lossy(part);
        let (name, value) = text.split_once('=').unwrap_or((&text, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "domain" => {
                let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
                attributes.domain = Some(domain).filter(|domain| !domain.is_empty());
            }
            "path" => attributes.path = Some(value.to_owned()),
            "secure" => attributes.secure = true,
            "max-age" => {
                let digits = value.strip_prefix('-').unwrap_or(value);
                let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                by_age = number
                    .then(|| value.starts_with('-') || digits.bytes().all(|digit| digit == b'0'))
                    .or(by_age);
            }
            "expires" => {
                let date = parse_http_date(value).or_else(|_| parse_http_date(&value.replace('-', " "))).ok();
                let date = date.and_then(|at| Timestamp::try_from(at).ok());
                by_date = date.map(|at| at <= now).or(by_date);
            }
            _ => {}
        }
    }
    attributes.expired = by_age.or(by_date).unwrap_or(false);
    attributes
}

/// The domain of a cookie that `host` sets for `domain`, and whether subdomains get it. `domain` must be `host` or a parent
/// domain of the same owner.
fn scope(host: &Host<&str>, domain: &str) -> Option<(String, bool)> {
    let name = host.to_string();
    match host {
        Host::Domain(_) if name == domain => Some((name, registrable(domain).is_some())),
        Host::Domain(_) => {
            let owned = registrable(&name).is_some_and(|site| domain == site || is_below(domain, site));
            (owned && is_below(&name, domain)).then(|| (domain.to_owned(), true))
        }
        _ => (name == domain).then_some((name, false)),
    }
}

fn is_below(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

/// The folder of `path`, without its final slash (section 5.1.4).
fn folder(path: &str) -> String {
    match path.rfind('/') {
        Some(0) | None => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Url {
        Url::parse(url).unwrap()
    }

    /// What is sent to `to` after `from` answered with these lines.
    fn sent(from: &str, lines: &[&str], to: &str) -> String {
        let mut jar = Jar::default();
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        jar.take(&at(from), lines.iter().map(|line| line.as_bytes()), now);
        let line = jar.header(&at(to), None);
        line.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).unwrap_or_default()
    }

    #[test]
    fn a_cookie_goes_back_to_its_host_and_path() {
        let from = "https://news.example.com/a/feed.xml";
        for (lines, to, expected) in [
            (&["s=1"][..], "https://news.example.com/a/b", "s=1"),
            (&["s=1"], "https://news.example.com/a", "s=1"),
            (&["s=1"], "https://news.example.com/ab", ""),
            (&["s=1"], "https://news.example.com/", ""),
            (&["s=1; Path=/"], "https://news.example.com:8443/x", "s=1"),
            (&["s=1; path=nothing; Max-Age=60"], "https://news.example.com/a/b", "s=1"),
            (&["s=1; Path=/"], "https://example.com/", ""),
            (&["s=1; Path=/"], "https://other.example/", ""),
            (
                &["s = \"1 2\" ;Path=/", "t=\u{e9}; Path=/a/"],
                "https://news.example.com/a/",
                "t=\u{e9}; s=\"1 2\"",
            ),
            (&["s=1; Path=/", "s=2; Path=/"], "https://news.example.com/", "s=2"),
            (&["=1; Path=/", "nothing", "a\u{7}=1; Path=/", ""], "https://news.example.com/", ""),
        ] {
            assert_eq!(sent(from, lines, to), expected, "{lines:?} to {to}");
        }
    }

    #[test]
    fn a_domain_is_taken_only_for_the_host_or_its_parent_of_the_same_owner() {
        let from = "https://a.news.example.co.uk/";
        for (domain, to, expected) in [
            (".example.co.uk", "https://b.example.co.uk/", "s=1"),
            ("News.Example.co.uk", "https://b.news.example.co.uk/", "s=1"),
            ("news.example.co.uk", "https://example.co.uk/", ""),
            ("news.example.co.uk", "https://evilnews.example.co.uk/", ""),
            ("co.uk", "https://a.news.example.co.uk/", ""),
            ("uk", "https://other.co.uk/", ""),
            ("b.news.example.co.uk", "https://b.news.example.co.uk/", ""),
            ("other.example", "https://other.example/", ""),
            ("", "https://a.news.example.co.uk/", "s=1"),
        ] {
            assert_eq!(sent(from, &[&format!("s=1; Domain={domain}")], to), expected, "{domain} to {to}");
        }
        assert_eq!(sent("http://127.0.0.1/", &["s=1; Domain=127.0.0.1"], "http://127.0.0.1/"), "s=1");
        assert_eq!(sent("http://127.0.0.1/", &["s=1; Domain=0.0.1"], "http://127.0.0.1/"), "");
        assert_eq!(sent("https://a.github.io/", &["s=1; Domain=github.io"], "https://b.github.io/"), "");
    }

    #[test]
    fn secure_cookies_stay_with_https_and_prefixes_keep_their_promise() {
        let (secure, plain) = ("https://news.example.com/", "http://news.example.com/");
        assert_eq!(sent(secure, &["s=1; Secure"], secure), "s=1");
        assert_eq!(sent(secure, &["s=1; Secure"], plain), "");
        assert_eq!(sent(plain, &["s=1; Secure"], secure), "");
        assert_eq!(sent(plain, &["s=1"], secure), "s=1");
        assert_eq!(sent(secure, &["__Host-s=1; Secure; Path=/"], secure), "__Host-s=1");
        assert_eq!(sent(secure, &["__Host-s=1; Secure; Domain=example.com; Path=/"], secure), "");
        assert_eq!(sent(secure, &["__secure-s=1"], secure), "");
    }

    #[test]
    fn what_has_expired_is_gone() {
        let url = "https://news.example.com/";
        for (line, expected) in [
            ("s=; Max-Age=0", ""),
            ("s=2; max-age=-1", ""),
            ("s=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ""),
            ("s=2; Expires=Thu, 01-Jan-1970 00:00:00 GMT", ""),
            ("s=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9", "s=2"),
            ("s=2; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "s=2"),
            ("s=2; Expires=tomorrow; Max-Age=soon", "s=2"),
        ] {
            assert_eq!(sent(url, &["s=1", line], url), expected, "{line}");
        }
    }

    #[test]
    fn number_and_size_are_bounded_and_what_the_settings_send_stays() {
        let url = "https://news.example.com/";
        let many: Vec<String> = (0..50).map(|number| format!("c{number}=1")).collect();
        let lines: Vec<&str> = many.iter().map(String::as_str).collect();
        let line = sent(url, &lines, url);
        assert_eq!(
            (line.split("; ").count(), line.contains("c49=1"), line.contains("c29=1")),
            (MOST, true, false)
        );
        assert_eq!(sent(url, &[&format!("s={}", "x".repeat(LONGEST))], url), "");
        let long: Vec<String> = (0..4).map(|number| format!("c{number}={}", "x".repeat(4000))).collect();
        let lines: Vec<&str> = long.iter().map(String::as_str).collect();
        assert!(sent(url, &lines, url).len() <= LONGEST_HEADER);
        let mut jar = Jar::default();
        jar.take(&at(url), [&b"s=1"[..]].into_iter(), Timestamp::UNIX_EPOCH);
        let own = HeaderValue::from_static("key=secret");
        let line = jar.header(&at(url), Some(&own)).unwrap();
        assert!(line == "key=secret; s=1" && line.is_sensitive());
        assert!(jar.header(&at("https://other.example/"), Some(&own)).is_none());
    }
}
