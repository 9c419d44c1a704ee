//! Who may ask: tokens, session cookies, host names and requests of other sites. Decides; sends nothing.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, Method, Uri, header};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::config::{ServeSettings, ServeToken};

/// Name of the cookie that a login sets.
pub const COOKIE: &str = "tge_scrape_session";
/// The same over TLS: browsers accept the prefix only from the host itself, with `Secure` (RFC 6265bis, section 4.1.3).
pub const SECURE_COOKIE: &str = "__Host-tge_scrape_session";
/// Paths that a load balancer asks without a token. They say nothing but whether the server works.
pub const OPEN: [&str; 3] = ["/healthz", "/readyz", "/login"];

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A body where none is read, or one without a length.
    Body,
    /// No valid token.
    Token,
    /// A host name that is not ours: a page of another site that made its name point at this machine.
    Host,
    /// A request that a page of another site makes.
    OtherSite,
}

/// What decides about requests.
#[derive(Debug, Clone)]
pub struct Guard {
    tokens: Vec<ServeToken>,
    hosts: Vec<String>,
}

impl Guard {
    pub fn new(settings: &ServeSettings) -> Self {
        Self { tokens: settings.tokens.clone(), hosts: settings.hosts.clone() }
    }

    /// The name of the token of a request, empty where none is needed.
    pub fn admit(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<&str, Refusal> {
        if !has_expected_body(method, headers) {
            return Err(Refusal::Body);
        }
        if !is_one_host(uri, headers) {
            return Err(Refusal::Host);
        }
        if is_of_another_site(method, headers) {
            return Err(Refusal::OtherSite);
        }
        if self.tokens.is_empty() && !self.is_own_host(headers) {
            return Err(Refusal::Host);
        }
        if self.tokens.is_empty() || OPEN.contains(&uri.path()) {
            return Ok("");
        }
        if headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
            return Err(Refusal::Token);
        }
        let bearer = text(headers, header::AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        match bearer {
            Some(token) => self.matching(|known| is_equal(&known.secret, token)),
            None => headers
                .get_all(header::COOKIE)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|cookies| cookies.split(';'))
                .filter_map(|cookie| cookie.trim().split_once('='))
                .filter(|(name, _)| [COOKIE, SECURE_COOKIE].contains(name))
                .find_map(|(_, value)| self.matching(|known| is_equal(&session(&known.secret), value))),
        }
        .map(|known| known.name.as_str())
        .ok_or(Refusal::Token)
    }

    /// The session cookie for `token`; `None` for a wrong one.
    pub fn login(&self, token: &str) -> Option<String> {
        self.matching(|known| is_equal(&known.secret, token)).map(|known| session(&known.secret))
    }

    /// The token that `is_it`. All are compared, so that the time does not depend on which one matches.
    fn matching(&self, is_it: impl Fn(&ServeToken) -> bool) -> Option<&ServeToken> {
        self.tokens.iter().fold(None, |found, known| if is_it(known) { Some(known) } else { found })
    }

    fn is_own_host(&self, headers: &HeaderMap) -> bool {
        let Some(host) = text(headers, header::HOST) else { return false };
        let host = host.to_ascii_lowercase();
        // An IPv6 address has colons itself.
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => &host,
        };
        ["localhost", "127.0.0.1", "[::1]"].contains(&name) || self.hosts.iter().any(|own| own == name)
    }
}

/// Whether a request has a body only where one is read, with its length in advance. Programs that disagree about where a request
/// ends can be made to exchange answers (RFC 9112, section 11.2).
fn has_expected_body(method: &Method, headers: &HeaderMap) -> bool {
    let length = text(headers, header::CONTENT_LENGTH).unwrap_or("0");
    !headers.contains_key(header::TRANSFER_ENCODING) && (*method == Method::POST || length == "0")
}

/// Whether a request names one host: the header, and the same in an absolute address (RFC 9112, section 3.2.2).
fn is_one_host(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    uri.authority().is_none_or(|named| host.as_bytes().eq_ignore_ascii_case(named.as_str().as_bytes()))
}

/// Whether a browser sends the request for a page of another site, other than by following a link.
fn is_of_another_site(method: &Method, headers: &HeaderMap) -> bool {
    let site = text(headers, "sec-fetch-site");
    let follows_a_link = *method == Method::GET
        && headers.get("sec-fetch-mode").is_some_and(|mode| mode.as_bytes() == b"navigate")
        && headers.get("sec-fetch-dest").is_some_and(|dest| dest.as_bytes() == b"document");
    let is_foreign = matches!(site, Some("cross-site" | "same-site")) || !is_own_origin(headers);
    is_foreign && !follows_a_link
}

