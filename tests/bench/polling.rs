//! Requests saved by long intervals for quiet feeds, and the delay of their news.

use crate::{DAY, counts::Counts, site::Site};

/// Values of `cache.feed_ttl_max`, minutes; the first asks all feeds alike.
const LONGEST_MIN: [i64; 4] = [10, 30, 60, 180];
/// The second at most between two cycles, and what starting one takes.
const CRON_S: i64 = 601;

/// Runs a day of news over `hosts` hosts with each, and prints how the two go together.
///
/// # Panics
/// When a longer interval does not save, or when news is later than the longest interval and the next cycle.
pub fn compare(hosts: usize) {
    println!("\nfeed_ttl_max  requests for feeds  of each a day  median delay  95 in 100  longest");
    let mut before = u64::MAX;
    for longest in LONGEST_MIN {
        let mut site = Site::new(hosts, &["--only", "news"]);
        site.cycle(&[]);
        site.begin_day(&format!("feed_ttl_max = \"{longest}m\"\n"));
        let mut day = Counts::default();
        for _ in 0..DAY {
            site.advance();
            day.add(&site.cycle(&[]));
        }
        let requests = day.requests - day.pages;
        let mut delays = std::mem::take(&mut site.delays);
        delays.sort_unstable();
        let (at, last) = (|share: usize| delays[(delays.len() - 1) * share / 100], *delays.last().unwrap());
        println!(
            "{longest:>8} min  {requests:>18}  {:>13.1}  {:>8.1} min  {:>5.1} min  {:>3.1} min",
            requests as f64 / hosts as f64,
            at(50) as f64 / 60.0,
            at(95) as f64 / 60.0,
            last as f64 / 60.0,
        );
        site.end();
        assert!(requests < before, "{longest} min: {requests} requests, {before} before");
        assert!(last <= longest * 60 + CRON_S, "{longest} min: {last} s late");
        before = requests;
    }
}
