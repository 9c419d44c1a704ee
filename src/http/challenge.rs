//! Pages that services show instead of a site: challenges, blocks, requests for consent. Pure.
//!
//! Words in the readable text do not count: an article may be about them. A known title, script, form or address in the
//! markup of a page with little text counts.

use memchr::{memchr, memmem};
use reqwest::header::HeaderMap;
use url::Url;

/// A page with more readable text, in characters, is no challenge.
const LITTLE_TEXT: usize = 1500;
/// The same for a request for consent, which has explanations.
const CONSENT_TEXT: usize = 6000;
/// Longest document that is examined, bytes: challenge pages are shorter.
pub const LONGEST: u64 = 256 * 1024;

/// Headers by which a service announces it: Cloudflare, AWS WAF, Vercel.
const HEADERS: [(&str, &[&str]); 3] = [
    ("cf-mitigated", &["challenge"]),
    ("x-amzn-waf-action", &["challenge", "captcha"]),
    ("x-vercel-mitigated", &["challenge", "deny"]),
];

/// Markup of challenges that other pages of little text do not have: scripts, forms, addresses.
const MARKS: [&str; 28] = [
    // Cloudflare; ordinary pages load other files from /cdn-cgi/challenge-platform/.
    "_cf_chl_opt",
    "__cf_chl_",
    "/orchestrate/chl_page",
    "/orchestrate/jsch/",
    "/orchestrate/managed/",
    "/orchestrate/captcha/",
    "id=\"challenge-form\"",
    "cf-error-details",
    // DDoS-Guard
    "/.well-known/ddos-guard/",
    "check.ddos-guard.net",
    // Sucuri
    "sucuri_cloudproxy_js",
    "cdn.sucuri.net/sucuri-firewall-block",
    // Imperva
    "_Incapsula_Resource",
    // Akamai
    "sec-if-cpt-container",
    "/_sec/cp_challenge/",
    // HUMAN, formerly PerimeterX
    "px-captcha",
    // AWS WAF
    "gokuProps",
    "awsWafCookieDomainList",
    // DataDome
    "captcha-delivery.com",
    // Vercel
    "/.well-known/vercel/security/",
    // Anubis
    "anubis_challenge",
    "/.within.website/x/cmd/anubis/",
    // SiteGround
    "/.well-known/sgcaptcha/",
    // Kasada
    "/149e9513-01fa-4fb0-aad4-566afd725d1b/",
    // Radware
    "validate.perfdrive.com",
    // StackPath
    "/sbbi/?sbbpg=",
    // iFastNet
    "slowAES.decrypt",
    // LiteSpeed
    "/lsrecap/recaptcha",
];
/// Widgets that ordinary forms have too: they count on a page with next to no text.
const WIDGETS: [&str; 6] = [
    "hcaptcha.com/1/api.js",
    "js.hcaptcha.com/",
    "challenges.cloudflare.com/turnstile/",
    "google.com/recaptcha/api.js",
    "geetest.com/",
    ".awswaf.com/",
];
/// See [`WIDGETS`], characters.
const NEXT_TO_NO_TEXT: usize = 300;
/// Forms and addresses of requests for consent.
const CONSENT: [&str; 5] =
    ["consent.google.", "consent.youtube.", "consent.yahoo.", "guce.yahoo.", "/collectConsent"];

/// Titles of such pages, in lower case and whole.
const TITLES: [&str; 28] = [
    "just a moment...",
    "just a second...",
    "one moment, please...",
    "attention required! | cloudflare",
    "please wait... | cloudflare",
    "ddos-guard",
    "sucuri website firewall - access denied",
    "you are being redirected...",
    "vercel security checkpoint",
    "making sure you're not a bot!",
    "pardon our interruption",
    "pardon our interruption...",
    "access to this page has been denied",
    "access to this page has been denied.",
    "client challenge",
    "robot or human?",
    "are you a robot?",
    "bloomberg - are you a robot?",
    "robot challenge screen",
    "human verification",
    "bot verification",
    "verify you are human",
    "please verify you are a human",
    "checking your browser",
    "checking your browser...",
    "checking your browser before accessing",
    "verifying your browser",
    "radware bot manager captcha",
];

