//! The first screen of `stats`: what a reader asks first, a line each.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    Style,
    format::{count, ms, percent_tenths, rough},
    plain,
    stats::{Screen, spark, target_in_words, target_name},
    style::Look,
    table::{Cell, Spec, Table},
    times::Times,
};
use crate::{
    figures::{CycleReport, availability::Availability, level::Level, trend::median},
    model::{Class, CycleStatus, Detection},
    store::{AlertCounts, Labels, RunningCycle, SourceCounts},
    text::quantity::plural,
};

const HOURS: i64 = 24;
/// A cycle that took this many times the median is slow enough to say why.
const SLOW: f64 = 3.0;

/// What the screen shows besides the figures.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    pub screen: Screen<'a>,
    /// Stories of the last 24 hours.
    pub stories: &'a [Detection],
    pub alerts: AlertCounts,
    pub labels: Labels,
    /// Of the last 30 days.
    pub availability: Option<Availability>,
    /// The cycle that runs now, if it does so for some seconds.
    pub running: Option<&'a RunningCycle>,
}

pub fn text(answers: &Answers<'_>, times: &Times, style: Style) -> String {
    let mut table = Table::new(vec![Spec::new(""), Spec::new("").wrap(20)]);
    let mut line = |name: &str, text: String, look: Look| {
        table.row(vec![Cell::new(name, Look::DIM), Cell::new(text, look)]);
    };
    let screen = &answers.screen;
    if let Some(last) = screen.reports.first() {
        let is_good = last.cycle.status == CycleStatus::Ok;
        line(
            "last cycle",
            last_cycle(last, screen.reports, times),
            if is_good { Look::PLAIN } else { Look::RED },
        );
    }
    if let Some(running) = answers.running {
        line("running now", running_cycle(running, times.now), Look::PLAIN);
    }
    if let Some(availability) = &answers.availability {
        line("30 days", regularity(availability), Look::PLAIN);
    }
    line("found", found(answers.stories, times), Look::PLAIN);
    let failed = answers.alerts.failed > 0;
    line("alerts", alerts(&answers.alerts, times), if failed { Look::RED } else { Look::PLAIN });
    let alarm = |is_bad: bool| if is_bad { Look::RED } else { Look::PLAIN };
    let (sentence, is_bad) = feeds(screen);
    line("feeds", sentence, alarm(is_bad));
    let (yes, all) = (answers.labels.yes, answers.labels.all);
    let labels = match all {
        0 => "none yet: label ID yes|no".to_owned(),
        _ => format!("{yes} of {all} right"),
    };
    line("your labels", labels, Look::PLAIN);
    let (sentence, is_missed) = targets(screen);
    line("targets", sentence, alarm(is_missed));
    line("X", spending(screen), Look::PLAIN);
    table.render(style)
        + &style
            .paint("more: stats --figures, --feeds, --targets, --cycles, --why, --by, --cache\n", Look::DIM)
}

fn last_cycle(last: &CycleReport, reports: &[CycleReport], times: &Times) -> String {
    let took = last.cycle.duration_ms as f64;
    let usual = median(reports.iter().map(|report| report.cycle.duration_ms as f64)).unwrap_or(took);
    let status = match last.cycle.status {
        CycleStatus::Ok => "ok".to_owned(),
        status => format!("{} (exit code {})", status.as_str(), last.cycle.exit_code),
    };
    let at = last.cycle.started_at;
    let when = if times.is_relative() {
        format!("{} ago", times.short(at))
    } else {
        format!("at {} UTC", times.minute(at))
    };
    let mut text = format!("{status}, {when}, took {} (usually {})", ms(took), ms(usual));
    let slowest =
        last.sources.iter().filter_map(|source| Some((source.ms?, source))).max_by_key(|(ms, _)| *ms);
    if let Some((waited, slowest)) = slowest.filter(|_| took > usual * SLOW) {
        text.push_str(&format!(", waited {} for {}", ms(waited as f64), slowest.url));
    }
    text
}

