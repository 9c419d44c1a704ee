//! What the caches hold and save: `stats --cache`.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Column, Style,
    format::{bytes, count, or_dash},
    rows_table,
    trends::cell,
};
use crate::{
    figures::sums::Sums,
    store::{CacheSizes, StoredCache},
    text::quantity::plural,
};

/// What the view is made of.
#[derive(Debug, Clone, Copy)]
pub struct Caches {
    pub sizes: CacheSizes,
    /// Of the cycles whose hits are shown.
    pub sums: Sums,
    /// Alerts of 30 days that a cool-down held back.
    pub cooled: usize,
    /// Alerts of 30 days that were too old for an instant message.
    pub aged: usize,
}

#[derive(Debug, Serialize)]
struct Row {
    cache: &'static str,
    entries: Option<u64>,
    bytes: Option<u64>,
    hits: Option<u64>,
    evictions: Option<u64>,
}

impl Row {
    fn stored(cache: &'static str, stored: StoredCache, hits: Option<u64>) -> Self {
        Self { cache, entries: Some(stored.entries), bytes: Some(stored.bytes), hits, evictions: None }
    }
}

const TABLE: [Column<Row>; 5] = [
    ("cache", |row| row.cache.replace('_', " ")),
    ("entries", |row| or_dash(row.entries, |value| count(value as f64))),
    ("size", |row| or_dash(row.bytes, |value| bytes(value as f64))),
    ("hits", |row| or_dash(row.hits, |value| count(value as f64))),
    ("evictions", |row| or_dash(row.evictions, |value| count(value as f64))),
];

const CSV: [Column<Row>; 5] = [
    ("cache", |row| row.cache.to_owned()),
    ("entries", |row| cell(row.entries.map(|value| value as f64))),
    ("bytes", |row| cell(row.bytes.map(|value| value as f64))),
    ("hits", |row| cell(row.hits.map(|value| value as f64))),
    ("evictions", |row| cell(row.evictions.map(|value| value as f64))),
];

impl Caches {
    fn rows(&self) -> [Row; 5] {
        let Self { sizes, sums, .. } = self;
        [
            Row::stored("feed_validators", sizes.validators, sums.feeds_not_modified),
            Row {
                cache: "pages_in_memory",
                entries: sums.memory_pages,
                bytes: sums.memory_bytes,
                hits: sums.saved_by_dedup,
                evictions: sums.memory_evictions,
            },
            Row::stored("pages_in_database", sizes.pages, sums.saved_by_fresh),
            Row::stored("robots_txt", sizes.robots, sums.robots_hits),
            Row::stored("x_user_ids", sizes.user_ids, None),
        ]
    }

    fn requests(&self) -> [(&'static str, Option<u64>); 5] {
        let sums = &self.sums;
        [
            ("feeds", sums.requests_feeds),
            ("pages", sums.requests_pages),
            ("robots", sums.requests_robots),
            ("x", sums.requests_x),
            ("channels", sums.requests_channels),
        ]
    }

    pub fn table(&self, style: Style) -> String {
        let sums = &self.sums;
        let mut text = rows_table(&TABLE, &self.rows(), style);
        let cycles = match sums.cycles {
            1 => "the last cycle".to_owned(),
            number => format!("the last {} cycles", count(number as f64)),
        };
        text += &format!("hits and requests are those of {cycles}\n\n");
        let requests = self
            .requests()
            .map(|(name, number)| format!("{} {name}", or_dash(number, |number| count(number as f64))));
        text += &format!("requests: {}\n", requests.join(", "));
        if let (Some(ratio), Some(before), Some(after)) =
            (sums.compression_ratio(), sums.bytes_encoded, sums.bytes_decoded)
        {
            let (before, after) = (bytes(before as f64), bytes(after as f64));
            text += &format!("compression: {after} of bodies came as {before}, a ratio of {ratio:.2}\n");
        }
        let mentions = plural(self.sizes.mentions, "mention", "mentions");
        let stories = plural(self.sizes.stories, "story", "stories");
        text += &format!(
            "deduplication: {mentions} in {stories}; alerts of 30 days: {} held by cool_down, {} older than max_age\n",
            self.cooled, self.aged
        );
        text
    }

    pub fn csv(&self) -> String {
        super::csv(&CSV, &self.rows())
    }

    pub fn lines(&self) -> String {
        self.rows().iter().map(super::json).collect()
    }

    pub fn document(&self) -> Value {
        let requests: serde_json::Map<String, Value> =
            self.requests().into_iter().map(|(name, number)| (name.to_owned(), number.into())).collect();
        json!({
            "schema": 1,
            "cycles": self.sums.cycles,
            "caches": self.rows(),
            "requests": requests,
            "bytes_encoded": self.sums.bytes_encoded,
            "bytes_decoded": self.sums.bytes_decoded,
            "compression_ratio": self.sums.compression_ratio(),
            "deduplication": {
                "mentions": self.sizes.mentions,
                "stories": self.sizes.stories,
                "held_by_cool_down": self.cooled,
                "older_than_max_age": self.aged,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cache_has_a_row_and_what_is_not_measured_is_no_zero() {
        let stored = |entries, bytes| StoredCache { entries, bytes };
        let sizes = CacheSizes {
            validators: stored(190, 7_000),
            pages: stored(1_200, 3_000_000),
            robots: stored(80, 12_000),
            user_ids: stored(25, 300),
            mentions: 700,
            stories: 66,
        };
        let sums = Sums {
            cycles: 50,
            feeds_not_modified: Some(8_000),
            memory_pages: Some(12),
            memory_bytes: Some(60_000),
            saved_by_dedup: Some(4),
            saved_by_fresh: Some(90),
            requests_feeds: Some(9_000),
            bytes_encoded: Some(1_000_000),
            bytes_decoded: Some(4_500_000),
            ..Sums::default()
        };
        let caches = Caches { sizes, sums, cooled: 12, aged: 5 };
        let text = caches.table(Style::pipe(80));
        let line = |start: &str| {
            let line = text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{text}"));
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line("pages in memory"), "pages in memory 12 58.6 KiB 4 –");
        assert_eq!(line("x user ids"), "x user ids 25 300 B – –");
        assert!(text.contains("requests: 9\u{202F}000 feeds, – pages"), "{text}");
        assert!(text.contains("4.3 MiB of bodies came as 976.6 KiB, a ratio of 4.50"), "{text}");
        assert!(
            text.contains(
                "700 mentions in 66 stories; alerts of 30 days: 12 held by cool_down, 5 older than"
            )
        );
        assert!(caches.csv().contains("robots_txt,80,12000,,\r\n"), "{}", caches.csv());
        assert_eq!(caches.document()["caches"][2]["hits"], 90);
    }
}
