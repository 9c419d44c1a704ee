//! Measured values as people read them: durations, sizes, counts.

use jiff::SignedDuration;

#[must_use]
pub fn seconds(ms: f64) -> String {
    format!("{:.2} s", ms / 1e3)
}

#[must_use]
pub fn bytes(value: f64) -> String {
    match value {
        value if value >= 1_073_741_824.0 => format!("{:.1} GiB", value / 1_073_741_824.0),
        value if value >= 1_048_576.0 => format!("{:.1} MiB", value / 1_048_576.0),
        value if value >= 1024.0 => format!("{:.1} KiB", value / 1024.0),
        value => format!("{value:.0} B"),
    }
}

/// A count with a narrow space between thousands.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count was a whole number before"
)]
#[must_use]
pub fn count(value: f64) -> String {
    let (digits, mut text) = ((value.round() as u64).to_string(), String::new());
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}

/// A duration in one unit: `40 s`, `90 min`, `47 h`, `3 days`; never negative,
/// since clocks are set back.
#[must_use]
pub fn rough(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    match seconds {
        ..60 => format!("{seconds} s"),
        60..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rough_times_have_one_unit() {
        let shown = [-5, 0, 59, 60, 7_199, 7_200, 172_799, 172_800].map(SignedDuration::from_secs).map(rough);
        assert_eq!(shown, ["0 s", "0 s", "59 s", "1 min", "119 min", "2 h", "47 h", "2 days"]);
    }
}
