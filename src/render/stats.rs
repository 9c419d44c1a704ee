//! The stored figures for people: the first screen of `stats` and its detailed views.

use std::collections::BTreeMap;

use jiff::Timestamp;
use strum::VariantArray;

use super::{
    Style,
    format::{bytes, count, ms, ms_hundredths, number, or_dash, percent, percent_tenths, rough},
    plain,
    report::verdict,
    style::Look,
    table,
    table::{Cell, Spec, Table},
};
use crate::{
    figures::{
        CycleReport, Histogram, StageHistograms, StageName,
        histogram::Times,
        level::{FALL, Level},
        path::{PathStep, advice},
        sources::SourceView,
        sums::Sums,
        targets::{Target, TargetName, Unit},
        trend::{columns, median},
    },
    model::CycleStatus,
    store::SourceCounts,
    text::quantity::plural,
};

#[derive(Debug, Clone, Copy)]
pub struct Screen<'a> {
    pub now: Timestamp,
    /// Finished cycles, newest first; at least one.
    pub reports: &'a [CycleReport],
    /// Targets of the last cycle.
    pub levels: &'a [(Target, Level)],
    pub counts: SourceCounts,
    /// Only for the figures of the machine.
    pub sources: &'a [SourceView],
    /// Of all time.
    pub all: &'a Sums,
    /// For each month.
    pub x_budget_usd: f64,
}

/// Lines of each list on the first screen.
const LISTED: usize = 5;

