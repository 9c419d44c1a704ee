//! `show`, `open` and `label`: what the program did with a story or an entry, named by a short ID or an address.

use std::{fs, io::Write, process::Stdio};

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, Ran, ran},
};

/// A feed with a launch and a text without a launch word, whose page is about one.
fn lab() -> (Lab, Inbox) {
    let inbox = Inbox::start(|received, _| {
        let host = received.header("host");
        let page = |text: &str| {
            let text = text.repeat(12);
            Answer::new(200, &format!("<html><body><article><p>{text}</p></article></body></html>"))
                .with("Content-Type", "text/html; charset=utf-8")
        };
        Some(match received.path.as_str() {
            "/feed" => {
                let item = |title: &str, path: &str, text: &str| {
                    format!(
                        "<item><title>{title}</title><link>http://{host}/{path}</link><description>{text}</description></item>"
                    )
                };
                let items = item(
                    "Quorith opens airdrop claim for its QRTH token",
                    "claim",
                    "Eligible users can claim the QRTH token from today; the claim stays open for 30 days.",
                ) + &item(
                    "A long awaited team ends 53 months of waiting",
                    "wait",
                    "They thanked everybody who stayed.",
                );
                Answer::new(
                    200,
                    &format!("<rss version=\"2.0\"><channel><title>Notes</title>{items}</channel></rss>"),
                )
            }
            "/claim" => {
                page("Eligible users can claim the QRTH token from today; the claim stays open for 30 days. ")
            }
            _ => page(
                "Zorblax lists its ZORB token on three exchanges; the airdrop claim is open for eligible users. ",
            ),
        })
    });
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[x]\nenabled = false\n[[feeds]]\nurl = \"{}\"\nname = \"Notes\"\n",
        inbox.url("/feed")
    ));
    let cycle = lab.run(&["cycle", "--catch-up", "9"]);
    assert_eq!(cycle.code, 0, "{}", cycle.stderr);
    (lab, inbox)
}

fn with_stdin(lab: &Lab, arguments: &[&str], text: &str) -> Ran {
    let mut child = lab.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    ran(child.wait_with_output().unwrap())
}

#[test]
fn show_says_why_an_entry_was_dropped_and_what_became_of_a_story() {
    let (lab, inbox) = lab();
    let events = lab.events();
    assert_eq!(events.len(), 1);
    let id = &events[0].id[..6];
    for name in [id, events[0].id.as_str(), &inbox.url("/claim"), &id.to_uppercase()] {
        let shown = lab.run(&["show", name]);
        assert_eq!(shown.code, 0, "{name}: {}", shown.stderr);
        for wanted in [id, "Quorith", "1 mention", "seen ", " in Notes; judged", "no channel was notified"] {
            assert!(shown.stdout.contains(wanted), "{wanted} is missing in {}", shown.stdout);
        }
    }
    let dropped = lab.run(&["show", &inbox.url("/wait?utm_source=x")]);
    assert!(
        dropped
            .stdout
            .contains("in Notes; dropped before the page was read: no launch word in title or summary"),
        "{}{}",
        dropped.stdout,
        dropped.stderr
    );
    assert!(dropped.stdout.contains("tge-scrape project add NAME"), "{}", dropped.stdout);
    let json = lab.run(&["show", &inbox.url("/wait"), "--format", "json"]).json();
    assert_eq!((&json["schema"], &json["entries"][0]["state"]), (&1.into(), &"dropped".into()), "{json}");
    let entry = json["entries"][0]["id"].as_str().unwrap();
    assert!(lab.run(&["show", &entry[..8]]).stdout.contains("dropped"));
}

