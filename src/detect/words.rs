//! Signals in words, for people. Pure.

mod groups;
mod patterns;

use super::{groups::Group, judge::ENCODER};

/// One reason of a verdict in words: signals that say the same, with their points together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordedReason {
    /// Such as `headline says a claim is open`.
    pub words: String,
    /// On the 0–100 scale.
    pub points: i32,
    /// The words of the text that it is about; empty if it is about the text as a whole.
    pub text: String,
}

/// The reasons that `lines` (signal, points, words of the text) amount to, strongest first; those without points are
/// omitted.
///
/// The model has several signals for one circumstance, such as `date unstated` and `date unstated&airdrop`, and they
/// cancel each other in part. Together they show what the circumstance is worth.
pub fn worded<'a>(lines: impl IntoIterator<Item = (&'a str, f32, &'a str)>) -> Vec<WordedReason> {
    let mut sums: Vec<(String, f32, f32, &str)> = Vec::new();
    for (signal, points, text) in lines {
        let words = in_words(signal);
        match sums.iter_mut().find(|(known, ..)| *known == words) {
            Some((_, sum, strongest, quoted)) => {
                *sum += points;
                if !text.is_empty() && (quoted.is_empty() || points.abs() > *strongest) {
                    (*strongest, *quoted) = (points.abs(), text);
                }
            }
            None => sums.push((words, points, points.abs(), text)),
        }
    }
    sums.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let reasons = sums.into_iter().map(|(words, points, _, text)| WordedReason {
        words,
        points: whole(points),
        text: text.to_owned(),
    });
    reasons.filter(|reason| reason.points != 0).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "points are within some hundreds")]
fn whole(points: f32) -> i32 {
    points.round() as i32
}

/// What `signal` means. Signals of one circumstance have the same words.
pub fn in_words(signal: &str) -> String {
    if let Some(phrase) = signal.strip_prefix("user:") {
        return format!("your phrase “{phrase}”");
    }
    if signal.starts_with("label:") {
        return "your labels".to_owned();
    }
    if signal == ENCODER {
        return "the language model's reading of the whole text".to_owned();
    }
    if let Some((place, rest)) = placed(signal) {
        return in_place(place, rest);
    }
    let circumstance = signal.split('&').next().unwrap_or(signal);
    patterns::in_words(circumstance).map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// The part of the text that a signal is about.
fn placed(signal: &str) -> Option<(&'static str, &str)> {
    let places = [("t:", "headline"), ("b:", "text"), ("p:", "post")];
    places.iter().find_map(|(mark, place)| Some((*place, signal.strip_prefix(mark)?)))
}

fn in_place(place: &str, rest: &str) -> String {
    if let Some(circumstance) = patterns::of_post(rest.split('&').next().unwrap_or(rest)) {
        return circumstance.to_owned();
    }
    // Single words and pairs of words have no meaning of their own; the strongest is quoted.
    if rest.starts_with("word ") || rest.starts_with("words ") {
        return format!("other words of the {place}");
    }
    // The model distinguishes side by side, near and together; for people they are one circumstance.
    let mut groups: Vec<&str> = rest.split(['&', '+', '>']).filter(|group| *group != "event").collect();
    groups.sort_unstable();
    groups.dedup();
    let words: Vec<&str> = groups.iter().map(|group| group_words(group)).collect();
    match words.as_slice() {
        [] => format!("{place} says a launch word"),
        words => format!("{place} says {}", words.join(" and ")),
    }
}

fn group_words(name: &str) -> &str {
    if let Ok(group) = name.parse::<Group>() { groups::in_words(group) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::weights::Weights;

    #[test]
    fn every_signal_of_the_model_has_words() {
        let unworded: Vec<&str> =
            Weights::compiled().names().filter(|name| in_words(name).starts_with("signal ")).collect();
        assert_eq!(unworded, Vec::<&str>::new());
    }

    #[test]
    fn signals_of_one_circumstance_are_one_reason() {
        let lines = [
            ("t:claim", 6.0, "claim is open"),
            ("t:event&claim", 5.0, ""),
            ("date unstated", -4.0, ""),
            ("date unstated&airdrop", 3.8, ""),
            ("t:word claim", 2.0, "claim"),
            ("b:quarter", -1.2, "November"),
        ];
        let reasons: Vec<(String, i32, String)> =
            worded(lines).into_iter().map(|reason| (reason.words, reason.points, reason.text)).collect();
        let expected = [
            ("headline says a claim is open", 11, "claim is open"),
            ("other words of the headline", 2, "claim"),
            ("text says a month, quarter or year", -1, "November"),
        ]
        .map(|(words, points, text)| (words.to_owned(), points, text.to_owned()));
        assert_eq!(reasons, expected);
    }

    #[test]
    fn signals_of_all_kinds_have_words() {
        assert_eq!(in_words("t:words ^ <name>"), "other words of the headline");
        assert_eq!(in_words("p:first person&event"), "the author speaks for the project");
        assert_eq!(in_words("user:mainnet beta"), "your phrase “mainnet beta”");
    }
}
