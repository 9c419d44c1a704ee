//! Canonical address of a page: the identity under which caches and stories know it.
//!
//! Two ways of writing one article give one string, and two articles never share one: where a rule could
//! merge two pages of a site that addresses its articles by query, it does not fire. The string is an
//! identity, not a promise that the page answers there: fetch the address as it was given.

mod redirector;
mod tracking;

use url::{Host, Url};

pub use redirector::target;

/// Longest address that is a link, bytes: what servers and browsers of every kind take, and no article needs more.
pub const LONGEST_LINK: usize = 2048;

/// Host labels that name a way of serving a site, not the site.
const SERVING_LABELS: [&str; 4] = ["www.", "m.", "mobile.", "amp."];

/// File names that servers answer a folder's address with.
const INDEX_FILES: [&str; 5] = ["index.html", "index.htm", "index.php", "index.shtml", "default.aspx"];

/// Characters that mean the same bare or percent-encoded in a path (RFC 3986: unreserved by section 2.3;
/// the others may stand bare in a segment by section 3.3 and part nothing there).
const BARE_IN_PATH: &[u8] = b"-._~!'()*,$@:";

/// The same for a query (RFC 3986, section 3.4), where `/` and `?` part nothing either.
const BARE_IN_QUERY: &[u8] = b"-._~!'()*,$@:/?";

/// Whether `url` is a place on the web: `http` or `https`, with a host.
#[must_use]
pub fn on_the_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// Identity of the page at `url`: an absolute address in normal form.
///
/// The scheme reads `https` for identity only (a site that answers on both serves one article). The host
/// loses `www.`, `m.`, `mobile.` and `amp.` while a dotted name remains; default ports, credentials,
/// fragments (except `#!…` and `#/…`, which script-only sites address pages with), tracking parameters, AMP
/// variants, index file names, doubled and trailing slashes go; the remaining parameters are sorted by
/// name; percent-encoding follows RFC 3986, section 6.2.2. Feeding the result back gives the same string.
/// Addresses other than `http` and `https` come back as they are.
#[must_use]
pub fn canonical(url: &Url) -> String {
    let (Some(host), "http" | "https") = (url.host(), url.scheme()) else {
        return url.as_str().to_owned();
    };
    let mut identity = String::with_capacity(url.as_str().len());
    identity.push_str("https://");
    match host {
        Host::Domain(name) => identity.push_str(site(name)),
        address => identity.push_str(&address.to_string()),
    }
    // 443 on a folded `http` address would turn into the default port once the result is read again.
    if let Some(port) = url.port().filter(|port| *port != 443) {
        identity.push(':');
        identity.push_str(&port.to_string());
    }
    identity.push_str(&path(url.path()));
    let query = url.query().map(query).unwrap_or_default();
    if !query.is_empty() {
        identity.push('?');
        identity.push_str(&query);
    }
    if let Some(route) = route(url) {
        identity.push('#');
        identity.push_str(&percent(route, BARE_IN_QUERY, b"&=+;"));
    }
    identity
}

/// The fragment of an address whose site addresses its pages with it.
fn route(url: &Url) -> Option<&str> {
    url.fragment().filter(|fragment| fragment.len() > 1 && fragment.starts_with(['!', '/']))
}

/// `url` as it is shown and opened: whole, without a fragment that addresses no page and without the parameters that only say who sent
/// the reader.
#[must_use]
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    if route(&url).is_none() {
        url.set_fragment(None);
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, value)| !tracking::is_noise(&name.to_ascii_lowercase(), value))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if kept.len() < url.query_pairs().count() {
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    url.to_string()
}

