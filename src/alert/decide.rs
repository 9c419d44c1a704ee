//! Decides which channel is notified of a finding, and when. Pure: the outbox rows are saved in the finding's
//! transaction.

use jiff::Timestamp;

use super::ChannelPolicy;
use crate::{
    detect::story::outlets,
    model::{
        Alert, Body, Change, ChannelStoryState, Class, Detection, StoredFinding, Story, Topic,
        event_date::day_of,
    },
    text::hash::sha256_hex,
};

/// The alerts for `finding`, given the channels' `states` of its story. Writes the new states back into `states` and
/// returns those that changed.
///
/// A story is reported again only with a higher class or another date. More outlets alone give an update, which is
/// attached to another message. Within the cool-down a change waits, unless the story became critical. A queued alert
/// is replaced, so a story that grows within one cycle is reported once.
pub fn decide(
    channels: &[&ChannelPolicy],
    finding: &StoredFinding,
    (tags, tier): (&[String], u8),
    states: &mut Vec<ChannelStoryState>,
    now: Timestamp,
) -> (Vec<Alert>, Vec<ChannelStoryState>) {
    let (mut alerts, mut changed) = (Vec::new(), Vec::new());
    let (detection, story) = (&finding.record.detection, &finding.story);
    if finding.record.suppress_alerts {
        return (alerts, changed);
    }
    for channel in channels {
        let known = states.iter_mut().find(|state| state.channel == channel.name && state.story == story.id);
        // A mention of lower class counts as one more outlet of a reported story.
        if known.is_none() && !channel.wants(detection, tags) {
            continue;
        }
        let outlets = outlets(story);
        let (alert, after) = match known.as_deref() {
            None => {
                let alert = news(channel, (detection, story, tier), detection.class, None, now);
                let after = ChannelStoryState {
                    story: story.id.clone(),
                    channel: channel.name.clone(),
                    class: detection.class,
                    event_date: story.event_date.clone(),
                    notified_at: alert.due_at,
                    outlets,
                    pending: true,
                };
                (Some(alert), after)
            }
            Some(before) => follow_up(channel, (detection, story, tier), before, outlets, now),
        };
        match known {
            Some(known) if *known != after => {
                changed.push(after.clone());
                *known = after;
            }
            Some(_) => {}
            None => {
                changed.push(after.clone());
                states.push(after);
            }
        }
        alerts.extend(alert);
    }
    (alerts, changed)
}

/// The alert for a channel that was notified before, and its new state.
fn follow_up(
    channel: &ChannelPolicy,
    (detection, story, tier): (&Detection, &Story, u8),
    before: &ChannelStoryState,
    outlets: usize,
    now: Timestamp,
) -> (Option<Alert>, ChannelStoryState) {
    let class = detection.class.max(before.class);
    let date = &story.event_date;
    let change = Change {
        class_was: (class > before.class).then_some(before.class),
        date_was: before
            .event_date
            .clone()
            .or_else(|| Some(String::new()))
            .filter(|was| date.as_ref().is_some_and(|date| date != was)),
    };
    let grown = outlets > before.outlets;
    let mut after = ChannelStoryState { outlets: outlets.max(before.outlets), ..before.clone() };
    // A rumour, or a possible fraud, changes nothing that was reported before.
    let trusted = !detection.rumour && detection.cautions.is_empty();
    if trusted && (change.class_was.is_some() || change.date_was.is_some()) {
        // A queued alert is replaced: the channel has received nothing yet.
        let rest = if before.pending { before.notified_at } else { before.notified_at + channel.cool_down };
        let became_critical = change.class_was.is_some() && class == Class::Critical;
        let mut alert =
            news(channel, (detection, story, tier), class, Some(change).filter(|_| !before.pending), now);
        alert.replaces = before.pending;
        if !became_critical {
            alert.due_at = alert.due_at.max(rest);
        }
        after.class = class;
        after.event_date.clone_from(date);
        after.notified_at = alert.due_at;
        after.pending = true;
        return (Some(alert), after);
    }
    if grown && channel.updates && !before.pending {
        after.pending = true;
        let alert = Alert {
            id: identity(&["update", &channel.name, &story.id, &outlets.to_string()]),
            channel: channel.name.clone(),
            topic: Topic::Update,
            story: Some(story.id.clone()),
            class,
            instant: false,
            due_at: channel.next_digest(now),
            created_at: now,
            body: Body::Update {
                project: story.project.clone(),
                title: detection.title.clone(),
                url: detection.url.clone(),
                source: detection.source.clone(),
            },
            replaces: false,
            outlets,
        };
        return (Some(alert), after);
    }
    (None, after)
}

