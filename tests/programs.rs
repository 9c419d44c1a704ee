//! Sources that are programs, run by the real binary.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::{Lab, ran},
};

const HEAD: &str = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[x]\nenabled = false\n";

/// A lab whose only source runs `script`.
fn lab(script: &str, keys: &str) -> Lab {
    let lab = Lab::new();
    let file = lab.path().join("votes");
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    lab.settings(&format!("{HEAD}[[feeds]]\nurl = \"exec:votes\"\nname = \"Votes\"\ntier = 1\ncommand = [\"./votes\", \"a b\"]\n{keys}"));
    lab
}

/// Runs `arguments` with the variables of a cron job and a secret.
fn run(lab: &Lab, arguments: &[&str]) -> crate::support::lab::Ran {
    let mut command = lab.command(arguments);
    command.env("PATH", "/usr/bin:/bin").env("VOTES_KEY", "hunter2-hunter2").env("OTHER", "other");
    ran(command.output().unwrap())
}

/// Whether a process with `mark` in its arguments runs.
fn is_running(mark: &str) -> bool {
    let found = Command::new("pgrep").args(["-f", mark]).output().unwrap();
    !found.stdout.is_empty()
}

#[test]
fn its_entries_are_found_once_and_it_costs_no_request() {
    let web = Inbox::start(|received: &Received, _| {
        let title = "Tidefall (TIDE) airdrop claim opens for early users";
        let text = "The team confirmed the token launch and its terms today. ".repeat(12);
        Some(if received.path.starts_with("/a/") {
            Answer::new(
                200,
                &format!(
                    "<html><title>{title}</title><article><h1>{title}</h1><p>{text}</p></article></html>"
                ),
            )
        } else {
            Answer::new(404, "")
        })
    });
    let script = format!(
        "#!/bin/sh\necho \"$1:$PWD:$VOTES_KEY:$OTHER:$#\" >> ran\n\
         echo '{{\"title\": \"Tidefall (TIDE) airdrop claim opens for early users\", \"link\": \"{}\", \"time\": \"2026-11-27T10:00:00Z\"}}'\n\
         echo 'not json'\necho 'a note' >&2\n",
        web.url("/a/tidefall")
    );
    let lab = lab(&script, "environment = [\"VOTES_KEY\"]\n");
    let first = run(&lab, &["cycle", "--format", "json", "-v"]);
    let report = first.report();
    assert_eq!((first.code, report.entries.new, report.stories.new), (0, 1, 1), "{}", first.stderr);
    assert!(first.stderr.contains("a note") && first.stderr.contains("1 wrong line"), "{}", first.stderr);
    assert_eq!((report.http.by_purpose.feeds, report.feeds.fetched), (Some(0), 1));
    assert_eq!(report.cache.lookups, 1, "the page only");
    let again = run(&lab, &["cycle", "--format", "json"]).report();
    assert_eq!((again.entries.new, again.stories.new, again.http.requests), (0, 0, 0));
    let here = fs::canonicalize(lab.path()).unwrap();
    let line = format!("a b:{}:hunter2-hunter2::1\n", here.display());
    assert_eq!(fs::read_to_string(lab.path().join("ran")).unwrap(), line.repeat(2));

    let checked = run(&lab, &["feed", "check", "votes"]);
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
    assert!(checked.stdout.contains("1 wrong line: line 2 is not JSON"), "{}", checked.stdout);
    for harmless in
        [&["config", "check"][..], &["config", "show"], &["feed", "list"], &["doctor"], &["feed", "export"]]
    {
        let shown = run(&lab, harmless);
        assert!(!shown.stdout.contains("hunter2") && !shown.stderr.contains("hunter2"), "{harmless:?}");
    }
    assert_eq!(fs::read_to_string(lab.path().join("ran")).unwrap(), line.repeat(3));
}

