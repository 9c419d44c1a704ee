//! All figures of cycles by name: those of the report, over any set of cycles.

use strum::IntoStaticStr;

use super::sums::{SUMMED, Sums};

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "FigureUnit"))]
pub enum Unit {
    /// A number of things.
    Count,
    /// A time in seconds.
    #[serde(rename = "s")]
    Seconds,
    /// A time in milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// A size in bytes.
    Bytes,
    /// An amount of US dollars.
    #[serde(rename = "usd")]
    Dollars,
    /// A share, 0 to 1, or another ratio.
    Ratio,
}

impl Unit {
    /// The name in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How the figure of several cycles follows from that of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// They are added.
    Sum,
    /// The largest.
    Largest,
    /// That of the last cycle.
    Last,
    /// A ratio of two sums.
    Ratio,
}

/// A figure of one or more cycles.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Its place in the JSON of a cycle, such as `http.outcomes.429`.
    pub name: &'static str,
    /// The unit of its value.
    pub unit: Unit,
    /// How cycles are combined.
    pub fold: Fold,
    pub(super) of: Value,
}

/// How a figure is computed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// A field; dollars in millionths.
    Sum(fn(&Sums) -> Option<u64>),
    /// One field in another, and the other: the cases that it is a share of.
    Share(fn(&Sums) -> Option<f64>, fn(&Sums) -> u64),
}

/// The shares.
const SHARES: &[Figure] = &[
    share("calls.reduction", Sums::reduction, |sums| sums.calls_naive),
    share("cache.hit_ratio", Sums::hit_ratio, |sums| sums.lookups),
    share("http.connection_reuse", Sums::connection_reuse, |sums| sums.requests),
    share("http.reuse_of_possible", Sums::reuse_of_possible, |sums| sums.connections_reusable.unwrap_or(0)),
    share("http.compression_ratio", Sums::compression_ratio, |sums| sums.bytes_encoded.unwrap_or(0)),
    share("feeds.error_ratio", Sums::error_ratio, |sums| sums.feeds_asked),
    share("cycle.success_ratio", Sums::success_ratio, |sums| sums.cycles),
];

const fn share(name: &'static str, of: fn(&Sums) -> Option<f64>, cases: fn(&Sums) -> u64) -> Figure {
    Figure { name, unit: Unit::Ratio, fold: Fold::Ratio, of: Value::Share(of, cases) }
}

impl Figure {
    /// Its value over the cycles of `sums`; `None` where none of them measured it.
    #[must_use]
    pub fn value(&self, sums: &Sums) -> Option<f64> {
        match self.of {
            _ if sums.cycles == 0 => None,
            Value::Sum(of) if self.unit == Unit::Dollars => Some(of(sums)? as f64 / 1e6),
            Value::Sum(of) => Some(of(sums)? as f64),
            Value::Share(of, _) => of(sums),
        }
    }

    /// The number of cases that a share is taken of; `None` for other figures.
    #[must_use]
    pub fn cases(&self, sums: &Sums) -> Option<u64> {
        match self.of {
            Value::Share(_, cases) => Some(cases(sums)),
            Value::Sum(_) => None,
        }
    }
}

/// All figures.
pub fn figures() -> impl Iterator<Item = &'static Figure> {
    SUMMED.iter().chain(SHARES)
}

/// The figure of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Figure> {
    figures().find(|figure| figure.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::figures::CycleReport;

    /// Numbers of the report that are no figure, by the beginning of their place, with the reason.
    const NO_FIGURE: &[(&str, &str)] = &[
        ("schema", "version of the JSON"),
        ("cycle.id", "no quantity"),
        ("cycle.exit_code", "no quantity; cycle.degraded counts"),
        ("stages_ms", "kept as histograms"),
        ("x.planned", "only in a dry run"),
        ("detections_by_class", "figures detections.critical to detections.low"),
        ("x.problem", "text"),
    ];

    fn numbers(place: &str, value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (key, value) in fields {
                    let dot = if place.is_empty() { "" } else { "." };
                    numbers(&format!("{place}{dot}{key}"), value, found);
                }
            }
            serde_json::Value::Array(_) => {}
            serde_json::Value::String(text) if text.parse::<f64>().is_err() => {}
            _ => found.push(place.to_owned()),
        }
    }

    #[test]
    fn every_number_of_the_report_is_a_figure_or_has_a_reason() {
        use crate::figures::report::XUsageFigures;
        let mut report = CycleReport::default();
        report.x.usage = Some(XUsageFigures::default());
        let mut found = Vec::new();
        numbers("", &serde_json::to_value(&report).unwrap(), &mut found);
        found.retain(|place| !NO_FIGURE.iter().any(|(start, _)| place.starts_with(start)));
        let missing: Vec<_> = found.iter().filter(|place| find(place).is_none()).collect();
        assert!(missing.is_empty() && found.len() > 50, "{missing:?}, {}", found.len());
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = figures().map(|figure| figure.name).collect();
        assert_eq!(names.len(), figures().count());
    }

    #[test]
    fn a_share_over_cycles_is_the_share_of_their_sums() {
        let mut report = CycleReport::default();
        (report.cache.lookups, report.cache.fresh_hits) = (10, 1);
        let mut sums = Sums::of(&report);
        (report.cache.lookups, report.cache.fresh_hits) = (90, 79);
        (report.x.cost_usd.micros, report.memory.peak_rss_bytes) = (2_500_000, None);
        sums.add(&Sums::of(&report));
        let value = |name| find(name).unwrap().value(&sums);
        assert_eq!(value("cache.hit_ratio"), Some(0.8));
        assert_eq!(value("x.cost_usd"), Some(2.5));
        assert_eq!(value("memory.peak_rss_bytes"), None);
        assert_eq!(value("http.connection_reuse"), None);
        assert_eq!(find("cycles").unwrap().value(&Sums::default()), None);
    }
}
