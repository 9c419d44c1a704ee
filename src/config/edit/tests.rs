use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::{
    config::{BuiltInList, Environment, Flags, Settings, from_text, load_text},
    feed::Outline,
};

fn with(text: &str, urls: &[&str]) -> String {
    let mut document = Document::parse(text).unwrap();
    let mut feeds = Feeds::of(&mut document).unwrap();
    for url in urls {
        let outline = Outline { url: (*url).to_owned(), title: "N \"1\"".to_owned(), ..Outline::default() };
        assert_eq!(feeds.add(&outline), Ok(true), "{url}");
        assert_eq!(feeds.add(&outline), Ok(false), "{url}");
    }
    let text = document.to_string();
    let settings = from_text(&text, Path::new("state")).unwrap_or_else(|errors| panic!("{errors}: {text}"));
    for url in urls {
        assert!(settings.sources.iter().any(|source| source.url == *url), "{url} is missing in {text}");
    }
    text
}

#[test]
fn a_list_is_added_to_however_it_is_written() {
    let url = "https://b.example/f";
    for text in [
        "",
        "# mine\n[http]\nconcurrency = 3 # few\n",
        "feeds = []\n",
        "\u{feff}feeds = []",
        "# mine\nfeeds = [] # none yet\n\n[http] # web\nconcurrency = 3 # few\n",
        "projects = []\nfeeds = [ # none\n  # at all\n]\n[http]\nconcurrency = 3\n",
        "feeds = [{ url = \"https://a.example/f\" }] # one\n",
        "feeds = [ # mine\n  { url = \"https://a.example/f\" }, # first\n  # last\n]\n[http]\nconcurrency = 3\n",
        "feeds = [\n  { url = \"https://a.example/f\" } # first\n]\n",
        "[[feeds]] # first\nurl = \"https://a.example/f\"\n[feeds.headers]\nX-Key = \"a\" # key\n\n# web\n[http]\nconcurrency = 3\n",
        "[[feeds]]\r\nurl = \"https://a.example/f\" # first\r\n",
    ] {
        let changed = with(text, &[url, "https://c.example/f"]);
        let comments = |text: &str| -> Vec<String> {
            let mut found: Vec<String> = text
                .split('#')
                .skip(1)
                .map(|comment| comment.lines().next().unwrap_or_default().trim().to_owned())
                .collect();
            found.sort();
            found
        };
        assert_eq!(comments(&changed), comments(text), "{text:?} became {changed:?}");
        let both = |text: &str| text.contains("a.example");
        assert_eq!(both(&changed), both(text), "{changed}");
        let order = [changed.find("b.example"), changed.find("c.example")];
        assert!(order[0] < order[1], "{changed}");
    }
    assert!(
        with("# mine\nfeeds = [] # none yet\n\n[http]\nconcurrency = 3\n", &[url])
            .starts_with("# mine\n# none yet\n[[feeds]]\nurl = ")
    );
}

#[test]
fn other_spellings_of_an_address_are_the_same_feed() {
    let mut document =
        Document::parse("[[feeds]]\nurl = \"http://www.a.example/f/\"\nenabled = false\n").unwrap();
    let mut feeds = Feeds::of(&mut document).unwrap();
    for url in
        ["https://a.example/f", "feed://a.example/f", "https://me:pw@a.example/f", " HTTPS://A.example/f "]
    {
        assert_eq!(feeds.add(&Outline { url: url.to_owned(), ..Outline::default() }), Ok(false), "{url}");
    }
}

#[test]
fn texts_of_a_list_are_sanitised_for_the_settings() {
    let mut document = Document::parse("feeds = []").unwrap();
    let outline = Outline {
        url: " https://a.example/\tf\n ".to_owned(),
        title: format!("\u{1b}[2JName\u{7}{}", "x".repeat(500)),
        html_url: "https://me:hunter2@a.example/".to_owned(),
        tags: ["", "\u{1}", "two\nlines", "\u{0}"].map(str::to_owned).to_vec(),
    };
    assert_eq!(Feeds::of(&mut document).unwrap().add(&outline), Ok(true));
    let text = document.to_string();
    let settings = from_text(&text, Path::new("state")).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(settings.sources[0].url, "https://a.example/f");
    assert!(settings.sources[0].name.chars().count() <= 200 && !text.contains("hunter2"), "{text}");
    assert_eq!(settings.sources[0].tags.len(), 1);
}

