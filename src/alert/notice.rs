//! Notices about the program itself. The operator gets one at a threshold, at most one a day while the condition lasts,
//! and one when it is over. Pure.

mod plan;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use plan::{NoticePlan, alerts, plan_notices};

use crate::{
    figures::{
        checks::Judged,
        drift::Drift,
        interval::new_gap,
        level::{Level, level_of},
        path::Phase,
        report::{CycleFigures, XFigures},
        targets::{Limit, Target, TargetName},
    },
    model::{
        ChannelState, FailureKind, Incident,
        Severity::{self, Critical, Warning},
        SourceState,
    },
    text::quantity::{show_duration, show_size},
};

/// Consecutive failures after which a feed counts as dead (docs/reference/failures.md#operator-notices).
const DEAD: u32 = 6;
/// A feed is stale if it answers but has nothing new for this long and for [`STALE_GAPS`] of its usual intervals.
pub const STALE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// See [`STALE`].
const STALE_GAPS: u32 = 5;
/// Consecutive failures after which a channel is reported: more than the short waits of one bad hour.
const CHANNEL: u32 = 3;
/// Share of the budget from which it is reported.
const BUDGET: f64 = 0.8;
/// Minimum time between two notices about one incident.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A problem that exists now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its identity.
    pub subject: String,
    pub level: Severity,
    pub message: String,
    pub hint: String,
    /// Whether it is over as soon as it is seen, so that nothing is sent about its end.
    pub is_event: bool,
}

fn condition(level: Severity, subject: String, message: String, hint: impl Into<String>) -> Condition {
    Condition { subject, level, message, hint: hint.into(), is_event: false }
}

/// Feeds of the settings (`names` by address) that are dead, gone or stale. `states` may be without those that neither
/// failed last, nor are gone, nor brought nothing new for [`STALE`].
pub fn feeds(
    states: &[SourceState],
    names: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Vec<Condition> {
    let mut found = Vec::new();
    for state in states {
        let Some(name) = names(&state.url) else { continue };
        let subject = format!("feed {}", state.url);
        let why = state.last_failure.as_ref().map_or("unknown", AsRef::as_ref);
        let gap = SignedDuration::from_secs(i64::from(state.mean_interval_s.unwrap_or(0)))
            * i32::try_from(STALE_GAPS).unwrap_or(5);
        let quiet = state.changed_at.filter(|_| state.failures == 0).map(|at| now.duration_since(at));
        if state.gone_at.is_some() {
            let message =
                format!("the feed {name} was removed by its publisher (410); it is no longer asked");
            found.push(condition(Warning, subject, message, format!("tge-scrape feed remove {}", state.url)));
        } else if state.last_failure == Some(FailureKind::NotSaved) {
            let message = format!("what the feed {name} brings cannot be saved");
            found.push(condition(Critical, subject, message, SAVING));
        } else if let Some(problem) = state.layout_problem() {
            let changed = if state.first_read_at.is_some() { "has another layout" } else { "was never read" };
            // Without the number of failures, so that the sentence stays the same.
            let message = format!("the source {name} {changed}: {problem}");
            let hint = format!("tge-scrape feed check {}, then correct select or mapping", state.url);
            found.push(condition(Warning, subject, message, hint));
        } else if state.failures >= DEAD {
            let message = format!("the feed {name} has failed {} times in a row ({why})", state.failures);
            // Until the limit is raised, every fetch fails.
            let first = if state.last_failure == Some(FailureKind::TooLarge) {
                "raise http.feed_body_limit, then: "
            } else {
                ""
            };
            found.push(condition(
                Warning,
                subject,
                message,
                format!("{first}tge-scrape feed check {}", state.url),
            ));
        } else if let Some(long) = quiet.filter(|long| *long >= STALE.max(gap)) {
            // Without the number of days, so that the sentence stays the same.
            let message = format!(
                "the feed {name} answers, but has brought nothing new for over {} days",
                whole_weeks(long) * 7
            );
            found.push(condition(Warning, subject, message, format!("tge-scrape feed check {}", state.url)));
        }
    }
    found
}

/// Visits of this cycle that could not be saved and whose source does not show it, a sentence each. The condition ends
/// a day after the last one, because not every cycle tries them again.
pub fn refused(sentences: &[String], known: &[Incident], now: Timestamp) -> Option<Condition> {
    let first = match sentences {
        [] => {
            let lasts = |incident: &&Incident| {
                incident.subject == REFUSED && incident.over_at.is_none() && incident.notified_at + DAY > now
            };
            return known
                .iter()
                .find(lasts)
                .map(|incident| condition(Critical, REFUSED.to_owned(), incident.message.clone(), SAVING));
        }
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first}; and {} more", rest.len()),
    };
    Some(condition(Critical, REFUSED.to_owned(), first, SAVING))
}