fn news(
    channel: &ChannelPolicy,
    (detection, story, tier): (&Detection, &Story, u8),
    class: Class,
    change: Option<Change>,
    now: Timestamp,
) -> Alert {
    let old = detection.published_at.is_some_and(|at| at + channel.max_age < now);
    let is_instant = channel.instant.is_some_and(|least| class >= least) && !old;
    let held = !channel.may_send(class, now);
    // Alerts held back by quiet hours are sent as one digest when they end.
    let due_at = match (is_instant, held) {
        (true, false) => now,
        (true, true) => channel.quiet_until(now).unwrap_or(now),
        (false, _) => channel.next_digest(now),
    };
    let date = story.event_date.as_deref().unwrap_or_default();
    let event_date = story.event_date.clone().or_else(|| detection.event_date.clone());
    Alert {
        id: identity(&["news", &channel.name, &story.id, class.as_str(), date]),
        channel: channel.name.clone(),
        topic: Topic::News,
        story: Some(story.id.clone()),
        class,
        instant: is_instant && !held,
        due_at,
        created_at: now,
        body: Body::News {
            detection: Box::new(Detection {
                class,
                project: story.project.clone().or_else(|| detection.project.clone()),
                token: story.token.clone().or_else(|| detection.token.clone()),
                stage: detection.stage.on(event_date.as_deref(), day_of(now)),
                event_date,
                ..detection.clone()
            }),
            change,
            tier,
        },
        replaces: false,
        outlets: outlets(story),
    }
}

