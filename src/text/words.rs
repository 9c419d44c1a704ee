//! Words of titles and texts, compared without what changes while the meaning stays: case, punctuation, labels
//! such as "UPDATE:", numbers that count or date, and slips of the pen.

/// Words of a title that are compared; longer titles are attacks or whole texts.
const TITLE_WORDS: usize = 100;
/// Words of a text that count as its opening: the first two or three sentences.
const OPENING_WORDS: usize = 40;
/// Characters read for [`OPENING_WORDS`] words, so that a text without any gap costs no more than others.
const OPENING_CHARS: usize = 1000;
/// An excerpt that has at least this many words in common with a longer opening is the same text cut short.
const EXCERPT_WORDS: usize = 15;
/// A word of this length or longer that differs in one letter is a typo; shorter ones may mean the opposite
/// ("now", "not").
const TYPO_CHARS: usize = 5;

/// Labels that newsrooms put before or behind a title they touched.
const LABELS: &[&str] = &[
    "breaking",
    "corrected",
    "correction",
    "developing",
    "exclusive",
    "update",
    "updated",
    "updates",
    "urgent",
];

/// Words around numbers that only say when something was written or how often it was read.
const CIRCUMSTANCES: &[&str] = &[
    "ago",
    "am",
    "comment",
    "comments",
    "day",
    "days",
    "gmt",
    "hour",
    "hours",
    "hrs",
    "just",
    "last",
    "likes",
    "min",
    "mins",
    "minute",
    "minutes",
    "month",
    "months",
    "pm",
    "read",
    "reads",
    "second",
    "seconds",
    "shares",
    "today",
    "utc",
    "views",
    "week",
    "weeks",
    "yesterday",
];

/// The words of a title in lower case, without labels at its ends.
pub fn title_words(title: &str) -> Vec<String> {
    let mut words = words(title, TITLE_WORDS);
    let is_label = |word: Option<&String>| word.is_some_and(|word| LABELS.contains(&word.as_str()));
    while words.len() > 1 && is_label(words.last()) {
        words.pop();
    }
    let labels = words.iter().take_while(|word| is_label(Some(word))).count();
    if labels < words.len() {
        words.drain(..labels);
    }
    words
}

/// The first words of a text in lower case, without numbers.
pub fn opening_words(text: &str) -> Vec<String> {
    let end = text.char_indices().nth(OPENING_CHARS).map_or(text.len(), |(end, _)| end);
    let mut words = words(&text[..end], OPENING_WORDS);
    words.retain(|word| !has_digit(word));
    words
}

/// Whether `new` says something that `old` does not: other words, apart from numbers, circumstances and typos.
pub fn is_reworded(old: &[String], new: &[String]) -> bool {
    let significant = |words: &[String]| -> Vec<String> {
        let is_significant = |word: &&String| !has_digit(word) && !CIRCUMSTANCES.contains(&word.as_str());
        words.iter().filter(is_significant).cloned().collect()
    };
    let (old, new) = (significant(old), significant(new));
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    // The last word of an excerpt may be cut.
    if head >= EXCERPT_WORDS && head + 1 >= old.len().min(new.len()) {
        return false;
    }
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    old.len() != new.len() || !old.iter().zip(new).all(|(a, b)| a == b || is_typo(a, b))
}

fn has_digit(word: &str) -> bool {
    word.chars().any(char::is_numeric)
}

/// Runs of letters and digits in lower case, at most `limit`; signs of scripts written without gaps stand alone.
fn words(text: &str, limit: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if words.len() == limit {
            return words;
        }
        if is_ideograph(c) {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            words.push(c.to_string());
        } else if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if !is_within_word(c) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() && words.len() < limit {
        words.push(word);
    }
    words.truncate(limit);
    words
}

/// Han, Kana and their like.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
}

/// Apostrophes and invisible characters part no words.
fn is_within_word(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether two words differ by one letter added, left out or replaced, or by two that changed places.
fn is_typo(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() < TYPO_CHARS || long.len() - short.len() > 1 {
        return false;
    }
    let head = short.iter().zip(&long).take_while(|(a, b)| a == b).count();
    let (short_rest, long_rest) = (&short[head..], &long[head..]);
    if short.len() < long.len() {
        return short_rest == &long_rest[1..];
    }
    let swapped = short_rest.len() > 1
        && short_rest[0] == long_rest[1]
        && short_rest[1] == long_rest[0]
        && short_rest[2..] == long_rest[2..];
    short_rest.is_empty() || short_rest[1..] == long_rest[1..] || swapped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reworded(old: &str, new: &str) -> bool {
        is_reworded(&title_words(old), &title_words(new))
    }

    #[test]
    fn what_says_nothing_new_is_no_rewording() {
        for (old, new) in [
            ("Quillon opens its claim", "QUILLON OPENS ITS CLAIM!"),
            ("Quillon opens its claim", "UPDATE: Quillon opens its claim"),
            ("Quillon opens its claim", "[Updated] Quillon opens its claim (updated)"),
            ("Quillon\u{2019}s claim", "Quillon's   claim"),
            ("Quillon opens its claim (3 comments)", "Quillon opens its claim (14 comments)"),
            ("Quillon news, 2 hours ago", "Quillon news, 1 day ago"),
            ("Quillon anounces a token", "Quillon announces a token"),
            ("Quillon annuonces a token", "Quillon announces a token"),
            ("Notes of the week", "Notes of the week 48"),
        ] {
            assert!(!reworded(old, new), "{old:?} {new:?}");
        }
    }

    #[test]
    fn other_words_are_a_rewording() {
        for (old, new) in [
            ("Maintenance notes of the week", "Quillon opens its claim"),
            ("Quillon is not live", "Quillon is now live"),
            ("No token sale planned", "Token sale planned"),
            ("Quillon opens its claim", "Quillon closes its claim"),
            ("Update", "Launch"),
            ("新币上线", "新币下线"),
        ] {
            assert!(reworded(old, new), "{old:?} {new:?}");
        }
    }

    #[test]
    fn a_longer_excerpt_is_the_same_text() {
        let text = "The team of Quillon said on its blog that the network will be upgraded in the night and that all \
            services rest for an hour or two while the nodes are moved to their new place in the north";
        let (long, short) = (opening_words(text), opening_words(&text[..105]));
        assert!(!is_reworded(&short, &long) && !is_reworded(&long, &short));
        assert!(is_reworded(
            &opening_words("Nothing to report."),
            &opening_words("Nothing to report. Claims open.")
        ));
        assert!(is_reworded(&long, &opening_words(&format!("The claim is open. {text}"))));
    }

    #[test]
    fn only_the_opening_is_read() {
        let endless = "x".repeat(1_000_000);
        assert_eq!(opening_words(&endless)[0].len(), OPENING_CHARS);
        assert_eq!(opening_words(&"word ".repeat(1000)).len(), OPENING_WORDS);
        assert_eq!(title_words(&"語".repeat(1000)).len(), TITLE_WORDS);
    }
}