#[test]
fn a_failure_has_its_reason_without_the_secret() {
    for (script, kind, part) in [
        (
            "#!/bin/sh\necho \"denied for $VOTES_KEY\" >&2\nexit 3\n",
            "program_failed",
            "exit status: 3: denied for ••••",
        ),
        ("#!/bin/sh\nprintf '\\033[2Jboom\\n' >&2\nexit 1\n", "program_failed", "boom"),
        ("#!/bin/sh\nyes '{\"title\": \"x\"}'\n", "program_output", "printed more than 5MiB"),
        ("#!/bin/sh\nhead -c 5000 /dev/urandom\n", "unreadable", "no line of the output is an entry"),
        (
            "#!/bin/sh\nx=$(head -c 400000000 /dev/zero | tr '\\0' x)\necho '{\"title\": \"kept\"}'\n",
            "program_failed",
            "votes",
        ),
    ] {
        let lab = lab(script, "environment = [\"VOTES_KEY\"]\nmemory = \"64MiB\"\n");
        let report = run(&lab, &["cycle", "--format", "json"]).report();
        assert_eq!(report.sources[0].failure.as_deref(), Some(kind), "{script}");
        let checked = run(&lab, &["feed", "check", "Votes"]);
        assert_eq!(checked.code, 1, "{script}");
        assert!(checked.stdout.contains(part), "{script}: {}", checked.stdout);
        assert!(
            !checked.stdout.contains("hunter2") && !checked.stdout.contains('\u{1b}'),
            "{}",
            checked.stdout
        );
    }
}

#[test]
fn no_process_remains_after_a_time_limit_a_signal_or_its_own_end() {
    let lab = lab("#!/bin/sh\nsleep 86001.7 &\nsleep 86001.7\n", "timeout = \"1s\"\n");
    let report = run(&lab, &["cycle", "--format", "json"]).report();
    assert_eq!(report.sources[0].failure.as_deref(), Some("program_timeout"));
    assert!(!is_running("sleep 86001.7"));

    let lab = self::lab("#!/bin/sh\nsleep 86002.7 &\necho '{\"title\": \"Kept\"}'\n", "");
    let report = run(&lab, &["cycle", "--format", "json"]).report();
    assert_eq!((report.entries.read, report.feeds.fetched), (1, 1));
    assert!(!is_running("sleep 86002.7"));

    let lab = self::lab("#!/bin/sh\necho up > up\nsleep 86003.7 &\nsleep 86003.7\n", "");
    let up = lab.path().join("up");
    assert!(Command::new("mkfifo").arg(&up).status().unwrap().success());
    let mut command = lab.command(&["cycle"]);
    let child = command.env("PATH", "/usr/bin:/bin").spawn().unwrap();
    // Blocks until the program has written.
    assert_eq!(fs::read_to_string(up).unwrap(), "up\n");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(ran(child.wait_with_output().unwrap()).code, 130);
    assert!(!is_running("sleep 86003.7"));
}

#[test]
fn its_settings_are_checked_and_it_comes_from_no_list() {
    let lab = lab("#!/bin/sh\n", "");
    lab.settings(
        "[[feeds]]\nurl = \"exec:a b\"\n\
         [[feeds]]\nurl = \"exec:votes\"\nkind = \"json\"\nheaders = { A = \"b\" }\ntimeout = \"1h\"\nmemory = \"1B\"\n\
         [[feeds]]\nurl = \"https://a.example/feed\"\ncommand = [\"x\"]\n\
         [[feeds]]\nurl = \"https://b.example/feed\"\nkind = \"exec\"\n",
    );
    let checked = run(&lab, &["config", "check"]);
    let text = checked.stdout + &checked.stderr;
    for part in [
        "toml:2:7: url: \"exec:a b\": the name of a program",
        "toml:5:8: kind: the source of a url exec:NAME is a program",
        "toml:6:11: headers: belongs to a source that is requested",
        "toml:7:11: timeout: should be between 1s and 10m",
        "toml:8:10: memory: should be between 16MiB and 64GiB",
        "toml:4:1: command: needs the program",
        "toml:11:11: command: belongs to a program",
        "url: a program has no address",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(checked.code, 3);

    lab.settings("");
    fs::write(lab.path().join("list.opml"), "<opml version=\"2.0\"><body><outline type=\"rss\" xmlUrl=\"exec:votes\" command=\"x\"/></body></opml>").unwrap();
    run(&lab, &["feed", "import", "list.opml"]);
    let added = run(&lab, &["feed", "add", "exec:votes"]);
    assert_eq!(added.code, 2, "{}", added.stderr);
    assert!(!fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap().contains("exec:"));
}
