//! What `doctor` says about cycles, feeds, channels and secrets, and which commands need secrets.

use serde_json::Value;

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, Ran},
};

/// A site with `good` feeds and five addresses without one.
fn site(good: usize) -> (Inbox, String) {
    let feed = "<rss version=\"2.0\"><channel><title>News</title><item><title>Museum opens</title><guid>1</guid></item></channel></rss>";
    let site = Inbox::start(move |asked, _| {
        Some(if asked.path.starts_with("/good") { Answer::new(200, feed) } else { Answer::new(404, "") })
    });
    let mut settings = String::from(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n",
    );
    for at in 0..good + 5 {
        let (path, name) = if at < good {
            (format!("/good{at}"), format!("Good {at}"))
        } else {
            (format!("/dead{at}"), format!("Dead {at}"))
        };
        settings.push_str(&format!("[[feeds]]\nurl = \"{}\"\nname = \"{name}\"\n", site.url(&path)));
    }
    (site, settings)
}

fn line(doctor: &Ran, thing: &str) -> Value {
    let found = doctor.json();
    let all = found["findings"].as_array().unwrap();
    all.iter()
        .find(|finding| finding["thing"] == thing)
        .cloned()
        .unwrap_or_else(|| panic!("{thing}: {found}"))
}

fn doctor(lab: &Lab, shift_s: i64) -> Ran {
    lab.run(&["doctor", "--format", "json", "--shift-clock", &shift_s.to_string()])
}

#[test]
fn dead_feeds_are_named_and_exit_with_1() {
    let lab = Lab::new();
    let (_site, settings) = site(35);
    lab.settings(&settings);
    assert_eq!(doctor(&lab, 0).code, 0);
    assert_eq!(lab.run(&["cycle"]).code, 0);
    let found = doctor(&lab, 0);
    assert_eq!(found.code, 1, "{}", found.stdout);
    let feeds = line(&found, "feeds");
    let says = feeds["says"].as_str().unwrap();
    assert!(says.starts_with("5 of 40 feeds failing: "), "{says}");
    for at in 35..40 {
        assert!(says.contains(&format!("Dead {at} (not_found)")), "{says}");
    }
    assert!(feeds["todo"].as_str().unwrap().contains("feed list --failing"), "{feeds}");
    assert_eq!(line(&found, "cycle")["level"], "ok");
    for at in 35..40 {
        assert_eq!(lab.run(&["feed", "disable", &format!("dead {at}")]).code, 0);
    }
    let mended = doctor(&lab, 0);
    assert_eq!(mended.code, 0, "{}", mended.stdout);
    assert_eq!(line(&mended, "feeds")["says"], "35 feeds, none failing");
}

#[test]
fn a_failed_or_missed_cycle_exits_with_1() {
    let lab = Lab::new();
    let (_site, settings) = site(1);
    lab.settings(&settings);
    assert_eq!(lab.run(&["cycle"]).code, 4);
    let failed = doctor(&lab, 0);
    assert_eq!(failed.code, 1);
    let says = line(&failed, "cycle")["says"].as_str().unwrap().to_owned();
    assert!(says.contains("5 of 6 feeds failed (exit 4)"), "{says}");
    lab.settings(&settings.split("[[feeds]]\n").take(2).collect::<Vec<_>>().join("[[feeds]]\n"));
    for ten_minutes in 1..6 {
        let shift = (ten_minutes * 600).to_string();
        assert_eq!(lab.run(&["cycle", "--shift-clock", &shift]).code, 0);
    }
    let regular = doctor(&lab, 3_300);
    assert_eq!(regular.code, 0, "{}", regular.stdout);
    let says = line(&regular, "cycle")["says"].as_str().unwrap().to_owned();
    assert!(says.starts_with("last 5 min ago: ok; usually every 10 min"), "{says}");
    let overdue = doctor(&lab, 3_000 + 3 * 3_600);
    assert_eq!(overdue.code, 1, "{}", overdue.stdout);
    let says = line(&overdue, "cycle")["says"].as_str().unwrap().to_owned();
    assert!(says.starts_with("no cycle for 3 h; usually every 10 min"), "{says}");
}

