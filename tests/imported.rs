//! Feeds of the database: imported, read beside those of the settings, changed, removed and exported.

use std::fs;

use tge_scrape::fixture_web::{Bulk, Options};

use crate::support::lab::{Lab, Ran, now};

/// Six feeds that stay fresh for ten minutes; the settings have the first two, and `all.csv` all of them.
fn lab() -> Lab {
    let bulk = Bulk { feeds: 6, entries: 4, relevant: 1 };
    let lab = Lab::with_options(Options { now: now().as_second(), bulk: Some(bulk), ..Options::default() });
    let whole = lab.web().settings_toml().replace("feed_ttl = \"0s\"", "feed_ttl = \"10m\"");
    let (head, _) = whole.split_once("[[feeds]]").unwrap();
    let own = |url: &String| format!("[[feeds]]\nurl = \"{url}\"\n");
    let urls = lab.web().feed_urls();
    lab.settings(&format!("{head}{}", urls.iter().take(2).map(own).collect::<String>()));
    let row = |(number, url): (usize, &String)| format!("{url},Feed {number},1,a;b\n");
    let rows: String = urls.iter().enumerate().map(row).collect();
    fs::write(lab.path().join("all.csv"), format!("url,name,tier,tags\n{rows}")).unwrap();
    lab
}

