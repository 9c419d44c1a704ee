//! The report: one HTML page without scripts, fonts or requests.

use std::collections::BTreeMap;

use htmlize::escape_attribute as escape;
use jiff::Timestamp;

use super::{
    charts::Chart,
    format::{minute, or_dash, percent_tenths, seconds},
    plain,
    sources::by_attention,
};
use crate::{
    figures::{CycleReport, level::Level, sources::SourceView, sums::Sums, targets::Target, trend::median},
    model::Detection,
    text::link::Link,
};

const STYLE: &str = include_str!("page.css");
/// Rows shown of a table at most; its caption has their full number.
pub const ROWS: usize = 500;
const DAY_S: i64 = 86_400;

/// A day's sums, and the percentiles of its cycles in milliseconds: p50, p95, p99.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Its start, seconds since 1970.
    pub at: i64,
    pub sums: Sums,
    pub times: Option<[f64; 3]>,
}

#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    pub now: Timestamp,
    /// Finished cycles, newest first.
    pub reports: &'a [CycleReport],
    /// Days, oldest first.
    pub days: &'a [Day],
    /// Targets of the last cycle.
    pub levels: &'a [(Target, Level)],
    pub sources: &'a [SourceView],
    /// Cycles of the grid, oldest first.
    pub grid: &'a [i64],
    /// For each source its cycles: `true` for a body, `false` for a failure.
    pub health: &'a BTreeMap<String, BTreeMap<i64, bool>>,
    /// One detection for each of the newest [`ROWS`] stories, newest first.
    pub events: &'a [Detection],
    /// Of all time.
    pub all: &'a Sums,
    /// For each month.
    pub x_budget_usd: f64,
}

pub fn html(page: &Page<'_>) -> String {
    let mut body = String::new();
    head(page, &mut body);
    detections(page, &mut body);
    speed(page, &mut body);
    savings(page, &mut body);
    targets(page, &mut body);
    health(page, &mut body);
    spending(page, &mut body);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\
         <link rel=\"icon\" href=\"data:,\"><title>tge-scrape report</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>\n"
    )
}

fn head(page: &Page<'_>, body: &mut String) {
    let written = minute(page.now);
    body.push_str(&format!(
        "<header><h1>Token launches: report</h1><p class=\"note\">Written {written} UTC.</p></header>"
    ));
    let Some(last) = page.reports.first() else {
        body.push_str("<p>No cycle has finished yet.</p>");
        return;
    };
    let status = last.cycle.status.as_str();
    let attention = page.sources.iter().filter(|source| source.attention.is_some()).count();
    let middle = median(page.reports.iter().map(|report| report.cycle.duration_ms as f64));
    let tiles = [
        ("Last cycle", format!("{status}, {}", seconds(last.cycle.duration_ms as f64))),
        ("Median cycle", or_dash(middle, seconds)),
        ("Stories", page.all.stories_new.to_string()),
        ("Cycles", page.all.cycles.to_string()),
        ("Calls saved", or_dash(page.all.reduction(), percent_tenths)),
        ("Cache hits", or_dash(page.all.hit_ratio(), percent_tenths)),
        ("Sources", format!("{} ({attention} need attention)", page.sources.len())),
    ];
    let tiles: String =
        tiles.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>")).collect();
    body.push_str(&format!("<dl>{tiles}</dl>"));
}

/// The chart with a legend, and its figures in words.
fn figure(chart: &Chart, body: &mut String) {
    let Some(svg) = chart.svg() else {
        body.push_str(&format!("<p class=\"note\">{}: nothing measured yet.</p>", escape(&chart.title)));
        return;
    };
    let keys: String = chart
        .series
        .iter()
        .enumerate()
        .map(|(at, (name, _))| {
            format!("<span class=\"key key{at}\" aria-hidden=\"true\"></span>{}", escape(*name))
        })
        .collect();
    body.push_str(&format!("<figure>{svg}<figcaption>{}{keys}</figcaption></figure>", escape(&chart.title)));
}

