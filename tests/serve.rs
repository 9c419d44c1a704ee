//! The HTTP server beside the cycles: documents, streams, tokens, limits, hostile requests.

mod activation;
mod attacks;
mod kills;
mod tls;

use std::{
    io::{BufRead, ErrorKind, Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use crate::support::{
    served::{Served, events, names},
    world::bulk,
};

const TOKEN: &str = "0123456789abcdef";

const PATHS: [(&str, &str); 15] = [
    ("/", "text/html; charset=utf-8"),
    ("/api/v1/stories", "application/json"),
    ("/api/v1/stories?class=high,critical&min_score=1&since=7d&limit=2", "application/json"),
    ("/api/v1/calendar", "application/json"),
    ("/api/v1/projects", "application/json"),
    ("/api/v1/sources", "application/json"),
    ("/api/v1/cycles?limit=1", "application/json"),
    ("/api/v1/stats", "application/json"),
    ("/feed.atom", "application/atom+xml"),
    ("/feed.json", "application/feed+json"),
    ("/calendar.ics", "text/calendar; charset=utf-8"),
    ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
    ("/healthz", "text/plain; charset=utf-8"),
    ("/readyz", "text/plain; charset=utf-8"),
    ("/login", "text/html; charset=utf-8"),
];

#[test]
fn every_path_answers_and_repeats_nothing_that_is_known() {
    let lab = bulk(1, 3);
    lab.cycle();
    let served = Served::start(&lab, &[]);
    for (path, content_type) in PATHS {
        let first = served.get(path);
        assert_eq!((first.status, first.headers["content-type"].as_str()), (200, content_type), "{path}");
        assert_eq!(first.headers["x-content-type-options"], "nosniff", "{path}");
        let is_fixed = !["/metrics", "/healthz", "/readyz", "/login", "/", "/api/v1/stats"].contains(&path);
        if is_fixed {
            let again = served.ask("GET", path, &[("if-none-match", &first.headers["etag"])], "");
            assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        }
    }
    let found = served.json("/api/v1/stories");
    let ids: Vec<&str> = found["detections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|story| story["story_id"].as_str().unwrap())
        .collect();
    assert_eq!((ids.len(), &found["next"]), (3, &Value::Null));
    let story = served.json(&format!("/api/v1/stories/{}", ids[0]));
    assert_eq!(story["stories"][0]["detection"]["story_id"], ids[0]);
    let mut paged = Vec::new();
    let mut path = "/api/v1/stories?limit=2".to_owned();
    loop {
        let page = served.json(&path);
        paged.extend(page["detections"].as_array().unwrap().iter().map(|story| story["story_id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/stories?limit=2&cursor={next}");
    }
    assert_eq!(paged, ids, "pages have each story once, in order");
}

#[test]
fn a_stream_gets_what_a_cycle_finds_and_goes_on_where_it_stopped() {
    let lab = bulk(1, 3);
    let served = Served::start(&lab, &[]);
    assert_eq!(served.get("/readyz").status, 503, "no cycle has run");
    let mut live = served.stream("/api/v1/stream", "");
    assert_eq!(events(&mut live, 1), [(0, "hello".to_owned())]);
    lab.cycle();
    let all = events(&mut live, 4);
    assert_eq!(names(&all), ["story", "story", "story", "cycle"]);
    assert!(all.is_sorted() && all[0].0 == 1, "{all:?}");
    let after = |headers: &str, query: &str, number: usize| {
        let mut stream = served.stream(&format!("/api/v1/stream{query}"), headers);
        assert_eq!(names(&events(&mut stream, 1)), ["hello"]);
        events(&mut stream, number)
    };
    assert_eq!(after("Last-Event-ID: 2\r\n", "", 2), all[2..]);
    assert_eq!(after("", "?after=0", 4), all);
    assert_eq!(after("", "?after=0&project=nobody", 1), all[3..], "cycles are for all");
    assert_eq!(after("Last-Event-ID: 4711\r\n", "", 1), [(4, "reset".to_owned())]);
    let mut lines = served.stream("/api/v1/stream.ndjson?after=3", "");
    let mut text = String::new();
    while !text.contains("\"event\":\"cycle\"") {
        assert_ne!(lines.read_line(&mut text).unwrap(), 0, "{text}");
    }
    // A server that starts anew has the same events.
    drop(served);
    let served = Served::start(&lab, &[]);
    let mut stream = served.stream("/api/v1/stream", "Last-Event-ID: 1\r\n");
    assert_eq!(events(&mut stream, 4)[1..], all[1..]);
}

#[test]
fn streams_end_at_a_signal_with_the_time_to_come_back() {
    let lab = bulk(1, 1);
    let served = Served::start(&lab, &[]);
    let mut stream = served.stream("/api/v1/stream", "");
    events(&mut stream, 1);
    assert_eq!(served.stop(), Some(0));
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("retry: "), "{rest:?}");
}

#[test]
fn a_token_is_needed_where_one_is_set_and_stays_in_the_server() {
    let lab = bulk(1, 1);
    lab.cycle();
    let served =
        Served::start_with(&lab, &[], &[("TGE_SERVE_TOKEN", &format!("desk={TOKEN},fedcba9876543210"))]);
    let with = |value: &str| served.ask("GET", "/api/v1/stories", &[("authorization", value)], "").status;
    assert_eq!(with(&format!("Bearer {TOKEN}")), 200);
    for wrong in
        ["Bearer 0123456789abcdeX", "Bearer ", "Basic 0123456789abcdef", "Bearer desk=0123456789abcdef"]
    {
        assert_eq!(with(wrong), 401, "{wrong}");
    }
    for (path, _) in PATHS {
        let expected = if ["/healthz", "/readyz", "/login"].contains(&path) { 200 } else { 401 };
        let answer = served.get(path);
        assert_eq!(answer.status, expected, "{path}");
        assert!(!answer.body.contains(TOKEN));
    }
    let in_address = served.get(&format!("/api/v1/stories?token={TOKEN}"));
    assert_eq!(in_address.status, 401);
    let page = served.ask("GET", "/", &[("accept", "text/html")], "");
    assert_eq!((page.status, page.headers["location"].as_str()), (303, "/login"));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(served.ask("POST", "/login", &form, "token=wrong").status, 401);
    let logged_in = served.ask("POST", "/login", &form, &format!("token={TOKEN}"));
    let cookie = &logged_in.headers["set-cookie"];
    assert!(cookie.contains("HttpOnly; SameSite=Strict") && !cookie.contains(TOKEN), "{cookie}");
    let session = cookie.split(';').next().unwrap();
    assert_eq!(served.ask("GET", "/", &[("cookie", session)], "").status, 200);
}

#[test]
fn only_this_machine_is_served_without_a_token() {
    let lab = bulk(1, 1);
    let refused = lab.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("there is no token"), "{}", refused.stderr);
    let mut command = lab.command(&["serve", "--listen", "127.0.0.1:0"]);
    let weak = command.env("TGE_SERVE_TOKEN", "short").output().unwrap();
    assert_eq!(weak.status.code(), Some(3));
    assert!(!String::from_utf8_lossy(&weak.stderr).contains("short\""), "the token is not printed");
}

#[test]
fn hostile_requests_are_refused_with_their_status() {
    let lab = bulk(1, 1);
    lab.cycle();
    lab.settings("[serve]\nconnections_per_address = 8\nrequests_per_address = 40\n[[feeds]]\nurl = \"https://a.example/\"\n");
    let served = Served::start(&lab, &[]);
    let statuses = [
        served.ask("GET", "/", &[("host", "evil.example")], "").status,
        served.ask("GET", "/api/v1/stories", &[("sec-fetch-site", "cross-site")], "").status,
        served.get("/../../etc/passwd").status,
        served.get("/api/v1/stories/..%2f..%2fetc%2fpasswd").status,
        served.get("/api/v1/stories/ffffffffffff").status,
        served.get("/api/v1/stories?limit=9999999").status,
        served.get("/api/v1/stories?cursor=x").status,
        served.get("/api/v1/stream?after=-1").status,
        served.ask("POST", "/api/v1/stories", &[], "{}").status,
        served.ask("DELETE", "/", &[], "").status,
    ];
    assert_eq!(statuses, [421, 403, 404, 404, 404, 400, 400, 400, 405, 405]);
    let problem: Value = serde_json::from_str(&served.get("/api/v1/stories?evnt=sale").body).unwrap();
    assert_eq!(problem["status"], 400);
    assert!(problem["detail"].as_str().unwrap().contains("did you mean event?"), "{problem}");
    let long = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(1 << 20));
    assert!(served.raw(long.as_bytes()).starts_with("HTTP/1.1 431"), "a head of a megabyte");
    assert!(served.raw(b"\x00\x01\x02\r\n\r\n").starts_with("HTTP/1.1 400"));
    let request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    // Earlier connections may still count, so each that is held has got an answer, and others are tried again.
    let held: Vec<TcpStream> = (0..100)
        .map(|_| served.connect())
        .filter_map(|mut stream| {
            stream.write_all(request.as_bytes()).ok()?;
            let mut status = [0; 12];
            stream.read_exact(&mut status).ok()?;
            (status == *b"HTTP/1.1 200").then_some(stream)
        })
        .take(8)
        .collect();
    assert!(served.raw(b"").starts_with("HTTP/1.1 429"), "too many connections of one address");
    let mut last = held.into_iter().next_back().unwrap();
    last.write_all(request.repeat(60).as_bytes()).unwrap();
    last.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answers = String::new();
    last.read_to_string(&mut answers).unwrap();
    assert!(answers.contains("HTTP/1.1 429"), "too many requests of one address");
}

#[test]
fn a_websocket_gets_the_same_events_and_is_closed_if_it_talks_too_much() {
    let lab = bulk(1, 3);
    lab.cycle();
    let served = Served::start(&lab, &[]);
    let open = |path: &str| {
        let url = format!("ws://{}{path}", served.address);
        tungstenite::client(url, served.connect()).unwrap().0
    };
    let mut socket = open("/api/v1/ws?after=1");
    let mut text = String::new();
    while !text.contains("\"event\":\"cycle\"") {
        text.push_str(socket.read().unwrap().to_text().unwrap());
    }
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> =
        events.iter().map(|event| (event["event"].as_str().unwrap(), event["seq"].as_i64())).collect();
    assert_eq!(seen, [("hello", None), ("story", Some(2)), ("story", Some(3)), ("cycle", Some(4))]);
    assert_eq!(served.get("/api/v1/ws").status, 426);
    for message in [vec!["x"; 50], vec![&*"y".repeat(5_000)]] {
        let mut socket = open("/api/v1/ws");
        // The server may close before all are sent.
        let _ = message.iter().try_for_each(|text| socket.send((*text).into()));
        let still_open = loop {
            match socket.read() {
                Ok(message) if message.is_close() => break false,
                Ok(_) => {}
                // The limit of the test's own socket.
                Err(tungstenite::Error::Io(error)) => break error.kind() == ErrorKind::WouldBlock,
                Err(_) => break false,
            }
        };
        assert!(!still_open, "{} messages", message.len());
    }
}
