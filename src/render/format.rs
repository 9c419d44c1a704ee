//! How single values look in tables, on the page and in sentences.

use jiff::Timestamp;

pub use crate::text::measure::{bytes, count, rough, seconds};

use crate::figures::catalog::Unit;

/// `value` as `show` writes it; a dash where nothing was measured.
pub fn or_dash<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), show)
}

/// A share of 1 as `92 %`.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A share of 1 as `92.4 %`.
pub fn percent_tenths(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Milliseconds; seconds from one second on.
pub fn ms(value: f64) -> String {
    if value >= 1e3 { seconds(value) } else { format!("{value:.0} ms") }
}

/// As [`ms`], with two decimals below 10 ms.
pub fn ms_hundredths(value: f64) -> String {
    if value < 10.0 { format!("{value:.2} ms") } else { ms(value) }
}

/// A figure with its unit; hours from two hours on.
pub fn figure(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Count if value.fract() == 0.0 => count(value),
        Unit::Count if value < 10.0 => format!("{value:.2}"),
        Unit::Count if value < 1e3 => format!("{value:.1}"),
        Unit::Count => count(value),
        Unit::Milliseconds if value >= 7.2e6 => format!("{:.1} h", value / 3.6e6),
        Unit::Milliseconds => ms(value),
        Unit::Seconds => figure(Unit::Milliseconds, value * 1e3),
        Unit::Bytes => bytes(value),
        Unit::Dollars => format!("${value:.2}"),
        Unit::Ratio if value > 1.0 => format!("{value:.2}"),
        Unit::Ratio => percent_tenths(value),
    }
}

/// A whole number without decimals, any other with three.
pub fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// `2026-11-21 10:00`, UTC.
pub fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_change_their_unit_with_their_size() {
        assert_eq!([999.0, 1234.0].map(ms), ["999 ms", "1.23 s"]);
        assert_eq!([7.125, 12.0].map(ms_hundredths), ["7.12 ms", "12 ms"]);
        assert_eq!([512.0, 2048.0, 3_145_728.0].map(bytes), ["512 B", "2.0 KiB", "3.0 MiB"]);
        assert_eq!([999.0, 1_234_567.0].map(count), ["999", "1\u{202F}234\u{202F}567"]);
        assert_eq!([60.0, 0.5].map(number), ["60", "0.500"]);
    }

    #[test]
    fn figures_have_their_unit() {
        let shown = |unit, values: [f64; 3]| values.map(|value| figure(unit, value));
        assert_eq!(shown(Unit::Count, [3.0, 0.125, 1234.5]), ["3", "0.12", "1\u{202F}235"]);
        assert_eq!(shown(Unit::Milliseconds, [999.0, 7.1e6, 7.2e6]), ["999 ms", "7100.00 s", "2.0 h"]);
        assert_eq!(shown(Unit::Ratio, [0.5, 1.0, 4.677]), ["50.0 %", "100.0 %", "4.68"]);
        assert_eq!(figure(Unit::Dollars, 1.5), "$1.50");
        assert_eq!(figure(Unit::Bytes, 2_147_483_648.0), "2.0 GiB");
    }
}