/// A stable id for `parts`: 20 hexadecimal digits.
pub fn identity(parts: &[&str]) -> String {
    sha256_hex::<10>(parts.iter().map(|part| format!("{part}\0")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;
    use crate::alert::samples::{detection, now, story};
    use crate::model::{DetectionRecord, EntryKey, Event, Signature};

    fn finding(detection: &Detection, story: &Story) -> StoredFinding {
        StoredFinding {
            record: DetectionRecord {
                detection: detection.clone(),
                source_url: String::new(),
                entry: EntryKey([0; 16]),
                signature: Signature::default(),
                suppress_alerts: false,
                about: None,
            },
            story: story.clone(),
            joined: false,
            absorbed: Vec::new(),
            alerts: Vec::new(),
            channel_states: Vec::new(),
        }
    }

    fn one(
        channel: &ChannelPolicy,
        detection: &Detection,
        story: &Story,
        states: &mut Vec<ChannelStoryState>,
        now: Timestamp,
    ) -> Option<Alert> {
        let (mut alerts, _) = decide(&[channel], &finding(detection, story), (&[], 2), states, now);
        assert!(alerts.len() < 2);
        alerts.pop()
    }

    #[test]
    fn a_story_is_reported_again_only_with_a_higher_class_or_another_date() {
        let channel = ChannelPolicy::new("a");
        let mut states = Vec::new();
        let first = one(&channel, &detection(), &story(1), &mut states, now()).unwrap();
        assert!(first.instant && first.due_at == now() && first.topic == Topic::News);
        states[0].pending = false;
        assert_eq!(one(&channel, &detection(), &story(1), &mut states, now()), None);
        let later = now() + jiff::SignedDuration::from_hours(1);
        let louder = Detection { class: Class::Critical, ..detection() };
        let second = one(&channel, &louder, &story(1), &mut states, later).unwrap();
        states[0].pending = false;
        assert!(second.id != first.id && second.due_at == later);
        let Body::News { change: Some(change), .. } = second.body else { panic!() };
        assert_eq!((change.class_was, change.date_was), (Some(Class::High), None));
        assert_eq!(one(&channel, &detection(), &story(1), &mut states, later), None, "quieter is no news");
        let moved = Story { event_date: Some("2026-12-01".to_owned()), ..story(1) };
        let third = one(&channel, &louder, &moved, &mut states, later).unwrap();
        assert_eq!(third.due_at, later + channel.cool_down, "it rests after its last alert");
        let Body::News { change: Some(change), .. } = third.body else { panic!() };
        assert_eq!(change.date_was.as_deref(), Some("2026-11-25"));
    }

    #[test]
    fn a_queued_alert_is_replaced_and_reported_once() {
        let channel = ChannelPolicy::new("a");
        let mut states = Vec::new();
        let first = one(&channel, &detection(), &story(1), &mut states, now()).unwrap();
        let louder = Detection { class: Class::Critical, ..detection() };
        let second = one(&channel, &louder, &story(2), &mut states, now()).unwrap();
        assert!(!first.replaces && second.replaces && second.due_at == now());
        assert!(matches!(second.body, Body::News { change: None, .. }));
    }

    #[test]
    fn the_same_finding_gives_the_same_row() {
        let channel = ChannelPolicy::new("a");
        let again = || one(&channel, &detection(), &story(1), &mut Vec::new(), now()).unwrap().id;
        assert_eq!(again(), again());
        assert_ne!(
            again(),
            one(&ChannelPolicy::new("b"), &detection(), &story(1), &mut Vec::new(), now()).unwrap().id
        );
    }

    #[test]
    fn more_outlets_give_an_update_unless_the_first_alert_still_waits() {
        let channel = ChannelPolicy::new("a");
        let mut states = Vec::new();
        let _ = one(&channel, &detection(), &story(1), &mut states, now());
        assert_eq!(one(&channel, &detection(), &story(2), &mut states, now()), None);
        assert_eq!(states[0].outlets, 2, "the waiting alert will say so");
        states[0].pending = false;
        let update = one(&channel, &detection(), &story(3), &mut states, now()).unwrap();
        assert!(update.topic == Topic::Update && !update.instant && update.outlets == 3);
        states[0].pending = false;
        let quieter = Detection { class: Class::Low, ..detection() };
        assert_eq!(one(&channel, &quieter, &story(4), &mut states, now()).unwrap().outlets, 4);
        let silent = ChannelPolicy { updates: false, ..ChannelPolicy::new("a") };
        states[0].pending = false;
        assert_eq!(one(&silent, &detection(), &story(5), &mut states, now()), None);
    }

    #[test]
    fn a_new_source_and_unwanted_detections_alert_no_channel() {
        let channel = ChannelPolicy::new("a");
        let (found, story) = (detection(), story(1));
        let mut silent = finding(&found, &story);
        silent.record.suppress_alerts = true;
        assert_eq!(decide(&[&channel], &silent, (&[], 2), &mut Vec::new(), now()), (Vec::new(), Vec::new()));
        for unwanted in [
            ChannelPolicy { min_class: Class::Critical, ..channel.clone() },
            ChannelPolicy { events: vec![Event::Sale], ..channel.clone() },
            ChannelPolicy { projects: vec!["other".to_owned()], ..channel.clone() },
            ChannelPolicy { tags: vec!["l2".to_owned()], ..channel.clone() },
            ChannelPolicy { news: false, ..channel.clone() },
        ] {
            assert_eq!(one(&unwanted, &found, &story, &mut Vec::new(), now()), None);
        }
        let wanted = ChannelPolicy {
            events: vec![Event::Airdrop],
            projects: vec!["caldera".to_owned()],
            watched: true,
            tags: vec!["l2".to_owned()],
            ..channel
        };
        let tags = ["l2".to_owned()];
        assert_eq!(
            decide(&[&wanted], &finding(&found, &story), (&tags, 2), &mut Vec::new(), now()).0.len(),
            1
        );
    }

    #[test]
    fn quiet_hours_age_and_class_put_an_alert_into_a_digest() {
        let night = ChannelPolicy {
            quiet: Some((time(9, 0, 0, 0), time(11, 0, 0, 0))),
            quiet_break: Some(Class::Critical),
            ..ChannelPolicy::new("a")
        };
        let held = one(&night, &detection(), &story(1), &mut Vec::new(), now()).unwrap();
        assert!(!held.instant);
        assert_eq!(held.due_at.to_string(), "2026-11-21T11:00:00Z");
        let critical = Detection { class: Class::Critical, ..detection() };
        assert!(one(&night, &critical, &story(1), &mut Vec::new(), now()).unwrap().instant);
        let all = ChannelPolicy { min_class: Class::Low, ..ChannelPolicy::new("a") };
        let medium = Detection { class: Class::Medium, ..detection() };
        let quiet = one(&all, &medium, &story(1), &mut Vec::new(), now()).unwrap();
        assert!(!quiet.instant && quiet.due_at.to_string() == "2026-11-22T09:00:00Z");
        let old =
            Detection { published_at: Some(now() - jiff::SignedDuration::from_hours(7)), ..detection() };
        assert!(!one(&all, &old, &story(1), &mut Vec::new(), now()).unwrap().instant);
    }
}
