//! Which outlet speaks: the site a page stands on, or the author's part of a platform.

use url::Url;

use super::domain::registrable;

/// Platforms on which the first part of the path is the author, with words that may stand before it.
const BY_PATH: &[(&str, &[&str])] = &[
    ("bsky.app", &["profile"]),
    ("dev.to", &[]),
    ("facebook.com", &[]),
    ("farcaster.xyz", &[]),
    ("github.com", &[]),
    ("instagram.com", &[]),
    ("linkedin.com", &["company", "in", "posts"]),
    ("medium.com", &[]),
    ("mirror.xyz", &[]),
    ("paragraph.com", &[]),
    ("paragraph.xyz", &[]),
    ("reddit.com", &["r", "user"]),
    ("substack.com", &["pub"]),
    ("t.me", &["s"]),
    ("telegram.me", &["s"]),
    ("tumblr.com", &[]),
    ("twitter.com", &[]),
    ("warpcast.com", &[]),
    ("x.com", &[]),
    ("youtube.com", &["c", "channel", "user"]),
];
/// Hosts of [`BY_PATH`] that are the platform itself, not an author.
const PLATFORM_LABELS: &[&str] = &["www", "m", "mobile", "old", "new", "open"];
/// Platforms on which each subdomain is an author's, as far as the public suffix list does not say so.
const BY_HOST: &[&str] =
    &["blogspot.com", "ghost.io", "gitbook.io", "hashnode.dev", "notion.site", "wordpress.com"];
/// Sites that only pass on what stands elsewhere.
const REDIRECTORS: &[&str] = &["bit.ly", "feedburner.com", "feedproxy.google.com", "google.com", "t.co"];
/// First parts of a path that are no author: they lead to posts of anybody.
const NOBODY: &[&str] = &["i", "watch", "p", "share", "search", "hashtag", "comments"];

/// The outlet whose page stands at `address`; `None` where the address does not show it.
fn site(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let domain = registrable(&host)?;
    if REDIRECTORS.contains(&domain) {
        return None;
    }
    if BY_HOST.contains(&domain) {
        return Some(host);
    }
    let mut parts = url.path().split('/').filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default();
    let Some((_, before)) = BY_PATH.iter().find(|(platform, _)| *platform == domain) else {
        // Servers of the fediverse, and others that write authors so.
        let author = first.starts_with('@').then(|| format!("{domain}/{}", first.to_lowercase()));
        return Some(author.unwrap_or_else(|| domain.to_owned()));
    };
    let label = host.strip_suffix(domain).unwrap_or_default().trim_end_matches('.');
    if !label.is_empty() && !PLATFORM_LABELS.contains(&label) {
        return Some(host);
    }
    let author = if before.contains(&first) { parts.next()? } else { first };
    let author = author.trim_start_matches('@').to_lowercase();
    if author.is_empty() || NOBODY.contains(&author.as_str()) {
        return None;
    }
    // `name.substack.com` and `open.substack.com/pub/name` are one.
    Some(if domain == "substack.com" { format!("{author}.{domain}") } else { format!("{domain}/{author}") })
}

/// One of those who carry a story: the name of the source it was read in, and where the text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlet {
    source: String,
    site: Option<String>,
}

impl Outlet {
    /// Of the page at `address`, read in `source`. An account on X is an outlet by its name: its posts stand in a
    /// story under the address they point at.
    pub fn of(source: &str, address: &str) -> Self {
        let is_post = source.starts_with('@') || source.starts_with("X search");
        Self { source: source.to_owned(), site: if is_post { None } else { site(address) } }
    }

    /// Whether both are one: one source, or several on one site.
    pub fn is(&self, other: &Self) -> bool {
        self.source == other.source || self.site.is_some() && self.site == other.site
    }
}

/// How many outlets carry these texts, each given by its source and its address.
pub fn count<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> usize {
    let mut outlets: Vec<Outlet> = Vec::new();
    for (source, address) in texts {
        let outlet = Outlet::of(source, address);
        if !outlets.iter().any(|known| known.is(&outlet)) {
            outlets.push(outlet);
        }
    }
    outlets.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_one_outlet_and_an_author_of_a_platform_is_one() {
        for (address, outlet) in [
            ("https://www.ledgerline.example/news/1", Some("ledgerline.example")),
            ("https://de.ledgerline.co.uk/2", Some("ledgerline.co.uk")),
            ("https://medium.com/@Quill/a-1", Some("medium.com/quill")),
            ("https://quill.medium.com/a-1", Some("quill.medium.com")),
            ("https://quill.substack.com/p/a", Some("quill.substack.com")),
            ("https://open.substack.com/pub/quill/p/a", Some("quill.substack.com")),
            ("https://mirror.xyz/quill.eth/abc", Some("mirror.xyz/quill.eth")),
            ("https://t.me/s/quill/12", Some("t.me/quill")),
            ("https://t.me/quill/13", Some("t.me/quill")),
            ("https://x.com/Quill/status/1", Some("x.com/quill")),
            ("https://x.com/i/web/status/1", None),
            ("https://quill.blogspot.com/a", Some("quill.blogspot.com")),
            ("https://quill.github.io/a", Some("quill.github.io")),
            ("https://www.reddit.com/r/quill/comments/1", Some("reddit.com/quill")),
            ("https://social.example/@quill/1", Some("social.example/@quill")),
            ("https://www.youtube.com/watch?v=1", None),
            ("https://news.google.com/rss/articles/1", None),
            ("http://127.0.0.1:8080/a", None),
            ("http://localhost/a", None),
            ("no address", None),
        ] {
            assert_eq!(site(address).as_deref(), outlet, "{address}");
        }
    }

    #[test]
    fn outlets_are_counted_by_source_and_site() {
        let one = [
            ("Ledgerline", "https://ledgerline.example/1"),
            ("Ledgerline Markets", "https://m.ledgerline.example/2"),
        ];
        assert_eq!(count(one), 1);
        assert_eq!(
            count([one[0], ("Ledgerline", "http://127.0.0.1/x"), ("Courier", "https://courier.example/1")]),
            2
        );
        assert_eq!(
            count([one[0], ("@quill", one[0].1)]),
            2,
            "an account that points at a page is no part of its site"
        );
        assert_eq!(count([("A", "http://127.0.0.1/a"), ("B", "http://127.0.0.1/b")]), 2);
        assert_eq!(count([]), 0);
    }
}
