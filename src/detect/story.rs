//! Stories: the same news told by several outlets becomes one, two pieces of news stay two.
//!
//! Owns the stories of the recent past, the index that finds the few a telling could belong to, and what a
//! joining telling changes. Pure; what ties a telling to a story is decided in `same`, on texts compared in
//! `sketch`, names in `names` and times in `when`.

mod index;
mod names;
mod same;
mod sketch;
mod when;

use std::{cmp::Reverse, collections::HashSet};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
pub use sketch::signature;

use self::{
    index::Index,
    names::{Names, Relation},
    same::{Side, Text, Tie},
    sketch::Sketch,
    when::When,
};
use crate::{
    model::{Event, Signature, Stage, Story, Telling, event_date::event_days},
    text::{
        address,
        outlet::{self, Outlet},
    },
};

/// How far back stories must be given to [`Stories::new`]: an event announced that long before its date is
/// still the one that opens (the longest lead among dated launches in the labelled news is two months).
pub const MEMORY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// One text that tells of a launch, as judged.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTelling {
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
    /// When it happens; see [`crate::model::Verdict::event_date`].
    pub event_date: Option<String>,
    /// Whose token.
    pub project: Option<String>,
    /// Ticker without `$`.
    pub token: Option<String>,
    /// Its fingerprint ([`signature`]).
    pub signature: Signature,
}

/// Where a telling went.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    /// The story as it stands now, this telling included.
    pub story: Story,
    /// Whether it was there before.
    pub joined: bool,
    /// Outlets that tell it in their own words: copies of one text are one, and so are two texts of one outlet.
    pub independent: usize,
    /// Ids of stories that this telling showed to be the same as `story`, which has their tellings now:
    /// "NIL opens" and "Nillion debuts" are two until somebody writes "Nillion (NIL)".
    pub absorbed: Vec<String>,
}

/// The stories of the recent past, ready to take tellings.
///
/// What a story is does not depend on the order in which its tellings came: the stories of a running process equal
/// those that [`Stories::new`] makes of what the process has saved.
#[derive(Debug, Default)]
pub struct Stories {
    /// `None` where a story was absorbed by another.
    known: Vec<Option<(Story, Side)>>,
    ids: HashSet<String>,
    index: Index,
}

impl Stories {
    /// Takes the stories that [`MEMORY`] covers, with their tellings, in any order.
    #[must_use]
    pub fn new(mut stories: Vec<Story>) -> Self {
        // Oldest first: the index looks at the newest of many.
        stories.sort_by(|a, b| (a.updated_at, &a.id).cmp(&(b.updated_at, &b.id)));
        let mut all = Self::default();
        for mut story in stories {
            if let Some(side) = side_of(&mut story) {
                all.add(story, side);
            }
        }
        all
    }

