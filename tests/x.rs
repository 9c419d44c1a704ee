//! X as cron runs it: the real binary against the simulated X.

use serde_json::Value;
use tge_scrape::{
    figures::CycleReport,
    fixture_web::{
        Injection,
        x::{self, InjectedFailure, Standing},
    },
    model::{Detection, Kind},
};

use crate::support::{
    lab::Lab,
    state::{number, opened},
    x::{generated, with_token, x_lab},
};

fn cycle(lab: &Lab) -> CycleReport {
    let ran = with_token(lab, x::TOKEN, &["cycle", "--only", "x", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    ran.report()
}

#[test]
fn hundred_accounts_and_twenty_topics_need_nine_calls_and_one_lookup() {
    let lab = x_lab(generated(), "monthly_budget_usd = 100.0\nmin_followers = 0\n");
    let sim = lab.web().x().unwrap();
    let first = cycle(&lab);
    assert_eq!(first.x.users_looked_up, 100, "{:?}", first.x);
    let lookups =
        |from: usize| sim.calls(from).iter().filter(|call| call.route.ends_with("/2/users/by")).count();
    assert_eq!(lookups(0), 1);
    let before = sim.calls(0).len();
    sim.advance_clock(600_000);
    let second = cycle(&lab);
    assert!(second.x.calls <= 9, "{:?}", second.x);
    assert_eq!((lookups(before), second.x.users_looked_up), (0, 0));
    assert_eq!(sim.calls(before).len() as u64, second.x.calls);
    assert!(second.calls.saved_by.batching >= 200, "{:?}", second.calls);
    assert_eq!(sim.summary().violations, 0);
    assert_eq!(second.x.month_cost_usd.unwrap().micros, sim.billed().micro_usd);
    let accounts = with_token(&lab, x::TOKEN, &["x", "accounts", "--format", "json"]).json();
    assert!(accounts["accounts"].as_array().unwrap().iter().all(|account| account["id"].is_string()));
}

#[test]
fn x_plan_sends_no_request() {
    let lab = x_lab(generated(), "");
    let plan = with_token(&lab, x::TOKEN, &["x", "plan", "--format", "json"]).json();
    assert!((2..=10).contains(&plan["plan"]["calls"].as_array().unwrap().len()), "{plan}");
    assert!(lab.web().x().unwrap().calls(0).is_empty());
}

#[test]
fn x_problem_is_one_sentence_and_feeds_are_read() {
    let rows: [(Option<InjectedFailure>, &str); 6] = [
        (None, "does not accept the token"),
        (Some(InjectedFailure::CreditsDepleted), "no credits"),
        (Some(InjectedFailure::PaymentRequired), "no credits"),
        (Some(InjectedFailure::NotEnrolled), "client-not-enrolled"),
        (Some(InjectedFailure::SpendCapTitle), "spending limit"),
        (Some(InjectedFailure::UsageCap), "cap of posts"),
    ];
    for (failure, expected) in rows {
        let lab = x_lab(x::Content::Written, "");
        let sim = lab.web().x().unwrap();
        if let Some(failure) = failure {
            sim.inject(Injection::new(failure).times(1000));
        }
        let token = if failure.is_some() { x::TOKEN } else { "AAAA%2Bwrong" };
        let both = with_token(&lab, token, &["cycle", "--format", "json"]);
        assert_eq!(both.code, 0, "{expected}: {}", both.stderr);
        let report = both.report();
        assert_eq!(report.feeds.fetched, 2, "{expected}");
        assert!(report.x.problem.as_ref().unwrap().contains(expected), "{:?}", report.x);
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
fn unreachable_x_is_reported_and_feeds_are_read() {
    let lab = x_lab(x::Content::Written, "");
    let text = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    // Nothing listens on the discard port of the loopback interface.
    let text = text.replace(&lab.web().x_url(), "http://127.0.0.1:9");
    lab.settings(&text.replace("[cycle]\n", "[cycle]\ntimeout = \"2s\"\n"));
    let ran = with_token(&lab, x::TOKEN, &["cycle", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report = ran.report();
    assert_eq!(report.feeds.fetched, 2);
    assert!(report.x.problem.as_ref().unwrap().contains("cannot be reached"), "{:?}", report.x);
    assert_eq!(report.x.month_cost_usd.unwrap().micros, 0);
}

#[test]
fn x_without_a_token_is_not_requested() {
    let lab = x_lab(x::Content::Written, "");
    let report = lab.cycle();
    assert_eq!((report.x.calls, report.feeds.fetched), (0, 2));
    assert_eq!(lab.run(&["cycle", "--only", "x"]).code, 3);
    assert!(lab.web().x().unwrap().calls(0).is_empty());
}

#[test]
fn posts_become_detections_and_can_be_purged() {
    let lab = x_lab(x::Content::Written, "");
    let sim = lab.web().x().unwrap();
    cycle(&lab);
    let is_post = |detection: &Detection| detection.kind == Kind::Post;
    let post = lab.events().into_iter().find(is_post).unwrap();
    assert!(post.url.starts_with("https://x.com/") && !post.author.is_empty(), "{post:?}");
    let purged = lab.run(&["x", "forget", &post.url]);
    assert_eq!(purged.stdout, "1 post deleted\n", "{}", purged.stderr);
    sim.advance_clock(600_000);
    cycle(&lab);
    assert!(lab.events().iter().all(|detection| detection.url != post.url));
    assert_eq!(lab.run(&["db", "check"]).code, 0);
}

#[test]
fn renamed_account_is_followed_under_its_new_name() {
    let lab = x_lab(x::Content::Written, "\n[cache]\nuser_ttl = \"0s\"\n");
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
fn withheld_post_loses_its_text() {
    let lab = x_lab(x::Content::Written, "");
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
fn suspended_account_is_reported_once() {
    let lab = x_lab(x::Content::Written, "");
    let sim = lab.web().x().unwrap();
    cycle(&lab);
    let handle = sim.handles()[0].clone();
    assert!(sim.set_account(&handle, Standing::Suspended, None));
    // Search does not reach back this far, so the timeline is requested.
    sim.advance_clock(8 * 86_400_000);
    let later = (8 * 86_400).to_string();
    let arguments = ["--shift-clock", &later, "cycle", "--only", "x", "-v"];
    let run = || with_token(&lab, x::TOKEN, &arguments).stderr;
    let expected = format!("X omits @{handle}: ");
    // The first run finds out how old the last read is.
    assert!((0..2).any(|_| run().contains(&expected)));
    let accounts = ["--shift-clock", &later, "x", "accounts", "--format", "json"];
    let accounts = with_token(&lab, x::TOKEN, &accounts).json();
    let is_it = |one: &&Value| one["handle"] == handle.to_lowercase().as_str();
    let account = accounts["accounts"].as_array().unwrap().iter().find(is_it).unwrap();
    assert!(account["trouble"].as_str().is_some_and(|problem| problem.starts_with(&expected)), "{account}");
    assert!(!run().contains(&expected));
}

#[test]
fn dry_run_shows_planned_calls_and_cost_of_x() {
    let lab = x_lab(generated(), "monthly_budget_usd = 3.0\n");
    let sim = lab.web().x().unwrap();
    let dry = || with_token(&lab, x::TOKEN, &["cycle", "--dry-run", "--format", "json"]).report().x;
    let plan = || with_token(&lab, x::TOKEN, &["x", "plan", "--format", "json"]).json()["plan"].clone();
    let first = dry();
    let planned = first.planned.unwrap();
    assert_eq!(planned.calls, plan()["calls"].as_array().unwrap().len() as u64, "{planned:?}");
    // A hundred accounts for a dollar, and pages for more than the remaining two.
    assert_eq!(planned.max_cost_usd.micros, 3_000_000, "{planned:?}");
    assert_eq!((planned.budget_left_usd.micros, first.calls), (3_000_000, 0));
    assert!(sim.calls(0).is_empty() && !lab.state().exists());
    let said = with_token(&lab, x::TOKEN, &["cycle", "--dry-run", "-v"]).stdout;
    assert!(said.contains("X would be asked") && said.contains("for at most 3.000000 USD"), "{said}");
    cycle(&lab);
    let kept = || {
        let (_copy, database) = opened(&lab.state());
        let calls = number(&database, "SELECT count(*) FROM x_calls");
        (calls, number(&database, "SELECT sum(micros) FROM x_months"), sim.calls(0).len())
    };
    let before = kept();
    let later = dry().planned.unwrap();
    assert_eq!(plan()["month_cost_usd"], later.month_cost_usd.to_string(), "{later:?}");
    assert_eq!(before, kept());
    // Without a token nothing is planned.
    let without_token = lab.run(&["cycle", "--dry-run", "--format", "json"]).report();
    assert_eq!(without_token.x.planned, None);
    // The first cycle has used up the budget: every call is left out, with the reason.
    assert_eq!((later.calls, later.max_cost_usd.micros), (0, 0));
    assert!(later.left_out[0].contains("budget is used up"), "{later:?}");
}

#[test]
fn usage_of_x_is_read_once_a_day_and_shown() {
    let lab = x_lab(generated(), "monthly_budget_usd = 100.0\nmin_followers = 0\n");
    let sim = lab.web().x().unwrap();
    let usages = || sim.calls(0).iter().filter(|call| call.route.ends_with("/2/usage/tweets")).count();
    let first = cycle(&lab);
    assert_eq!(usages(), 1);
    let usage = first.x.usage.unwrap();
    let counted = usage.posts.unwrap();
    assert!(counted > 0 && usage.cap == Some(3_000_000), "{usage:?}");
    assert_eq!(first.x.calls, sim.calls(0).len() as u64);
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
