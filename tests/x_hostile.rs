//! Hostile responses of X: future IDs and dates, the token, false edit histories.

mod token;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tge_scrape::fixture_web::x::id_at;

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::{Lab, Ran, now, ran},
    world::AT_ONCE,
};

/// With percent signs, as real tokens have.
const TOKEN: &str = "AAAAAAAAAAhostile%2BTOKEN%3D5ecret";
/// The decoded token.
const DECODED: &str = "AAAAAAAAAAhostile+TOKEN=5ecret";

/// A lab whose X is `inbox`.
fn lab(inbox: &Inbox, more: &str) -> Lab {
    let lab = Lab::new();
    lab.settings(&format!(
        "feeds = []\n[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[x]\nbase_url = \"{}\"\naccounts = [\"@zentumo\"]\n\
         {more}\n[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\ntopics = [\"news\", \"ops\"]\n{AT_ONCE}",
        inbox.url("")
    ));
    lab
}

fn run(lab: &Lab, arguments: &[&str]) -> Ran {
    ran(lab.command(arguments).env("X_BEARER_TOKEN", TOKEN).output().unwrap())
}

fn cycle(lab: &Lab) -> Ran {
    run(lab, &["cycle", "--only", "x", "-v", "--format", "json"])
}

fn is_search(received: &Received) -> bool {
    received.path.contains("/search/recent")
}

