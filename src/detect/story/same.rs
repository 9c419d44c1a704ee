//! The decision: does this telling belong to that story?
//!
//! Owns the rules and their thresholds. Sees two sides in comparable form; knows nothing of indexes, ids or
//! how a story is kept. A wrong join hides a launch for good while a missed one only repeats it, so every
//! doubt speaks against joining.

use jiff::SignedDuration;

use super::names::{Names, Relation};
use super::sketch::Sketch;
use super::when::{TEXT_WINDOW, When};
use crate::model::Event;

/// Overlap of openings (see [`Sketch::overlap`]) from which two texts are one report: a copy cut to thirty
/// words or set behind an outlet's preface keeps more than 0.7, and half leaves room for a light edit.
const COPY: f64 = 0.5;

/// Overlap from which even another event label does not make it another report.
const VERBATIM: f64 = 0.8;

/// Likeness of headlines from which two reports that name each other's projects are one: outlets agree on
/// who, what and how much, and differ on the rest of their ten words.
const HEADLINE: f64 = 0.4;

/// One side of the comparison.
#[derive(Debug)]
pub(super) struct Side {
    /// Whose token.
    pub names: Names,
    /// What happens.
    pub event: Event,
    /// When it happens and when it was told.
    pub when: When,
    /// Its texts: one of a telling, several of a story.
    pub texts: Vec<Text>,
}

/// One text of a side.
#[derive(Debug)]
pub(super) struct Text {
    /// Canonical address.
    pub url: String,
    /// Name of the outlet.
    pub source: String,
    /// Its fingerprint.
    pub sketch: Sketch,
}

/// What ties a telling to a story, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tie {
    /// Its text is a copy.
    Text,
    /// Project, event and time agree.
    Event,
    /// It is the same page.
    Address,
}

/// Whether one of two texts is a copy of the other.
pub(super) fn copies(one: &Text, other: &Text) -> bool {
    one.sketch.overlap(&other.sketch) >= COPY
}

/// What ties `telling` to `story`, if anything does.
pub(super) fn tie(story: &Side, telling: &Side) -> Option<Tie> {
    let relation = story.names.relation(&telling.names);
    if relation != Relation::Same && coins_of_one_notice(story, telling) {
        return None;
    }
    let same_event = story.event == telling.event && story.when.fits(&telling.when, story.event);
    // One address may be a list of notices: unnamed news on it must also read alike.
    let page = pairs(story, telling).any(|(ours, theirs)| {
        let alike = ours.sketch.headline_likeness(&theirs.sketch) >= HEADLINE;
        ours.url == theirs.url && (relation != Relation::Unknown || alike)
    });
    let tied = match relation {
        Relation::Same => same_event || kin(story, telling),
        Relation::Nested => {
            same_event && (tickers_agree(story, telling) || headlines_name_both(story, telling))
        }
        Relation::Crossed => same_event && one_names_other(story, telling),
        // Different readings of one headline (the firm, and its chain) are caught where each names the other.
        Relation::Different => same_event && headlines_name_both(story, telling),
        Relation::Unknown => false,
    };
    if page && (tied || (relation == Relation::Unknown && same_event)) {
        Some(Tie::Address)
    } else if tied {
        Some(Tie::Event)
    } else {
        copied(story, telling, relation, same_event).then_some(Tie::Text)
    }
}

/// Whether the two are different coins of one notice: both have it, and each has a ticker of its own.
fn coins_of_one_notice(story: &Side, telling: &Side) -> bool {
    let (ours, theirs) = (story.names.token.first(), telling.names.token.first());
    ours.zip(theirs).is_some_and(|(ours, theirs)| ours != theirs)
        && pairs(story, telling).any(|(ours, theirs)| ours.url == theirs.url && ours.source == theirs.source)
}

/// How far apart two outlets tell one event under names that border on each other.
const KIN_WINDOW: SignedDuration = SignedDuration::from_hours(48);

/// Whether the two are one event that outlets call by bordering names: the snapshot of an airdrop, or a launch that one
/// announces and the other dates. Project and ticker are the same; an announcement must also name the same day.
fn kin(story: &Side, telling: &Side) -> bool {
    use Event::{Airdrop, Announcement, Listing, Snapshot};
    let dated = story.when.days.is_some() && story.when.days == telling.when.days;
    let bordering = match (story.event, telling.event) {
        (Snapshot, Airdrop) | (Airdrop, Snapshot) => true,
        (Announcement, Listing | Airdrop) | (Listing | Airdrop, Announcement) => dated,
        _ => false,
    };
    bordering
        && !story.names.token.is_empty()
        && story.names.token == telling.names.token
        && story.when.within(&telling.when, KIN_WINDOW)
        && story.when.compatible(&telling.when)
}

/// Whether a text of one side has the other's ticker, where that is not just a word of the name.
fn tickers_agree(story: &Side, telling: &Side) -> bool {
    let says = |text: &Text, of: &Names, own: &Names| {
        let word_of_name =
            of.token.iter().any(|token| of.project.contains(token) || own.project.contains(token));
        !word_of_name && text.sketch.mentions(&of.token)
    };
    story.texts.iter().any(|text| says(text, &telling.names, &story.names))
        || telling.texts.iter().any(|text| says(text, &story.names, &telling.names))
}

/// Whether a text of one side has the name that the other was judged to be about.
fn one_names_other(story: &Side, telling: &Side) -> bool {
    story.texts.iter().any(|text| text.sketch.mentions(&telling.names.project))
        || telling.texts.iter().any(|text| text.sketch.mentions(&story.names.project))
}

/// Whether two alike headlines of one day's news each name the project that the other was read as.
fn headlines_name_both(story: &Side, telling: &Side) -> bool {
    story.when.within(&telling.when, TEXT_WINDOW)
        && pairs(story, telling).any(|(ours, theirs)| {
            ours.source != theirs.source
                && ours.sketch.headline_mentions(&telling.names.project)
                && theirs.sketch.headline_mentions(&story.names.project)
                && ours.sketch.headline_likeness(&theirs.sketch) >= HEADLINE
        })
}

/// Whether the telling repeats a text or a long headline of the story that another outlet carried.
///
/// One outlet's own alike texts are its notices, each on something else.
fn copied(story: &Side, telling: &Side, relation: Relation, same_event: bool) -> bool {
    let threshold = if same_event { COPY } else { VERBATIM };
    relation != Relation::Different
        && story.when.within(&telling.when, TEXT_WINDOW)
        && story.when.compatible(&telling.when)
        && pairs(story, telling).any(|(ours, theirs)| {
            // A venue's notices on two tokens share all but the names that matter.
            let named = match relation {
                Relation::Same => true,
                Relation::Nested => ours.sketch.names_equal(&theirs.sketch),
                _ => ours.sketch.names_agree(&theirs.sketch),
            };
            let says = |sketch: &Sketch, names: &Names| {
                names.is_empty() || sketch.mentions(&names.project) || sketch.mentions(&names.token)
            };
            let consistent = relation != Relation::Unknown
                || says(&ours.sketch, &telling.names) && says(&theirs.sketch, &story.names);
            let copy = || {
                ours.sketch.overlap(&theirs.sketch) >= threshold || ours.sketch.same_headline(&theirs.sketch)
            };
            named && consistent && ours.source != theirs.source && copy()
        })
}

fn pairs<'a>(story: &'a Side, telling: &'a Side) -> impl Iterator<Item = (&'a Text, &'a Text)> {
    story.texts.iter().flat_map(|ours| telling.texts.iter().map(move |theirs| (ours, theirs)))
}
