//! A judgement, and what is told of it (docs/reference/outputs.md#detection).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

/// Where a text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// An entry of a feed or an article.
    News,
    /// A post on X.
    Post,
}

impl Kind {
    /// The name used in outputs and in the database.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What happens to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Event {
    /// A project says it will launch or has launched a token.
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
    /// The name used in outputs, settings and the database.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How far an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Stage {
    /// Announced, not open yet.
    Upcoming,
    /// Open now, or in its first days.
    Live,
    /// Over.
    Past,
}

impl Stage {
    /// The name used in outputs, settings and the database.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How loudly a detection deserves to be told, quietest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Class {
    /// Rumours.
    Low,
    /// Over the threshold.
    Medium,
    /// Score of 75 or more.
    High,
    /// A watched project, at 80 or more, live or dated, from its own mouth or from two outlets.
    Critical,
}

impl Class {
    /// The name used in outputs, settings and the database.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What speaks against trusting a text or its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Caution {
    /// It lures: "connect your wallet to check", "send to receive", from somebody who is not the project.
    Bait,
    /// An address or account that is spelled nearly like a watched project's and is not its own.
    LookAlike,
}

impl Caution {
    /// The name used in outputs.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One thing that moved a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The signal's documented name, such as `phrase:claim is live`.
    pub signal: String,
    /// Points it added (or took) on the 0–100 scale, near the score it led to.
    pub weight: i32,
    /// The words that fired it, as they stand in the text.
    pub text: String,
}

/// A further coin of a text that is about several: "OKX will list Kestrel (KSTL) and Orrin (ORN)".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coin {
    /// Whose token; the watch list's spelling where it is watched.
    pub project: Option<String>,
    /// Ticker without `$`.
    pub token: Option<String>,
    /// Whether the project is on the watch list.
    pub watched: bool,
}

/// What judgement says of one text (docs/reference/outputs.md#classify).
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, and the output's")]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// Whether the score reaches the threshold.
    pub tge: bool,
    /// Speculation without a source that commits itself.
    pub rumour: bool,
    /// 0–100: of the texts scored N about N in a hundred are launches.
    pub score: u8,
    /// What happens; set whenever any event vocabulary was seen.
    pub event: Option<Event>,
    /// How far it has come.
    pub stage: Option<Stage>,
    /// Whose token it is; the watch list's spelling where it is watched.
    pub project: Option<String>,
    /// Ticker without `$`.
    pub token: Option<String>,
    /// Whether the project is on the watch list.
    pub watched: bool,
    /// `2026-11-25`, or `2026-11`, `2026-Q4`, `2026` where no more is said.
    pub event_date: Option<String>,
    /// Whether it is paid placement: a press-release wire, a sponsored text.
    pub paid: bool,
    /// Whether the project itself speaks: its account, or its domain.
    pub official: bool,
    /// The exchange or launchpad where it happens, as written.
    pub venue: Option<String>,
    /// The chain it happens on, where stated.
    pub chain: Option<String>,
    /// What speaks against trusting it.
    pub cautions: Vec<Caution>,
    /// The other coins of a text that is about several.
    pub also: Vec<Coin>,
    /// What moved the score, strongest first.
    pub reasons: Vec<Reason>,
}

/// Another outlet that carried the same story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlet {
    /// Address of its article.
    pub url: String,
    /// Its name.
    pub source: String,
    /// When it published.
    pub published_at: Option<Timestamp>,
}

/// A launch found, ready to be told (docs/reference/outputs.md#detection; the field order is the output's).
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, and the output's")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Lasting identity, derived from what was read, so that a repeated run gives the same.
    pub id: String,
    /// The story it belongs to.
    pub story_id: String,
    /// News or post.
    pub kind: Kind,
    /// What happens.
    pub event: Event,
    /// How far it has come.
    pub stage: Stage,
    /// Speculation only.
    pub rumour: bool,
    /// 0–100.
    pub score: u8,
    /// How loud.
    pub class: Class,
    /// Whose token.
    pub project: Option<String>,
    /// Ticker without `$`.
    pub token: Option<String>,
    /// On the watch list.
    pub watched: bool,
    /// See [`Verdict::event_date`].
    pub event_date: Option<String>,
    /// Headline.
    pub title: String,
    /// Address of the article.
    pub url: String,
    /// Name of the source that had it.
    pub source: String,
    /// Who wrote it; empty if unknown.
    pub author: String,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// When we found it.
    pub detected_at: Timestamp,
    /// The opening of the text, cut at a word.
    pub snippet: String,
    /// Whether its source belongs to the project or the venue.
    #[serde(default)]
    pub official: bool,
    /// Paid placement: a press-release wire, a sponsored text.
    #[serde(default)]
    pub paid: bool,
    /// Outlets of the story that told it in their own words; copies of one press release are one.
    #[serde(default = "one")]
    pub independent_outlets: u32,
    /// The exchange or launchpad where it happens, as written.
    #[serde(default)]
    pub venue: Option<String>,
    /// The chain it happens on, where stated.
    #[serde(default)]
    pub chain: Option<String>,
    /// What speaks against trusting it.
    #[serde(default)]
    pub cautions: Vec<Caution>,
    /// What moved the score, strongest first.
    pub reasons: Vec<Reason>,
    /// The other outlets of the story.
    pub also_at: Vec<Outlet>,
}

/// What a detection kept by an older version is taken to have.
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
