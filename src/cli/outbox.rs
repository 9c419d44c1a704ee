//! `alerts list` for people: what waits, and why.

use crate::{
    alert::ChannelPolicy,
    model::{AlertState, Class, OutboxRow, Topic},
    render::{
        Style,
        listing::of_class,
        style::Look,
        table::{Cell, Spec, Table},
        times::Times,
    },
};

/// Why `row` is in its state; `policy` is that of its channel, if the settings still have it.
pub fn why(row: &OutboxRow, policy: Option<&ChannelPolicy>, times: &Times) -> String {
    let zone = if times.is_relative() { String::new() } else { " UTC".to_owned() };
    let at = |at| format!("{}{zone}", times.minute(at));
    match (row.state, row.delivered_at) {
        (AlertState::Delivered, Some(delivered)) => return format!("sent {}", at(delivered)),
        (AlertState::GivenUp, _) => return format!("given up after {} tries", row.tries),
        _ => {}
    }
    if row.error.is_some() {
        return format!("tried {} times, again in the next cycle", row.tries);
    }
    let Some(policy) = policy else { return "no such channel in the settings".to_owned() };
    if row.due_at <= times.now {
        return "next cycle, or alerts send".to_owned();
    }
    let due = at(row.due_at);
    let is_below = |least: Option<Class>| least.is_none_or(|least| row.class < least);
    if row.topic == Topic::Update {
        format!("digest {due}: more outlets of a story that was sent")
    } else if policy.quiet_until(row.created_at) == Some(row.due_at) {
        format!("quiet hours until {due}")
    } else if is_below(policy.instant) {
        let least = policy.instant.map_or("off", Class::as_str);
        format!("digest {due}: below instant = {least}")
    } else {
        format!("digest {due}: published more than max_age ago")
    }
}

/// The alerts in their order.
pub fn table(rows: &[OutboxRow], policies: &[&ChannelPolicy], times: &Times, style: Style) -> String {
    let mut table = Table::new(vec![
        Spec::new("decided").right().rank(3),
        Spec::new("channel").cut(8),
        Spec::new("topic").rank(1),
        Spec::new("class"),
        Spec::new("state"),
        Spec::new("why").wrap(20),
        Spec::new("title").cut(16),
        Spec::new("error").wrap(16).optional(),
    ]);
    table.remark(&times.zone_name());
    for row in rows {
        let policy = policies.iter().find(|policy| policy.name == row.channel).copied();
        let is_bad = row.state == AlertState::GivenUp || row.error.is_some();
        table.row(vec![
            times.short(row.created_at).into(),
            row.channel.as_str().into(),
            row.topic.as_str().into(),
            Cell::new(row.class.as_str(), of_class(row.class)),
            Cell::new(row.state.as_str(), if is_bad { Look::RED } else { Look::PLAIN }),
            why(row, policy, times).into(),
            row.title.as_str().into(),
            Cell::new(row.error.as_deref().unwrap_or_default(), Look::RED),
        ]);
    }
    table.render(style)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::samples::now;

    fn row() -> OutboxRow {
        OutboxRow {
            id: "a1".to_owned(),
            channel: "desk".to_owned(),
            topic: Topic::News,
            class: Class::Medium,
            state: AlertState::Queued,
            title: "Caldera opens its claim".to_owned(),
            created_at: now(),
            due_at: now() + SignedDuration::from_hours(23),
            delivered_at: None,
            message: None,
            tries: 0,
            error: None,
        }
    }

    #[test]
    fn each_state_says_why() {
        let times = Times::absolute(now());
        let policy = ChannelPolicy::new("desk");
        let night = ChannelPolicy {
            quiet: Some((jiff::civil::time(8, 0, 0, 0), jiff::civil::time(12, 0, 0, 0))),
            ..policy.clone()
        };
        let noon = now() + SignedDuration::from_hours(2);
        for (row, policy, wanted) in [
            (row(), Some(&policy), "digest 2026-11-22 09:00 UTC: below instant = high"),
            (
                OutboxRow { class: Class::High, ..row() },
                Some(&policy),
                "digest 2026-11-22 09:00 UTC: published more than max_age ago",
            ),
            (
                OutboxRow { topic: Topic::Update, ..row() },
                Some(&policy),
                "digest 2026-11-22 09:00 UTC: more outlets of a story that was sent",
            ),
            (
                OutboxRow { due_at: noon, class: Class::High, ..row() },
                Some(&night),
                "quiet hours until 2026-11-21 12:00 UTC",
            ),
            (OutboxRow { due_at: now(), ..row() }, Some(&policy), "next cycle, or alerts send"),
            (
                OutboxRow { tries: 2, error: Some("503".to_owned()), ..row() },
                Some(&policy),
                "tried 2 times, again in the next cycle",
            ),
            (
                OutboxRow { state: AlertState::GivenUp, tries: 5, ..row() },
                Some(&policy),
                "given up after 5 tries",
            ),
            (
                OutboxRow { state: AlertState::Delivered, delivered_at: Some(now()), ..row() },
                None,
                "sent 2026-11-21 10:00 UTC",
            ),
            (row(), None, "no such channel in the settings"),
        ] {
            assert_eq!(why(&row, policy, &times), wanted);
        }
        let text = table(&[row()], &[&policy], &times, Style::pipe(100));
        assert!(text.contains("below") && text.contains("medium") && !text.contains("error"), "{text}");
    }
}
