//! A source of news, as the settings define it.

use std::{path::PathBuf, sync::Arc, time::Duration};

/// One configured source of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The address to fetch; also the source's identity. Of a program `exec:NAME`.
    pub url: String,
    /// Addresses with the same content, requested in this order when those before fail.
    pub also: Vec<String>,
    /// Display name; the host name if the settings give none.
    pub name: String,
    /// How its body is parsed.
    pub format: SourceFormat,
    /// 1 the project or venue itself, 2 press, 3 tag feeds and other noisy ones.
    pub tier: u8,
    /// Free labels for filters.
    pub tags: Vec<String>,
    /// Time between two requests, where the user sets it; else it is planned.
    pub every: Option<Duration>,
    /// Extra request headers; the values may be secret and are never shown.
    pub headers: Vec<(String, String)>,
}

impl Source {
    /// Its address and those of its mirrors, in the order in which they are requested.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &String> {
        [&self.url].into_iter().chain(&self.also)
    }

    /// What is sent with POST; `None` for a GET.
    pub(crate) fn body(&self) -> Option<&str> {
        match &self.format {
            SourceFormat::Json(json) => json.body.as_deref(),
            _ => None,
        }
    }

    /// Whether a program of the user gives its entries, so that nothing is requested for them.
    #[must_use]
    pub fn is_program(&self) -> bool {
        matches!(self.format, SourceFormat::Exec(_))
    }
}

/// A feed that the database has, beside those of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedFeed {
    /// The same for all spellings of its address.
    pub identity: String,
    /// How it is read: a feed or a sitemap, without mirrors and headers.
    pub source: Arc<Source>,
    /// Address of its website; empty if it is unknown.
    pub site: String,
    /// Whether it is read.
    pub enabled: bool,
}

/// Which of the imported feeds a cycle reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedInUse {
    /// Row ids of the sources that the settings have as well: those of the settings are read.
    pub replaced: Vec<i64>,
    /// How often the list was changed.
    pub changes: u64,
}

/// How a source's body is parsed. Most sources are feeds, so the others are boxed: 100,000 sources are in memory at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceFormat {
    /// RSS, Atom, RDF or JSON Feed, distinguished by content.
    Feed,
    /// Any other JSON document, read by a field mapping.
    Json(Box<JsonSource>),
    /// A web page without a feed, read by CSS selectors.
    Page(Box<PageSelectors>),
    /// A sitemap or an index of sitemaps.
    Sitemap,
    /// Lines of JSON that a program of the user prints.
    Exec(Box<ExecSource>),
}

/// The scheme of the address of a program.
pub const EXEC_SCHEME: &str = "exec";

/// A program that prints entries.
#[derive(Clone, PartialEq, Eq)]
pub struct ExecSource {
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// Its whole environment; the values may be secret.
    pub environment: Vec<(String, String)>,
    /// Values of `environment` that must not be shown.
    pub secrets: Vec<String>,
    /// Its working directory.
    pub directory: PathBuf,
    /// Time limit of one run.
    pub timeout: Duration,
    /// Bytes of address space of each of its processes.
    pub memory: u64,
}

impl std::fmt::Debug for ExecSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Arguments may be secret, as the values of variables.
        let names: Vec<&String> = self.environment.iter().map(|(name, _)| name).collect();
        f.debug_struct("ExecSource")
            .field("program", &self.command.first())
            .field("environment", &names)
            .field("directory", &self.directory)
            .field("timeout", &self.timeout)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

/// Where a web page has the parts of its entries: CSS selectors, each with `@attribute` at its end where the value of an
/// attribute is meant. `item` and `next` start at the page, the others at an item. Without a selector the usual place is
/// read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageSelectors {
    /// Each element of an entry; without it the page's JSON-LD list is read.
    pub item: String,
    /// Usually the text of the link or of the first heading.
    pub title: String,
    /// Usually the item itself or its first link.
    pub link: String,
    /// Usually the first `time` element.
    pub time: String,
    /// Without it an entry has none.
    pub summary: String,
    /// The link to the next page of the list.
    pub next: String,
    /// Pages of the list that are read at most.
    pub pages: u8,
    /// An element with JSON, which `mapping` reads instead of the other selectors.
    pub script: String,
    /// Set with `script` only.
    pub mapping: Option<JsonMapping>,
}

/// A JSON list: how it is requested and read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonSource {
    /// Where its entries are.
    pub mapping: JsonMapping,
    /// Sent with POST, empty for a POST without content; `None` for GET.
    pub body: Option<String>,
    /// Where the answer has its cursor.
    pub cursor: Option<JsonCursor>,
    /// Pages of the list that are read at most.
    pub pages: u8,
}

impl From<JsonMapping> for JsonSource {
    fn from(mapping: JsonMapping) -> Self {
        Self { mapping, body: None, cursor: None, pages: 1 }
    }
}

/// The cursor of a JSON list, with which its next page is requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonCursor {
    /// Path to the cursor, from the root of the answer.
    pub path: String,
    /// Where the next request has it.
    pub into: CursorPlace,
}

/// Where a request has the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CursorPlace {
    /// The cursor is the address of the next page.
    Address,
    /// In this parameter of the query.
    Query(String),
    /// At this path of the body.
    Body(String),
}

/// Paths to the parts of an entry in a JSON document (docs/reference/json.md). `items` starts at the root, the others at an
/// item. An empty path means absent. All but `items` may be templates such as `https://venue.example/support/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonMapping {
    /// The list, or the object, of the entries.
    pub items: String,
    /// Title.
    pub title: String,
    /// Address; a relative one is resolved against the source.
    pub link: String,
    /// Stable identifier.
    pub id: String,
    /// Publication time: RFC 3339, a feed date, or the time since 1970 in seconds or fractions of them.
    pub time: String,
    /// Zone of times that have none, such as `+09:00` or `KST`; without it they are in UTC.
    pub zone: String,
    /// Summary.
    pub summary: String,
}

/// The user's rules for the article pages of a host: CSS selectors, empty where nothing is said. `title` and `time` may have
/// `@attribute` at their end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteRules {
    /// The host; its subdomains too.
    pub host: String,
    /// The elements with the text, in their order.
    pub content: String,
    /// Elements that are no part of the text.
    pub remove: Vec<String>,
    /// The headline.
    pub title: String,
    /// The publication time.
    pub time: String,
}

/// A server's validators for conditional requests (RFC 9110, section 8.8). They are stored and sent back byte for
/// byte, because servers compare strings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validators {
    /// The `ETag` header's value, quotes and `W/` included.
    pub etag: Option<Vec<u8>>,
    /// The `Last-Modified` header's value, unparsed.
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    /// Whether there is nothing to ask with.
    pub(crate) fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}
