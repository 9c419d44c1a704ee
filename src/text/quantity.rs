//! Durations and sizes as people write them: `250ms`, `10m`, `3d`; `64MiB`.

use std::{fmt::Display, time::Duration};

/// Units of time, smallest first, with their milliseconds.
/// A year has 365 days.
const TIMES: [(&str, u64); 7] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
    ("y", 31_536_000_000),
];

/// Units of size, smallest first, with their bytes.
const SIZES: [(&str, u64); 7] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// `count` with its noun, such as "1 feed" or "3 feeds".
#[must_use]
pub fn plural<N: Display + PartialEq + From<u8>>(count: N, one: &str, many: &str) -> String {
    format!("{count} {}", if count == N::from(1) { one } else { many })
}

/// Reads a duration; `0s` is a wait switched off.
///
/// # Errors
/// A sentence that says what a duration looks like.
pub fn duration(text: &str) -> Result<Duration, String> {
    read(text, &TIMES).map(Duration::from_millis).ok_or_else(|| {
        format!("{text:?} is not a duration; write a whole number and ms, s, m, h, d, w or y, such as 10m")
    })
}

/// Reads a size in bytes.
///
/// # Errors
/// A sentence that says what a size looks like.
pub fn size(text: &str) -> Result<u64, String> {
    read(text, &SIZES).ok_or_else(|| {
        format!(
            "{text:?} is not a size; write a whole number and B, KB, MB, GB, KiB, MiB or GiB, such as 64MiB"
        )
    })
}

fn read(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let worth = units.iter().find(|(name, _)| *name == unit.trim_start())?.1;
    number.parse::<u64>().ok()?.checked_mul(worth)
}

/// Writes a duration in the largest unit that keeps it whole.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if ms == 0 {
        return "0s".to_owned();
    }
    let (unit, worth) =
        TIMES[..5].iter().rev().find(|(_, worth)| ms.is_multiple_of(*worth)).unwrap_or(&TIMES[0]);
    format!("{}{unit}", ms / worth)
}

/// Writes a size in the largest binary unit that keeps it whole.
#[must_use]
pub fn show_size(bytes: u64) -> String {
    let whole = |(_, worth): &&(&str, u64)| bytes > 0 && bytes.is_multiple_of(*worth);
    let (unit, worth) = SIZES[4..].iter().rev().find(whole).unwrap_or(&SIZES[0]);
    format!("{}{unit}", bytes / worth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_again() {
        for text in ["250ms", "10s", "10m", "3d", "0s", "90m", "1001ms"] {
            assert_eq!(show_duration(duration(text).unwrap()), text);
        }
        for text in ["64MiB", "5MiB", "1GiB", "1000B", "0B"] {
            assert_eq!(show_size(size(text).unwrap()), text);
        }
        assert_eq!(size("2MB"), Ok(2_000_000));
        assert_eq!(duration("2 h"), Ok(Duration::from_hours(2)));
        assert_eq!(duration("1y"), duration("365d"));
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for text in
            ["", "10", "m", "-1s", "1.5h", "10 parsecs", "99999999999999999999s", "18446744073709551615w"]
        {
            assert!(duration(text).unwrap_err().contains("such as 10m"), "{text:?}");
        }
        assert!(size("5Mib").is_err());
    }
}
