//! A place that news comes from, as the settings name it.

use serde::{Deserialize, Serialize};

/// One configured source of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The address that is asked; also the source's identity.
    pub url: String,
    /// What people call it; the host name where the settings give none.
    pub name: String,
    /// How its body is read.
    pub format: SourceFormat,
    /// 1 the project or venue itself, 2 press, 3 tag feeds and other noisy ones.
    pub tier: u8,
    /// Free labels for filters.
    pub tags: Vec<String>,
    /// Extra request headers; the values may be secret and are never shown.
    pub headers: Vec<(String, String)>,
}

/// How a source's body is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceFormat {
    /// RSS, Atom, RDF or JSON Feed, told apart by content.
    Feed,
    /// Any other JSON document, read by a field mapping.
    Json(JsonMapping),
}

/// Where the parts of an entry stand in a JSON document: dotted paths such as `data.0.list`,
/// numbers being positions. `items` starts at the root, the others at an item. An empty path means absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JsonMapping {
    /// The array of entries.
    pub items: String,
    /// Headline.
    pub title: String,
    /// Address; may hold `{}`-free text only, relative ones are resolved against the source.
    pub link: String,
    /// Lasting identity.
    pub id: String,
    /// Publication time: RFC 3339, a feed date, or epoch seconds or milliseconds.
    pub time: String,
    /// Short text.
    pub summary: String,
}

/// What a server gave us to ask again with (RFC 9110, section 8.8). Kept and sent back byte for byte:
/// servers compare strings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validators {
    /// The `ETag` header's value, quotes and `W/` included.
    pub etag: Option<Vec<u8>>,
    /// The `Last-Modified` header's value, in whatever spelling it came.
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    /// Whether there is nothing to ask with.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}
