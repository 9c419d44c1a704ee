//! Class names: which are fit for a selector, and what their words say.

/// Words of classes and ids around parts of a page that are no list of news.
const SURROUNDING: &str = "ad ads advert aside banner breadcrumb breadcrumbs comments consent cookie cookies crumbs foot \
    footer gdpr gnav gnb lang language languages lnb login masthead mega megamenu menu menubar modal \
    nav navbar navi navigation newsletter pager paging pagination paginator partners popular popup \
    promo quotes rail recommended related share sharing sidebar side sidenav social sponsors subnav \
    tabs tagcloud tags ticker toc toolbar topbar topics trending widget widgets marquee similar";
/// Words of classes that a list's items have.
const ITEM: &str = "announcement article block card entry event item list news notice post proposal release row \
    story teaser tile topic";
/// Words of states and positions: a class of them comes and goes.
const STATE: &str = "active alt clearfix current disabled even expanded featured first has hidden hover is last lead \
    loaded odd on open pinned selected sticky";
/// First words of classes that say how something looks (Tailwind, Bootstrap, Bulma and their like).
const LOOKS: &str = "absolute align animate antialiased aspect auto basis bg block border bottom break col cols \
    container cursor d display divide duration ease fade fill fixed flex float font fs fw g gap grid \
    grow gutter gx gy h hidden inline inset items justify leading left line m margin max mb me min \
    ml mr ms mt mx my object opacity order overflow p padding pb pe pl place pr ps pt px py relative \
    rounded self shadow \
    shrink size small space sr static sticky table text top tracking transition truncate uppercase \
    lowercase capitalize underline visible w whitespace z group row right italic mobile desktop \
    transform";
/// First words of classes that a program made up.
const GENERATED: &str = "css sc jsx svelte emotion makestyles mui jss ng astro";
/// Words of classes of titles, times, summaries and other parts of an item.
const TITLE: &str = "title headline subject heading head name tit titel titre titulo caption txt";
const TIME: &str = "date time datetime published when day fecha datum data timestamp posted meta ago created";
const SUMMARY: &str = "summary excerpt description desc lead dek intro teaser abstract copy snippet body";
const OTHER: &str = "author byline by badge category cat tag tags label comments count more hit views status share \
    image icon price";

/// What the words of a class say about a part of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Title,
    Time,
    Summary,
    Other,
    Nothing,
}

/// A class in a selector.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// As it is written.
    Whole(String),
    /// The part before a hash.
    Part(String),
}

impl Class {
    /// The class as part of a selector.
    pub fn css(&self) -> String {
        match self {
            Self::Whole(name) => format!(".{name}"),
            Self::Part(name) => format!("[class*='{name}']"),
        }
    }
}

/// `class` for a selector; `None` where it says how something looks, or will be another one soon.
pub(super) fn stable(class: &str) -> Option<Class> {
    let plain = class.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !plain || class.len() < 3 || class.len() > 60 || !class.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        return None;
    }
    let words = words(class);
    let first = words.first().map(String::as_str).unwrap_or_default();
    let is_short = words.len() <= 3 && words.iter().all(|word| word.len() <= 10);
    // `block` and `row` are looks alone, and parts of the page in longer names.
    let looks = has(LOOKS, first);
    let looks = looks && is_short && !words.iter().skip(1).any(|word| means(word) != Meaning::Nothing);
    let generated = has(GENERATED, first) && words.len() > 1;
    if looks || generated || words.iter().any(|word| has(STATE, word)) {
        return None;
    }
    if words.iter().any(|word| word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    match class.rfind(['_', '-']) {
        Some(at) if is_hash(&class[at + 1..]) => {
            let start = class[..=at].trim_end_matches(|c: char| c == '-' && !class.contains("__"));
            (start.len() > 4).then(|| Class::Part(start.to_owned()))
        }
        None if is_hash(class) => None,
        _ => Some(Class::Whole(class.to_owned())),
    }
}

/// Whether a part of a class is a hash: five to twelve characters with digits among them, or with capitals within.
fn is_hash(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let upper = text.bytes().skip(1).filter(u8::is_ascii_uppercase).count();
    let is_word = text
        .bytes()
        .skip(1)
        .zip(text.bytes().skip(2))
        .all(|(a, b)| !(a.is_ascii_uppercase() && b.is_ascii_uppercase()));
    (5..=12).contains(&text.len())
        && ((digits > 0
            && digits < text.len()
            && !text
                .trim_end_matches(|c: char| c.is_ascii_digit())
                .bytes()
                .all(|byte| byte.is_ascii_lowercase()))
            || (upper > 1 && !is_word))
}

/// The words of a class or id, in lower case: `newsList_date` has news, list and date.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for c in name.chars() {
        let starts = c.is_uppercase() && before.is_lowercase();
        if (!c.is_alphanumeric() || starts) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// Whether the word names a part of a page that is no list of news.
pub(super) fn is_surrounding(word: &str) -> bool {
    has(SURROUNDING, word)
}

/// Whether the words of `class` name an item of a list.
pub(super) fn names_item(class: &str) -> bool {
    words(class).iter().any(|word| has(ITEM, word))
}

/// What a word of a class says about a part of an item.
pub(super) fn means(word: &str) -> Meaning {
    let lists = [
        (TITLE, Meaning::Title),
        (TIME, Meaning::Time),
        (SUMMARY, Meaning::Summary),
        (OTHER, Meaning::Other),
    ];
    lists.iter().find(|(list, _)| has(list, word)).map_or(Meaning::Nothing, |(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_looks_and_hashes_are_not_used() {
        for (class, css) in [
            ("card", Some(".card")),
            ("news-item__title", Some(".news-item__title")),
            ("newsList_date", Some(".newsList_date")),
            ("card-title", Some(".card-title")),
            ("card-body", Some(".card-body")),
            ("row-title", Some(".row-title")),
            ("text-muted", None),
            ("col-md-4", None),
            ("PostCard_root__x8Kd2", Some("[class*='PostCard_root__']")),
            ("PostCard_title__Ww9Qe", Some("[class*='PostCard_title__']")),
            ("css-1q2w3e", None),
            ("sc-bdVaJa", None),
            ("post-812", None),
            ("md:flex", None),
            ("mt-4", None),
            ("flex", None),
            ("text-gray-500", None),
            ("is-active", None),
            ("hentry", Some(".hentry")),
            ("h-100", None),
        ] {
            assert_eq!(stable(class).map(|class| class.css()).as_deref(), css, "{class}");
        }
    }

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(words("newsList_date"), ["news", "list", "date"]);
        assert_eq!(words("site-Footer--dark"), ["site", "footer", "dark"]);
    }
}