/// What is shown before the first cycle has finished.
pub fn nothing_yet(running: Option<&RunningCycle>, now: Timestamp) -> String {
    let running = running.map(|running| format!("running now {}\n", running_cycle(running, now)));
    "no finished cycle yet\n".to_owned() + &running.unwrap_or_default()
}

/// `for 12 s: 37 of 40 feeds, 12 pages, waiting for 127.0.1.11 (9 s)`.
fn running_cycle(running: &RunningCycle, now: Timestamp) -> String {
    let age = rough(now.duration_since(running.started_at));
    let mut text = format!("for {age}: {} of {}", running.feeds_done, plural(running.feeds, "feed", "feeds"));
    for (number, one, many) in [
        (running.pages, "page", "pages"),
        (running.x_calls, "call to X", "calls to X"),
        (running.new, "launch", "launches"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {}", plural(number, one, many)));
        }
    }
    if let Some(host) = &running.waiting_for {
        text.push_str(&format!(", waiting for {} ({} s)", plain(host), running.waiting_s));
    }
    text
}

/// `99.3 % of 4 320 cycles ok, 2 late, longest gap 41 min`.
fn regularity(availability: &Availability) -> String {
    let Availability { cycles, ok_ratio, late, longest_gap_s, .. } = *availability;
    let gap = SignedDuration::from_secs(i64::try_from(longest_gap_s).unwrap_or(i64::MAX));
    let word = if cycles == 1 { "cycle" } else { "cycles" };
    let number = count(cycles as f64);
    format!("{} of {number} {word} ok, {late} late, longest gap {}", percent_tenths(ok_ratio), rough(gap))
}

fn found(stories: &[Detection], times: &Times) -> String {
    if stories.is_empty() {
        return "no stories in 24 h".to_owned();
    }
    let mut hours = vec![Some(0.0); 24];
    let mut classes: BTreeMap<Class, usize> = BTreeMap::new();
    for story in stories {
        *classes.entry(story.class).or_default() += 1;
        let age = times.now.duration_since(story.heard_at()).as_hours().clamp(0, HOURS - 1);
        if let Some(count) = usize::try_from(HOURS - 1 - age).ok().and_then(|at| hours.get_mut(at)) {
            *count = count.map(|count: f64| count + 1.0);
        }
    }
    let counted = classes.iter().rev().map(|(class, number)| format!("{number} {}", class.as_str()));
    let counted = counted.collect::<Vec<_>>().join(", ");
    let word = if stories.len() == 1 { "story" } else { "stories" };
    format!("{} {word} in 24 h {} {counted}", stories.len(), spark(&hours, 12))
}

fn alerts(alerts: &AlertCounts, times: &Times) -> String {
    let mut text = format!("{} sent in 24 h, {} waiting", alerts.sent, alerts.waiting);
    if let Some(next) = alerts.next.filter(|next| *next > times.now) {
        text.push_str(&format!(" until {}", times.minute(next)));
    }
    text.push_str(&format!(", {} failed", alerts.failed));
    if alerts.failed + alerts.waiting > 0 {
        text.push_str(": alerts list");
    }
    text
}

/// The number of targets that are met, then what is missed, and which alarms last.
fn targets(screen: &Screen<'_>) -> (String, bool) {
    let judged = screen.levels.iter().filter(|(target, _)| target.ok.is_some()).count();
    let met = screen.levels.iter().filter(|(target, _)| target.ok == Some(true)).count();
    let mut parts = vec![format!("{met} of {judged} met")];
    for (target, level) in screen.levels {
        if target.ok == Some(false) {
            parts.push(target_in_words(target));
        } else if *level > Level::Info {
            parts.push(format!("alarm of {} not cleared yet", target_name(target.name)));
        }
    }
    let more = if parts.len() > 1 { ": stats --targets" } else { "" };
    (parts.join("; ") + more, met < judged)
}

