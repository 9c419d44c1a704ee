//! Attacks on the server: each is refused with its status, takes no memory, and the server answers afterwards.

use std::{
    io::{BufRead, ErrorKind, Read, Write},
    net::TcpStream,
};

use super::TOKEN;
use crate::support::{event_log::EventLog, lab::Lab, load, served::Served, world::bulk};

/// Bytes of memory that an attack may add: allocators keep some of what was freed.
const SPARE: u64 = 24 << 20;
/// Bytes of memory for a connection that has sent a part of a head.
const HALF_OPEN: u64 = 16 << 10;

/// Limits that an attacker with several addresses does not meet.
const MANY: [(&str, &str); 2] = [
    ("TGE_SCRAPE_SERVE__REQUESTS_PER_ADDRESS", "1000000"),
    ("TGE_SCRAPE_SERVE__CONNECTIONS_PER_ADDRESS", "1000"),
];

fn lab() -> Lab {
    let lab = bulk(1, 1);
    lab.cycle();
    lab
}

/// The status of the first answer to `request`, sent as it is; 0 if the server only closes.
fn status(served: &Served, request: &str) -> u16 {
    let answer = served.raw(request.as_bytes());
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// A request with `lines` after the first one, and the end of its head.
fn request(first: &str, lines: &str) -> String {
    format!("{first} HTTP/1.1\r\nconnection: close\r\n{lines}\r\n")
}

#[test]
fn tricks_with_paths_find_nothing() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &MANY);
    let long = format!("/api/v1/stories/{}", "a".repeat(10_000));
    let longer = format!("/{}", "a".repeat(20_000));
    for (path, expected) in [
        ("//", 404),
        ("//evil.example/", 404),
        ("/./", 404),
        ("/../../etc/passwd", 404),
        ("/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/api/v1/stories/%2e%2e%2fstats", 404),
        ("/api/v1/stories/../stats", 404),
        ("/api/v1/stories/%00", 404),
        ("/api/v1/stories/%ff%fe", 400),
        ("/api/v1/stories/%", 404),
        ("/api/v1/stories/' OR 1=1--", 400),
        ("/api/v1/stories/'%20OR%201=1--", 404),
        ("/api/v1/projects/..%2f..%2fstate", 404),
        ("/API/V1/STORIES", 404),
        ("/api/v1/stories/", 404),
        ("/api/v1/stories;x=1", 404),
        ("/tge-scrape.toml", 404),
        ("*", 404),
        (&long, 404),
        (&longer, 431),
    ] {
        let name: String = path.chars().take(60).collect();
        assert_eq!(
            status(&served, &request(&format!("GET {path}"), "host: localhost\r\n")),
            expected,
            "{name}"
        );
    }
    assert_eq!(served.get("/healthz").status, 200);
}

#[test]
fn only_names_of_this_machine_are_answered_in_any_form() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &MANY);
    for (first, lines, expected) in [
        ("GET /healthz", "host: localhost\r\n", 200),
        ("GET /healthz", "host: LOCALHOST:1\r\n", 200),
        ("GET http://localhost/healthz", "host: localhost\r\n", 200),
        ("GET /healthz", "", 421),
        ("GET /healthz", "host:\r\n", 421),
        ("GET /healthz", "host: localhost\r\nhost: localhost\r\n", 421),
        ("GET /healthz", "host: localhost\r\nhost: evil.example\r\n", 421),
        ("GET /healthz", "host: localhost, evil.example\r\n", 421),
        ("GET /healthz", "host: localhost.\r\n", 421),
        ("GET /healthz", "host: user@localhost\r\n", 421),
        ("GET /healthz", "host: localhost:80@evil.example\r\n", 421),
        ("GET /healthz", "host: evil.example\r\nx-forwarded-host: localhost\r\n", 421),
        ("GET http://evil.example/healthz", "host: localhost\r\n", 421),
        ("GET http://localhost/healthz", "host: evil.example\r\n", 421),
        ("GET http://user@localhost/healthz", "host: localhost\r\n", 421),
        ("CONNECT localhost:80", "host: localhost:80\r\n", 404),
    ] {
        assert_eq!(status(&served, &request(first, lines)), expected, "{first} {lines:?}");
    }
}

