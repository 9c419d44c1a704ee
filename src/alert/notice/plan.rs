//! Which notices are sent and which incidents stored, given the current conditions. Pure.

use jiff::Timestamp;

use super::{Condition, DAY};
use crate::{
    alert::{ChannelPolicy, decide::identity},
    model::{Alert, Body, Class, Incident, Notice, Phase, Severity, Topic},
};

/// Notices to send, and changes of the stored incidents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticePlan {
    pub notices: Vec<PlannedNotice>,
    /// Incidents to store.
    pub incidents: Vec<Incident>,
    /// Subjects of incidents to delete.
    pub forgotten: Vec<String>,
}

/// A notice with its receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedNotice {
    pub notice: Notice,
    /// Channels whose `min_level` is not above this get it. It is the level of the notice before where that was higher,
    /// so that a channel that got that one hears of the fall.
    pub reach: Severity,
}

/// Compares the current conditions with the stored incidents `known`.
pub fn plan_notices(conditions: &[Condition], known: &[Incident], now: Timestamp) -> NoticePlan {
    let mut plan = NoticePlan::default();
    for condition in conditions {
        let before = known.iter().find(|incident| incident.subject == condition.subject);
        let incident = |since, notified_at| Incident {
            subject: condition.subject.clone(),
            since,
            notified_at,
            over_at: condition.is_event.then_some(now),
            message: condition.message.clone(),
            level: condition.level,
        };
        let reach = before.map_or(condition.level, |before| before.level.max(condition.level));
        let notice = |phase, since| PlannedNotice {
            notice: Notice {
                subject: condition.subject.clone(),
                phase,
                level: condition.level,
                message: condition.message.clone(),
                hint: condition.hint.clone(),
                since,
            },
            reach,
        };
        match before {
            None => {
                plan.notices.push(notice(Phase::Raised, now));
                plan.incidents.push(incident(now, now));
            }
            Some(before) if condition.level > before.level => {
                plan.notices.push(notice(Phase::Raised, before.since));
                plan.incidents.push(incident(before.since, now));
            }
            Some(before) if before.notified_at + DAY <= now => {
                let phase = if before.over_at.is_some() { Phase::Raised } else { Phase::Lasting };
                plan.notices.push(notice(phase, before.since));
                plan.incidents.push(incident(before.since, now));
            }
            // The condition comes and goes: within a day no second notice is sent.
            Some(before) if before.over_at.is_some() => {
                let level = before.level;
                plan.incidents.push(Incident { level, ..incident(before.since, before.notified_at) });
            }
            Some(_) => {}
        }
    }
    for incident in known {
        if conditions.iter().any(|condition| condition.subject == incident.subject) {
            continue;
        }
        match incident.over_at {
            None => {
                let notice = Notice {
                    subject: incident.subject.clone(),
                    phase: Phase::Recovered,
                    level: incident.level,
                    message: incident.message.clone(),
                    hint: String::new(),
                    since: incident.since,
                };
                plan.notices.push(PlannedNotice { notice, reach: incident.level });
                plan.incidents.push(Incident { over_at: Some(now), ..incident.clone() });
            }
            Some(_) if incident.notified_at + DAY <= now => plan.forgotten.push(incident.subject.clone()),
            Some(_) => {}
        }
    }
    plan
}

