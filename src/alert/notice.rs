//! The program's own troubles, and when its operator is told: once at a threshold, daily at most while it
//! lasts, once when it is over. Pure.

use jiff::{SignedDuration, Timestamp};

use super::{Loudness, decide::identity};
use crate::{
    figures::{
        level::{Level, level_of},
        report::XFigures,
        targets::Target,
    },
    model::{Alert, Body, ChannelState, Class, Matter, NOT_SAVED, Notice, Phase, SourceState, Topic},
};

/// Failures in a row after which a feed counts as dead (docs/reference/failures.md#operator-notices).
const DEAD: u32 = 6;
/// A feed that answers but brings nothing new for this long, and for [`STALE_GAPS`] of its usual gaps, is stale.
const STALE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// See [`STALE`].
const STALE_GAPS: u32 = 5;
/// Failures in a row after which a channel is told of: more than the short waits of one bad hour.
const CHANNEL: u32 = 3;
/// Share of the budget from which it is told.
const BUDGET: f64 = 0.8;
/// The least time between two notices on one matter.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Something that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What it is about; its identity.
    pub subject: String,
    /// One sentence.
    pub says: String,
    /// What to do about it.
    pub todo: String,
}

fn trouble(subject: String, says: String, todo: impl Into<String>) -> Trouble {
    Trouble { subject, says, todo: todo.into() }
}

/// Feeds of the settings (`names` by address) that are dead, gone or stale.
#[must_use]
pub fn feeds(states: &[SourceState], names: &dyn Fn(&str) -> Option<String>, now: Timestamp) -> Vec<Trouble> {
    let mut found = Vec::new();
    for state in states {
        let Some(name) = names(&state.url) else { continue };
        let subject = format!("feed {}", state.url);
        let why = state.last_failure.as_deref().unwrap_or("unknown");
        let gap = SignedDuration::from_secs(i64::from(state.usual_gap_s.unwrap_or(0)))
            * i32::try_from(STALE_GAPS).unwrap_or(5);
        let quiet = state.changed_at.filter(|_| state.failures == 0).map(|at| now.duration_since(at));
        if state.gone_at.is_some() {
            let says = format!("the feed {name} is gone for good (410)");
            found.push(trouble(subject, says, format!("tge-scrape feed remove {}", state.url)));
        } else if state.last_failure.as_deref() == Some(NOT_SAVED) {
            let says = format!("what the feed {name} brings cannot be saved");
            found.push(trouble(subject, says, SAVING));
        } else if state.failures >= DEAD {
            let says = format!("the feed {name} has failed {} times in a row ({why})", state.failures);
            // Asking again helps nobody before the limit is raised.
            let first = if why == "too_large" { "raise http.feed_body_limit, then: " } else { "" };
            found.push(trouble(subject, says, format!("{first}tge-scrape feed check {}", state.url)));
        } else if let Some(long) = quiet.filter(|long| *long >= STALE.max(gap)) {
            // The number of days is left out: the sentence is to stay the same.
            let says = format!(
                "the feed {name} answers, but has brought nothing new for over {} days",
                whole_weeks(long) * 7
            );
            found.push(trouble(subject, says, format!("tge-scrape feed check {}", state.url)));
        }
    }
    found
}

/// Visits of this cycle that could not be saved and whose source does not show it, a sentence each. The trouble is
/// over when a day has passed without another: not every cycle tries them again.
#[must_use]
pub fn refused(sentences: &[String], known: &[Matter], now: Timestamp) -> Option<Trouble> {
    let first = match sentences {
        [] => {
            let lasts = |matter: &&Matter| {
                matter.subject == REFUSED && matter.over_at.is_none() && matter.told_at + DAY > now
            };
            return known
                .iter()
                .find(lasts)
                .map(|matter| trouble(REFUSED.to_owned(), matter.says.clone(), SAVING));
        }
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first}; and {} more", rest.len()),
    };
    Some(trouble(REFUSED.to_owned(), first, SAVING))
}