/// Whether the headers name a challenge.
pub fn is_announced(headers: &HeaderMap) -> bool {
    HEADERS.iter().any(|(name, values)| {
        let value = headers.get(*name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        values.iter().any(|known| known.eq_ignore_ascii_case(value.trim()))
    })
}

/// Whether `body`, which came from `url`, is such a page.
pub fn is_challenge(body: &[u8], url: &Url) -> bool {
    if body.len() as u64 > LONGEST {
        return false;
    }
    let html = String::from_utf8_lossy(body);
    let start = html.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if start.starts_with('{') {
        // DataDome answers requests for anything but a page with the address of its captcha.
        let first = start.trim_start_matches(|c: char| c == '{' || c.is_ascii_whitespace());
        return body.len() < 2048 && first.starts_with("\"url\"") && start.contains("captcha-delivery.com/");
    }
    if !is_page(start) {
        return false;
    }
    let page = Page::read(start);
    let has = |marks: &[&str]| {
        marks.iter().any(|mark| memmem::find(page.markup.as_bytes(), mark.as_bytes()).is_some())
    };
    let host = url.host_str().unwrap_or_default();
    if host.starts_with("consent.") || host.starts_with("guce.") {
        return true;
    }
    page.text <= LITTLE_TEXT
        && (has(&MARKS) || TITLES.contains(&page.title.as_str()) || is_reference(&page, start))
        || page.text <= NEXT_TO_NO_TEXT && has(&WIDGETS)
        || page.text <= CONSENT_TEXT && has(&CONSENT)
}

/// Block pages without such markup: Akamai's with a reference number, and Imperva's with an incident number.
fn is_reference(page: &Page, html: &str) -> bool {
    let denied = page.title == "access denied"
        && (html.contains("Reference #") || html.contains("Reference&#32;&#35;"));
    denied || page.title.is_empty() && html.contains("Incapsula incident ID")
}

/// Whether `html` begins as a web page does.
fn is_page(html: &str) -> bool {
    let mut rest = html;
    while let Some(after) = rest.strip_prefix("<!--") {
        rest = after.find("-->").map_or("", |end| after[end + 3..].trim_start());
    }
    let name = rest.strip_prefix('<').unwrap_or_default();
    let name =
        name.split(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
    let known = [
        "!doctype", "html", "head", "body", "script", "noscript", "meta", "title", "div", "center", "h1",
        "iframe",
    ];
    known.iter().any(|known| known.eq_ignore_ascii_case(name)) && !is_other_doctype(rest)
}

/// Whether the document type is not that of a page: RSS 0.91 has one too.
fn is_other_doctype(html: &str) -> bool {
    let mut words = html.split(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '['));
    words.next().is_some_and(|first| first.eq_ignore_ascii_case("<!doctype"))
        && words.next().is_none_or(|name| !name.eq_ignore_ascii_case("html"))
}

/// Title in lower case, all markup and scripts, and the number of characters of text.
#[derive(Default)]
struct Page {
    title: String,
    markup: String,
    text: usize,
}

impl Page {
    fn read(html: &str) -> Self {
        let mut page = Self::default();
        let mut rest = html;
        while let Some(start) = memchr(b'<', rest.as_bytes()) {
            page.count(&rest[..start]);
            rest = &rest[start..];
            let end = memchr(b'>', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
            let tag = &rest[..end];
            page.markup.push_str(tag);
            rest = &rest[end..];
            let name = tag[1..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            // Their content is not readable text.
            let Some(close) =
                RAW.iter().find(|(raw, _)| raw.eq_ignore_ascii_case(name)).map(|(_, close)| *close)
            else {
                continue;
            };
            let end = find_tag(rest, close).unwrap_or(rest.len());
            let inside = &rest[..end];
            if close == "</title" {
                if page.title.is_empty() {
                    page.title = inside.trim().to_lowercase().replace('…', "...").replace('’', "'");
                    page.title = page.title.replace("&hellip;", "...").replace("&#39;", "'");
                }
            } else {
                page.markup.push_str(inside);
            }
            rest = &rest[end..];
        }
        page.count(rest);
        page
    }

    fn count(&mut self, text: &str) {
        self.text += text.split_whitespace().map(|word| word.chars().count() + 1).sum::<usize>();
    }
}

/// Elements whose content is not part of the readable text, with the beginning of their end tag.
const RAW: [(&str, &str); 5] = [
    ("script", "</script"),
    ("style", "</style"),
    ("noscript", "</noscript"),
    ("title", "</title"),
    ("template", "</template"),
];

/// Position of the end tag that begins with `close` (lower case).
fn find_tag(html: &str, close: &str) -> Option<usize> {
    memmem::find_iter(html.as_bytes(), "</").find(|at| {
        html.as_bytes()
            .get(*at..at + close.len())
            .is_some_and(|tag| tag.eq_ignore_ascii_case(close.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(body: &str) -> bool {
        is_challenge(body.as_bytes(), &"https://news.example/feed".parse().unwrap())
    }

    #[test]
    fn challenges_are_recognised_by_title_or_markup() {
        for page in [
            "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Wait</body></html>",
            "\n<html><head><title>Just a moment…</title>",
            "<!doctype html><title>Site</title><script src=\"/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1\"></script>",
            "<html><title>Attention Required! | Cloudflare</title><div class=\"cf-error-details\">Blocked</div>",
            "<!DOCTYPE HTML><title>Guard</title><script src=\"/.well-known/ddos-guard/js-challenge/index.js\"></script>",
            "<html><title>You are being redirected...</title><script>sucuri_cloudproxy_js=''</script></html>",
            "<html><head><script src=\"/_Incapsula_Resource?SWJIYLWA=7\"></script></head><body></body></html>",
            "<html><body>Request unsuccessful. Incapsula incident ID: 1-2</body></html>",
            "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>No. Reference #18.2 </BODY></HTML>",
            "<html><title>Access to this page has been denied</title><div id=\"px-captcha\"></div>",
            "<html><head><title></title><script>window.awsWafCookieDomainList = [];window.gokuProps = {}</script></head>",
            "<html><head><title>Vercel Security Checkpoint</title></head>",
            "<!-- a --><html><title>Check</title><script src=\"https://js.hcaptcha.com/1/api.js\"></script><div class=h-captcha></div>",
            "<!doctype html><title>Making sure you&#39;re not a bot!</title><script id=\"anubis_challenge\">{}</script>",
            "<html><head><meta http-equiv=\"refresh\" content=\"0;/.well-known/sgcaptcha/?r=%2F\"></head></html>",
            "<html><title>Before you continue</title><form action=\"https://consent.google.com/save\">All about data</form>",
            "{\"url\":\"https://geo.captcha-delivery.com/captcha/?a=1\"}",
        ] {
            assert!(challenge(page), "{page}");
        }
        let plain = b"<html><title>Choices</title><p>Pick one.</html>";
        assert!(is_challenge(plain, &"https://consent.example/?back=a".parse().unwrap()));
        assert!(!is_challenge(plain, &"https://news.example/".parse().unwrap()));
    }

    #[test]
    fn articles_about_challenges_are_not_challenges() {
        let long = "The outage began when _cf_chl_opt was renamed. ".repeat(60);
        for page in [
            "<rss version=\"2.0\"><channel><title>Just a moment...</title><item><title>px-captcha</title></item></channel></rss>",
            "<?xml version=\"1.0\"?><feed><title>Vercel Security Checkpoint</title></feed>",
            "<!DOCTYPE rss SYSTEM \"a.dtd\"><rss><title>DDoS-Guard</title></rss>",
            "{\"title\": \"Just a moment...\", \"items\": [{\"content_text\": \"captcha-delivery.com/\"}]}",
            "<html><title>Access denied: how a bridge lost its keys</title><p>Reference #4 of the report.</html>",
            "<html><title>News</title><script src=\"/cdn-cgi/challenge-platform/h/b/scripts/jsd/main.js\"></script><p>One</html>",
            "<html><title>How it works</title><pre>window._cf_chl_opt = {}</pre></html>",
            "<html><title>Sign in</title><form></form></html>",
            "Just a moment...",
            "",
            &format!("<html><title>Just a moment...</title><p>{long}</p></html>"),
            &format!(
                "<html><title>Post</title><script src=https://js.hcaptcha.com/1/api.js></script><p>{long}</html>"
            ),
        ] {
            assert!(!challenge(page), "{page}");
        }
    }

    #[test]
    fn headers_announce_challenges() {
        let said = |name: &'static str, value: &'static str| {
            is_announced(&[(name.parse().unwrap(), value.parse().unwrap())].into_iter().collect())
        };
        assert!(said("cf-mitigated", "challenge") && said("x-amzn-waf-action", "Captcha"));
        assert!(!said("cf-mitigated", "none") && !said("server", "cloudflare"));
    }
}
