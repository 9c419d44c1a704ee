//! Which notices are sent and which incidents stored, given the current conditions. Pure.

use jiff::Timestamp;

use super::{Condition, DAY};
use crate::{
    alert::{ChannelPolicy, decide::identity},
    model::{Alert, Body, Class, Incident, Notice, Phase, Topic},
};

/// Notices to send, and changes of the stored incidents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticePlan {
    pub notices: Vec<Notice>,
    /// Incidents to store.
    pub incidents: Vec<Incident>,
    /// Subjects of incidents to delete.
    pub forgotten: Vec<String>,
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
            over_at: None,
            message: condition.message.clone(),
        };
        let notice = |phase, since| Notice {
            subject: condition.subject.clone(),
            phase,
            message: condition.message.clone(),
            hint: condition.hint.clone(),
            since,
        };
        match before {
            None => {
                plan.notices.push(notice(Phase::Raised, now));
                plan.incidents.push(incident(now, now));
            }
            Some(before) if before.notified_at + DAY <= now => {
                let phase = if before.over_at.is_some() { Phase::Raised } else { Phase::Lasting };
                plan.notices.push(notice(phase, before.since));
                plan.incidents.push(incident(before.since, now));
            }
            // The condition comes and goes: within a day no second notice is sent.
            Some(before) if before.over_at.is_some() => {
                plan.incidents.push(incident(before.since, before.notified_at));
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
                plan.notices.push(Notice {
                    subject: incident.subject.clone(),
                    phase: Phase::Recovered,
                    message: incident.message.clone(),
                    hint: String::new(),
                    since: incident.since,
                });
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
pub fn alerts(notices: &[Notice], channels: &[&ChannelPolicy], now: Timestamp) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for channel in channels.iter().filter(|channel| channel.ops) {
        for notice in notices {
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
        vec![condition("disk".to_owned(), "little is left".to_owned(), "free some")]
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
            condition.extend(plan.notices.iter().map(|notice| (tenth, notice.phase)));
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

    #[test]
    fn notices_go_to_ops_channels_and_not_to_the_one_that_fails() {
        let ops = ChannelPolicy { ops: true, ..ChannelPolicy::new("a") };
        let other = ChannelPolicy { ops: true, ..ChannelPolicy::new("b") };
        let notice = Notice {
            subject: "channel a".to_owned(),
            phase: Phase::Raised,
            message: "x".to_owned(),
            hint: String::new(),
            since: now(),
        };
        let condition = alerts(&[notice], &[&ops, &other, &ChannelPolicy::new("c")], now());
        assert_eq!(condition.iter().map(|alert| alert.channel.as_str()).collect::<Vec<_>>(), ["b"]);
    }
}
