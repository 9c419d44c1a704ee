//! Values for unit tests.

use super::message::{Form, Item, Message};
pub use crate::model::samples::{alert, detection, hostile, now};
use crate::{
    alert::summary,
    model::{
        ChannelAlerts, Class, CycleFacts, Detection, Event, FailureCount, Mention, Signature, Stage, Story,
        Summary, SummaryFacts, SummaryStory,
    },
};

/// Detections with hostile texts in every field that a message shows.
pub fn hostile_detections() -> impl Iterator<Item = Detection> {
    hostile().into_iter().map(|text| Detection {
        title: text.clone(),
        source: text.clone(),
        project: Some(text),
        ..detection()
    })
}

/// A story with that number of outlets.
pub fn story(outlets: usize) -> Story {
    let mention = |at: usize| Mention {
        url: format!("https://o{at}.example/"),
        source: format!("Outlet {at}"),
        title: "Caldera opens its claim".to_owned(),
        at: now(),
        signature: Signature::default(),
    };
    Story {
        id: "s1".to_owned(),
        project: Some("Caldera".to_owned()),
        token: Some("ERA".to_owned()),
        event: Event::Airdrop,
        stage: Stage::Live,
        event_date: Some("2026-11-25".to_owned()),
        opened_at: now(),
        updated_at: now(),
        mentions: (0..outlets).map(mention).collect(),
    }
}

pub fn message(form: Form, detections: Vec<Detection>) -> Message {
    let items = detections.into_iter().map(|detection| Item {
        detection,
        outlets: 2,
        change: None,
        also: Vec::new(),
    });
    Message {
        id: "00112233445566778899".to_owned(),
        channel: "test".to_owned(),
        form,
        at: now(),
        items: items.collect(),
        updates: Vec::new(),
        notices: Vec::new(),
        waiting: 0,
        summary: None,
    }
}

pub fn summary_story(number: usize) -> SummaryStory {
    SummaryStory {
        story_id: format!("s{number:03}"),
        class: Class::High,
        score: 91,
        project: Some("Caldera".to_owned()),
        token: Some("ERA".to_owned()),
        event: Event::Airdrop,
        stage: Stage::Live,
        event_date: Some("2026-11-25".to_owned()),
        title: "Caldera opens its claim".to_owned(),
        url: "https://ledgerline.example/caldera-claim".to_owned(),
        source: format!("Outlet {}", number % 7),
        outlets: 2,
    }
}

/// Seven cycles, one an hour, and an eighth three hours later; the last but one exceeded its time.
pub fn facts(stories: usize) -> SummaryFacts {
    let cycle = |hour: i64| CycleFacts {
        started_at: now() - jiff::SignedDuration::from_hours(10 - hour),
        duration_ms: Some(100 * u64::try_from(hour + 1).unwrap()),
        exit_code: Some(if hour == 6 { 4 } else { 0 }),
        deadline_hit: hour == 6,
        x_cost_usd: Some("0.010000".to_owned()),
        x_month_cost_usd: Some("1.230000".to_owned()),
    };
    let mut cycles: Vec<CycleFacts> = (0..7).map(cycle).collect();
    cycles.push(CycleFacts { started_at: now() - jiff::SignedDuration::from_hours(1), ..cycle(7) });
    SummaryFacts {
        stories: (0..stories).map(summary_story).collect(),
        due: (0..stories).map(summary_story).collect(),
        alerts: vec![ChannelAlerts { channel: "phone".to_owned(), sent: 14, held: 3, given_up: 1 }],
        cycles,
        had_cycles_before: false,
        failures: vec![FailureCount { cause: "timeout".to_owned(), number: 12 }],
        database_bytes: 4_000_000,
    }
}

/// The summary of [`facts`], with the state of the program.
pub fn summary(stories: usize) -> Summary {
    let week = (now() - jiff::SignedDuration::from_hours(7 * 24), now());
    summary::build(facts(stories), week, &[], &|_| None, 5.0, true, Some(3_000_000))
}

/// A message with that summary.
pub fn summary_message(summary: Summary) -> Message {
    Message { summary: Some(Box::new(summary)), ..message(Form::Summary, Vec::new()) }
}