type Figure = (&'static str, fn(&CycleReport) -> Option<f64>, fn(f64) -> String);

/// The figures of the first screen: name, value in a report, format.
const FIGURES: [Figure; 16] = [
    ("cycle time", |r| Some(r.cycle.duration_ms as f64), ms),
    ("requests", |r| Some(r.http.requests as f64), count),
    ("calls saved", |r| r.calls.reduction, percent_tenths),
    ("cache hits", |r| r.cache.hit_ratio, percent_tenths),
    ("requests on an open connection", |r| r.http.connection_reuse, percent_tenths),
    ("sources failed", |r| Some(r.feeds.failed as f64), count),
    ("bytes received", |r| Some(r.http.bytes_received as f64), bytes),
    ("new entries", |r| Some(r.entries.new as f64), count),
    ("pages fetched", |r| Some(r.articles.fetched as f64), count),
    ("new stories", |r| Some(r.stories.new as f64), count),
    ("answers 429", |r| Some(r.http.outcomes.too_many as f64), count),
    ("peak memory", |r| r.memory.peak_rss_bytes.map(|bytes| bytes as f64), bytes),
    ("CPU time", |r| Some((r.cpu.user_ms? + r.cpu.system_ms?) as f64), ms),
    ("statements p95", |r| r.database.p95_ms.map(f64::from), ms),
    ("slow statements", slow_statements, count),
    ("X calls", |r| (r.x.calls > 0).then_some(r.x.calls as f64), count),
];

fn slow_statements(report: &CycleReport) -> Option<f64> {
    let slow: u64 = report.database.slow.iter().map(|slow| slow.count).sum();
    (report.database.statements > 0).then_some(slow as f64)
}

/// `values`, oldest first, as a line of bars; a space where nothing was measured.
pub fn spark(values: &[Option<f64>], width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let columns = columns(values, width);
    let known = || columns.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let bar = |value: &Option<f64>| match value {
        None => ' ',
        Some(_) if high <= low => BARS[0],
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 7")]
        Some(value) => BARS[(((value - low) / (high - low)) * 7.0).round() as usize],
    };
    columns.iter().map(bar).collect()
}

/// The figures of the machine, those that need attention, and what sources give: `stats --figures`.
pub fn machine(screen: &Screen<'_>, style: Style) -> String {
    let Some(last) = screen.reports.first() else { return String::new() };
    let status = match last.cycle.status {
        CycleStatus::Ok => "ok".to_owned(),
        status => status.as_str().to_uppercase(),
    };
    let mut text = format!(
        "cycle {}, {} ago: {status}, exit code {}; {} cycles in all, {} stories\n\n",
        last.cycle.id,
        rough(screen.now.duration_since(last.cycle.started_at)),
        last.cycle.exit_code,
        count(screen.all.cycles as f64),
        count(screen.all.stories_new as f64),
    );
    text.push_str(&figures(screen.reports, style));
    text.push_str(&attention(screen.sources));
    text.push_str(&best(screen.sources));
    text.push_str(&spending(last, screen.all, screen.x_budget_usd));
    text
}

fn figures(reports: &[CycleReport], style: Style) -> String {
    let narrow = style.width < 60;
    let trend = usize::from(style.width).saturating_sub(50).clamp(8, 50);
    let rows = FIGURES.iter().filter_map(|(name, of, shown)| {
        let values: Vec<Option<f64>> = reports.iter().rev().map(of).collect();
        let middle = median(values.iter().flatten().copied())?;
        let last = or_dash(values.last().copied().flatten(), shown);
        let mut row = vec![(*name).to_owned(), last, shown(middle)];
        row.extend((!narrow).then(|| spark(&values, trend)));
        Some(row)
    });
    let middle = format!("median of {}", reports.len());
    let mut header = vec!["", "last", middle.as_str()];
    header.extend((!narrow).then_some("trend"));
    table(&header, rows, style)
}

fn attention(sources: &[SourceView]) -> String {
    let mut bad: Vec<_> = sources.iter().filter_map(|source| Some((source.attention?, source))).collect();
    bad.sort_by_key(|(attention, source)| (*attention, std::cmp::Reverse(source.failures)));
    let mut text = format!("\nsources: {}, of which {} need attention\n", sources.len(), bad.len());
    for (attention, source) in bad.iter().take(LISTED) {
        let why = match &source.failure {
            Some(failure) if source.failures > 0 => format!(" ({failure}, {} in a row)", source.failures),
            _ => String::new(),
        };
        text.push_str(&format!("  {}: {}{why}\n", attention.as_str(), plain(&source.name)));
    }
    if bad.len() > LISTED {
        text.push_str(&format!("  and {} more: stats --feeds\n", bad.len() - LISTED));
    }
    text
}

fn best(sources: &[SourceView]) -> String {
    let mut best: Vec<_> = sources.iter().filter(|source| source.detections > 0).collect();
    best.sort_by_key(|source| std::cmp::Reverse((source.first, source.detections)));
    if best.is_empty() {
        return String::new();
    }
    let mut text = "\nbest sources, by stories reported first\n".to_owned();
    for source in best.iter().take(LISTED) {
        let cost = source
            .asked_per_detection
            .map_or_else(String::new, |cost| format!("; {cost} requests per launch"));
        text.push_str(&format!(
            "  {}: first with {}; {} of {} were launches{cost}\n",
            plain(&source.name),
            plural(source.first, "story", "stories"),
            source.detections,
            plural(source.entries, "entry", "entries"),
        ));
    }
    text
}

fn spending(last: &CycleReport, all: &Sums, budget: f64) -> String {
    let mut text = match last.x.month_cost_usd {
        Some(month) => format!(
            "\nX: ${month} of ${budget:.2} this month; {} calls and {} posts in all\n",
            count(all.x_calls as f64),
            count(all.x_posts as f64)
        ),
        None => "\nX: not read\n".to_owned(),
    };
    if let Some(usage) = &last.x.usage {
        for line in std::iter::once(&usage.says).chain(&usage.warnings) {
            text.push_str(&format!("   {}\n", plain(line)));
        }
    }
    text
}

/// What a target limits, in words.
pub fn target_name(name: TargetName) -> &'static str {
    match name {
        TargetName::CycleTime => "cycle time",
        TargetName::CallReduction => "calls saved",
        TargetName::CacheHitRatio => "cache hits",
        TargetName::ConnectionReuse => "reusable requests on an open connection",
        TargetName::RateLimitViolations => "responses 429 of X",
        TargetName::Memory => "memory",
        TargetName::ErrorRatio => "failed feeds",
        TargetName::StatementTime => "database statements (p95)",
        TargetName::CycleSuccess => "cycles that ended ok",
        TargetName::MaxGap => "time between two cycles",
    }
}

