//! A story with everything that the page shows of it.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};

use crate::{
    model::{Caution, Class, Detection, Event, Language, Reason, Stage, event_date::event_days, short_id},
    render::plain,
    store::{Delivery, StoryRow},
    text::link::Link,
};

/// One outlet's report of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// ID of its detection.
    pub id: String,
    pub at: Timestamp,
    pub source: String,
    pub title: String,
    pub link: Link,
    pub official: bool,
    pub rumour: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "each is shown by itself")]
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// ID of the detection that represents it.
    pub id: String,
    /// Its shown beginning ([`shorten_ids`]).
    pub short_id: String,
    pub event: Event,
    pub stage: Stage,
    pub class: Class,
    pub score: u8,
    pub rumour: bool,
    pub watched: bool,
    pub paid: bool,
    pub project: Option<String>,
    pub token: Option<String>,
    pub date: Option<String>,
    /// Whether the project or venue itself gave the date.
    pub official: bool,
    pub title: String,
    pub link: Link,
    pub source: String,
    pub snippet: String,
    pub venue: Option<String>,
    pub chain: Option<String>,
    pub lang: Option<Language>,
    pub cautions: Vec<Caution>,
    pub reasons: Vec<Reason>,
    /// See [`Detection::heard_at`].
    pub heard: Timestamp,
    pub opened: Timestamp,
    /// When its class or date last changed.
    pub changed: Timestamp,
    pub outlets: usize,
    /// Outlets with a text of their own.
    pub independent: u32,
    /// Oldest first.
    pub mentions: Vec<Mention>,
    /// Each date with the time of the mention that gave it.
    pub dates: Vec<(Timestamp, String)>,
}

impl Story {
    /// From a story and its mentions.
    pub fn new(row: StoryRow, mentions: Vec<Detection>) -> Self {
        let mut seen = Vec::new();
        let mut mentions: Vec<Mention> = mentions
            .into_iter()
            .filter(|mention| {
                let is_new = !seen.contains(&mention.url);
                seen.push(mention.url.clone());
                is_new
            })
            .map(|mention| Mention {
                at: published(&mention),
                title: plain(&mention.title),
                link: Link::read(&mention.url),
                source: plain(&mention.source),
                id: mention.id,
                official: mention.official,
                rumour: mention.rumour,
            })
            .collect();
        mentions.sort_by_key(|mention| mention.at);
        let head = row.detection;
        let shown = |text: &Option<String>| text.as_deref().map(plain);
        Self {
            outlets: head.outlets(),
            heard: head.heard_at(),
            short_id: head.id.clone(),
            event: head.event,
            stage: head.stage,
            class: head.class,
            score: head.score,
            rumour: head.rumour,
            watched: head.watched,
            paid: head.paid,
            project: shown(&head.project),
            token: shown(&head.token),
            date: row.event_date,
            official: row.official,
            title: plain(&head.title),
            link: Link::read(&head.url),
            source: plain(&head.source),
            snippet: plain(&head.snippet),
            venue: shown(&head.venue),
            chain: shown(&head.chain),
            lang: head.lang,
            cautions: head.cautions,
            reasons: head.reasons,
            id: head.id,
            opened: row.opened_at,
            changed: row.changed_at,
            independent: head.independent_outlets,
            mentions,
            dates: row.dates,
        }
    }

    /// `Caldera $ERA`; the ticker or a question mark if the project is not known.
    pub fn name(&self) -> String {
        match (&self.project, &self.token) {
            (Some(project), Some(token)) => format!("{project} ${token}"),
            (Some(project), None) => project.clone(),
            (None, Some(token)) => format!("${token}"),
            (None, None) => "?".to_owned(),
        }
    }

    /// The day of the event, if it has an exact one.
    pub fn day(&self) -> Option<Date> {
        let (first, last) = event_days(self.date.as_deref()?)?;
        (first == last).then_some(first)
    }

    /// What became of its alerts.
    pub fn deliveries<'a>(&self, all: &HashMap<&str, Vec<&'a Delivery>>) -> Vec<&'a Delivery> {
        let of = |mention: &Mention| all.get(mention.id.as_str()).cloned().unwrap_or_default();
        let mut found: Vec<&Delivery> = self.mentions.iter().flat_map(of).collect();
        found.sort_by_key(|delivery| delivery.at);
        found
    }
}

/// When it was published; a time ahead of its detection is not believed.
fn published(detection: &Detection) -> Timestamp {
    detection.published_at.map_or(detection.detected_at, |at| at.min(detection.detected_at))
}

/// Gives each story the shortest beginning of its ID that no mention of another story has; at least that of [`short_id`].
pub fn shorten_ids(stories: &mut [Story]) {
    let mut ids: Vec<String> =
        stories.iter().flat_map(|story| &story.mentions).map(|m| m.id.clone()).collect();
    ids.extend(stories.iter().map(|story| story.id.clone()));
    ids.sort_unstable();
    ids.dedup();
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    for story in stories {
        let Ok(at) = ids.binary_search(&story.id) else { continue };
        let before = at.checked_sub(1).map_or(0, |before| common(&ids[before], &story.id));
        let after = ids.get(at + 1).map_or(0, |after| common(after, &story.id));
        let length = before.max(after) + 1;
        story.short_id = story.id.chars().take(length.max(short_id(&story.id).len())).collect();
    }
}
