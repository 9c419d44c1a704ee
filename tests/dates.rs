//! Dates of every supported form and language: rendered and read, and damaged.
//!
//! Cases: `PROPTEST_CASES`, 256 without it. A long run: `PROPTEST_CASES=100000 cargo test --test main dates::`.

mod languages;

use jiff::{
    Timestamp,
    civil::{DateTime, Weekday},
    tz::{Offset, TimeZone},
};
use proptest::{prelude::*, sample::Index};
use tge_scrape::text::dates::read;

use languages::{LANGUAGES, Language, PARTS};

use crate::properties::{date, folded};

fn word(list: &str, at: usize) -> String {
    list.split(' ').nth(at).unwrap_or_default().replace('_', " ")
}

fn weekday(language: &Language, weekday: Weekday) -> String {
    word(language.days, usize::try_from(weekday.to_monday_zero_offset()).unwrap())
}

/// `pattern` with the parts of `at`.
fn filled(language: &Language, pattern: &str, at: DateTime) -> String {
    let month = usize::try_from(at.month() - 1).unwrap();
    pattern
        .replace("{M}", &word(language.months, month))
        .replace("{S}", &word(language.short, month))
        .replace("{D}", &weekday(language, at.date().weekday()))
        .replace("{d}", &at.day().to_string())
        .replace("{m}", &at.month().to_string())
        .replace("{y}", &at.year().to_string())
}

/// Days in every language; languages share the patterns with names.
fn day() -> impl Strategy<Value = (usize, String)> {
    let patterns =
        ["{D}, {d} {S} {y}", "{d}-{S}-{y}", "{D} {d} {S} {y}", "{S} {d}, {y}", "{y} {S} {d}", "{d} {M} {y}"];
    let named = (0..11_usize, prop::sample::select(patterns.to_vec()));
    let own = (0..LANGUAGES.len(), prop::sample::select(vec!["{}", "{D}, {}", "{D} {}"]));
    let own = own.prop_map(|(at, pattern)| {
        // A weekday in brackets follows its date.
        let pattern = if at >= 13 {
            pattern.replace("{D}, {}", "{} {D}").replace("{D} {}", "{} {D}")
        } else {
            pattern.to_owned()
        };
        (at, pattern.replace("{}", LANGUAGES[at].long))
    });
    let numbers = [
        "{y}-{m}-{d}",
        "{y}/{m}/{d}",
        "{y}. {m}. {d}.",
        "{d}.{m}.{y}",
        "{D}, {d}/{m}/{y}",
        "{D}, {d} {m} {y}",
    ];
    let numbers = prop::sample::select(numbers.to_vec()).prop_map(|pattern| (0, pattern.to_owned()));
    prop_oneof![named.prop_map(|(at, pattern)| (at, pattern.to_owned())), own, numbers]
}

/// A time in one of ten forms, and whether it has seconds.
fn clock(at: DateTime, form: usize) -> (String, bool) {
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let half = |words: [&str; 2]| words[usize::from(hour >= 12)].to_owned();
    match form {
        0 => (format!("{hour:02}:{minute:02}:{second:02}"), true),
        1 => (format!("{hour}:{minute:02}"), false),
        2 => (format!("{twelve}:{minute:02} {}", half(["a.m.", "p.m."])), false),
        3 => (format!("{twelve}:{minute:02}:{second:02}{}", half(["AM", "PM"])), true),
        4 => (format!("{hour}h{minute:02}"), false),
        5 => (format!("{}{twelve}:{minute:02}", half(["上午", "下午"])), false),
        6 => (format!("{} {twelve}시 {minute}분", half(["오전", "오후"])), false),
        7 => (format!("{hour}時{minute:02}分{second:02}秒"), true),
        8 => (format!("{hour:02}.{minute:02}"), false),
        _ => (format!("{hour:02}:{minute:02}:{second:02}.123"), true),
    }
}

/// Zones by number and by name, with their offset from UTC in minutes.
const ZONES: [(&str, i32); 16] = [
    ("", 0),
    ("Z", 0),
    ("GMT", 0),
    ("+0900", 540),
    ("-03:30", -210),
    ("+01", 60),
    ("UTC+8", 480),
    ("(GMT-5)", -300),
    ("KST", 540),
    ("JST", 540),
    ("MSK", 180),
    ("CET", 60),
    ("WIB", 420),
    ("EDT", -240),
    ("GMT+0800 (China Standard Time)", 480),
    ("+0900 KST", 540),
];

/// The text of a date, and its instant.
fn rendered() -> impl Strategy<Value = (String, Timestamp)> {
    let seconds = 788_918_400_i64 + 86_400..4_102_444_800 - 86_400;
    (seconds, day(), 0..10_usize, prop::sample::select(&ZONES[..]), any::<bool>()).prop_map(
        |(seconds, (language, pattern), form, (zone, minutes), zoned)| {
            let (zone, minutes) = if zoned { (zone, minutes) } else { ("", 0) };
            let offset = Offset::from_seconds(minutes * 60).unwrap();
            let at = Timestamp::from_second(seconds).unwrap();
            let local = offset.to_datetime(at);
            // Where both orders give the same weekday, the text is ambiguous.
            let swapped = jiff::civil::Date::new(local.year(), local.day(), local.month());
            let open =
                swapped.is_ok_and(|date| date.weekday() == local.date().weekday() && date != local.date());
            let by_weekday = pattern.contains("{d}/{m}") || pattern.contains("{d} {m}");
            let pattern = if open && by_weekday { "{y}-{m}-{d}" } else { &pattern };
            let day = filled(&LANGUAGES[language], pattern, local);
            let (clock, whole) = clock(local, form);
            let at = Timestamp::from_second(if whole { seconds } else { seconds - seconds.rem_euclid(60) })
                .unwrap();
            (format!("{day} {clock} {zone}").trim().to_owned(), at)
        },
    )
}

