//! What is written in `fixtures/web`: hosts and their entries.

use std::io;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::moment;

static WEB: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/web");

/// One outlet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Name under `.localhost`; the folder's name.
    #[serde(default)]
    pub name: String,
    /// What people call it.
    pub outlet: String,
    /// 1 official, 2 press, 3 noisy.
    pub tier: u8,
    /// How its feed is written; see `fixtures/README.md`.
    pub dialect: String,
    /// How it behaves; see `fixtures/README.md`.
    #[serde(default)]
    pub behaves: Vec<String>,
    /// Slugs whose pages answer 500 until the first tick.
    #[serde(default)]
    pub failing: Vec<String>,
    /// Slugs that robots.txt forbids.
    #[serde(default)]
    pub forbidden: Vec<String>,
    /// What it publishes.
    #[serde(default)]
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Last part of its address.
    pub slug: String,
    /// Age in hours at the start.
    pub hours: i64,
    /// The tick it appears in.
    #[serde(default)]
    pub tick: u32,
    /// Headline.
    pub title: String,
    /// Summary in the feed.
    #[serde(default)]
    pub summary: String,
    /// The page's text beyond the summary, paragraphs parted by an empty line.
    #[serde(default)]
    pub body: String,
    /// `event stage story project token`, `-` for none; `rumour`; empty for what is no launch.
    #[serde(default)]
    pub truth: String,
}

/// What is true of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Its address.
    pub url: String,
    /// Headline.
    pub title: String,
    /// `yes`, `no` or `rumour`.
    pub tge: String,
    /// The event, for a launch.
    pub event: Option<String>,
    /// The stage.
    pub stage: Option<String>,
    /// Its story.
    pub story: Option<String>,
    /// Whose token.
    pub project: Option<String>,
    /// Ticker.
    pub token: Option<String>,
    /// Whether its feed can be read at all.
    pub reachable: bool,
}

/// Every host, by name, its texts dated from `now` (seconds since 1970).
pub fn all(now: i64) -> io::Result<Vec<Host>> {
    let mut hosts = Vec::new();
    for folder in WEB.dirs() {
        let name = folder.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let text = folder
            .get_file(folder.path().join("host.toml"))
            .and_then(|file| file.contents_utf8())
            .unwrap_or_default();
        let broken = |error: toml_edit::de::Error| io::Error::other(format!("fixtures/web/{name}: {error}"));
        let host: Host = toml_edit::de::from_str(&moment::fill(text, now)).map_err(broken)?;
        hosts.push(Host { name: name.to_owned(), ..host });
    }
    hosts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(hosts)
}

impl Host {
    /// Path of its feed.
    pub fn path(&self) -> &'static str {
        match self.dialect.as_str() {
            "jsonfeed" => "/feed.json",
            "okx" => "/api/announcements",
            "atom10" | "atom03" => "/atom.xml",
            _ => "/feed.xml",
        }
    }

    /// Whether it behaves like that.
    pub fn does(&self, behaviour: &str) -> bool {
        self.behaves.iter().any(|known| known == behaviour)
    }

    /// Entries published up to `tick`, newest first.
    pub fn published(&self, tick: u32) -> impl Iterator<Item = &Entry> {
        let mut entries: Vec<&Entry> = self.entries.iter().filter(|entry| entry.tick <= tick).collect();
        entries.sort_by_key(|entry| (std::cmp::Reverse(entry.tick), entry.hours));
        entries.into_iter()
    }

    /// Whether its feed never gives an entry.
    fn is_dead(&self) -> bool {
        ["gone", "missing", "html", "error", "limited", "reset"].iter().any(|behaviour| self.does(behaviour))
    }

    /// What is true of its entries.
    pub fn truths(&self, origin: &str, tick: u32) -> Vec<Truth> {
        let truth = |entry: &Entry| {
            let mut words = entry.truth.split_whitespace().map(|word| word.replace('_', " "));
            let mut word = || words.next().filter(|word| word != "-");
            let event = word();
            let rumour = event.as_deref() == Some("rumour");
            let (stage, story, project, token) = (word(), word(), word(), word());
            Truth {
                url: format!("{origin}/{}", entry.slug),
                title: entry.title.clone(),
                tge: if rumour {
                    "rumour"
                } else if event.is_some() {
                    "yes"
                } else {
                    "no"
                }
                .to_owned(),
                event: event.filter(|_| !rumour),
                stage,
                story,
                project,
                token,
                reachable: !self.is_dead(),
            }
        };
        self.published(tick).map(truth).collect()
    }
}
