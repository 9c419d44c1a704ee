//! A source of news, as the settings define it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One configured source of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The address to fetch; also the source's identity.
    pub url: String,
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

/// How a source's body is parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceFormat {
    /// RSS, Atom, RDF or JSON Feed, distinguished by content.
    Feed,
    /// Any other JSON document, read by a field mapping.
    Json(JsonMapping),
    /// A web page without a feed, read by CSS selectors.
    Page(PageSelectors),
    /// A sitemap or an index of sitemaps.
    Sitemap,
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

/// Paths to the parts of an entry in a JSON document: dotted, such as `data.0.list`, where numbers are positions.
/// `items` starts at the root, the others at an item. An empty path means absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JsonMapping {
    /// The array of entries.
    pub items: String,
    pub title: String,
    /// Address; a relative one is resolved against the source.
    pub link: String,
    /// Stable identifier.
    pub id: String,
    /// Publication time: RFC 3339, a feed date, or epoch seconds or milliseconds.
    pub time: String,
    pub summary: String,
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
