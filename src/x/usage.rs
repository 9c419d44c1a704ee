//! X's count of the posts it delivered, compared with our own (docs/reference/x-api.md#usage). Pure.
//!
//! X's count is late and is not a bill, so it decides nothing and only causes warnings.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{api, money::day};
use crate::model::{XUsage, XUsageDay, XUsageState};

/// Interval of reading: X allows 50 calls in 15 minutes, and the count changes once a day.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// Interval where the token may not read it.
const NOT_ALLOWED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Wait after a failure.
const FAILED: SignedDuration = SignedDuration::from_hours(1);
/// Age of the day that is compared: X's count is late, and our record of charged posts covers three days.
const BACK: SignedDuration = SignedDuration::from_hours(48);
/// Share of a day's posts, in percent, and posts by which the two counts may differ.
const DIFFERS: (u64, u64) = (10, 20);
/// Share of the cap, in percent, from which it is near.
const NEAR: u64 = 80;

/// The content of a response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageResponse {
    /// Posts of the present billing period.
    pub posts: u64,
    /// Posts that the period allows.
    pub cap: Option<u64>,
    /// Day of the month on which the period begins.
    pub reset_day: Option<u64>,
    /// Posts by day, as `2026-11-21`.
    pub days: Vec<(String, u64)>,
}

/// Reads a body: counts are numbers or strings, days an object or a list.
#[must_use]
pub fn read(body: &[u8]) -> Option<UsageResponse> {
    let root: Value = serde_json::from_slice(body).ok()?;
    let data = &root["data"];
    let number = |name: &str| api::number(&data[name]);
    let daily = &data["daily_project_usage"];
    let rows = daily["usage"].as_array().or_else(|| daily.as_array());
    let day = |row: &Value| {
        let date = row["date"].as_str()?.get(..10)?;
        date.parse::<jiff::civil::Date>().ok()?;
        Some((date.to_owned(), api::number(&row["usage"])?))
    };
    Some(UsageResponse {
        posts: number("project_usage")?,
        cap: number("project_cap").filter(|cap| *cap > 0),
        reset_day: number("cap_reset_day").filter(|day| (1..=31).contains(day)),
        days: rows.into_iter().flatten().filter_map(day).collect(),
    })
}

/// What to store about a response: the counts of a 200, or why there are none.
#[must_use]
pub fn outcome(status: Option<u16>, body: &[u8]) -> (XUsageState, Option<UsageResponse>) {
    match (status, read(body)) {
        (Some(200), Some(usage)) => (XUsageState::Read, Some(usage)),
        (Some(401 | 403 | 404), _) => (XUsageState::NotAllowed, None),
        _ => (XUsageState::Failed, None),
    }
}

/// Whether to read the count at `now`.
#[must_use]
pub fn is_due(known: Option<&XUsage>, credential: &str, now: Timestamp) -> bool {
    let Some(known) = known.filter(|known| known.credential == credential) else { return true };
    let wait = match known.state {
        XUsageState::Read => EVERY,
        XUsageState::NotAllowed => NOT_ALLOWED,
        XUsageState::Failed => FAILED,
    };
    let since = now.duration_since(known.asked_at);
    // Read while the clock was far ahead.
    since >= wait || since < -FAILED
}

/// The day that can be compared at `now`, with its beginning: a whole one that X has counted.
#[must_use]
pub fn compared(now: Timestamp) -> (String, Timestamp) {
    let then = now.checked_sub(BACK).unwrap_or(now);
    let begin = then.as_second().div_euclid(86_400) * 86_400;
    (day(then).to_string(), Timestamp::from_second(begin).unwrap_or(then))
}

/// X's count of the day `date` beside ours.
#[must_use]
pub fn compare(usage: &UsageResponse, date: &str, ours: u64) -> Option<XUsageDay> {
    let (_, theirs) = usage.days.iter().find(|(day, _)| day == date)?;
    Some(XUsageDay { date: date.to_owned(), theirs: *theirs, ours })
}

/// Warnings for the operator.
#[must_use]
pub fn warnings(usage: &XUsage) -> Vec<String> {
    let mut warnings = Vec::new();
    if let (Some(posts), Some(cap)) = (usage.posts, usage.cap)
        && u128::from(posts) * 100 >= u128::from(cap) * u128::from(NEAR)
    {
        let word = if posts >= cap { "used up" } else { "nearly used up" };
        let day = usage
            .reset_day
            .map_or_else(String::new, |day| format!("; it begins again on day {day} of the month"));
        warnings.push(format!("the X plan's cap of posts is {word}: {posts} of {cap}{day}"));
    }
    if let Some(XUsageDay { date, theirs, ours }) = &usage.day {
        let (share, least) = DIFFERS;
        let most = (*theirs.max(ours) / 100).saturating_mul(share).max(least);
        if theirs.abs_diff(*ours) > most {
            let why = if theirs > ours {
                "something else uses the project, or X charges more than is known"
            } else {
                "X counts less than it is taken to charge"
            };
            warnings.push(format!("on {date} X counted {theirs} posts, this program {ours}: {why}"));
        }
    }
    warnings
}

