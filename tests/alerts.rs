//! Alerts as people and programs get them: the real binary, and each service with the limits it documents.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{
    cycle::events,
    support::{
        inbox::{Answer, Inbox},
        lab::Lab,
        mail::{Injected, MailServer},
        services,
        world::{LOUD, World, bulk, missing},
    },
};

#[test]
fn every_channel_tells_every_launch_within_its_limits() {
    let world = World::new(bulk(3, 8));
    world.settle(&["cycle", "--catch-up", "100"]);
    let found = events(&world.lab);
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
    assert_eq!(before, after, "nothing new, nothing told");
    let shown = world.lab.run(&["config", "show"]).stdout + &world.lab.run(&["doctor"]).stdout;
    for secret in ["secret", "hunter2", "1:t", services::SECRET] {
        assert!(!shown.contains(&format!("/{secret}")) && !shown.contains(&format!("\"{secret}")), "{shown}");
    }
}

#[test]
fn the_first_sight_of_a_source_tells_nobody_and_news_are_told_later() {
    let lab = Lab::with_web();
    let file = format!("\n[[channels]]\nkind = \"file\"\npath = \"a.ndjson\"\n{LOUD}");
    lab.settings(&(lab.web().settings_toml() + &file));
    lab.cycle();
    assert!(!events(&lab).is_empty() && !lab.path().join("a.ndjson").exists());
    lab.web().advance();
    lab.cycle();
    let sent = fs::read_to_string(lab.path().join("a.ndjson")).unwrap();
    assert!(!sent.is_empty());
    let ids: Vec<String> =
        sent.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].to_string()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
}