#[test]
fn pages_of_other_sites_are_refused_by_each_sign() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &[&MANY[..], &[("TGE_SERVE_TOKEN", TOKEN)]].concat());
    let host = &served.address;
    for (line, expected) in [
        (format!("origin: http://{host}"), 200),
        ("sec-fetch-site: same-origin".to_owned(), 200),
        ("sec-fetch-site: none".to_owned(), 200),
        ("origin: null".to_owned(), 403),
        ("origin: http://localhost".to_owned(), 403),
        (format!("origin: http://{host}.evil.example"), 403),
        (format!("origin: http://{host}, http://{host}"), 403),
        ("origin: \u{fffd}".to_owned(), 403),
        ("sec-fetch-site: cross-site".to_owned(), 403),
        ("sec-fetch-site: same-site".to_owned(), 403),
        ("sec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors\r\nsec-fetch-dest: script".to_owned(), 403),
    ] {
        let lines = format!("host: {host}\r\nauthorization: Bearer {TOKEN}\r\n{line}\r\n");
        assert_eq!(status(&served, &request("GET /api/v1/stories", &lines)), expected, "{line}");
    }
    let body = format!("token={TOKEN}");
    let lines = format!("host: {host}\r\norigin: https://evil.example\r\ncontent-length: {}\r\n", body.len());
    assert_eq!(status(&served, &(request("POST /login", &lines) + &body)), 403, "a form of another site");
    let preflight =
        "host: localhost\r\norigin: https://evil.example\r\naccess-control-request-method: GET\r\n";
    assert_eq!(status(&served, &request("OPTIONS /api/v1/stories", preflight)), 403);
}

#[test]
fn a_token_is_sent_once_and_in_one_form() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &[&MANY[..], &[("TGE_SERVE_TOKEN", TOKEN)]].concat());
    let good = format!("authorization: Bearer {TOKEN}\r\n");
    let long = format!("authorization: Bearer {}\r\n", "a".repeat(10_000));
    for (lines, expected) in [
        (good.clone(), 200),
        (format!("authorization: bEARER   {TOKEN}  \r\n"), 200),
        (format!("{good}{good}"), 401),
        (format!("authorization: Bearer wrong\r\n{good}"), 401),
        (format!("{good}authorization: Bearer wrong\r\n"), 401),
        (format!("authorization: Bearer {TOKEN}, Bearer {TOKEN}\r\n"), 401),
        (format!("authorization: Bearer{TOKEN}\r\n"), 401),
        (format!("authorization: {TOKEN}\r\n"), 401),
        (format!("authorization: Bearer {TOKEN}\u{e9}\r\n"), 401),
        (format!("proxy-authorization: Bearer {TOKEN}\r\n"), 401),
        (format!("cookie: tge_scrape_session={TOKEN}\r\n"), 401),
        ("authorization:\r\n".to_owned(), 401),
        (long, 401),
    ] {
        let lines = format!("host: {}\r\n{lines}", served.address);
        let name: String = lines.chars().take(80).collect();
        assert_eq!(status(&served, &request("GET /api/v1/stories", &lines)), expected, "{name}");
    }
}

#[test]
fn a_number_beyond_the_range_is_a_reset_and_no_loss() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &MANY);
    for id in [
        "999999999999999999999",
        "9223372036854775807",
        "-1",
        "-9223372036854775808",
        "x",
        "1e3",
        "\u{e9}",
        "3, 3",
    ] {
        let mut stream = served.stream("/api/v1/stream", &format!("last-event-id: {id}\r\n"));
        assert_eq!(super::names(&super::events(&mut stream, 2)), ["hello", "reset"], "{id}");
    }
    for after in ["999999999999999999999", "-1", "x", "%00", ""] {
        assert_eq!(served.get(&format!("/api/v1/stream?after={after}")).status, 400, "{after}");
    }
}

