//! The history of a story or an entry: where it was seen, what was decided and why, who was notified.

mod document;

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::Timestamp;

use super::{listing, plain, times::Times};
use crate::{
    detect::{MUTED, NO_VOCABULARY, OTHER_LANGUAGE},
    model::{AlertState, Detection, Topic, short_id},
    store::{EntryHistory, EntryStatus, History, SentAlert, StoryHistory},
};
#[cfg(test)]
pub use document::HistoryDocument;
pub use document::document;

/// Entries and mentions shown of a story at most; JSON has all.
const SHOWN: usize = 12;

/// What the sentences need beside the history.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Names of sources by address.
    pub names: &'a BTreeMap<String, String>,
    /// Score from which a text counts as a launch.
    pub threshold: u8,
    pub times: &'a Times,
}

impl Surroundings<'_> {
    fn source(self, url: &str) -> String {
        plain(self.names.get(url).map_or(url, String::as_str))
    }
}

/// One line for each entry: when and where it was seen, and what was decided.
pub fn sightings(history: &History, around: Surroundings) -> String {
    let mut text = String::new();
    for entry in history.entries.iter().take(SHOWN) {
        let _ = writeln!(text, "{}", sighting(entry, history.page_read_at, around));
    }
    text + &more(history.entries.len(), "entries")
}

fn more(number: usize, of: &str) -> String {
    let more = number.saturating_sub(SHOWN);
    if more == 0 { String::new() } else { format!("and {more} more {of}: --format json\n") }
}

fn sighting(entry: &EntryHistory, page_read_at: Option<Timestamp>, around: Surroundings) -> String {
    let source = around.source(&entry.source_url);
    let seen = entry.first_seen.map_or_else(
        || format!("last seen on {} in {source}", entry.last_seen.strftime("%Y-%m-%d")),
        |at| format!("seen {} in {source}", around.times.minute(at)),
    );
    let decided = match &entry.status {
        EntryStatus::Dropped { reason } => {
            format!("dropped before the page was read: {}", dropped(reason))
        }
        EntryStatus::Waiting { tries, next_try } => {
            let tries = if *tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
            format!("waiting for its page ({tries}), next from {}", around.times.minute(*next_try))
        }
        EntryStatus::Judged { score } => {
            let read = if page_read_at.is_some() { " with its page" } else { "" };
            let score = score.unwrap_or(0);
            if score >= around.threshold {
                format!("judged{read}: score {score}, a launch")
            } else {
                format!("judged{read}: score {score}, no launch (threshold {})", around.threshold)
            }
        }
    };
    let first = if entry.suppress_alerts { " (first look: no alert)" } else { "" };
    let reworded = match entry.reworded {
        0 => String::new(),
        times => format!("; judged again {times} times after changes of its words"),
    };
    format!("{seen}; {decided}{first}{reworded}")
}

/// Why the early filter dropped an entry, in words.
fn dropped(reason: &str) -> String {
    match reason {
        NO_VOCABULARY => "no launch word in title or summary".to_owned(),
        MUTED => "it has a phrase of detect.mute".to_owned(),
        OTHER_LANGUAGE => "its language is not in detect.languages".to_owned(),
        other => plain(other),
    }
}

/// What to do so that entries dropped for `reason` are read.
fn remedy(reason: &str) -> &'static str {
    match reason {
        MUTED => "remove the phrase from detect.mute",
        OTHER_LANGUAGE => "add the language to detect.languages",
        _ => {
            "watch the project (tge-scrape project add NAME), or add words of its title as a [[phrases]] row"
        }
    }
}

/// The history for people.
pub fn text(history: &History, around: Surroundings) -> String {
    let mut text = String::new();
    for story in &history.stories {
        let _ = writeln!(text, "{}", head(&story.story.detection, history.detection.as_ref()));
        text += &dates(story, around.times);
        text += &mentions(story, around.times);
        text += &notified(story, around.times);
        let label = match story.label {
            Some(true) => "a launch",
            Some(false) => "no launch",
            None => "none",
        };
        let _ = writeln!(text, "your label: {label}\n");
    }
    if !history.entries.is_empty() {
        text += "what happened\n";
        text.extend(sightings(history, around).lines().map(|line| format!("  {line}\n")));
    }
    if let Some(remedy) = dropped_remedy(history) {
        let _ = writeln!(text, "to have such entries read: {remedy}");
    }
    text
}

