//! Known sources: `feed add preset:NAME`, `feed verify`, `doctor --online`.

use std::{
    fs,
    process::Command,
    sync::{Mutex, mpsc::channel},
};

use serde_json::json;

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::{Lab, ran},
};

/// No request of these tests goes to another machine: a proxy on loopback refuses all others.
fn settings(proxy: &Inbox, rows: &str) -> String {
    format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\nretries = 0\nproxy = \"{}\"\n[x]\nenabled = false\n{rows}",
        proxy.url("/")
    )
}

/// A proxy that serves `venue.example` and refuses everything else.
fn web() -> Inbox {
    Inbox::start(|received: &Received, _| {
        let body = match received.path.as_str() {
            "http://venue.example/list" => json!({"list": [
                {"name": "Tidefall (TIDE) airdrop claim opens", "id": 7, "at": 1_796_205_600},
                {"name": "Fenwick | public token sale", "id": 8, "at": 1_796_119_200},
            ]}),
            "http://venue.example/renamed" => {
                json!({"list": [{"title": "Tidefall", "id": 7, "at": 1_796_205_600}]})
            }
            "http://venue.example/empty" => json!({"list": []}),
            _ => return Some(Answer::new(403, "refused")),
        };
        Some(Answer::new(200, &body.to_string()))
    })
}

fn row(name: &str) -> String {
    format!(
        "[[feeds]]\nname = \"{name}\"\nurl = \"http://venue.example/{name}\"\n\
         mapping = {{ items = \"list\", title = \"name\", link = \"https://venue.example/{{id}}\", time = \"at\" }}\n"
    )
}

