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
    /// Entries of each feed that report a launch.
    pub relevant: usize,
}

/// Syllables of invented project names.
const SYLLABLES: [&str; 16] =
    ["ka", "lo", "ri", "zen", "tu", "mo", "vex", "al", "no", "dri", "fa", "qua", "be", "sol", "ith", "pra"];
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

/// An invented name for the project of one entry, never the same twice, and none the beginning of another.
fn project(feed: usize, entry: usize) -> String {
    let number = feed * 64 + entry % 64 + (entry / 64) * 65_536;
    let digit = |at: usize| (number >> (4 * at)) % 16;
    let syllables = [digit(4) + digit(0), digit(0), digit(1), digit(2), digit(3)];
    let whole: String = syllables.iter().map(|at| SYLLABLES[at % 16]).collect();
    format!("{}{}", whole[..1].to_uppercase(), &whole[1..])
}

/// Entries a day of twenty feeds, the next twenty alike: eleven each on average, and as unevenly spread as in the
/// collection of 2026 (data sheet on the sources of the texts), where five outlets of 189 bring four fifths.
const A_DAY: [usize; 20] = [70, 42, 28, 20, 14, 10, 8, 6, 5, 4, 3, 3, 2, 2, 1, 1, 1, 0, 0, 0];
/// Ticks of a day: one is a minute, so that what comes in between two cycles has its time.
const TICKS: usize = 1440;
/// Of the entries published later, one in this many reports a launch.
const LATER: usize = 6;

/// Entries that feed `number` has published up to `tick`: evenly over the day, each feed from another minute on; or
/// one feed in `every` an entry in each tick, where that is not 0.
fn published(number: usize, plan: &Bulk, tick: u32, every: usize) -> usize {
    let tick = tick as usize;
    plan.entries
        + match every {
            0 => (tick * a_day(number) + begun(number)) / TICKS,
            every => (number % every + tick) / every,
        }
}

fn a_day(number: usize) -> usize {
    A_DAY[number % A_DAY.len()]
}

/// How far feed `number` had come towards its next entry at the start.
fn begun(number: usize) -> usize {
    (number * 370 + 1000) % TICKS
}

/// The tick in which feed `number` published `entry`, below 0 for what was there from the start: at the pace that it
/// keeps later. A feed that publishes nothing in a day wrote once a week.
fn tick_of(number: usize, plan: &Bulk, entry: usize, every: usize) -> i64 {
    let whole = |number: usize| i64::try_from(number).unwrap_or(0);
    let later = whole(entry + 1) - whole(plan.entries);
    match (every, a_day(number)) {
        (0, 0) => (later - 1) * whole(7 * TICKS),
        (0, a_day) => -(whole(begun(number)) - later * whole(TICKS)).div_euclid(whole(a_day)),
        (every, _) => later * whole(every) - whole(number % every),
    }
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
    // A query makes another source of the same feed.
    let path = path.split('?').next().unwrap_or(path);
    let number = host.strip_prefix("feed-").and_then(|number| number.parse::<usize>().ok());
    let Some(feed) = number.and_then(|number| number.checked_sub(1)).filter(|feed| *feed < plan.feeds) else {
        return Reply::status(404);
    };
    let origin = world.origin(host);
    let all = published(feed, plan, world.tick(), world.every.load(Ordering::SeqCst));
    if path == "/feed.xml" {
        let tag = format!("\"bulk-{feed}-{all}\"");
        return Reply::ok("application/rss+xml", rss(world, &origin, feed, plan, all)).with("etag", tag);
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
    let html = page::html(&title, host, &address, &time(world, feed, plan, entry).to_string(), &paragraphs);
    Reply::ok("text/html; charset=utf-8", html).with("etag", format!("\"item-{feed}-{entry}\""))
}

/// When an entry was published: at its tick, where ticks have a length.
fn time(world: &World, feed: usize, plan: &Bulk, entry: usize) -> Timestamp {
    let (now, tick_s) = (world.options.now, world.tick_s.load(Ordering::SeqCst));
    let at = if tick_s > 0 {
        now + tick_of(feed, plan, entry, world.every.load(Ordering::SeqCst)) * tick_s
    } else {
        now - i64::try_from(entry % plan.entries).unwrap_or(0) * 3600
    };
    Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn rss(world: &World, origin: &str, feed: usize, plan: &Bulk, all: usize) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>Bulk {feed}</title><link>{origin}</link>\n"
    );
    for entry in all - plan.entries..all {
        let (title, summary) = headline(feed, entry, plan);
        let date = time(world, feed, plan, entry)
            .to_zoned_datetime(TimeZone::UTC)
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        text.push_str(&format!("<item><title>{title}</title><link>{origin}/item-{entry}</link><guid>{origin}/item-{entry}</guid><pubDate>{date}</pubDate><description>{summary}</description></item>\n"));
    }
    text.push_str("</channel></rss>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_project_has_the_name_of_another_or_its_beginning() {
        let mut names: Vec<String> =
            (0..40).flat_map(|feed| (0..200).map(move |entry| project(feed, entry))).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| !pair[1].starts_with(&pair[0])));
        assert!(names.iter().all(|name| name.starts_with(char::is_uppercase)));
    }

    #[test]
    fn a_day_brings_each_feed_its_entries_and_the_first_ten_minutes_few() {
        let plan = Bulk { feeds: 40, entries: 30, relevant: 5 };
        for (feed, a_day) in A_DAY.iter().cycle().enumerate().take(plan.feeds) {
            assert_eq!(published(feed, &plan, 0, 0), 30);
            assert_eq!(published(feed, &plan, 1440, 0), 30 + a_day);
        }
        let first: usize = (0..plan.feeds).map(|feed| published(feed, &plan, 10, 0) - 30).sum();
        assert!((1..=6).contains(&first), "{first}");
        let every: usize = (0..plan.feeds).map(|feed| published(feed, &plan, 1, 4) - 30).sum();
        assert_eq!(every, 10);
    }

    #[test]
    fn an_entry_is_published_in_its_tick() {
        let plan = Bulk { feeds: 40, entries: 30, relevant: 5 };
        for (feed, every) in (0..plan.feeds).flat_map(|feed| [(feed, 0), (feed, 4)]) {
            assert!((0..30).all(|entry| tick_of(feed, &plan, entry, every) <= 0));
            for entry in 30..published(feed, &plan, 1440, every) {
                let tick = u32::try_from(tick_of(feed, &plan, entry, every)).unwrap();
                assert!(published(feed, &plan, tick, every) > entry);
                assert!(published(feed, &plan, tick - 1, every) <= entry);
            }
        }
    }
}
