//! Verdicts and detections (docs/reference/outputs.md#detection).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use super::Language;
use crate::text::outlet;

/// Where a text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Kind {
    /// An entry of a feed or an article.
    News,
    /// A post on X.
    Post,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What happens to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Event {
    /// A project states that it will launch or has launched a token.
    Announcement,
    /// Snapshot, eligibility checker, registration.
    Snapshot,
    /// Presale, IDO, IEO, ICO, public or community sale.
    Sale,
    /// An airdrop or claim is set or opens.
    Airdrop,
    /// Trading of a new token opens.
    Listing,
    /// Supply, allocation or vesting of a token not yet launched.
    Tokenomics,
}

impl Event {
    /// Its name in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Progress of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Stage {
    /// Announced, not open yet.
    Upcoming,
    /// Open now, or in its first days.
    Live,
    /// Over.
    Past,
}

impl Stage {
    /// Its name in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Importance of a detection, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Class {
    /// Rumours.
    Low,
    /// Over the threshold.
    Medium,
    /// Score of 75 or more.
    High,
    /// A watched project with a score of 80 or more, live or dated, official or in two outlets.
    Critical,
}

impl Class {
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Caution {
    /// It lures readers ("connect your wallet to check", "send to receive") and does not come from the project.
    Bait,
    /// Its address or account is spelled nearly like a watched project's and is not the project's.
    LookAlike,
}

impl Caution {
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A signal that changed a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reason {
    /// Documented name, such as `phrase:claim is live`.
    pub signal: String,
    /// Points added (or removed) on the 0–100 scale, near the final score.
    pub weight: i32,
    /// The words that matched, as written.
    pub text: String,
}

/// A further coin of a text about several: "OKX will list Kestrel (KSTL) and Orrin (ORN)".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coin {
    pub project: Option<String>,
    pub token: Option<String>,
    pub watched: bool,
}

/// The judgement of one text (docs/reference/outputs.md#classify).
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, and the output's")]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// Whether the score reaches the threshold.
    pub tge: bool,
    pub rumour: bool,
    /// 0–100: of the texts with score N, about N in a hundred are launches.
    pub score: u8,
    /// Set if any event vocabulary was found.
    pub event: Option<Event>,
    pub stage: Option<Stage>,
    pub project: Option<String>,
    pub token: Option<String>,
    pub watched: bool,
    /// `2026-11-25`, or `2026-11`, `2026-Q4`, `2026` if the text is less exact.
    pub event_date: Option<String>,
    /// Paid placement: a press-release wire or a sponsored text.
    pub paid: bool,
    /// Whether it comes from the project's own account or domain.
    pub official: bool,
    /// The exchange or launchpad, as written.
    pub venue: Option<String>,
    pub chain: Option<String>,
    /// Set for a launch, and where the languages are limited, if it is clear.
    pub lang: Option<Language>,
    /// Whether it was not judged because its language is not among those of the settings.
    pub excluded: bool,
    pub cautions: Vec<Caution>,
    /// The other coins of a text about several.
    pub also: Vec<Coin>,
    /// Strongest first.
    pub reasons: Vec<Reason>,
}

/// Another outlet that carried the same story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Outlet {
    pub url: String,
    pub source: String,
    #[serde(serialize_with = "super::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    pub published_at: Option<Timestamp>,
}

/// A launch that was found (docs/reference/outputs.md#detection). The fields are in the order of the output.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, and the output's")]
#[expect(missing_docs, reason = "docs/reference/outputs.md#detection describes each")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Detection {
    /// Stable: derived from the input, so a repeated run gives the same id.
    pub id: String,
    pub story_id: String,
    pub kind: Kind,
    pub event: Event,
    pub stage: Stage,
    pub rumour: bool,
    pub score: u8,
    pub class: Class,
    pub project: Option<String>,
    pub token: Option<String>,
    pub watched: bool,
    /// See `Verdict::event_date`.
    pub event_date: Option<String>,
    pub title: String,
    pub url: String,
    pub source: String,
    pub author: String,
    #[serde(serialize_with = "super::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    pub published_at: Option<Timestamp>,
    #[serde(serialize_with = "super::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    pub detected_at: Timestamp,
    /// The first part of the text, cut at a word.
    pub snippet: String,
    /// Whether its source belongs to the project or the venue.
    #[serde(default)]
    pub official: bool,
    /// Paid placement: a press-release wire or a sponsored text.
    #[serde(default)]
    pub paid: bool,
    /// Outlets that wrote their own text; copies of one press release count once.
    #[serde(default = "one")]
    pub independent_outlets: u32,
    /// The exchange or launchpad, as written.
    #[serde(default)]
    pub venue: Option<String>,
    #[serde(default)]
    pub chain: Option<String>,
    #[serde(default)]
    pub lang: Option<Language>,
    #[serde(default)]
    pub cautions: Vec<Caution>,
    pub reasons: Vec<Reason>,
    pub also_at: Vec<Outlet>,
    /// When the newest mention of its story was heard of; set where a story is read.
    #[serde(skip)]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    pub heard_at: Option<Timestamp>,
}

