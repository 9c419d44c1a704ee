//! The stories as compact JSON for the script of the page (docs/explain/decisions/0041-the-page-is-one-static-file.md).
//!
//! A story is an array in the order of `read` in `state.js`. Names that recur are indexes of a list, times are seconds
//! before the page was written. The list comes first, so that it is complete at any size; details follow as far as they
//! fit.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use strum::VariantNames;

use super::{Board, Renewal, days::is_due, story::Story};
use crate::{
    detect::{WordedReason, worded},
    model::{AlertState, Caution, Class, Event, Stage, event_date::day_of},
    render::{inert, plain},
    store::Delivery,
    text::link::Link,
};

/// Bytes of all stories. With the figures a page stays below 3 MB.
const MOST: usize = 2_300_000;
/// Reasons for and reasons against that are shown at most.
const REASONS: usize = 5;

/// A list of distinct texts.
#[derive(Debug, Default)]
struct Texts {
    all: Vec<String>,
    at: HashMap<String, usize>,
}

impl Texts {
    fn index(&mut self, text: &str) -> usize {
        if let Some(at) = self.at.get(text) {
            return *at;
        }
        self.all.push(text.to_owned());
        self.at.insert(text.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }
}

/// The JSON of the page, safe inside a `<script>`.
pub fn json(board: &Board<'_>) -> String {
    let mut texts = Texts::default();
    let mut deliveries: HashMap<&str, Vec<&Delivery>> = HashMap::new();
    for delivery in board.deliveries {
        deliveries.entry(&delivery.detection).or_default().push(delivery);
    }
    let mut heads: Vec<String> =
        board.stories.iter().map(|story| compact(&head(story, board.now, &mut texts))).collect();
    let mut size: usize = heads.iter().map(|head| head.len() + 2).sum();
    let today = day_of(board.now);
    // Stories ahead and those of the watch list get their details first, then the newest.
    let mut order: Vec<usize> = (0..board.stories.len()).collect();
    order.sort_by_key(|at| !(board.stories[*at].watched || is_due(&board.stories[*at], today)));
    for at in order {
        let story = &board.stories[at];
        let before = texts.all.len();
        let detail = compact(&detail(story, &story.deliveries(&deliveries), board.now, &mut texts));
        let named: usize = texts.all[before..].iter().map(|text| text.len() + 3).sum();
        if size + detail.len() + named > MOST {
            break;
        }
        size += detail.len() + named;
        // The detail becomes the last element of the array.
        heads[at].pop();
        heads[at].push_str(&format!(",{detail}]"));
    }
    let about = json!({
        "at": board.now.as_second(),
        "cycle": board.figures.last_cycle().map(Timestamp::as_second),
        "every": board.figures.every_s(),
        "reload": board.renewal.reload_s(),
        "live": board.renewal == Renewal::Stream,
        "classes": Class::VARIANTS,
        "events": Event::VARIANTS,
        "stages": Stage::VARIANTS,
        "states": STATES.map(AlertState::as_str),
        "texts": texts.all,
    });
    let about = compact(&about);
    let about = &about[..about.len() - 1];
    // In a script only `<` could end the text early.
    inert(format!("{about},\n\"rows\":[{}]}}", heads.join(",\n"))).replace('<', "\\u003c")
}

const STATES: [AlertState; 4] =
    [AlertState::Queued, AlertState::Bound, AlertState::Delivered, AlertState::GivenUp];

fn compact<T: Serialize>(value: &T) -> String {
    // Plain data with string keys always serialises.
    serde_json::to_string(value).unwrap_or_default()
}

fn ago(now: Timestamp, at: Timestamp) -> i64 {
    now.as_second() - at.as_second()
}

fn position(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|other| *other == name)
}

/// An open address as it is; a hidden one as text in an array; 0 if there is none.
fn address(link: &Link) -> Value {
    match link {
        Link::Open { href, .. } => json!(href),
        Link::Odd(shown) => json!([shown]),
        Link::Missing => json!(0),
    }
}

fn head(story: &Story, now: Timestamp, texts: &mut Texts) -> Value {
    let flags = [story.watched, story.official, story.rumour, story.paid];
    let flags: u8 = flags.iter().enumerate().map(|(bit, set)| u8::from(*set) << bit).sum();
    let mut sources = vec![texts.index(&story.source)];
    for mention in &story.mentions {
        let source = texts.index(&mention.source);
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    json!([
        story.short_id,
        ago(now, story.heard),
        ago(now, story.changed),
        position(Class::VARIANTS, story.class.as_str()),
        position(Event::VARIANTS, story.event.as_str()),
        position(Stage::VARIANTS, story.stage.as_str()),
        flags,
        story.score,
        story.project.as_ref().map(|project| texts.index(project)),
        story.token,
        story.date,
        story.title,
        address(&story.link),
        story.outlets,
        sources,
    ])
}

fn detail(story: &Story, deliveries: &[&Delivery], now: Timestamp, texts: &mut Texts) -> Value {
    let mentions: Vec<Value> = story
        .mentions
        .iter()
        .map(|mention| {
            let title = if mention.title == story.title { json!(0) } else { json!(mention.title) };
            let link = if mention.link == story.link { json!(1) } else { address(&mention.link) };
            let flags = u8::from(mention.official) + 2 * u8::from(mention.rumour);
            json!([ago(now, mention.at), texts.index(&mention.source), title, link, flags])
        })
        .collect();
    let all = story.reasons.iter();
    let all = worded(all.map(|reason| (reason.signal.as_str(), reason.weight as f32, reason.text.as_str())));
    let mut reasons = |wanted: fn(i32) -> bool| -> Vec<Value> {
        let reasons = all.iter().filter(|reason| wanted(reason.points));
        reasons.take(REASONS).map(|reason| json!([reason.points, texts.index(&with_quote(reason))])).collect()
    };
    let (for_it, against) = (reasons(|points| points > 0), reasons(|points| points < 0));
    let dates: Vec<Value> = story.dates.iter().map(|(at, date)| json!([ago(now, *at), date])).collect();
    let sent: Vec<Value> = deliveries
        .iter()
        .map(|delivery| {
            let state = STATES.iter().position(|state| *state == delivery.state);
            json!([texts.index(&plain(&delivery.channel)), state, ago(now, delivery.at)])
        })
        .collect();
    let cautions: Vec<&str> = story.cautions.iter().copied().map(Caution::as_str).collect();
    json!([
        story.snippet,
        story.independent,
        story.venue,
        story.chain,
        story.lang,
        cautions,
        for_it,
        against,
        dates,
        mentions,
        sent,
    ])
}

/// What counted, with the words of the text.
fn with_quote(reason: &WordedReason) -> String {
    let words = plain(&reason.words);
    if reason.text.is_empty() { words } else { format!("{words}: “{}”", plain(&reason.text)) }
}
