//! Durations of one kind of work. The only file that uses hdrhistogram.

use std::time::Duration;

use hdrhistogram::{
    Histogram as Hdr,
    serialization::{Deserializer, Serializer, V2DeflateSerializer},
};
use serde::{Deserialize, Serialize};

use super::plain;

/// Significant digits: percentiles are exact to 0.1 %.
const DIGITS: u8 = 3;

/// Longest duration that is distinguished, microseconds: one hour, fifteen times the built-in `cycle.timeout`.
const LONGEST_US: u64 = 3_600_000_000;

/// Why stored durations could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum HistogramError {
    /// The bytes end before the total does.
    #[error("a stored histogram is {0} bytes long, which is too short")]
    Short(usize),
    /// The histogram's own format is damaged.
    #[error("a stored histogram is damaged: {0}")]
    Damaged(String),
}

/// Durations as counts per size, with their exact total.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Hdr<u64>,
    total_us: u64,
}

/// The figures of a stage, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names suffice")]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "StageTimes"))]
pub enum Times {
    Measured {
        count: u64,
        #[serde(serialize_with = "plain")]
        total: f64,
        #[serde(serialize_with = "plain")]
        p50: f64,
        #[serde(serialize_with = "plain")]
        p95: f64,
        #[serde(serialize_with = "plain")]
        p99: f64,
        #[serde(serialize_with = "plain")]
        max: f64,
    },
    /// The stage did not run; `{}` in the report.
    Unmeasured {},
}

impl Default for Times {
    fn default() -> Self {
        Self::Unmeasured {}
    }
}

impl Default for Histogram {
    #[expect(clippy::unwrap_used, reason = "fails only for more than five digits")]
    fn default() -> Self {
        let mut counts = Hdr::new(DIGITS).unwrap();
        counts.auto(true);
        Self { counts, total_us: 0 }
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.counts == other.counts && self.total_us == other.total_us
    }
}

impl Histogram {
    /// Adds one duration. More than an hour counts as an hour in the percentiles and in full in the total.
    #[expect(
        clippy::unwrap_used,
        clippy::missing_panics_doc,
        reason = "fails only where the counts cannot grow"
    )]
    pub fn record(&mut self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.counts.record(us.min(LONGEST_US)).unwrap();
        self.total_us = self.total_us.saturating_add(us);
    }

    /// Adds all durations of `other`.
    #[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "fails only without `auto`")]
    pub fn merge(&mut self, other: &Self) {
        // A copy is many times cheaper than adding thousands of counts to nothing.
        if self.counts.is_empty() && self.total_us == 0 {
            self.clone_from(other);
            return;
        }
        self.counts.add(&other.counts).unwrap();
        self.total_us = self.total_us.saturating_add(other.total_us);
    }

    /// The figures of the report.
    #[must_use]
    pub fn times(&self) -> Times {
        if self.counts.is_empty() {
            return Times::default();
        }
        let ms = |us: u64| us as f64 / 1e3;
        let [p50, p95, p99] = [0.50, 0.95, 0.99].map(|share| ms(self.counts.value_at_quantile(share)));
        Times::Measured {
            count: self.counts.len(),
            total: ms(self.total_us),
            p50,
            p95,
            p99,
            max: ms(self.counts.max()),
        }
    }

    /// For the database: the total in microseconds as eight little-endian bytes, then hdrhistogram's compressed V2
    /// format.
    #[must_use]
    #[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "writing to memory does not fail")]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.total_us.to_le_bytes().to_vec();
        V2DeflateSerializer::new().serialize(&self.counts, &mut bytes).unwrap();
        bytes
    }

    /// The reverse of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HistogramError> {
        let (total, mut counts) = bytes.split_first_chunk().ok_or(HistogramError::Short(bytes.len()))?;
        let damaged =
            |error: hdrhistogram::serialization::DeserializeError| HistogramError::Damaged(error.to_string());
        let mut counts: Hdr<u64> = Deserializer::new().deserialize(&mut counts).map_err(damaged)?;
        counts.auto(true);
        Ok(Self { counts, total_us: u64::from_le_bytes(*total) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(ms: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        ms.into_iter().for_each(|ms| histogram.record(Duration::from_millis(ms)));
        histogram
    }

    fn near(value: f64, expected: f64) -> bool {
        (value - expected).abs() <= expected * 0.001
    }

    #[test]
    fn percentiles_are_those_of_the_durations() {
        let Times::Measured { count, total, p50, p95, p99, max } = histogram(1..=1000).times() else {
            panic!("a thousand durations were recorded")
        };
        assert_eq!(count, 1000);
        assert!(near(total, 500_500.0) && near(p50, 500.0) && near(p95, 950.0));
        assert!(near(p99, 990.0) && near(max, 1000.0), "{p99} {max}");
    }

    #[test]
    fn merging_equals_recording_together() {
        let mut merged = histogram([1, 2, 3]);
        merged.merge(&histogram([4, 50_000]));
        assert_eq!(merged, histogram([1, 2, 3, 4, 50_000]));
    }

    #[test]
    fn bytes_bring_back_the_same_and_go_on_recording() {
        let mut back = Histogram::from_bytes(&histogram([1, 70, 4000]).to_bytes()).unwrap();
        back.record(Duration::from_secs(90));
        assert_eq!(back, histogram([1, 70, 4000, 90_000]));
        assert_eq!(Histogram::from_bytes(&Histogram::default().to_bytes()).unwrap(), Histogram::default());
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        assert!(matches!(Histogram::from_bytes(&[1, 2, 3]), Err(HistogramError::Short(3))));
        assert!(matches!(Histogram::from_bytes(&[0; 20]), Err(HistogramError::Damaged(_))));
    }

    #[test]
    fn a_stage_that_did_not_run_has_no_figures() {
        assert_eq!(serde_json::to_string(&Histogram::default().times()).unwrap(), "{}");
    }

    #[test]
    fn days_are_cut_among_the_percentiles_only() {
        let Times::Measured { total, max, .. } = histogram([86_400_000]).times() else { panic!("recorded") };
        assert!(near(total, 86_400_000.0) && near(max, 3_600_000.0));
    }
}
