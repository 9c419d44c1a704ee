//! Stories: the same news from several outlets becomes one, two pieces of news stay two. Pure.
//!
//! This file has the stories of the recent past and what a joining mention changes. `same` decides whether a mention
//! belongs to a story: `min_hash` compares texts, `names` names, `when` times.

mod index;
mod min_hash;
mod names;
mod same;
mod title;
mod when;

use std::{cmp::Reverse, collections::HashSet};

use jiff::{SignedDuration, Timestamp};
pub use min_hash::signature;
pub(super) use names::{Names, Relation};

use self::{
    index::Index,
    min_hash::MinHash,
    same::{Match, Report, StoryFeatures, Text},
    when::When,
};
use crate::{
    model::{Event, Mention, Signature, Stage, Story, event_date::event_days},
    text::{
        address,
        hash::sha256_hex,
        outlet::{self, Outlet},
    },
};

/// How far back stories must be given to [`Stories::new`]: an event announced that long before its date is
/// still the one that opens (the longest lead among dated launches in the labelled news is two months).
pub const MEMORY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// One text about a launch, as judged.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMention {
    /// Address of the page; compared in canonical form.
    pub url: String,
    /// Name of the outlet; texts of one outlet are never taken for copies of each other.
    pub source: String,
    /// Headline; for posts their opening.
    pub title: String,
    /// The title that is stored, where it is another one: a post whose text must not be kept.
    pub stored_title: Option<String>,
    /// When it was published, or detected where that is unknown.
    pub at: Timestamp,
    /// What happens.
    pub event: Event,
    /// How far it has come.
    pub stage: Stage,
    /// When it happens; see `crate::model::Verdict::event_date`.
    pub event_date: Option<String>,
    /// Whose token.
    pub project: Option<String>,
    /// Ticker without `$`.
    pub token: Option<String>,
    /// Its fingerprint ([`signature`]).
    pub signature: Signature,
}

/// The story of a mention.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    /// The story as it stands now, this mention included.
    pub story: Story,
    /// Whether it was there before.
    pub joined: bool,
    /// Outlets that report it in their own words: copies of one text are one, and so are two texts of one outlet.
    pub independent: usize,
    /// Ids of stories that this mention showed to be the same as `story`, which has their mentions now:
    /// "NIL opens" and "Nillion debuts" are two until somebody writes "Nillion (NIL)".
    pub absorbed: Vec<String>,
}

/// The stories of the recent past. A story does not depend on the order in which its mentions came: the stories of a
/// running process equal those that [`Stories::new`] makes of what the process has saved.
#[derive(Debug, Default)]
pub struct Stories {
    /// `None` where a story was absorbed by another.
    known: Vec<Option<(Story, StoryFeatures)>>,
    ids: HashSet<String>,
    index: Index,
}

impl Stories {
    /// Takes the stories that [`MEMORY`] covers, with their mentions, in any order.
    #[must_use]
    pub fn new(mut stories: Vec<Story>) -> Self {
        // Oldest first: the index looks at the newest of many.
        stories.sort_by(|a, b| (a.updated_at, &a.id).cmp(&(b.updated_at, &b.id)));
        let mut all = Self::default();
        for mut story in stories {
            if let Some(features) = features_of(&mut story) {
                all.add(story, features);
            }
        }
        all
    }