fn into_database(lab: &Lab) {
    let ran = lab.run(&["feed", "import", "all.csv", "--into", "database"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "4 added, 2 known, 0 invalid\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("6 feeds (4 in the database) are read now"), "{}", ran.stderr);
}

fn printed(ran: &Ran, text: &str) {
    assert!(ran.stdout.contains(text), "{}{}", ran.stdout, ran.stderr);
}

/// Name, state and origin of each feed.
fn listed(lab: &Lab) -> Vec<(String, String, String)> {
    let feeds = lab.run(&["feed", "list", "--format", "json"]).json();
    let text = |feed: &serde_json::Value, key: &str| feed[key].as_str().unwrap().to_owned();
    let feeds = feeds["feeds"].as_array().unwrap().iter();
    feeds.map(|feed| (text(feed, "name"), text(feed, "state"), text(feed, "origin"))).collect()
}

#[test]
fn imported_feeds_are_read_once_each_and_counted_while_they_are_fresh() {
    let lab = lab();
    let file = fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    into_database(&lab);
    assert_eq!(fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap(), file);
    let again = lab.run(&["feed", "import", "all.csv", "--into", "database"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, "0 added, 6 known, 0 invalid\n"), "{}", again.stderr);

    let first = lab.cycle();
    assert_eq!((first.feeds.total, first.feeds.fetched, first.sources.len()), (6, 6, 6));
    assert_eq!(lab.web().request_log().requests.iter().filter(|one| one.path == "/feed.xml").count(), 6);
    assert!(lab.events().iter().any(|event| event.source == "Feed 4"));
    let second = lab.cycle();
    assert_eq!((second.feeds.total, second.feeds.fresh, second.feeds.waiting), (6, 6, 0));
    // Of feeds of the database that are not requested there is only the number.
    assert_eq!(second.sources.len(), 2);
    let named = lab.run(&["cycle", "--refresh", "feed 5", "--format", "json"]).report();
    assert_eq!((named.feeds.fetched, named.feeds.fresh, named.sources.len()), (1, 5, 3));
    let all = lab.run(&["cycle", "--refresh", "--format", "json"]).report();
    assert_eq!((all.feeds.fetched, all.sources.len()), (6, 6));
    let stats = lab.run(&["stats", "--feeds"]);
    printed(&stats, "Feed 4");
}

#[test]
fn a_failing_imported_feed_is_counted_and_named_in_a_notice() {
    let lab = lab();
    let settings = fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    let channel = "[[channels]]\nkind = \"file\"\npath = \"ops.ndjson\"\ntopics = [\"ops\"]\n";
    lab.settings(&format!("{}\n{channel}", settings.replace("feed_ttl = \"10m\"", "feed_ttl = \"0s\"")));
    into_database(&lab);
    let host = lab.web().feed_urls()[5].split('/').nth(2).unwrap().split('.').next().unwrap().to_owned();
    let gone = tge_scrape::fixture_web::InjectedFailure::named("gone").unwrap();
    lab.web().set_failures(&[(host, gone)]);
    lab.run(&["cycle"]);
    let second = lab.run(&["cycle", "--format", "json"]).report();
    assert_eq!((second.feeds.total, second.feeds.waiting, second.feeds.failed), (6, 1, 0));
    let notices = fs::read_to_string(lab.path().join("ops.ndjson")).unwrap();
    assert!(notices.contains("the feed Feed 5 was removed by its publisher"), "{notices}");
    let doctor = lab.run(&["doctor"]);
    assert!(doctor.stdout.contains("1 of 6 feeds failing: Feed 5"), "{}", doctor.stdout);
}

#[test]
fn imported_feeds_are_listed_changed_exported_and_removed() {
    let lab = lab();
    into_database(&lab);
    let urls = lab.web().feed_urls();
    let origins = |lab: &Lab| listed(lab).into_iter().map(|(_, _, origin)| origin).collect::<Vec<_>>();
    assert_eq!(origins(&lab), ["settings", "settings", "database", "database", "database", "database"]);
    assert!(lab.run(&["config", "check"]).stdout.contains("6 feeds (4 in the database)"));
    assert!(lab.run(&["doctor"]).stdout.contains("6 feeds (4 in the database)"));
    let shown = lab.run(&["feed", "show", "Feed 3", "--format", "json"]).json();
    assert_eq!((&shown["feed"]["tier"], &shown["feed"]["tags"]), (&1.into(), &serde_json::json!(["a", "b"])));

    let off = lab.run(&["feed", "disable", "feed 3"]);
    printed(&off, "disabled \"Feed 3\" in the database: 5 feeds");
    assert_eq!(lab.cycle().feeds.total, 5);
    let known = lab.run(&["feed", "add", &urls[3], "--no-check"]);
    printed(&known, "was disabled, enabled in the database");
    assert_eq!(lab.cycle().feeds.total, 6);

    let export = lab.run(&["feed", "export"]).stdout;
    assert!(urls.iter().all(|url| export.matches(&format!("\"{url}\"")).count() == 1), "{export}");

    let removed = lab.run(&["feed", "remove", &urls[4]]);
    printed(&removed, "removed \"Feed 4\" from the database: 5 feeds");
    assert_eq!(lab.run(&["feed", "remove", "Feed 4"]).code, 1);
    let check = lab.run(&["feed", "check", "Feed 2", "--format", "json"]).json();
    assert_eq!((&check["url"], &check["ok"]), (&urls[2].as_str().into(), &true.into()));
}

#[test]
fn the_settings_win_and_a_removal_removes_the_feed_everywhere() {
    let lab = lab();
    into_database(&lab);
    let urls = lab.web().feed_urls();
    // Another spelling of a feed that the database has.
    let settings = fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    let spelled = urls[2].replace("http://", "http://www.");
    lab.settings(&format!("{settings}[[feeds]]\nurl = \"{spelled}\"\nname = \"Mine\"\nenabled = false\n"));
    assert_eq!(lab.cycle().feeds.total, 5, "what the settings disable is not read");
    let names: Vec<String> = listed(&lab).into_iter().map(|(name, ..)| name).collect();
    assert!(!names.contains(&"Feed 2".to_owned()), "{names:?}");
    let removed = lab.run(&["feed", "remove", "Mine"]);
    printed(&removed, "and from the database: 5 feeds");
    assert_eq!(lab.cycle().feeds.total, 5);
}

#[test]
fn nothing_is_written_for_a_dry_run_or_a_list_without_feeds() {
    let lab = lab();
    let dry = lab.run(&["feed", "import", "all.csv", "--into", "database", "--dry-run"]);
    assert!(dry.stdout.ends_with("4 would be added, 2 known, 0 invalid\n"), "{}", dry.stdout);
    assert!(dry.stderr.contains("would then be read; nothing was written"), "{}", dry.stderr);
    assert!(!lab.state().exists());
    fs::write(lab.path().join("bad.csv"), "url,name\nftp://a.example/f,A\n").unwrap();
    let bad = lab.run(&["feed", "import", "bad.csv", "--into", "database"]);
    assert_eq!(bad.code, 1, "{}", bad.stderr);
    assert!(bad.stderr.contains("nothing in it could be imported"), "{}", bad.stderr);
    assert!(!lab.state().exists());
}