/// A value of a target with its unit; a ratio in percent.
fn with_unit(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ratio => percent(value),
        Unit::Count => number(value),
        Unit::Seconds | Unit::Milliseconds | Unit::Mebibytes => {
            format!("{} {unit}", number((value * 10.0).round() / 10.0))
        }
    }
}

fn limit(target: &Target) -> String {
    let bound = if target.name.is_minimum() { "at least" } else { "at most" };
    format!("{bound} {}", with_unit(target.target, target.unit))
}

/// `cache hits 29 % (at least 70 %)`.
pub fn target_in_words(target: &Target) -> String {
    let value = or_dash(target.value, |value| with_unit(value, target.unit));
    format!("{} {value} ({})", target_name(target.name), limit(target))
}

/// Each target with its measured value, and the alarms.
pub fn targets(levels: &[(Target, Level)], reports: &[CycleReport], style: Style) -> String {
    let mut table = Table::new(vec![
        Spec::new("target"),
        Spec::new("measured").right(),
        Spec::new("wanted"),
        Spec::new(""),
        Spec::new("alarm").optional().rank(2),
        Spec::new("setting").rank(1),
    ]);
    for (target, level) in levels {
        let good = reports.iter().take_while(|report| {
            report.targets.iter().any(|other| other.name == target.name && other.ok != Some(false))
        });
        let alarm = match (*level > Level::Info, FALL.saturating_sub(good.count())) {
            (false, _) => String::new(),
            (true, 0) => level.as_str().to_owned(),
            (true, 1) => format!("{}, clears after 1 more good cycle", level.as_str()),
            (true, more) => format!("{}, clears after {more} more good cycles", level.as_str()),
        };
        let is_missed = target.ok == Some(false);
        table.row(vec![
            target_name(target.name).into(),
            or_dash(target.value, |value| with_unit(value, target.unit)).into(),
            limit(target).into(),
            Cell::new(verdict(target), if is_missed { Look::ALARM } else { Look::PLAIN }),
            alarm.into(),
            Cell::new(format!("targets.{}", target.name), Look::DIM),
        ]);
    }
    table.render(style)
}

pub fn stages(stages: &StageHistograms, whole: &Histogram, style: Style) -> String {
    let line = |name: &str, times: Times| match times {
        Times::Measured { count, total, p50, p95, p99, max } => {
            let mut row = vec![name.to_owned(), super::format::count(count as f64)];
            row.extend([total, p50, p95, p99, max].map(ms_hundredths));
            Some(row)
        }
        Times::Unmeasured {} => None,
    };
    let rows =
        StageName::VARIANTS.iter().filter_map(|stage| line(stage.as_str(), stages.get(*stage)?.times()));
    let rows = rows.chain(line("whole cycle", whole.times()));
    table(&["stage", "runs", "total", "p50", "p95", "p99", "max"], rows, style)
}

/// The critical paths of several cycles, summed, and what to change.
pub fn why(steps: &[PathStep], reports: &[CycleReport], style: Style) -> String {
    let cycles = reports.len();
    let total: f64 = steps.iter().map(|step| step.ms).sum();
    if total <= 0.0 {
        return "no critical path was recorded yet\n".to_owned();
    }
    let each = total / cycles.max(1) as f64;
    let mut text = format!("{cycles} cycles, {} each on average, along their critical paths:\n", ms(each));
    let rows = steps.iter().take(12).map(|step| {
        vec![
            step.part.as_str().to_owned(),
            plain(&step.host),
            ms(step.ms / cycles.max(1) as f64),
            percent_tenths(step.ms / total),
        ]
    });
    text.push_str(&table(&["part", "host", "each cycle", "share"], rows, style));
    let mut lines: Vec<&str> = Vec::new();
    for step in steps.iter().filter(|step| step.ms / total >= 0.1).take(3) {
        let advice = advice(step.part);
        if !lines.contains(&advice) {
            lines.push(advice);
            text.push_str(&format!("  {}: {advice}\n", step.part.as_str()));
        }
    }
    text.push_str(&super::unfinished::table(reports, style));
    text.push_str(&slow(reports, style));
    text
}

