//! The decision: does this mention belong to that story?
//!
//! A wrong join hides a launch for good while a missed one only repeats it, so every doubt speaks against joining.

use jiff::SignedDuration;

use super::min_hash::MinHash;
use super::names::{Names, Relation};
use super::when::{TEXT_WINDOW, When};
use crate::model::Event;

/// Overlap of openings (see [`MinHash::overlap`]) from which two texts are one report: a copy cut to thirty
/// words or set behind an outlet's preface keeps more than 0.7, and half allows for a light edit.
const COPY: f64 = 0.5;

/// Overlap from which even another event label does not make it another report.
const VERBATIM: f64 = 0.8;

/// Likeness of headlines from which two reports that name each other's projects are one: outlets agree on
/// who, what and how much, and differ on the rest of their ten words.
const HEADLINE: f64 = 0.4;

/// One side of the comparison.
#[derive(Debug)]
pub(super) struct StoryFeatures {
    pub names: Names,
    pub event: Event,
    /// When it happens and when it was published.
    pub when: When,
    /// What its headlines are.
    pub report: Report,
    /// Its texts: one of a mention, several of a story.
    pub texts: Vec<Text>,
}

/// What the headlines of a side report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Report {
    /// A look back or an opinion. A story of several mentions is one if all are.
    pub commentary: bool,
    /// An exchange's listing, in at least one headline.
    pub exchange_listing: bool,
}

/// One text of a side.
#[derive(Debug)]
pub(super) struct Text {
    /// Canonical address.
    pub url: String,
    pub source: String,
    pub min_hash: MinHash,
}

/// Why a mention belongs to a story, weakest reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    /// Its text is a copy.
    Text,
    /// Project, event and time agree.
    Event,
    /// It is the same page.
    Address,
}

/// Whether one of two texts is a copy of the other.
pub(super) fn copies(one: &Text, other: &Text) -> bool {
    one.min_hash.overlap(&other.min_hash) >= COPY
}

/// Why `mention` belongs to `story`; `None` if it does not.
pub(super) fn match_story(story: &StoryFeatures, mention: &StoryFeatures) -> Option<Match> {
    let relation = story.names.relation(&mention.names);
    if relation != Relation::Same && coins_of_one_notice(story, mention) {
        return None;
    }
    let same_event = story.event == mention.event && story.when.fits(&mention.when, story.event);
    // One address may be a list of notices: unnamed news on it must also read alike.
    let page = pairs(story, mention).any(|(ours, theirs)| {
        let alike = ours.min_hash.headline_likeness(&theirs.min_hash) >= HEADLINE;
        ours.url == theirs.url && (relation != Relation::Unknown || alike)
    });
    if story.report.commentary || mention.report.commentary {
        return match_commentary(story, mention, relation);
    }
    let tied = match relation {
        Relation::Same => same_event || is_related(story, mention),
        Relation::Nested => {
            same_event && (tickers_agree(story, mention) || headlines_name_both(story, mention))
        }
        Relation::Crossed => same_event && one_names_other(story, mention),
        // Different readings of one headline (the firm, and its chain) are caught where each names the other.
        Relation::Different => same_event && headlines_name_both(story, mention),
        Relation::Unknown => false,
    };
    if page && (tied || (relation == Relation::Unknown && same_event)) {
        Some(Match::Address)
    } else if tied {
        Some(Match::Event)
    } else {
        copied(story, mention, relation, same_event).then_some(Match::Text)
    }
}

/// A look back or an opinion is no report of the launch: only its own copies belong to it.
fn match_commentary(story: &StoryFeatures, mention: &StoryFeatures, relation: Relation) -> Option<Match> {
    let page =
        pairs(story, mention).any(|(ours, theirs)| ours.url == theirs.url && ours.source == theirs.source);
    if page && relation == Relation::Same && story.event == mention.event {
        return Some(Match::Address);
    }
    let both = story.report.commentary && mention.report.commentary;
    (both && copied(story, mention, relation, true)).then_some(Match::Text)
}

/// Whether the two are different coins of one notice: both have it, and each has a ticker of its own.
fn coins_of_one_notice(story: &StoryFeatures, mention: &StoryFeatures) -> bool {
    let (ours, theirs) = (story.names.token.first(), mention.names.token.first());
    ours.zip(theirs).is_some_and(|(ours, theirs)| ours != theirs)
        && pairs(story, mention).any(|(ours, theirs)| ours.url == theirs.url && ours.source == theirs.source)
}

