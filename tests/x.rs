//! X as cron runs it: the real binary against the simulated X.

use serde_json::Value;
use tge_scrape::fixture_web::{
    Bulk, Injection, Options,
    x::{self, InjectedFailure, Standing},
};

use crate::support::lab::{Lab, Ran, now};

/// A lab with a simulated X of `content`, and settings that follow all of it; `more` goes into `[x]`.
pub fn lab(content: x::Content, more: &str) -> Lab {
    let mut options = x::Options::at(now().as_millisecond());
    (options.content, options.running, options.hold_ms) = (content, true, 5);
    let bulk = Some(Bulk { feeds: 2, entries: 6, relevant: 1 });
    let lab =
        Lab::with_options(Options { now: now().as_second(), x: Some(options), bulk, ..Options::default() });
    let sim = lab.web().x().unwrap();
    let settings = format!("{}{}{more}", lab.web().settings_toml(), sim.settings_toml(&lab.web().x_url()));
    // Where the web's own settings name X already, they are not named twice.
    let settings = if lab.web().settings_toml().contains("[x]") {
        format!("{}{more}", lab.web().settings_toml())
    } else {
        settings
    };
    lab.settings(&settings);
    lab
}

pub fn everybody() -> x::Content {
    x::Content::Generated(x::Population { days_before: 2, days_after: 1, ..x::Population::default() })
}

pub fn with_token(lab: &Lab, token: &str, arguments: &[&str]) -> Ran {
    let output = lab.command(arguments).env("X_BEARER_TOKEN", token).output().unwrap();
    crate::support::lab::ran(output)
}

