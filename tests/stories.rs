//! Joined stories, visits that cannot be saved, and feeds that stay unchanged for months.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::Value;
use tge_scrape::{figures::CycleReport, fixture_web::Bulk, model::SourceStatus};

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, now},
    state::{Outcome, alerted_stories, detection_paths, lines, number, opened, sound},
    world::{AT_ONCE, bulk, with_people},
};

const DAY: i64 = 86_400;

/// A text long enough to be judged without its page.
fn long(title: &str, words: &str) -> String {
    let line =
        |word: &str| format!("The note on {word} says who may take part and where the official page is. ");
    format!("{title}. {}", words.split(' ').cycle().take(24).map(line).collect::<String>())
}

fn item(title: &str, id: &str, words: &str, at: Option<Timestamp>) -> String {
    let date = at.map(|at| format!("<pubDate>{}</pubDate>", at.strftime("%a, %d %b %Y %H:%M:%S GMT")));
    format!(
        "<item><title>{title}</title><link>http://press.localhost/{id}</link><guid isPermaLink=\"false\">{id}</guid>{}\
         <content:encoded><![CDATA[<p>{}</p>]]></content:encoded></item>",
        date.unwrap_or_default(),
        long(title, words)
    )
}

fn rss(items: &[String]) -> String {
    format!(
        "<?xml version='1.0'?><rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>\
         <title>Notes</title>{}</channel></rss>",
        items.concat()
    )
}

fn settings(server: &Inbox, feeds: &[&str], more: &str) -> String {
    let feeds: String = feeds
        .iter()
        .map(|path| format!("[[feeds]]\nurl = \"{}\"\nname = \"{path}\"\n", server.url(path)))
        .collect();
    format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n{feeds}{more}"
    )
}

