//! Times that count back from now, as lists on web pages write them: "2 hours ago", "3h", "gestern", "2小时前". Pure.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::{readings, tokens::normal};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Words for units in the form of [`normal`], with their seconds. Unicode CLDR 46, `fields/*/relativeTime-type-past`, and
/// the short forms that lists use. A month has 30 days, a year 365.
const UNITS: &[(i64, &str)] = &[
    (
        1,
        "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos secondo secondi секунд секунды \
        секунду saniye giay detik 秒 秒钟 초",
    ),
    (
        MINUTE,
        "m min mins minute minutes minuten minuto minutos minuti минут минуты минуту мин dakika phut menit 分 分钟 分鐘 分間 분",
    ),
    (
        HOUR,
        "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore час часа часов saat gio jam 小时 小時 時間 个小时 시간",
    ),
    (DAY, "d day days tag tage tagen jour jours dia dias giorno giorni день дня днеи gun ngay hari 天 日 일"),
    (
        7 * DAY,
        "w wk wks week weeks woche wochen semaine semaines semana semanas settimana settimane неделю недели недель \
        hafta tuan minggu 周 週間 주",
    ),
    (
        30 * DAY,
        "mo month months monat monate monaten mois mes meses mese mesi месяц месяца месяцев ay thang bulan 个月 個月 か月 ヶ月 개월",
    ),
    (
        365 * DAY,
        "y yr yrs year years jahr jahre jahren an ans ano anos anno anni год года лет yil nam tahun 年 년",
    ),
];
/// Words that say "ago", before or after the number.
const PAST: &[&str] =
    &["ago", "vor", "il y a", "hace", "ha", "fa", "назад", "once", "truoc", "lalu", "yang lalu", "前", "전"];
/// Words for one.
const ONE: &[&str] = &["a", "an", "one", "einer", "einem", "un", "una", "une", "um", "uma"];
/// Words for now.
const NOW: &[&str] = &[
    "now",
    "just now",
    "gerade eben",
    "a l'instant",
    "ahora",
    "agora",
    "только что",
    "刚刚",
    "剛剛",
    "방금",
];
const TODAY: &[&str] =
    &["today", "heute", "aujourd'hui", "hoy", "hoje", "oggi", "сегодня", "今天", "今日", "오늘"];
const YESTERDAY: &[&str] =
    &["yesterday", "gestern", "hier", "ayer", "ontem", "ieri", "вчера", "昨天", "昨日", "어제"];
/// A day without a year is one of the past: not later than this after the day of `now`.
const AHEAD_DAYS: i64 = 2;

/// The instant that `text` means at `now`: a time that counts back, a day by its name, or a day and month without a year.
#[must_use]
pub fn read(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > 60 {
        return None;
    }
    let normal = normal(text);
    let plain = normal.trim();
    let today = now.to_zoned_datetime(TimeZone::UTC).date();
    let start = |day: Date| Some(day.at(0, 0, 0, 0).to_zoned_datetime(TimeZone::UTC).ok()?.timestamp());
    if NOW.contains(&plain) {
        return Some(now);
    }
    if TODAY.contains(&plain) {
        return start(today);
    }
    if YESTERDAY.contains(&plain) {
        return start(today.yesterday().ok()?);
    }
    counted(plain).and_then(|back| now.checked_sub(back).ok()).or_else(|| without_year(text, today))
}

/// How long ago `text` says something was.
fn counted(text: &str) -> Option<SignedDuration> {
    let (mut rest, mut past) = (text, false);
    for word in PAST {
        if let Some(shorter) = rest.strip_suffix(word).or_else(|| rest.strip_prefix(word)) {
            (rest, past) = (shorter.trim(), true);
            break;
        }
    }
    for about in ["about ", "ca ", "circa ", "etwa "] {
        rest = rest.strip_prefix(about).unwrap_or(rest);
    }
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, unit) = if end > 0 {
        (rest[..end].parse::<i64>().ok().filter(|number| *number <= 10_000)?, &rest[end..])
    } else {
        let (word, unit) = rest.split_once(' ')?;
        // "an hour" alone is a length.
        (ONE.contains(&word).then_some(1).filter(|_| past)?, unit)
    };
    let unit = unit.trim().trim_end_matches('.');
    // Without a word for "ago" only a unit of one or few letters is a time of a list, such as 3h or 5min.
    let is_short = unit.is_ascii() && unit.len() <= 3;
    let seconds = UNITS.iter().find(|(_, names)| names.split_whitespace().any(|name| name == unit))?.0;
    (past || is_short).then(|| SignedDuration::from_secs(number * seconds))
}

/// A day and month without a year: the last such day.
fn without_year(text: &str, today: Date) -> Option<Timestamp> {
    let has_year = text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= 4);
    let has_letter = text.chars().any(char::is_alphabetic);
    if has_year || !has_letter {
        return None;
    }
    let limit = today.checked_add(jiff::Span::new().days(AHEAD_DAYS)).ok()?;
    [today.year(), today.year() - 1].into_iter().find_map(|year| {
        let at = readings(&format!("{text} {year}"))?.instant(None)?;
        (at.to_zoned_datetime(TimeZone::UTC).date() <= limit).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        read(text, "2026-11-28T12:00:00Z".parse().unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn times_count_back_in_the_languages_of_lists() {
        for (text, meant) in [
            ("2 hours ago", "2026-11-28T10:00:00Z"),
            ("an hour ago", "2026-11-28T11:00:00Z"),
            ("about 3 days ago", "2026-11-25T12:00:00Z"),
            ("3h", "2026-11-28T09:00:00Z"),
            ("5 min", "2026-11-28T11:55:00Z"),
            ("5 mins ago", "2026-11-28T11:55:00Z"),
            ("2 weeks ago", "2026-11-14T12:00:00Z"),
            ("vor 2 Stunden", "2026-11-28T10:00:00Z"),
            ("vor einem Tag", "2026-11-27T12:00:00Z"),
            ("hace 10 minutos", "2026-11-28T11:50:00Z"),
            ("il y a 3 heures", "2026-11-28T09:00:00Z"),
            ("há 2 dias", "2026-11-26T12:00:00Z"),
            ("2 часа назад", "2026-11-28T10:00:00Z"),
            ("2小时前", "2026-11-28T10:00:00Z"),
            ("3 日前", "2026-11-25T12:00:00Z"),
            ("5분 전", "2026-11-28T11:55:00Z"),
            ("2 giờ trước", "2026-11-28T10:00:00Z"),
            ("Just now", "2026-11-28T12:00:00Z"),
            ("Yesterday", "2026-11-27T00:00:00Z"),
            ("heute", "2026-11-28T00:00:00Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(meant), "{text}");
        }
    }

    #[test]
    fn a_day_without_a_year_is_the_last_such_day() {
        assert_eq!(at("Nov 26").as_deref(), Some("2026-11-26T00:00:00Z"));
        assert_eq!(at("29 Nov").as_deref(), Some("2026-11-29T00:00:00Z"));
        assert_eq!(at("Dec 24").as_deref(), Some("2025-12-24T00:00:00Z"));
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "2 hours",
            "hour ago",
            "3 tokens ago",
            "5",
            "in 3 days",
            "Read more",
            "2h 30m before",
            "an hour",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
