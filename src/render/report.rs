//! A cycle's figures, for people and for programs.

use crate::figures::{CycleReport, report::Status, targets::Target};

use super::{Style, plain, table};

/// The report as one line of JSON.
#[must_use]
pub fn json(report: &CycleReport) -> String {
    super::json(report)
}

/// One line that says how it went.
#[must_use]
pub fn summary(report: &CycleReport) -> String {
    let status = match report.cycle.status {
        Status::Ok => "ok",
        Status::Degraded => "degraded",
        Status::Failed => "failed",
    };
    let late = if report.cycle.deadline_hit { ", out of time" } else { "" };
    let (feeds, entries) = (&report.feeds, &report.entries);
    let mut text = format!(
        "{status} in {}{late}: {} feeds ({} new bodies, {} unchanged, {} fresh, {} waiting, {} failed), {} new entries, \
         {} pages, {} detections, {} requests over {} connections",
        seconds(report.cycle.duration_ms),
        feeds.total,
        feeds.fetched,
        feeds.not_modified,
        feeds.fresh,
        feeds.waiting,
        feeds.failed,
        entries.new,
        report.articles.fetched,
        report.detections.len(),
        report.http.requests,
        report.http.connections_opened,
    );
    let x = &report.x;
    if let Some(month) = x.month_cost_usd {
        text.push_str(&format!(
            "\nX: {} calls ({} left for later), {} posts ({} new), {} USD; this month {month}",
            x.calls, x.calls_deferred, x.posts_read, x.posts_new, x.cost_usd
        ));
        if let Some(forecast) = x.month_forecast_usd {
            text.push_str(&format!(", forecast {forecast}"));
        }
        if let Some(days) = x.budget_days_left {
            text.push_str(&format!(", budget used up in {days} days"));
        }
    }
    if let Some(planned) = &x.planned {
        text.push_str(&format!(
            "\nX would be asked {} calls for at most {} USD; this month's budget has {} USD left",
            planned.calls, planned.max_cost_usd, planned.budget_left_usd
        ));
        for left_out in &planned.left_out {
            text.push_str(&format!("\nX: left out: {}", plain(left_out)));
        }
    }
    text
}

/// The figures of several cycles beside each other, then the last one's targets.
#[must_use]
pub fn side_by_side(cycles: &[(&str, CycleReport)], style: Style) -> String {
    let mut header = vec!["cycle"];
    header.extend(cycles.iter().map(|(name, _)| *name));
    let row = |name: &str, value: &dyn Fn(&CycleReport) -> String| {
        let mut row = vec![name.to_owned()];
        row.extend(cycles.iter().map(|(_, report)| value(report)));
        row
    };
    let rows = vec![
        row("took", &|report| seconds(report.cycle.duration_ms)),
        row("feeds: new bodies / unchanged (304) / failed", &|report| {
            let feeds = &report.feeds;
            format!("{} / {} / {}", feeds.fetched, feeds.not_modified, feeds.failed)
        }),
        row("feeds repaired", &|report| report.feeds.repaired.to_string()),
        row("entries: new / dropped early / still waiting", &|report| {
            let entries = &report.entries;
            format!("{} / {} / {}", entries.new, entries.dropped_early, entries.waiting)
        }),
        row("pages: fetched / cached / from the feed / failed", &|report| {
            let pages = &report.articles;
            format!("{} / {} / {} / {}", pages.fetched, pages.from_cache, pages.from_feed, pages.failed)
        }),
        row("stories: new / updated", &|report| {
            format!("{} / {}", report.stories.new, report.stories.updated)
        }),
        row("requests / connections", &|report| {
            format!("{} / {}", report.http.requests, report.http.connections_opened)
        }),
        row("X: calls / posts / USD (month, forecast)", &|report| {
            format!("{} / {} / {}", report.x.calls, report.x.posts_read, spending(report))
        }),
        row("calls saved", &|report| share(report.calls.reduction)),
        row("cache hits", &|report| share(report.cache.hit_ratio)),
        row("slowest stage (p95)", &slowest),
    ];
    let mut text = table(&header, rows.into_iter(), style);
    if let Some((name, report)) = cycles.last() {
        text.push_str(&format!("\nTargets, {name} cycle:\n"));
        text.push_str(&targets(&report.targets, style));
    }
    text
}

const HISTORY: [&str; 12] = [
    "started",
    "took",
    "status",
    "feeds",
    "failed",
    "new entries",
    "stories",
    "requests",
    "calls saved",
    "X calls",
    "X posts",
    "X USD (month, forecast)",
];

/// A line for each cycle.
#[must_use]
pub fn history(reports: &[CycleReport], style: Style) -> String {
    table(&HISTORY, reports.iter().map(line), style)
}

/// The same as CSV.
#[must_use]
pub fn csv(reports: &[CycleReport]) -> String {
    super::csv(&HISTORY, reports.iter().map(line))
}

fn line(report: &CycleReport) -> Vec<String> {
    vec![
        report.cycle.started_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        seconds(report.cycle.duration_ms),
        format!("{:?}", report.cycle.status).to_lowercase(),
        report.feeds.total.to_string(),
        report.feeds.failed.to_string(),
        report.entries.new.to_string(),
        report.stories.new.to_string(),
        report.http.requests.to_string(),
        share(report.calls.reduction),
        report.x.calls.to_string(),
        format!("{} ({} new)", report.x.posts_read, report.x.posts_new),
        spending(report),
    ]
}

/// What X cost: the cycle, the month so far, the month as it looks.
fn spending(report: &CycleReport) -> String {
    let x = &report.x;
    match (x.month_cost_usd, x.month_forecast_usd) {
        (Some(month), Some(forecast)) => format!("{} ({month}, {forecast})", x.cost_usd),
        (Some(month), None) => format!("{} ({month})", x.cost_usd),
        _ => "–".to_owned(),
    }
}

/// Each target with what was measured.
#[must_use]
pub fn targets(targets: &[Target], style: Style) -> String {
    let rows = targets.iter().map(|target| {
        let verdict = match target.ok {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "not judged",
        };
        let number =
            |value: f64| if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") };
        let value = target.value.map_or_else(|| "–".to_owned(), number);
        vec![target.name.clone(), value, number(target.target), target.unit.clone(), verdict.to_owned()]
    });
    table(&["target", "measured", "wanted", "unit", ""], rows, style)
}

fn seconds(ms: u64) -> String {
    format!("{:.2} s", ms as f64 / 1000.0)
}

fn share(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{:.0} %", ratio * 100.0))
}

fn slowest(report: &CycleReport) -> String {
    let stages = serde_json::to_value(report.stages_ms).unwrap_or_default();
    let p95 =
        |(name, times): (&String, &serde_json::Value)| Some((times.get("p95")?.as_f64()?, name.clone()));
    let slowest = stages
        .as_object()
        .and_then(|stages| stages.iter().filter_map(p95).max_by(|a, b| a.0.total_cmp(&b.0)));
    slowest.map_or_else(|| "–".to_owned(), |(ms, name)| format!("{name} {ms:.0} ms"))
}