/// The statements over 100 ms by name, the most expensive first.
fn slow(reports: &[CycleReport], style: Style) -> String {
    let mut by_name: BTreeMap<&str, (u64, u32)> = BTreeMap::new();
    for slow in reports.iter().flat_map(|report| &report.database.slow) {
        let (count, longest) = by_name.entry(&slow.name).or_default();
        (*count, *longest) = (*count + slow.count, (*longest).max(slow.max_ms));
    }
    if by_name.is_empty() {
        return "\nno database statement took over 100 ms\n".to_owned();
    }
    let mut slow: Vec<_> = by_name.into_iter().collect();
    slow.sort_by_key(|(_, (count, longest))| std::cmp::Reverse((u64::from(*longest) * count, *longest)));
    let rows = slow.into_iter().map(|(name, (count, longest))| {
        vec![name.to_owned(), super::format::count(count as f64), ms(longest.into())]
    });
    "\ndatabase statements over 100 ms:\n".to_owned()
        + &table(&["statement", "times", "longest"], rows, style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{figures::path::Phase, model::SlowStatement};

    fn report(id: i64, ms: u64) -> CycleReport {
        let mut report = CycleReport::default();
        (report.cycle.id, report.cycle.duration_ms, report.http.requests) = (id, ms, 1_234_567);
        report
    }

    #[test]
    fn bars_span_from_the_lowest_to_the_highest() {
        assert_eq!(spark(&[Some(1.0), None, Some(8.0)], 10), "▁ █");
        assert_eq!(spark(&[Some(2.0), Some(2.0)], 10), "▁▁");
        assert_eq!(spark(&[], 10), "");
    }

    #[test]
    fn the_figures_fit_any_terminal() {
        let reports = [report(3, 900), report(2, 300), report(1, 100)];
        let target = Target {
            name: TargetName::CycleTime,
            value: Some(0.9),
            target: 0.5,
            unit: TargetName::CycleTime.unit(),
            ok: Some(false),
            critical: None,
        };
        let sources = [SourceView {
            name: "\x1b[31mEcho".to_owned(),
            attention: Some(crate::figures::sources::Attention::Failing),
            failure: Some("dns".to_owned()),
            failures: 4,
            ..SourceView::default()
        }];
        let screen = Screen {
            now: Timestamp::UNIX_EPOCH,
            reports: &reports,
            levels: &[(target, Level::Warning)],
            counts: SourceCounts::default(),
            sources: &sources,
            all: &Sums::default(),
            x_budget_usd: 5.0,
        };
        for width in [40, 60, 80, 200] {
            let text = machine(&screen, Style::pipe(width));
            assert!(text.contains("900 ms") && text.contains("300 ms"), "{text}");
            assert!(
                text.contains("failing: [31mEcho (dns, 4 in a row)") && text.contains("X: not read"),
                "{text}"
            );
            assert!(!text.contains('\x1b'));
            let table = text.lines().filter(|line| line.contains(" ms") && !line.contains("MISSED"));
            assert!(
                table.clone().count() > 0
                    && table.into_iter().all(|line| line.chars().count() <= usize::from(width)),
                "{text}"
            );
        }
    }

    #[test]
    fn the_longest_phase_comes_with_advice() {
        let step = |part, host: &str, ms| PathStep { part, host: host.to_owned(), ms };
        let mut reports = [report(2, 500), report(1, 500)];
        let steps = [step(Phase::Answer, "slow.example", 900.0), step(Phase::Plan, "", 100.0)];
        let wide = Style::pipe(100);
        assert!(why(&steps, &reports, wide).contains("no database statement took over 100 ms"));
        let one = |name: &str, count, max_ms| SlowStatement { name: name.to_owned(), count, max_ms };
        reports[0].database.slow = vec![one("SOURCES", 1, 120), one("BACKLOG", 2, 310)];
        reports[1].database.slow = vec![one("BACKLOG", 1, 150)];
        let text = why(&steps, &reports, wide);
        let (backlog, sources) = (text.find("BACKLOG").unwrap(), text.find("SOURCES").unwrap());
        assert!(backlog < sources && text[backlog..].contains("310 ms"), "{text}");
        assert!(
            text.contains("slow.example") && text.contains("450 ms") && text.contains("90.0 %"),
            "{text}"
        );
        assert!(text.contains("answers slowly"), "{text}");
    }
}