#[test]
fn a_preset_is_added_as_a_plain_table() {
    let (lab, proxy) = (Lab::new(), web());
    lab.settings(&settings(&proxy, "# mine\n"));
    let listed = lab.run(&["feed", "add", "preset:"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    for name in ["okx", "upbit", "snapshot:NAME", "discourse:HOST", "github:OWNER/REPOSITORY", "medium:NAME"]
    {
        assert!(listed.stdout.contains(name), "{name}: {}", listed.stdout);
    }
    let json = lab.run(&["feed", "add", "preset:", "--format", "json"]).json();
    assert!(json["presets"].as_array().unwrap().iter().any(|row| row["undocumented"] == true));

    let unknown = lab.run(&["feed", "add", "preset:upbid"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("did you mean upbit?") && unknown.stderr.contains("feed add preset:"),
        "{}",
        unknown.stderr
    );
    let refused = lab.run(&["feed", "add", "preset:upbit"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("--no-check"), "{}", refused.stderr);

    let added = lab.run(&["feed", "add", "preset:upbit", "--no-check", "--tier", "2"]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    assert!(added.stdout.contains("may change or refuse without notice"), "{}", added.stdout);
    for space in ["aave.eth", "uniswapgovernance.eth"] {
        let added = lab.run(&["feed", "add", &format!("preset:snapshot:{space}"), "--no-check"]);
        assert_eq!(added.code, 0, "{}", added.stderr);
    }
    let again = lab.run(&["feed", "add", "preset:upbit", "--no-check"]);
    assert!(again.code == 0 && again.stdout.contains("has it already"), "{}", again.stdout);
    let text = fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    for line in [
        "# mine",
        "tier = 2",
        "kind = \"json\"",
        "[feeds.mapping]",
        "link = \"https://upbit.com/service_center/notice?id={id}\"",
        "url = \"https://hub.snapshot.org/graphql#!aave.eth\"",
        "[feeds.body]",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let check = lab.run(&["config", "check"]);
    assert_eq!(check.code, 0, "{}", check.stderr);
    assert_eq!(lab.run(&["feed", "list", "--format", "json"]).json()["feeds"].as_array().unwrap().len(), 3);
}

#[test]
fn the_key_preset_gives_the_mapping_of_a_known_list() {
    let (lab, proxy) = (Lab::new(), web());
    let feed =
        |preset: &str| format!("[[feeds]]\nurl = \"https://mirror.example/list\"\npreset = \"{preset}\"\n");
    lab.settings(&settings(&proxy, &feed("upbit")));
    assert_eq!(lab.run(&["config", "check"]).code, 0);
    for (preset, message) in [
        ("upbid", "there is no preset \"upbid\"; did you mean upbit?"),
        ("kraken", "\"kraken\" is no JSON list"),
    ] {
        lab.settings(&settings(&proxy, &feed(preset)));
        let check = lab.run(&["config", "check"]);
        assert!(check.code == 3 && check.stderr.contains(message), "{}", check.stderr);
    }
}

#[test]
fn verify_shows_which_sources_answer() {
    let (lab, proxy) = (Lab::new(), web());
    lab.settings(&settings(&proxy, &["list", "renamed", "empty"].map(row).concat()));
    let verified = lab.run(&["feed", "verify", "list", "renamed", "empty", "upbit", "--format", "json"]);
    let rows = verified.json()["sources"].clone();
    let found: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (row["source"].as_str().unwrap(), row["ok"].as_bool().unwrap(), row["entries"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [("list", true, 2), ("renamed", false, 0), ("empty", true, 0), ("preset:upbit", false, 0)]
    );
    assert_eq!(
        (rows[0]["newest"].as_str(), rows[1]["failure"].as_str()),
        (Some("2026-12-02T10:00:00Z"), Some("mapping"))
    );
    assert_eq!(rows[3]["shape"], "collectors");
    // Half failed: as many as cycle.max_failed_ratio permits.
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    assert_eq!(lab.run(&["feed", "verify", "list", "renamed", "--strict"]).code, 4);
    assert_eq!(lab.run(&["feed", "verify", "renamed"]).code, 4);
    assert_eq!(lab.run(&["feed", "verify", "list", "empty", "--strict"]).code, 0);
    let unknown = lab.run(&["feed", "verify", "lisst"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("there is no feed \"lisst\""), "{}", unknown.stderr);

    let file = lab.path().join("sources.md");
    let written = lab.run(&["feed", "verify", "list", "renamed", "-o", "sources.md"]);
    assert!(written.stdout.contains("1 of 2 sources answered with entries"), "{}", written.stdout);
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains("| list | http://venue.example/list | json | 2 | 2 | 2026-12-02 |"), "{text}");
    assert!(
        text.contains("| renamed | http://venue.example/renamed | json |")
            && text.contains("no item has a title at"),
        "{text}"
    );
    let page = lab.run(&["feed", "verify", "list", "--format", "markdown"]).stdout;
    assert!(page.starts_with("# Sources that answer\n") && page.contains("| list |"), "{page}");
    assert_eq!(lab.run(&["feed", "list", "--format", "markdown"]).code, 2);
    let table = lab.run(&["feed", "verify", "list", "empty"]).stdout;
    assert!(
        table.contains("ok")
            && table.contains("empty")
            && table.contains("1 of 2 sources answered with entries, 1 with an empty list"),
        "{table}"
    );
}

#[test]
fn without_a_network_every_row_fails() {
    let (lab, proxy) = (Lab::new(), Inbox::start(|_, _| Some(Answer::new(502, ""))));
    lab.settings(&settings(&proxy, &row("list")));
    let verified = lab.run(&["feed", "verify", "--format", "json"]);
    assert_eq!(verified.code, 4, "{}", verified.stderr);
    let rows = verified.json()["sources"].as_array().unwrap().clone();
    assert!(rows.len() > 100, "{}", rows.len());
    assert!(rows.iter().all(|row| row["ok"] == false && row["sentence"].is_string()), "{rows:?}");
    let doctor = lab.run(&["doctor", "--online"]);
    assert_eq!(doctor.code, 1);
    assert!(doctor.stdout.contains("BAD   network   no feed answered: list: "), "{}", doctor.stdout);
}

#[test]
fn doctor_asks_the_feeds_and_the_presets() {
    let (lab, proxy) = (Lab::new(), web());
    lab.settings(&settings(&proxy, &["list", "renamed"].map(row).concat()));
    let doctor = lab.run(&["doctor", "--online"]).stdout;
    assert!(doctor.contains("network   1 of 2 feeds failed: renamed: "), "{doctor}");
    assert!(doctor.contains("presets   ") && doctor.contains("presets failed: preset:okx: "), "{doctor}");
}

#[cfg(unix)]
#[test]
fn verify_stops_when_it_is_interrupted() {
    let (arrived, arrivals) = channel();
    let arrived = Mutex::new(arrived);
    let proxy = Inbox::start(move |_, _| {
        let _ = arrived.lock().unwrap().send(());
        None
    });
    let lab = Lab::new();
    lab.settings(&settings(&proxy, &row("list")));
    for (arguments, signal, code) in
        [(&["feed", "verify", "list"][..], "-INT", 130), (&["doctor", "--online"][..], "-TERM", 143)]
    {
        let child = lab.start(arguments);
        arrivals.recv().unwrap();
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(ran(child.wait_with_output().unwrap()).code, code, "{arguments:?}");
    }
}