#[test]
fn a_body_has_one_length_and_belongs_to_the_login() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &[&MANY[..], &[("TGE_SERVE_TOKEN", TOKEN)]].concat());
    let hidden = "0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for (first, lines, body, expected) in [
        ("GET /healthz", "content-length: 5\r\n", "hello", 400),
        ("GET /healthz", "transfer-encoding: chunked\r\n", "0\r\n\r\n", 400),
        ("GET /healthz", "content-length: 4\r\ntransfer-encoding: chunked\r\n", hidden, 400),
        ("GET /healthz", "transfer-encoding: chunked\r\ncontent-length: 4\r\n", hidden, 400),
        ("GET /healthz", "transfer-encoding: xchunked\r\n", hidden, 400),
        ("GET /healthz", "transfer-encoding: chunked, identity\r\n", hidden, 400),
        ("GET /healthz", "content-length: 0\r\ncontent-length: 45\r\n", hidden, 400),
        ("GET /healthz", "content-length: +0\r\n", hidden, 400),
        ("GET /healthz", "content-length: -1\r\n", "", 400),
        ("GET /healthz", "content-length : 5\r\n", "hello", 400),
        ("GET /healthz", "host: localhost\r\n x: folded\r\n", "", 400),
        ("POST /login", "content-length: 4\r\ntransfer-encoding: chunked\r\n", hidden, 400),
        ("POST /login", "content-length: 5000\r\n", &"a".repeat(5_000), 413),
    ] {
        let head = format!("{first} HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n{body}");
        // Without "connection: close" a second answer would come.
        let answer = served.raw(head.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{first} {lines:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{first} {lines:?}: {answer}");
    }
}

#[test]
fn heads_that_are_too_large_end_the_connection() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &MANY);
    let before = load::memory(&served.child);
    let one = format!("x: {}\r\n", "a".repeat(1 << 20));
    let many: String = (0..20_000).map(|number| format!("x-{number}: {number}\r\n")).collect();
    for _ in 0..50 {
        for lines in [&one, &many] {
            let head = request("GET /healthz", &format!("host: localhost\r\n{lines}"));
            assert_eq!(status(&served, &head), 431);
        }
    }
    assert_eq!(served.get("/healthz").status, 200);
    assert!(load::memory(&served.child) < before + SPARE, "{before} to {}", load::memory(&served.child));
}

/// Opens `number` connections, 20 from an address, that send a part of a head and no more.
fn half_open(served: &Served, number: usize) -> Vec<TcpStream> {
    let addresses = (0..number).map(|number| u16::try_from(number / 20 + 256).unwrap());
    addresses
        .map(|host| {
            let mut stream = served.connect_from(host);
            // The server has closed those over its limit.
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ");
            stream
        })
        .collect()
}

