//! Checks of the user: bounds of a figure over a time (docs/reference/checks.md). Pure.

use std::{collections::BTreeMap, time::Duration};

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Serialize, Serializer};

use super::{
    catalog::{Figure, Unit},
    periods::{date, sum_of},
    plain_or_null,
    sums::Sums,
    targets::CHANCES,
    trend::median,
};
use crate::{
    model::Severity,
    text::quantity::{show_duration, show_size},
};

/// Earlier times of the same length whose median a ratio refers to: a week of days.
pub const WINDOWS: u32 = 7;
/// Fewest of them with which a ratio is judged.
const FEWEST: usize = 3;
/// From this length on they are whole days.
pub const DAY: Duration = Duration::from_hours(24);

/// One of `[[checks]]`.
#[derive(Debug, Clone)]
pub struct Check {
    /// What is measured.
    pub figure: &'static Figure,
    /// The time up to now over which it is measured.
    pub over: Duration,
    /// What it should be.
    pub bounds: Bounds,
    /// How serious a miss is.
    pub level: Severity,
}

/// The bounds of a check, in the unit of its figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Bounds {
    /// Smallest value.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_or_null")]
    pub at_least: Option<f64>,
    /// Largest value.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_or_null")]
    pub at_most: Option<f64>,
    /// Smallest multiple of the median of the times before.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_or_null")]
    pub at_least_of_median: Option<f64>,
    /// Largest multiple of it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_or_null")]
    pub at_most_of_median: Option<f64>,
}

/// A check with its measured value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Check"))]
pub struct Judged {
    /// Name of the figure.
    pub figure: &'static str,
    /// Unit of the value.
    pub unit: Unit,
    /// Time over which it is measured.
    #[serde(serialize_with = "shown_duration")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub over: Duration,
    /// How serious a miss is.
    pub level: Severity,
    /// What it should be.
    #[serde(flatten)]
    pub bounds: Bounds,
    /// `None` if no cycle of that time measured it, or too few cases make a share.
    #[serde(serialize_with = "plain_or_null")]
    pub value: Option<f64>,
    /// The median of the times before, if a bound refers to it and enough times are stored.
    #[serde(serialize_with = "plain_or_null")]
    pub median: Option<f64>,
    /// Whether all bounds hold; `None` if none could be judged.
    pub ok: Option<bool>,
}

fn shown_duration<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&show_duration(*duration))
}

/// The cycles that checks are judged on.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Start of the first cycle ever, as far as it is known.
    pub first: Option<Timestamp>,
    /// Sums by day.
    pub days: BTreeMap<Date, Sums>,
    /// Single cycles with their starts, in any order: those of the times for which [`Check::needs`] asks.
    pub cycles: BTreeMap<Timestamp, Sums>,
}

fn midnight_after(at: Timestamp) -> Timestamp {
    let next = date(at).tomorrow().map(|day| day.to_datetime(Time::midnight()));
    next.and_then(|next| TimeZone::UTC.to_timestamp(next)).unwrap_or(at)
}

impl Past {
    /// The sums from `since` until before `until`: the cycles of the first day, and then the sums of whole days if
    /// `until` is `None`, which stands for now.
    fn sums(&self, since: Timestamp, until: Option<Timestamp>) -> Sums {
        let mut sums = Sums::default();
        let end = until.unwrap_or_else(|| midnight_after(since));
        for cycle in self.cycles.range(since..end).map(|(_, cycle)| cycle) {
            sums.add(cycle);
        }
        if until.is_none() {
            let next = date(since).tomorrow().unwrap_or(Date::MAX);
            sums.add(&sum_of(&self.days, next, Date::MAX));
        }
        sums
    }
}

impl Check {
    /// Whether one of its bounds refers to the median.
    fn has_median(&self) -> bool {
        self.bounds.at_least_of_median.is_some() || self.bounds.at_most_of_median.is_some()
    }

    /// The first day whose sums are needed at `now`, and the times for which single cycles are. Cycles older than `kept`
    /// are not stored: then the first day is left out.
    #[must_use]
    pub fn needs(&self, now: Timestamp, kept: Duration) -> (Date, Vec<(Timestamp, Timestamp)>) {
        let since = ago(now, self.over);
        let mut cycles = Vec::new();
        if self.over <= kept {
            cycles.push((since, midnight_after(since)));
        }
        let mut first = date(since);
        if self.has_median() {
            let before = ago(now, self.over * (WINDOWS + 1));
            if self.over < DAY {
                cycles.push((before, since));
            } else {
                first = date(before);
            }
        }
        (first, cycles)
    }

