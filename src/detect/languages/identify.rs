//! Which language a text is in: by its script where that is enough, else by its trigrams.

use std::sync::LazyLock;

use whatlang::{Detector, Lang};

use crate::model::Language;

/// Characters of a text that are looked at: its headline and first sentences.
const READ: usize = 200;
/// One letter in this many that another script has makes a text one of that script. Names and tickers in Latin letters
/// are half of many Chinese headlines.
const SHARE: usize = 6;
/// Letters without which the language of a text in Latin script is not determined.
const LEAST: usize = 20;

/// Words that only English has: a short headline with one of them is English, whatever its trigrams.
const ENGLISH: &[&str] = &[
    "the", "of", "for", "to", "and", "its", "with", "will", "from", "by", "after", "ahead", "how", "what",
    "is", "are", "launches", "sets", "on", "at", "your", "now", "new", "live", "opens", "lists",
];

/// Words that are frequent in other languages of Latin script and rare in English texts, folded.
const NOT_ENGLISH: &[&str] = &[
    // Spanish, Portuguese, Italian, French
    "de", "la", "el", "los", "las", "del", "que", "para", "por", "con", "una", "en", "da", "dos", "os", "um",
    "uma", "nao", "na", "em", "il", "di", "che", "per", "della", "dei", "un", "nel", "sul", "le", "les",
    "des", "et", "du", "une", "dans", "pour", "sur", "est", "au", // German
    "der", "die", "das", "und", "ist", "fur", "mit", "von", "den", "dem", "ein", "eine", "auf", "zu",
    // Turkish, Indonesian, Vietnamese
    "ve", "bir", "ile", "icin", "bu", "yang", "dan", "untuk", "dengan", "ini", "akan", "dari", "pada", "ke",
    "va", "cua", "cho", "cac", "voi", "nhung", "duoc", "tren",
];
/// Words of a text that are looked up in these lists.
const COMPARED: usize = 60;

/// So many words more of one list than of the other decide.
const LEAD: i32 = 3;

/// The words of both lists, sorted; 1 for those that only English has, else -1.
static FREQUENT: LazyLock<Vec<(&str, i32)>> = LazyLock::new(|| {
    let english = ENGLISH.iter().map(|word| (*word, 1));
    let mut all: Vec<_> = english.chain(NOT_ENGLISH.iter().map(|word| (*word, -1))).collect();
    all.sort_unstable();
    all
});

/// Dutch and Polish are there so that their texts are taken for nothing else.
static LATIN: LazyLock<Detector> = LazyLock::new(|| {
    Detector::with_allowlist(vec![
        Lang::Deu,
        Lang::Eng,
        Lang::Fra,
        Lang::Ind,
        Lang::Ita,
        Lang::Nld,
        Lang::Pol,
        Lang::Por,
        Lang::Spa,
        Lang::Tur,
        Lang::Vie,
    ])
});

/// The language of a text with this title; `None` where it is not clear, or none of [`Language`].
pub(in crate::detect) fn language(title: &str, text: &str) -> Option<Language> {
    let start: String = title.chars().chain([' ']).chain(text.chars()).take(READ).collect();
    let count = |wanted: fn(char) -> bool| start.chars().filter(|&c| wanted(c)).count();
    let all = count(char::is_alphabetic);
    let kana = count(|c| matches!(c, '\u{3041}'..='\u{30ff}'));
    let han = count(|c| matches!(c, '\u{4e00}'..='\u{9fff}'));
    let hangul = count(|c| matches!(c, '\u{ac00}'..='\u{d7a3}'));
    let cyrillic = count(|c| matches!(c, '\u{400}'..='\u{4ff}'));
    if hangul * SHARE > all {
        return Some(Language::Ko);
    }
    if (kana + han) * SHARE > all {
        // Chinese texts have no kana, but for a name; Japanese ones are a third of it or more.
        return Some(if kana * SHARE > kana + han { Language::Ja } else { Language::Zh });
    }
    if cyrillic * SHARE > all {
        let ukrainian = count(|c| matches!(c, 'і' | 'ї' | 'є' | 'ґ' | 'І' | 'Ї' | 'Є' | 'Ґ'));
        let russian = count(|c| matches!(c, 'ы' | 'э' | 'ё' | 'ъ' | 'Ы' | 'Э' | 'Ё' | 'Ъ'));
        return Some(if ukrainian > russian { Language::Uk } else { Language::Ru });
    }
    if all < LEAST {
        return None;
    }
    let found = LATIN.detect(&start)?;
    // English is the language of names and of the trade: others must be clear.
    let language = match found.lang() {
        Lang::Eng => return Some(Language::En),
        Lang::Deu => Language::De,
        Lang::Fra => Language::Fr,
        Lang::Ind => Language::Id,
        Lang::Ita => Language::It,
        Lang::Por => Language::Pt,
        Lang::Spa => Language::Es,
        Lang::Tur => Language::Tr,
        Lang::Vie => Language::Vi,
        _ => return has_english(&start).then_some(Language::En),
    };
    if found.is_reliable() {
        return Some(language);
    }
    has_english(&start).then_some(Language::En)
}

fn has_english(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .any(|word| ENGLISH.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// Whether a text of these folded words is English: it has more words that only English has than of others.
pub(in crate::detect) fn is_english<'a>(words: impl Iterator<Item = &'a str>) -> bool {
    let frequent = FREQUENT.as_slice();
    let mut lead = 0;
    for word in words.take(COMPARED) {
        if let Ok(at) = frequent.binary_search_by_key(&word, |(known, _)| known) {
            lead += frequent[at].1;
            if lead.abs() == LEAD {
                break;
            }
        }
    }
    lead > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_headline_is_found() {
        for (language, title) in [
            (Language::En, "Quillnet sets the date for its token airdrop next month"),
            (Language::Zh, "Quillnet 将于 12 月 3 日开放 QLN 代币空投申领"),
            (Language::Zh, "隱私公鏈 Veiled 代幣預售現已開啟"),
            (Language::Ja, "Quillnet、QLNトークンのエアドロップを12月3日に実施へ"),
            (Language::Ko, "업비트, 케스트렐(KSTL) 원화 마켓 신규 거래지원"),
            (Language::Ru, "Quillnet проведет аирдроп токена, объявленный ранее"),
            (Language::Uk, "Quillnet проведе еирдроп токенів і відкриє клейм"),
            (Language::Es, "Los usuarios podrán comprobar su elegibilidad en la web del proyecto"),
            (Language::De, "Das Unternehmen verschiebt den Start seines eigenen Token auf nächstes Jahr"),
        ] {
            assert_eq!(super::language(title, ""), Some(language), "{title}");
        }
    }

    #[test]
    fn a_text_without_enough_words_has_no_language() {
        for title in ["", "BTC/USDT", "$QLN 🚀🚀", "123 456"] {
            assert_eq!(language(title, ""), None, "{title}");
        }
    }
}
