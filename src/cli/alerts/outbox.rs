//! `tge-scrape alerts list`: the outbox, and why each alert waits.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    alert::ChannelPolicy,
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    model::{AlertState, OutboxRow, Topic},
    render::{
        Column, Style,
        format::minute,
        listing::of_class,
        plain,
        style::Look,
        table::{Cell, Spec, Table},
        times::Times,
    },
    store::{Access, Store},
    wiring,
};

use super::super::{Format, Globals, output::Output, print_rows};

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    row: OutboxRow,
    /// Why it waits; empty if it does not.
    why: String,
}

const OUTBOX: [Column<Listed>; 10] = [
    ("decided", |listed| minute(listed.row.created_at)),
    ("channel", |listed| plain(&listed.row.channel)),
    ("topic", |listed| listed.row.topic.as_str().to_owned()),
    ("class", |listed| listed.row.class.as_str().to_owned()),
    ("state", |listed| listed.row.state.as_str().to_owned()),
    ("due", |listed| minute(listed.row.due_at)),
    ("tries", |listed| listed.row.tries.to_string()),
    ("title", |listed| plain(&listed.row.title)),
    ("why", |listed| plain(&listed.why)),
    ("error", |listed| plain(listed.row.error.as_deref().unwrap_or_default())),
];

pub fn list(
    settings: &Settings,
    all: bool,
    limit: usize,
    globals: &Globals,
    output: &mut Output,
) -> Result<Exit, Error> {
    let store = Store::open(&settings.state_dir, Access::Read)?;
    let rows = wiring::small_runtime()?.block_on(store.outbox(!all, limit))?;
    if rows.is_empty() && matches!(globals.format, None | Some(Format::Table)) {
        output.print("no alerts are queued\n")?;
        return Ok(Exit::Success);
    }
    let (now, channels) = (SystemClock.now(), &settings.alerts.channels);
    let listed = rows.into_iter().map(|row| {
        let channel = channels.iter().find(|channel| channel.policy.name == row.channel);
        let why = why(&row, channel.map(|channel| &channel.policy), now);
        Listed { row, why }
    });
    let listed: Vec<Listed> = listed.collect();
    if matches!(globals.format, None | Some(Format::Table)) {
        let times = output.times(now, globals.utc);
        output.page(&table(&listed, &times, output.style()))?;
        return Ok(Exit::Success);
    }
    print_rows(&listed, "outbox", &OUTBOX, globals, output)
}

/// The alerts in their order.
fn table(rows: &[Listed], times: &Times, style: Style) -> String {
    let mut table = Table::new(vec![
        Spec::new("decided").right().rank(3),
        Spec::new("channel").cut(8),
        Spec::new("topic").rank(1),
        Spec::new("class"),
        Spec::new("state"),
        Spec::new("due").right().rank(4),
        Spec::new("title").cut(16),
        Spec::new("why").wrap(16).optional(),
        Spec::new("error").wrap(16).optional(),
    ]);
    table.remark(&times.zone_name());
    for Listed { row, why } in rows {
        let is_bad = row.state == AlertState::GivenUp || row.error.is_some();
        table.row(vec![
            times.short(row.created_at).into(),
            row.channel.as_str().into(),
            row.topic.as_str().into(),
            Cell::new(row.class.as_str(), of_class(row.class)),
            Cell::new(row.state.as_str(), if is_bad { Look::RED } else { Look::PLAIN }),
            times.short(row.due_at).into(),
            Cell::new(&row.title, Look::BOLD),
            why.as_str().into(),
            Cell::new(row.error.as_deref().unwrap_or_default(), Look::RED),
        ]);
    }
    table.render(style)
}

/// Why the alert of `row` is not sent yet, or not at all.
fn why(row: &OutboxRow, policy: Option<&ChannelPolicy>, now: Timestamp) -> String {
    match row.state {
        AlertState::Delivered => return String::new(),
        AlertState::GivenUp => return "given up; `alerts send --given-up` tries again".to_owned(),
        AlertState::Bound if row.error.is_some() => return "failed; tried again later".to_owned(),
        AlertState::Bound | AlertState::Queued => {}
    }
    let Some(policy) = policy else {
        return "its channel is missing, disabled, or without its secret".to_owned();
    };
    if row.topic == Topic::Update {
        return "goes with the next message about another launch".to_owned();
    }
    if row.state == AlertState::Bound || row.due_at <= now {
        return "next cycle".to_owned();
    }
    let due = row.due_at.to_zoned_datetime(policy.zone.clone());
    let is_near = row.due_at.duration_since(now).as_hours() < 24;
    let at = due.strftime(if is_near { "%H:%M %Z" } else { "%a %H:%M %Z" });
    if matches!(row.topic, Topic::Ops | Topic::Summary) {
        return format!("quiet hours until {at}");
    }
    match policy.instant {
        None => format!("digest at {at} (instant = never)"),
        Some(instant) if row.class < instant => {
            format!("digest at {at} (below instant = {})", instant.as_str())
        }
        Some(_) if policy.quiet.is_some_and(|(_, end)| due.time() == end) => {
            format!("quiet hours until {at}")
        }
        Some(_) => format!("digest at {at} (older than max_age, or more than max_instant)"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;
    use crate::model::Class;

    fn row(class: Class, due: &str) -> OutboxRow {
        OutboxRow {
            id: "a".to_owned(),
            channel: "phone".to_owned(),
            topic: Topic::News,
            class,
            state: AlertState::Queued,
            title: "T".to_owned(),
            created_at: "2026-11-28T08:00:00Z".parse().unwrap(),
            due_at: due.parse().unwrap(),
            delivered_at: None,
            message: None,
            tries: 0,
            error: None,
        }
    }

    #[test]
    fn each_waiting_alert_has_a_reason() {
        let now: Timestamp = "2026-11-28T08:10:00Z".parse().unwrap();
        let mut policy = ChannelPolicy::new("phone");
        let medium = row(Class::Medium, "2026-11-28T09:00:00Z");
        assert_eq!(why(&medium, Some(&policy), now), "digest at 09:00 UTC (below instant = high)");
        let high = row(Class::High, "2026-11-28T09:00:00Z");
        assert_eq!(
            why(&high, Some(&policy), now),
            "digest at 09:00 UTC (older than max_age, or more than max_instant)"
        );
        policy.quiet = Some((time(22, 0, 0, 0), time(9, 0, 0, 0)));
        assert_eq!(why(&high, Some(&policy), now), "quiet hours until 09:00 UTC");
        policy.instant = None;
        assert_eq!(why(&high, Some(&policy), now), "digest at 09:00 UTC (instant = never)");
        assert_eq!(why(&row(Class::High, "2026-11-28T08:05:00Z"), Some(&policy), now), "next cycle");
        assert!(why(&medium, None, now).contains("missing"));
        let update = OutboxRow { topic: Topic::Update, ..medium.clone() };
        assert!(why(&update, Some(&policy), now).contains("next message"));
        let failed = OutboxRow { state: AlertState::Bound, error: Some("503".to_owned()), ..medium };
        assert!(why(&failed, Some(&policy), now).starts_with("failed"));
    }
}
