//! The figures of cycles, as a sentence, in columns and in rows.

use crate::{
    figures::{CycleReport, StageName, catalog::figures, histogram::Times, sums::Sums, targets::Target},
    model::CycleStatus,
};

use super::{
    Column, Style, csv_rows,
    format::{number, or_dash, percent, seconds},
    plain,
    style::Look,
    table,
    table::{Cell, Spec, Table},
    trends::{cell, stage_cells, stage_columns},
};

/// The cycle in one line, X in another.
pub fn summary(report: &CycleReport) -> String {
    let status = report.cycle.status.as_str();
    let late = if report.cycle.deadline_hit { ", out of time" } else { "" };
    let (feeds, entries) = (&report.feeds, &report.entries);
    let mut text = format!(
        "{status} in {}{late}: {} feeds ({} new bodies, {} unchanged, {} fresh, {} waiting, {} failed), {} new entries, \
         {} pages, {} detections, {} requests over {} connections",
        seconds(report.cycle.duration_ms as f64),
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
    for line in x_lines(report) {
        text.push_str(&format!("\n{line}"));
    }
    text
}

/// What the cycle read of X or would read, and what that costs.
pub fn x_lines(report: &CycleReport) -> Vec<String> {
    let x = &report.x;
    let mut lines = Vec::new();
    if let Some(month) = x.month_cost_usd {
        let mut text = format!(
            "X: {} calls ({} left for later), {} posts ({} new), {} USD; this month {month}",
            x.calls, x.calls_deferred, x.posts_read, x.posts_new, x.cost_usd
        );
        if let Some(forecast) = x.month_forecast_usd {
            text.push_str(&format!(", forecast {forecast}"));
        }
        if let Some(days) = x.budget_days_left {
            text.push_str(&format!(", budget used up in {days} days"));
        }
        lines.push(text);
    }
    if let Some(planned) = &x.planned {
        lines.push(format!(
            "X would be asked {} calls for at most {} USD; this month's budget has {} USD left",
            planned.calls, planned.max_cost_usd, planned.budget_left_usd
        ));
        for left_out in &planned.left_out {
            lines.push(format!("X: left out: {}", plain(left_out)));
        }
    }
    lines
}

/// The figures of several cycles in columns, then the targets of the last one.
pub fn side_by_side(cycles: &[(&str, CycleReport)], style: Style) -> String {
    let mut header = vec!["cycle"];
    header.extend(cycles.iter().map(|(name, _)| *name));
    let row = |name: &str, value: &dyn Fn(&CycleReport) -> String| {
        let mut row = vec![name.to_owned()];
        row.extend(cycles.iter().map(|(_, report)| value(report)));
        row
    };
    let rows = vec![
        row("took", &|report| seconds(report.cycle.duration_ms as f64)),
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
        row("calls saved", &|report| or_dash(report.calls.reduction, percent)),
        row("cache hits", &|report| or_dash(report.cache.hit_ratio, percent)),
        row("slowest stage (p95)", &slowest),
    ];
    let mut text = table(&header, rows.into_iter(), style);
    if let Some((name, report)) = cycles.last() {
        text.push_str(&format!("\nTargets, {name} cycle:\n"));
        text.push_str(&targets(&report.targets, style));
    }
    text
}

const HISTORY: [Column<CycleReport>; 12] = [
    ("started", |report| report.cycle.started_at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
    ("took", |report| seconds(report.cycle.duration_ms as f64)),
    ("status", |report| report.cycle.status.as_str().to_owned()),
    ("feeds", |report| report.feeds.total.to_string()),
    ("failed", |report| report.feeds.failed.to_string()),
    ("new entries", |report| report.entries.new.to_string()),
    ("stories", |report| report.stories.new.to_string()),
    ("requests", |report| report.http.requests.to_string()),
    ("calls saved", |report| or_dash(report.calls.reduction, percent)),
    ("X calls", |report| report.x.calls.to_string()),
    ("X posts", |report| format!("{} ({} new)", report.x.posts_read, report.x.posts_new)),
    ("X USD (month, forecast)", |report| spending(report)),
];

/// What is unusual of a cycle that took more than twice the median `exceeded`, or had other settings.
fn note(report: &CycleReport, exceeded: Option<f64>) -> String {
    let slow = exceeded.filter(|median| *median > 0.0).map(|median| report.cycle.duration_ms as f64 / median);
    let slow = slow.map(|factor| format!("{factor:.1} × median"));
    let changed = report.cycle.settings_changed.then(|| "settings changed".to_owned());
    slow.into_iter().chain(changed).collect::<Vec<_>>().join(", ")
}

/// A row for each cycle with the median that it exceeded; columns of X only if X was read.
pub fn history(reports: &[CycleReport], exceeded: &[Option<f64>], style: Style) -> String {
    let reads_x = reports.iter().any(|report| report.x.calls > 0 || report.x.month_cost_usd.is_some());
    let columns = if reads_x { &HISTORY[..] } else { &HISTORY[..HISTORY.len() - 3] };
    let specs = columns.iter().enumerate().map(|(at, (header, _))| {
        let rank = u8::MAX - u8::try_from(at).unwrap_or(u8::MAX);
        let spec = Spec::new(header).rank(rank);
        if at == 1 || at > 2 { spec.right() } else { spec }
    });
    let mut table = Table::new(specs.chain([Spec::new("note").optional()]).collect());
    for (at, report) in reports.iter().enumerate() {
        let look = if report.cycle.status == CycleStatus::Ok { Look::PLAIN } else { Look::RED };
        let cells = columns
            .iter()
            .enumerate()
            .map(|(at, (_, cell))| Cell::new(cell(report), if at == 2 { look } else { Look::PLAIN }));
        let note = note(report, exceeded.get(at).copied().flatten());
        table.row(cells.chain([Cell::new(note, Look::BOLD)]).collect());
    }
    table.render(style)
}

/// A row for each cycle with every figure as a plain number.
pub fn csv(reports: &[CycleReport], exceeded: &[Option<f64>]) -> String {
    let header: Vec<String> = ["id", "started_at", "status", "exit_code", "settings", "exceeded_median_ms"]
        .into_iter()
        .map(str::to_owned)
        .chain(figures().map(|figure| figure.name.to_owned()))
        .chain(stage_columns())
        .collect();
    let rows = reports.iter().enumerate().map(|(at, report)| {
        let (cycle, sums) = (&report.cycle, Sums::of(report));
        let head = [
            cycle.id.to_string(),
            cycle.started_at.to_string(),
            cycle.status.as_str().to_owned(),
            cycle.exit_code.to_string(),
            cycle.settings.clone(),
            cell(exceeded.get(at).copied().flatten()),
        ];
        let values = figures().map(|figure| cell(figure.value(&sums)));
        head.into_iter().chain(values).chain(stage_cells(&report.stages_ms)).collect()
    });
    csv_rows(header.iter().map(String::as_str), rows)
}

/// Cost of X: the cycle, the month so far, the forecast of the month.
fn spending(report: &CycleReport) -> String {
    let x = &report.x;
    match (x.month_cost_usd, x.month_forecast_usd) {
        (Some(month), Some(forecast)) => format!("{} ({month}, {forecast})", x.cost_usd),
        (Some(month), None) => format!("{} ({month})", x.cost_usd),
        _ => "–".to_owned(),
    }
}

/// Each target with its measured value.
pub fn targets(targets: &[Target], style: Style) -> String {
    let rows = targets.iter().map(|target| {
        vec![
            target.name.to_string(),
            or_dash(target.value, number),
            number(target.target),
            target.unit.to_string(),
            verdict(target).to_owned(),
        ]
    });
    table(&["target", "measured", "wanted", "unit", ""], rows, style)
}

/// Whether `target` was met, in words.
pub fn verdict(target: &Target) -> &'static str {
    match target.ok {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "not judged",
    }
}

fn slowest(report: &CycleReport) -> String {
    let p95 = |(stage, times): (&StageName, &Times)| match times {
        Times::Measured { p95, .. } => Some((*stage, *p95)),
        Times::Unmeasured {} => None,
    };
    let slowest = report.stages_ms.iter().filter_map(p95).max_by(|a, b| a.1.total_cmp(&b.1));
    or_dash(slowest, |(stage, ms)| format!("{} {ms:.0} ms", stage.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_one_line_and_x_has_columns_only_if_it_was_read() {
        let mut report = CycleReport::default();
        let text = history(&[report.clone(), report.clone()], &[], Style::pipe(80));
        assert!(text.lines().count() == 3 && text.contains("status") && !text.contains('X'), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        report.x.calls = 2;
        assert!(history(&[report.clone()], &[], Style::pipe(200)).contains("X USD (month, forecast)"));
        (report.cycle.duration_ms, report.cycle.settings_changed) = (5_000, true);
        let text = history(&[report], &[Some(2_000.0)], Style::pipe(200));
        assert!(text.contains("2.5 × median, settings changed"), "{text}");
    }
}
