//! Values for unit tests.

use jiff::Timestamp;

pub use crate::model::samples::hostile;
use crate::{
    model::{Detection, Outlet, samples},
    store::StoryRow,
};

pub fn detection() -> Detection {
    let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    Detection {
        title: "=cmd() \x1b[31mCaldera\u{202E} opens its claim".to_owned(),
        url: "https://a.example/1".to_owned(),
        published_at: Some(at),
        detected_at: at,
        snippet: String::new(),
        reasons: Vec::new(),
        also_at: vec![Outlet {
            url: "https://b.example/2".to_owned(),
            source: "B".to_owned(),
            published_at: None,
        }],
        ..samples::detection()
    }
}

/// A story that is dated and was never changed.
pub fn row() -> StoryRow {
    let detection = Detection { title: "Caldera opens its claim".to_owned(), ..detection() };
    StoryRow {
        opened_at: detection.detected_at,
        changed_at: detection.detected_at,
        event_date: detection.event_date.clone(),
        dates: Vec::new(),
        official: false,
        revision: 0,
        detection,
    }
}