/// Dates that contain the time, or have no words.
fn compact() -> impl Strategy<Value = (String, Timestamp)> {
    (788_918_400_i64 + 86_400..4_102_444_800 - 86_400, 0..10_usize).prop_map(|(seconds, form)| {
        let at = Timestamp::from_second(seconds).unwrap();
        let local = at.to_zoned_datetime(TimeZone::UTC).datetime();
        let text = match form {
            0 => local.strftime("%a %b %e %H:%M:%S %Y").to_string(),
            1 => local.strftime("%A, %d-%b-%Y %H:%M:%S GMT").to_string(),
            2 => local.strftime("%Y%m%dT%H%M%SZ").to_string(),
            3 => local.strftime("%Y%m%d%H%M%S").to_string(),
            4 => local.strftime("%G-W%V-%u %H:%M:%S").to_string(),
            5 => local.strftime("%Y-%jT%H:%M:%SZ").to_string(),
            6 => seconds.to_string(),
            7 => format!("{seconds}.75"),
            8 => format!("{seconds}123"),
            _ => local.strftime("%a %b %d %H:%M:%S UTC %Y").to_string(),
        };
        (text, at)
    })
}

/// One change to a text.
#[derive(Debug, Clone)]
enum Damage {
    Drop(Index),
    Swap(Index),
    Insert(Index, char),
    DropWord(Index),
    SwapWords(Index),
    InsertWord(Index, &'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    let letter = prop::sample::select("0123456789 .,:/-+()TZapmhw年月日".chars().collect::<Vec<_>>());
    let words = vec!["12", "2026", "Sep", "am", "p.m.", "mar", "UTC", "of", "+01", "9月", "foo"];
    prop_oneof![
        any::<Index>().prop_map(Damage::Drop),
        any::<Index>().prop_map(Damage::Swap),
        (any::<Index>(), letter).prop_map(|(at, letter)| Damage::Insert(at, letter)),
        any::<Index>().prop_map(Damage::DropWord),
        any::<Index>().prop_map(Damage::SwapWords),
        (any::<Index>(), prop::sample::select(words)).prop_map(|(at, word)| Damage::InsertWord(at, word)),
    ]
}

fn damaged(text: &str, damage: &Damage) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let mut words: Vec<&str> = text.split(' ').collect();
    if letters.len() < 2 {
        return text.to_owned();
    }
    match damage {
        Damage::Drop(at) => drop(letters.remove(at.index(letters.len()))),
        Damage::Swap(at) => {
            let at = at.index(letters.len() - 1);
            letters.swap(at, at + 1);
        }
        Damage::Insert(at, letter) => letters.insert(at.index(letters.len() + 1), *letter),
        Damage::DropWord(at) => {
            words.remove(at.index(words.len()));
            return words.join(" ");
        }
        Damage::SwapWords(at) => {
            let at = at.index(words.len());
            let next = (at + 1) % words.len();
            words.swap(at, next);
            return words.join(" ");
        }
        Damage::InsertWord(at, word) => {
            words.insert(at.index(words.len() + 1), word);
            return words.join(" ");
        }
    }
    letters.into_iter().collect()
}

/// The first letters of further month names that are read.
const EXTRA: [(i8, &str); 8] =
    [(1, "ian"), (3, "maa"), (3, "mae"), (3, "mrt"), (6, "iun"), (7, "iul"), (8, "ags"), (11, "noi")];

/// Whether the month of `at`, in some zone, is in `text` as its number or as the start of its name.
fn month_stands(text: &str, at: Timestamp) -> bool {
    let text = folded(text);
    let compact = text.split(|c: char| !c.is_ascii_digit()).any(|group| group.len() >= 8);
    let counted =
        text.contains('w') || text.split(|c: char| !c.is_ascii_digit()).any(|group| group.len() == 3);
    let named = |month: i8| {
        EXTRA.iter().any(|(known, name)| *known == month && text.contains(name))
            || LANGUAGES.iter().filter(|language| !language.months.is_empty()).any(|language| {
                let at = usize::try_from(month - 1).unwrap();
                [language.months, language.short].iter().any(|list| {
                    let name: String = folded(&word(list, at)).chars().take(3).collect();
                    text.contains(&name)
                })
            })
    };
    let numbered = |month: i8| {
        text.split(|c: char| !c.is_ascii_digit()).any(|group| group.len() <= 2 && group.parse() == Ok(month))
    };
    // `Thứ Ba` (Tuesday) moved behind `tháng` is March.
    let spelled = text.contains("thang");
    compact
        || counted
        || spelled
        || [-1, 0, 1].into_iter().any(|days| {
            let zoned =
                at.to_zoned_datetime(TimeZone::UTC).checked_add(jiff::Span::new().days(days)).unwrap();
            named(zoned.month()) || numbered(zoned.month())
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rendered_dates_are_read_as_the_same_instant((text, at) in prop_oneof![3 => rendered(), 1 => compact()]) {
        prop_assert_eq!(read(&text), Some(at), "{}", text);
        date(&text);
    }

    /// A damaged date gives no date, or a date that is in the damaged text.
    #[test]
    fn damaged_dates_give_no_invented_date(
        (text, _) in prop_oneof![3 => rendered(), 1 => compact()],
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let text = damages.iter().fold(text, |text, damage| damaged(&text, damage));
        date(&text);
        if let Some(at) = read(&text) {
            prop_assert!(month_stands(&text, at), "{} is {}", text, at);
        }
    }

    /// The same for texts that are no damaged dates.
    #[test]
    fn random_date_parts_give_no_invented_date(parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 1..9)) {
        date(&parts.concat());
        date(&parts.join(" "));
    }
}