const REFUSED: &str = "not saved";
/// Hint for a visit that cannot be saved.
const SAVING: &str = "run `tge-scrape db check`; if it finds nothing this is a defect worth reporting";

fn whole_weeks(long: SignedDuration) -> i64 {
    long.as_hours() / (7 * 24)
}

/// Channels that refuse permanently or fail repeatedly.
pub fn channels(states: &[ChannelState]) -> Vec<Condition> {
    let failing = states.iter().filter(|state| state.broken || state.failures >= CHANNEL);
    let conditions = failing.map(|state| {
        let why = state.last_error.as_deref().unwrap_or("no reason known");
        let (word, level) = if state.broken { ("refuses everything", Critical) } else { ("fails", Warning) };
        condition(
            level,
            format!("channel {}", state.name),
            format!("the channel {} {word}: {why}", state.name),
            format!("correct its settings, then try it with: tge-scrape alerts test {}", state.name),
        )
    });
    conditions.collect()
}

/// Targets at level warning or worse; `cycles` has the targets of each, newest first. [`level_of`] smooths the level:
/// one bad cycle raises nothing, one good one ends nothing.
pub fn targets(cycles: &[Vec<Target>]) -> Vec<Condition> {
    let level = |target: &Target| level_of(target.name, cycles.iter().rev().map(Vec::as_slice));
    // A gap is reported by the cycle after it.
    let judged = cycles.first().into_iter().flatten().filter(|target| target.name != TargetName::MaxGap);
    let standing = judged.map(|target| (target, level(target)));
    let condition = standing.filter(|(_, level)| *level >= Level::Warning).map(|(target, level)| {
        let value = target.value.map_or_else(|| "not measured now".to_owned(), |value| format!("{value:.3}"));
        condition(
            if level >= Level::Critical { Critical } else { Warning },
            format!("target {}", target.name),
            format!(
                "the target {} is missed again and again ({}): {value} {} instead of {}",
                target.name,
                level.as_str(),
                target.unit,
                target.target
            ),
            "tge-scrape stats --why shows where the time goes, stats --feeds which sources fail",
        )
    });
    condition.collect()
}

/// Slow cycles in a row.
pub fn drift(drift: &Drift) -> Condition {
    let seconds = |ms: f64| format!("{:.1} s", ms / 1e3);
    let stage = drift.phase.map_or("no stage was recorded", Phase::as_str);
    let host = drift.host.as_deref().map_or_else(String::new, |host| format!(" at {host}"));
    let message = format!(
        "{} cycles in a row took {} instead of {}; what grew most: {stage}{host}",
        drift.cycles,
        seconds(drift.now_ms),
        seconds(drift.before_ms)
    );
    condition(Warning, "drift".to_owned(), message, "tge-scrape stats --why shows where the time goes")
}

/// The gap before a cycle that began at the first of `starts`, the cycle before at the second; see [`new_gap`].
pub fn gap(
    (started_at, before): (Timestamp, Option<Timestamp>),
    earlier: &[&CycleFigures],
    max_gap: Option<Limit<Duration>>,
) -> Option<Condition> {
    let before = before?;
    let (gap, level) = new_gap(started_at, before, earlier, max_gap)?;
    let minutes = u64::try_from(gap.as_mins()).unwrap_or(0);
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let message = format!(
        "no cycle began for {}, from {} to {}",
        show_duration(Duration::from_mins(minutes)),
        time(before),
        time(started_at)
    );
    let hint = "check that the machine was on and that cron or the timer runs: docs/guide/scheduling.md";
    Some(Condition { is_event: true, ..condition(level, format!("gap {before}"), message, hint) })
}

