//! Generated hosts by the hundred, for measurements: as many as are asked for, rendered when they are.

use std::sync::atomic::Ordering;

use jiff::{Timestamp, tz::TimeZone};

use super::{World, page, server::Reply};

/// How much is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bulk {
    /// Hosts with a feed each.
    pub feeds: usize,
    /// Entries of each feed.
    pub entries: usize,
    /// Entries of each feed that tell of a launch.
    pub relevant: usize,
}

/// Syllables of invented project names.
const SYLLABLES: [&str; 16] =
    ["Ka", "lo", "ri", "Zen", "tu", "mo", "Vex", "al", "no", "Dri", "fa", "Qua", "be", "Sol", "ith", "Pra"];
/// What has nothing to do with launches, in the plain voice of a local paper.
const QUIET: [&str; 6] = [
    "Harbour works enter their second winter",
    "Museum opens its map room to visitors",
    "Night trains return to the northern line",
    "Orchard growers count a late harvest",
    "Library extends its reading hours",
    "Council weighs a new plan for cycle lanes",
];

/// Name of the host of feed `number`.
pub fn name(number: usize) -> String {
    format!("feed-{:05}", number + 1)
}

/// An invented name for the project of one entry, never the same twice.
fn project(feed: usize, entry: usize) -> String {
    let number = feed * 64 + entry % 64 + (entry / 64) * 65_536;
    let pick = |shift: usize| SYLLABLES[(number >> shift) % 16];
    let rest: String = (1..5).map(|at| pick(at * 4).to_lowercase()).collect();
    let whole = format!("{}{rest}", pick(0));
    if number < 65_536 { whole[..whole.len() - pick(16).len()].to_owned() } else { whole }
}

/// Every fourth feed publishes an entry in each tick, unless another share is asked for.
pub const EVERY: usize = 4;
/// Of what is published later, one entry in this many tells of a launch.
const LATER: usize = 6;

/// Entries that feed `number` has published up to `tick`, where one feed in `every` publishes in each.
fn published(number: usize, plan: &Bulk, tick: u32, every: usize) -> usize {
    let ticks = 1..=tick as usize;
    plan.entries + ticks.filter(|tick| (number + tick).is_multiple_of(every)).count()
}

fn is_relevant(feed: usize, entry: usize, plan: &Bulk) -> bool {
    if entry < plan.entries { entry < plan.relevant } else { (feed + entry).is_multiple_of(LATER) }
}

fn headline(feed: usize, entry: usize, plan: &Bulk) -> (String, String) {
    if is_relevant(feed, entry, plan) {
        let name = project(feed, entry);
        let ticker = name.to_uppercase();
        (
            format!("{name} opens airdrop claim for its {ticker} token"),
            format!(
                "{name} said eligible users can claim the {ticker} token from today; the claim window stays open for 30 days."
            ),
        )
    } else {
        let quiet = QUIET[(feed + entry) % QUIET.len()];
        (
            format!("{quiet}, part {entry}"),
            format!("{quiet}: a report from district {feed} in {entry} parts."),
        )
    }
}

/// What a generated host answers.
pub fn reply(world: &World, plan: &Bulk, host: &str, path: &str) -> Reply {
    let number = host.strip_prefix("feed-").and_then(|number| number.parse::<usize>().ok());
    let Some(feed) = number.and_then(|number| number.checked_sub(1)).filter(|feed| *feed < plan.feeds) else {
        return Reply::status(404);
    };
    let origin = world.origin(host);
    let all = published(feed, plan, world.tick(), world.every.load(Ordering::SeqCst));
    if path == "/feed.xml" {
        let tag = format!("\"bulk-{feed}-{all}\"");
        return Reply::ok("application/rss+xml", rss(&origin, feed, plan, all, world.options.now))
            .with("etag", tag);
    }
    let entry = path
        .strip_prefix("/item-")
        .and_then(|entry| entry.parse::<usize>().ok())
        .filter(|entry| *entry < all);
    let Some(entry) = entry else { return Reply::status(404) };
    let (title, summary) = headline(feed, entry, plan);
    let filler = (0..60).map(|line| format!("Paragraph {line} of a long report on {title}: what was said, who was there, and what the weather was like, told at the length a reader expects of a morning paper, with the names left out and the numbers kept round."));
    let paragraphs: Vec<String> = std::iter::once(summary).chain(filler).collect();
    let address = format!("{origin}/item-{entry}");
    let html =
        page::html(&title, host, &address, &time(world.options.now, entry % plan.entries), &paragraphs);
    Reply::ok("text/html; charset=utf-8", html).with("etag", format!("\"item-{feed}-{entry}\""))
}

fn time(now: i64, entry: usize) -> String {
    let at = now - i64::try_from(entry).unwrap_or(0) * 3600;
    Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

fn rss(origin: &str, feed: usize, plan: &Bulk, all: usize, now: i64) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>Bulk {feed}</title><link>{origin}</link>\n"
    );
    for entry in all - plan.entries..all {
        let (title, summary) = headline(feed, entry, plan);
        let at = now - i64::try_from(entry % plan.entries).unwrap_or(0) * 3600;
        let date = Timestamp::from_second(at)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(TimeZone::UTC)
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        text.push_str(&format!("<item><title>{title}</title><link>{origin}/item-{entry}</link><guid>{origin}/item-{entry}</guid><pubDate>{date}</pubDate><description>{summary}</description></item>\n"));
    }
    text.push_str("</channel></rss>\n");
    text
}