/// Whether a request that names the origin of its page names this server. Programs name none.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = text(headers, header::ORIGIN) else { return !headers.contains_key(header::ORIGIN) };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some_and(|authority| {
        text(headers, header::HOST).is_some_and(|host| host.eq_ignore_ascii_case(authority))
    })
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_equal(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// A cookie that proves a token and does not contain it.
fn session(secret: &str) -> String {
    // HMAC accepts a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(b"session of tge-scrape serve");
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The address that sends a request: of a connection from a trusted proxy the last one that no trusted proxy has.
pub fn sender(peer: IpAddr, headers: &HeaderMap, settings: &ServeSettings) -> IpAddr {
    if !settings.is_trusted(peer.to_canonical()) {
        return peer.to_canonical();
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let mut last = peer.to_canonical();
    let listed: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    for text in listed.iter().rev() {
        let Ok(address) = text.parse::<IpAddr>() else { break };
        last = address.to_canonical();
        if !settings.is_trusted(last) {
            break;
        }
    }
    last
}

/// What limits count as one sender: an IPv4 address, or the network that one customer has of IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef";

    fn settings(tokens: &[(&str, &str)]) -> ServeSettings {
        ServeSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            tokens: tokens
                .iter()
                .map(|(name, secret)| ServeToken { name: (*name).to_owned(), secret: (*secret).to_owned() })
                .collect(),
            wrong_tokens: Vec::new(),
            tls: None,
            hosts: vec!["board.example".to_owned()],
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            connections: 9,
            connections_per_address: 9,
            requests_per_address: 9,
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn admit_at<'a>(guard: &'a Guard, path: &str, headers: &HeaderMap) -> Result<&'a str, Refusal> {
        guard.admit(&Method::GET, &path.parse().unwrap(), headers)
    }

    #[test]
    fn without_tokens_only_names_of_this_machine_are_answered() {
        let guard = Guard::new(&settings(&[]));
        let admit = |host: &str| admit_at(&guard, "/", &headers(&[("host", host)]));
        for host in ["localhost:8787", "127.0.0.1", "[::1]:8787", "LOCALHOST", "board.example:80"] {
            assert_eq!(admit(host), Ok(""), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            "[::1",
            "localhost:80:80",
        ] {
            assert_eq!(admit(host), Err(Refusal::Host), "{host}");
        }
        let two = headers(&[("host", "localhost"), ("host", "evil.example")]);
        assert_eq!(admit_at(&guard, "/", &two), Err(Refusal::Host));
        assert_eq!(admit_at(&guard, "/", &HeaderMap::new()), Err(Refusal::Host));
    }

    #[test]
    fn a_token_or_its_cookie_is_needed_and_names_who_asks() {
        let guard = Guard::new(&settings(&[("a", "fedcba9876543210"), ("desk", SECRET)]));
        let admit = |name: &'static str, value: &str| {
            admit_at(&guard, "/", &headers(&[("host", "any"), (name, value)]))
        };
        assert_eq!(admit("authorization", &format!("Bearer {SECRET}")), Ok("desk"));
        assert_eq!(admit("authorization", &format!("bearer  {SECRET}")), Ok("desk"));
        for wrong in
            [format!("Bearer {SECRET}0"), "Bearer ".to_owned(), format!("Basic {SECRET}"), SECRET.to_owned()]
        {
            assert_eq!(admit("authorization", &wrong), Err(Refusal::Token), "{wrong}");
        }
        let session = guard.login(SECRET).unwrap();
        assert!(!session.contains(SECRET) && guard.login("wrong").is_none());
        assert_eq!(admit("cookie", &format!("x=1; {COOKIE}={session}")), Ok("desk"));
        assert_eq!(admit("cookie", &format!("{SECURE_COOKIE}={session}")), Ok("desk"));
        assert_eq!(admit("cookie", &format!("x{COOKIE}={session}")), Err(Refusal::Token));
        assert_eq!(admit("cookie", &format!("{COOKIE}={SECRET}")), Err(Refusal::Token));
        assert_eq!(admit("x", "1"), Err(Refusal::Token));
        assert_eq!(admit_at(&guard, "/healthz", &headers(&[("host", "any")])), Ok(""));
    }

    #[test]
    fn requests_of_other_sites_are_refused_but_for_links() {
        let guard = Guard::new(&settings(&[]));
        let admit = |method: &Method, mode: &str, dest: &str, site: &str| {
            let pairs = [
                ("host", "localhost"),
                ("sec-fetch-site", site),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", dest),
            ];
            guard.admit(method, &Uri::from_static("/"), &headers(&pairs))
        };
        assert_eq!(admit(&Method::GET, "cors", "empty", "same-origin"), Ok(""));
        assert_eq!(admit(&Method::GET, "navigate", "document", "cross-site"), Ok(""));
        assert_eq!(admit(&Method::GET, "navigate", "iframe", "cross-site"), Err(Refusal::OtherSite));
        assert_eq!(admit(&Method::GET, "no-cors", "image", "cross-site"), Err(Refusal::OtherSite));
        assert_eq!(admit(&Method::POST, "navigate", "document", "cross-site"), Err(Refusal::OtherSite));
    }

    #[test]
    fn an_origin_must_be_ours() {
        let guard = Guard::new(&settings(&[]));
        let admit = |origin: &str| {
            admit_at(&guard, "/api/v1/ws", &headers(&[("host", "localhost:8787"), ("origin", origin)]))
        };
        assert_eq!(admit("http://localhost:8787"), Ok(""));
        for origin in ["http://localhost:1", "https://evil.example", "null", ""] {
            assert_eq!(admit(origin), Err(Refusal::OtherSite), "{origin}");
        }
    }

    #[test]
    fn only_trusted_proxies_name_the_sender() {
        let settings = settings(&[]);
        let of = |peer: &str, forwarded: &[&str]| {
            let pairs: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
            sender(peer.parse().unwrap(), &headers(&pairs), &settings).to_string()
        };
        assert_eq!(of("192.0.2.1", &["203.0.113.5"]), "192.0.2.1");
        assert_eq!(of("10.0.0.1", &["203.0.113.5"]), "203.0.113.5");
        assert_eq!(of("10.0.0.1", &["198.51.100.9, 203.0.113.5, 10.2.3.4"]), "203.0.113.5");
        assert_eq!(of("10.0.0.1", &["198.51.100.9", "203.0.113.5"]), "203.0.113.5");
        assert_eq!(of("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(of("::ffff:192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(network("2001:db8:1:2:3:4:5:6".parse().unwrap()).to_string(), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.77".parse().unwrap()).to_string(), "192.0.2.77");
    }
}
