//! What `cycle`, `demo` and `events --follow` print for people: failures by cause, dry runs, repeated cycles.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command},
};

use crate::support::{
    lab::{Lab, ran},
    world::bulk,
};

/// Feeds of which none can be reached: their port is closed.
fn without_network() -> Lab {
    let lab = Lab::new();
    let feed = |number: u8| {
        format!("[[feeds]]\nurl = \"http://f{number}.localhost:9/feed\"\nname = \"F{number}\"\n")
    };
    let feeds: String = (0..7).map(feed).collect();
    lab.settings(&format!("[http]\nallow_private_addresses = true\n[x]\nenabled = false\n{feeds}"));
    lab
}

#[test]
fn a_missing_network_is_one_sentence_also_while_feeds_wait() {
    let lab = without_network();
    for failed in ["failed", "wait after failures"] {
        let cycle = lab.run(&["cycle"]);
        let expected = format!("no network? 7 of 7 feeds {failed}: no connection 7. Try: doctor --online\n");
        assert_eq!((cycle.code, cycle.stdout.as_str(), cycle.stderr), (4, "", expected));
    }
    let quiet = lab.run(&["cycle", "-q"]);
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (4, "", ""));
}

#[test]
fn a_dry_run_prints_what_it_found_and_a_cycle_in_a_pipe_nothing() {
    let lab = bulk(1, 12);
    let dry = lab.run(&["cycle", "--dry-run"]);
    assert_eq!((dry.code, dry.stderr.as_str()), (0, ""));
    let new = dry.stdout.lines().filter(|line| line.starts_with(" NEW ")).count();
    assert_eq!(new, 10, "{}", dry.stdout);
    let last: Vec<&str> = dry.stdout.lines().rev().take(2).collect();
    assert!(last[0].starts_with(" Dry run of 1 feed in ") && last[0].ends_with("nothing saved"), "{last:?}");
    assert_eq!(last[1], " 2 more: cycle --dry-run -v");
    assert!(!lab.state().exists());
    let first = bulk(1, 12).run(&["cycle", "-v"]).stdout;
    assert_eq!(first.lines().filter(|line| line.starts_with("   NEW ")).count(), 12, "{first}");
    assert!(first.contains(": 12 new stories, 0 alerts (first look)"), "{first}");

    let silent = lab.run(&["cycle"]);
    assert_eq!((silent.code, silent.stdout.as_str(), silent.stderr.as_str()), (0, "", ""));
    let again = lab.run(&["cycle", "-v"]);
    assert!(again.stdout.contains(" Fetched   1 feed"), "{}", again.stdout);
    assert!(again.stdout.lines().last().unwrap().starts_with(" Finished 1 feed in "), "{}", again.stdout);
}

fn terminate(child: &Child) {
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn repeated_cycles_end_between_two_cycles_with_0() {
    let lab = bulk(1, 1);
    let mut child = lab.start(&["cycle", "--every", "1s", "-v"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    for _ in 0..2 {
        assert!(lines.any(|line| line.starts_with(" Finished 1 feed in ")));
    }
    terminate(&child);
    // The signal comes in the pause of a second, or in the cycle after it on a slow machine.
    let code = ran(child.wait_with_output().unwrap()).code;
    assert!([0, 143].contains(&code), "{code}");
    assert!(lab.run(&["stats", "--cycles", "--format", "json"]).stdout.matches("started_at").count() >= 2);
    for wrong in [["--every", "0s", "-v"], ["--every", "10m", "--dry-run"]] {
        assert_eq!(lab.run(&[&["cycle"], &wrong[..]].concat()).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_follower_prints_the_last_stories_first() {
    let lab = bulk(1, 3);
    lab.cycle();
    for (limit, expected) in [(&["--limit", "2"][..], 2), (&[], 3)] {
        let mut child = lab.start(&[&["events", "--follow"], limit].concat());
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut note = String::new();
        errors.read_line(&mut note).unwrap();
        assert!(note.starts_with("watching, last cycle ") && note.ends_with(" ago\n"), "{note}");
        child.kill().unwrap();
        let printed = ran(child.wait_with_output().unwrap()).stdout;
        assert_eq!(printed.lines().count(), expected, "{printed}");
    }
}
