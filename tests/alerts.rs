//! Alerts of the real binary, sent to services that enforce their documented limits.

use std::{
    collections::BTreeSet,
    fs,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use crate::support::{
    inbox::{Answer, Inbox},
    lab::Lab,
    services,
    world::{AT_ONCE, World, bulk, missing},
};

#[test]
fn channels_report_every_launch_within_their_limits() {
    let world = World::new(bulk(3, 8));
    world.settle(&["cycle", "--catch-up", "100"]);
    let found = world.lab.events();
    assert!(found.len() > 15, "{}", found.len());
    for (name, sent) in world.notifications() {
        assert_eq!(missing(&sent, &found), Vec::<String>::new(), "{name}");
    }
    for inbox in [&world.slack, &world.discord, &world.telegram, &world.ntfy, &world.webhook] {
        assert_eq!(inbox.all().len(), inbox.taken().len(), "a service refused a message");
    }
    let before: Vec<usize> = world.notifications().iter().map(|(_, sent)| sent.len()).collect();
    world.lab.cycle();
    let after: Vec<usize> = world.notifications().iter().map(|(_, sent)| sent.len()).collect();
    assert_eq!(before, after, "a cycle without news sends nothing");
    let shown = world.lab.run(&["config", "show"]).stdout + &world.lab.run(&["doctor"]).stdout;
    for secret in ["secret", "hunter2", "1:t", services::SECRET] {
        assert!(!shown.contains(&format!("/{secret}")) && !shown.contains(&format!("\"{secret}")), "{shown}");
    }
}

#[test]
fn first_fetch_sends_no_alerts_and_later_news_does() {
    let lab = Lab::with_web();
    let file = format!("\n[[channels]]\nkind = \"file\"\npath = \"a.ndjson\"\n{AT_ONCE}");
    lab.settings(&(lab.web().settings_toml() + &file));
    lab.cycle();
    assert!(!lab.events().is_empty() && !lab.path().join("a.ndjson").exists());
    lab.web().advance();
    lab.cycle();
    let sent = fs::read_to_string(lab.path().join("a.ndjson")).unwrap();
    assert!(!sent.is_empty());
    let ids: Vec<String> =
        sent.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].to_string()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
}