#[test]
fn a_dry_run_tells_nobody_and_an_unknown_channel_is_named() {
    let inbox = Inbox::start(|_, _| Some(Answer::new(200, "ok")));
    let lab = single("slack", &inbox, "");
    assert_eq!(lab.run(&["cycle", "--dry-run", "--catch-up", "9"]).code, 0);
    assert!(inbox.all().is_empty() && !lab.state().exists());
    let unknown = lab.run(&["alerts", "test", "pigeon"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("there are slack"), "{}", unknown.stderr);
    assert_eq!(Lab::new().run(&["alerts", "test"]).code, 3);
}

#[test]
fn more_than_a_few_share_one_message_and_the_rest_comes_with_the_digest() {
    let inbox = Inbox::start(|received, _| Some(services::slack(received)));
    let lab = bulk(4, 5);
    let row = format!("\n[[channels]]\nkind = \"slack\"\nurl = \"{}\"\n{LOUD}", inbox.url("/hook"));
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
        events(&lab).len() - sent,
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
    let row = format!("\n[[channels]]\nkind = \"{kind}\"\n{url}\n{LOUD}{more}");
    lab.settings(&(lab.web().settings_toml() + &row));
    lab
}

type Refusal = fn() -> Answer;

#[test]
fn slow_down_is_obeyed_in_each_services_own_words() {
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
fn a_long_pause_is_kept_over_cycles_and_flush_breaks_it() {
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

#[test]
fn what_fails_is_told_by_exit_code_doctor_and_list_and_never_lost() {
    let inbox = Inbox::start(|_, before| match before {
        0 => Some(Answer::new(500, "oops")),
        1 => None,
        2 => Some(Answer::new(410, "gone")),
        _ => Some(Answer::new(200, "ok")),
    });
    let lab = single("webhook", &inbox, "timeout = \"300ms\"\n");
    let settings = fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    lab.settings(&format!("{settings}[alerts]\noutbox_max_age = \"0s\"\n"));
    let first = lab.run(&["cycle", "--catch-up", "9"]);
    assert_eq!(first.code, 5, "{}", first.stderr);
    assert!(first.stderr.contains("outbox_max_age"), "{}", first.stderr);
    let silent = lab.run(&["alerts", "flush"]);
    assert!(
        silent.code == 5 && silent.stderr.contains("not done within the time limit"),
        "{}",
        silent.stderr
    );
    // A machine under load is no silent server.
    let settings = fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    lab.settings(&settings.replace("timeout = \"300ms\"", "timeout = \"60s\""));
    let gone = lab.run(&["alerts", "flush"]);
    assert_eq!(gone.code, 5);
    lab.run(&["cycle"]);
    assert_eq!(inbox.all().len(), 3, "an endpoint that is gone is not asked again");
    let doctor = lab.run(&["doctor"]);
    assert!(
        doctor.code == 1
            && doctor.stdout.contains("refuses everything")
            && doctor.stdout.contains("alerts test webhook"),
        "{}",
        doctor.stdout
    );
    assert!(!doctor.stdout.contains("/hook"), "{}", doctor.stdout);
    let test = lab.run(&["alerts", "test"]);
    assert!(test.code == 0 && test.stdout.starts_with("ok"), "{}", test.stdout);
    assert_eq!(lab.run(&["alerts", "flush"]).code, 0);
    assert_eq!(inbox.taken().len(), 3, "a sample and both launches");
    assert_eq!(lab.run(&["cycle"]).code, 0);
}

#[test]
fn mail_is_sent_by_tls_or_starttls_only_and_a_refusal_is_understood() {
    for implicit in [true, false] {
        let lab = bulk(1, 2);
        let server = MailServer::start(lab.path(), implicit, |before| match before {
            0 => "250 taken",
            _ => "554 5.7.1 not this one",
        });
        let row = format!(
            "\n[[channels]]\nkind = \"email\"\nhost = \"localhost\"\nport = {}\ntls = \"{}\"\nusername = \"me\"\npassword = \"hunter2\"\n\
             from = \"tge@a.example\"\nto = [\"you@b.example\"]\nca_file = \"{}\"\n{LOUD}",
            server.port,
            if implicit { "tls" } else { "starttls" },
            server.authority.display()
        );
        lab.settings(&(lab.web().settings_toml() + &row));
        lab.run(&["cycle", "--catch-up", "9"]);
        let mails = server.mails();
        assert_eq!(mails.len(), 1, "{}", lab.run(&["alerts", "list"]).stdout);
        assert!(
            mails[0].contains("Message-ID: <") && mails[0].contains("References: <story-"),
            "{}",
            mails[0]
        );
        assert!(lab.run(&["alerts", "list", "--format", "ndjson"]).stdout.contains("not this one"));
        // Another authority: nothing is sent to a server that cannot prove its name.
        let elsewhere = tempfile::tempdir().unwrap();
        let other = MailServer::start(elsewhere.path(), implicit, |_| "250 taken");
        lab.settings(
            &(lab.web().settings_toml() + &row.replace(&server.port.to_string(), &other.port.to_string())),
        );
        let test = lab.run(&["alerts", "test"]);
        assert!(test.code == 1 && test.stdout.contains("certificate"), "{}", test.stdout);
        assert!(other.mails().is_empty());
    }
}

#[test]
fn what_is_added_in_the_clear_is_never_taken_for_the_mail_servers_word() {
    // All that a server would say through TLS.
    const ANSWERS: &str =
        "250-here\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n221 bye\r\n";
    let more = "more than its response before encryption";
    let rows: [(Injected, &[&str]); 4] = [
        (
            Injected {
                starttls: &[
                    "220 go\r\n250-here\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n",
                ],
                ..Injected::default()
            },
            &[more],
        ),
        // Depending on how the parts arrive, they come with the answer or in place of the handshake.
        (
            Injected { starttls: &["220 g", "o\r\n2", ANSWERS], ..Injected::default() },
            &[more, "in place of encryption"],
        ),
        (
            Injected { starttls: &["220 go\r\n", ANSWERS], ..Injected::default() },
            &[more, "in place of encryption"],
        ),
        (
            Injected {
                greeting: "\r\n250-here\r\n250 STARTTLS\r\n220 go\r\n250 AUTH PLAIN\r\n235 ok",
                starttls: &["220 go\r\n"],
            },
            &[more],
        ),
    ];
    for (injected, expected) in rows {
        let lab = bulk(1, 2);
        let server = MailServer::injected(lab.path(), injected);
        let row = format!(
            "\n[[channels]]\nkind = \"email\"\nhost = \"localhost\"\nport = {}\nusername = \"me\"\npassword = \"hunter2\"\n\
             from = \"tge@a.example\"\nto = [\"you@b.example\"]\nca_file = \"{}\"\n{LOUD}",
            server.port,
            server.authority.display()
        );
        lab.settings(&(lab.web().settings_toml() + &row));
        lab.run(&["cycle", "--catch-up", "9"]);
        let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
        let (sent, error): (Option<i64>, String) = database
            .query_row("SELECT sent_at, last_error FROM channels", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert!(sent.is_none() && expected.iter().any(|expected| error.contains(expected)), "{error}");
        assert!(server.mails().is_empty());
    }
}

#[test]
fn no_service_silences_a_channel_for_longer_than_a_day() {
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
        // What an earlier version stored is forgotten.
        let (before, far) = (inbox.all().len(), crate::support::lab::now().as_second() + 3650 * DAY);
        database.execute("UPDATE channels SET not_before = ?1", [far]).unwrap();
        database.execute("UPDATE messages SET next_try = ?1 WHERE settled_at IS NULL", [far]).unwrap();
        lab.run(&["cycle"]);
        assert!(inbox.all().len() > before, "{kind}: the channel stays silent");
    }
}

#[cfg(unix)]
#[test]
fn a_command_that_ended_well_is_not_run_again_where_sigchld_is_ignored() {
    let lab = bulk(1, 2);
    let row = format!(
        "\n[[channels]]\nkind = \"exec\"\ncommand = [\"/bin/sh\", \"-c\", \"cat >> ran.ndjson\"]\n{LOUD}"
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

/// A feed with titles nobody should be harmed by, each of a launch of its own.
fn hostile_feed() -> Inbox {
    let long = "x".repeat(10_000);
    let marks = [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "=cmd()",
        "@everyone &lt;!channel&gt;",
        long.as_str(),
        "\u{202E}gnp.exe\u{202C}",
        "*a* [b](https://evil.example) &lt;a href=\"https://evil.example\"&gt;c&lt;/a&gt;",
    ];
    let names = ["Zorblax", "Quendar", "Mivotel", "Hurbani", "Dextolo", "Falwick"];
    let item = |(mark, name): (&&str, &&str)| {
        format!(
            "<item><guid>{name}</guid><link>https://{0}.example/claim</link><title>{mark} {name} opens airdrop claim for its {1} token</title>\
             <description>{name} said eligible users can claim the {1} token from 25 December 2026; the claim stays open for 30 days. {mark}</description></item>",
            name.to_lowercase(),
            name[..4].to_uppercase()
        )
    };
    let items: String = marks.iter().zip(names.iter()).map(item).collect();
    let feed = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>=evil()</title>{items}</channel></rss>"
    );
    Inbox::start(move |received, _| {
        Some(if received.path == "/feed" { Answer::new(200, &feed) } else { Answer::new(404, "") })
    })
}

#[test]
fn hostile_titles_are_harmless_in_every_channel_and_output() {
    let feed = hostile_feed();
    let mut world = World::new(Lab::with_web());
    let outputs =
        "[outputs]\natom = \"out/tge.atom\"\njson_feed = \"out/tge.json\"\ncalendar = \"out/tge.ics\"\n";
    world.lab.settings(&format!(
        "[http]\nallow_private_addresses = true\n[cache]\nfeed_ttl = \"0s\"\n[detect]\nthreshold = 20\n{outputs}[[feeds]]\nurl = \"{}\"\nname = \"=evil()\"\n{}",
        feed.url("/feed"),
        world.channels()
    ));
    for _ in 0..4 {
        world.lab.run(&["cycle", "--catch-up", "100"]);
    }
    let found = events(&world.lab);
    assert!(found.len() >= 5, "{found:#?}");
    for (name, sent) in world.notifications() {
        assert_eq!(missing(&sent, &found), Vec::<String>::new(), "{name}");
        assert!(!sent.contains(['\u{202E}', '\u{0}']), "{name}");
        assert!(!sent.contains(&"x".repeat(1_000)), "{name}");
    }
    for inbox in [&world.slack, &world.discord, &world.telegram, &world.ntfy, &world.webhook] {
        assert_eq!(
            inbox.all().len(),
            inbox.taken().len(),
            "{:?}",
            inbox.all().iter().find(|r| r.status != 200)
        );
    }
    let output = |format: &str| world.lab.run(&["events", "--format", format]).stdout;
    let csv = output("csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for cell in reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t']), "{cell}");
    }
    for format in ["table", "atom", "ics"] {
        let text = output(format);
        assert!(!text.contains("<script") && !text.contains('\u{202E}') && !text.contains('\x1b'), "{text}");
    }
    let read = |name: &str| fs::read_to_string(world.lab.path().join("out").join(name)).unwrap();
    assert_eq!(read("tge.atom"), output("atom"));
    assert!(
        read("tge.ics").contains("DTSTART;VALUE=DATE:20261225") && read("tge.json").contains("jsonfeed.org")
    );
    world.webhook = Inbox::start(|_, _| None);
}

#[test]
fn hooks_get_json_and_a_failing_one_harms_nothing() {
    let lab = bulk(1, 2);
    let hooks = "[hooks]\nbefore_cycle = [\"/bin/sh\", \"-c\", \"cat > before.json; exit 3\"]\n\
                 after_cycle = [\"/bin/sh\", \"-c\", \"cat > after.json; env > after.env\"]\n\
                 on_detection = [\"/bin/sh\", \"-c\", \"cat > found.json\"]\non_failure = [\"/nonexistent\"]\n";
    lab.settings(&format!("{}\n{hooks}", lab.web().settings_toml()));
    let ran = ran_with_secret(&lab);
    assert_eq!(ran, 0);
    let read = |name: &str| fs::read_to_string(lab.path().join(name)).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&read("before.json")).unwrap()["hook"], "before_cycle");
    let after: Value = serde_json::from_str(&read("after.json")).unwrap();
    assert_eq!(after["report"]["cycle"]["exit_code"], 0);
    let found: Value = serde_json::from_str(&read("found.json")).unwrap();
    assert_eq!(found["detections"].as_array().unwrap().len(), 2);
    assert!(!read("after.env").contains("hunter2"), "{}", read("after.env"));
}

fn ran_with_secret(lab: &Lab) -> i32 {
    let mut command = lab.command(&["cycle", "--catch-up", "9"]);
    command.env("X_BEARER_TOKEN", "hunter2").env("PATH", "/usr/bin:/bin");
    command.output().unwrap().status.code().unwrap()
}

#[test]
fn the_operator_is_told_of_a_dead_feed_once_and_when_it_is_over() {
    let feed = Inbox::start(|_, before| {
        let well = "<rss version=\"2.0\"><channel><title>a</title><item><title>b</title><guid>1</guid></item></channel></rss>";
        Some(if before < 8 { Answer::new(500, "") } else { Answer::new(200, well) })
    });
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[cycle]\nmax_failed_ratio = 1.0\n\
         [[feeds]]\nurl = \"{}\"\nname = \"Poorly\"\n[[channels]]\nkind = \"file\"\npath = \"ops.ndjson\"\ntopics = [\"ops\"]\n",
        feed.url("/feed")
    ));
    let sent = || {
        let text = fs::read_to_string(lab.path().join("ops.ndjson")).unwrap_or_default();
        let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.flat_map(|message| message["notices"].as_array().unwrap().clone())
            .filter(|notice| notice["subject"].as_str().unwrap().starts_with("feed "))
            .map(|notice| notice["phase"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for _ in 0..5 {
        lab.run(&["cycle"]);
    }
    assert_eq!(sent(), Vec::<String>::new());
    for _ in 0..3 {
        lab.run(&["cycle"]);
    }
    assert_eq!(sent(), ["raised"]);
    for _ in 0..3 {
        lab.run(&["cycle"]);
    }
    assert_eq!(sent(), ["raised", "recovered"]);
}

#[test]
fn the_operator_is_told_of_a_missed_target_once_and_when_it_is_met_again() {
    let lab = bulk(1, 1);
    let channel = "[[channels]]\nkind = \"file\"\npath = \"ops.ndjson\"\ntopics = [\"ops\"]\n";
    let memory = |limit: &str| {
        lab.settings(&format!("{}\n{channel}[targets]\nmemory = \"{limit}\"\n", lab.web().settings_toml()));
    };
    let sent = || {
        let text = fs::read_to_string(lab.path().join("ops.ndjson")).unwrap_or_default();
        let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.flat_map(|message| message["notices"].as_array().unwrap().clone())
            .filter(|notice| notice["subject"] == "target memory")
            .map(|notice| {
                format!("{}: {}", notice["phase"].as_str().unwrap(), notice["says"].as_str().unwrap())
            })
            .collect::<Vec<_>>()
    };
    let cycles = |number: usize| (0..number).for_each(|_| drop(lab.cycle()));
    memory("1GiB");
    cycles(2);
    // No process is that small; the second cycle that misses it raises the level, the one after tells.
    memory("1MiB");
    cycles(2);
    assert_eq!(sent(), Vec::<String>::new());
    cycles(3);
    assert_eq!(sent().len(), 1, "{:?}", sent());
    assert!(
        sent()[0].starts_with("raised: the target memory is missed again and again (emergency)"),
        "{:?}",
        sent()
    );
    memory("1GiB");
    cycles(3);
    assert_eq!(sent().len(), 1, "two good cycles end nothing");
    cycles(2);
    assert!(sent().len() == 2 && sent()[1].starts_with("recovered: "), "{:?}", sent());
}

#[test]
fn a_follower_sees_what_a_cycle_finds() {
    use std::io::{BufRead, BufReader};
    let lab = bulk(1, 1);
    lab.cycle();
    let mut child = lab.start(&["events", "--follow", "--since", "1h", "--format", "ndjson"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let sent: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(sent["story_id"], events(&lab)[0]["story_id"]);
    let _ = child.kill();
    child.wait().unwrap();
    assert_eq!(lab.run(&["events", "--follow", "--format", "csv"]).code, 2);
}
