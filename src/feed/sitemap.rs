//! Sitemaps: news sitemaps, plain ones, and indexes of them (sitemaps.org, protocol 0.9; Google's news extension).

use jiff::Timestamp;
use url::Url;

use super::{
    Feed, FeedError, Further, MOST_ENTRIES, Repair,
    entities::Declared,
    plain::{fold, unescaped},
    resolve_link,
    tokens::{Token, Tokens},
};
use crate::{model::Entry, text::dates::Orders};

/// Sitemaps of an index that one visit reads at most: the newest by `lastmod`.
const MOST_SITEMAPS: usize = 5;

/// One `url` or `sitemap` element, as written.
#[derive(Debug, Default)]
struct Row {
    loc: String,
    lastmod: String,
    published: String,
    title: String,
}

/// Reads the sitemap `text` at `url`. Of an index the sitemaps are given as further documents.
pub fn read(text: &str, url: &Url) -> Result<Feed, FeedError> {
    let (rows, is_index) = rows(text)?;
    let orders = Orders::of(rows.iter().flat_map(|row| [&row.lastmod, &row.published]));
    let when = |row: &Row| orders.read(&row.published).or_else(|| orders.read(&row.lastmod));
    let mut rows: Vec<(Option<Timestamp>, Row)> = rows.into_iter().map(|row| (when(&row), row)).collect();
    // Stable: rows without a time keep their order.
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    if is_index {
        let further = rows.iter().filter_map(|(changed_at, row)| {
            Some(Further { url: resolve_link(url, &row.loc)?, changed_at: *changed_at, body: None })
        });
        return Ok(Feed { further: further.take(MOST_SITEMAPS).collect(), ..Feed::default() });
    }
    let too_many = rows.len() > MOST_ENTRIES;
    rows.truncate(MOST_ENTRIES);
    let entries = rows.iter().filter_map(|(published, row)| {
        let link = resolve_link(url, &row.loc)?;
        let title = if row.title.is_empty() { words(&link) } else { unescaped(&row.title) };
        let updated = orders.read(&row.lastmod);
        Some(Entry { title, link: Some(link.into()), published: *published, updated, ..Entry::default() })
    });
    let repairs = if too_many { vec![Repair::TooManyEntries] } else { Vec::new() };
    Ok(Feed { entries: entries.collect(), repairs, ..Feed::default() })
}

/// The rows of a sitemap, and whether it is an index.
fn rows(text: &str) -> Result<(Vec<Row>, bool), FeedError> {
    let entities = Declared::default();
    let (mut rows, mut row, mut field) = (Vec::new(), None::<Row>, String::new());
    let (mut is_map, mut is_index) = (false, false);
    for token in Tokens::new(text) {
        match token {
            Token::Start { name, empty, .. } => match local(name).as_str() {
                "urlset" => is_map = true,
                "sitemapindex" => (is_map, is_index) = (true, true),
                "url" | "sitemap" => row = Some(Row::default()),
                name if !empty => name.clone_into(&mut field),
                _ => {}
            },
            Token::End { name, .. } => {
                if matches!(local(name).as_str(), "url" | "sitemap") {
                    rows.extend(row.take().filter(|row| !row.loc.is_empty()));
                }
                field.clear();
            }
            Token::Text(text) => add(row.as_mut(), &field, &entities.resolve(text)),
            Token::Raw(text) => add(row.as_mut(), &field, text),
            Token::Doctype(_) => {}
        }
    }
    if !is_map {
        return Err(FeedError::NotAFeed { page: super::is_page(text), alternates: Vec::new() });
    }
    Ok((rows, is_index))
}

fn add(row: Option<&mut Row>, field: &str, text: &str) {
    let Some(row) = row else { return };
    let slot = match field {
        "loc" if row.loc.is_empty() => &mut row.loc,
        "lastmod" => &mut row.lastmod,
        "publication_date" => &mut row.published,
        "title" => &mut row.title,
        _ => return,
    };
    slot.push_str(&fold(text));
}

