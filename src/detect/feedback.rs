//! What the user's labels on similar texts add to a score (relevance feedback). Pure.
//!
//! A label counts the more, the nearer its text is by the cosine of the two vectors
//! (docs/explain/decisions/0036-labels-move-similar-texts.md).

mod vector;

use std::collections::BTreeMap;

pub(super) use self::vector::vector;
pub use self::vector::{VECTOR_VERSION, Vector};
use super::story::{Names, Relation};
use crate::model::Reason;

/// Cosine up to which two texts are unlike: 99.9 % of the pairs of labelled launches of different stories are below 0.68,
/// 99 % below 0.38 (`train DATA_DIR feedback`, 28 November 2026).
const UNLIKE: f32 = 0.6;
/// Cosine from which a text is a near copy: 95 % of the copies with a few words cut, added or changed are above 0.79.
const COPY: f32 = 0.8;
/// Points that a near copy of a labelled text gets.
const POINTS: f32 = 100.0;
/// What a label counts for a text about another project, for one about the same project counting 1: an exchange
/// notifies of many projects in the same words.
const OTHER_PROJECT: f32 = 0.25;
/// Points that labels take from a rumour to dismiss it: its score decides nothing.
const DISMISSED: f32 = -50.0;

/// A text that the user labelled, or another mention of its story.
#[derive(Debug, Clone)]
pub struct LabelledText {
    /// ID of the labelled detection. The texts of one label count once.
    pub label: String,
    /// Whether it is labelled as a launch.
    pub yes: bool,
    /// Whose token.
    pub project: Option<String>,
    /// Ticker without `$`.
    pub token: Option<String>,
    /// Headline, for the reason.
    pub title: String,
    /// Its text.
    pub vector: Vector,
}

/// A text to judge.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its text.
    pub vector: &'a Vector,
    /// Whose token.
    pub project: Option<&'a str>,
    /// Ticker without `$`.
    pub token: Option<&'a str>,
    /// Whether it is about a project of the watch list.
    pub watched: bool,
}

/// Points that labels add, and the label that counts most.
#[derive(Debug, Clone, Copy)]
pub struct Adjustment<'a> {
    /// On the 0–100 scale.
    pub points: f32,
    nearest: &'a LabelledText,
    other_project: bool,
}

/// The text of a label that is most like a candidate.
#[derive(Clone, Copy)]
struct Vote<'a> {
    /// 0–1.
    weight: f32,
    /// Whether it is about the candidate's project, as far as both are known.
    same: bool,
    known: &'a LabelledText,
}

/// The evidence of the labels of one kind, 0–1. A label alone says nothing about another project: of those the
/// strongest does not count.
fn evidence(votes: &BTreeMap<(&str, bool), Vote>, yes: bool) -> f32 {
    let of_kind = || votes.values().filter(|vote| vote.known.yes == yes);
    let product = |weights: &[f32]| weights.iter().fold(1.0, |rest, weight| rest * (1.0 - weight));
    let same: Vec<f32> = of_kind().filter(|vote| vote.same).map(|vote| vote.weight).collect();
    let mut other: Vec<f32> = of_kind().filter(|vote| !vote.same).map(|vote| vote.weight).collect();
    other.sort_by(|a, b| b.total_cmp(a));
    1.0 - product(&same) * product(other.get(1..).unwrap_or_default())
}

/// The user's labels with their texts.
#[derive(Debug, Clone, Default)]
pub struct Feedback(Vec<LabelledText>);

impl Feedback {
    /// The labels on `texts`.
    #[must_use]
    pub fn new(texts: Vec<LabelledText>) -> Self {
        Self(texts)
    }

    /// Whether there is no label.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the detection `id` has a label.
    pub(crate) fn is_labelled(&self, id: &str) -> bool {
        self.0.iter().any(|text| text.label == id)
    }

    /// What the labels add to the score of `text`; `None` if no labelled text resembles it.
    ///
    /// Each label is independent evidence: labels of one kind add up to at most 100 points, and the two kinds
    /// oppose each other.
    #[must_use]
    pub fn adjustment(&self, text: &Candidate) -> Option<Adjustment<'_>> {
        let names = Names::new(text.project, text.token);
        let mut votes: BTreeMap<(&str, bool), Vote> = BTreeMap::new();
        for known in &self.0 {
            let likeness = likeness(text.vector.cosine(&known.vector));
            if likeness == 0.0 {
                continue;
            }
            let relation = Names::new(known.project.as_deref(), known.token.as_deref()).relation(&names);
            let same = match relation {
                Relation::Same | Relation::Nested => true,
                // Of texts without names, an exchange's notices on two coins are nearly alike.
                Relation::Unknown => !text.watched && likeness >= 1.0,
                Relation::Crossed | Relation::Different => false,
            };
            if text.watched && !same {
                continue;
            }
            let weight = if same { likeness } else { likeness * OTHER_PROJECT };
            let vote = Vote { weight, same, known };
            let best = votes.entry((&known.label, known.yes)).or_insert(vote);
            if weight > best.weight {
                *best = vote;
            }
        }
        let points = POINTS * (evidence(&votes, true) - evidence(&votes, false));
        let of_kind = votes.values().filter(|vote| vote.known.yes == (points > 0.0));
        let Vote { same, known: nearest, .. } = *of_kind.max_by(|a, b| a.weight.total_cmp(&b.weight))?;
        (points.abs() >= 0.5).then_some(Adjustment { points, nearest, other_project: !same })
    }
}

impl Adjustment<'_> {
    /// Whether the labels dismiss the text even as a rumour.
    #[must_use]
    pub(crate) fn dismisses(&self) -> bool {
        self.points <= DISMISSED
    }

    /// The line that says which labelled text the points come from.
    #[must_use]
    pub(crate) fn reason(&self) -> Reason {
        let word = if self.nearest.yes { "yes" } else { "no" };
        let about = if self.other_project { " about another project" } else { "" };
        Reason {
            signal: format!("label:{word}"),
            weight: super::judge::whole(self.points),
            text: format!("like a text{about} that you labelled {word}: {}", self.nearest.title),
        }
    }
}

/// How much a label counts at this cosine, 0–1.
fn likeness(cosine: f32) -> f32 {
    ((cosine - UNLIKE) / (COPY - UNLIKE)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
