//! `tge-scrape feed import`: the rows of a list as feeds.

use crate::{
    config::{
        BuiltInList,
        edit::{Addition, Document, Feeds, NewFeed, NewKind, NotAList, feed_url, name_of},
        poll_interval,
    },
    feed::Outline,
    render::plain,
};

use super::super::lists::{Columns, Listed, Row};

/// Values that mean false.
const NO: [&str; 4] = ["false", "no", "off", "0"];

impl Listed for NewFeed {
    const LIST: BuiltInList = BuiltInList::Feeds;
    const COLUMNS: Columns = &[
        (
            "url",
            &[
                "xmlurl", "feedurl", "feed", "rssurl", "rss", "atomurl", "atom", "url", "address", "link",
                "source",
            ],
        ),
        ("name", &["name", "title", "text", "label"]),
        ("site", &["htmlurl", "site", "siteurl", "website", "homepage"]),
        ("tier", &["tier"]),
        (
            "tags",
            &["tags", "tag", "categories", "category", "folders", "folder", "labels", "groups", "group"],
        ),
        ("every", &["every", "interval"]),
        ("kind", &["kind"]),
        ("command", &["command", "exec"]),
        ("enabled", &["enabled", "active"]),
    ];
    type Index<'a> = Feeds<'a>;

    fn index(document: &mut Document, known: impl Iterator<Item = String>) -> Result<Feeds<'_>, NotAList> {
        Ok(Feeds::of(document)?.with_known(known))
    }

    fn from_outline(outline: &Outline) -> Result<Self, String> {
        Ok(Self { outline: outline.clone(), ..Self::default() })
    }

    fn from_row(row: &Row<'_>) -> Result<Self, String> {
        if let Some(line) = row.alone() {
            return Ok(Self { outline: of_line(line), ..Self::default() });
        }
        let kind = plain(row.first("kind")).to_lowercase();
        if kind == "exec" || row.all("command").next().is_some() {
            return Err("runs a program and is never imported; write its [[feeds]] table by hand".to_owned());
        }
        let kind = match kind.as_str() {
            "" | "feed" => NewKind::Feed,
            "sitemap" => NewKind::Sitemap,
            _ => {
                return Err(format!(
                    "is of kind {kind:?}, which needs more than a row; write its [[feeds]] table by hand"
                ));
            }
        };
        let mut urls = row.all("url");
        let first = urls.next().ok_or("the row has no address")?;
        let url = [first].into_iter().chain(urls).find(|url| Self::is_plain(url)).unwrap_or(first);
        let every = row.first("every");
        if !every.is_empty() {
            poll_interval(every).map_err(|message| format!("every: {message}"))?;
        }
        let outline = Outline {
            url: url.to_owned(),
            title: row.first("name").to_owned(),
            html_url: row.first("site").to_owned(),
            tags: row.split("tags"),
        };
        Ok(Self {
            outline,
            tier: tier(row.first("tier"))?,
            every: every.to_owned(),
            kind,
            is_disabled: NO.contains(&row.first("enabled").to_lowercase().as_str()),
        })
    }

    fn is_plain(line: &str) -> bool {
        feed_url(&of_line(line).url).is_ok() || line.contains("://")
    }

    fn add(&self, feeds: &mut Feeds<'_>) -> Result<Addition, String> {
        feeds.add_new(self).map_err(|refused| format!("{}; {}", refused.message(), refused.hint()))
    }

    fn name(&self) -> &str {
        &self.outline.title
    }

    fn shown(&self) -> String {
        let url = plain(&self.outline.url);
        let name = name_of(&self.outline.title);
        if name.is_empty() { url } else { format!("{name}  {url}") }
    }
}

fn tier(text: &str) -> Result<Option<u8>, String> {
    match text.parse() {
        Ok(tier @ 1..=3) => Ok(Some(tier)),
        _ if text.is_empty() => Ok(None),
        _ => Err(format!("tier: should be 1, 2 or 3, is {:?}", plain(text))),
    }
}

/// A line with an address. Words after it are tags, one that begins with `~` is the name, as newsboat writes them; quotes
/// join words.
fn of_line(line: &str) -> Outline {
    let (url, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let mut outline = Outline { url: url.to_owned(), ..Outline::default() };
    for (at, part) in rest.split('"').enumerate() {
        let words = if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() };
        for word in words.into_iter().map(str::trim).filter(|word| !word.is_empty() && *word != "!") {
            match word.strip_prefix('~') {
                Some(name) => name.clone_into(&mut outline.title),
                None => outline.tags.push(word.to_owned()),
            }
        }
    }
    outline
}
