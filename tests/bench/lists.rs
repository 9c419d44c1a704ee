//! Processor time of page sources: the difference between cycles with many of them and cycles with none.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

/// Items of each page.
const ITEMS: usize = 50;
/// Cycles of each kind; their median counts.
const CYCLES: usize = 5;
/// Milliseconds that a visit of a page should take at most.
const GOAL_MS: f64 = 2.5;

/// What the pages do between two cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Each has a new item and loses its oldest one.
    Changed,
    /// 304.
    Unmodified,
    /// The same bytes without a validator.
    Equal,
}

/// Prints what a visit of one of `pages` pages costs.
pub fn measure(pages: usize) {
    let (tick, tagged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
    let port = serve(Arc::clone(&tick), Arc::clone(&tagged));
    let none = median(port, 0, || ());
    println!(
        "\n{pages} pages of {ITEMS} items, {} bytes each; a cycle without them takes {none:.0} ms of CPU",
        page(0, 0).len()
    );
    for kind in [Kind::Changed, Kind::Unmodified, Kind::Equal] {
        tagged.store(usize::from(kind != Kind::Equal), Ordering::SeqCst);
        let advance = || {
            if kind == Kind::Changed {
                tick.fetch_add(1, Ordering::SeqCst);
            }
        };
        let each = (median(port, pages, advance) - none) / pages as f64;
        let goal = if each <= GOAL_MS { "within" } else { "above" };
        println!("{kind:?}: {each:.2} ms of CPU a visit, {goal} the goal of {GOAL_MS} ms");
    }
}

/// Milliseconds of CPU of a cycle over `pages` pages and one feed, after a first one that stores all entries.
fn median(port: u16, pages: usize, advance: impl Fn()) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = format!(
        "[cycle]\nbuiltin_feeds = false\n[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[x]\nenabled = false\n\
         [[feeds]]\nurl = \"http://feed.localhost:{port}/feed\"\n"
    );
    for number in 0..pages {
        let select = "select = { item = \"li.card\", title = \"h3\", link = \"a\", time = \"time@datetime\", summary = \"p\" }";
        settings.push_str(&format!(
            "[[feeds]]\nurl = \"http://h{number}.localhost:{port}/{number}\"\n{select}\n"
        ));
    }
    std::fs::write(dir.path().join("tge-scrape.toml"), settings).unwrap();
    let mut times: Vec<f64> = (0..=CYCLES)
        .map(|_| {
            advance();
            let mut command = Command::new(env!("CARGO_BIN_EXE_tge-scrape"));
            command.args(["cycle", "--format", "json"]).current_dir(dir.path()).env_clear();
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(report["feeds"]["failed"], 0, "{}", String::from_utf8_lossy(&output.stderr));
            let ms = |key: &str| report["cpu"][key].as_f64().unwrap();
            ms("user_ms") + ms("system_ms")
        })
        .skip(1)
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A page as venues have them: a menu, cards with time and summary, a footer.
fn page(number: usize, tick: usize) -> String {
    let card = |item: usize| {
        format!(
            "<li class=\"card card--news\" data-id=\"{item}\"><a href=\"/{number}/a/{item}\"><img src=\"/i/{item}.png\" alt=\"\"><h3>Museum {number} opens map room {item} to visitors</h3></a>\
             <time datetime=\"2026-11-{:02}T06:00:00Z\">lately</time><p>A summary of two sentences. It says what the title says &amp; little more.</p></li>\n",
            1 + item % 27
        )
    };
    let cards: String = (tick..tick + ITEMS).rev().map(card).collect();
    let menu: String =
        (0..40).map(|item| format!("<li><a href=\"/m/{item}\">Section {item}</a></li>")).collect();
    format!(
        "<!doctype html><html><head><title>Venue {number}</title><meta charset=utf-8></head><body><nav><ul>{menu}</ul></nav><main><ul>{cards}</ul></main><footer>{}</footer></body></html>",
        "<p>Terms, risks and contact of this venue.</p>".repeat(20)
    )
}

/// Serves the pages and an empty feed on a port; a page has a validator while `tagged` is not zero.
fn serve(tick: Arc<AtomicUsize>, tagged: Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (tick, tagged) = (Arc::clone(&tick), Arc::clone(&tagged));
            thread::spawn(move || answer(stream.unwrap(), &tick, &tagged));
        }
    });
    port
}

fn answer(mut stream: TcpStream, tick: &AtomicUsize, tagged: &AtomicUsize) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?.take(u64::MAX));
    loop {
        let (mut head, mut line) = (String::new(), String::new());
        while reader.read_line(&mut line)? > 2 {
            head.push_str(&line);
            line.clear();
        }
        let Some(path) = head.split(' ').nth(1) else { return Ok(()) };
        let now = tick.load(Ordering::SeqCst);
        let tag = format!("\"{now}\"");
        let is_known = head
            .lines()
            .any(|line| line.to_ascii_lowercase().starts_with("if-none-match") && line.contains(&tag));
        let (status, body) = match path[1..].parse() {
            Ok(_) if is_known && tagged.load(Ordering::SeqCst) > 0 => (304, String::new()),
            Ok(number) => (200, page(number, now)),
            Err(_) if path == "/feed" => {
                (200, "<rss version=\"2.0\"><channel><title>a</title></channel></rss>".to_owned())
            }
            Err(_) => (404, String::new()),
        };
        let validator =
            if tagged.load(Ordering::SeqCst) > 0 { format!("ETag: {tag}\r\n") } else { String::new() };
        let length = body.len();
        stream.write_all(
            format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{validator}\r\n{body}").as_bytes(),
        )?;
    }
}