fn cycle(lab: &Lab) -> Value {
    let ran = with_token(lab, x::TOKEN, &["cycle", "--only", "x", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    ran.json()
}

#[test]
fn a_hundred_accounts_and_twenty_topics_are_nine_calls_and_one_lookup_once() {
    let lab = lab(everybody(), "monthly_budget_usd = 100.0\nmin_followers = 0\n");
    let sim = lab.web().x().unwrap();
    let first = cycle(&lab);
    assert_eq!(first["x"]["users_looked_up"], 100, "{}", first["x"]);
    let lookups =
        |from: usize| sim.calls(from).iter().filter(|call| call.route.ends_with("/2/users/by")).count();
    assert_eq!(lookups(0), 1);
    let before = sim.calls(0).len();
    sim.advance_clock(600_000);
    let second = cycle(&lab);
    assert!(second["x"]["calls"].as_u64().unwrap() <= 9, "{}", second["x"]);
    assert_eq!((lookups(before), second["x"]["users_looked_up"].as_u64()), (0, Some(0)));
    assert_eq!(sim.calls(before).len() as u64, second["x"]["calls"].as_u64().unwrap());
    assert!(second["calls"]["saved_by"]["batching"].as_u64().unwrap() >= 200, "{}", second["calls"]);
    assert_eq!(sim.summary().violations, 0);
    let billed: f64 = sim.billed().micro_usd as f64 / 1e6;
    assert_eq!(second["x"]["month_cost_usd"], format!("{billed:.6}"));
    let accounts = with_token(&lab, x::TOKEN, &["x", "accounts", "--format", "json"]).json();
    assert!(accounts["accounts"].as_array().unwrap().iter().all(|account| account["id"].is_string()));
}

#[test]
fn a_plan_is_shown_without_calling_anybody() {
    let lab = lab(everybody(), "");
    let plan = with_token(&lab, x::TOKEN, &["x", "plan", "--format", "json"]).json();
    assert!((2..=10).contains(&plan["plan"]["calls"].as_array().unwrap().len()), "{plan}");
    let table = lab.run(&["x", "plan"]);
    assert!(
        table.stdout.contains("assumed") && table.stdout.contains("there is no token"),
        "{}",
        table.stdout
    );
    assert!(lab.web().x().unwrap().calls(0).is_empty());
}

#[test]
fn whatever_is_wrong_with_x_is_one_sentence_and_the_news_goes_on() {
    let rows: [(Option<InjectedFailure>, &str); 6] = [
        (None, "does not accept the token"),
        (Some(InjectedFailure::CreditsDepleted), "no credits"),
        (Some(InjectedFailure::PaymentRequired), "no credits"),
        (Some(InjectedFailure::NotEnrolled), "client-not-enrolled"),
        (Some(InjectedFailure::SpendCapTitle), "spending limit"),
        (Some(InjectedFailure::UsageCap), "cap of posts"),
    ];
    for (failure, expected) in rows {
        let lab = lab(x::Content::Written, "");
        let sim = lab.web().x().unwrap();
        if let Some(failure) = failure {
            sim.inject(Injection::new(failure).times(1000));
        }
        let token = if failure.is_some() { x::TOKEN } else { "AAAA%2Bwrong" };
        let both = with_token(&lab, token, &["cycle", "--format", "json"]);
        assert_eq!(both.code, 0, "{expected}: {}", both.stderr);
        let report = both.json();
        assert_eq!(report["feeds"]["fetched"], 2, "{expected}");
        assert!(report["x"]["problem"].as_str().unwrap().contains(expected), "{}", report["x"]);
        assert_eq!(both.stderr.lines().filter(|line| line.starts_with("X: ")).count(), 1, "{}", both.stderr);
        assert!(!both.stderr.contains("AAAA") && sim.calls(0).len() == 1, "{}", sim.calls(0).len());
        let alone = with_token(&lab, token, &["cycle", "--only", "x"]);
        let code = if failure == Some(InjectedFailure::UsageCap)
            || failure == Some(InjectedFailure::SpendCapTitle)
        {
            0
        } else {
            4
        };
        assert!(alone.code == 4 || alone.code == code, "{expected}: {}", alone.code);
    }
}

#[test]
fn a_dead_network_is_told_and_the_news_goes_on() {
    let lab = lab(x::Content::Written, "");
    let text = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    // Nobody listens on the discard port of the loopback interface.
    let text = text.replace(&lab.web().x_url(), "http://127.0.0.1:9");
    lab.settings(&format!("{text}\n[cycle]\ntimeout = \"2s\"\n"));
    let ran = with_token(&lab, x::TOKEN, &["cycle", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report = ran.json();
    assert_eq!(report["feeds"]["fetched"], 2);
    assert!(report["x"]["problem"].as_str().unwrap().contains("cannot be reached"), "{}", report["x"]);
    assert_eq!(report["x"]["month_cost_usd"], "0.000000");
}

#[test]
fn without_a_token_there_is_only_news() {
    let lab = lab(x::Content::Written, "");
    let report = lab.cycle();
    assert_eq!((report["x"]["calls"].as_u64(), report["feeds"]["fetched"].as_u64()), (Some(0), Some(2)));
    assert!(lab.run(&["doctor"]).stdout.contains("no token: news only"));
    assert_eq!(lab.run(&["cycle", "--only", "x"]).code, 3);
    assert!(lab.web().x().unwrap().calls(0).is_empty());
}

#[test]
fn posts_become_detections_and_can_be_purged() {
    let lab = lab(x::Content::Written, "");
    let sim = lab.web().x().unwrap();
    cycle(&lab);
    let found = lab.run(&["events", "--format", "json"]).json();
    let found = found["detections"].as_array().unwrap();
    let posts: Vec<&Value> = found.iter().filter(|one| one["kind"] == "post").collect();
    assert!(!posts.is_empty(), "{found:?}");
    let post = posts[0];
    assert!(post["url"].as_str().unwrap().starts_with("https://x.com/"), "{post}");
    assert!(!post["author"].as_str().unwrap().is_empty());
    let address = post["url"].as_str().unwrap();
    let purged = lab.run(&["db", "purge-post", address]);
    assert_eq!(purged.stdout, "1 posts deleted\n", "{}", purged.stderr);
    sim.advance_clock(600_000);
    cycle(&lab);
    let again = lab.run(&["events", "--format", "json"]).stdout;
    assert!(
        !again.contains(&format!("\"url\":\"{address}\""))
            && !again.contains(&format!("\"url\": \"{address}\""))
    );
    assert_eq!(lab.run(&["db", "check"]).code, 0);
}

#[test]
fn an_account_that_is_renamed_is_followed_under_its_new_name() {
    let lab = lab(x::Content::Written, "\n[cache]\nuser_ttl = \"0s\"\n");
    let text = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    let text = text.replacen("[cache]\n", "[cache]\nuser_ttl = \"0s\"\n", 1);
    lab.settings(
        text.trim_end().trim_end_matches("user_ttl = \"0s\"").trim_end().trim_end_matches("[cache]"),
    );
    let sim = lab.web().x().unwrap();
    cycle(&lab);
    let handle = sim.handles()[0].clone();
    assert!(sim.set_account(&handle, Standing::default(), Some("brand_new")));
    sim.advance_clock(600_000);
    let ran = with_token(&lab, x::TOKEN, &["cycle", "--only", "x", "-v"]);
    assert!(ran.stderr.contains("is called @brand_new now"), "{}", ran.stderr);
    let last = sim.calls(0);
    assert!(last.iter().any(|call| call.target.contains("brand_new")), "it is searched by its new name");
}

#[test]
fn the_text_of_a_post_goes_when_x_withholds_it() {
    let lab = lab(x::Content::Written, "");
    let sim = lab.web().x().unwrap();
    let id = sim.publish(&sim.handles()[0].clone(), "Harbour works, day three").unwrap();
    let text = || {
        let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
        let text = database.query_row(
            "SELECT text FROM x_posts WHERE id = ?1",
            [i64::try_from(id).unwrap()],
            |row| row.get(0),
        );
        text.unwrap_or_else(|error| format!("{error}"))
    };
    sim.advance_clock(60_000);
    cycle(&lab);
    assert_eq!(text(), "Harbour works, day three");
    assert!(sim.withhold(id, &["DE"]));
    sim.advance_clock(60_000);
    cycle(&lab);
    assert_eq!(text(), "");
}

#[test]
fn an_account_that_x_closed_is_told_with_what_is_lost() {
    let lab = lab(x::Content::Written, "");
    let sim = lab.web().x().unwrap();
    cycle(&lab);
    let handle = sim.handles()[0].clone();
    assert!(sim.set_account(&handle, Standing::Suspended, None));
    // Beyond what search reaches back, its own timeline is asked.
    sim.advance_clock(8 * 86_400_000);
    let later = (8 * 86_400).to_string();
    let arguments = ["--shift-clock", &later, "cycle", "--only", "x", "-v"];
    let run = || with_token(&lab, x::TOKEN, &arguments).stderr;
    let expected = format!("X leaves out @{handle}: ");
    // The first run learns how late it is.
    assert!((0..2).any(|_| run().contains(&expected)));
    let accounts = ["--shift-clock", &later, "x", "accounts", "--format", "json"];
    let accounts = with_token(&lab, x::TOKEN, &accounts).json();
    let is_it = |one: &&Value| one["handle"] == handle.to_lowercase().as_str();
    let account = accounts["accounts"].as_array().unwrap().iter().find(is_it).unwrap();
    assert!(account["trouble"].as_str().is_some_and(|problem| problem.starts_with(&expected)), "{account}");
    assert!(!run().contains(&expected));
}

#[test]
fn a_dry_run_says_what_x_would_be_asked_and_cost_and_does_nothing() {
    let lab = lab(everybody(), "monthly_budget_usd = 3.0\n");
    let sim = lab.web().x().unwrap();
    let dry = || with_token(&lab, x::TOKEN, &["cycle", "--dry-run", "--format", "json"]).json()["x"].clone();
    let plan = || with_token(&lab, x::TOKEN, &["x", "plan", "--format", "json"]).json()["plan"].clone();
    let first = dry();
    assert_eq!(first["planned"]["calls"], plan()["calls"].as_array().unwrap().len(), "{first}");
    // A hundred accounts for a dollar, and pages for more than the two that are left.
    assert_eq!(first["planned"]["max_cost_usd"], "3.000000", "{first}");
    assert_eq!((&first["planned"]["budget_left_usd"], &first["calls"]), (&"3.000000".into(), &0.into()));
    assert!(sim.calls(0).is_empty() && !lab.state().exists());
    let said = with_token(&lab, x::TOKEN, &["cycle", "--dry-run", "-v"]).stderr;
    assert!(said.contains("X would be asked") && said.contains("for at most 3.000000 USD"), "{said}");
    cycle(&lab);
    let kept = || {
        let (_copy, database) = crate::support::state::opened(&lab.state());
        let number = |sql: &str| crate::support::state::number(&database, sql);
        (
            number("SELECT count(*) FROM x_calls"),
            number("SELECT sum(micros) FROM x_months"),
            sim.calls(0).len(),
        )
    };
    let before = kept();
    let later = dry();
    assert_eq!(later["planned"]["month_cost_usd"], plan()["month_cost_usd"], "{later}");
    assert!(
        later["planned"]["calls"].as_u64() < first["planned"]["calls"].as_u64(),
        "no lookup any more: {later}"
    );
    assert_eq!(before, kept());
    // Without a token nothing is asked, and none of it is planned.
    let alone = lab.run(&["cycle", "--dry-run", "--format", "json"]).json();
    assert_eq!(alone["x"]["planned"], Value::Null);
    // The first cycle has used the budget up: every call is left out, with the reason.
    assert_eq!(
        (&later["planned"]["calls"], &later["planned"]["max_cost_usd"]),
        (&0.into(), &"0.000000".into())
    );
    assert!(later["planned"]["left_out"][0].as_str().unwrap().contains("budget is used up"), "{later}");
}

#[test]
fn what_x_counts_is_read_once_a_day_and_shown() {
    let lab = lab(everybody(), "monthly_budget_usd = 100.0\nmin_followers = 0\n");
    let sim = lab.web().x().unwrap();
    let usages = || sim.calls(0).iter().filter(|call| call.route.ends_with("/2/usage/tweets")).count();
    let first = cycle(&lab);
    assert_eq!(usages(), 1);
    let counted = first["x"]["usage"]["posts"].as_u64().unwrap();
    assert!(counted > 0 && first["x"]["usage"]["cap"] == 3_000_000, "{}", first["x"]);
    assert_eq!(first["x"]["calls"].as_u64().unwrap(), sim.calls(0).len() as u64);
    sim.advance_clock(600_000);
    cycle(&lab);
    assert_eq!(usages(), 1);
    let expected = format!("X counts {counted} of 3000000 posts");
    let plan = with_token(&lab, x::TOKEN, &["x", "plan"]).stdout;
    let doctor = with_token(&lab, x::TOKEN, &["doctor"]).stdout;
    let stats = lab.run(&["stats"]).stdout;
    for text in [plan, doctor, stats] {
        assert!(text.contains(&expected), "{text}");
    }
    let day = (86_400 + 60).to_string();
    sim.advance_clock(86_460_000);
    let ran =
        with_token(&lab, x::TOKEN, &["--shift-clock", &day, "cycle", "--only", "x", "--format", "json"]);
    assert_eq!((ran.code, usages()), (0, 2), "{}", ran.stderr);
    assert_eq!(sim.summary().violations, 0);
}