    /// The stories as they stand, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Story> {
        self.known.iter().flatten().map(|(story, _)| story)
    }

    /// Finds the story that `new` tells, or opens one, and remembers the telling.
    ///
    /// Joining fills in project, token and date where they were unknown (a date also when it was less exact
    /// or the headline says it moved), moves the stage forward, and sets `updated_at` to `now`. A page that
    /// the story has already is not added again.
    pub fn place(&mut self, new: &NewTelling, now: Timestamp) -> Placement {
        let side = new.side();
        let Some((best, others)) = self.tied(&side) else {
            let mut story = open(new, now);
            // Two notices of one list without a name may share all that an id is made of.
            while self.ids.contains(&story.id) {
                story.id = hash_id(&[&story.id]);
            }
            let side = side_of(&mut story).unwrap_or(side);
            self.add(story.clone(), side);
            return Placement { story, joined: false, independent: 1, absorbed: Vec::new() };
        };
        self.index.add(best, &side);
        if let Some((story, known)) = &mut self.known[best] {
            join(story, known, new, side, now);
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

    fn add(&mut self, story: Story, side: Side) {
        self.index.add(self.known.len(), &side);
        self.ids.insert(story.id.clone());
        self.known.push(Some((story, side)));
    }

    /// Position of the story that `side` ties to best (the strongest tie, then the same names, then the nearest in
    /// time, then the oldest), and of the others it ties to.
    fn tied(&self, side: &Side) -> Option<(usize, Vec<usize>)> {
        let tied = self.index.candidates(side).into_iter().filter_map(|at| {
            let (story, known) = self.known[at].as_ref()?;
            let gap = known.when.told.1.duration_since(side.when.told.1).abs();
            let other_names = known.names.relation(&side.names) != Relation::Same;
            Some((Reverse(same::tie(known, side)?), other_names, gap, story.opened_at, &story.id, at))
        });
        let mut tied: Vec<_> = tied.collect();
        tied.sort_unstable();
        let mut positions = tied.into_iter().map(|(.., at)| at);
        Some((positions.next()?, positions.collect()))
    }

    /// Joins two stories if they tie to each other as they stand, into the one that was opened first. Gives
    /// the position of the story at `at` from now on, and the id of the story that is no more.
    fn merge(&mut self, at: usize, other: usize) -> (usize, Option<String>) {
        let (Some((one, side)), Some((two, known))) = (&self.known[at], &self.known[other]) else {
            return (at, None);
        };
        if same::tie(side, known).is_none_or(|tie| tie == Tie::Text) {
            return (at, None);
        }
        let two_first = (two.opened_at, &two.id) < (one.opened_at, &one.id);
        let (kept, gone) = if two_first { (other, at) } else { (at, other) };
        let Some((gone_story, gone_side)) = self.known[gone].take() else { return (at, None) };
        self.index.add(kept, &gone_side);
        self.ids.remove(&gone_story.id);
        if let Some((story, side)) = &mut self.known[kept] {
            absorb(story, side, &gone_story, gone_side);
        }
        (kept, Some(gone_story.id))
    }
}

/// How many outlets tell `story` in their own words.
#[must_use]
pub fn independent(story: &Story) -> usize {
    let mut voices: Vec<(Outlet, Text)> = Vec::new();
    for telling in &story.tellings {
        let (outlet, text) = (Outlet::of(&telling.source, &telling.url), text_of(telling));
        if !voices.iter().any(|(known, words)| known.is(&outlet) || same::copies(words, &text)) {
            voices.push((outlet, text));
        }
    }
    voices.len()
}

/// How many outlets carry `story`, copies included; one at least.
#[must_use]
pub fn outlets(story: &Story) -> usize {
    outlet::count(story.tellings.iter().map(|telling| (telling.source.as_str(), telling.url.as_str()))).max(1)
}

/// Adds a telling to the story it joins.
fn join(story: &mut Story, side: &mut Side, new: &NewTelling, telling: Side, now: Timestamp) {
    let newest = new.at >= side.when.told.1;
    let moved = newest && telling.when.moved && story.stage != Stage::Past && new.event_date.is_some();
    let opened = open(new, now);
    absorb(story, side, &opened, telling);
    if moved {
        story.stage = new.stage;
        story.event_date = opened.event_date;
        side.when.stage = story.stage;
        side.when.days = story.event_date.as_deref().and_then(event_days);
    }
}

/// Adds what `other` knows to `story`.
fn absorb(story: &mut Story, side: &mut Side, other: &Story, other_side: Side) {
    story.project = story.project.take().or_else(|| other.project.clone());
    story.token = story.token.take().or_else(|| other.token.clone());
    if more_exact(story.event_date.as_deref(), other.event_date.as_deref()) {
        story.event_date.clone_from(&other.event_date);
    }
    story.stage = story.stage.max(other.stage);
    story.opened_at = story.opened_at.min(other.opened_at);
    story.updated_at = story.updated_at.max(other.updated_at);
    for (telling, text) in other.tellings.iter().zip(other_side.texts) {
        add_telling(story, &mut side.texts, telling.clone(), text);
    }
    side.names = Names::new(story.project.as_deref(), story.token.as_deref());
    side.when = when_of(story).unwrap_or_else(|| side.when.clone());
}

/// Adds `telling` with its `text`, in an order that depends on the tellings only. Of several versions of one page of
/// one outlet the first is kept.
fn add_telling(story: &mut Story, texts: &mut Vec<Text>, telling: Telling, text: Text) {
    let same = |known: &Telling| known.url == telling.url && known.source == telling.source;
    if let Some(at) = story.tellings.iter().position(same) {
        if order(&story.tellings[at]) <= order(&telling) {
            return;
        }
        story.tellings.remove(at);
        texts.remove(at);
    }
    let at = story.tellings.partition_point(|known| order(known) <= order(&telling));
    story.tellings.insert(at, telling);
    texts.insert(at, text);
}

fn order(telling: &Telling) -> (Timestamp, &str, &str, &str, &[u8]) {
    (telling.at, &telling.url, &telling.source, &telling.title, &telling.signature.0)
}

impl NewTelling {
    fn side(&self) -> Side {
        Side {
            names: Names::new(self.project.as_deref(), self.token.as_deref()),
            event: self.event,
            when: When {
                told: (self.at, self.at),
                days: self.event_date.as_deref().and_then(event_days),
                stage: self.stage,
                round: when::round_of(&self.title),
                moved: when::says_moved(&self.title),
            },
            texts: vec![text_of(&self.telling())],
        }
    }

    fn telling(&self) -> Telling {
        Telling {
            url: self.url.clone(),
            source: self.source.clone(),
            title: self.stored_title.as_ref().unwrap_or(&self.title).clone(),
            at: whole_second(self.at),
            signature: self.signature.clone(),
        }
    }
}

/// A stored story in comparable form, its tellings brought into their order; `None` for one without tellings, which
/// nothing can join.
fn side_of(story: &mut Story) -> Option<Side> {
    let mut texts = Vec::new();
    for telling in std::mem::take(&mut story.tellings) {
        let text = text_of(&telling);
        add_telling(story, &mut texts, telling, text);
    }
    Some(Side {
        names: Names::new(story.project.as_deref(), story.token.as_deref()),
        event: story.event,
        when: when_of(story)?,
        texts,
    })
}

/// What a story says of its time; `None` for one without tellings.
fn when_of(story: &Story) -> Option<When> {
    Some(When {
        told: (story.tellings.first()?.at, story.tellings.last()?.at),
        days: story.event_date.as_deref().and_then(event_days),
        stage: story.stage,
        round: story.tellings.iter().find_map(|telling| when::round_of(&telling.title)),
        moved: story.tellings.iter().any(|telling| when::says_moved(&telling.title)),
    })
}

/// The database keeps seconds.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn text_of(telling: &Telling) -> Text {
    Text {
        url: address::identity(&telling.url),
        source: telling.source.clone(),
        sketch: Sketch::unpack(&telling.signature),
    }
}

fn open(new: &NewTelling, now: Timestamp) -> Story {
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
        tellings: vec![new.telling()],
    }
}

/// Lasting identity: 16 bytes of a SHA-256, in hexadecimal, over page, event, names and day of the first
/// telling. A repeated run gives the same; a page that tells of two projects, or of another round months
/// later, gives different ones.
fn id(first: &NewTelling) -> String {
    let names = Names::new(first.project.as_deref(), first.token.as_deref());
    let day = first.at.as_second().div_euclid(86_400);
    let url = address::identity(&first.url);
    hash_id(&[url.as_str(), first.event.as_str(), &names.key, &names.token.concat(), &day.to_string()])
}

fn hash_id(parts: &[&str]) -> String {
    let hash = Sha256::digest(parts.join("\n"));
    hash[..16].iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"))
}

/// Whether `new` says more of the date than `old`: the longer of two forms, where one opens the other or
/// both lie in the same days.
fn more_exact(old: Option<&str>, new: Option<&str>) -> bool {
    match (old.map(event_days), new.and_then(event_days)) {
        (None | Some(None), Some(_)) => true,
        (Some(Some(old)), Some(new)) => old.0 <= new.0 && new.1 <= old.1 && old != new,
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests;