fn detections(page: &Page<'_>, body: &mut String) {
    body.push_str("<section><h2>What was found</h2>");
    let found = page.days.iter().filter(|day| day.sums.stories_new > 0);
    let found = found.map(|day| (day.at, day.sums.stories_new as f64));
    figure(
        &Chart {
            title: "Stories found each day".to_owned(),
            unit: "",
            series: vec![("stories", found.collect())],
            bars: Some(DAY_S),
        },
        body,
    );
    let rows = page.events.iter().take(ROWS).map(|event| {
        let also: String =
            event.also_at.iter().map(|outlet| format!("<br>{}", link(&outlet.url, &outlet.source))).collect();
        let date = event.event_date.as_deref().map_or_else(String::new, |date| format!(", {}", text(date)));
        let token = event.token.as_deref().map_or_else(String::new, |token| format!(" ${}", text(token)));
        [
            minute(event.detected_at),
            format!("{} {}", event.score, event.class.as_str()),
            format!("{} {}{date}", event.event.as_str(), event.stage.as_str()),
            format!("{}{token}", text(event.project.as_deref().unwrap_or("?"))),
            text(&event.title),
            format!("{}{also}", link(&event.url, &event.source)),
        ]
    });
    table(
        ("Detections, newest first", stories(page)),
        &["found", "score", "event", "project", "title", "reported by"],
        rows,
        body,
    );
    body.push_str("</section>");
}

/// The number of stories; only the newest have rows.
fn stories(page: &Page<'_>) -> usize {
    let all = usize::try_from(page.all.stories_new).unwrap_or(usize::MAX);
    if page.events.len() < ROWS { page.events.len() } else { all.max(page.events.len()) }
}

fn text(text: &str) -> String {
    escape(plain(text)).into_owned()
}

/// A link if the address shows its target; else the words and the address as plain text.
fn link(address: &str, words: &str) -> String {
    match Link::read(address) {
        Link::Open { href, .. } => {
            format!("<a rel=\"noreferrer\" href=\"{}\">{}</a>", escape(href), text(words))
        }
        Link::Odd(shown) => format!("{} (<code>{}</code>)", text(words), text(&shown)),
        Link::Missing => text(words),
    }
}

