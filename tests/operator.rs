//! What the operator gets: hooks, notices of failures, and `events --follow`.

use std::fs;

use serde_json::Value;

use crate::support::{
    inbox::{Answer, Inbox},
    lab::Lab,
    world::bulk,
};

#[test]
fn hooks_get_json_and_a_failing_hook_changes_nothing() {
    let lab = bulk(1, 2);
    let hooks = "[hooks]\nbefore_cycle = [\"/bin/sh\", \"-c\", \"cat > before.json; exit 3\"]\n\
                 after_cycle = [\"/bin/sh\", \"-c\", \"cat > after.json; env > after.env\"]\n\
                 on_detection = [\"/bin/sh\", \"-c\", \"cat > found.json\"]\non_failure = [\"/nonexistent\"]\n";
    lab.settings(&format!("{}\n{hooks}", lab.web().settings_toml()));
    let ran = ran_with_secret(&lab);
    assert_eq!(ran, 0);
    let read = |name: &str| fs::read_to_string(lab.path().join(name)).unwrap();
    let before: Value = serde_json::from_str(&read("before.json")).unwrap();
    assert_eq!((&before["hook"], &before["cycle"]), (&"before_cycle".into(), &1.into()));
    assert_eq!(before["due"], serde_json::json!(lab.web().feed_urls()));
    let after: Value = serde_json::from_str(&read("after.json")).unwrap();
    assert_eq!(
        (&after["report"]["cycle"]["exit_code"], &after["report"]["cycle"]["id"]),
        (&0.into(), &1.into())
    );
    let found: Value = serde_json::from_str(&read("found.json")).unwrap();
    assert_eq!((found["detections"].as_array().unwrap().len(), &found["cycle"]), (2, &1.into()));
    assert!(!read("after.env").contains("hunter2"), "{}", read("after.env"));
}

#[test]
fn before_cycle_skips_the_cycle_with_code_75() {
    let lab = bulk(1, 2);
    let hooks = "[hooks]\nbefore_cycle = [\"/bin/sh\", \"-c\", \"test -e go || exit 75\"]\n\
                 after_cycle = [\"/bin/sh\", \"-c\", \"touch after\"]\n";
    lab.settings(&format!("{}\n{hooks}", lab.web().settings_toml()));
    let ran = lab.run(&["cycle"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    let ran = lab.run(&["cycle", "-v"]);
    assert!(
        ran.code == 0 && ran.stderr.contains("skipped: hooks.before_cycle ended with 75"),
        "{}",
        ran.stderr
    );
    assert!(lab.web().request_log().requests.is_empty());
    assert!(!lab.path().join("after").exists());
    fs::write(lab.path().join("go"), "").unwrap();
    assert_eq!(lab.cycle().cycle.id, 1);
    assert!(lab.path().join("after").exists());
}

fn ran_with_secret(lab: &Lab) -> i32 {
    let mut command = lab.command(&["cycle", "--catch-up", "9"]);
    command.env("X_BEARER_TOKEN", "hunter2").env("PATH", "/usr/bin:/bin");
    command.output().unwrap().status.code().unwrap()
}

#[test]
fn operator_is_notified_of_a_failing_feed_and_its_recovery() {
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
fn operator_is_notified_of_a_missed_target_and_its_recovery() {
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
    // No process is that small. The second cycle that misses the target raises its level, and the next one sends the notice.
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
    assert_eq!(sent().len(), 1, "two good cycles are no recovery");
    cycles(2);
    assert!(sent().len() == 2 && sent()[1].starts_with("recovered: "), "{:?}", sent());
}

#[test]
fn events_follow_prints_detections() {
    use std::io::{BufRead, BufReader};
    let lab = bulk(1, 1);
    lab.cycle();
    let mut child = lab.start(&["events", "--follow", "--since", "1h", "--format", "ndjson"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let sent: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(sent["story_id"], lab.events()[0].story_id);
    let _ = child.kill();
    child.wait().unwrap();
    assert_eq!(lab.run(&["events", "--follow", "--format", "csv"]).code, 2);
}