    /// The stories as they stand, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Story> {
        self.known.iter().flatten().map(|(story, _)| story)
    }

    /// Adds `new` to the story that it belongs to, or opens one.
    ///
    /// Joining fills in project, token and date where they were unknown (a date also when it was less exact
    /// or the headline says it moved), moves the stage forward, and sets `updated_at` to `now`. A page that
    /// the story has already is not added again.
    pub fn assign(&mut self, new: &NewMention, now: Timestamp) -> Placement {
        let features = new.features();
        let Some((best, others)) = self.tied(&features) else {
            let mut story = open(new, now);
            // Two notices of one list without a name may share all that an id is made of.
            while self.ids.contains(&story.id) {
                story.id = sha256_hex::<16>(&story.id);
            }
            let features = features_of(&mut story).unwrap_or(features);
            self.add(story.clone(), features);
            return Placement { story, joined: false, independent: 1, absorbed: Vec::new() };
        };
        self.index.add(best, &features);
        if let Some((story, known)) = &mut self.known[best] {
            join(story, known, new, features, now);
        }
        let (at, absorbed) = others.into_iter().fold((best, Vec::new()), |(at, mut absorbed), other| {
            let (at, id) = self.merge(at, other);
            absorbed.extend(id);
            (at, absorbed)
        });
        let story = self.known[at].as_ref().map_or_else(|| open(new, now), |(story, _)| story.clone());
        let independent = independent(&story);
        Placement { story, joined: true, independent, absorbed }
    }

    fn add(&mut self, story: Story, features: StoryFeatures) {
        self.index.add(self.known.len(), &features);
        self.ids.insert(story.id.clone());
        self.known.push(Some((story, features)));
    }

    /// Position of the story that `features` match best (the strongest match, then the same names, then the nearest in
    /// time, then the oldest), and of the others that they match.
    fn tied(&self, features: &StoryFeatures) -> Option<(usize, Vec<usize>)> {
        let tied = self.index.candidates(features).into_iter().filter_map(|at| {
            let (story, known) = self.known[at].as_ref()?;
            let gap = known.when.published.1.duration_since(features.when.published.1).abs();
            let other_names = known.names.relation(&features.names) != Relation::Same;
            Some((
                Reverse(same::match_story(known, features)?),
                other_names,
                gap,
                story.opened_at,
                &story.id,
                at,
            ))
        });
        let mut tied: Vec<_> = tied.collect();
        tied.sort_unstable();
        let mut positions = tied.into_iter().map(|(.., at)| at);
        Some((positions.next()?, positions.collect()))
    }

    /// Joins two stories that match as they are into the one that was opened first. Returns the new position of the story
    /// at `at`, and the id of the story that is gone.
    fn merge(&mut self, at: usize, other: usize) -> (usize, Option<String>) {
        let (Some((one, features)), Some((two, known))) = (&self.known[at], &self.known[other]) else {
            return (at, None);
        };
        if same::match_story(features, known).is_none_or(|found| found == Match::Text) {
            return (at, None);
        }
        let two_first = (two.opened_at, &two.id) < (one.opened_at, &one.id);
        let (stays, gone) = if two_first { (other, at) } else { (at, other) };
        let Some((gone_story, gone_features)) = self.known[gone].take() else { return (at, None) };
        self.index.add(stays, &gone_features);
        self.ids.remove(&gone_story.id);
        if let Some((story, features)) = &mut self.known[stays] {
            absorb(story, features, &gone_story, gone_features);
        }
        (stays, Some(gone_story.id))
    }
}

/// How many outlets report `story` in their own words.
#[must_use]
pub fn independent(story: &Story) -> usize {
    let mut voices: Vec<(Outlet, Text)> = Vec::new();
    for mention in &story.mentions {
        let (outlet, text) = (Outlet::of(&mention.source, &mention.url), text_of(mention));
        if !voices.iter().any(|(known, words)| known.is(&outlet) || same::copies(words, &text)) {
            voices.push((outlet, text));
        }
    }
    voices.len()
}

/// How many outlets carry `story`, copies included; one at least.
#[must_use]
pub fn outlets(story: &Story) -> usize {
    outlet::count(story.mentions.iter().map(|mention| (mention.source.as_str(), mention.url.as_str()))).max(1)
}

/// Adds a mention to the story it joins.
fn join(
    story: &mut Story,
    features: &mut StoryFeatures,
    new: &NewMention,
    mention: StoryFeatures,
    now: Timestamp,
) {
    let newest = new.at >= features.when.published.1;
    let moved = newest && mention.when.moved && story.stage != Stage::Past && new.event_date.is_some();
    let opened = open(new, now);
    absorb(story, features, &opened, mention);
    if moved {
        story.stage = new.stage;
        story.event_date = opened.event_date;
        features.when.stage = story.stage;
        features.when.days = story.event_date.as_deref().and_then(event_days);
    }
}

/// Adds what `other` knows to `story`.
fn absorb(story: &mut Story, features: &mut StoryFeatures, other: &Story, other_features: StoryFeatures) {
    story.project = story.project.take().or_else(|| other.project.clone());
    story.token = story.token.take().or_else(|| other.token.clone());
    if more_exact(story.event_date.as_deref(), other.event_date.as_deref()) {
        story.event_date.clone_from(&other.event_date);
    }
    story.stage = story.stage.max(other.stage);
    story.opened_at = story.opened_at.min(other.opened_at);
    story.updated_at = story.updated_at.max(other.updated_at);
    for (mention, text) in other.mentions.iter().zip(other_features.texts) {
        add_mention(story, &mut features.texts, mention.clone(), text);
    }
    features.names = Names::new(story.project.as_deref(), story.token.as_deref());
    features.when = when_of(story).unwrap_or_else(|| features.when.clone());
    features.report = report_of(&titles(story));
}

