use std::sync::OnceLock;

use tge_scrape::{
    detect::{
        self, Early, Headline, Item, Origin, Phrase, Project, Rules, Settings, class, lexicon::BODY_LIMIT,
    },
    model::{
        Class, Kind, Stage,
        event_date::{day_of, event_days},
    },
};

use super::{Message, now};

fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        Rules::compile(&Settings {
            projects: vec![Project {
                name: "Caldera".into(),
                aliases: vec!["Caldera Labs".into()],
                tokens: vec!["ERA".into()],
                exclude: vec!["Caldera volcano".into()],
                handles: vec!["calderaxyz".into()],
                domains: vec!["caldera.xyz".into()],
                ..Project::default()
            }],
            phrases: vec![Phrase { text: "node sale".into(), weight: 20 }],
            mute: vec!["trading competition".into()],
            ..Settings::default()
        })
    })
}

/// A stage never contradicts the date, further coins differ, a rumour is low, a score is between 0 and 100, reasons quote
/// the text, and explaining changes nothing. The early filter drops no text that is judged a launch.
pub fn judgement(input: &[u8]) {
    let message = Message::read(input);
    let body = String::from_utf8_lossy(message.body);
    let post = message.text("kind") == Some("post");
    let (title, text) = if post { ("", body.as_ref()) } else { body.split_once('\n').unwrap_or((&body, "")) };
    let field = |name| message.text(name).unwrap_or_default();
    let item = Item {
        origin: if post { Origin::Account(field("author")) } else { Origin::Address(field("url")) },
        kind: if post { Kind::Post } else { Kind::News },
        title,
        text,
        author: field("author"),
        source: field("source"),
        url: field("url"),
        published: Some(message.text("published").and_then(|at| at.parse().ok()).unwrap_or_else(now)),
    };
    let verdict = rules().judge(&item);
    assert!(verdict.score <= 100);
    assert!(!verdict.tge || verdict.score >= rules().threshold());
    assert_eq!(rules().judge(&item), verdict, "judged twice");
    assert_eq!(rules().explain(&item).verdict, verdict, "explained");
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (title_line, text_line) = (line(title), line(text));
    for reason in &verdict.reasons {
        assert!(reason.weight != 0 && !reason.signal.is_empty());
        let quoted = title_line.contains(&reason.text) || text_line.contains(&reason.text);
        assert!(quoted, "{:?} is not in {title_line:?} or {text_line:?}", reason.text);
    }
    let today = item.published.map(day_of).unwrap();
    if let Some((first, last)) = verdict.event_date.as_deref().and_then(event_days) {
        assert!(first <= today || verdict.stage == Some(Stage::Upcoming), "{verdict:?}");
        assert!(last >= today || verdict.stage != Some(Stage::Upcoming), "{verdict:?}");
    } else {
        assert_eq!(verdict.event_date, None);
    }
    assert!(verdict.also.len() < 10 && (verdict.tge || verdict.also.is_empty()));
    for coin in &verdict.also {
        assert!(coin.project.is_some() || coin.token.is_some());
        assert!(coin.token.is_none() || coin.token != verdict.token, "{verdict:?}");
    }
    if verdict.rumour {
        assert_eq!(class(&verdict, Some(detect::Priority::High), 9), Class::Low);
    }
    if verdict.tge && !post {
        for cut_short in [false, true] {
            let headline = Headline { title, summary: text, categories: &[], cut_short };
            let early = rules().early(&headline);
            // The early filter reads further than judgement, so it may find a muted phrase.
            let muted_later = text.len() > BODY_LIMIT && early == Early::Dropped("muted");
            assert!(early == Early::Candidate || muted_later, "{early:?}: {title:?} {text:?}");
        }
    }
}
