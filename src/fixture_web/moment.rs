//! Days inside written texts, so that "on 28 November" is equally far ahead in any month. Pure.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

/// `text` with every placeholder replaced by the day so many days from `now` (seconds since 1970, UTC), in the
/// spelling its name asks for; the names stand in `fixtures/README.md`. Braces that hold anything else stay.
pub fn fill(text: &str, now: i64) -> String {
    let today =
        Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(TimeZone::UTC).date();
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once('{') {
        filled.push_str(before);
        if let Some((date, after)) = placeholder(opened, today) {
            filled.push_str(&date);
            rest = after;
        } else {
            filled.push('{');
            rest = opened;
        }
    }
    filled + rest
}

/// The spelled day of a placeholder whose brace is open, and what follows it.
fn placeholder(opened: &str, today: Date) -> Option<(String, &str)> {
    let (inside, after) = opened.split_once('}')?;
    let (form, days) = inside.split_at(inside.find(['+', '-'])?);
    let day = today.checked_add(days.parse::<i64>().ok()?.days()).ok()?;
    Some((spelled(form, day)?, after))
}

fn spelled(form: &str, day: Date) -> Option<String> {
    let quarter = usize::try_from((day.month() - 1) / 3).ok()?;
    let format = match form {
        "day" => "%-d %B",
        "date" => "%B %-d, %Y",
        "month" => "%B %-d",
        "weekday" => "%A",
        "iso" => "%Y-%m-%d",
        "nextmonth" => return Some(day.last_of_month().tomorrow().ok()?.strftime("%B").to_string()),
        "q" => return Some(format!("Q{} {}", quarter + 1, day.year())),
        "quarter" => {
            let name = ["first", "second", "third", "fourth"].get(quarter)?;
            return Some(format!("{name} quarter of {}", day.year()));
        }
        _ => return None,
    };
    Some(day.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 30 January 2027, half past eleven at night.
    const NOW: i64 = 1_801_351_800;

    #[test]
    fn every_form_is_spelled_and_other_braces_stay() {
        for (text, spelled) in [
            ("on {day+0}", "on 30 January"),
            ("{date-30} to {month+2}", "December 31, 2026 to February 1"),
            ("{weekday+1}, {iso+29}", "Sunday, 2027-02-28"),
            ("in {nextmonth+0}, {q+75}", "in February, Q2 2027"),
            ("the {quarter-40}", "the fourth quarter of 2026"),
            ("{} {day} {noon+1} {day+x} {day+1", "{} {day} {noon+1} {day+x} {day+1"),
        ] {
            assert_eq!(fill(text, NOW), spelled);
        }
    }
}
