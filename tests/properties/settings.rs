use std::path::Path;

use jiff::SignedDuration;
use tge_scrape::{
    config::{
        self, BuiltInList,
        edit::{Document, Feeds, Refused, Removed, identity},
    },
    detect::Rules,
    feed::{self, Outline},
    model::XSource,
    x::{
        money::Prices,
        plan::{self, Account, Endpoint, Inputs, QUERY_LIMIT, Search, account_key, search_key},
    },
};

use super::now;

/// Accepted settings stay accepted after an import of any list.
fn imports(input: &[u8], text: &str) {
    let known = feed::read_opml(input).unwrap_or_default().feeds.into_iter().map(|(_, outline)| outline);
    let plain = Outline { url: "https://added.example/feed".to_owned(), ..Outline::default() };
    let outlines: Vec<Outline> = known.chain([plain.clone()]).collect();
    for before in ["", "feeds = []\n", text] {
        if config::from_text(before, Path::new("state")).is_err() {
            continue;
        }
        let mut document = Document::parse(before).unwrap_or_else(|error| panic!("{error}"));
        let Ok(mut feeds) = Feeds::of(&mut document) else { panic!("settings without a list are accepted") };
        for outline in &outlines {
            let _ = feeds.add(outline);
        }
        assert!(outlines.iter().all(|outline| feeds.has(&outline.url)
            || identity(&outline.url).is_none()
            || matches!(feeds.add(outline), Err(Refused::Login(_)))));
        let after = document.to_string();
        let settings = match config::from_text(&after, Path::new("state")) {
            Ok(settings) => settings,
            Err(errors) => panic!("{errors} in {after}"),
        };
        let mut document = Document::parse(&after).unwrap();
        assert!(Feeds::of(&mut document).unwrap().has("https://added.example/feed"));
        let added =
            settings.listed(BuiltInList::Feeds).into_iter().find(|feed| feed.key == plain.url).unwrap();
        assert_eq!(document.remove(BuiltInList::Feeds, &added), Ok(Removed::Table));
        let settings = config::from_text(&document.to_string(), Path::new("state")).unwrap();
        assert!(settings.listed(BuiltInList::Feeds).iter().all(|feed| feed.key != plain.url));
    }
}

/// Any text gives settings or errors with lines. Accepted settings can be compiled, and give queries that X accepts.
pub fn settings(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    // Settings may name files of this machine that contain secrets.
    if text.contains("_file") || text.contains("\\u") {
        return;
    }
    imports(input, &text);
    let settings = match config::from_text(&text, Path::new("state")) {
        Ok(settings) => settings,
        Err(errors) => {
            assert!(!errors.0.is_empty());
            assert!(errors.0.iter().all(|error| !error.message.is_empty()), "{errors:?}");
            return;
        }
    };
    assert!(!config::shown(&settings).is_empty());
    assert!((0.0..=1.0).contains(&settings.cycle.max_failed_ratio));
    // Compiling takes a hundred times as long as everything else, so only one input in sixteen is compiled.
    let own = ["projects", "phrases", "mute"].iter().any(|key| text.contains(key));
    if own && input.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) % 16 == 0 {
        let _ = Rules::compile(&settings.detect);
    }
    let state = |key| XSource { key, ..XSource::default() };
    let accounts: Vec<Account> = (1..)
        .zip(&settings.x.accounts)
        .map(|(user, handle)| Account {
            user,
            username: handle.clone(),
            replies: settings.x.replies.contains(handle),
            state: state(account_key(user)),
        })
        .collect();
    let searches: Vec<Search> = settings
        .x
        .searches
        .iter()
        .map(|query| Search { query: query.clone(), state: state(search_key(query)) })
        .collect();
    let plan = plan::plan(&Inputs {
        accounts: &accounts,
        searches: &searches,
        lookback: SignedDuration::from_hours(24),
        now: now(),
        budget: u64::MAX,
        spent: 0,
        prices: Prices { post: 5_000, user: 10_000 },
        paid_authors: false,
    });
    assert_eq!(plan.left_out, [], "everything the settings admit is asked");
    let asked: usize = plan.queries.iter().map(|query| query.progress.sources.len()).sum();
    assert_eq!(asked, accounts.len() + searches.len());
    for query in &plan.queries {
        if let Endpoint::Search(text) = &query.endpoint {
            assert!(text.chars().count() <= QUERY_LIMIT, "{text}");
        }
    }
}
