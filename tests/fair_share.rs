//! Links of one feed do not prevent the reading of other feeds.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::{Arc, Condvar, Mutex, PoisonError},
};

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::Lab,
};

/// Largest number of requests at once.
const CONCURRENCY: usize = 16;
/// Good feeds, each with two launches whose pages answer at once.
const HEALTHY: usize = 5;

/// Requests so far.
#[derive(Default)]
struct Asked {
    silent: usize,
    pages: usize,
}

type Shared = Arc<(Mutex<Asked>, Condvar)>;

/// Counts a request with `change` and waits for `enough` requests.
fn note_and_wait(shared: &Shared, change: impl FnOnce(&mut Asked), enough: impl Fn(&Asked) -> bool) {
    let (asked, news) = &**shared;
    let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut asked);
    news.notify_all();
    drop(news.wait_while(asked, |asked| !enough(asked)));
}

fn launches(name: &str, links: impl Iterator<Item = String>) -> Answer {
    let mut items = String::new();
    for (at, link) in links.enumerate() {
        write!(
            items,
            "<item><guid>{name}-{at}</guid><link>{link}</link>
            <title>{name}{at} opens airdrop claim for its token</title><description>Claim now…</description></item>"
        )
        .unwrap();
    }
    Answer::new(200, &format!("<rss version=\"2.0\"><channel><title>{name}</title>{items}</channel></rss>"))
}

#[test]
fn feed_with_links_to_silent_hosts_does_not_block_other_pages() {
    let shared = Shared::default();
    let ours = Arc::clone(&shared);
    // Answers only after every page of the other feeds was requested.
    let silent = Inbox::start(move |_, _| {
        note_and_wait(&ours, |asked| asked.silent += 1, |asked| asked.pages == 2 * HEALTHY);
        Some(Answer::new(404, ""))
    });
    let port = silent.port;
    let hostile = Inbox::start(move |_, _| {
        Some(launches("Umbra", (0..60).map(|at| format!("http://silent-{at}.localhost:{port}/page"))))
    });
    let ours = Arc::clone(&shared);
    let healthy = Inbox::start(move |received: &Received, _| {
        let host = received.header("host");
        Some(match received.path.as_str() {
            "/feed" => {
                // The hostile feed is first.
                note_and_wait(&ours, |_| {}, |asked| asked.silent >= CONCURRENCY / 2);
                launches("Zentumo", (0..2).map(|at| format!("http://{host}/page-{at}")))
            }
            "/robots.txt" => Answer::new(404, ""),
            _ => {
                note_and_wait(&ours, |asked| asked.pages += 1, |_| true);
                Answer::new(200, "<html><body><article><p>The claim is open.</p></article></body></html>")
            }
        })
    });
    let feeds = (0..HEALTHY).map(|at| format!("http://healthy-{at}.localhost:{}/feed", healthy.port));
    let feeds = [hostile.url("/feed")].into_iter().chain(feeds);
    let feeds: String = feeds.map(|url| format!("[[feeds]]\nurl = \"{url}\"\n")).collect();
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nconcurrency = {CONCURRENCY}\nper_host_interval = \"0s\"
        idle_timeout = \"60s\"\ntotal_timeout = \"60s\"\n{feeds}"
    ));
    let report = lab.cycle();
    assert_eq!(report.articles.fetched, 2 * HEALTHY as u64, "{report:?}");
    // If pages had to wait for silent hosts, requests to those would have timed out.
    assert_eq!(report.http.outcomes.error, 0, "{report:?}");
}

/// Two cycles with `busy` feeds at one host and `others` at hosts of their own, with one second between requests to a host
/// and too little time for the one host. Returns how many of its feeds each cycle requested.
fn busy_host(busy: usize, others: usize, seconds: usize) -> [usize; 2] {
    let server = Inbox::start(|received, _| {
        let name = &received.path;
        let item = format!("<item><guid>{name}</guid><title>The weather of {name}</title></item>");
        Some(Answer::new(
            200,
            &format!("<rss version=\"2.0\"><channel><title>News</title>{item}</channel></rss>"),
        ))
    });
    let port = server.port;
    let urls = (0..busy).map(|at| format!("http://busy.localhost:{port}/busy-{at}"));
    let urls = urls.chain((0..others).map(|at| format!("http://host-{at}.localhost:{port}/feed-{at}")));
    let feeds: String = urls.map(|url| format!("[[feeds]]\nurl = \"{url}\"\n")).collect();
    let lab = Lab::new();
    lab.settings(&format!(
        "[cycle]\ntimeout = \"{seconds}s\"\n[http]\nallow_private_addresses = true\nper_host_interval = \"1s\"\n\
         [cache]\nfeed_ttl = \"0s\"\n{feeds}"
    ));
    let mut known = BTreeSet::new();
    let counts = [0, 1].map(|cycle| {
        let shift = (cycle * 90_000).to_string();
        let report = lab.run(&["--shift-clock", &shift, "cycle", "--format", "json"]).report();
        let requested: BTreeSet<String> = server.all().into_iter().map(|received| received.path).collect();
        let at_busy: Vec<&String> =
            requested.difference(&known).filter(|path| path.starts_with("/busy")).collect();
        assert!((1..=seconds + 1).contains(&at_busy.len()), "new feeds each time, one a second: {at_busy:?}");
        let read = report.feeds.fetched + report.feeds.not_modified;
        assert!(report.cycle.deadline_hit && read >= others as u64, "{:?}", report.feeds);
        assert_eq!(report.unfinished.len(), 1, "{:?}", report.unfinished);
        assert_eq!(report.unfinished[0].host, "busy.localhost");
        assert_eq!(report.unfinished[0].visits, busy as u64 - (read - others as u64));
        let count = at_busy.len();
        known = requested;
        count
    });
    assert_eq!(known.iter().filter(|path| path.starts_with("/feed")).count(), others);
    let why = lab.run(&["stats", "--why"]).stdout;
    assert!(why.contains("did not finish") && why.contains("busy.localhost"), "{why}");
    counts
}

#[test]
fn host_with_many_feeds_delays_no_other() {
    busy_host(12, 8, 3);
}

#[test]
#[ignore = "takes a minute and thousands of connections"]
fn host_with_a_thousand_feeds_delays_no_other() {
    let counts = busy_host(1_000, 4_000, 25);
    println!("4,000 others requested in both cycles; feeds of the busy host: {counts:?}");
}
