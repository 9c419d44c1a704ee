//! Consent dialogs: their elements are cut from a page, and a text that is only such a dialog is no article.
//!
//! Ids and classes are those that the products write into pages (their public documentation and scripts); phrases are
//! those of IAB Europe's Transparency and Consent Framework and of the products' own dialogs.

use std::{borrow::Cow, sync::LazyLock};

use aho_corasick::AhoCorasick;

use crate::text::markup::{Tag, Token, tokens};

/// What ids and classes of dialogs contain.
const MARKS: &str = include_str!("data/consent-marks.txt");
/// Elements that dialogs are made of. A page's own `body` or `main` may carry a mark too.
const HOLDERS: [&str; 7] = ["div", "section", "aside", "dialog", "form", "iframe", "span"];
/// Most dialogs cut from a page: a page has one or two, and each costs a walk to its end.
const MOST_CUT: usize = 8;
/// Share of a page's bytes above which an element is the page itself, whatever it is called.
const TOO_MUCH: f64 = 0.8;

/// Phrases by which a dialog asks its reader.
const PHRASES: &str = include_str!("data/consent-phrases.txt");
/// Whole lines that are buttons beside a dialog's phrases.
const BUTTONS: [&str; 16] = [
    "accept",
    "agree",
    "i agree",
    "ok",
    "okay",
    "got it",
    "allow",
    "reject",
    "decline",
    "deny",
    "close",
    "settings",
    "customize",
    "customise",
    "learn more",
    "more information",
];
/// Most characters of a dialog; the longest list all purposes of the framework with their explanations.
const LONGEST: usize = 8_000;
/// Least share of a text's characters in lines that ask for consent.
const SHARE: f64 = 0.6;
/// Least number of different phrases.
const DIFFERENT: usize = 3;
/// Characters for each of which a dialog has a phrase; a report about consent has far fewer.
const PER_PHRASE: usize = 200;

/// One of these stands in every dialog: a text without them is not looked at any closer.
const SIGNS: &str =
    "ookie\nOOKIE\nonsent\nONSENT\nrivacy\nRIVACY\nrivatsph\nçerez\nクッキー\nプライバシー\n쿠키\n隐私\n隱私";

static SIGNED: LazyLock<AhoCorasick> = LazyLock::new(|| patterns(SIGNS));
static MARKED: LazyLock<AhoCorasick> = LazyLock::new(|| patterns(MARKS));
static ASKED: LazyLock<AhoCorasick> = LazyLock::new(|| patterns(PHRASES));

fn patterns(list: &str) -> AhoCorasick {
    let words = list.lines().filter(|line| !line.starts_with('#'));
    AhoCorasick::builder()
        // Signs are found by vector instructions, which distinguish cases.
        .ascii_case_insensitive(list != SIGNS)
        .build(words)
        .unwrap_or_else(|error| panic!("constants make a pattern: {error}"))
}

/// `html` without the elements of consent dialogs, and whether there was one.
pub(super) fn cut(html: &str) -> (Cow<'_, str>, bool) {
    let mut kept = String::new();
    let (mut copied, mut tries) = (0, 0);
    let mut walk = tokens(html);
    while let Some(token) = walk.next() {
        let (Token::Open(tag) | Token::Raw { tag, .. }) = token else { continue };
        if tries == MOST_CUT || !is_dialog_element(&tag) {
            continue;
        }
        tries += 1;
        let start = tag.source.as_ptr() as usize - html.as_ptr() as usize;
        let whole = matches!(token, Token::Raw { .. }) || walk.skip_element(tag.name);
        let is_small = ((walk.at() - start) as f64) < TOO_MUCH * html.len() as f64;
        if whole && (is_small || is_dialog_alone(&html[start..walk.at()])) {
            kept.push_str(&html[copied..start]);
            copied = walk.at();
        }
    }
    if copied == 0 {
        return (Cow::Borrowed(html), false);
    }
    kept.push_str(&html[copied..]);
    (Cow::Owned(kept), true)
}

/// Whether an element that is most of its page is nevertheless a dialog and nothing else.
fn is_dialog_alone(html: &str) -> bool {
    is_dialog(&super::strip::strip(html))
}

/// Whether an element is a consent dialog by its id or class.
pub(super) fn is_dialog_element(tag: &Tag) -> bool {
    tag.count > 0
        && HOLDERS.iter().any(|name| tag.is(name))
        && ["id", "class"].iter().any(|key| tag.written(key).is_some_and(|value| MARKED.is_match(value)))
}

