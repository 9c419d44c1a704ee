//! The JSON-LD of a page about its article (schema.org). Lenient: real blocks hold raw line breaks,
//! CDATA marks and stray semicolons (docs/reference/articles.md#metadata).

use serde_json::Value;

/// Types that are articles besides those whose name ends in `Article`.
const ARTICLE_TYPES: [&str; 4] = ["BlogPosting", "Report", "LiveBlogPosting", "SocialMediaPosting"];

/// The article a page describes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Described {
    /// `headline`, else `name`.
    pub headline: String,
    /// `datePublished` as written.
    pub published: String,
    /// Names of the authors, joined by `, `.
    pub author: String,
    /// `articleBody`.
    pub body: String,
    /// `inLanguage`.
    pub lang: String,
    /// `isAccessibleForFree` is false.
    pub locked: bool,
}

/// The JSON of one block, if it can be read.
pub(super) fn parse(block: &str) -> Option<Value> {
    let text = block
        .trim()
        .trim_start_matches("<!--")
        .trim_start_matches("//")
        .trim_start_matches("<![CDATA[")
        .trim_end_matches("-->")
        .trim_end_matches("]]>")
        .trim_end_matches("//")
        .trim()
        .trim_end_matches(';');
    serde_json::from_str(text).ok().or_else(|| {
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        serde_json::from_str(&plain).ok()
    })
}

/// The first article among `blocks`.
pub(super) fn article(blocks: &[Value]) -> Option<Described> {
    blocks.iter().find_map(find).map(describe)
}

fn find(value: &Value) -> Option<&Value> {
    match value {
        Value::Array(values) => values.iter().find_map(find),
        Value::Object(object) if is_article(value) => {
            // A wrapper that only points on is of no use.
            let empty = !object.contains_key("headline") && !object.contains_key("datePublished");
            object.get("mainEntity").filter(|_| empty).and_then(find).or(Some(value))
        }
        Value::Object(object) => ["@graph", "mainEntity"].iter().find_map(|key| find(object.get(*key)?)),
        _ => None,
    }
}

fn is_article(value: &Value) -> bool {
    let named = |kind: &Value| {
        kind.as_str().is_some_and(|name| {
            let name = name.rsplit(['/', ':']).next().unwrap_or(name);
            name.ends_with("Article") || ARTICLE_TYPES.contains(&name)
        })
    };
    match value.get("@type") {
        Some(Value::Array(kinds)) => kinds.iter().any(named),
        Some(kind) => named(kind),
        None => false,
    }
}

fn describe(article: &Value) -> Described {
    let text = |key: &str| plain(article.get(key));
    let headline = text("headline");
    Described {
        headline: if headline.is_empty() { text("name") } else { headline },
        published: text("datePublished"),
        author: names(article.get("author").unwrap_or(&Value::Null)).join(", "),
        body: text("articleBody"),
        lang: text("inLanguage"),
        locked: match article.get("isAccessibleForFree") {
            Some(Value::Bool(free)) => !free,
            Some(Value::String(free)) => free.eq_ignore_ascii_case("false"),
            _ => false,
        },
    }
}

fn plain(value: Option<&Value>) -> String {
    let text = match value {
        Some(Value::Array(values)) => values.first().and_then(Value::as_str),
        Some(value) => value.as_str(),
        None => None,
    };
    htmlize::unescape(text.unwrap_or_default()).trim().to_owned()
}

fn names(author: &Value) -> Vec<String> {
    match author {
        Value::Array(authors) => authors.iter().flat_map(names).collect(),
        Value::Object(author) => author.get("name").map(names).unwrap_or_default(),
        // Some sites give the address of a profile.
        Value::String(name) if !name.contains("://") && !name.trim().is_empty() => {
            vec![htmlize::unescape(name.trim()).into_owned()]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(block: &str) -> Option<Described> {
        article(&[parse(block)?])
    }

    #[test]
    fn damaged_blocks_are_read() {
        for block in [
            "{\"@type\":\"NewsArticle\",\"headline\":\"Claim\n opens\"};",
            "//<![CDATA[\n{\"@type\":\"NewsArticle\",\"headline\":\"Claim  opens\"}\n//]]>",
            "<!-- {\"@type\":[\"Thing\",\"http://schema.org/BlogPosting\"],\"name\":\"Claim  opens\"} -->",
        ] {
            assert_eq!(read(block).unwrap().headline, "Claim  opens", "{block}");
        }
        assert_eq!(parse("{\"@type\":"), None);
    }

    #[test]
    fn the_article_is_found_among_others() {
        let block = r#"[{"@type":"WebSite","name":"Outlet"},{"@graph":[{"@type":"WebPage","mainEntity":
            {"@type":"ReportageNewsArticle","headline":"Sale &amp; claim","datePublished":"2026-11-20",
            "isAccessibleForFree":"False","author":[{"name":"Ada Quill"},{"@type":"Person","name":["B. Reed"]},
            "https://example.com/me"]}}]}]"#;
        let article = read(block).unwrap();
        assert_eq!(article.headline, "Sale & claim");
        assert_eq!(article.author, "Ada Quill, B. Reed");
        assert_eq!(article.published, "2026-11-20");
        assert!(article.locked);
        assert_eq!(read(r#"{"@type":"Organization","name":"x"}"#), None);
    }

    #[test]
    fn depth_is_an_error_not_a_crash() {
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }
}
