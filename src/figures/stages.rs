//! The ten stages of a cycle and how long each took.
//!
//! Owns their names and order (docs/reference/outputs.md#stages).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::histogram::{Histogram, HistogramError, Times};

/// One stage of a cycle, in the order in which news passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StageName {
    /// Deciding what is due.
    Plan,
    /// Asking for a feed, from request to last byte.
    FeedFetch,
    /// Bytes to entries.
    FeedParse,
    /// Sorting out what cannot matter.
    EarlyFilter,
    /// Asking for an article.
    ArticleFetch,
    /// Page to text.
    Extract,
    /// Text to verdict.
    Judge,
    /// Asking X.
    XFetch,
    /// Saving a visit.
    Commit,
    /// Telling people.
    Alert,
}

impl StageName {
    /// Every stage, in order.
    pub const ALL: [Self; 10] = [
        Self::Plan,
        Self::FeedFetch,
        Self::FeedParse,
        Self::EarlyFilter,
        Self::ArticleFetch,
        Self::Extract,
        Self::Judge,
        Self::XFetch,
        Self::Commit,
        Self::Alert,
    ];

    /// The name used in outputs and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::FeedFetch => "feed_fetch",
            Self::FeedParse => "feed_parse",
            Self::EarlyFilter => "early_filter",
            Self::ArticleFetch => "article_fetch",
            Self::Extract => "extract",
            Self::Judge => "judge",
            Self::XFetch => "x_fetch",
            Self::Commit => "commit",
            Self::Alert => "alert",
        }
    }
}

/// The durations of every stage of one cycle, or of one visit before it is added to its cycle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StageHistograms {
    stages: [Option<Box<Histogram>>; 10],
}

impl StageHistograms {
    /// Adds one run of `stage`.
    pub fn record(&mut self, stage: StageName, duration: Duration) {
        self.stages[stage as usize].get_or_insert_default().record(duration);
    }

    /// Adds all runs of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.stages.iter_mut().zip(&other.stages) {
            if let Some(theirs) = theirs {
                ours.get_or_insert_default().merge(theirs);
            }
        }
    }

    /// The stages that ran, by name, as the database keeps them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<(String, Vec<u8>)> {
        let ran = |stage: StageName| Some((stage.as_str().to_owned(), self.get(stage)?.to_bytes()));
        StageName::ALL.into_iter().filter_map(ran).collect()
    }

    /// Adds stages as the database keeps them; names that are no stage are passed over.
    ///
    /// # Errors
    /// When bytes are damaged.
    pub fn add_bytes(&mut self, kept: &[(String, Vec<u8>)]) -> Result<(), HistogramError> {
        for (name, bytes) in kept {
            if let Some(stage) = StageName::ALL.into_iter().find(|stage| stage.as_str() == name) {
                self.stages[stage as usize].get_or_insert_default().merge(&Histogram::from_bytes(bytes)?);
            }
        }
        Ok(())
    }

    /// The figures of the report.
    #[must_use]
    pub fn times(&self) -> StageTimes {
        let of = |stage| self.get(stage).map(Histogram::times).unwrap_or_default();
        StageTimes {
            plan: of(StageName::Plan),
            feed_fetch: of(StageName::FeedFetch),
            feed_parse: of(StageName::FeedParse),
            early_filter: of(StageName::EarlyFilter),
            article_fetch: of(StageName::ArticleFetch),
            extract: of(StageName::Extract),
            judge: of(StageName::Judge),
            x_fetch: of(StageName::XFetch),
            commit: of(StageName::Commit),
            alert: of(StageName::Alert),
        }
    }

    /// The times of `stage`, if it ran.
    #[must_use]
    pub fn get(&self, stage: StageName) -> Option<&Histogram> {
        self.stages[stage as usize].as_deref()
    }
}

/// `stages_ms` of the report; a field per [`StageName`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is documented as its stage name")]
pub struct StageTimes {
    pub plan: Times,
    pub feed_fetch: Times,
    pub feed_parse: Times,
    pub early_filter: Times,
    pub article_fetch: Times,
    pub extract: Times,
    pub judge: Times,
    pub x_fetch: Times,
    pub commit: Times,
    pub alert: Times,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_reports_under_its_own_name() {
        for stage in StageName::ALL {
            let mut histograms = StageHistograms::default();
            histograms.record(stage, Duration::from_millis(7));
            let times = serde_json::to_value(histograms.times()).unwrap();
            let measured: Vec<_> =
                times.as_object().unwrap().iter().filter(|(_, times)| times["count"] == 1).collect();
            assert_eq!(measured.len(), 1);
            assert_eq!(measured[0].0, stage.as_str());
            assert_eq!(histograms.to_bytes()[0].0, stage.as_str());
        }
    }

    #[test]
    fn visits_add_up() {
        let mut cycle = StageHistograms::default();
        for ms in [10, 20] {
            let mut visit = StageHistograms::default();
            visit.record(StageName::FeedFetch, Duration::from_millis(ms));
            cycle.merge(&visit);
        }
        assert!(matches!(cycle.times().feed_fetch, Times::Measured { count: 2, .. }));
        assert_eq!(cycle.times().judge, Times::Unmeasured {});
        assert_eq!(cycle.to_bytes().len(), 1);
        let mut back = StageHistograms::default();
        back.add_bytes(&cycle.to_bytes()).unwrap();
        assert_eq!(back, cycle);
    }
}