#[test]
fn half_open_requests_are_bounded_by_the_limit_of_open_files() {
    let lab = lab();
    let served = Served::start_limited(&lab, 192);
    let before = load::memory(&served.child);
    let held = half_open(&served, 400);
    let refused = served.raw(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(refused.starts_with("HTTP/1.1 503"), "128 are served: {refused}");
    drop(held);
    // The server notices their end one by one.
    while status(&served, &request("GET /healthz", "host: localhost\r\n")) != 200 {}
    assert!(load::memory(&served.child) < before + SPARE, "{before} to {}", load::memory(&served.child));
}

/// `cargo test --test main -- --ignored ten_thousand_half_open --nocapture`
#[test]
#[ignore = "opens 10,000 files in the test and as many in the server"]
fn ten_thousand_half_open_requests_take_little_memory_and_delay_nobody() {
    load::raise_open_files();
    let lab = lab();
    let served = Served::start(&lab, &[]);
    let before = load::memory(&served.child);
    let held = half_open(&served, 10_000);
    assert_eq!(served.get("/healthz").status, 200, "the server answers meanwhile");
    let each = load::memory(&served.child).saturating_sub(before) / 10_000;
    drop(held);
    while served.get("/metrics").body.lines().any(|line| line == "tge_scrape_serve_connections 10001") {}
    println!(
        "10,000 half-open requests: {each} bytes each; before {before}, afterwards {}",
        load::memory(&served.child)
    );
    assert!(each < HALF_OPEN, "{each}");
}

/// `cargo test --test main -- --ignored clients_that_stall --nocapture`
#[test]
#[ignore = "waits until the server cuts off clients, two minutes; run it after a change to limits of time"]
fn clients_that_stall_are_cut_off() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &MANY);
    let log = EventLog::open(&lab.state());
    let number = 20_000;
    log.append(number);
    let newest = log.newest();
    let read_all = || {
        let lines = served.stream("/api/v1/stream?after=0", "").lines().map(Result::unwrap);
        assert_eq!(lines.filter(|line| line.starts_with("id: ")).take(number).count(), number);
    };
    // The server keeps the newest events in memory.
    read_all();
    let before = load::memory(&served.child);
    // They wait for the server side by side: a head and a body that do not end, and streams that nobody reads.
    let mut head = served.connect();
    head.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ").unwrap();
    let mut body = served.connect();
    body.write_all(b"POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\ntoken=").unwrap();
    let mut stalled: Vec<_> = (0..20).map(|_| served.stream("/api/v1/stream?after=0", "")).collect();
    read_all();
    assert!(load::memory(&served.child) < before + SPARE, "{before} to {}", load::memory(&served.child));
    let mut answer = String::new();
    assert_eq!(
        head.read_to_string(&mut answer).unwrap_or_default(),
        answer.len(),
        "the head is not awaited for ever"
    );
    let mut answer = String::new();
    body.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    for stream in &mut stalled {
        let mut rest = Vec::new();
        // A reset or an end, after what the sockets held.
        let _ = stream.read_to_end(&mut rest);
        assert!(!String::from_utf8_lossy(&rest).contains(&format!("id: {newest}\n")));
    }
    assert!(load::memory(&served.child) < before + SPARE, "{before} to {}", load::memory(&served.child));
}

#[test]
fn floods_of_websocket_frames_are_cut_off() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &MANY);
    let before = load::memory(&served.child);
    let upgrade = format!(
        "GET /api/v1/ws HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        served.address
    );
    // Each masked with zeros: FIN and kind, length, mask, data.
    let frame = |first: u8, data: &[u8]| {
        [&[first, 0x80 | u8::try_from(data.len()).unwrap(), 0, 0, 0, 0], data].concat()
    };
    let begin = frame(0x01, b"x");
    for (name, first, again) in [
        ("pings", Vec::new(), frame(0x89, b"")),
        ("texts", Vec::new(), frame(0x81, b"x")),
        ("fragments of a message", begin.clone(), frame(0x00, &[b'x'; 100])),
        ("empty fragments", begin.clone(), frame(0x00, b"")),
        ("a fragment of nothing", Vec::new(), frame(0x00, b"x")),
        ("reserved bits", Vec::new(), frame(0xf1, b"x")),
        ("a length of 2^63", Vec::new(), [&[0x82, 0xff][..], &[0x7f; 8], &[0; 4]].concat()),
        ("no mask", Vec::new(), vec![0x81, 1, b'x']),
    ] {
        let mut stream = served.connect();
        stream.write_all(upgrade.as_bytes()).unwrap();
        let flood = [first, again.repeat(20_000)].concat();
        // The server may close before all are sent.
        let _ = stream.write_all(&flood);
        if name == "empty fragments" {
            // These never make a message that counts. They cost what reading them costs.
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        let end = stream.read_to_end(&mut Vec::new());
        assert!(!end.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "{name}: not cut off");
        assert_eq!(served.get("/healthz").status, 200, "{name}");
    }
    assert!(load::memory(&served.child) < before + SPARE, "{before} to {}", load::memory(&served.child));
}

#[test]
fn requests_in_one_go_count_one_by_one() {
    let lab = lab();
    let served = Served::start_with(&lab, &[], &[("TGE_SCRAPE_SERVE__REQUESTS_PER_ADDRESS", "50")]);
    let request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(200);
    let last = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = served.raw((request + last).as_bytes());
    let (good, refused) = (answer.matches("HTTP/1.1 200").count(), answer.matches("HTTP/1.1 429").count());
    assert_eq!(good + refused, 201);
    assert!(good >= 50 && refused > 100, "{good} answered, {refused} refused");
}