#[test]
fn dry_run_sends_no_alerts() {
    let inbox = Inbox::start(|_, _| Some(Answer::new(200, "ok")));
    let lab = single("slack", &inbox, "");
    assert_eq!(lab.run(&["cycle", "--dry-run", "--catch-up", "9"]).code, 0);
    assert!(inbox.all().is_empty() && !lab.state().exists());
    let unknown = lab.run(&["alerts", "test", "pigeon"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("there are slack"), "{}", unknown.stderr);
    assert_eq!(Lab::new().run(&["alerts", "test"]).code, 3);
}

#[test]
fn messages_are_capped_and_the_rest_waits_for_the_digest() {
    let inbox = Inbox::start(|received, _| Some(services::slack(received)));
    let lab = bulk(4, 5);
    let row = format!("\n[[channels]]\nkind = \"slack\"\nurl = \"{}\"\n{AT_ONCE}", inbox.url("/hook"));
    lab.settings(&(lab.web().settings_toml() + &row.replace("digest_at = []", "digest_at = [\"00:00\"]")));
    lab.run(&["cycle", "--catch-up", "100"]);
    let texts: Vec<String> =
        inbox.taken().iter().map(|received| received.json()["text"].to_string()).collect();
    assert_eq!(texts.len(), 4, "{texts:#?}");
    let last = inbox.taken()[3].json();
    assert!(
        texts[3].contains("more launches") && last["blocks"].to_string().contains("in the next digest"),
        "{last}"
    );
    let waiting = lab.run(&["alerts", "list", "--format", "ndjson"]).stdout;
    let sent = 3 + 12;
    assert_eq!(
        waiting.lines().filter(|line| line.contains("\"news\"")).count(),
        lab.events().len() - sent,
        "{waiting}"
    );
    assert_eq!(lab.run(&["alerts", "flush", "--all"]).code, 0);
    assert!(inbox.taken().last().unwrap().json()["text"].to_string().contains("digest"));
}

/// A lab with one channel to an inbox.
fn single(kind: &str, inbox: &Inbox, more: &str) -> Lab {
    let lab = bulk(1, 2);
    let url = match kind {
        "telegram" => format!("server = \"{}\"\ntoken = \"1:t\"\nchat = \"-100\"", inbox.url("")),
        "ntfy" => format!("url = \"{}\"", inbox.url("/launches")),
        _ => format!("url = \"{}\"", inbox.url("/hook")),
    };
    let row = format!("\n[[channels]]\nkind = \"{kind}\"\n{url}\n{AT_ONCE}{more}");
    lab.settings(&(lab.web().settings_toml() + &row));
    lab
}

type Refusal = fn() -> Answer;

#[test]
fn rate_limit_of_each_service_is_obeyed() {
    let refusals: [(&str, Refusal); 5] = [
        ("slack", || Answer::new(429, "rate_limited").with("Retry-After", "1")),
        ("discord", || {
            Answer::new(429, r#"{"message":"You are being rate limited.","retry_after":0.2,"global":false}"#)
                .with("X-RateLimit-Reset-After", "0.2")
        }),
        ("telegram", || {
            let body = r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":1}}"#;
            Answer::new(429, body)
        }),
        ("ntfy", || {
            Answer::new(429, r#"{"code":42901,"http":429,"error":"limit reached"}"#).with("Retry-After", "1")
        }),
        ("webhook", || Answer::new(503, "busy").with("Retry-After", "1")),
    ];
    for (kind, refusal) in refusals {
        let inbox = Inbox::start(move |_, before| {
            Some(if before == 0 { refusal() } else { Answer::new(200, r#"{"ok":true}"#) })
        });
        let lab = single(kind, &inbox, "");
        lab.run(&["cycle", "--catch-up", "9"]);
        let all = inbox.all();
        assert_eq!((all.len(), all[0].status), (3, if kind == "webhook" { 503 } else { 429 }), "{kind}");
        assert_eq!(all[0].body, all[1].body, "{kind}: the same message, unchanged");
        if kind == "webhook" {
            assert_eq!(all[0].header("webhook-id"), all[1].header("webhook-id"));
            assert_ne!(all[1].header("webhook-id"), all[2].header("webhook-id"));
        }
    }
}

#[test]
fn long_pause_outlasts_cycles_and_flush_ends_it() {
    let inbox = Inbox::start(|_, before| {
        Some(if before == 0 {
            Answer::new(429, "").with("Retry-After", "3600")
        } else {
            Answer::new(200, "ok")
        })
    });
    let lab = single("slack", &inbox, "");
    assert_eq!(lab.run(&["cycle", "--catch-up", "9"]).code, 0);
    lab.cycle();
    assert_eq!(inbox.all().len(), 1, "the pause is kept");
    assert!(lab.run(&["alerts", "list"]).stdout.contains("bound"));
    let flushed = lab.run(&["alerts", "flush"]);
    assert!(
        flushed.code == 0 && flushed.stdout.contains("0 still wait"),
        "{}{}",
        flushed.stdout,
        flushed.stderr
    );
    assert_eq!(inbox.taken().len(), 2);
}

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Service {
    Fails,
    IsSilent,
    IsGone,
    Works,
}

#[test]
fn failed_delivery_is_reported_and_repeated() {
    let service = Arc::new(Mutex::new(Service::Fails));
    let set = |state: Service| *service.lock().unwrap() = state;
    let current = Arc::clone(&service);
    let inbox = Inbox::start(move |_, _| match *current.lock().unwrap() {
        Service::Fails => Some(Answer::new(500, "oops")),
        Service::IsSilent => None,
        Service::IsGone => Some(Answer::new(410, "gone")),
        Service::Works => Some(Answer::new(200, "ok")),
    });
    let lab = single("webhook", &inbox, "timeout = \"60s\"\n");
    let settings = fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    let settings = format!("{settings}[alerts]\noutbox_max_age = \"0s\"\n");
    lab.settings(&settings);
    let first = lab.run(&["cycle", "--catch-up", "9"]);
    assert_eq!(first.code, 5, "{}", first.stderr);
    assert!(first.stderr.contains("outbox_max_age"), "{}", first.stderr);
    // Whatever the speed of this machine, the silent service exceeds the time limit.
    set(Service::IsSilent);
    lab.settings(&settings.replace("timeout = \"60s\"", "timeout = \"300ms\""));
    let silent = lab.run(&["alerts", "flush"]);
    assert!(
        silent.code == 5 && silent.stderr.contains("not done within the time limit"),
        "{}",
        silent.stderr
    );
    set(Service::IsGone);
    lab.settings(&settings);
    assert_eq!(lab.run(&["alerts", "flush"]).code, 5);
    let requests = inbox.all().len();
    lab.run(&["cycle"]);
    assert_eq!(inbox.all().len(), requests, "an endpoint that answered 410 is not requested again");
    let doctor = lab.run(&["doctor"]);
    assert!(
        doctor.code == 1
            && doctor.stdout.contains("refuses everything")
            && doctor.stdout.contains("alerts test webhook"),
        "{}",
        doctor.stdout
    );
    assert!(!doctor.stdout.contains("/hook"), "{}", doctor.stdout);
    set(Service::Works);
    let test = lab.run(&["alerts", "test"]);
    assert!(test.code == 0 && test.stdout.starts_with("ok"), "{}", test.stdout);
    assert_eq!(lab.run(&["alerts", "flush"]).code, 0);
    assert_eq!(inbox.taken().len(), 3, "a sample and both launches");
    assert_eq!(lab.run(&["cycle"]).code, 0);
}

#[test]
fn pause_of_a_channel_is_at_most_a_day() {
    const DAY: i64 = 86_400;
    let refusals: [(&str, Refusal); 6] = [
        ("slack", || Answer::new(429, "").with("Retry-After", "315360000")),
        ("webhook", || Answer::new(503, "").with("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")),
        ("discord", || Answer::new(429, r#"{"retry_after":1e300}"#)),
        ("discord", || {
            Answer::new(200, "{}")
                .with("X-RateLimit-Remaining", "0")
                .with("X-RateLimit-Reset-After", "99999999999.5")
        }),
        ("telegram", || Answer::new(429, r#"{"ok":false,"parameters":{"retry_after":315360000}}"#)),
        ("ntfy", || Answer::new(429, "{}").with("Retry-After", "99999999999999999999")),
    ];
    for (kind, refusal) in refusals {
        let inbox = Inbox::start(move |_, before| {
            Some(if before == 0 { refusal() } else { Answer::new(200, r#"{"ok":true}"#) })
        });
        let lab = single(kind, &inbox, "");
        lab.run(&["cycle", "--catch-up", "9"]);
        let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
        let until: Option<i64> =
            database.query_row("SELECT not_before FROM channels", [], |row| row.get(0)).unwrap();
        assert!(until.unwrap_or(0) <= crate::support::lab::now().as_second() + DAY, "{kind}: {until:?}");
        // A longer pause that an earlier version stored is dropped.
        let (before, far) = (inbox.all().len(), crate::support::lab::now().as_second() + 3650 * DAY);
        database.execute("UPDATE channels SET not_before = ?1", [far]).unwrap();
        database.execute("UPDATE messages SET next_try = ?1 WHERE settled_at IS NULL", [far]).unwrap();
        lab.run(&["cycle"]);
        assert!(inbox.all().len() > before, "{kind}: the channel is still paused");
    }
}

#[cfg(unix)]
#[test]
fn exec_channel_works_with_sigchld_ignored() {
    let lab = bulk(1, 2);
    let row = format!(
        "\n[[channels]]\nkind = \"exec\"\ncommand = [\"/bin/sh\", \"-c\", \"cat >> ran.ndjson\"]\n{AT_ONCE}"
    );
    let hook = "\n[hooks]\nafter_cycle = [\"/bin/sh\", \"-c\", \"cat > /dev/null\"]\n";
    lab.settings(&(lab.web().settings_toml() + &row + hook));
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new("/bin/sh");
        command
            .args(["-c", "trap '' CHLD; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tge-scrape")])
            .args(arguments);
        command.current_dir(lab.path()).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", lab.path());
        crate::support::lab::ran(command.output().unwrap())
    };
    let cycle = run(&["cycle", "--catch-up", "9", "-v"]);
    assert!(
        cycle.code == 0 && !cycle.stderr.contains("waits") && !cycle.stderr.contains("hook"),
        "{}",
        cycle.stderr
    );
    let ran = || fs::read_to_string(lab.path().join("ran.ndjson")).unwrap().lines().count();
    let once = ran();
    run(&["alerts", "flush"]);
    assert_eq!((once, ran()), (2, 2));
}