/// Checks that are missed. Several with the same figure and time are one condition of the highest level.
pub fn checks(judged: &[Judged]) -> Vec<Condition> {
    let mut found: Vec<Condition> = Vec::new();
    for check in judged.iter().filter(|check| check.ok == Some(false)) {
        let subject = format!("check {} {}", check.figure, show_duration(check.over));
        let message = format!("{}, wanted is {}", check.measured(), check.wanted());
        let hint = "tge-scrape stats --targets shows all checks, [[checks]] of the settings sets them";
        let new = condition(check.level, subject, message, hint);
        match found.iter_mut().find(|known| known.subject == new.subject) {
            Some(known) if known.level < new.level => *known = new,
            Some(_) => {}
            None => found.push(new),
        }
    }
    found
}

/// This month's cost of X against the budget.
pub fn budget(spent: f64, allowed: f64) -> Option<Condition> {
    (allowed > 0.0 && spent >= allowed * BUDGET).then(|| {
        let (used_up, level) =
            if spent >= allowed { ("used up", Critical) } else { ("nearly used up", Warning) };
        condition(
            level,
            "budget x".to_owned(),
            format!("the month's budget for X is {used_up}: {spent:.2} of {allowed:.2} US dollars"),
            "raise x.monthly_budget_usd, or follow fewer accounts",
        )
    })
}

/// Warnings about X's own usage count, and refused posts.
pub fn x(figures: &XFigures) -> Vec<Condition> {
    let warnings = figures.usage.iter().flat_map(|usage| &usage.warnings).zip(0..);
    let usage = warnings.map(|(warning, number)| {
        let hint = "compare x plan with the usage in X's developer console";
        condition(Warning, format!("usage x {number}"), warning.clone(), hint)
    });
    let refused = (figures.posts_refused > 0).then(|| {
        // Without the number of posts, so that the sentence stays the same.
        condition(
            Warning,
            "answers x".to_owned(),
            "X sends posts with a future date or without an id; they are refused".to_owned(),
            "check this machine's clock and x.base_url; tge-scrape cycle --only x -v shows details",
        )
    });
    usage.chain(refused).collect()
}

/// Too few free bytes on a disk; critical below a quarter of `least`. A reported shortage is over only when a quarter
/// more is free.
pub fn disk(free: u64, least: u64, known: &[Incident]) -> Option<Condition> {
    let reported = known.iter().any(|incident| incident.subject == DISK && incident.over_at.is_none());
    let (level, below) = if free < least / 4 { (Critical, least / 4) } else { (Warning, least) };
    let end = if reported { least.saturating_add(least / 4) } else { least };
    (free < end).then(|| {
        condition(
            level,
            DISK.to_owned(),
            // Without the number of free bytes, so that the sentence stays the same.
            format!("less than {} are free on the disk of the state folder", show_size(below)),
            "free some space; a cycle that cannot save does its work again later",
        )
    })
}

