//! Binds queued alerts into messages: single ones up to the limit of a cycle, one for the rest, one digest.

use jiff::Timestamp;

use super::{
    ChannelPolicy,
    decide::identity,
    message::{Form, Item, Message, Update},
    order::{Group, ordered, share},
};
use crate::model::{Alert, Body, BoundMessage, Class, Notice, Topic};

/// Most updates attached to one message.
const MAX_ATTACHED: usize = 5;

/// What is stored before anything is sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bound {
    /// In the order of sending.
    pub messages: Vec<BoundMessage>,
    /// Alerts that did not fit and wait for a digest until the given time.
    pub deferred: Vec<(String, Timestamp)>,
}

/// Binds the alerts of `queued` that are due into messages of at most `capacity` launches each.
///
/// `waiting` counts the bound messages of single launches that have not arrived: they count against this cycle's limit.
pub fn bind(
    channel: &ChannelPolicy,
    capacity: usize,
    mut queued: Vec<Alert>,
    waiting: usize,
    now: Timestamp,
) -> Bound {
    let capacity = capacity.max(1);
    queued.sort_by(|a, b| (b.class, a.created_at, &a.id).cmp(&(a.class, b.created_at, &b.id)));
    let ready = |alert: &Alert| alert.due_at <= now;
    let (mut attached_updates, rest): (Vec<Alert>, Vec<Alert>) =
        queued.into_iter().partition(|alert| alert.topic == Topic::Update);
    let (ops, rest): (Vec<Alert>, Vec<Alert>) =
        rest.into_iter().filter(ready).partition(|alert| alert.topic == Topic::Ops);
    let (summaries, news): (Vec<Alert>, Vec<Alert>) =
        rest.into_iter().partition(|alert| alert.topic == Topic::Summary);
    let (instant, digest): (Vec<Alert>, Vec<Alert>) = news.into_iter().partition(|alert| alert.instant);
    let (instant, held): (Vec<Alert>, Vec<Alert>) =
        instant.into_iter().partition(|alert| channel.may_send(alert.class, now));

    let mut bound = Bound::default();
    let is_open = channel.may_send(Class::High, now);
    if is_open {
        for chunk in ops.chunks(capacity) {
            bound.add(channel, Form::Ops, singly(chunk), &mut Vec::new(), 0, now);
        }
        for summary in singly(&summaries) {
            bound.add(channel, Form::Summary, vec![summary], &mut Vec::new(), 0, now);
        }
    }
    // A killed cycle may have left alerts of quiet hours as instant ones.
    let until = channel.quiet_until(now).unwrap_or(now);
    bound.deferred.extend(held.into_iter().map(|alert| (alert.id, until)));

    let (alone, more) = share(ordered(instant), channel.max_instant.saturating_sub(waiting));
    for group in alone {
        bound.add(channel, Form::Single, vec![group], &mut attached_updates, 0, now);
    }
    if !more.is_empty() {
        let (more, beyond) = share(more, capacity);
        let beyond = beyond.concat();
        bound.add(channel, Form::More, more, &mut attached_updates, beyond.len(), now);
        let next = channel.next_digest(now);
        bound.deferred.extend(beyond.into_iter().map(|alert| (alert.id, next)));
    }
    if is_open {
        for chunk in ordered(digest).chunks(capacity) {
            bound.add(channel, Form::Digest, chunk.to_vec(), &mut attached_updates, 0, now);
        }
        let due: Vec<Alert> = attached_updates.into_iter().filter(ready).collect();
        for chunk in due.chunks(capacity) {
            bound.add(channel, Form::Digest, singly(chunk), &mut Vec::new(), 0, now);
        }
    }
    bound
}

fn singly(alerts: &[Alert]) -> Vec<Group> {
    alerts.iter().map(|alert| vec![alert.clone()]).collect()
}