/// The settings of `text` with the built-in lists.
fn with_built_in(text: &str) -> Settings {
    let environment = Environment::of(&[("TGE_SCRAPE_CYCLE__BUILTIN_FEEDS", "true")]);
    let read = load_text(Path::new("s.toml"), text, &Flags::default(), &environment);
    read.unwrap_or_else(|errors| panic!("{errors} in {text}"))
}

#[test]
fn own_and_built_in_tables_are_removed_disabled_and_enabled() {
    let (own, built_in) = ("https://own.example/feed", "https://ambcrypto.com/feed/");
    for before in [
        format!("# mine\n[[feeds]]\nurl = \"{own}\" # first\n[http]\nconcurrency = 3\n"),
        format!("feeds = [{{ url = \"{own}\" }}] # first\n"),
        format!("[[feeds]]\nurl = \"{own}\"\n[[feeds]]\nurl = \"http://www.ambcrypto.com/feed\"\ntier = 3\n"),
    ] {
        let mut document = Document::parse(&before).unwrap();
        let all = with_built_in(&before).sources.len();
        for url in [own, built_in] {
            let settings = with_built_in(&document.to_string());
            let entry = |settings: &Settings| {
                let identity = BuiltInList::Feeds.identity(url);
                let tables = settings.listed(BuiltInList::Feeds);
                tables.into_iter().find(|table| Some(&table.identity) == identity.as_ref())
            };
            let found = entry(&settings).unwrap();
            document.disable(BuiltInList::Feeds, &found).unwrap();
            let without = with_built_in(&document.to_string());
            assert_eq!(without.sources.len(), all - 1, "{document}");
            assert!(!entry(&without).unwrap().enabled, "{document}");
            document.enable(BuiltInList::Feeds, &found).unwrap();
            assert_eq!(with_built_in(&document.to_string()).sources.len(), all, "{document}");
            let removed = document.remove(BuiltInList::Feeds, &found).unwrap();
            assert_eq!(removed, if url == own { Removed::Table } else { Removed::Disabled });
            assert_eq!(with_built_in(&document.to_string()).sources.len(), all - 1, "{document}");
            if url == built_in {
                document.enable(BuiltInList::Feeds, &found).unwrap();
                assert_eq!(document.to_string().contains("tier = 3"), before.contains("tier = 3"));
            } else {
                document = Document::parse(&before).unwrap();
            }
        }
        assert_eq!(with_built_in(&document.to_string()).sources.len(), all, "{document}");
    }
    assert!(Document::parse("feeds = 3").unwrap().list("feeds").is_err());
    assert!(Document::parse("feeds = = 3").is_err());
}

/// Pieces of addresses, names and TOML that could break what is written.
fn tricky() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "https://",
            "feed://",
            "feed:",
            "HTTP://",
            "me:pw@",
            "@",
            "a.example",
            "/f?x=1",
            ":0",
            ":99999",
            "#",
            " ",
            "\"",
            "'",
            "\n",
            "\r",
            "\t",
            "\0",
            "\\",
            "]]",
            "\"\"\"",
            "\u{202e}",
            "é",
            "xn--",
            "[",
            "=",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,5}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn the_settings_accept_every_added_feed(
        outlines in proptest::collection::vec((tricky(), tricky(), tricky(), proptest::collection::vec(tricky(), 0..3)), 1..5),
        before in proptest::sample::select(vec!["feeds = []", "feeds = [{ url = \"https://z.example/\" }]", "[[feeds]]\nurl = \"https://z.example/\"\n"]),
    ) {
        let mut document = Document::parse(before).unwrap();
        let mut feeds = Feeds::of(&mut document).unwrap();
        for (rest, title, html_url, tags) in outlines {
            for url in [rest.clone(), format!("https://{rest}"), format!("https://a.example/{rest}")] {
                let _ = feeds.add(&Outline { url, title: title.clone(), html_url: html_url.clone(), tags: tags.clone() });
            }
        }
        let text = document.to_string();
        let read = from_text(&text, Path::new("state"));
        prop_assert!(read.is_ok(), "{} in {text}", read.unwrap_err());
    }
}