/// The outbox rows that send `notices` to the channels that take them. A channel gets no notice of its own failure: it
/// would not arrive.
pub fn alerts(notices: &[PlannedNotice], channels: &[&ChannelPolicy], now: Timestamp) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for channel in channels.iter().filter(|channel| channel.ops) {
        for PlannedNotice { notice, .. } in
            notices.iter().filter(|planned| planned.reach >= channel.min_level)
        {
            if notice.subject == format!("channel {}", channel.name) && notice.phase != Phase::Recovered {
                continue;
            }
            alerts.push(Alert {
                id: identity(&["ops", &channel.name, &notice.subject, notice.phase.into(), &now.to_string()]),
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
    use jiff::SignedDuration;

    use super::*;
    use crate::alert::{notice::condition, samples::now};

    fn down() -> Vec<Condition> {
        vec![condition(Severity::Warning, "disk".to_owned(), "little is left".to_owned(), "free some")]
    }

    /// Runs `tenths` tenths of a day, with the condition if `bad` of a tenth; returns the notices with their times.
    fn lived(tenths: i64, bad: impl Fn(i64) -> bool) -> Vec<(i64, Phase)> {
        let (mut known, mut condition): (Vec<Incident>, Vec<_>) = (Vec::new(), Vec::new());
        for tenth in 0..tenths {
            let at = now() + SignedDuration::from_mins(144 * tenth);
            let plan = plan_notices(&if bad(tenth) { down() } else { Vec::new() }, &known, at);
            known.retain(|incident| {
                !plan.forgotten.contains(&incident.subject)
                    && plan.incidents.iter().all(|new| new.subject != incident.subject)
            });
            known.extend(plan.incidents);
            condition.extend(plan.notices.iter().map(|planned| (tenth, planned.notice.phase)));
        }
        condition
    }

    #[test]
    fn a_condition_gives_a_notice_at_once_then_daily_then_at_its_end() {
        let condition = lived(40, |tenth| (3..27).contains(&tenth));
        assert_eq!(
            condition,
            [(3, Phase::Raised), (13, Phase::Lasting), (23, Phase::Lasting), (27, Phase::Recovered)]
        );
    }

    #[test]
    fn a_condition_that_comes_and_goes_gives_a_notice_daily_at_most() {
        let condition = lived(31, |tenth| tenth % 2 == 0);
        let raised = condition.iter().filter(|(_, phase)| *phase != Phase::Recovered).count();
        assert!(raised <= 4, "{condition:?}");
    }

    /// The phases, levels and receivers' levels of the notices for a disk at `levels`, `hours` hours apart; `None`: no
    /// shortage.
    fn levels(hours: i64, levels: &[Option<Severity>]) -> Vec<(usize, Phase, Severity, Severity)> {
        let (mut known, mut sent) = (Vec::<Incident>::new(), Vec::new());
        for (at, level) in levels.iter().enumerate() {
            let conditions: Vec<_> = level
                .iter()
                .flat_map(|level| down().into_iter().map(|c| Condition { level: *level, ..c }))
                .collect();
            let then = now() + SignedDuration::from_hours(hours * i64::try_from(at).unwrap());
            let plan = plan_notices(&conditions, &known, then);
            sent.extend(plan.notices.iter().map(|p| (at, p.notice.phase, p.notice.level, p.reach)));
            if !plan.incidents.is_empty() || !plan.forgotten.is_empty() {
                known = plan.incidents;
            }
        }
        sent
    }

    #[test]
    fn a_level_that_rises_is_reported_at_once_and_one_that_falls_with_the_daily_notice() {
        use Severity::{Critical, Warning};
        let (warning, critical) = (Some(Warning), Some(Critical));
        let risen = levels(1, &[warning, warning, critical, critical, warning, critical, None]);
        assert_eq!(
            risen,
            [
                (0, Phase::Raised, Warning, Warning),
                (2, Phase::Raised, Critical, Critical),
                (6, Phase::Recovered, Critical, Critical),
            ],
            "a level that goes up and down is reported once a day"
        );
        let returned = levels(1, &[warning, None, critical]);
        assert_eq!(returned.last(), Some(&(2, Phase::Raised, Critical, Critical)));
        let fallen = levels(24, &[critical, warning, warning, critical]);
        assert_eq!(
            fallen[1..],
            [
                (1, Phase::Lasting, Warning, Critical),
                (2, Phase::Lasting, Warning, Warning),
                (3, Phase::Raised, Critical, Critical),
            ]
        );
    }

    #[test]
    fn an_event_gives_one_notice_and_no_end() {
        let event = vec![Condition { is_event: true, ..down().remove(0) }];
        let plan = plan_notices(&event, &[], now());
        assert_eq!(plan.notices.len(), 1);
        let next = plan_notices(&[], &plan.incidents, now() + SignedDuration::from_hours(1));
        assert_eq!(next, NoticePlan::default());
        let later = plan_notices(&[], &plan.incidents, now() + SignedDuration::from_hours(25));
        assert_eq!((later.notices.len(), later.forgotten.len()), (0, 1));
    }

    fn planned(subject: &str, level: Severity) -> PlannedNotice {
        let notice = Notice {
            subject: subject.to_owned(),
            phase: Phase::Raised,
            level,
            message: "x".to_owned(),
            hint: String::new(),
            since: now(),
        };
        PlannedNotice { notice, reach: level }
    }

    #[test]
    fn a_channel_gets_notices_from_its_level_on() {
        let all = ChannelPolicy { ops: true, ..ChannelPolicy::new("a") };
        let pager = ChannelPolicy {
            min_level: Severity::Critical,
            ..ChannelPolicy { name: "b".to_owned(), ..all.clone() }
        };
        let notices = [planned("disk", Severity::Warning), planned("budget x", Severity::Critical)];
        let sent = alerts(&notices, &[&all, &pager], now());
        assert_eq!(sent.iter().map(|alert| alert.channel.as_str()).collect::<Vec<_>>(), ["a", "a", "b"]);
    }

    #[test]
    fn notices_go_to_ops_channels_and_not_to_the_one_that_fails() {
        let ops = ChannelPolicy { ops: true, ..ChannelPolicy::new("a") };
        let other = ChannelPolicy { ops: true, ..ChannelPolicy::new("b") };
        let condition = alerts(
            &[planned("channel a", Severity::Warning)],
            &[&ops, &other, &ChannelPolicy::new("c")],
            now(),
        );
        assert_eq!(condition.iter().map(|alert| alert.channel.as_str()).collect::<Vec<_>>(), ["b"]);
    }
}