/// The count, as a sentence for the user.
#[must_use]
pub fn sentence(usage: &XUsage) -> String {
    let at = usage.asked_at.strftime("%Y-%m-%d %H:%M UTC");
    match (usage.state, usage.posts) {
        (XUsageState::Read, Some(posts)) => {
            let cap = usage.cap.map_or_else(String::new, |cap| format!(" of {cap}"));
            format!("X counts {posts}{cap} posts in this billing period (asked {at})")
        }
        (XUsageState::NotAllowed, _) => format!("the token may not ask X for its usage (asked {at})"),
        _ => format!("X gave no usage (asked {at})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn both_shapes_and_both_kinds_of_numbers_are_read() {
        let days = vec![("2026-11-19".to_owned(), 40), ("2026-11-20".to_owned(), 7)];
        let usage = UsageResponse { posts: 47, cap: Some(3_000_000), reset_day: Some(14), days };
        for body in [
            r#"{"data":{"project_usage":47,"project_cap":3000000,"cap_reset_day":14,"daily_project_usage":{"project_id":1,
                "usage":[{"date":"2026-11-19T00:00:00.000Z","usage":40},{"date":"2026-11-20T00:00:00.000Z","usage":7}]}}}"#,
            r#"{"data":{"project_usage":"47","project_cap":"3000000","cap_reset_day":"14","daily_project_usage":
                [{"date":"2026-11-19","usage":"40"},{"date":"2026-11-20","usage":"7"},{"date":"soon","usage":3},{"usage":9}]}}"#,
        ] {
            assert_eq!(read(body.as_bytes()), Some(usage.clone()), "{body}");
        }
        let bare = UsageResponse { posts: 1, ..UsageResponse::default() };
        let odd = br#"{"data":{"project_usage":"1","project_cap":-4,"cap_reset_day":99,"daily_project_usage":"x"}}"#;
        assert_eq!(read(odd), Some(bare));
        for nothing in ["", "<html>", "[]", "{}", r#"{"data":{"project_usage":-1}}"#] {
            assert_eq!(read(nothing.as_bytes()), None, "{nothing}");
        }
    }

    #[test]
    fn usage_is_read_once_a_day_and_rarely_where_forbidden() {
        let usage = |state, hours| XUsage {
            credential: "c".to_owned(),
            asked_at: now() - SignedDuration::from_hours(hours),
            state,
            ..XUsage::default()
        };
        assert!(is_due(None, "c", now()));
        for (state, wait) in
            [(XUsageState::Read, 24), (XUsageState::NotAllowed, 168), (XUsageState::Failed, 1)]
        {
            assert!(is_due(Some(&usage(state, wait)), "c", now()), "{state:?}");
            assert!(!is_due(Some(&usage(state, wait - 1)), "c", now()), "{state:?}");
            assert!(is_due(Some(&usage(state, wait - 1)), "another token", now()));
            assert!(is_due(Some(&usage(state, -2)), "c", now()), "a clock that was ahead");
        }
        let body = br#"{"data":{"project_usage":1}}"#;
        assert_eq!(outcome(Some(200), body).0, XUsageState::Read);
        for (status, state) in [
            (Some(200), XUsageState::Failed),
            (Some(401), XUsageState::NotAllowed),
            (Some(403), XUsageState::NotAllowed),
            (Some(404), XUsageState::NotAllowed),
            (Some(429), XUsageState::Failed),
            (Some(503), XUsageState::Failed),
            (None, XUsageState::Failed),
        ] {
            assert_eq!(outcome(status, b"").0, state, "{status:?}");
        }
    }

    #[test]
    fn a_nearly_used_cap_and_different_counts_give_warnings() {
        let (date, begin) = compared(now());
        assert_eq!((date.as_str(), begin), ("2026-11-19", "2026-11-19T00:00:00Z".parse().unwrap()));
        let response = UsageResponse { days: vec![(date.clone(), 130)], ..UsageResponse::default() };
        let usage = |posts, ours| XUsage {
            posts: Some(posts),
            cap: Some(1_000),
            reset_day: Some(14),
            day: compare(&response, &date, ours),
            ..XUsage::default()
        };
        assert_eq!(warnings(&usage(799, 125)), Vec::<String>::new());
        assert_eq!(compare(&response, "2026-11-18", 1), None);
        let near = warnings(&usage(800, 125));
        assert!(near.len() == 1 && near[0].contains("nearly used up: 800 of 1000"), "{near:?}");
        assert!(warnings(&usage(1_000, 125))[0].contains("is used up"));
        let more = warnings(&usage(1, 60));
        assert!(more.len() == 1 && more[0].contains("counted 130 posts, this program 60"), "{more:?}");
        assert!(warnings(&usage(1, 300))[0].contains("X counts less"));
        assert!(warnings(&usage(1, 111)).is_empty());
    }
}