/// Whether `text` only asks for consent.
pub(super) fn is_dialog(text: &str) -> bool {
    let length = text.chars().count();
    if length == 0 || length > LONGEST || !SIGNED.is_match(text) {
        return false;
    }
    let mut different = std::collections::HashSet::new();
    let (mut phrases, mut asking) = (0, 0);
    for line in text.lines() {
        let before = phrases;
        for phrase in ASKED.find_iter(line) {
            phrases += 1;
            different.insert(phrase.pattern());
        }
        if phrases > before {
            asking += line.chars().count();
        }
    }
    different.len() >= DIFFERENT && phrases * PER_PHRASE >= length && asking as f64 >= SHARE * length as f64
}

/// `text` without a dialog before or after the article, line by line.
pub(super) fn trimmed(text: &str) -> &str {
    if !SIGNED.is_match(text) {
        return text;
    }
    let mut rest = text;
    let head = run(rest.split_inclusive('\n'));
    if head < rest.len() && is_dialog(&rest[..head]) {
        rest = &rest[head..];
    }
    let tail = run(rest.split_inclusive('\n').rev());
    if tail < rest.len() && is_dialog(&rest[rest.len() - tail..]) {
        rest = &rest[..rest.len() - tail];
    }
    rest.trim_end_matches('\n')
}

/// Bytes of the first of `lines` that all ask for consent.
fn run<'a>(lines: impl Iterator<Item = &'a str>) -> usize {
    let button = |line: &str| BUTTONS.iter().any(|words| words.eq_ignore_ascii_case(line.trim()));
    lines.take_while(|line| ASKED.is_match(*line) || button(line)).map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARTICLE: &str =
        "The foundation said that wallets which took part before the snapshot can collect their share.";

    #[test]
    fn dialogs_are_known_in_the_languages_of_the_press() {
        for dialog in [
            "We value your privacy\nWe and our 812 partners store and/or access information on a device, such as cookies. You may change your preferences at any time.\nMORE OPTIONS\nAGREE",
            "Cookies zustimmen\nBesuchen Sie uns wie gewohnt mit Werbung und Tracking, indem Sie der Nutzung aller Cookies zustimmen.\nAlle ablehnen",
            "Le respect de votre vie privée\nNos partenaires et nous utilisons des cookies. Vous pouvez retirer votre consentement.\nTout accepter\nContinuer sans accepter",
            "Utilizamos cookies propias y de nuestros socios para mostrar publicidad.\nAceptar todo\nRechazar todo",
            "Noi e i nostri partner utilizziamo i cookie.\nAccetta tutti\nContinua senza accettare",
            "Мы и наши партнёры используем файлы cookie.\nПринять все\nОтклонить все",
            "Biz ve ortaklarımız çerez kullanıyoruz.\nTümünü kabul et\nTümünü reddet",
            "当サイトはクッキーを使用します。プライバシーポリシー\nすべて同意\nすべて拒否",
        ] {
            assert!(is_dialog(dialog), "{dialog}");
            assert_eq!(
                trimmed(&format!("{dialog}\n{ARTICLE}\n{ARTICLE}")),
                format!("{ARTICLE}\n{ARTICLE}"),
                "{dialog}"
            );
            assert_eq!(
                trimmed(&format!("{ARTICLE}\n{ARTICLE}\n{dialog}")),
                format!("{ARTICLE}\n{ARTICLE}"),
                "{dialog}"
            );
        }
    }

    #[test]
    fn an_article_about_consent_is_an_article() {
        for article in [
            "A wallet maker was fined for its cookie banner on Monday.\nThe regulator found that visitors could accept all trackers with one click, but needed five to say no. The company relied on legitimate interest, which the court did not accept.\nIts spokesman said that the dialog had been changed in March, before the complaint reached the office, and that visitors who come back are asked again.\nThe fine is the third this year against a firm that sells digital assets to consumers.",
            ARTICLE,
            "",
        ] {
            assert!(!is_dialog(article), "{article}");
            assert_eq!(trimmed(article), article);
        }
    }

    #[test]
    fn elements_of_dialogs_are_cut_whole() {
        let dialog =
            "<div id='onetrust-consent-sdk'><div class=x><p>We use cookies</div><div>Accept All</div></div>";
        let article = format!("<article><p>{ARTICLE}</p></article>").repeat(3);
        let page = format!("<body class='cookie-banner-shown'>{dialog}{article}");
        let (cut_page, found) = cut(&page);
        assert_eq!(
            (cut_page.as_ref(), found),
            (format!("<body class='cookie-banner-shown'>{article}").as_str(), true)
        );
        // Without an end it is not known where the dialog ends, and what is most of a page is the page.
        for page in [
            format!("<div class=cookie-bar>{article}"),
            format!("<div class=cookie-bar><div>{article}</div></div>"),
        ] {
            assert_eq!(cut(&page), (Cow::Borrowed(page.as_str()), false));
        }
    }
}
