//! Hostile list pages and costly selectors: bounded, with a clear message, and no delay of other sources.

use std::sync::{Mutex, PoisonError};

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::Lab,
};

/// Held by each test: one that takes all processors must not slow the other one beyond its limit.
static ALONE: Mutex<()> = Mutex::new(());

const HEAD: &str = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[x]\nenabled = false\n\
                    [cycle]\nmax_failed_ratio = 1.0\n";
/// Matches nothing, after a search of all later siblings of each element.
const COSTLY: &str =
    "p:has(~ p:not(.b) ~ p:not(.c) ~ b.none), i:has(~ p ~ p ~ p ~ u.none), p:has(~ p ~ u.none)";
/// Most milliseconds of a cycle with a page that takes too long: 5 s for the page, 20 s without optimisation, the rest for a
/// slow machine.
const LONGEST_MS: u64 = 40_000;

fn body(path: &str) -> String {
    match path {
        // 3 MiB of nested tags, with and without an item at the bottom.
        "/nested" => format!("<html><body>{}<p class=i>x", "<div>".repeat(630_000)),
        "/nested-inline" => format!("<html><body><p class=i>{}", "<b><i>".repeat(520_000)),
        "/many" => {
            let item = |number: usize| format!("<p class=i><a href=/{number}>N {number}</a>\n");
            format!("<html><body>{}", (0..100_000).map(item).collect::<String>())
        }
        "/siblings" => format!("<html><body>{}", "<p class=i><i>a</i></p>".repeat(12_000)),
        "/feed" => {
            "<rss version=\"2.0\"><channel><title>a</title><item><title>Tidefall (TIDE) airdrop claim opens for early users</title><guid>1</guid></item></channel></rss>"
                .to_owned()
        }
        // A feed that is large enough for the thread of large bodies.
        "/large" => {
            let item = |number: usize| format!("<item><title>Item {number}</title><guid>{number}</guid><description>{}</description></item>", "Words. ".repeat(40));
            format!("<rss version=\"2.0\"><channel><title>b</title>{}</channel></rss>", (0..900).map(item).collect::<String>())
        }
        _ => String::new(),
    }
}

fn web() -> Inbox {
    Inbox::start(|received: &Received, _| {
        let body = body(&received.path);
        Some(Answer::new(if body.is_empty() { 404 } else { 200 }, &body))
    })
}

fn page(web: &Inbox, path: &str, item: &str) -> String {
    format!(
        "[[feeds]]\nurl = \"{}\"\nname = \"{}\"\nselect = {{ item = {item:?} }}\n",
        web.url(path),
        &path[1..]
    )
}

#[test]
fn pages_of_nested_tags_and_of_too_many_items_are_bounded() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let web = web();
    let lab = Lab::new();
    let sources: String = ["/nested", "/nested-inline", "/many"].map(|path| page(&web, path, ".i")).concat();
    lab.settings(&format!("{HEAD}{sources}"));
    let ran = lab.run(&["cycle", "--format", "json"]);
    let report = ran.report();
    let failures: Vec<Option<&str>> = report.sources.iter().map(|source| source.failure.as_deref()).collect();
    assert_eq!(failures, [Some("unreadable"), Some("unreadable"), None], "{}", ran.stderr);
    assert_eq!((report.entries.read, report.entries.new), (1_000, 1_000));
    assert!(report.cycle.duration_ms < LONGEST_MS, "{} ms", report.cycle.duration_ms);
    let check = lab.run(&["feed", "check", "nested"]);
    assert_eq!(check.code, 1);
    assert!(
        check.stdout.contains("the page nests too deep or is too large to be read safely"),
        "{}",
        check.stdout
    );
    let again = lab.run(&["cycle", "--format", "json"]).report();
    assert_eq!((again.entries.new, again.sources[2].failure.as_deref()), (0, None));
}

#[test]
fn selectors_that_cost_time_are_bounded_and_delay_no_other_source() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let web = web();
    let lab = Lab::new();
    let feeds: String =
        ["/feed", "/large"].map(|path| format!("[[feeds]]\nurl = \"{}\"\n", web.url(path))).concat();
    lab.settings(&format!("{HEAD}{}{feeds}", page(&web, "/siblings", COSTLY)));
    // A command that shows the page is bounded too.
    let check = lab.start(&["feed", "check", "siblings"]);
    let ran = lab.run(&["cycle", "--format", "json", "-v"]);
    let report = ran.report();
    let failures: Vec<Option<&str>> = report.sources.iter().map(|source| source.failure.as_deref()).collect();
    assert_eq!(failures, [Some("too_slow"), None, None], "{}", ran.stderr);
    assert_eq!((report.entries.new, report.stories.new), (901, 1), "{}", ran.stderr);
    assert!((5_000..LONGEST_MS).contains(&report.cycle.duration_ms), "{} ms", report.cycle.duration_ms);
    assert!(ran.stderr.contains("siblings: parsing takes longer than"), "{}", ran.stderr);
    assert!(ran.stderr.contains("use simple ones, such as one class"), "{}", ran.stderr);
    let check = crate::support::lab::ran(check.wait_with_output().unwrap());
    assert!(check.code == 1 && check.stdout.contains("parsing takes longer than"), "{}", check.stdout);
}