fn table<const N: usize>(
    (caption, all): (&str, usize),
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
    body: &mut String,
) {
    if all == 0 {
        body.push_str(&format!("<p class=\"note\">{caption}: none yet.</p>"));
        return;
    }
    let header: String = header.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    let more = if all > ROWS { format!(" (the first {ROWS} of {all})") } else { String::new() };
    body.push_str(&format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption class=\"note\">{caption}{more}</caption><thead><tr>{header}</tr></thead><tbody>"
    ));
    for row in rows {
        body.push_str("<tr>");
        for cell in &row {
            body.push_str(&format!("<td>{cell}</td>"));
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</tbody></table></div>");
}

fn speed(page: &Page<'_>, body: &mut String) {
    body.push_str("<section><h2>How fast</h2>");
    let points = page
        .reports
        .iter()
        .rev()
        .map(|report| (report.cycle.started_at.as_second(), report.cycle.duration_ms as f64 / 1e3));
    figure(
        &Chart {
            title: format!("Time of the last {} cycles", page.reports.len()),
            unit: "s",
            series: vec![("cycle", points.collect())],
            bars: None,
        },
        body,
    );
    let line = |which: usize| {
        page.days.iter().filter_map(|day| Some((day.at, day.times?[which] / 1e3))).collect::<Vec<_>>()
    };
    figure(
        &Chart {
            title: "Percentiles of cycle time each day".to_owned(),
            unit: "s",
            series: vec![("p50", line(0)), ("p95", line(1)), ("p99", line(2))],
            bars: None,
        },
        body,
    );
    body.push_str("</section>");
}

fn savings(page: &Page<'_>, body: &mut String) {
    body.push_str("<section><h2>What was saved</h2>");
    let line = |of: fn(&Sums) -> Option<f64>| {
        page.days.iter().filter_map(|day| Some((day.at, of(&day.sums)? * 100.0))).collect::<Vec<_>>()
    };
    figure(
        &Chart {
            title: "Share of calls saved, and of questions a cache answered, each day".to_owned(),
            unit: "%",
            series: vec![("calls saved", line(Sums::reduction)), ("cache hits", line(Sums::hit_ratio))],
            bars: None,
        },
        body,
    );
    body.push_str("</section>");
}

fn targets(page: &Page<'_>, body: &mut String) {
    body.push_str("<section><h2>Targets of the last cycle</h2>");
    let rows = page.levels.iter().map(|(target, level)| {
        let verdict = match target.ok {
            Some(true) => "met",
            Some(false) => "<strong class=\"missed\">missed</strong>",
            None => "not judged",
        };
        let number = |value: f64| format!("{value:.3}");
        [
            target.name.to_string(),
            or_dash(target.value, number),
            format!("{} {}", number(target.target), target.unit),
            verdict.to_owned(),
            level.as_str().to_owned(),
        ]
    });
    table(("Targets", page.levels.len()), &["target", "measured", "wanted", "", "level"], rows, body);
    body.push_str("</section>");
}

fn health(page: &Page<'_>, body: &mut String) {
    body.push_str("<section><h2>Sources</h2>");
    body.push_str(&format!(
        "<p class=\"note\">The last {} cycles, oldest first: <code>●</code> a body came, <code>✕</code> it failed, <code>·</code> nothing new or not asked.</p>",
        page.grid.len()
    ));
    let sources = by_attention(page.sources);
    let rows = sources.iter().take(ROWS).map(|source| {
        let lines = page.health.get(&source.url);
        let mark = |cycle: &i64| match lines.and_then(|lines| lines.get(cycle)) {
            Some(true) => '●',
            Some(false) => '✕',
            None => '·',
        };
        let marks: String = page.grid.iter().map(mark).collect();
        let count = |came: bool| lines.map_or(0, |lines| lines.values().filter(|one| **one == came).count());
        let words = format!("{} bodies, {} failures", count(true), count(false));
        [
            link(&source.url, &source.name),
            source.attention.map_or("", |attention| attention.as_str()).to_owned(),
            format!("<code role=\"img\" aria-label=\"{words}\">{marks}</code>"),
            format!("{} of {}", source.detections, source.entries),
            source.first.to_string(),
            or_dash(source.asked_per_detection, |cost| cost.to_string()),
        ]
    });
    let header = ["source", "attention", "health", "detections", "reported first", "requests each"];
    table(("Sources, those that need attention first", sources.len()), &header, rows, body);
    body.push_str("</section>");
}

fn spending(page: &Page<'_>, body: &mut String) {
    body.push_str("<section><h2>What X cost</h2>");
    let spent = page.days.iter().filter(|day| day.sums.x_calls > 0);
    let points: Vec<_> = spent.map(|day| (day.at, day.sums.x_cost_micros as f64 / 1e6)).collect();
    if points.is_empty() {
        body.push_str("<p class=\"note\">X was not read.</p>");
    } else {
        let month = page.reports.first().and_then(|report| report.x.month_cost_usd);
        if let Some(month) = month {
            body.push_str(&format!("<p>This month: ${month} of ${:.2}.</p>", page.x_budget_usd));
        }
        let title = "Dollars each day".to_owned();
        figure(&Chart { title, unit: "$", series: vec![("cost", points)], bars: Some(DAY_S) }, body);
    }
    body.push_str("</section>");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page<'a>(
        reports: &'a [CycleReport],
        sources: &'a [SourceView],
        all: &'a Sums,
        health: &'a BTreeMap<String, BTreeMap<i64, bool>>,
    ) -> String {
        html(&Page {
            now: Timestamp::UNIX_EPOCH,
            reports,
            days: &[],
            levels: &[],
            sources,
            grid: &[1, 2, 3],
            health,
            events: &[],
            all,
            x_budget_usd: 5.0,
        })
    }

    #[test]
    fn before_the_first_cycle_the_page_has_no_figures() {
        let text = page(&[], &[], &Sums::default(), &BTreeMap::new());
        assert!(text.contains("No cycle has finished yet") && text.contains("X was not read"));
        assert!(!text.contains("NaN") && !text.contains("<svg"));
    }

    #[test]
    fn an_address_that_hides_its_target_is_no_link() {
        assert_eq!(
            link("https://a.example/x?a=1&b=2", "A & B"),
            "<a rel=\"noreferrer\" href=\"https://a.example/x?a=1&amp;b=2\">A &amp; B</a>"
        );
        for odd in [
            "http://bank.example@evil.example/",
            "http://xn--80ak6aa92e.example/",
            "http://203.0.113.9/claim",
            "javascript:alert(1)",
        ] {
            let shown = link(odd, "<b>Bank");
            let is_text = !shown.contains("<script") && shown.starts_with("&lt;b&gt;Bank (<code>");
            assert!(is_text && !shown.contains("href") && !shown.contains("http:"), "{shown}");
        }
        assert!(link("http://bank.example@evil.example/", "").contains("bank[.]example[at]evil[.]example"));
        assert_eq!(link("", "Words"), "Words");
    }

    #[test]
    fn text_of_feeds_is_escaped() {
        let sources = [SourceView {
            url: "javascript:alert(1)".to_owned(),
            name: "<script>x".to_owned(),
            ..SourceView::default()
        }];
        let health = [("javascript:alert(1)".to_owned(), [(1, true), (3, false)].into())].into();
        let text = page(&[CycleReport::default()], &sources, &Sums::default(), &health);
        assert!(
            text.contains("&lt;script&gt;x")
                && !text.contains("<script")
                && !text.contains("href=\"javascript")
        );
        assert!(text.contains("●·✕") && text.contains("1 bodies, 1 failures"));
    }
}