const REFUSED: &str = "not saved";
/// What to do about a visit that cannot be saved.
const SAVING: &str = "run `tge-scrape db check`; if it finds nothing this is a defect worth reporting";

fn whole_weeks(long: SignedDuration) -> i64 {
    long.as_hours() / (7 * 24)
}

/// Channels that refuse, or fail again and again.
#[must_use]
pub fn channels(states: &[ChannelState]) -> Vec<Trouble> {
    let failing = states.iter().filter(|state| state.broken || state.failures >= CHANNEL);
    let told = failing.map(|state| {
        let why = state.last_error.as_deref().unwrap_or("no reason known");
        let word = if state.broken { "refuses everything" } else { "fails" };
        trouble(
            format!("channel {}", state.name),
            format!("the channel {} {word}: {why}", state.name),
            format!("correct its settings, then try it with: tge-scrape alerts test {}", state.name),
        )
    });
    told.collect()
}

/// Targets that stand at warning or worse; `cycles` are the targets of each, newest first. The level has its own
/// calm (see [`level_of`]): one bad cycle raises nothing, one good one ends nothing.
#[must_use]
pub fn targets(cycles: &[Vec<Target>]) -> Vec<Trouble> {
    let level = |target: &Target| level_of(&target.name, cycles.iter().rev().map(Vec::as_slice));
    let standing = cycles.first().into_iter().flatten().map(|target| (target, level(target)));
    let told = standing.filter(|(_, level)| *level >= Level::Warning).map(|(target, level)| {
        let value = target.value.map_or_else(|| "not measured now".to_owned(), |value| format!("{value:.3}"));
        trouble(
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
    told.collect()
}

/// What X has cost this month against what it may.
#[must_use]
pub fn budget(spent: f64, allowed: f64) -> Option<Trouble> {
    (allowed > 0.0 && spent >= allowed * BUDGET).then(|| {
        let used_up = if spent >= allowed { "used up" } else { "nearly used up" };
        trouble(
            "budget x".to_owned(),
            format!("the month's budget for X is {used_up}: {spent:.2} of {allowed:.2} US dollars"),
            "raise x.monthly_budget_usd, or follow fewer accounts",
        )
    })
}

/// What X counts of its own, and what was refused of its answers.
#[must_use]
pub fn x(figures: &XFigures) -> Vec<Trouble> {
    let warnings = figures.usage.iter().flat_map(|usage| &usage.warnings).zip(0..);
    let usage = warnings.map(|(warning, number)| {
        let todo = "compare x plan with the usage in X's developer console";
        trouble(format!("usage x {number}"), warning.clone(), todo)
    });
    let refused = (figures.posts_refused > 0).then(|| {
        // The number is left out: the sentence is to stay the same.
        trouble(
            "answers x".to_owned(),
            "X sends posts that lie in the future or have no id; they are refused".to_owned(),
            "check this machine's clock and x.base_url; tge-scrape cycle --only x -v says more",
        )
    });
    usage.chain(refused).collect()
}

/// Free bytes of a disk against what there should be; one that was told of is over only once there is a
/// quarter more.
#[must_use]
pub fn disk(free: u64, least: u64, known: &[Matter]) -> Option<Trouble> {
    let told = known.iter().any(|matter| matter.subject == DISK && matter.over_at.is_none());
    let least = if told { least.saturating_add(least / 4) } else { least };
    (free < least).then(|| {
        trouble(
            DISK.to_owned(),
            format!("less than {} MiB are free on the disk of the state folder", least >> 20),
            "free some space; a cycle that cannot save does its work again later",
        )
    })
}

const DISK: &str = "disk";

/// What is told now, and what is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Noticed {
    /// To be told.
    pub notices: Vec<Notice>,
    /// Matters as they are to be remembered, those that changed.
    pub matters: Vec<Matter>,
    /// Subjects to be forgotten.
    pub forgotten: Vec<String>,
}

/// Holds the troubles of now against the matters `known`.
#[must_use]
pub fn notices(troubles: &[Trouble], known: &[Matter], now: Timestamp) -> Noticed {
    let mut noticed = Noticed::default();
    for trouble in troubles {
        let before = known.iter().find(|matter| matter.subject == trouble.subject);
        let matter = |since, told_at| Matter {
            subject: trouble.subject.clone(),
            since,
            told_at,
            over_at: None,
            says: trouble.says.clone(),
        };
        let notice = |phase, since| Notice {
            subject: trouble.subject.clone(),
            phase,
            says: trouble.says.clone(),
            todo: trouble.todo.clone(),
            since,
        };
        match before {
            None => {
                noticed.notices.push(notice(Phase::Raised, now));
                noticed.matters.push(matter(now, now));
            }
            Some(before) if before.told_at + DAY <= now => {
                let phase = if before.over_at.is_some() { Phase::Raised } else { Phase::Lasting };
                noticed.notices.push(notice(phase, before.since));
                noticed.matters.push(matter(before.since, now));
            }
            // It comes and goes: within a day nothing more is said.
            Some(before) if before.over_at.is_some() => {
                noticed.matters.push(matter(before.since, before.told_at));
            }
            Some(_) => {}
        }
    }
    for matter in known {
        if troubles.iter().any(|trouble| trouble.subject == matter.subject) {
            continue;
        }
        match matter.over_at {
            None => {
                noticed.notices.push(Notice {
                    subject: matter.subject.clone(),
                    phase: Phase::Recovered,
                    says: matter.says.clone(),
                    todo: String::new(),
                    since: matter.since,
                });
                noticed.matters.push(Matter { over_at: Some(now), ..matter.clone() });
            }
            Some(_) if matter.told_at + DAY <= now => noticed.forgotten.push(matter.subject.clone()),
            Some(_) => {}
        }
    }
    noticed
}

/// The rows of the outbox that tell `notices` to the channels that want to hear them. A channel is not told
/// of its own failure: it would not arrive.
#[must_use]
pub fn alerts(notices: &[Notice], channels: &[&Loudness], now: Timestamp) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for channel in channels.iter().filter(|channel| channel.ops) {
        for notice in notices {
            if notice.subject == format!("channel {}", channel.name) && notice.phase != Phase::Recovered {
                continue;
            }
            let phase = format!("{:?}", notice.phase);
            alerts.push(Alert {
                id: identity(&["ops", &channel.name, &notice.subject, &phase, &now.to_string()]),
                channel: channel.name.clone(),
                topic: Topic::Ops,
                story: None,
                class: Class::High,
                instant: true,
                due_at: channel.quiet_until(now).unwrap_or(now),
                created_at: now,
                body: Body::Ops(notice.clone()),
                replaces: false,
                outlets: 0,
            });
        }
    }
    alerts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::now;

    fn down() -> Vec<Trouble> {
        vec![trouble("disk".to_owned(), "little is left".to_owned(), "free some")]
    }

    /// Runs `days` tenths of a day, the trouble being there where `bad` says so; gives what was told when.
    fn lived(tenths: i64, bad: impl Fn(i64) -> bool) -> Vec<(i64, Phase)> {
        let (mut known, mut told): (Vec<Matter>, Vec<_>) = (Vec::new(), Vec::new());
        for tenth in 0..tenths {
            let at = now() + SignedDuration::from_mins(144 * tenth);
            let noticed = notices(&if bad(tenth) { down() } else { Vec::new() }, &known, at);
            known.retain(|matter| {
                !noticed.forgotten.contains(&matter.subject)
                    && noticed.matters.iter().all(|new| new.subject != matter.subject)
            });
            known.extend(noticed.matters);
            told.extend(noticed.notices.iter().map(|notice| (tenth, notice.phase)));
        }
        told
    }

    #[test]
    fn a_matter_is_told_once_then_daily_then_once_when_it_is_over() {
        let told = lived(40, |tenth| (3..27).contains(&tenth));
        assert_eq!(
            told,
            [(3, Phase::Raised), (13, Phase::Lasting), (23, Phase::Lasting), (27, Phase::Recovered)]
        );
    }

    #[test]
    fn one_that_comes_and_goes_is_told_daily_at_most() {
        let told = lived(31, |tenth| tenth % 2 == 0);
        let raised = told.iter().filter(|(_, phase)| *phase != Phase::Recovered).count();
        assert!(raised <= 4, "{told:?}");
    }

    #[test]
    fn feeds_are_told_of_when_dead_gone_or_stale_and_only_if_they_are_configured() {
        let state = |url: &str| SourceState { url: url.to_owned(), ..SourceState::default() };
        let states = [
            SourceState { failures: 5, ..state("a") },
            SourceState { failures: 6, last_failure: Some("dns".to_owned()), ..state("b") },
            SourceState { gone_at: Some(now()), ..state("c") },
            SourceState { changed_at: Some(now() - SignedDuration::from_hours(24 * 8)), ..state("d") },
            SourceState {
                changed_at: Some(now() - SignedDuration::from_hours(24 * 8)),
                usual_gap_s: Some(86_400 * 3),
                ..state("e")
            },
            SourceState { failures: 9, ..state("not mine") },
        ];
        let mine = |url: &str| (url.len() == 1).then(|| url.to_uppercase());
        let told: Vec<String> = feeds(&states, &mine, now()).into_iter().map(|t| t.subject).collect();
        assert_eq!(told, ["feed b", "feed c", "feed d"]);
    }

    #[test]
    fn what_x_counts_and_what_was_refused_of_it_is_told() {
        use crate::figures::report::XUsageFigures;
        assert!(x(&XFigures::default()).is_empty());
        let warnings = vec!["the cap is near".to_owned(), "the counts differ".to_owned()];
        let usage = Some(XUsageFigures { warnings, ..XUsageFigures::default() });
        let troubles = x(&XFigures { usage, posts_refused: 3, ..XFigures::default() });
        let subjects: Vec<&str> = troubles.iter().map(|trouble| trouble.subject.as_str()).collect();
        assert_eq!(subjects, ["usage x 0", "usage x 1", "answers x"]);
        assert_eq!(troubles[0].says, "the cap is near");
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
        assert_eq!(channels(&[state(3, false), state(0, true)]).len(), 2);
        let cycles = |values: &[f64]| -> Vec<Vec<Target>> {
            let target = |value: f64| Target {
                name: "memory".to_owned(),
                value: Some(value),
                target: 1.0,
                unit: "MiB".to_owned(),
                ok: Some(value <= 1.0),
            };
            values.iter().rev().map(|value| vec![target(*value)]).collect()
        };
        assert_eq!(targets(&[]), []);
        assert_eq!(targets(&cycles(&[0.1, 2.0, 0.1, 2.0])), [], "one noisy cycle after another is no level");
        let missed = targets(&cycles(&[0.1, 2.0, 2.0, 0.1]));
        assert!(missed[0].says.contains("(critical)"), "{missed:?}");
        assert_eq!(targets(&cycles(&[2.0, 2.0, 0.1, 0.1, 0.1])), []);
        assert!(budget(3.9, 5.0).is_none() && budget(4.0, 5.0).is_some() && budget(1.0, 0.0).is_none());
        let told = Matter {
            subject: DISK.to_owned(),
            since: now(),
            told_at: now(),
            over_at: None,
            says: String::new(),
        };
        assert!(
            disk(110, 100, &[]).is_none()
                && disk(110, 100, &[told]).is_some()
                && disk(99, 100, &[]).is_some()
        );
    }

    #[test]
    fn notices_go_to_ops_channels_and_not_to_the_one_that_fails() {
        let ops = Loudness { ops: true, ..Loudness::new("a") };
        let other = Loudness { ops: true, ..Loudness::new("b") };
        let notice = Notice {
            subject: "channel a".to_owned(),
            phase: Phase::Raised,
            says: "x".to_owned(),
            todo: String::new(),
            since: now(),
        };
        let told = alerts(&[notice], &[&ops, &other, &Loudness::new("c")], now());
        assert_eq!(told.iter().map(|alert| alert.channel.as_str()).collect::<Vec<_>>(), ["b"]);
    }
}
