//! Twin fixtures: `fixtures/article/NAME.html` and what is expected of it in `NAME.json`.

use std::{fs, path::PathBuf};

use serde_json::Value;
use url::Url;

use super::*;

fn on_large_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap()
}

fn read_bytes(bytes: Vec<u8>, url: &str, effort: Effort) -> Result<Article, ArticleError> {
    let url: Url = url.parse().unwrap();
    let now = "2026-11-27T12:00:00Z".parse().unwrap();
    on_large_stack(move || read(&Page { bytes: &bytes, content_type: None, url: &url, now }, effort))
}

/// What differs between `expected` and `result`, one sentence each.
fn differences(expected: &Value, result: &Result<Article, ArticleError>, effort: Effort) -> Vec<String> {
    let mut wrong = Vec::new();
    let article = match (result, expected["error"].as_str()) {
        (Err(error), Some(name)) if error.kind().as_ref() == name => return wrong,
        (Ok(article), None) => article,
        _ => return vec![format!("ended as {result:?}")],
    };
    let mut check = |what: &str, is: Value| {
        if let Some(should) = expected.get(what)
            && *should != is
        {
            wrong.push(format!("{what} is {is}, not {should}"));
        }
    };
    check("title", article.title.clone().into());
    check("published", article.published.map(|published| published.to_string()).into());
    check("author", article.author.clone().into());
    check("canonical_url", article.canonical_url.clone().into());
    check("lang", article.lang.clone().into());
    check("partial", article.partial.into());
    check("published_guessed", (article.published_guessed && effort == Effort::Thorough).into());
    check(
        "method",
        if effort == Effort::AsNeeded { expected["method"].clone() } else { article.method.as_str().into() },
    );
    check("paragraphs", article.text.lines().filter(|line| line.len() > 100).count().into());
    let phrases = |key: &str| -> Vec<String> {
        expected[key]
            .as_array()
            .into_iter()
            .flatten()
            .map(|phrase| phrase.as_str().unwrap().to_owned())
            .collect()
    };
    for phrase in phrases("has") {
        if !article.text.contains(&phrase) {
            wrong.push(format!("the text lacks {phrase:?}"));
        }
    }
    for phrase in phrases("has_not") {
        if article.text.contains(&phrase) {
            wrong.push(format!("the text holds {phrase:?}"));
        }
    }
    wrong
}

#[test]
fn every_fixture_reads_as_its_twin_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/article");
    let mut pages = 0;
    let mut wrong = Vec::new();
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "html") {
            continue;
        }
        pages += 1;
        let twin = fs::read_to_string(path.with_extension("json")).unwrap();
        let expected: Value = serde_json::from_str(&twin).unwrap();
        for effort in [Effort::AsNeeded, Effort::Thorough] {
            let bytes = fs::read(&path).unwrap();
            let result = read_bytes(bytes, expected["url"].as_str().unwrap(), effort);
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            wrong.extend(
                differences(&expected, &result, effort)
                    .into_iter()
                    .map(|what| format!("{name}, {effort:?}: {what}")),
            );
        }
    }
    assert!(pages >= 12, "only {pages} fixtures in {}", folder.display());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn deep_pages_are_stripped_not_parsed() {
    for open in ["<div>", "<b>", "<table><tr><td>"] {
        let page = format!("<title>Claim</title>{}<p>The claim opens on Friday.</p>", open.repeat(20_000));
        let article = read_bytes(page.into_bytes(), "https://example.com/a", Effort::Thorough).unwrap();
        assert_eq!(article.method, Method::Strip);
        assert_eq!(article.text, "The claim opens on Friday.");
        assert_eq!(article.title, "Claim");
    }
}

#[test]
fn pages_as_deep_as_the_guard_admits_fit_the_stack() {
    for (open, levels) in [("<div>", 95), ("<b>", 95), ("<table><tr><td>", 24)] {
        let page = format!("{}<p>{}", open.repeat(levels), "The claim opens on Friday. ".repeat(20));
        let article = read_bytes(page.into_bytes(), "https://example.com/a", Effort::Thorough).unwrap();
        assert_ne!(article.method, Method::Strip, "{open}");
    }
}

#[test]
fn what_is_no_article_has_a_name() {
    let name = |bytes: &[u8]| {
        read_bytes(bytes.to_vec(), "https://example.com/a", Effort::AsNeeded).map_err(ArticleError::kind)
    };
    assert_eq!(name(b""), Err(FailureKind::NotHtml));
    assert_eq!(name(b"<html><body></body></html>"), Err(FailureKind::NoText));
    assert_eq!(name(b"%PDF-1.7 \xff\xfe"), Err(FailureKind::NotHtml));
    assert_eq!(name(b"<title>Just a moment...</title><p>Checking"), Err(FailureKind::Blocked));
}

#[test]
fn a_short_json_ld_text_does_not_replace_the_page() {
    let paragraph = "<p>The foundation set the date of the claim and the share of the community.</p>";
    let page = |body: &str| {
        format!(
            "<script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"articleBody\":\"{body}\"}}</script>\
             <article>{}</article>",
            paragraph.repeat(6)
        )
    };
    let method = |body: &str| {
        read_bytes(page(body).into_bytes(), "https://example.com/a", Effort::Thorough).unwrap().method
    };
    assert_eq!(method(&"Teaser of the article. ".repeat(15)), Method::Trafilatura);
    assert_eq!(method(&"The whole long article. ".repeat(60)), Method::JsonLd);
}

#[test]
fn only_a_page_that_begins_with_clutter_is_read_by_the_thorough_extractor() {
    let prose =
        "<p>The foundation set the date of the claim and named the share of the community.</p>".repeat(12);
    let clutter: String = ["founders", "auditors", "testers", "investors", "translators", "first users"]
        .map(|who| format!("<p>Photo: the {who} of the network on a stage in Rotterdam</p>"))
        .concat();
    let method = |opening: &str| {
        let page = format!("<article>{opening}{prose}</article>").into_bytes();
        read_bytes(page, "https://example.com/a", Effort::AsNeeded).unwrap().method
    };
    assert_eq!(method(""), Method::Readability);
    assert_eq!(method(&clutter), Method::Trafilatura);
}

use proptest::strategy::Strategy;

proptest::proptest! {
    #[test]
    fn no_bytes_can_break_the_reading(
        pieces in proptest::collection::vec(
            proptest::prop_oneof![
                proptest::sample::select(vec![
                    "<", ">", "</", "<!--", "-->", "<p", " a='", "\"", "=", "<script>", "</script", "<svg/>", "<title>",
                    "<table>", "</table>", "<td>", "&amp;", "&#0;", "ж", "text ", "<b>", "</div>", "<div id=root>",
                    "<meta charset=", "<template>", "<select>", "<h1>", "</", "<svg>",
                ])
                .prop_map(|piece| piece.as_bytes().to_vec()),
                proptest::collection::vec(proptest::prelude::any::<u8>(), 0..4),
            ],
            0..60,
        )
    ) {
        use proptest::prelude::*;
        let bytes = pieces.concat();
        for effort in [Effort::AsNeeded, Effort::Thorough] {
            // An article always has text in its normal form.
            if let Ok(article) = read_bytes(bytes.clone(), "https://example.com/a", effort) {
                prop_assert!(!article.text.is_empty());
                prop_assert_eq!(strip::tidy(&article.text), article.text);
            }
        }
    }
}
