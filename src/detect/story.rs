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

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
pub use sketch::signature;

use self::{
    index::Index,
    names::Names,
    same::{Side, Text},
    sketch::Sketch,
    when::When,
};
use crate::model::{Event, Signature, Stage, Story, Telling};

/// How far back stories must be given to [`Stories::new`]: an event announced that long before its date is
/// still the one that opens (the longest lead among dated launches in the labelled news is two months).
pub const MEMORY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// One text that tells of a launch, as judged.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTelling {
    /// Canonical address (`text::address::canonical`).
    pub url: String,
    /// Name of the outlet; texts of one outlet are never taken for copies of each other.
    pub source: String,
    /// Headline; for posts their opening.
    pub title: String,
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
}

/// The stories of the recent past, ready to take tellings.
#[derive(Debug, Default)]
pub struct Stories {
    known: Vec<(Story, Side)>,
    index: Index,
}

impl Stories {
    /// Takes the stories that [`MEMORY`] covers, with their tellings, in any order.
    #[must_use]
    pub fn new(mut stories: Vec<Story>) -> Self {
        // Oldest first: the index looks at the newest of many.
        stories.sort_by(|a, b| (a.updated_at, &a.id).cmp(&(b.updated_at, &b.id)));
        let mut all = Self::default();
        for story in stories {
            if let Some(side) = side_of(&story) {
                all.add(story, side);
            }
        }
        all
    }

    /// Finds the story that `new` tells, or opens one, and remembers the telling.
    ///
    /// Joining fills in project, token and date where they were unknown (a date also when it was less exact
    /// or the headline says it moved), moves the stage forward, and sets `updated_at` to `now`. A page that
    /// the story has already is not added again.
    pub fn place(&mut self, new: &NewTelling, now: Timestamp) -> Placement {
        let side = new.side();
        let gap = |at: usize| self.known[at].1.when.told.1.duration_since(new.at).abs();
        let tied = self.index.candidates(&side).into_iter().filter_map(|at| {
            let tie = same::tie(&self.known[at].1, &side)?;
            Some((tie, std::cmp::Reverse(gap(at)), std::cmp::Reverse(at)))
        });
        if let Some((.., std::cmp::Reverse(at))) = tied.max() {
            return Placement { story: self.join(at, new, side, now), joined: true };
        }
        let story = open(new, now);
        self.add(story.clone(), side);
        Placement { story, joined: false }
    }

    fn add(&mut self, story: Story, side: Side) {
        self.index.add(self.known.len(), &side);
        self.known.push((story, side));
    }

    fn join(&mut self, at: usize, new: &NewTelling, telling: Side, now: Timestamp) -> Story {
        let (story, side) = &mut self.known[at];
        let moved = telling.when.moved && story.stage != Stage::Past && new.event_date.is_some();
        story.project = story.project.take().or_else(|| new.project.clone());
        story.token = story.token.take().or_else(|| new.token.clone());
        if moved || more_exact(story.event_date.as_deref(), new.event_date.as_deref()) {
            story.event_date.clone_from(&new.event_date);
        }
        story.stage = if moved { new.stage } else { story.stage.max(new.stage) };
        story.updated_at = story.updated_at.max(now);
        if !story.tellings.iter().any(|telling| telling.url == new.url && telling.source == new.source) {
            let place = story.tellings.partition_point(|telling| telling.at <= new.at);
            story.tellings.insert(place, new.telling());
        }
        self.index.add(at, &telling);
        side.names = Names::new(story.project.as_deref(), story.token.as_deref());
        side.when.told = (side.when.told.0.min(new.at), side.when.told.1.max(new.at));
        side.when.days = story.event_date.as_deref().and_then(when::days_of);
        side.when.stage = story.stage;
        side.when.round = side.when.round.or(telling.when.round);
        side.texts.extend(telling.texts);
        story.clone()
    }
}

impl NewTelling {
    fn side(&self) -> Side {
        Side {
            names: Names::new(self.project.as_deref(), self.token.as_deref()),
            event: self.event,
            when: When {
                told: (self.at, self.at),
                days: self.event_date.as_deref().and_then(when::days_of),
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
            title: self.title.clone(),
            at: self.at,
            signature: self.signature.clone(),
        }
    }
}

/// A stored story in comparable form; `None` for one without tellings, which nothing can join.
fn side_of(story: &Story) -> Option<Side> {
    let told = story.tellings.iter().map(|telling| telling.at);
    Some(Side {
        names: Names::new(story.project.as_deref(), story.token.as_deref()),
        event: story.event,
        when: When {
            told: (told.clone().min()?, told.max()?),
            days: story.event_date.as_deref().and_then(when::days_of),
            stage: story.stage,
            round: story.tellings.iter().find_map(|telling| when::round_of(&telling.title)),
            moved: false,
        },
        texts: story.tellings.iter().map(text_of).collect(),
    })
}

fn text_of(telling: &Telling) -> Text {
    Text {
        url: telling.url.clone(),
        source: telling.source.clone(),
        sketch: Sketch::unpack(&telling.signature),
    }
}

fn open(new: &NewTelling, now: Timestamp) -> Story {
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
    let told =
        [first.url.as_str(), first.event.as_str(), &names.key(), &names.token.concat(), &day.to_string()];
    let hash = Sha256::digest(told.join("\n"));
    hash[..16].iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"))
}

/// Whether `new` says more of the date than `old`: the longer of two forms, where one opens the other or
/// both lie in the same days.
fn more_exact(old: Option<&str>, new: Option<&str>) -> bool {
    match (old.map(when::days_of), new.and_then(when::days_of)) {
        (None | Some(None), Some(_)) => true,
        (Some(Some(old)), Some(new)) => old.0 <= new.0 && new.1 <= old.1 && old != new,
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests;
