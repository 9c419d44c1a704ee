//! The figures of two times side by side. Pure.

use jiff::Timestamp;
use strum::IntoStaticStr;

use super::{
    catalog::{Figure, Fold, Unit, figures},
    sums::Sums,
};

const DAY_S: f64 = 86_400.0;

/// A time with the sums of its cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first instant.
    pub from: Timestamp,
    /// The instant after it.
    pub to: Timestamp,
    /// Of the cycles that began in it.
    pub sums: Sums,
}

impl Window {
    /// `2026-11-14 10:00 to 2026-11-21 10:00 UTC`.
    #[must_use]
    pub fn words(&self) -> String {
        let minute = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
        format!("{} to {} UTC", minute(self.from), minute(self.to))
    }

    fn days(&self) -> f64 {
        self.to.duration_since(self.from).as_secs_f64() / DAY_S
    }
}

/// What a figure that adds up is divided by, so that windows of different length can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Per {
    /// Durations: the mean of a cycle.
    Cycle,
    /// Counts, bytes, dollars: the mean of 24 hours.
    Day,
    /// Shares, largest and last values: nothing.
    #[strum(serialize = "")]
    Nothing,
}

impl Per {
    /// The word in outputs; empty for [`Self::Nothing`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A figure in two windows.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// Which.
    pub figure: &'static Figure,
    /// What both values are divided by.
    pub per: Per,
    /// In the later window; `None` where it was not measured.
    pub now: Option<f64>,
    /// In the earlier window.
    pub before: Option<f64>,
}

impl Comparison {
    /// `figure` in both windows.
    #[must_use]
    pub fn of(figure: &'static Figure, now: &Window, before: &Window) -> Self {
        let per = match (figure.fold, figure.unit) {
            (Fold::Sum, Unit::Milliseconds) => Per::Cycle,
            (Fold::Sum, _) => Per::Day,
            _ => Per::Nothing,
        };
        let value = |window: &Window| {
            let by = match per {
                Per::Cycle => window.sums.cycles as f64,
                Per::Day => window.days(),
                Per::Nothing => 1.0,
            };
            figure.value(&window.sums).filter(|_| by > 0.0).map(|value| value / by)
        };
        Self { figure, per, now: value(now), before: value(before) }
    }

    /// By which part of the earlier value the figure changed: 0.5 is half more. `None` without an earlier value.
    #[must_use]
    pub fn change(&self) -> Option<f64> {
        let before = self.before.filter(|before| *before != 0.0)?;
        Some(self.now? / before - 1.0)
    }

    /// Whether it is zero, or not measured, in both windows.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        [self.now, self.before].into_iter().flatten().all(|value| value == 0.0)
    }

    /// New figures first, then by the factor of the change in either direction, then those that cannot be compared.
    fn rank(&self) -> f64 {
        let (Some(now), Some(before)) = (self.now, self.before) else { return -1.0 };
        if self.is_zero() {
            0.0
        } else if before == 0.0 {
            f64::INFINITY
        } else if now == 0.0 {
            f64::MAX
        } else {
            (now / before).ln().abs()
        }
    }
}

/// All figures in both windows, the biggest change first.
#[must_use]
pub fn biggest_first(now: &Window, before: &Window) -> Vec<Comparison> {
    let mut all: Vec<Comparison> = figures().map(|figure| Comparison::of(figure, now, before)).collect();
    all.sort_by(|a, b| b.rank().total_cmp(&a.rank()));
    all
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::figures::catalog::find;

    fn window(days: i64, sums: &Sums) -> Window {
        let to = "2026-11-21T10:00:00Z".parse().unwrap();
        Window { from: to - SignedDuration::from_hours(24 * days), to, sums: *sums }
    }

    fn of(name: &str, now: &Window, before: &Window) -> Comparison {
        Comparison::of(find(name).unwrap(), now, before)
    }

    #[test]
    fn sums_are_compared_by_day_and_durations_by_cycle() {
        let now = window(2, &Sums { cycles: 4, requests: 300, duration_ms: 800, ..Sums::default() });
        let before = window(1, &Sums { cycles: 1, requests: 100, duration_ms: 400, ..Sums::default() });
        let requests = of("http.requests", &now, &before);
        assert_eq!((requests.now, requests.before, requests.change()), (Some(150.0), Some(100.0), Some(0.5)));
        let duration = of("cycle.duration_ms", &now, &before);
        assert_eq!((duration.per, duration.now, duration.change()), (Per::Cycle, Some(200.0), Some(-0.5)));
        let share = of("cycle.success_ratio", &now, &before);
        assert_eq!((share.per, share.now), (Per::Nothing, Some(1.0)));
    }

    #[test]
    fn the_biggest_change_is_first_in_either_direction() {
        let sums = |retries, requests, entries_new| Sums {
            cycles: 1,
            retries,
            requests,
            entries_new,
            ..Sums::default()
        };
        let (now, before) = (window(1, &sums(5, 110, 10)), window(1, &sums(0, 100, 40)));
        let all = biggest_first(&now, &before);
        let place = |name| all.iter().position(|one| one.figure.name == name).unwrap();
        assert_eq!(place("http.retries"), 0);
        assert!(place("entries.new") < place("http.requests"));
        assert!(
            all[place("http.retries")].change().is_none() && all[place("http.retries")].before == Some(0.0)
        );
        assert!(of("stories.new", &now, &before).is_zero());
    }
}