/// Adds a mention with its text, in an order that depends on the mentions only. Of several versions of one page of
/// one outlet the first is kept.
fn add_mention(story: &mut Story, texts: &mut Vec<Text>, mention: Mention, text: Text) {
    let same = |known: &Mention| known.url == mention.url && known.source == mention.source;
    if let Some(at) = story.mentions.iter().position(same) {
        if order(&story.mentions[at]) <= order(&mention) {
            return;
        }
        story.mentions.remove(at);
        texts.remove(at);
    }
    let at = story.mentions.partition_point(|known| order(known) <= order(&mention));
    story.mentions.insert(at, mention);
    texts.insert(at, text);
}

fn order(mention: &Mention) -> (Timestamp, &str, &str, &str, &[u8]) {
    (mention.at, &mention.url, &mention.source, &mention.title, &mention.signature.0)
}

impl NewMention {
    fn features(&self) -> StoryFeatures {
        StoryFeatures {
            names: Names::new(self.project.as_deref(), self.token.as_deref()),
            event: self.event,
            when: When {
                published: (self.at, self.at),
                days: self.event_date.as_deref().and_then(event_days),
                stage: self.stage,
                round: when::round_of(&self.title),
                moved: when::says_moved(&self.title),
            },
            report: report_of(&[&self.title]),
            texts: vec![text_of(&self.to_mention())],
        }
    }

    fn to_mention(&self) -> Mention {
        Mention {
            url: self.url.clone(),
            source: self.source.clone(),
            title: self.stored_title.as_ref().unwrap_or(&self.title).clone(),
            at: whole_second(self.at),
            signature: self.signature.clone(),
        }
    }
}

/// A stored story in comparable form, its mentions brought into their order; `None` for one without mentions, which
/// nothing can join.
fn features_of(story: &mut Story) -> Option<StoryFeatures> {
    let mut texts = Vec::new();
    for mention in std::mem::take(&mut story.mentions) {
        let text = text_of(&mention);
        add_mention(story, &mut texts, mention, text);
    }
    Some(StoryFeatures {
        names: Names::new(story.project.as_deref(), story.token.as_deref()),
        event: story.event,
        when: when_of(story)?,
        report: report_of(&titles(story)),
        texts,
    })
}

/// The time of a story; `None` for one without mentions.
fn when_of(story: &Story) -> Option<When> {
    Some(When {
        published: (story.mentions.first()?.at, story.mentions.last()?.at),
        days: story.event_date.as_deref().and_then(event_days),
        stage: story.stage,
        round: story.mentions.iter().find_map(|mention| when::round_of(&mention.title)),
        moved: story.mentions.iter().any(|mention| when::says_moved(&mention.title)),
    })
}

fn titles(story: &Story) -> Vec<&str> {
    story.mentions.iter().map(|mention| mention.title.as_str()).collect()
}

fn report_of(titles: &[&str]) -> Report {
    Report {
        commentary: titles.iter().all(|title| title::is_commentary(title)),
        exchange_listing: titles.iter().any(|title| title::is_exchange_listing(title)),
    }
}

/// The database keeps seconds.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn text_of(mention: &Mention) -> Text {
    Text {
        url: address::identity(&mention.url),
        source: mention.source.clone(),
        min_hash: MinHash::unpack(&mention.signature),
    }
}

fn open(new: &NewMention, now: Timestamp) -> Story {
    let now = whole_second(now);
    Story {
        id: id(new),
        project: new.project.clone(),
        token: new.token.clone(),
        event: new.event,
        stage: new.stage,
        event_date: new.event_date.clone(),
        opened_at: now,
        updated_at: now,
        mentions: vec![new.to_mention()],
    }
}

/// Lasting identity: 16 bytes of a SHA-256, in hexadecimal, over page, event, names and day of the first
/// mention. A repeated run gives the same; a page about two projects, or of another round months
/// later, gives different ones.
fn id(first: &NewMention) -> String {
    let names = Names::new(first.project.as_deref(), first.token.as_deref());
    let day = first.at.as_second().div_euclid(86_400);
    let url = address::identity(&first.url);
    let parts = [url.as_str(), first.event.as_str(), &names.key, &names.token.concat(), &day.to_string()];
    sha256_hex::<16>(parts.join("\n"))
}

/// Whether `new` is the more exact date: the longer of two forms, where one opens the other or both are in the same
/// days.
fn more_exact(old: Option<&str>, new: Option<&str>) -> bool {
    match (old.map(event_days), new.and_then(event_days)) {
        (None | Some(None), Some(_)) => true,
        (Some(Some(old)), Some(new)) => old.0 <= new.0 && new.1 <= old.1 && old != new,
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests;
