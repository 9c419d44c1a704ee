use jiff::{Timestamp, civil::Date, tz::TimeZone};
use tge_scrape::text::dates::{Order, readings};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A date is read only if year, month and day are in the text and every group of digits has a meaning.
pub fn date(text: &str) {
    let Some(reading) = readings(text) else { return };
    for order in [Order::DayFirst, Order::MonthFirst] {
        let Some(at) = reading.instant(Some(order)) else { continue };
        let year = at.to_zoned_datetime(TimeZone::UTC).year();
        assert!((1995..=2099).contains(&year), "{text:?} is {at}");
        assert!(stands_in(text, at), "{text:?} is {at}");
    }
}

/// `text` in lower case without accents and compatibility forms.
pub fn folded(text: &str) -> String {
    let bare = text.nfkc().flat_map(char::to_lowercase).nfkd().filter(|c| !is_combining_mark(*c)).nfc();
    bare.map(|c| if c == 'ı' { 'i' } else { c }).collect()
}

/// A group of digits and the character before it.
struct Group<'a> {
    before: Option<char>,
    text: &'a str,
}

fn stands_in(text: &str, at: Timestamp) -> bool {
    let text = folded(text);
    let mut groups = Vec::new();
    let mut end = 0;
    while let Some(start) = text[end..].find(|c: char| c.is_ascii_digit()).map(|found| end + found) {
        end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |length| start + length);
        groups.push(Group { before: text[..start].chars().next_back(), text: &text[start..end] });
    }
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let named = words.clone().any(|word| word.chars().count() >= 3);
    // Epoch times, week dates and ordinal dates name no month.
    let counted = groups.len() <= 2 && words.clone().next().is_none()
        || groups.iter().any(|group| group.text.len() == 3)
        || text.contains(['w', 'W']);
    // The zone may change the day by one, and hour 24 by one more.
    counted
        || (-2..=2).any(|days| {
            let date = at.to_zoned_datetime(TimeZone::UTC).date().checked_add(jiff::Span::new().days(days));
            date.is_ok_and(|date| all_used(&groups, date, named))
        })
}

fn all_used(groups: &[Group<'_>], date: Date, named: bool) -> bool {
    let mut left: Vec<&Group<'_>> = groups.iter().collect();
    let mut take = |fits: &dyn Fn(&str) -> bool| {
        left.iter().position(|group| fits(group.text)).map(|found| left.remove(found)).is_some()
    };
    let is = |text: &str, value: i16| text.len() <= 2 && text.parse() == Ok(value);
    let compact = date.strftime("%Y%m%d").to_string();
    let whole = take(&|text| text.starts_with(&compact));
    let year = date.year();
    let dated = whole
        || (take(&|text| text.len() == 4 && text.parse() == Ok(year))
            || take(&|text| text.len() == 2 && text.parse() == Ok(year % 100)))
            && take(&|text| is(text, i16::from(date.day())))
            && (take(&|text| is(text, i16::from(date.month()))) || named);
    let means = |group: &Group<'_>| match group.before {
        Some('+' | '-' | '−' | '–') => group.text.len() <= 4,
        Some('.' | ',') => group.text.len() <= 19,
        _ => group.text.parse::<u32>().is_ok_and(|value| value <= 60) || (whole || group.before == Some('t')),
    };
    dated && left.into_iter().all(means)
}
