//! The second tab: figures of the program itself.

use jiff::Timestamp;

use super::{
    html::{figure, table},
    sources::Health,
};
use crate::{
    figures::{CycleReport, level::Level, sources::SourceView, sums::Sums, targets::Target, trend::median},
    render::{
        charts::Chart,
        format::{or_dash, percent_tenths, seconds},
    },
};

const DAY_S: i64 = 86_400;
/// Cycles from which the usual interval is computed.
const RECENT: usize = 20;

/// A day's sums, and the percentiles of its cycles in milliseconds: p50, p95, p99.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Its start, seconds since 1970.
    pub at: i64,
    pub sums: Sums,
    pub times: Option<[f64; 3]>,
}

#[derive(Debug, Clone, Copy)]
pub struct Figures<'a> {
    /// Finished cycles, newest first.
    pub reports: &'a [CycleReport],
    /// Days, oldest first.
    pub days: &'a [Day],
    /// Targets of the last cycle.
    pub levels: &'a [(Target, Level)],
    pub sources: &'a [SourceView],
    /// Cycles of the marks of the sources, oldest first.
    pub grid: &'a [i64],
    pub health: &'a Health,
    /// Of all time.
    pub all: &'a Sums,
    /// For each month.
    pub x_budget_usd: f64,
}

impl Figures<'_> {
    /// Start of the last cycle.
    pub fn last_cycle(&self) -> Option<Timestamp> {
        Some(self.reports.first()?.cycle.started_at)
    }

    /// Usual time between two cycles, in seconds.
    pub fn every_s(&self) -> Option<i64> {
        let starts = self.reports.iter().take(RECENT).map(|report| report.cycle.started_at.as_second());
        let starts: Vec<i64> = starts.collect();
        let gap = median(starts.windows(2).map(|pair| (pair[0] - pair[1]) as f64))?;
        #[expect(clippy::cast_possible_truncation, reason = "a median of whole seconds")]
        Some(gap as i64).filter(|gap| *gap > 0)
    }
}

pub fn section(figures: &Figures<'_>, body: &mut String) {
    body.push_str("<section id=\"figures\" aria-labelledby=\"figures-title\"><h2 id=\"figures-title\">Figures of the program</h2>");
    if figures.reports.is_empty() {
        body.push_str("<p class=\"empty\">No cycle has finished yet. Run <code>tge-scrape cycle</code>.</p>");
    } else {
        tiles(figures, body);
    }
    found(figures, body);
    speed(figures, body);
    savings(figures, body);
    targets(figures, body);
    spending(figures, body);
    body.push_str("</section>");
}

fn tiles(figures: &Figures<'_>, body: &mut String) {
    let Some(last) = figures.reports.first() else { return };
    let status = last.cycle.status.as_str();
    let middle = median(figures.reports.iter().map(|report| report.cycle.duration_ms as f64));
    let tiles = [
        ("Last cycle", format!("{status}, {}", seconds(last.cycle.duration_ms as f64))),
        ("Median cycle", or_dash(middle, seconds)),
        ("Stories", figures.all.stories_new.to_string()),
        ("Cycles", figures.all.cycles.to_string()),
        ("Calls saved", or_dash(figures.all.reduction(), percent_tenths)),
        ("Cache hits", or_dash(figures.all.hit_ratio(), percent_tenths)),
        ("Sources", figures.sources.len().to_string()),
    ];
    let tiles: String =
        tiles.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>")).collect();
    body.push_str(&format!("<dl class=\"tiles\">{tiles}</dl>"));
}

fn found(figures: &Figures<'_>, body: &mut String) {
    body.push_str("<h3>Stories</h3>");
    let found = figures.days.iter().filter(|day| day.sums.stories_new > 0);
    let found = found.map(|day| (day.at, day.sums.stories_new as f64)).collect();
    let title = "Stories found each day".to_owned();
    figure(&Chart { title, unit: "", series: vec![("stories", found)], bars: Some(DAY_S) }, body);
}

fn speed(figures: &Figures<'_>, body: &mut String) {
    body.push_str("<h3>Time</h3>");
    let points = figures
        .reports
        .iter()
        .rev()
        .map(|report| (report.cycle.started_at.as_second(), report.cycle.duration_ms as f64 / 1e3));
    figure(
        &Chart {
            title: format!("Time of the last {} cycles", figures.reports.len()),
            unit: "s",
            series: vec![("cycle", points.collect())],
            bars: None,
        },
        body,
    );
    let line = |which: usize| {
        figures.days.iter().filter_map(|day| Some((day.at, day.times?[which] / 1e3))).collect::<Vec<_>>()
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
}

fn savings(figures: &Figures<'_>, body: &mut String) {
    body.push_str("<h3>Savings</h3>");
    let line = |of: fn(&Sums) -> Option<f64>| {
        figures.days.iter().filter_map(|day| Some((day.at, of(&day.sums)? * 100.0))).collect::<Vec<_>>()
    };
    figure(
        &Chart {
            title: "Share of calls saved, and of lookups answered by a cache, each day".to_owned(),
            unit: "%",
            series: vec![("calls saved", line(Sums::reduction)), ("cache hits", line(Sums::hit_ratio))],
            bars: None,
        },
        body,
    );
}

fn targets(figures: &Figures<'_>, body: &mut String) {
    body.push_str("<h3>Targets of the last cycle</h3>");
    let rows = figures.levels.iter().map(|(target, level)| {
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
    table(
        ("Targets", figures.levels.len()),
        &["target", "measured", "wanted", "result", "level"],
        rows,
        body,
    );
}

fn spending(figures: &Figures<'_>, body: &mut String) {
    body.push_str("<h3>Cost of X</h3>");
    let spent = figures.days.iter().filter(|day| day.sums.x_calls > 0);
    let points: Vec<_> = spent.map(|day| (day.at, day.sums.x_cost_micros as f64 / 1e6)).collect();
    if points.is_empty() {
        body.push_str("<p class=\"note\">X was not read.</p>");
        return;
    }
    let month = figures.reports.first().and_then(|report| report.x.month_cost_usd);
    if let Some(month) = month {
        body.push_str(&format!("<p>This month: ${month} of ${:.2}.</p>", figures.x_budget_usd));
    }
    let title = "Dollars each day".to_owned();
    figure(&Chart { title, unit: "$", series: vec![("cost", points)], bars: Some(DAY_S) }, body);
}