#[test]
fn only_commands_that_send_need_secrets() {
    let lab = Lab::new();
    let (_site, settings) = site(1);
    lab.settings(&settings);
    lab.run(&["cycle"]);
    let channel = "[[channels]]\nkind = \"webhook\"\nname = \"desk\"\nurl_env = \"MYHOOK\"\n";
    lab.settings(&format!("{settings}[metrics]\nhealthcheck_url_env = \"MYPING\"\n{channel}"));
    std::fs::write(lab.path().join("a.txt"), "Caldera airdrop is live").unwrap();
    for command in [
        &["events"][..],
        &["stats"],
        &["feed", "list"],
        &["report", "-o", "page.html"],
        &["explain", "a.txt"],
        &["config", "show"],
        &["config", "check"],
        &["alerts", "list"],
        &["project", "list"],
        &["x", "plan"],
        &["rescan", "--dry-run"],
        &["db", "check"],
    ] {
        let ran = lab.run(command);
        assert_eq!(ran.code, 0, "{command:?}: {}", ran.stderr);
    }
    for command in [&["cycle"][..], &["alerts", "test"], &["alerts", "send"]] {
        let ran = lab.run(command);
        assert_eq!(ran.code, 3, "{command:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("variable MYHOOK is not set"), "{}", ran.stderr);
    }
    let found = doctor(&lab, 0);
    assert!(line(&found, "secret")["says"].as_str().unwrap().contains("variable MYHOOK is not set"));
    assert_eq!(line(&found, "secret")["level"], "note");
    assert!(line(&found, "monitor")["says"].as_str().unwrap().contains("MYPING is not set"));
}

#[test]
fn broken_settings_are_examined_and_shown() {
    let lab = Lab::new();
    for (text, expected) in [
        ("[http]\nconcurrency = = 3\n", "tge-scrape.toml:2:15: not TOML"),
        (
            "[http]\nconcurrency = 0\n[state]\ndir = \"elsewhere\"\n",
            "tge-scrape.toml:2:15: http.concurrency: should be",
        ),
    ] {
        lab.settings(text);
        let found = doctor(&lab, 0);
        assert_eq!(found.code, 3, "{}", found.stdout);
        let says = line(&found, "settings")["says"].as_str().unwrap().to_owned();
        assert!(says.contains(expected), "{says}");
        let state = line(&found, "state")["says"].as_str().unwrap().to_owned();
        assert_eq!(state.starts_with("elsewhere"), text.contains("elsewhere"), "{state}");
        let shown = lab.run(&["config", "show", "--format", "csv"]);
        assert_eq!(shown.code, 3);
        assert!(
            shown.stdout.contains("http.idle_timeout") && shown.stderr.contains(expected),
            "{}",
            shown.stderr
        );
    }
    for command in [&["config", "check"][..], &["doctor"], &["events"]] {
        let ran = lab.run(&[&["-c", "missing.toml"], command].concat());
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        let said = ran.stdout + &ran.stderr;
        assert!(said.contains("no such file: missing.toml") && !said.contains("config show"), "{said}");
    }
}

#[test]
fn a_tested_channel_is_remembered() {
    let lab = Lab::new();
    let hook = Inbox::start(move |_, before| Some(Answer::new(if before == 0 { 200 } else { 404 }, "")));
    let channel = format!(
        "[[channels]]\nkind = \"webhook\"\nurl = \"{}\"\nallow_private_address = true\n",
        hook.url("/in")
    );
    let (_site, settings) = site(1);
    lab.settings(&(settings + &channel));
    assert_eq!(line(&doctor(&lab, 0), "channel webhook")["level"], "note");
    assert_eq!(lab.run(&["alerts", "test"]).code, 0);
    let tested = line(&doctor(&lab, 120), "channel webhook");
    assert_eq!(tested["level"], "ok");
    let says = tested["says"].as_str().unwrap();
    assert!(says.starts_with("to 127.0.0.1: ") && says.contains("test message sent 2 min ago"), "{says}");
    assert_eq!(lab.run(&["alerts", "test"]).code, 1);
    let failed = line(&doctor(&lab, 0), "channel webhook");
    assert_eq!(failed["level"], "wrong");
}

#[test]
fn free_pages_of_the_database_are_named_with_the_command_that_frees_them() {
    let lab = Lab::new();
    let (_site, settings) = site(1);
    lab.settings(settings.split("[[feeds]]\n").take(2).collect::<Vec<_>>().join("[[feeds]]\n").as_str());
    assert_eq!(lab.run(&["cycle"]).code, 0);
    assert_eq!(line(&doctor(&lab, 0), "database")["level"], "ok");
    let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(20971520)); DROP TABLE filler",
        )
        .unwrap();
    drop(database);
    let found = doctor(&lab, 0);
    let free = line(&found, "database");
    assert_eq!((found.code, &free["level"]), (0, &"note".into()), "{free}");
    assert!(free["says"].as_str().unwrap().ends_with("20 MiB of it are free inside the file"), "{free}");
    assert!(free["todo"].as_str().unwrap().contains("db compact"), "{free}");
    assert_eq!(lab.run(&["db", "compact"]).code, 0);
    assert_eq!(line(&doctor(&lab, 0), "database")["level"], "ok");
}

#[test]
fn the_growth_of_the_database_is_a_forecast_from_seven_days_on() {
    let lab = Lab::new();
    let (_site, settings) = site(1);
    let own = settings.split("[[feeds]]\n").take(2).collect::<Vec<_>>().join("[[feeds]]\n");
    lab.settings(&own);
    let day = |number: i64| number * 86_400;
    let has_disk = |at: i64| {
        let found = doctor(&lab, at).json();
        found["findings"].as_array().unwrap().iter().any(|finding| finding["thing"] == "disk")
    };
    for number in 0..7 {
        assert!(!has_disk(day(number)), "{number} days are no trend");
        assert_eq!(lab.run(&["cycle", "--shift-clock", &day(number).to_string()]).code, 0);
    }
    let disk = line(&doctor(&lab, day(6)), "disk");
    assert_eq!(disk["level"], "ok", "{disk}");
    // The same history with a database that fills any disk within 30 days.
    let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
    let grown = database
        .execute(
            "UPDATE sums SET document = json_set(document, '$.database_bytes', \
             CAST((julianday(period) - 2461000) * 1e12 AS INTEGER)) WHERE length(period) = 10",
            [],
        )
        .unwrap();
    assert_eq!(grown, 7);
    let found = doctor(&lab, day(6));
    let disk = line(&found, "disk");
    assert_eq!((found.code, &disk["level"]), (1, &"wrong".into()), "{disk}");
    let says = disk["says"].as_str().unwrap();
    assert!(says.starts_with("disk full in ") && says.contains("953674.3 MiB a day"), "{says}");
    lab.settings(&format!("{own}[alerts]\ndisk_free = \"99999999GiB\"\n"));
    let low = line(&doctor(&lab, 0), "disk");
    assert!(low["says"].as_str().unwrap().contains("less than alerts.disk_free"), "{low}");
}
