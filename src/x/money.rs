//! Costs in millionths of a dollar (docs/reference/x-api.md#money). Pure.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// Why a call is not made once the month's budget is spent.
pub(crate) const BUDGET_USED_UP: &str = "the month's budget is used up";

/// Prices of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// Of a post.
    pub post: u64,
    /// Of a user.
    pub user: u64,
}

/// Millionths in `dollars`, rounded to the nearest; 0 for negative and undefined amounts.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "amounts are checked to be small"
)]
pub fn micros(dollars: f64) -> u64 {
    if dollars.is_finite() && dollars > 0.0 { (dollars * 1e6).round() as u64 } else { 0 }
}

/// The calendar day of `at`, UTC: within it the same object is charged once (docs/reference/x-api.md#billing-day).
#[must_use]
pub fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

/// The calendar month of `at`, UTC, as `2026-11`: the period of the budget.
#[must_use]
pub fn month(at: Timestamp) -> String {
    day(at).strftime("%Y-%m").to_string()
}

/// Objects that the rest of the budget pays for: `wanted` at most, `None` below `least`.
#[must_use]
pub fn affordable(budget: u64, spent: u64, price: u64, wanted: u32, least: u32) -> Option<u32> {
    if price == 0 {
        return Some(wanted);
    }
    let fits = u32::try_from(budget.saturating_sub(spent) / price).unwrap_or(u32::MAX);
    (fits >= least).then(|| fits.min(wanted))
}

/// Cost of the month if the days to come cost as much as the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// Millionths of a dollar; never above the budget, which ends the spending.
    pub month: u64,
    /// Whole days until the budget is used up; `None` where it lasts to the end of the month.
    pub days_left: Option<u32>,
}

/// Forecasts from what was spent this month and what the last `lately_hours` hours cost.
#[must_use]
pub fn forecast(now: Timestamp, spent: u64, lately: u64, lately_hours: u64, budget: u64) -> Forecast {
    let today = day(now);
    let hour = u64::try_from(now.to_zoned_datetime(TimeZone::UTC).hour()).unwrap_or(0);
    let days_to_come = u64::try_from(today.days_in_month() - today.day()).unwrap_or(0);
    let hours_to_come = days_to_come * 24 + (24 - hour);
    let hours = lately_hours.clamp(1, 24);
    let to_come = u64::try_from(u128::from(lately) * u128::from(hours_to_come) / u128::from(hours));
    let whole = spent.saturating_add(to_come.unwrap_or(u64::MAX));
    let left = budget.saturating_sub(spent);
    let days_left = (whole > budget && lately > 0)
        .then(|| u128::from(left) * u128::from(hours) / (u128::from(lately) * 24))
        .map(|days| u32::try_from(days).unwrap_or(u32::MAX));
    Forecast { month: whole.min(budget.max(spent)), days_left }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        assert_eq!((micros(0.005), micros(0.010), micros(5.0)), (5_000, 10_000, 5_000_000));
        assert_eq!((micros(f64::NAN), micros(-1.0)), (0, 0));
    }

    #[test]
    fn a_call_shrinks_to_what_is_left_and_is_left_out_below_the_least() {
        assert_eq!(affordable(5_000_000, 0, 5_000, 100, 10), Some(100));
        assert_eq!(affordable(5_000_000, 4_900_000, 5_000, 100, 10), Some(20));
        assert_eq!(affordable(5_000_000, 4_950_000, 5_000, 100, 10), Some(10));
        assert_eq!(affordable(5_000_000, 4_950_001, 5_000, 100, 10), None);
        assert_eq!(affordable(5_000_000, 6_000_000, 5_000, 100, 10), None);
        assert_eq!(affordable(0, 0, 0, 100, 10), Some(100));
    }

    #[test]
    fn the_budget_counts_by_the_calendar_of_utc() {
        let late: Timestamp = "2026-11-30T23:59:59.999Z".parse().unwrap();
        let next: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        assert_eq!((month(late), month(next)), ("2026-11".to_owned(), "2026-12".to_owned()));
        assert_ne!(day(late), day(next));
    }

    #[test]
    fn a_forecast_ends_at_the_budget_and_says_when() {
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let calm = forecast(now, 1_000_000, 100_000, 24, 5_000_000);
        assert_eq!(calm, Forecast { month: 2_000_000, days_left: None });
        let dear = forecast(now, 1_000_000, 1_000_000, 24, 5_000_000);
        assert_eq!(dear, Forecast { month: 5_000_000, days_left: Some(4) });
        assert_eq!(forecast(now, 0, 0, 0, 5_000_000), Forecast { month: 0, days_left: None });
    }
}
