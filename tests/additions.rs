//! Own feeds and projects add to the built-in ones, and the commands say what applies afterwards.

use crate::support::lab::{Lab, Ran, ran};

/// Runs a command with the built-in feeds, which no command here requests.
fn run(lab: &Lab, arguments: &[&str]) -> Ran {
    let mut command = lab.command(arguments);
    ran(command.env_remove("TGE_SCRAPE_CYCLE__BUILTIN_FEEDS").output().unwrap())
}

/// Number of feeds that are read.
fn feeds(lab: &Lab) -> usize {
    let list = run(lab, &["feed", "list", "--format", "ndjson"]).stdout;
    list.lines().filter(|line| !line.contains("\"state\":\"disabled\"")).count()
}

fn projects(lab: &Lab) -> usize {
    run(lab, &["project", "list", "--format", "ndjson"]).stdout.lines().count()
}

fn said(ran: &Ran, expected: &str) {
    assert!(ran.code == 0 && ran.stdout.contains(expected), "{expected:?}: {}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_first_added_feed_keeps_the_built_in_ones() {
    let lab = Lab::new();
    let all = feeds(&lab);
    assert!(all > 100);
    let added =
        run(&lab, &["feed", "add", "--no-check", "https://own.example/feed", "--name", "Own", "--tier", "1"]);
    said(&added, &format!("added to tge-scrape.toml: {} feeds ({all} built in) are read", all + 1));
    assert_eq!(feeds(&lab), all + 1);
    let check = run(&lab, &["config", "check"]).stdout;
    assert!(check.contains(&format!("{} feeds ({all} built in)", all + 1)), "{check}");
    let file = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    assert!(file.contains("[cycle]\nbuiltin_feeds = true"), "{file}");
    std::fs::write(
        lab.path().join("list.opml"),
        "<opml version=\"2.0\"><body><outline xmlUrl=\"https://new.example/feed\"/><outline xmlUrl=\"http://www.ambcrypto.com/feed\"/></body></opml>",
    )
    .unwrap();
    let imported = run(&lab, &["feed", "import", "list.opml"]);
    assert_eq!(imported.stdout, "1 added, 1 known, 0 invalid\n");
    assert_eq!(imported.stderr, format!("{} feeds ({all} built in) are read now\n", all + 2));
    // A file of version 0.1 with its own feeds reads those only, also after an addition.
    lab.settings("[[feeds]]\nurl = \"https://own.example/feed\"\n");
    assert_eq!(feeds(&lab), 1);
    let check = run(&lab, &["config", "check"]).stdout;
    assert!(check.contains("the built-in feeds do not apply"), "{check}");
    let added = run(&lab, &["feed", "add", "--no-check", "https://new.example/feed"]);
    said(&added, "added to tge-scrape.toml: 2 feeds are read");
}

#[test]
fn built_in_feeds_are_disabled_enabled_and_removed() {
    let lab = Lab::new();
    let all = feeds(&lab);
    said(&run(&lab, &["feed", "disable", "ambcrypto"]), "disabled \"AMBCrypto\" in tge-scrape.toml");
    said(&run(&lab, &["feed", "disable", "AMBCrypto"]), "\"AMBCrypto\" is disabled already");
    assert_eq!(feeds(&lab), all - 1);
    said(&run(&lab, &["feed", "enable", "https://ambcrypto.com/feed/"]), "enabled \"AMBCrypto\"");
    assert_eq!(feeds(&lab), all);
    assert_eq!(std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap().trim(), "");
    said(&run(&lab, &["feed", "remove", "AMBCrypto"]), "is built in: disabled in tge-scrape.toml");
    said(&run(&lab, &["feed", "add", "https://ambcrypto.com/feed/"]), "was disabled, enabled in");
    said(&run(&lab, &["feed", "add", "http://www.ambcrypto.com/feed"]), "is read already: it is built in");
    assert_eq!(feeds(&lab), all);
    let wrong = run(&lab, &["feed", "disable", "AMBCripto"]);
    assert!(wrong.code == 1 && wrong.stderr.contains("did you mean \"AMBCrypto\"?"), "{}", wrong.stderr);
}

#[test]
fn the_first_added_project_keeps_the_built_in_ones() {
    let lab = Lab::new();
    let all = projects(&lab);
    assert!(all > 100);
    let added = run(&lab, &["project", "add", "Lumenade"]);
    said(&added, &format!("added to tge-scrape.toml: {} projects ({all} built in) are watched", all + 1));
    assert_eq!(projects(&lab), all + 1);
    said(&run(&lab, &["project", "remove", "caldera"]), "is built in: switched off");
    assert_eq!(projects(&lab), all);
    assert_eq!(run(&lab, &["project", "remove", "Caldera"]).code, 1);
    said(&run(&lab, &["project", "add", "Caldera"]), "was removed before, added again");
    said(&run(&lab, &["project", "add", "Caldera"]), "is watched already: it is built in");
    let changed = run(&lab, &["project", "add", "Caldera", "--priority", "low"]);
    said(&changed, "what you gave replaces its values");
    let list = run(&lab, &["project", "list", "--format", "json"]).json();
    let caldera = list["projects"].as_array().unwrap().iter().find(|project| project["name"] == "Caldera");
    assert_eq!(caldera.unwrap()["tokens"][0], "ERA");
    assert_eq!((projects(&lab), &caldera.unwrap()["priority"]), (all + 1, &"low".into()));
    said(&run(&lab, &["project", "remove", "Lumenade"]), "removed Lumenade from tge-scrape.toml");
    lab.settings("[[projects]]\nname = \"Lumenade\"\n");
    assert_eq!(projects(&lab), 1);
}
