//! SIGTERM and SIGINT in every part of a cycle.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Child, Command},
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, ran},
    world::{AT_ONCE, bulk},
};

fn send_signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// A server that reports each request and holds it until the second channel is written to or closed.
fn latched(answer: fn() -> Answer) -> (Inbox, Receiver<()>, Sender<()>) {
    let (arrived, arrivals) = channel();
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let inbox = Inbox::start(move |_, _| {
        let _ = arrived.send(());
        let _ = held.lock().unwrap().recv();
        Some(answer())
    });
    (inbox, arrivals, release)
}

/// Settings with one feed that `inbox` serves.
fn one_feed(inbox: &Inbox) -> String {
    format!(
        "[http]\nallow_private_addresses = true\nidle_timeout = \"600s\"\ntotal_timeout = \"600s\"\n[[feeds]]\nurl = \"{}\"\n",
        inbox.url("/feed.xml")
    )
}

fn empty_feed() -> Answer {
    Answer::new(200, "<rss version=\"2.0\"><channel><title>Notes</title></channel></rss>")
}

fn webhook(inbox: &Inbox) -> String {
    format!("\n[[channels]]\nkind = \"webhook\"\nurl = \"{}\"\ntimeout = \"600s\"\n{AT_ONCE}", inbox.url("/"))
}

fn webhook_ids(inbox: &Inbox) -> Vec<String> {
    inbox.all().iter().map(|received| received.header("webhook-id").to_owned()).collect()
}

#[test]
fn sigterm_exits_with_143() {
    let (feed, requested, release) = latched(empty_feed);
    let lab = Lab::new();
    lab.settings(&one_feed(&feed));
    let child = lab.start(&["cycle", "--format", "json"]);
    requested.recv().unwrap();
    send_signal(&child, "-TERM");
    let ended = ran(child.wait_with_output().unwrap());
    drop(release);
    assert_eq!(ended.code, 143, "{}", ended.stderr);
    assert_eq!(ended.report().cycle.exit_code, 143);
    assert_eq!(lab.run(&["db", "check"]).code, 0);
}

/// The service answers the first ping only after the feed was requested, and the last ping never.
#[test]
fn hanging_healthcheck_delays_no_request_and_ends_on_a_signal() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let (feed, requested, release) = latched(empty_feed);
    let (pinged, last_ping) = channel();
    let service = thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        requested.recv().unwrap();
        first.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        drop(release);
        let (mut last, _) = listener.accept().unwrap();
        last.read_exact(&mut [0; 4]).unwrap();
        pinged.send(()).unwrap();
        // Reads until the program closes the connection.
        while last.read(&mut [0; 64]).is_ok_and(|bytes| bytes > 0) {}
    });
    let lab = Lab::new();
    lab.settings(&format!("{}[metrics]\nhealthcheck_url_env = \"PING\"\n", one_feed(&feed)));
    let child = lab.command(&["cycle"]).env("PING", &url).spawn().unwrap();
    last_ping.recv().unwrap();
    send_signal(&child, "-TERM");
    let ended = ran(child.wait_with_output().unwrap());
    service.join().unwrap();
    // A ping that timed out would be an error message.
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
}

#[test]
fn sigterm_during_delivery_finishes_one_message_and_starts_no_other() {
    let (inbox, arrivals, release) = latched(|| Answer::new(200, ""));
    let lab = bulk(1, 3);
    lab.settings(&(lab.web().settings_toml() + &webhook(&inbox)));
    let mut child = lab.start(&["cycle", "-v", "--catch-up", "9"]);
    arrivals.recv().unwrap();
    send_signal(&child, "-TERM");
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(log.any(|line| line.unwrap().contains("after the signal to stop")));
    drop(release);
    assert_eq!(log.map(Result::unwrap).filter(|line| line.contains("an alert")).count(), 0);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(inbox.taken().len(), 1, "another message was started");
    lab.cycle();
    let ids = webhook_ids(&inbox);
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (3, 3), "{ids:?}");
}

#[test]
fn sigterm_during_a_hanging_delivery_keeps_the_message_for_the_next_cycle() {
    let (arrived, arrivals) = channel();
    let inbox = Inbox::start(move |_, before| {
        let _ = arrived.send(());
        (before > 0).then(|| Answer::new(200, ""))
    });
    let lab = bulk(1, 1);
    lab.settings(&(lab.web().settings_toml() + &webhook(&inbox)));
    let mut child = lab.start(&["cycle", "-v", "--catch-up", "9"]);
    arrivals.recv().unwrap();
    send_signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let waiting = lab.run(&["alerts", "list", "--format", "ndjson"]).stdout;
    assert!(waiting.contains("it may have arrived"), "{waiting}");
    lab.cycle();
    let ids = webhook_ids(&inbox);
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
}

#[test]
fn sigterm_and_sigint_end_a_hook_and_its_children() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        for hook in ["before_cycle", "after_cycle"] {
            let lab = bulk(1, 1);
            let pipe = lab.path().join("pipe");
            assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            let script = "exec 3> pipe; echo up >&3; (sleep 25; echo late >&3) & sleep 25";
            let row = format!("\n[hooks]\n{hook} = [\"/bin/sh\", \"-c\", \"{script}\"]\n");
            lab.settings(&(lab.web().settings_toml() + &row));
            let mut command = lab.command(&["cycle"]);
            let mut child = command.env("PATH", "/usr/bin:/bin").spawn().unwrap();
            let mut lines = BufReader::new(std::fs::File::open(&pipe).unwrap()).lines();
            assert_eq!(lines.next().unwrap().unwrap(), "up");
            send_signal(&child, signal);
            assert_eq!(child.wait().unwrap().code(), Some(code), "{hook}");
            // The pipe ends when no process has it open any more.
            assert_eq!(lines.map(Result::unwrap).collect::<Vec<_>>(), Vec::<String>::new(), "{hook}");
            let connections = lab.web().request_log().connections;
            assert_eq!(connections == 0, hook == "before_cycle", "requests after the signal: {connections}");
        }
    }
}