fn spending(screen: &Screen<'_>) -> String {
    let Some(x) = screen.reports.first().map(|last| &last.x) else { return String::new() };
    let mut parts = vec![match x.month_cost_usd {
        Some(month) => format!("${month} of ${:.2} this month", screen.x_budget_usd),
        None => "off or not read".to_owned(),
    }];
    if let Some(usage) = &x.usage {
        parts.extend([&usage.says].into_iter().chain(&usage.warnings).cloned());
    }
    parts.join("; ")
}

/// The feeds by state, and whether any fails.
fn feeds(screen: &Screen<'_>) -> (String, bool) {
    let SourceCounts { all, gone, failing } = screen.counts;
    let mut text = format!("{} ok", all - gone - failing);
    for (number, word) in [(failing, "failing"), (gone, "gone")] {
        if number > 0 {
            text.push_str(&format!(", {number} {word}"));
        }
    }
    let is_bad = gone + failing > 0;
    if is_bad {
        text.push_str(": feed list --failing");
    }
    (text, is_bad)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{
        figures::{
            report::SourceFigures,
            sums::Sums,
            targets::{Target, TargetName, Unit},
        },
        model::samples::now,
        render::samples::detection,
    };

    fn report(ms: u64) -> CycleReport {
        let mut report = CycleReport::default();
        (report.cycle.duration_ms, report.cycle.started_at) = (ms, now() - SignedDuration::from_secs(15));
        report.sources = vec![SourceFigures {
            url: "https://slow.example/".to_owned(),
            ms: Some(ms),
            ..SourceFigures::default()
        }];
        report
    }

    #[test]
    fn each_question_has_one_line() {
        let target = |name: TargetName, value, target, ok| Target {
            name,
            value: Some(value),
            target,
            unit: name.unit(),
            ok: Some(ok),
            critical: None,
        };
        let levels = [
            (target(TargetName::CacheHitRatio, 0.29, 0.7, false), Level::Warning),
            (target(TargetName::ErrorRatio, 0.0, 0.05, true), Level::Emergency),
            (Target { unit: Unit::Seconds, ..target(TargetName::CycleTime, 15.0, 60.0, true) }, Level::Ok),
        ];
        let at =
            |hours: i64| Detection { detected_at: now() - SignedDuration::from_hours(hours), ..detection() };
        let stories = [at(1), at(1), Detection { class: Class::Critical, ..at(20) }];
        let alerts =
            AlertCounts { sent: 6, waiting: 2, failed: 0, next: Some(now() + SignedDuration::from_hours(1)) };
        let screen = Screen {
            now: now(),
            reports: &[report(15_000), report(800), report(800)],
            levels: &levels,
            counts: SourceCounts { all: 4, gone: 1, failing: 1 },
            sources: &[],
            all: &Sums::default(),
            x_budget_usd: 5.0,
        };
        let availability =
            Availability { cycles: 4_320, ok: 4_290, ok_ratio: 0.9931, late: 2, longest_gap_s: 2_460 };
        let running = RunningCycle {
            started_at: now() - SignedDuration::from_secs(12),
            written_at: now(),
            feeds: 40,
            feeds_done: 37,
            pages: 1,
            x_calls: 0,
            new: 2,
            waiting_for: Some("127.0.1.11".to_owned()),
            waiting_s: 9,
        };
        let answers = Answers {
            screen,
            stories: &stories,
            alerts,
            labels: Labels { yes: 1, all: 2 },
            availability: Some(availability),
            running: Some(&running),
        };
        let times = Times::relative(now(), TimeZone::UTC);
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../../tests/snapshots"}, {
            insta::assert_snapshot!("stats_answers", text(&answers, &times, Style::pipe(80)));
        });
        let colored = text(&answers, &times, Style { width: 80, color: true, terminal: true });
        assert!(colored.contains("\x1b[31m2 ok, 1 failing, 1 gone: feed list --failing\x1b[0m"), "{colored}");
    }
}
