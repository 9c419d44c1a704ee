//! Values for unit tests.

use super::message::{Form, Item, Message};
pub use crate::model::samples::{alert, detection, hostile, now};
use crate::model::{Detection, Event, Mention, Signature, Stage, Story};

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
    }
}