impl Bound {
    /// Adds a message of `groups`, with some of `attached_updates`.
    fn add(
        &mut self,
        channel: &ChannelPolicy,
        form: Form,
        mut groups: Vec<Group>,
        attached_updates: &mut Vec<Alert>,
        waiting: usize,
        now: Timestamp,
    ) {
        groups.extend(
            attached_updates.drain(..attached_updates.len().min(MAX_ATTACHED)).map(|alert| vec![alert]),
        );
        let ids: Vec<String> = groups.iter().flatten().map(|alert| alert.id.clone()).collect();
        let mut parts = vec!["message", channel.name.as_str()];
        parts.extend(ids.iter().map(String::as_str));
        let mut message = Message {
            id: identity(&parts),
            channel: channel.name.clone(),
            form,
            at: now,
            items: Vec::new(),
            updates: Vec::new(),
            notices: Vec::<Notice>::new(),
            waiting,
            summary: None,
        };
        for mut group in groups {
            let others = group.split_off(group.len().min(1));
            let Some(Alert { body, outlets, story, .. }) = group.pop() else { continue };
            match body {
                Body::News { detection, change, .. } => {
                    let also = others.into_iter().filter_map(|alert| match alert.body {
                        Body::News { detection, .. } => Some(*detection),
                        _ => None,
                    });
                    message.items.push(Item { detection: *detection, outlets, change, also: also.collect() });
                }
                Body::Update { project, title, url, source } => {
                    let story = story.unwrap_or_default();
                    message.updates.push(Update { story, project, title, url, source, outlets });
                }
                Body::Ops(notice) => message.notices.push(notice),
                Body::Summary(summary) => message.summary = Some(summary),
            }
        }
        self.messages.push(BoundMessage {
            id: message.id.clone(),
            channel: channel.name.clone(),
            created_at: now,
            // Plain data with string keys always serialises.
            document: serde_json::to_string(&message).unwrap_or_default(),
            alerts: ids,
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::time};

    use super::*;
    use crate::alert::samples::{self, detection, now};
    use crate::model::Detection;

    fn alert(number: usize, class: Class, instant: bool) -> Alert {
        let found = Detection { score: 70 + u8::try_from(number).unwrap(), class, ..detection() };
        Alert {
            story: Some(format!("s{number}")),
            instant,
            ..samples::alert(&format!("a{number:02}"), found)
        }
    }

    fn update(number: usize, due_at: Timestamp) -> Alert {
        let body = Body::Update {
            project: None,
            title: "T".to_owned(),
            url: "https://a.example/".to_owned(),
            source: "S".to_owned(),
        };
        Alert {
            id: format!("u{number}"),
            topic: Topic::Update,
            instant: false,
            due_at,
            body,
            ..alert(number, Class::High, false)
        }
    }

    fn forms_and_ids(bound: &Bound) -> Vec<(Form, Vec<String>)> {
        let read = |message: &BoundMessage| {
            let said: Message = serde_json::from_str(&message.document).unwrap();
            (said.form, message.alerts.clone())
        };
        bound.messages.iter().map(read).collect()
    }

    #[test]
    fn the_loudest_few_go_alone_and_the_rest_together_and_none_is_lost() {
        let queued: Vec<Alert> = (0..20).map(|number| alert(number, Class::High, true)).collect();
        let bound = bind(&ChannelPolicy::new("a"), 8, queued, 0, now());
        let forms = forms_and_ids(&bound);
        assert_eq!(forms.iter().filter(|(form, _)| *form == Form::Single).count(), 3);
        assert_eq!(forms[0].1, ["a19"], "the best-scored first");
        let (form, more) = &forms[3];
        assert_eq!((*form, more.len(), forms.len()), (Form::More, 8, 4));
        let last: Message = serde_json::from_str(&bound.messages[3].document).unwrap();
        assert_eq!((last.waiting, bound.deferred.len()), (9, 9));
        assert!(bound.deferred.iter().all(|(_, at)| *at > now()));
    }

    #[test]
    fn a_watched_launch_is_reported_at_once_however_much_a_stranger_sends() {
        let stranger = |number: usize| {
            let Alert { body, .. } = alert(number % 20, Class::High, true);
            let Body::News { mut detection, .. } = body else { panic!() };
            detection.source = "Stranger".to_owned();
            detection.watched = false;
            detection.score = 100;
            detection.url = format!("https://stranger.example/{number}");
            Alert {
                id: format!("s{number:03}"),
                body: Body::News { detection, change: None, tier: 3 },
                ..alert(1, Class::High, true)
            }
        };
        let mut queued: Vec<Alert> = (0..300).map(stranger).collect();
        queued.push(alert(0, Class::High, true));
        let bound = bind(&ChannelPolicy::new("a"), 8, queued, 0, now());
        assert_eq!(forms_and_ids(&bound)[0], (Form::Single, vec!["a00".to_owned()]));
        assert_eq!(bound.messages.len() + bound.deferred.len(), 4 + 290);
    }

    #[test]
    fn the_coins_of_one_notice_are_one_message() {
        let coin = |number: usize, token: &str| {
            let Alert { body, .. } = alert(number, Class::High, true);
            let Body::News { mut detection, .. } = body else { panic!() };
            detection.token = Some(token.to_owned());
            Alert {
                body: Body::News { detection, change: None, tier: 2 },
                ..alert(number, Class::High, true)
            }
        };
        let bound = bind(&ChannelPolicy::new("a"), 8, vec![coin(1, "ORN"), coin(2, "KSTL")], 0, now());
        assert_eq!(forms_and_ids(&bound), [(Form::Single, vec!["a02".to_owned(), "a01".to_owned()])]);
        let said: Message = serde_json::from_str(&bound.messages[0].document).unwrap();
        assert_eq!((said.items.len(), said.items[0].also[0].token.as_deref()), (1, Some("ORN")));
    }

    #[test]
    fn messages_that_have_not_arrived_count_against_the_limit() {
        let queued = vec![alert(1, Class::High, true), alert(2, Class::Critical, true)];
        let bound = bind(&ChannelPolicy::new("a"), 8, queued, 3, now());
        assert_eq!(forms_and_ids(&bound), [(Form::More, vec!["a02".to_owned(), "a01".to_owned()])]);
    }

    #[test]
    fn quiet_hours_let_only_the_loudest_through() {
        let quiet = ChannelPolicy {
            quiet: Some((time(9, 0, 0, 0), time(11, 0, 0, 0))),
            quiet_break: Some(Class::Critical),
            ..ChannelPolicy::new("a")
        };
        let queued =
            vec![alert(1, Class::High, true), alert(2, Class::Critical, true), alert(3, Class::Low, false)];
        let bound = bind(&quiet, 8, queued.clone(), 0, now());
        assert_eq!(forms_and_ids(&bound), [(Form::Single, vec!["a02".to_owned()])]);
        assert_eq!(bound.deferred, [("a01".to_owned(), now() + SignedDuration::from_hours(1))]);
        let after = now() + SignedDuration::from_hours(1);
        let held = vec![
            Alert { instant: false, due_at: after, ..queued[0].clone() },
            Alert { due_at: after, ..queued[2].clone() },
        ];
        assert_eq!(
            forms_and_ids(&bind(&quiet, 8, held, 0, after)),
            [(Form::Digest, vec!["a01".to_owned(), "a03".to_owned()])]
        );
    }

    #[test]
    fn updates_ride_along_or_come_with_the_digest_and_no_digest_is_empty() {
        let later = now() + SignedDuration::from_hours(3);
        let channel = ChannelPolicy::new("a");
        assert_eq!(bind(&channel, 8, vec![update(1, later)], 0, now()), Bound::default());
        assert_eq!(forms_and_ids(&bind(&channel, 8, vec![update(1, later)], 0, later))[0].1, ["u1"]);
        let both = bind(&channel, 8, vec![update(1, later), alert(1, Class::High, true)], 0, now());
        assert_eq!(forms_and_ids(&both), [(Form::Single, vec!["a01".to_owned(), "u1".to_owned()])]);
    }

    #[test]
    fn the_same_alerts_give_the_same_message() {
        let id = || {
            bind(&ChannelPolicy::new("a"), 8, vec![alert(1, Class::High, true)], 0, now()).messages[0]
                .id
                .clone()
        };
        assert_eq!(id(), id());
    }
}
