//! Samples for the tests of this module.

use jiff::Timestamp;

use crate::{
    model::{Class, Detection, Event, Kind, Outlet, Stage},
    store::StoryRow,
};

pub fn detection() -> Detection {
    let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    Detection {
        id: "d1".to_owned(),
        story_id: "s1".to_owned(),
        kind: Kind::News,
        event: Event::Airdrop,
        stage: Stage::Live,
        rumour: false,
        score: 91,
        class: Class::High,
        project: Some("Caldera".to_owned()),
        token: Some("ERA".to_owned()),
        watched: true,
        event_date: Some("2026-11-25".to_owned()),
        title: "=cmd() \x1b[31mCaldera\u{202E} opens its claim".to_owned(),
        url: "https://a.example/1".to_owned(),
        source: "Ledgerline".to_owned(),
        author: String::new(),
        published_at: Some(at),
        detected_at: at,
        snippet: String::new(),
        official: false,
        paid: false,
        independent_outlets: 1,
        venue: None,
        chain: None,
        cautions: Vec::new(),
        reasons: Vec::new(),
        also_at: vec![Outlet {
            url: "https://b.example/2".to_owned(),
            source: "B".to_owned(),
            published_at: None,
        }],
    }
}

/// A story that is dated and was never changed.
pub fn row() -> StoryRow {
    let detection = Detection { title: "Caldera opens its claim".to_owned(), ..detection() };
    StoryRow {
        opened_at: detection.detected_at,
        changed_at: detection.detected_at,
        event_date: detection.event_date.clone(),
        official: false,
        revision: 0,
        detection,
    }
}

/// Titles that attack an output format.
pub fn hostile() -> Vec<String> {
    let long = "日本語 ".repeat(2_500);
    [
        "<script>alert(1)</script>]]>",
        "=cmd()|' /C calc'!A0",
        "@everyone",
        "claim \u{202E}gnp.exe",
        "a\u{0}b\u{FFFE}\r\nc",
        "; , : \\ \\n",
        &long,
    ]
    .map(str::to_owned)
    .to_vec()
}