#[test]
fn visit_may_merge_a_story_that_it_opened() {
    let at = Some(now() - SignedDuration::from_mins(30));
    let one = rss(&[item("Quorith token claim opens for early users", "a1", "wallets portal", at)]);
    let other = rss(&[
        item("QRTH airdrop claim opens for early users today", "b1", "holders bridge", at),
        item("Quorith (QRTH) airdrop claim opens for early users", "b2", "testers season", at),
        item("Quorith's QRTH airdrop: claim portal is live", "b3", "vesting share", at),
    ]);
    let server = Inbox::start(move |asked, _| match asked.path.as_str() {
        "/one.xml" => Some(Answer::new(200, &one)),
        "/other.xml" => Some(Answer::new(200, &other)),
        _ => Some(Answer::new(404, "")),
    });
    let lab = Lab::new();
    let channel = format!("[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\n{AT_ONCE}");
    lab.settings(&settings(&server, &["/one.xml"], &channel));
    assert_eq!(lab.run(&["cycle", "--catch-up", "9"]).code, 0);
    lab.settings(&settings(&server, &["/one.xml", "/other.xml"], &channel));
    for _ in 0..2 {
        let ran = lab.run(&["cycle", "--catch-up", "9", "--format", "json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(ran.report().feeds.fetched, 2);
    }
    sound(&lab.state());
    let (_copy, database) = opened(&lab.state());
    assert_eq!(number(&database, "SELECT count(*) FROM detections"), 4);
    assert_eq!(number(&database, "SELECT count(*) FROM stories"), 1, "they are one story");
    let lost = "SELECT count(*) FROM told WHERE story NOT IN (SELECT id FROM stories)";
    assert_eq!(number(&database, lost), 0);
    alerted_stories(
        lines(&lab.path().join("alerts.ndjson")).iter().filter(|line| line["detections"].is_array()),
    );
    let events = lab.events();
    assert_eq!((events.len(), events[0].also_at.len()), (1, 3));
    assert_eq!(lab.run(&["stats"]).code, 0);
}

/// A lab of six feeds whose database rejects rows of the second feed in `table`.
fn refusing(table: &str) -> (Lab, String) {
    let lab = bulk(6, 8);
    let channel = "[[channels]]\nkind = \"file\"\npath = \"ops.ndjson\"\ntopics = [\"ops\"]\n";
    lab.settings(&format!("{}\n{channel}{AT_ONCE}", lab.web().settings_toml()));
    assert_eq!(lab.run(&["db", "prune"]).code, 0);
    let url = lab.web().feed_urls()[1].clone();
    Connection::open(lab.state().join("tge-scrape.db"))
        .unwrap()
        .execute_batch(&format!(
            "CREATE TRIGGER refuse BEFORE INSERT ON {table} WHEN NEW.source = (SELECT id FROM sources WHERE url = '{url}')
             BEGIN SELECT RAISE(ABORT, 'this row is refused'); END"
        ))
        .unwrap();
    (lab, url)
}

fn allowed(lab: &Lab) {
    Connection::open(lab.state().join("tge-scrape.db"))
        .unwrap()
        .execute_batch("DROP TRIGGER refuse")
        .unwrap();
}

/// How the visit to the source at `url` ended.
fn outcome<'a>(report: &'a CycleReport, url: &str) -> (SourceStatus, Option<&'a str>) {
    let source = report.sources.iter().find(|source| source.url == url).unwrap();
    (source.outcome, source.failure.as_deref())
}

fn notices(lab: &Lab) -> Vec<Value> {
    let lines = lines(&lab.path().join("ops.ndjson"));
    lines.iter().filter_map(|line| line["notices"].as_array()).flatten().cloned().collect()
}

#[test]
fn unsaved_feed_fails_alone_and_is_read_later() {
    let (lab, url) = refusing("entries");
    let ran = lab.run(&["cycle", "-v", "--format", "json"]);
    assert_eq!(ran.code, 0, "one of six: {}", ran.stderr);
    let report = ran.report();
    assert_eq!((report.feeds.fetched, report.feeds.failed), (5, 1));
    assert_eq!(outcome(&report, &url), (SourceStatus::Failed, Some("not_saved")));
    assert!(
        ran.stderr.contains("could not be saved") && ran.stderr.contains("this row is refused"),
        "{}",
        ran.stderr
    );
    let (_copy, database) = opened(&lab.state());
    assert_eq!(number(&database, "SELECT count(DISTINCT source) FROM entries"), 5);
    assert_eq!(number(&database, "SELECT sum(entries_total) FROM sources"), 50);
    let last: String = database
        .query_row("SELECT last_failure FROM sources WHERE url = ?1", [&url], |row| row.get(0))
        .unwrap();
    assert_eq!(last, "not_saved");
    let notices = notices(&lab);
    assert!(
        notices.iter().any(|notice| notice.to_string().contains("cannot be saved")),
        "no notice of it: {notices:?}"
    );
    assert_eq!(lab.run(&["cycle", "--strict"]).code, 4);
    sound(&lab.state());
    allowed(&lab);
    let day = lab.run(&["--shift-clock", "90000", "cycle", "--format", "json"]);
    assert_eq!(
        (day.code, outcome(&day.report(), &url)),
        (0, (SourceStatus::Fetched, None)),
        "{}",
        day.stderr
    );
    let never = bulk(6, 8);
    never.cycle();
    assert_eq!(detection_paths(&lab.state()), detection_paths(&never.state()));
    assert_eq!(Outcome::of(&lab.state()).entries.len(), Outcome::of(&never.state()).entries.len());
}

#[test]
fn unsaved_page_keeps_its_entry_waiting() {
    let (lab, url) = refusing("detections");
    let ran = lab.run(&["cycle", "-v", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report = ran.report();
    assert_eq!(outcome(&report, &url), (SourceStatus::Failed, Some("not_saved")));
    assert_eq!(report.feeds.failed, 1, "{:?}", report.feeds);
    let (_copy, database) = opened(&lab.state());
    let waiting = number(&database, "SELECT count(*) FROM waiting");
    assert!(
        waiting > 0 && i64::try_from(report.entries.waiting) == Ok(waiting),
        "{waiting}, {:?}",
        report.entries
    );
    assert!(notices(&lab).iter().any(|notice| notice.to_string().contains("could not be saved")));
    let asked = lab.web().request_log().requests.len();
    let soon = lab.run(&["cycle", "--format", "json"]);
    assert_eq!(soon.code, 0, "{}", soon.stderr);
    assert!(lab.web().request_log().requests.len() <= asked + 6, "the pages are not asked for in each cycle");
    allowed(&lab);
    assert_eq!(lab.run(&["--shift-clock", "7200", "cycle"]).code, 0);
    let never = bulk(6, 8);
    never.cycle();
    assert_eq!(detection_paths(&lab.state()), detection_paths(&never.state()));
    sound(&lab.state());
}

#[test]
fn unsaved_response_of_x_is_billed_and_read_again() {
    let lab = with_people(Bulk { feeds: 4, entries: 4, relevant: 1 }, 5.0);
    fs::write(lab.path().join("token"), tge_scrape::fixture_web::x::TOKEN).unwrap();
    let sim = lab.web().x().unwrap();
    lab.settings(&format!(
        "{}{}bearer_token_file = \"token\"\nmin_followers = 0\n",
        lab.web().settings_toml(),
        sim.settings_toml(&lab.web().x_url())
    ));
    assert_eq!(lab.run(&["db", "prune"]).code, 0);
    let database = || Connection::open(lab.state().join("tge-scrape.db")).unwrap();
    database()
        .execute_batch("CREATE TRIGGER refuse BEFORE INSERT ON x_posts BEGIN SELECT RAISE(ABORT, 'this row is refused'); END")
        .unwrap();
    let first = lab.run(&["cycle", "--catch-up", "99", "--format", "json"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let report = first.report();
    assert!(report.x.problem.as_ref().unwrap().contains("could not be saved"), "{:?}", report.x);
    assert_eq!(report.feeds.fetched, 4, "feeds are read all the same");
    assert_ne!(report.x.cost_usd.micros, 0, "X charges for what it sent");
    assert_eq!(number(&database(), "SELECT count(*) FROM x_calls WHERE state <> 'd'"), 0);
    sound(&lab.state());
    allowed(&lab);
    sim.advance_clock(960_000);
    let second = lab.run(&["--shift-clock", "960", "cycle", "--catch-up", "99", "--format", "json"]);
    assert_eq!((second.code, second.report().x.problem), (0, None), "{}", second.stderr);
    assert!(number(&database(), "SELECT count(*) FROM x_posts") > 0);
}

/// How a server shows that a feed is unchanged.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Quiet {
    SameBody,
    NotModified,
}

#[test]
fn unchanged_feed_repeats_no_alert_for_months() {
    for (quiet, dated) in [(Quiet::SameBody, true), (Quiet::SameBody, false), (Quiet::NotModified, true)] {
        let titles = [
            "Quorith airdrop claim is now live: QRTH tokens claimable today",
            "Tambrel token launch: TMB goes live on mainnet today",
            "Oskuno OSK token generation event is live",
        ];
        let (shown, start) = (Arc::new(AtomicUsize::new(1)), now());
        let (count, days) = (Arc::clone(&shown), [0, 1, 200]);
        let server = Inbox::start(move |asked, _| {
            let count = count.load(Ordering::SeqCst);
            let tag = format!("\"v{count}\"");
            if quiet == Quiet::NotModified && asked.header("if-none-match") == tag {
                return Some(Answer::new(304, "").with("ETag", &tag));
            }
            let at = |number: usize| start + SignedDuration::from_hours(24 * days[number] - 1);
            let items: Vec<String> = (0..count)
                .map(|number| {
                    item(
                        titles[number],
                        &format!("g{number}"),
                        "claim portal",
                        Some(at(number)).filter(|_| dated),
                    )
                })
                .collect();
            let answer = Answer::new(200, &rss(&items));
            Some(if quiet == Quiet::NotModified { answer.with("ETag", &tag) } else { answer })
        });
        let lab = Lab::new();
        let channel = format!("[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\n{AT_ONCE}");
        lab.settings(&settings(&server, &["/feed"], &channel));
        let cycle = |day: i64| {
            let ran = lab.run(&["--shift-clock", &(day * DAY).to_string(), "cycle", "--format", "json"]);
            assert_eq!(ran.code, 0, "day {day}: {}", ran.stderr);
            ran.report()
        };
        cycle(0);
        shown.store(2, Ordering::SeqCst);
        (1..=3).for_each(|day| drop(cycle(day)));
        (10..200).step_by(19).for_each(|day| drop(cycle(day)));
        (196..200).for_each(|day| drop(cycle(day)));
        shown.store(3, Ordering::SeqCst);
        assert_eq!(cycle(200).entries.new, 1, "{quiet:?}, dated: {dated}");
        cycle(201);
        let alerted: Vec<String> = lines(&lab.path().join("alerts.ndjson"))
            .iter()
            .filter_map(|line| line["detections"].as_array())
            .flatten()
            .map(|found| found["title"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            alerted,
            titles[1..],
            "{quiet:?}, dated: {dated}: what a first fetch found is never alerted"
        );
    }
}

/// An item that is no launch.
fn plain(subject: &str, at: Option<Timestamp>) -> String {
    let at = at.unwrap().strftime("%a, %d %b %Y %H:%M:%S GMT");
    format!(
        "<item><title>Council talks about {subject}</title><guid isPermaLink=\"false\">{subject}</guid><pubDate>{at}</pubDate>\
         <link>http://press.localhost/{subject}</link><description>The council met to talk about {subject}.</description></item>"
    )
}

#[test]
fn an_old_entry_that_a_feed_shows_again_is_judged_and_alerted_once() {
    let at = |hours: i64| Some(now() + SignedDuration::from_hours(hours));
    let launch =
        item("Quorith airdrop claim is now live: QRTH tokens claimable today", "launch", "claim", at(25));
    let bridge = plain("bridges", at(25));
    let shown = Arc::new(Mutex::new(Vec::new()));
    let items = Arc::clone(&shown);
    let server = Inbox::start(move |_, _| Some(Answer::new(200, &rss(&items.lock().unwrap()))));
    let lab = Lab::new();
    let channel = format!("[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\n{AT_ONCE}");
    lab.settings(&settings(&server, &["/feed"], &channel));
    // Beside `shows` the feed has one new item in each cycle.
    let cycle = |day: i64, shows: &[&String]| {
        let street: String = day.to_string().bytes().map(|digit| char::from(digit - b'0' + b'k')).collect();
        let other = plain(&format!("street-{street}"), at(24 * day));
        *shown.lock().unwrap() = shows.iter().map(|item| (*item).clone()).chain([other]).collect();
        let shift = (day * DAY + 7_200).to_string();
        let ran = lab.run(&["--shift-clock", &shift, "cycle", "--format", "json"]);
        assert_eq!(ran.code, 0, "day {day}: {}", ran.stderr);
        ran.report()
    };
    let stored = |state: &str| {
        let (_copy, database) = opened(&lab.state());
        number(&database, &format!("SELECT count(*) FROM entries WHERE state = '{state}'"))
    };
    cycle(0, &[]);
    assert_eq!(cycle(1, &[&launch, &bridge]).detections.len(), 1);
    (2..30).step_by(2).for_each(|day| drop(cycle(day, &[])));
    assert!(stored("d") < 14, "{} dropped entries of 17", stored("d"));
    let back = cycle(30, &[&launch, &bridge]);
    let counts = (back.entries.new, back.entries.dropped_early, back.detections.len());
    assert_eq!(counts, (2, 2, 0), "the launch is known, the bridge is dropped again");
    (40..150).step_by(10).for_each(|day| drop(cycle(day, &[])));
    assert_eq!(stored("j"), 0, "the entry of the launch is deleted too");
    let back = cycle(150, &[&launch, &bridge]);
    assert_eq!((back.entries.new, back.detections.len()), (3, 0), "its detection is stored");
    let alerts = lines(&lab.path().join("alerts.ndjson"));
    assert_eq!(alerts.iter().filter(|line| line["detections"].is_array()).count(), 1);
    assert_eq!(lab.events().len(), 1);
}
