//! Dated stories as iCalendar (RFC 5545), for Google, Apple, Thunderbird and the like.
//!
//! A story keeps its `UID`; a new date or class raises `SEQUENCE` and moves `DTSTAMP`, so calendar programs update
//! theirs. A date without an official source is `TENTATIVE`. A month or a quarter is omitted: a calendar would show a
//! day that no source named.

use jiff::{Timestamp, ToSpan, civil::Date};

use super::syndication::{headline, lines};
use crate::{
    store::StoryRow,
    text::{link::Link, plain},
};

/// Octets of a line (RFC 5545, section 3.1).
const LINE: usize = 75;

/// The calendar of the `rows` that have a day; `authority` is the domain of their ids.
pub fn ics(rows: &[StoryRow], authority: &str) -> String {
    let mut out = String::new();
    for line in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        concat!("PRODID:-//tge-scrape//tge-scrape ", env!("CARGO_PKG_VERSION"), "//EN"),
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "NAME:Token launches",
        "X-WR-CALNAME:Token launches",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ] {
        push(&mut out, line);
    }
    for row in rows {
        let Some(day) = row.event_date.as_deref().and_then(day) else { continue };
        event(&mut out, row, day, authority);
    }
    push(&mut out, "END:VCALENDAR");
    out
}

/// `2026-11-25` as a day; `None` for a month or a quarter.
fn day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn event(out: &mut String, row: &StoryRow, day: Date, authority: &str) {
    let found = &row.detection;
    // The end is exclusive.
    let end = day.checked_add(1.day()).unwrap_or(day);
    let status = if row.official && !found.rumour { "CONFIRMED" } else { "TENTATIVE" };
    let stamp = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut text = lines(row);
    text.push(format!("{}: {}", plain(&found.source), Link::read(&found.url).text()));
    let mut all = vec![
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@{authority}", escape(&found.story_id)),
        format!("DTSTAMP:{}", stamp(row.changed_at)),
        format!("CREATED:{}", stamp(row.opened_at)),
        format!("LAST-MODIFIED:{}", stamp(row.changed_at)),
        format!("SEQUENCE:{}", row.revision),
        format!("DTSTART;VALUE=DATE:{}", day.strftime("%Y%m%d")),
        format!("DTEND;VALUE=DATE:{}", end.strftime("%Y%m%d")),
        format!("SUMMARY:{}", escape(&headline(found))),
        format!("DESCRIPTION:{}", text.iter().map(|line| escape(line)).collect::<Vec<_>>().join("\\n")),
        format!("CATEGORIES:{},{}", found.event.as_str(), found.class.as_str()),
        format!("STATUS:{status}"),
        "TRANSP:TRANSPARENT".to_owned(),
    ];
    if let Link::Open { href, .. } = Link::read(&found.url) {
        all.push(format!("URL:{href}"));
    }
    all.push("END:VEVENT".to_owned());
    for line in all {
        push(out, &line);
    }
}

/// Text within a value (RFC 5545, section 3.3.11), on one line.
fn escape(text: &str) -> String {
    plain(text).replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,")
}

/// Adds `line`, folded, with CRLF.
fn push(out: &mut String, line: &str) {
    let mut space_left = LINE;
    for c in line.chars() {
        if c.len_utf8() > space_left {
            out.push_str("\r\n ");
            space_left = LINE - 1;
        }
        out.push(c);
        space_left -= c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::{hostile, row};

    #[test]
    fn a_dated_story_is_an_event_and_an_undated_one_is_none() {
        let vague = StoryRow { event_date: Some("2026-12".to_owned()), ..row() };
        let firm = StoryRow { official: true, revision: 2, ..row() };
        let text = ics(&[firm, vague, StoryRow { event_date: None, ..row() }], "me.example");
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
        for wanted in [
            "UID:s1@me.example\r\n",
            "SEQUENCE:2\r\n",
            "DTSTART;VALUE=DATE:20261125\r\n",
            "DTEND;VALUE=DATE:20261126\r\n",
            "STATUS:CONFIRMED\r\n",
            "URL:https://a.example/1\r\n",
        ] {
            assert!(text.contains(wanted), "{wanted} is missing in {text}");
        }
        assert!(ics(&[row()], "me.example").contains("STATUS:TENTATIVE\r\n"));
    }

    #[test]
    fn no_title_breaks_a_line_or_adds_a_property() {
        for title in hostile() {
            let mut row = row();
            row.detection.title = title.clone() + "\r\nEND:VEVENT\r\nATTACH:https://evil.example";
            let text = ics(&[row], "me.example");
            assert!(text.split("\r\n").all(|line| line.len() <= LINE), "{text}");
            assert!(!text.replace("\r\n", "").contains(['\n', '\r', '\u{202E}']), "{text}");
            let unfolded = text.replace("\r\n ", "");
            assert_eq!(unfolded.lines().filter(|line| line.starts_with("ATTACH")).count(), 0);
            assert_eq!(unfolded.lines().filter(|line| *line == "END:VEVENT").count(), 1);
        }
    }
}