/// Characters of an ID that people see and type.
const SHORT_ID: usize = 6;

/// The beginning of `id` that people see. It is unique among some thousand IDs; commands list the candidates if not.
pub(crate) fn short_id(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}

impl Detection {
    /// The detection that represents the story of `mentions`, with the highest class of all; the others are its outlets.
    ///
    /// It is the best-scored. A rumour represents a story only where there is nothing else, and then the class is low; a
    /// mention with cautions comes next to last.
    #[must_use]
    pub fn head(mentions: Vec<Self>) -> Option<Self> {
        let rank = |mention: &Self| (!mention.rumour, mention.cautions.is_empty(), mention.score);
        let ranked = mentions.iter().enumerate();
        let best = ranked.max_by_key(|(at, mention)| (rank(mention), std::cmp::Reverse(*at)))?.0;
        let class = mentions.iter().map(|mention| mention.class).max()?;
        let mut also_at: Vec<Outlet> = Vec::new();
        for (at, mention) in mentions.iter().enumerate() {
            let known =
                mention.url == mentions[best].url || also_at.iter().any(|outlet| outlet.url == mention.url);
            if at != best && !known {
                also_at.push(mention.outlet());
            }
        }
        let head = mentions.into_iter().nth(best)?;
        let class = if head.rumour { Class::Low } else { class };
        Some(Self { class, also_at, ..head })
    }

    #[must_use]
    pub(crate) fn short_id(&self) -> &str {
        short_id(&self.id)
    }

    /// Outlets that carry its story.
    #[must_use]
    pub(crate) fn outlets(&self) -> usize {
        let others = self.also_at.iter().map(|outlet| (outlet.source.as_str(), outlet.url.as_str()));
        outlet::count([(self.source.as_str(), self.url.as_str())].into_iter().chain(others))
    }

    /// When the program heard of the newest mention of its story.
    #[must_use]
    pub(crate) fn heard_at(&self) -> Timestamp {
        self.heard_at.unwrap_or(self.detected_at)
    }

    /// When the first outlet published its story.
    #[must_use]
    pub(crate) fn first_published_at(&self) -> Option<Timestamp> {
        self.also_at.iter().map(|outlet| outlet.published_at).chain([self.published_at]).flatten().min()
    }

    /// Where it was published.
    #[must_use]
    pub fn outlet(&self) -> Outlet {
        Outlet { url: self.url.clone(), source: self.source.clone(), published_at: self.published_at }
    }
}

/// A detection as outputs show it: with what follows from its story.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DetectionView<'a> {
    #[serde(flatten)]
    detection: &'a Detection,
    short_id: &'a str,
    outlets: usize,
    #[serde(serialize_with = "super::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    first_published_at: Option<Timestamp>,
    #[serde(serialize_with = "super::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    last_mentioned_at: Timestamp,
}

impl<'a> From<&'a Detection> for DetectionView<'a> {
    fn from(detection: &'a Detection) -> Self {
        Self {
            detection,
            short_id: detection.short_id(),
            outlets: detection.outlets(),
            first_published_at: detection.first_published_at(),
            last_mentioned_at: detection.heard_at(),
        }
    }
}

/// Serialises detections as [`DetectionView`]s.
pub(crate) fn views<S: serde::Serializer>(
    detections: &[Detection],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(detections.iter().map(DetectionView::from))
}

/// `independent_outlets` of a detection that an older version stored.
fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use std::{fmt::Debug, str::FromStr};

    use serde::de::DeserializeOwned;

    use super::*;

    fn check_names<T>(names: &[&str])
    where
        T: Copy + Debug + PartialEq + Serialize + DeserializeOwned + FromStr + VariantArray + VariantNames,
        &'static str: From<T>,
    {
        assert_eq!(<T as VariantNames>::VARIANTS, names);
        for (value, name) in <T as VariantArray>::VARIANTS.iter().zip(names) {
            assert_eq!(<&str>::from(*value), *name);
            assert_eq!(name.parse().ok(), Some(*value));
            assert_eq!(serde_json::to_value(value).unwrap(), *name);
            assert_eq!(serde_json::from_value::<T>((*name).into()).unwrap(), *value);
        }
    }

    #[test]
    fn names_in_json_and_in_the_database_are_the_same() {
        check_names::<Event>(&["announcement", "snapshot", "sale", "airdrop", "listing", "tokenomics"]);
        check_names::<Stage>(&["upcoming", "live", "past"]);
        check_names::<Class>(&["low", "medium", "high", "critical"]);
    }
}