/// `url` without name, password, query and fragment: what may be shown of an address that may hold a key.
#[must_use]
pub fn bare(url: &Url) -> String {
    let mut url = url.clone();
    // An address on the web takes any of these changes.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// `value` as one segment of a path or one value of a query: all but unreserved characters escaped (RFC 3986, section 2.3).
pub(crate) fn escaped(value: &str) -> String {
    percent(value, b"-._~", b"")
}

/// `value` as a part of an address that may have segments and parameters of its own.
pub(crate) fn escaped_path(value: &str) -> String {
    percent(value, BARE_IN_QUERY, b"&=+;#%")
}

/// The identity of an address given as text; what is no address is its own.
#[must_use]
pub fn identity(text: &str) -> String {
    Url::parse(text).map_or_else(|_| text.to_owned(), |url| canonical(&url))
}

/// The name of the site behind `host`, without labels that only say how it is served.
fn site(host: &str) -> &str {
    let mut name = host.trim_end_matches('.');
    // Without its dots it would be read as a broken IPv4 address.
    if ends_in_number(name) {
        return host;
    }
    while let Some(rest) = SERVING_LABELS.iter().find_map(|label| name.strip_prefix(label)) {
        // `amp.dev` and `m.localhost` are sites of their own.
        if !rest.contains('.') {
            break;
        }
        name = rest;
    }
    if name.is_empty() { host } else { name }
}

/// Whether a name's last label makes an address of it (URL standard, "ends in a number").
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hex || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A path in normal form; the root is `/`, every other path ends without a slash.
fn path(raw: &str) -> String {
    let normal = percent(raw, BARE_IN_PATH, b"/&=+;");
    let mut segments: Vec<&str> = normal.split('/').filter(|segment| !segment.is_empty()).collect();
    while let Some(last) = segments.last().copied() {
        let before = segments.len().checked_sub(2).map(|at| segments[at]);
        if INDEX_FILES.contains(&last.to_ascii_lowercase().as_str())
            || (last == "amp" && before.is_some_and(is_slug))
        {
            segments.pop();
        } else if let Some(stem) = last.strip_suffix(".amp").filter(|stem| is_slug(stem)) {
            segments.pop();
            segments.push(stem);
        } else {
            break;
        }
    }
    while segments.len() > 2 && segments[0] == "amp" && segments.last().is_some_and(|last| is_slug(last)) {
        segments.remove(0);
    }
    format!("/{}", segments.join("/"))
}

/// Whether a segment names an article rather than a section: AMP is also a coin, and `/coins/amp` is its
/// page, not a variant of `/coins`.
fn is_slug(segment: &str) -> bool {
    segment.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && segment.bytes().any(|byte| matches!(byte, b'-' | b'.' | b'0'..=b'9'))
}

/// A query without what does not change the page, sorted by name; equal names keep their order.
fn query(raw: &str) -> String {
    let mut kept: Vec<(String, String)> = Vec::new();
    for part in raw.split('&') {
        // A feed that escaped its links twice has `&amp;`; the ampersand went with the split.
        let part = part.trim_start_matches("amp;");
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (form(name), form(value));
        if name.is_empty() || tracking::is_noise(&name, &value) {
            continue;
        }
        let pair = (name, value);
        if !kept.contains(&pair) {
            kept.push(pair);
        }
    }
    kept.sort_by(|(a, _), (b, _)| a.cmp(b));
    let written = kept.into_iter().map(|(name, value)| match value.as_str() {
        "" => name,
        value => format!("{name}={value}"),
    });
    written.collect::<Vec<_>>().join("&")
}

/// One side of a parameter in normal form; `+` is a space there (HTML form encoding).
fn form(raw: &str) -> String {
    percent(&raw.replace('+', "%20"), BARE_IN_QUERY, b"=;")
}

/// RFC 3986, section 6.2.2: bytes of `bare` and alphanumerics are decoded, escapes are upper case, bytes of
/// `parting` stay as they stand (bare or escaped: those differ), everything else is escaped.
fn percent(raw: &str, bare: &[u8], parting: &[u8]) -> String {
    let mut normal = String::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = if byte == b'%' { hex_pair(after) } else { None };
        let value = escaped.unwrap_or(byte);
        rest = if escaped.is_some() { &after[2..] } else { after };
        if value.is_ascii_alphanumeric()
            || bare.contains(&value)
            || (escaped.is_none() && parting.contains(&value))
        {
            normal.push(char::from(value));
        } else {
            normal.push('%');
            normal.push(char::from(HEX[usize::from(value >> 4)]));
            normal.push(char::from(HEX[usize::from(value & 15)]));
        }
    }
    normal
}

const HEX: [u8; 16] = *b"0123456789ABCDEF";

/// The byte written as the two hexadecimal digits that `digits` opens with.
fn hex_pair(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = *digits else { return None };
    let value = char::from(high).to_digit(16)? * 16 + char::from(low).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests;