/// The name without its prefix, in lower case.
fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase()
}

/// The words of an address, which stand for the title that a plain sitemap lacks.
fn words(link: &Url) -> String {
    let last = link.path_segments().and_then(|mut segments| segments.rfind(|part| !part.is_empty()));
    let last = last.unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    let words = stem.split(['-', '_', '+']).filter(|word| !word.is_empty());
    // Numbers of five and more digits identify the page.
    let words = words.filter(|word| word.len() < 5 || !word.bytes().all(|byte| byte.is_ascii_digit()));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_map(text: &str) -> Feed {
        read(text, &Url::parse("https://venue.example/sitemap.xml").unwrap()).unwrap()
    }

    #[test]
    fn a_news_sitemap_has_titles_and_times() {
        let feed = read_map(
            "<?xml version='1.0'?><urlset xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>
            <url><loc>https://venue.example/a?x=1&amp;y=2</loc><lastmod>2026-11-27</lastmod><news:news>
              <news:publication><news:name>Venue</news:name></news:publication>
              <news:publication_date>2026-11-26T10:00:00Z</news:publication_date>
              <news:title><![CDATA[Tidefall & friends: claim opens]]></news:title></news:news></url>
            <url><loc>/b/fenwick-token-sale-118273.html</loc><lastmod>2026-11-28T09:00:00+01:00</lastmod></url>
            <url><lastmod>2026-11-28</lastmod></url></urlset>",
        );
        let shown: Vec<_> = feed
            .entries
            .iter()
            .map(|entry| {
                (entry.title.as_str(), entry.link.as_deref().unwrap(), entry.published.unwrap().to_string())
            })
            .collect();
        assert_eq!(
            shown,
            [
                (
                    "fenwick token sale",
                    "https://venue.example/b/fenwick-token-sale-118273.html",
                    "2026-11-28T08:00:00Z".to_owned()
                ),
                (
                    "Tidefall & friends: claim opens",
                    "https://venue.example/a?x=1&y=2",
                    "2026-11-26T10:00:00Z".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn of_an_index_the_newest_sitemaps_are_further_documents() {
        let row = |day: usize| {
            format!("<sitemap><loc>/s{day}.xml</loc><lastmod>2026-11-{day:02}</lastmod></sitemap>")
        };
        let rows: String = (1..10).map(row).collect();
        let feed = read_map(&format!("<sitemapindex>{rows}</sitemapindex>"));
        let paths: Vec<_> = feed.further.iter().map(|further| further.url.path()).collect();
        assert_eq!(
            (paths, feed.entries.len()),
            (vec!["/s9.xml", "/s8.xml", "/s7.xml", "/s6.xml", "/s5.xml"], 0)
        );
    }

    #[test]
    fn of_a_large_sitemap_the_newest_entries_are_taken() {
        let row = |at: usize| {
            format!(
                "<url><loc>/p{at}</loc><lastmod>2026-{:02}-{:02}</lastmod></url>",
                1 + at / 2000,
                1 + at % 28
            )
        };
        let rows: String = (0..20_000).map(row).collect();
        let feed = read_map(&format!("<urlset>{rows}</urlset>"));
        assert_eq!(
            (feed.entries.len(), feed.repairs.as_slice()),
            (MOST_ENTRIES, [Repair::TooManyEntries].as_slice())
        );
        assert!(feed.entries.iter().all(|entry| entry.published.unwrap().to_string().starts_with("2026-10")));
    }

    #[test]
    fn other_documents_are_no_sitemaps() {
        let url = Url::parse("https://venue.example/").unwrap();
        assert!(matches!(
            read("<html><body>x</body></html>", &url),
            Err(FeedError::NotAFeed { page: true, .. })
        ));
        assert!(matches!(read("<rss></rss>", &url), Err(FeedError::NotAFeed { page: false, .. })));
        assert_eq!(read("<urlset></urlset>", &url).unwrap().entries.len(), 0);
    }
}