const DISK: &str = "disk";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::now;

    #[test]
    fn dead_gone_and_stale_feeds_of_the_settings_are_reported() {
        let state = |url: &str| SourceState { url: url.to_owned(), ..SourceState::default() };
        let states = [
            SourceState { failures: 5, ..state("a") },
            SourceState { failures: 6, last_failure: Some(FailureKind::Dns), ..state("b") },
            SourceState { gone_at: Some(now()), ..state("c") },
            SourceState { changed_at: Some(now() - SignedDuration::from_hours(24 * 8)), ..state("d") },
            SourceState {
                changed_at: Some(now() - SignedDuration::from_hours(24 * 8)),
                mean_interval_s: Some(86_400 * 3),
                ..state("e")
            },
            SourceState { failures: 9, ..state("not mine") },
        ];
        let mine = |url: &str| (url.len() == 1).then(|| url.to_uppercase());
        let condition: Vec<String> = feeds(&states, &mine, now()).into_iter().map(|t| t.subject).collect();
        assert_eq!(condition, ["feed b", "feed c", "feed d"]);
    }

    #[test]
    fn a_new_layout_is_reported_before_other_failures_and_apart_from_a_page_without_news() {
        let state = |failures, last_failure| SourceState {
            url: "a".to_owned(),
            failures,
            last_failure: Some(last_failure),
            first_read_at: Some(now()),
            ..SourceState::default()
        };
        let mine = |url: &str| Some(url.to_uppercase());
        let found = |state: SourceState| {
            feeds(&[state], &mine, now()).pop().map(|condition| condition.message).unwrap_or_default()
        };
        let nothing = FailureKind::SelectorsFoundNothing;
        assert_eq!(found(state(1, nothing.clone())), "");
        let changed = "the source A has another layout: its selectors find nothing any more";
        assert_eq!(found(state(2, nothing.clone())), changed);
        assert_eq!(found(state(60, nothing.clone())), changed);
        assert_eq!(
            found(SourceState { first_read_at: None, ..state(2, nothing) }),
            "the source A was never read: its selectors find nothing"
        );
        assert!(found(state(2, FailureKind::ScriptOnly)).ends_with("its list is built by scripts"));
        assert!(found(state(2, FailureKind::Mapping)).ends_with("its mapping finds nothing any more"));
        assert_eq!(found(state(5, FailureKind::Dns)), "");
        let quiet = SourceState {
            changed_at: Some(now() - SignedDuration::from_hours(24 * 8)),
            last_failure: None,
            ..state(0, FailureKind::Dns)
        };
        assert!(found(quiet).contains("has brought nothing new"));
    }

    #[test]
    fn warnings_about_usage_and_refused_posts_are_reported() {
        use crate::figures::report::XUsageFigures;
        assert!(x(&XFigures::default()).is_empty());
        let warnings = vec!["the cap is near".to_owned(), "the counts differ".to_owned()];
        let usage = Some(XUsageFigures { warnings, ..XUsageFigures::default() });
        let conditions = x(&XFigures { usage, posts_refused: 3, ..XFigures::default() });
        let subjects: Vec<&str> = conditions.iter().map(|condition| condition.subject.as_str()).collect();
        assert_eq!(subjects, ["usage x 0", "usage x 1", "answers x"]);
        assert_eq!(conditions[0].message, "the cap is near");
    }

    #[test]
    fn thresholds_of_channel_target_budget_and_disk() {
        let state = |failures, broken| ChannelState {
            name: "a".to_owned(),
            failures,
            broken,
            ..ChannelState::default()
        };
        assert_eq!(channels(&[state(2, false)]).len(), 0);
        let levels =
            |states: &[ChannelState]| channels(states).iter().map(|found| found.level).collect::<Vec<_>>();
        assert_eq!(levels(&[state(3, false), state(0, true)]), [Warning, Critical]);
        let cycles = |values: &[f64]| -> Vec<Vec<Target>> {
            let target = |value: f64| Target {
                name: TargetName::Memory,
                value: Some(value),
                target: 1.0,
                unit: TargetName::Memory.unit(),
                ok: Some(value <= 1.0),
                critical: None,
            };
            values.iter().rev().map(|value| vec![target(*value)]).collect()
        };
        assert_eq!(targets(&[]), []);
        assert_eq!(targets(&cycles(&[0.1, 2.0, 0.1, 2.0])), [], "one noisy cycle after another is no level");
        let missed = targets(&cycles(&[0.1, 2.0, 2.0, 0.1]));
        assert_eq!(missed[0].level, Critical);
        assert_eq!(targets(&cycles(&[1.1, 1.1]))[0].level, Warning);
        assert!(missed[0].message.contains("(critical)"), "{missed:?}");
        assert_eq!(targets(&cycles(&[2.0, 2.0, 0.1, 0.1, 0.1])), []);
        assert!(budget(3.9, 5.0).is_none() && budget(4.0, 5.0).is_some() && budget(1.0, 0.0).is_none());
        let reported = Incident {
            subject: DISK.to_owned(),
            since: now(),
            notified_at: now(),
            over_at: None,
            message: String::new(),
            level: Warning,
        };
        assert!(disk(110, 100, &[]).is_none() && disk(110, 100, &[reported]).is_some());
        let level = |free| disk(free, 100, &[]).map(|condition| condition.level);
        assert_eq!([25, 24].map(level), [Some(Warning), Some(Critical)]);
        assert_eq!(
            disk(99, 200 << 20, &[]).unwrap().message,
            "less than 50MiB are free on the disk of the state folder"
        );
        let spent = |dollars| budget(dollars, 5.0).map(|condition| condition.level);
        assert_eq!([4.0, 5.0].map(spent), [Some(Warning), Some(Critical)]);
    }
}