#[test]
fn an_unknown_or_ambiguous_name_is_one_sentence() {
    let (lab, inbox) = lab();
    let unknown = lab.run(&["show", "ffffffffffff"]);
    assert_eq!((unknown.code, unknown.stderr.lines().count()), (2, 2), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("no story or entry has an ID that begins with ffffffffffff"));
    let odd = lab.run(&["show", "not-an-id"]);
    assert!(odd.code == 2 && odd.stderr.contains("neither an ID nor an address"), "{}", odd.stderr);
    let other = lab.run(&["show", &inbox.url("/other")]);
    assert!(other.code == 1 && other.stderr.contains("was in no feed"), "{}", other.stderr);
    let entries = ["/claim", "/wait"].map(|path| {
        lab.run(&["show", &inbox.url(path), "--format", "json"]).json()["entries"][0]["id"].clone()
    });
    let event = lab.events().remove(0);
    for digit in "0123456789abcdef".chars() {
        let of = |ids: &[&str]| ids.iter().filter(|id| id.starts_with(digit)).count();
        // The ID of a story counts only where none of its detections has such an ID.
        let launches = of(&[&event.id, &event.story_id]).min(1);
        // Entries count only where no launch has such an ID.
        let alike =
            if launches > 0 { launches } else { of(&entries.each_ref().map(|id| id.as_str().unwrap())) };
        let shown = lab.run(&["show", &digit.to_string()]);
        assert_eq!(shown.code == 0, alike == 1, "{digit}: {}", shown.stderr);
        if alike > 1 {
            assert!(shown.stderr.contains(&format!("{alike} IDs begin with {digit}:")), "{}", shown.stderr);
        }
    }
}

#[test]
fn label_takes_short_ids_addresses_and_a_list_on_stdin() {
    let (lab, inbox) = lab();
    let id = lab.events()[0].id.clone();
    let labelled = lab.run(&["label", &id[..6], "yes"]);
    assert!(labelled.stdout.starts_with("a launch: Quorith"), "{}{}", labelled.stdout, labelled.stderr);
    assert_eq!(lab.run(&["label", &inbox.url("/claim"), "no"]).code, 0);
    let dropped = lab.run(&["label", &inbox.url("/wait"), "no"]);
    assert!(dropped.code == 2 && dropped.stderr.contains("was not judged a launch"), "{}", dropped.stderr);
    let list =
        with_stdin(&lab, &["label", "-", "clear", "--format", "json"], &format!("{id}\n\n{id} again\n"));
    assert_eq!((list.code, list.json()["labelled"].as_u64()), (0, Some(0)), "{}", list.stderr);
    let wrong = with_stdin(&lab, &["label", "-", "yes"], &format!("{id}\nffffffff\n"));
    assert!(wrong.code == 2 && wrong.stderr.contains("ffffffff"), "{}", wrong.stderr);
    let none = lab.run(&["label", &id, "clear", "--format", "json"]).json();
    assert_eq!(none["labelled"], 0, "one wrong ID labels nothing");
    assert_eq!(with_stdin(&lab, &["label", "-", "yes"], "\n").code, 2);
}

#[cfg(unix)]
#[test]
fn open_gives_the_page_to_the_browser_of_the_user() {
    use std::os::unix::fs::PermissionsExt;
    let (lab, inbox) = lab();
    let id = lab.events()[0].id.clone();
    let browser = lab.path().join("browser");
    fs::write(&browser, "#!/bin/sh\nprintf '%s' \"$1\" > opened\n").unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let open = |browser: &str| {
        ran(lab
            .command(&["open", &id[..6]])
            .env("BROWSER", browser)
            .env("PATH", lab.path())
            .output()
            .unwrap())
    };
    let missing = lab.path().join("missing");
    let opened = open(&format!("{}:{}", missing.display(), browser.display()));
    assert_eq!(opened.code, 0, "{}", opened.stderr);
    assert_eq!(fs::read_to_string(lab.path().join("opened")).unwrap(), inbox.url("/claim"));
    let none = open("");
    assert!(none.code == 1 && none.stderr.contains("set BROWSER"), "{}", none.stderr);
}
