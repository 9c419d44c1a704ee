//! The numbers of a cycle: histograms, savings, targets, the report (docs/reference/outputs.md#cycle-report). Pure.
//!
//! Other modules count; this one adds up. A figure that was not measured is `None`, never 0.

pub mod availability;
pub mod catalog;
pub mod checks;
pub mod compare;
pub mod drift;
pub mod histogram;
pub mod interval;
pub mod level;
pub mod path;
pub mod periods;
pub mod report;
pub mod saved;
pub mod sources;
pub mod stages;
pub mod suggest;
pub mod sums;
pub mod targets;
pub mod trend;
pub mod usd;

pub use histogram::Histogram;
pub use report::{CycleReport, Unfinished};
pub use stages::{StageHistograms, StageName};

/// `part` of `whole`, rounded to four decimals; `None` where there is no whole.
#[must_use]
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 1e4).round() / 1e4)
}

/// Writes whole numbers without a fraction: 60, not 60.0.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field by reference")]
fn plain<S: serde::Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // Up to 2^53 every whole f64 is an exact i64.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        #[expect(clippy::cast_possible_truncation, reason = "checked the line above")]
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

/// [`plain`] for a figure that may not have been measured.
#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn plain_or_null<S: serde::Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => plain(value, serializer),
        None => serializer.serialize_none(),
    }
}
