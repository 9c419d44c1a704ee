//! Values for unit tests.

use jiff::Timestamp;

use super::{Alert, Body, Class, Detection, Event, Kind, Outlet, Reason, Source, SourceFormat, Stage, Topic};

/// 21 November 2026, ten o'clock.
pub fn now() -> Timestamp {
    Timestamp::constant(1_795_255_200, 0)
}

/// A feed as the settings name it by default.
pub fn source(url: &str, name: &str) -> Source {
    Source {
        url: url.to_owned(),
        name: name.to_owned(),
        format: SourceFormat::Feed,
        tier: 2,
        tags: Vec::new(),
        also: Vec::new(),
        every: None,
        headers: Vec::new(),
    }
}

pub fn detection() -> Detection {
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
        official: false,
        event_date: Some("2026-11-25".to_owned()),
        title: "Caldera opens its claim".to_owned(),
        url: "https://ledgerline.example/caldera-claim".to_owned(),
        source: "Ledgerline".to_owned(),
        author: String::new(),
        published_at: Some(now()),
        detected_at: now(),
        heard_at: None,
        snippet: "The claim is live until December.".to_owned(),
        paid: false,
        independent_outlets: 1,
        venue: None,
        chain: None,
        lang: None,
        cautions: Vec::new(),
        reasons: vec![Reason {
            signal: "phrase:claim is live".to_owned(),
            weight: 31,
            text: "claim is now live".to_owned(),
        }],
        also_at: vec![Outlet {
            url: "https://b.example/2".to_owned(),
            source: "Block Courier".to_owned(),
            published_at: None,
        }],
    }
}

/// An instant alert for the channel `a` about `detection`, due now.
pub fn alert(id: &str, detection: Detection) -> Alert {
    Alert {
        id: id.to_owned(),
        channel: "a".to_owned(),
        topic: Topic::News,
        story: Some(detection.story_id.clone()),
        class: detection.class,
        instant: true,
        due_at: now(),
        created_at: now(),
        body: Body::News { detection: Box::new(detection), change: None, tier: 2 },
        replaces: false,
        outlets: 1,
    }
}

/// Texts that could break an output or the terminal.
pub fn hostile() -> Vec<String> {
    vec![
        "<script>alert(1)</script>".to_owned(),
        "=cmd()|' /C calc'!A0".to_owned(),
        "@everyone <!channel> <@U123> @here".to_owned(),
        "x".repeat(10_000),
        "word ".repeat(2_000),
        "claim \u{202E}gnp.exe\u{202C} now".to_owned(),
        "&lt;b&gt; </a><a href=\"https://evil.example\">click</a> *bold* _it_ ~s~ `code` [a](https://evil.example) ||s||"
            .to_owned(),
        "line\r\nBcc: victim@example.org\r\n\r\nbody\u{0}\u{7}".to_owned(),
        "👨‍👩‍👧‍👦".repeat(800),
        "a\u{0}b\u{FFFE}\r\nc ]]>".to_owned(),
        "; , : \\ \\n".to_owned(),
        "日本語 ".repeat(2_500),
        "\u{FFFD}\u{200F}שלום \u{2066}abc\u{2069}".to_owned(),
    ]
}
