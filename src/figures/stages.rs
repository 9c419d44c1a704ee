//! The ten stages of a cycle and how long each took (docs/reference/outputs.md#stages).

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::histogram::{Histogram, HistogramError, Times};

/// One stage of a cycle, in the order in which news passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum StageName {
    /// Selection of the due sources.
    Plan,
    /// A feed's request, redirects and retries included.
    FeedFetch,
    /// Bytes to entries.
    FeedParse,
    /// Which new entries of a feed are candidates.
    EarlyFilter,
    /// A page's request.
    ArticleFetch,
    /// Page to text.
    Extract,
    /// Text to verdict.
    Judge,
    /// A call to X.
    XFetch,
    /// Saving a visit.
    Commit,
    /// Delivery of alerts.
    Alert,
}

impl StageName {
    /// The name used in outputs and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// `stages_ms` of the report.
pub type StageTimes = BTreeMap<StageName, Times>;

/// The durations of every stage of one cycle.
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

    /// The stages that ran, by name, for the database.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<(String, Vec<u8>)> {
        let ran = |stage: &StageName| Some((stage.as_str().to_owned(), self.get(*stage)?.to_bytes()));
        StageName::VARIANTS.iter().filter_map(ran).collect()
    }

    /// Adds stages from the database; other names are ignored.
    ///
    /// # Errors
    /// When bytes are damaged.
    pub fn add_bytes(&mut self, stored: &[(String, Vec<u8>)]) -> Result<(), HistogramError> {
        for (name, bytes) in stored {
            if let Ok(stage) = name.parse::<StageName>() {
                self.stages[stage as usize].get_or_insert_default().merge(&Histogram::from_bytes(bytes)?);
            }
        }
        Ok(())
    }

    /// The figures of the report, of every stage.
    #[must_use]
    pub fn times(&self) -> StageTimes {
        let times = |stage: &StageName| (*stage, self.get(*stage).map(Histogram::times).unwrap_or_default());
        StageName::VARIANTS.iter().map(times).collect()
    }

    /// The durations of `stage`, if it ran.
    #[must_use]
    pub fn get(&self, stage: StageName) -> Option<&Histogram> {
        self.stages[stage as usize].as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_reports_under_its_own_name() {
        for &stage in StageName::VARIANTS {
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
        assert!(matches!(cycle.times()[&StageName::FeedFetch], Times::Measured { count: 2, .. }));
        assert_eq!(cycle.times()[&StageName::Judge], Times::Unmeasured {});
        assert_eq!(cycle.to_bytes().len(), 1);
        let mut back = StageHistograms::default();
        back.add_bytes(&cycle.to_bytes()).unwrap();
        assert_eq!(back, cycle);
    }
}
