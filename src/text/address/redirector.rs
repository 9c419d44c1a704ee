//! Links that lead over a service which counts clicks and name their true address in a parameter.

use url::Url;

use super::{LONGEST_LINK, on_the_web};
use crate::text::host::is_within;

/// Host, path and parameter of such services. A host that begins with a dot stands for itself and all below it.
const REDIRECTORS: [(&str, &str, &str); 14] = [
    // Google Search and Google Alerts, under every country's domain: see [`is_google`].
    ("google", "/url", "url"),
    ("google", "/url", "q"),
    (".facebook.com", "/l.php", "u"),
    ("l.instagram.com", "/", "u"),
    ("out.reddit.com", "/", "url"),
    (".youtube.com", "/redirect", "q"),
    (".bing.com", "/news/apiclick.aspx", "url"),
    (".linkedin.com", "/redir/redirect", "url"),
    (".linkedin.com", "/safety/go", "url"),
    ("slack-redir.net", "/link", "url"),
    (".vk.com", "/away.php", "to"),
    ("t.me", "/iv", "url"),
    ("duckduckgo.com", "/l/", "uddg"),
    ("steamcommunity.com", "/linkfilter/", "u"),
];
/// Services in a row that are looked through.
const STEPS: usize = 3;

/// The address that `url` names as its target; `None` where `url` is no link of a known redirector. No request is made.
#[must_use]
pub fn target(url: &Url) -> Option<Url> {
    let mut found = step(url)?;
    for _ in 1..STEPS {
        let Some(next) = step(&found) else { break };
        found = next;
    }
    Some(found)
}

fn step(url: &Url) -> Option<Url> {
    let host = url.host_str().filter(|_| on_the_web(url))?;
    let is = |known: &str| match known.strip_prefix('.') {
        Some(domain) => is_within(host, domain),
        None if known == "google" => is_google(host),
        None => host == known,
    };
    let parameters = REDIRECTORS.iter().filter(|(host, path, _)| url.path() == *path && is(host));
    parameters.into_iter().find_map(|(_, _, parameter)| {
        let value = url.query_pairs().find(|(name, _)| name == parameter)?.1;
        Url::parse(&value).ok().filter(|url| on_the_web(url) && url.as_str().len() <= LONGEST_LINK)
    })
}

/// `google.com`, `www.google.de`, `google.co.uk`: not `google.com.example.org`.
fn is_google(host: &str) -> bool {
    let name = host.strip_prefix("www.").unwrap_or(host);
    let Some(domain) = name.strip_prefix("google.") else { return false };
    let mut labels = domain.split('.');
    let first = labels.next().unwrap_or_default();
    match (labels.next(), labels.next()) {
        (None, _) => first == "com" || first.len() == 2,
        (Some(country), None) => matches!(first, "co" | "com") && country.len() == 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Option<String> {
        target(&Url::parse(url).unwrap()).map(Into::into)
    }

    #[test]
    fn a_redirector_names_its_target() {
        for url in [
            "https://www.google.com/url?rct=j&sa=t&url=https://news.example/a%3Fb%3D1&ct=ga",
            "https://google.co.uk/url?q=https%3A%2F%2Fnews.example%2Fa%3Fb%3D1",
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2Fa%3Fb%3D1&h=x",
            "http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fnews.example%2fa%3fb%3d1",
            "https://www.google.com/url?url=https%3A%2F%2Fwww.youtube.com%2Fredirect%3Fq%3Dhttps%253A%252F%252Fnews.example%252Fa%253Fb%253D1",
        ] {
            assert_eq!(of(url).as_deref(), Some("https://news.example/a?b=1"), "{url}");
        }
    }

    #[test]
    fn other_addresses_stay() {
        for url in [
            "https://news.example/url?url=https://other.example/",
            "https://www.google.com.news.example/url?url=https://other.example/",
            "https://notfacebook.com/l.php?u=https://other.example/",
            "https://www.google.com/search?q=https://other.example/",
            "https://www.google.com/url?q=javascript:alert(1)",
            "https://www.google.com/url?q=words",
            "https://www.google.com/url",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
    }
}