/// How far apart two outlets report one event under names that border on each other.
const RELATED_WINDOW: SignedDuration = SignedDuration::from_hours(48);

/// Whether the two are one event of a project that outlets call by bordering names: the snapshot or checker of an
/// airdrop and its claim; on one day also the launch of the token, and what announces any of them. The listing on an
/// exchange is another event.
fn is_related(story: &StoryFeatures, mention: &StoryFeatures) -> bool {
    use Event::{Airdrop, Announcement, Listing, Snapshot};
    let dated = || story.when.days.is_some() && story.when.days == mention.when.days;
    let launch = |side: &StoryFeatures| side.event != Listing || !side.report.exchange_listing;
    let bordering = match (story.event, mention.event) {
        (Snapshot, Airdrop) | (Airdrop, Snapshot) => true,
        (Announcement, Listing | Airdrop | Snapshot) | (Listing | Airdrop | Snapshot, Announcement) => {
            dated()
        }
        (Listing, Airdrop | Snapshot) | (Airdrop | Snapshot, Listing) => {
            launch(story) && launch(mention) && story.when.on_one_day(&mention.when)
        }
        _ => false,
    };
    bordering && story.when.within(&mention.when, RELATED_WINDOW) && story.when.compatible(&mention.when)
}

/// Whether a text of one side has the other's ticker, where that is not just a word of the name.
fn tickers_agree(story: &StoryFeatures, mention: &StoryFeatures) -> bool {
    let states = |text: &Text, of: &Names, own: &Names| {
        let word_of_name =
            of.token.iter().any(|token| of.project.contains(token) || own.project.contains(token));
        !word_of_name && text.min_hash.mentions(&of.token)
    };
    story.texts.iter().any(|text| states(text, &mention.names, &story.names))
        || mention.texts.iter().any(|text| states(text, &story.names, &mention.names))
}

/// Whether a text of one side has the name that the other was judged to be about.
fn one_names_other(story: &StoryFeatures, mention: &StoryFeatures) -> bool {
    story.texts.iter().any(|text| text.min_hash.mentions(&mention.names.project))
        || mention.texts.iter().any(|text| text.min_hash.mentions(&story.names.project))
}

/// Whether two alike headlines of one day's news each name the project that the other was read as.
fn headlines_name_both(story: &StoryFeatures, mention: &StoryFeatures) -> bool {
    story.when.within(&mention.when, TEXT_WINDOW)
        && pairs(story, mention).any(|(ours, theirs)| {
            ours.source != theirs.source
                && ours.min_hash.headline_mentions(&mention.names.project)
                && theirs.min_hash.headline_mentions(&story.names.project)
                && ours.min_hash.headline_likeness(&theirs.min_hash) >= HEADLINE
        })
}

/// Whether the mention repeats a text or a long headline of the story that another outlet carried.
///
/// One outlet's own alike texts are its notices, each on something else.
fn copied(story: &StoryFeatures, mention: &StoryFeatures, relation: Relation, same_event: bool) -> bool {
    let threshold = if same_event { COPY } else { VERBATIM };
    relation != Relation::Different
        && story.when.within(&mention.when, TEXT_WINDOW)
        && story.when.compatible(&mention.when)
        && pairs(story, mention).any(|(ours, theirs)| {
            // A venue's notices on two tokens share all but the names.
            let named = match relation {
                Relation::Same => true,
                Relation::Nested => ours.min_hash.names_equal(&theirs.min_hash),
                _ => ours.min_hash.names_agree(&theirs.min_hash),
            };
            let states = |min_hash: &MinHash, names: &Names| {
                names.is_empty() || min_hash.mentions(&names.project) || min_hash.mentions(&names.token)
            };
            let consistent = relation != Relation::Unknown
                || states(&ours.min_hash, &mention.names) && states(&theirs.min_hash, &story.names);
            let copy = || {
                ours.min_hash.overlap(&theirs.min_hash) >= threshold
                    || ours.min_hash.same_headline(&theirs.min_hash)
            };
            named && consistent && ours.source != theirs.source && copy()
        })
}

fn pairs<'a>(
    story: &'a StoryFeatures,
    mention: &'a StoryFeatures,
) -> impl Iterator<Item = (&'a Text, &'a Text)> {
    story.texts.iter().flat_map(|ours| mention.texts.iter().map(move |theirs| (ours, theirs)))
}