/// What to do about a page all of whose entries were dropped.
pub fn dropped_remedy(history: &History) -> Option<&'static str> {
    let reason = |entry: &EntryHistory| match &entry.status {
        EntryStatus::Dropped { reason } => Some(remedy(reason)),
        _ => None,
    };
    let mut remedies = history.entries.iter().map(reason);
    let first = remedies.next()??;
    remedies.all(|remedy| remedy.is_some()).then_some(first)
}

/// Headline, address and facts. The ID is that of `named`, if it is a mention of this story.
fn head(detection: &Detection, named: Option<&Detection>) -> String {
    let named = named.filter(|named| named.story_id == detection.story_id).unwrap_or(detection);
    let mut facts = vec![
        format!("{} {}", detection.event.as_str(), detection.stage.as_str()),
        format!("class {}", detection.class.as_str()),
        format!("score {}", detection.score),
    ];
    facts.extend(detection.event_date.as_deref().map(|date| format!("date {}", plain(date))));
    facts.extend(detection.venue.as_deref().map(|venue| format!("venue {}", plain(venue))));
    facts.extend(detection.chain.as_deref().map(|chain| format!("chain {}", plain(chain))));
    facts.extend(detection.watched.then(|| "watched".to_owned()));
    facts.extend(detection.official.then(|| "official".to_owned()));
    facts.extend(detection.rumour.then(|| "rumour".to_owned()));
    facts.extend(detection.cautions.iter().map(|caution| format!("caution: {}", caution.as_str())));
    let id = short_id(&named.id);
    format!(
        "{id}  {}\n  {}\n  {}\n  {}\n",
        listing::whose(detection),
        plain(&detection.title),
        plain(&detection.url),
        facts.join(", ")
    )
}

fn dates(story: &StoryHistory, times: &Times) -> String {
    let mut text = String::new();
    let Some(first) = story.mentions.first() else { return text };
    let line = |date: &str, class: &str, at: Timestamp, source: &str| {
        format!("  {}  {date:<10}  {class:<8}  {}\n", times.minute(at), plain(source))
    };
    if !story.changes.is_empty() {
        text += "how date and class moved\n";
        let date = first.event_date.as_deref().map_or_else(|| "no date".to_owned(), plain);
        text += &line(&date, first.class.as_str(), first.detected_at, &first.source);
    }
    for change in &story.changes {
        let source = story.mentions.get(change.mention).map_or("", |mention| mention.source.as_str());
        let class = change.class.map_or("", |class| class.as_str());
        text += &line(&change.event_date.as_deref().map(plain).unwrap_or_default(), class, change.at, source);
    }
    text
}

fn mentions(story: &StoryHistory, times: &Times) -> String {
    let own = story.story.detection.independent_outlets;
    let number = story.mentions.len();
    let mut text = match number {
        1 => "1 mention\n".to_owned(),
        _ => format!("{number} mentions, {own} in own words\n"),
    };
    for mention in story.mentions.iter().take(SHOWN) {
        let at = mention.published_at.unwrap_or(mention.detected_at);
        let (source, title) = (plain(&mention.source), plain(&mention.title));
        let _ = writeln!(text, "  {}  {source}: {title}", times.minute(at));
    }
    text.extend(more(number, "mentions").lines().map(|line| format!("  {line}\n")));
    text
}

fn notified(story: &StoryHistory, times: &Times) -> String {
    let mut text = String::new();
    for alert in story.alerts.iter().filter(|alert| alert.topic != Topic::Ops) {
        let _ = writeln!(text, "  {}", sent(alert, times));
    }
    // Delivered alerts are deleted after 30 days; the state of the story stays.
    for state in &story.channels {
        if story.alerts.iter().all(|alert| alert.channel != state.channel) {
            let (channel, at) = (plain(&state.channel), times.minute(state.notified_at));
            let _ = writeln!(text, "  {channel}  sent {at} ({})", state.class.as_str());
        }
    }
    if text.is_empty() { "no channel was notified\n".to_owned() } else { format!("notified\n{text}") }
}

fn sent(alert: &SentAlert, times: &Times) -> String {
    let (channel, class) = (plain(&alert.channel), alert.class.as_str());
    let error = alert.error.as_deref().map_or_else(String::new, |error| format!(": {}", plain(error)));
    let state = match (alert.state, alert.delivered_at) {
        (AlertState::Delivered, Some(at)) => format!("sent {}", times.minute(at)),
        (AlertState::GivenUp, _) => format!("given up{error}"),
        (AlertState::Bound, _) => format!("not delivered yet{error}"),
        _ => format!("waits until {}", times.minute(alert.due_at)),
    };
    format!("{channel}  {state} ({class})")
}