    /// Judges the check at `now`.
    #[must_use]
    pub fn judge(&self, past: &Past, now: Timestamp) -> Judged {
        let since = ago(now, self.over);
        let value = self.value(&past.sums(since, None));
        let median = self.has_median().then(|| self.median(past, now)).flatten();
        let is_filled = past.first.is_some_and(|first| first <= since);
        let Bounds { at_least, at_most, at_least_of_median, at_most_of_median } = self.bounds;
        let of_median = |factor: Option<f64>| Some(factor? * median?);
        // In a part of the time a bound may be reached already; what lacks may still come.
        let least = [at_least, of_median(at_least_of_median)].into_iter().flatten();
        let least = least.filter(|bound| is_filled || value >= Some(*bound));
        let most = [at_most, of_median(at_most_of_median)].into_iter().flatten();
        let held = value.map(|value| {
            let held = least.map(|bound| value >= bound).chain(most.map(|bound| value <= bound));
            held.fold(None, |all: Option<bool>, held| Some(all.unwrap_or(true) && held))
        });
        Judged {
            figure: self.figure.name,
            unit: self.figure.unit,
            over: self.over,
            level: self.level,
            bounds: self.bounds,
            value,
            median,
            ok: held.flatten(),
        }
    }

    /// The figure over `sums`; a share only over enough cases.
    fn value(&self, sums: &Sums) -> Option<f64> {
        let enough = self.figure.cases(sums).is_none_or(|cases| cases >= CHANCES);
        self.figure.value(sums).filter(|_| enough)
    }

    /// The median over the times before the judged one that are stored.
    fn median(&self, past: &Past, now: Timestamp) -> Option<f64> {
        let window = |number: u32| {
            let (start, end) = (ago(now, self.over * (number + 1)), ago(now, self.over * number));
            if past.first.is_none_or(|first| first > start) {
                return None;
            }
            if self.over < DAY {
                return self.value(&past.sums(start, Some(end)));
            }
            let days = i64::try_from(self.over.as_secs() / DAY.as_secs()).unwrap_or(i64::MAX);
            let last = date(now).checked_sub((1 + days * (i64::from(number) - 1)).days()).ok()?;
            let first = last.checked_sub((days - 1).days()).ok()?;
            self.value(&sum_of(&past.days, first, last))
        };
        let values: Vec<f64> = (1..=WINDOWS).filter_map(window).collect();
        if values.len() < FEWEST { None } else { median(values) }
    }
}

fn ago(now: Timestamp, age: Duration) -> Timestamp {
    SignedDuration::try_from(age).ok().and_then(|age| now.checked_sub(age).ok()).unwrap_or(Timestamp::MIN)
}

impl Judged {
    /// `stories.new over 24h: 0`.
    #[must_use]
    pub fn measured(&self) -> String {
        let value = self.value.map_or_else(|| "not measured".to_owned(), |value| show(value, self.unit));
        format!("{} over {}: {value}", self.figure, show_duration(self.over))
    }

    /// `at least 1, at most 3 times the median (12)`.
    #[must_use]
    pub fn wanted(&self) -> String {
        let absolute = |word: &str, bound: Option<f64>| Some(format!("{word} {}", show(bound?, self.unit)));
        let relative = |word: &str, factor: Option<f64>| {
            let median =
                self.median.map_or_else(|| "not known yet".to_owned(), |value| show(value, self.unit));
            Some(format!("{word} {} times the median ({median})", factor?))
        };
        let bounds = [
            absolute("at least", self.bounds.at_least),
            absolute("at most", self.bounds.at_most),
            relative("at least", self.bounds.at_least_of_median),
            relative("at most", self.bounds.at_most_of_median),
        ];
        bounds.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A value with its unit.
#[must_use]
pub fn show(value: f64, unit: Unit) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a figure is not negative")]
    let whole = value.round() as u64;
    match unit {
        Unit::Count => ((value * 100.0).round() / 100.0).to_string(),
        Unit::Ratio => format!("{} %", (value * 1000.0).round() / 10.0),
        Unit::Seconds => show_duration(Duration::from_secs(whole)),
        Unit::Milliseconds => show_duration(Duration::from_millis(whole)),
        Unit::Bytes if whole >= 10 << 20 => show_size(whole >> 20 << 20),
        Unit::Bytes => show_size(whole),
        Unit::Dollars => format!("{value:.2} US dollars"),
    }
}

#[cfg(test)]
mod tests;
