//! Labels, `rescan`, `classify --compare` and `explain`.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;
use tge_scrape::model::Detection;

use crate::support::{
    inbox::{Answer, Inbox},
    lab::Lab,
};

#[test]
fn labels_are_stored_and_give_the_precision() {
    let lab = Lab::with_web();
    lab.cycle();
    let ids: Vec<String> = lab.events().into_iter().map(|event| event.id).take(4).collect();
    for (id, word) in ids.iter().zip(["yes", "yes", "no", "yes"]) {
        assert_eq!(lab.run(&["label", id, word]).code, 0);
    }
    // The beginning of an ID is enough, and a later label replaces an earlier one.
    let last = lab.run(&["label", &ids[2][..12], "yes", "--format", "json"]).json();
    assert_eq!((last["labelled"].as_u64(), last["precision"].as_f64()), (Some(4), Some(1.0)));
    assert_eq!(lab.run(&["label", &ids[0], "no"]).code, 0);
    let stats = lab.run(&["stats", "--format", "json"]).json();
    assert_eq!((stats["labelled"].as_u64(), stats["precision"].as_f64()), (Some(4), Some(0.75)));
    let unknown = lab.run(&["label", "ffffffffff", "yes"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("no story or entry"), "{}", unknown.stderr);
}

/// The items of a feed: ten copies of one advert, then a launch of another project, then one more copy.
fn advert_feed(count: usize) -> String {
    let outlets = ["Mint", "Post", "Beat", "Wire", "Line", "Book", "Desk", "Note", "Page", "Sheet"];
    let copy = |outlet: &str| {
        (
            format!("Vexley presale enters final stage as VXL price is about to rise | {outlet}"),
            format!(
                "Sponsored by {outlet}. The Vexley presale has raised $4.1 million, and buyers can still get VXL tokens at the lowest price."
            ),
        )
    };
    let mut items: Vec<(String, String)> = outlets.iter().map(|outlet| copy(outlet)).collect();
    items.push((
        "Quorith opens QRTH airdrop claim".to_owned(),
        "Quorith users can claim QRTH tokens on the official portal from today.".to_owned(),
    ));
    items.push(copy("Record"));
    let item = |(at, (title, text)): (usize, &(String, String))| {
        format!(
            "<item><title>{title}</title><guid isPermaLink=\"false\">g{at}</guid><description>{text}</description></item>"
        )
    };
    let items: String = items.iter().take(count).enumerate().map(item).collect();
    format!("<?xml version='1.0'?><rss version='2.0'><channel><title>Adverts</title>{items}</channel></rss>")
}

#[test]
fn label_no_keeps_the_next_copies_out_until_it_is_cleared() {
    let shown = Arc::new(AtomicUsize::new(1));
    let count = Arc::clone(&shown);
    let server = Inbox::start(move |_, _| Some(Answer::new(200, &advert_feed(count.load(Ordering::SeqCst)))));
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n\
         [[feeds]]\nurl = \"{}\"\nname = \"adverts\"\n",
        server.url("/feed.xml")
    ));
    let titles = || -> BTreeSet<String> {
        let found = lab.run(&["cycle", "--format", "json"]).json();
        let found = found["detections"].as_array().unwrap().clone();
        found.iter().map(|found| found["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles().len(), 1);
    let id = lab.events()[0].id.clone();
    let no = lab.run(&["label", &id, "no"]);
    assert!(no.code == 0 && no.stdout.contains("similar texts score lower"), "{}", no.stdout);
    shown.store(11, Ordering::SeqCst);
    assert_eq!(titles(), BTreeSet::from(["Quorith opens QRTH airdrop claim".to_owned()]));
    assert_eq!(lab.events().len(), 2, "the stored verdict stays");

    let text = lab.path().join("advert.txt");
    fs::write(&text, "Vexley presale enters final stage as VXL price is about to rise\nSponsored by Coin. The Vexley presale has raised $4.1 million.").unwrap();
    let explain = || lab.run(&["explain", &text.display().to_string()]).stdout;
    assert!(explain().contains("like a text that you labelled no: Vexley presale"), "{}", explain());
    assert!(explain().starts_with("no token launch"), "{}", explain());
    let rescan = lab.run(&["rescan", "--format", "json"]).json();
    assert_eq!(rescan["changes"].as_array().unwrap().iter().filter(|one| one["change"] == "gone").count(), 0);

    let clear = lab.run(&["label", &id, "clear", "--format", "json"]).json();
    assert_eq!((clear["yes"].is_null(), clear["labelled"].as_u64()), (true, Some(0)));
    assert!(!explain().contains("labelled no") && explain().starts_with("a token launch"), "{}", explain());
    shown.store(12, Ordering::SeqCst);
    assert_eq!(titles().len(), 1, "the next copy is found again");
}

#[test]
fn rescan_applies_changed_rules_and_reverts_them() {
    let lab = Lab::with_web();
    lab.cycle();
    let before = lab.events();
    let settings = fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    // A muted word removes its launches.
    lab.settings(&settings.replace("[detect]\n", "[detect]\nmute = [\"airdrop\"]\n"));
    let dry = lab.run(&["rescan", "--dry-run", "--format", "json"]).json();
    let gone = |report: &Value, kind: &str| {
        report["changes"].as_array().unwrap().iter().filter(|change| change["change"] == kind).count()
    };
    assert!(gone(&dry, "gone") > 0, "{dry}");
    assert_eq!(lab.events(), before, "a dry run changes nothing");
    let real = lab.run(&["rescan", "--format", "json"]).json();
    assert_eq!(gone(&real, "gone"), gone(&dry, "gone"));
    let during = lab.events();
    assert!(during.len() < before.len());
    assert!(during.iter().all(|event| !event.title.to_lowercase().contains("airdrop")));
    lab.settings(&settings);
    let back = lab.run(&["rescan", "--format", "json"]).json();
    assert_eq!(gone(&back, "new"), gone(&dry, "gone"));
    let titles = |events: &[Detection]| -> BTreeSet<String> {
        events.iter().map(|event| event.title.clone()).collect()
    };
    assert_eq!(titles(&lab.events()), titles(&before));
}

#[test]
fn classify_compares_two_settings_text_by_text() {
    let lab = Lab::new();
    let (old, new) = (lab.path().join("old.toml"), lab.path().join("new.toml"));
    fs::write(&old, "").unwrap();
    fs::write(&new, "[[phrases]]\ntext = \"node licences\"\nweight = 80\n").unwrap();
    let mut child = lab
        .command(&["classify", "--compare", &old.display().to_string(), &new.display().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let texts = "{\"id\":\"a\",\"title\":\"Quillon sells node licences\"}\n{\"id\":\"b\",\"title\":\"Bitcoin climbs\"}\n";
    child.stdin.take().unwrap().write_all(texts.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((lines[0]["id"].as_str(), lines[0]["new"]["tge"].as_bool()), (Some("a"), Some(true)));
}

#[test]
fn explain_judges_an_address() {
    let lab = Lab::with_web();
    let url = lab.web().truth(2).into_iter().find(|truth| truth.tge == "yes" && truth.reachable).unwrap().url;
    let judged = lab.run(&["explain", &url, "--format", "json"]).json();
    assert_eq!(judged["tge"], true, "{url} {judged}");
    assert!(!judged["signals"].as_array().unwrap().is_empty());
    let nothing = lab.run(&["explain", "http://nowhere.localhost:9/"]);
    assert_eq!(nothing.code, 1);
    assert!(nothing.stderr.contains("could not be read"), "{}", nothing.stderr);
}