/// The value of a parameter.
fn asked(received: &Received, name: &str) -> Option<String> {
    let (_, query) = received.path.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

fn id(ago: SignedDuration) -> u64 {
    id_at((now() - ago).as_millisecond())
}

fn post(id: u64, text: &str) -> Value {
    json!({ "id": id.to_string(), "text": text, "author_id": "1000" })
}

/// Answers lookups, and searches by `search`, which gets the number of earlier searches. Usage is not found.
fn server(search: impl Fn(&Received, usize) -> Answer + Send + Sync + 'static) -> Inbox {
    let searches = Arc::new(AtomicUsize::new(0));
    Inbox::start(move |received, _| {
        Some(if received.path.starts_with("/2/users") {
            let user =
                json!({ "id": "1000", "username": "zentumo", "public_metrics": { "followers_count": 5000 } });
            Answer::new(200, &json!({ "data": [user] }).to_string())
        } else if is_search(received) {
            search(received, searches.fetch_add(1, Ordering::SeqCst))
        } else {
            Answer::new(404, "")
        })
    })
}

fn page(posts: &[Value], meta: Value) -> Answer {
    Answer::new(200, &json!({ "data": posts, "meta": meta }).to_string())
}

/// A page with a post about a launch, if its ID is within the requested bounds.
fn launch(received: &Received) -> Answer {
    let one = id(SignedDuration::from_secs(2));
    let bound = |name| asked(received, name).and_then(|id| id.parse::<u64>().ok());
    let wanted = bound("since_id").is_none_or(|since| since < one)
        && bound("until_id").is_none_or(|until| one < until);
    let posts: Vec<Value> = wanted
        .then(|| post(one, "Zentumo opens its airdrop claim: eligible users claim ZENT tokens now"))
        .into_iter()
        .collect();
    page(&posts, json!({}))
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

#[test]
fn future_ids_in_one_response_do_not_stop_reading() {
    let rows: [fn() -> Answer; 5] = [
        || page(&[post(id(hours(-24 * 365 * 20)), "x"), post(id(hours(1)), "calm")], json!({})),
        || page(&[post(id(hours(1)), "calm")], json!({ "newest_id": "18446744073709551615" })),
        || {
            page(
                &[post(id(hours(1)), "calm")],
                json!({ "newest_id": id(hours(-3)).to_string(), "oldest_id": "1" }),
            )
        },
        || {
            page(
                &[
                    post(i64::MAX.unsigned_abs(), "x"),
                    post(0, "x"),
                    post(u64::MAX, "x"),
                    json!({ "id": "x1" }),
                ],
                json!({}),
            )
        },
        // Within the margin: the post is stored, but the head does not move to it.
        || page(&[post(id(SignedDuration::from_mins(-50)), "early"), post(id(hours(1)), "calm")], json!({})),
    ];
    for (row, first) in rows.into_iter().enumerate() {
        let inbox = server(move |received, before| if before == 0 { first() } else { launch(received) });
        let lab = lab(&inbox, "");
        let one = cycle(&lab);
        assert!([0, 4].contains(&one.code), "{row}: {}", one.stderr);
        if row < 4 {
            let names_the_future = |text: &str| text.contains("future");
            assert!(names_the_future(&one.stderr), "{row}: {}", one.stderr);
            let problem = run(&lab, &["x", "accounts"]).stdout;
            assert!(names_the_future(&problem), "{row}: {problem}");
            assert!(run(&lab, &["doctor"]).stdout.contains("x accounts"), "{row}");
        }
        let refused = one.report().x.posts_refused;
        assert_eq!(refused, [1, 0, 0, 4, 0][row], "{row}: {}", one.stdout);
        cycle(&lab);
        let found = run(&lab, &["events", "--format", "json"]).stdout;
        assert!(found.contains("Zentumo opens its airdrop claim"), "{row}: {found}");
        let alerts = std::fs::read_to_string(lab.path().join("alerts.ndjson")).unwrap_or_default();
        assert!(alerts.contains("Zentumo opens its airdrop claim"), "{row}: {alerts}");
        assert_eq!(alerts.contains("they are refused"), refused > 0, "{row}: {alerts}");
        for search in inbox.all().iter().filter(|one| is_search(one)) {
            let since = asked(search, "since_id").map_or(0, |since| since.parse().unwrap());
            assert!(since <= id(hours(0)), "{row}: {}", search.path);
        }
    }
}

#[test]
fn future_head_in_the_database_is_corrected_without_repeated_alerts() {
    let inbox = server(|received, _| launch(received));
    let lab = lab(&inbox, "");
    cycle(&lab);
    let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
    let far = i64::try_from(id(hours(-24 * 365 * 20))).unwrap();
    database.execute("UPDATE x_sources SET head = ?1, last_post_at = ?1", [far]).unwrap();
    let before = run(&lab, &["events", "--format", "json"]).stdout;
    cycle(&lab);
    let head: Option<i64> = database.query_row("SELECT head FROM x_sources", [], |row| row.get(0)).unwrap();
    assert!(head.is_none_or(|head| head < far), "{head:?}");
    let since = inbox.all().iter().rfind(|one| is_search(one)).and_then(|one| asked(one, "since_id"));
    let since: u64 = since.expect("it goes on from what is sure").parse().unwrap();
    assert!(since < id(SignedDuration::from_mins(9)) && since > id(SignedDuration::from_mins(20)));
    let count =
        |text: &str| serde_json::from_str::<Value>(text).unwrap()["detections"].as_array().unwrap().len();
    assert_eq!((count(&before), count(&run(&lab, &["events", "--format", "json"]).stdout)), (1, 1));
}

#[test]
fn response_dates_do_not_change_budget_or_windows() {
    // Each response is dated so many days later or earlier than the one before.
    for days in [32_i64, -32, 3650] {
        let answers = Arc::new(AtomicUsize::new(0));
        let served = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&served);
        let inbox = Inbox::start(move |received, _| {
            let number = answers.fetch_add(1, Ordering::SeqCst);
            let at = now() + hours(24 * days) * i32::try_from(number).unwrap();
            let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let answer = if received.path.starts_with("/2/users") {
                Answer::new(200, &json!({ "data": [{ "id": "1000", "username": "zentumo" }] }).to_string())
            } else if is_search(received) {
                let most = asked(received, "max_results").unwrap().parse::<usize>().unwrap();
                let first = count.fetch_add(most, Ordering::SeqCst) as u64;
                let base = id(hours(1));
                let posts: Vec<Value> =
                    (0..most as u64).map(|one| post(base - (first + one) * 1_000_000, "gm")).collect();
                page(&posts, json!({ "next_token": format!("t{number}") }))
            } else {
                Answer::new(404, "")
            };
            Some(answer.with("Date", &date))
        });
        let lab = lab(&inbox, "monthly_budget_usd = 0.5\n");
        let runs: Vec<Ran> = (0..4).map(|_| cycle(&lab)).collect();
        let cost = served.load(Ordering::SeqCst) * 5 + 10;
        assert!(cost <= 500, "{days} days: {cost} thousandths of a dollar");
        // Later cycles may have no budget for a call that shows the wrong clock.
        let first = &runs[0];
        assert!(first.stderr.contains("set the clock right"), "{days} days: {}", first.stderr);
        assert_eq!(first.code, 4);
        let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
        let months: i64 = database.query_row("SELECT count(*) FROM x_months", [], |row| row.get(0)).unwrap();
        assert_eq!(months, 1, "{days} days");
    }
}

#[test]
fn repeated_next_token_is_followed_once() {
    let inbox = server(|_, before| {
        let posts = [post(id(SignedDuration::from_mins(5)) - before as u64 * 10_000_000, "gm")];
        page(&posts, json!({ "next_token": "again" }))
    });
    let lab = lab(&inbox, "");
    let one = cycle(&lab);
    assert!(one.stderr.contains("the same page again and again"), "{}", one.stderr);
    assert_eq!(inbox.all().iter().filter(|one| is_search(one)).count(), 2);
}

#[test]
fn post_with_a_false_edit_history_is_found() {
    let (launch, other) = (id(SignedDuration::from_mins(2)), id(SignedDuration::from_mins(3)));
    let inbox = server(move |_, before| {
        let mut claims =
            post(launch, "Zentumo opens its airdrop claim: eligible users claim ZENT tokens now");
        claims["edit_history_tweet_ids"] = json!(["7", id(hours(5)).to_string(), launch.to_string()]);
        let calm = json!({ "id": other.to_string(), "text": "gm", "author_id": "1000" });
        if before == 0 { page(&[calm], json!({})) } else { page(&[claims], json!({})) }
    });
    let lab = lab(&inbox, "");
    cycle(&lab);
    cycle(&lab);
    let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
    let known: i64 =
        database.query_row("SELECT count(*) FROM x_posts WHERE id = 7", [], |row| row.get(0)).unwrap();
    assert_eq!(known, 0);
    assert!(run(&lab, &["events"]).stdout.contains("Zentumo"));
}

#[test]
fn unavailable_usage_is_no_error_and_not_requested_again_soon() {
    let rows: [(u16, &str, bool); 5] = [
        (403, r#"{"title":"Forbidden"}"#, true),
        (401, "", true),
        (404, "", true),
        (503, "<html>", false),
        (200, r#"{"data":{"project_usage":"x"}}"#, false),
    ];
    for (status, body, forbidden) in rows {
        let inbox = Inbox::start(move |received, _| {
            Some(if received.path.starts_with("/2/usage") {
                Answer::new(status, body)
            } else if received.path.starts_with("/2/users") {
                Answer::new(200, &json!({ "data": [{ "id": "1000", "username": "zentumo" }] }).to_string())
            } else {
                launch(received)
            })
        });
        let lab = lab(&inbox, "");
        let usages = || inbox.all().iter().filter(|one| one.path.starts_with("/2/usage")).count();
        let one = cycle(&lab);
        let report = one.report();
        assert_eq!((one.code, &report.x.problem), (0, &None), "{status}: {}", one.stderr);
        assert_eq!(one.stderr.lines().filter(|line| line.starts_with("X: ")).count(), 0, "{}", one.stderr);
        assert_eq!(report.x.cost_usd.micros, 15_000, "an account and a post");
        cycle(&lab);
        assert_eq!(usages(), 1, "{status}");
        let expected = if forbidden { "may not ask X for its usage" } else { "X gave no usage" };
        assert!(run(&lab, &["x", "plan"]).stdout.contains(expected), "{status}");
        let later = |hours: i64| {
            let shift = (hours * 3600 + 60).to_string();
            run(&lab, &["--shift-clock", &shift, "cycle", "--only", "x"]);
            usages()
        };
        assert_eq!(later(23), if forbidden { 1 } else { 2 }, "{status}");
    }
}

#[test]
fn usage_warnings_reach_the_operator() {
    let days = now() - hours(48);
    let date = days.strftime("%Y-%m-%d").to_string();
    let usage = json!({ "data": { "project_usage": "2900000", "project_cap": "3000000", "cap_reset_day": 14,
        "daily_project_usage": { "usage": [{ "date": date, "usage": 5000 }] } } });
    let inbox = Inbox::start(move |received, _| {
        Some(if received.path.starts_with("/2/usage") {
            Answer::new(200, &usage.to_string())
        } else if received.path.starts_with("/2/users") {
            Answer::new(200, &json!({ "data": [{ "id": "1000", "username": "zentumo" }] }).to_string())
        } else {
            launch(received)
        })
    });
    let lab = lab(&inbox, "");
    cycle(&lab);
    // Moves the calls before the compared day, and deletes the stored usage, so that it is read again.
    let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
    database.execute("UPDATE x_calls SET at = at - ?1", [5 * 86_400_000_i64]).unwrap();
    database.execute("DELETE FROM x_settings WHERE name = 'usage'", []).unwrap();
    let warnings = cycle(&lab).report().x.usage.unwrap().warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("nearly used up"), "{warnings:?}");
    assert!(warnings[1].contains("counted 5000 posts, this program 0"), "{warnings:?}");
    cycle(&lab);
    let alerts = std::fs::read_to_string(lab.path().join("alerts.ndjson")).unwrap();
    assert!(
        alerts.contains("nearly used up: 2900000 of 3000000") && alerts.contains("counted 5000 posts"),
        "{alerts}"
    );
    for look in [["x", "plan"].as_slice(), &["doctor"], &["stats"]] {
        // Long sentences are wrapped.
        let shown = run(&lab, look).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains("nearly used up: 2900000 of 3000000"), "{look:?}: {shown}");
    }
}
