//! `cycle --strict` and `--strict-targets`: the process, its report, the stored row, the hook and the ping agree.
#![cfg(unix)]

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use serde_json::Value;

use crate::support::{
    lab::{Lab, ran},
    state::{number, opened},
    world::bulk,
};

const HOOK: &str = "[hooks]\non_failure = [\"/bin/sh\", \"-c\", \"cat > failure.json\"]\n";

/// The exit code of one cycle, as each place that reports it has it.
#[derive(Debug, PartialEq, Eq)]
struct Codes {
    process: i32,
    report: i64,
    row: i64,
    /// `None` where the hook did not run.
    hook: Option<i64>,
    ping: String,
}

impl Codes {
    fn all(code: i32) -> Self {
        let number = i64::from(code);
        Self {
            process: code,
            report: number,
            row: number,
            hook: (code != 0).then_some(number),
            ping: code.to_string(),
        }
    }
}

/// Takes the first and the last ping of a cycle; returns the path of the last.
fn take_pings(listener: &TcpListener) -> String {
    let mut path = String::new();
    for _ in 0..2 {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
        while !text.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the ping ends within its headers");
            text.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        String::from_utf8_lossy(&text).split(['/', '?']).nth(2).unwrap().clone_into(&mut path);
    }
    path
}

fn cycle(lab: &Lab, flags: &[&str]) -> Codes {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let monitor = thread::spawn(move || take_pings(&listener));
    let failure = lab.path().join("failure.json");
    let _ = std::fs::remove_file(&failure);
    let mut command = lab.command(&["cycle", "--format", "json"]);
    let run = ran(command.args(flags).env("PING", &url).output().unwrap());
    let hook = std::fs::read(failure).ok().map(|bytes| {
        let hook: Value = serde_json::from_slice(&bytes).unwrap();
        hook["exit_code"].as_i64().unwrap()
    });
    let (_copy, database) = opened(&lab.state());
    Codes {
        process: run.code,
        report: run.json()["cycle"]["exit_code"].as_i64().unwrap(),
        row: number(&database, "SELECT exit_code FROM cycles ORDER BY id DESC LIMIT 1"),
        hook,
        ping: monitor.join().unwrap(),
    }
}

#[test]
fn one_failed_source_fails_a_strict_cycle_everywhere() {
    let lab = Lab::with_web();
    let settings = lab.web().settings_toml();
    lab.settings(&format!("{settings}\n[metrics]\nhealthcheck_url_env = \"PING\"\n{HOOK}"));
    assert_eq!(cycle(&lab, &["--strict"]), Codes::all(4));
    let plain = Lab::with_web();
    let settings = plain.web().settings_toml();
    plain.settings(&format!("{settings}\n[metrics]\nhealthcheck_url_env = \"PING\"\n{HOOK}"));
    assert_eq!(cycle(&plain, &[]), Codes::all(0));
}

#[test]
fn a_target_at_warning_fails_a_strict_cycle_everywhere() {
    let lab = bulk(1, 1);
    let settings = lab.web().settings_toml();
    let targets = "[targets]\ncycle_time = \"1ms\"\n";
    lab.settings(&format!("{settings}\n[metrics]\nhealthcheck_url_env = \"PING\"\n{HOOK}{targets}"));
    assert_eq!(cycle(&lab, &["--strict-targets"]), Codes::all(0), "a level rises with the second miss");
    assert_eq!(cycle(&lab, &["--strict"]), Codes::all(0));
    assert_eq!(cycle(&lab, &["--strict-targets"]), Codes::all(4));
}
