//! The meaning of an element by namespace and name, for all dialects.

/// Vocabularies that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// RSS and Atom of every version: a name has one meaning in all of them.
    Core,
    /// Dublin Core, elements and terms.
    Dublin,
    /// RSS 1.0's content module.
    Content,
    Media,
    Html,
    Other,
}

/// The vocabulary of a namespace address, compared without case and final slash: feeds write both forms.
pub fn space(uri: &str) -> Space {
    let uri = uri.trim().trim_end_matches(['/', '#']).to_ascii_lowercase();
    let uri = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://")).unwrap_or(&uri);
    match uri {
        ""
        | "www.w3.org/2005/atom"
        | "purl.org/atom/ns"
        | "purl.org/rss/1.0"
        | "my.netscape.com/rdf/simple/0.9"
        | "channel.netscape.com/rdf/simple/0.9"
        | "example.com/newformat"
        | "example.com/necho"
        | "purl.org/echo"
        | "uri/of/echo/namespace"
        | "backend.userland.com/rss"
        | "blogs.law.harvard.edu/tech/rss"
        | "my.netscape.com/publish/formats/rss-0.91.dtd"
        | "www.rssboard.org/rss-specification"
        | "cyber.law.harvard.edu/rss/rss.html" => Space::Core,
        "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" | "purl.org/dc/terms" => Space::Dublin,
        "purl.org/rss/1.0/modules/content" => Space::Content,
        "search.yahoo.com/mrss" => Space::Media,
        "www.w3.org/1999/xhtml" => Space::Html,
        _ if uri.starts_with("backend.userland.com/rss") || uri.starts_with("purl.org/atom/ns") => {
            Space::Core
        }
        _ => Space::Other,
    }
}

/// The vocabulary of a prefix without a declaration.
pub fn undeclared(prefix: &str) -> Space {
    match prefix.to_ascii_lowercase().as_str() {
        "" | "rss" | "atom" | "atom10" | "atom03" | "a10" => Space::Core,
        "dc" | "dcterms" => Space::Dublin,
        "content" => Space::Content,
        "media" => Space::Media,
        "xhtml" | "html" => Space::Html,
        _ => Space::Other,
    }
}

/// A field of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Title,
    /// Used where there is no other title.
    MediaTitle,
    Link,
    /// RSS's identifier.
    Guid,
    /// Atom's identifier.
    Id,
    Published,
    Updated,
    /// Either of both.
    Date,
    Author,
    Summary,
    Content,
    Category,
    Enclosure,
}

/// The meaning of the element `name` (lower case, without prefix) inside an entry.
pub fn field(space: Space, name: &str) -> Option<Field> {
    Some(match (space, name) {
        (Space::Core | Space::Dublin, "title") => Field::Title,
        (Space::Media, "title") => Field::MediaTitle,
        (Space::Core, "link") => Field::Link,
        (Space::Core, "guid") => Field::Guid,
        (Space::Core, "id") => Field::Id,
        (Space::Core, "pubdate" | "published" | "issued") | (Space::Dublin, "issued") => Field::Published,
        (Space::Core, "updated" | "modified" | "lastbuilddate") | (Space::Dublin, "modified") => {
            Field::Updated
        }
        (Space::Core | Space::Dublin, "date" | "created") => Field::Date,
        (Space::Core, "author") | (Space::Dublin, "creator" | "author") => Field::Author,
        (Space::Core, "description" | "summary" | "tagline" | "abstract")
        | (Space::Dublin, "description") => Field::Summary,
        (Space::Core, "content" | "body" | "fullitem")
        | (Space::Content, "encoded")
        | (Space::Html, "body") => Field::Content,
        (Space::Core, "category") | (Space::Dublin, "subject") => Field::Category,
        (Space::Core, "enclosure") => Field::Enclosure,
        _ => return None,
    })
}

impl Field {
    /// Whether it holds one line: another field inside it means that its end tag is missing.
    pub fn is_line(self) -> bool {
        !matches!(self, Self::Summary | Self::Content | Self::Author)
    }
}
