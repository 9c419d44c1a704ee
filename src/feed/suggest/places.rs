//! Addresses where the feeds and sitemaps of a site usually are.

use url::Url;

use crate::feed::resolve_link;

/// Names of feeds: of WordPress and Ghost, of Jekyll and Hugo, of hand-made sites.
const FEEDS: [&str; 5] = ["feed", "rss.xml", "atom.xml", "index.xml", "feed.xml"];
/// Sitemaps of one site that are tried, at most.
const MOST_SITEMAPS: usize = 3;
/// Words in the address of a sitemap of news.
const NEWS: [&str; 6] = ["news", "post", "blog", "article", "announcement", "notice"];

/// Usual addresses of a feed: beside `page`, then at the root of its site.
#[must_use]
pub fn usual_feeds(page: &Url) -> Vec<Url> {
    let mut folder = page.clone();
    folder.set_query(None);
    folder.set_fragment(None);
    let is_file = folder.path().rsplit('/').next().is_some_and(|last| last.contains('.'));
    if !is_file && !folder.path().ends_with('/') {
        folder.set_path(&format!("{}/", page.path()));
    }
    let beside = FEEDS.iter().filter_map(|name| folder.join(name).ok());
    let root = FEEDS.iter().filter_map(|name| folder.join(&format!("/{name}")).ok());
    let mut found: Vec<Url> = Vec::new();
    for url in beside.chain(root) {
        if !found.contains(&url) {
            found.push(url);
        }
    }
    found
}

/// Sitemaps that `robots` (the text of robots.txt) names, else the usual one; those of news first.
#[must_use]
pub fn sitemaps(robots: &str, page: &Url) -> Vec<Url> {
    let named = robots.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case("sitemap").then(|| resolve_link(page, value))?
    });
    let mut found: Vec<Url> = named.collect();
    found.extend(page.join("/sitemap.xml").ok().filter(|_| found.is_empty()));
    newest_first(&mut found);
    found.dedup();
    found.truncate(MOST_SITEMAPS);
    found
}

/// Moves addresses that name news to the front.
pub fn newest_first(addresses: &mut [Url]) {
    let is_news = |url: &Url| NEWS.iter().position(|word| url.path().to_ascii_lowercase().contains(word));
    addresses.sort_by_key(|url| is_news(url).unwrap_or(NEWS.len()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(urls: &[Url]) -> Vec<&str> {
        urls.iter().map(Url::path).collect()
    }

    #[test]
    fn usual_feeds_are_beside_the_page_and_at_the_root() {
        let root = usual_feeds(&"https://venue.example/?x=1".parse().unwrap());
        assert_eq!(paths(&root), ["/feed", "/rss.xml", "/atom.xml", "/index.xml", "/feed.xml"]);
        let blog = usual_feeds(&"https://venue.example/blog".parse().unwrap());
        assert_eq!((blog.len(), &paths(&blog)[..2]), (10, ["/blog/feed", "/blog/rss.xml"].as_slice()));
        let file = usual_feeds(&"https://venue.example/news/index.html".parse().unwrap());
        assert_eq!(file[0].path(), "/news/feed");
    }

    #[test]
    fn sitemaps_of_news_come_first() {
        let page = "https://venue.example/news".parse().unwrap();
        let robots =
            "User-agent: *\nSitemap: https://venue.example/pages.xml\nsitemap: /news-map.xml\nDisallow: /x";
        assert_eq!(paths(&sitemaps(robots, &page)), ["/news-map.xml", "/pages.xml"]);
        assert_eq!(paths(&sitemaps("", &page)), ["/sitemap.xml"]);
    }
}
