//! Dates in other languages than English: "11月25日", "11월 25일", "25 de noviembre", "25. November", "25 Kasım",
//! "ngày 25 tháng 11", "今晚", "第四季度".

use std::borrow::Cow;

use jiff::{
    ToSpan,
    civil::{Date, date},
};

use super::{
    Found,
    read::{Reader, day, nearest_year, number, year},
    relative::NEWS_REACH,
};
use crate::{
    detect::{
        groups::{Group, Groups},
        reading::Part,
    },
    text::{
        dates::{english_month, month},
        normal::Shape,
    },
};

const TODAY: &[&str] = &[
    "今日",
    "今天",
    "今晚",
    "本日",
    "сегодня",
    "сьогодні",
    "bugun",
    "hoy",
    "hoje",
    "heute",
    "oggi",
    "aujourdhui",
];
const TOMORROW: &[&str] =
    &["明日", "明天", "明晚", "завтра", "yarin", "manana", "amanha", "morgen", "domani", "demain", "besok"];
const NEXT_MONTH: &[&str] = &["下月", "下个月", "来月"];
/// Words of two, the second of which says the day.
const TODAY_PAIRS: &[(&str, &str)] = &[("hom", "nay"), ("hari", "ini")];
const TOMORROW_PAIRS: &[(&str, &str)] = &[("ngay", "mai")];
/// Words before the name of a bare month.
const IN: &[&str] = &[
    "en", "em", "im", "в", "у", "au", "debut", "fin", "finales", "fine", "inizio", "ende", "anfang", "mitte",
    "bulan", "до", "ate", "hasta", "entro", "a",
];
/// Words between a day and its month, or a month and its year.
const OF: &[&str] = &["de", "del", "di", "."];
/// Words before a day and a month in digits, the day first.
const BEFORE_DAY: &[&str] = &["ngay", "el", "dia", "tanggal", "tgl", "le", "am", "vom", "ab", "il"];
/// How words begin that number a quarter.
const ORDINALS: &[(&str, i8)] = &[
    ("prim", 1),
    ("prem", 1),
    ("erst", 1),
    ("перв", 1),
    ("перш", 1),
    ("ilk", 1),
    ("birinci", 1),
    ("segund", 2),
    ("second", 2),
    ("deux", 2),
    ("zweit", 2),
    ("втор", 2),
    ("друг", 2),
    ("ikinci", 2),
    ("terc", 3),
    ("terz", 3),
    ("trois", 3),
    ("dritt", 3),
    ("трет", 3),
    ("ucuncu", 3),
    ("cuart", 4),
    ("quart", 4),
    ("quatr", 4),
    ("viert", 4),
    ("четв", 4),
    ("dorduncu", 4),
];
/// How words for a quarter begin.
const QUARTERS: &[&str] = &["trimestre", "quartal", "kuartal", "ceyre", "квартал", "quy"];
/// Words before the day on which something ends, and words that follow it.
const ENDS_BEFORE: &[&str] = &[
    "截止", "截至", "直到", "hasta", "ate", "jusqu", "jusquau", "bis", "fino", "до", "hingga", "sampai",
    "den",
];
const ENDS_AFTER: &[&str] =
    &["关闭", "结束", "截止", "まで", "终了", "締切", "kadar", "까지", "마감", "종료"];
/// Tokens between a day and such a word: "24 日 10:00 (UTC+8) 关闭".
const END_REACH: usize = 9;

/// The folded form of token `index`; without the spaces between the characters of a word, which only matching needs.
fn compact<'a>(part: &'a Part, index: usize) -> Cow<'a, str> {
    let word = part.word(index);
    if part.normal.is_unspaced && word.contains(' ') {
        Cow::Owned(word.replace(' ', ""))
    } else {
        Cow::Borrowed(word)
    }
}

/// Whether the day at `index` is the last one of what runs.
pub(super) fn ends(part: &Part, index: usize) -> bool {
    let is = |at: usize, words: &[&str]| {
        words.contains(&&*compact(part, at)) || words.iter().any(|word| part.words(at, at) == *word)
    };
    let same_sentence = |at: &usize| !matches!(part.word(*at), "." | ",");
    (index.saturating_sub(2)..index).any(|at| is(at, ENDS_BEFORE))
        || (index + 1..index + END_REACH).take_while(same_sentence).any(|at| is(at, ENDS_AFTER))
}

/// Whether `word` joins the two days of a range.
pub(super) fn joins(word: &str) -> bool {
    matches!(word, "至" | "到" | "bis" | "al")
}

impl Reader<'_> {
    /// The date in another language that begins, or has its month, at token `index`.
    pub(super) fn in_language(&self, index: usize) -> Option<Found> {
        let token = self.part.token(index)?;
        match token.shape {
            Shape::Number => self.of_units(index).or_else(|| self.of_digits(index)),
            Shape::Word => self
                .of_named_month(index)
                .or_else(|| self.of_quarter(index))
                .or_else(|| self.of_relative(index)),
            _ => None,
        }
    }

    /// Whether token `index` begins with `unit`, as written.
    fn has_unit(&self, index: usize, units: &[&str]) -> bool {
        units.iter().any(|unit| self.part.words(index, index).starts_with(unit))
    }

    /// "2026年11月25日", "11월 25일", "11 月 25 日", "于 24 日".
    fn of_units(&self, index: usize) -> Option<Found> {
        let word = |at: usize| self.part.word(at);
        let is_year = |at: usize| self.has_unit(at, &["年", "년"]);
        let is_month = |at: usize| self.has_unit(at, &["月", "월"]);
        let is_day = |at: usize| self.has_unit(at, &["日", "号", "號", "일"]);
        if let Some(year) = year(word(index)).filter(|_| is_year(index + 1)) {
            if let Some(month) = number(word(index + 2)).filter(|_| is_month(index + 3)) {
                let day = day(word(index + 4)).filter(|_| is_day(index + 5));
                return day_or_month(year, month, day);
            }
            let after = index + 2 + usize::from(word(index + 2) == "第");
            if let Some(quarter) = self.quarter_at(after) {
                return Some(Found::Quarter(year, quarter));
            }
            return self.today.filter(|today| year > today.year()).map(|_| Found::Year(year));
        }
        let first = number(word(index))?;
        let before = index.checked_sub(1);
        if is_month(index + 1) {
            let dated = before.is_some_and(|at| is_year(at) && index > 1 && year(word(index - 2)).is_some());
            // "BlockBeats 消息，3 月 28 日，据官方公告": the day of the report.
            let report = index > 1
                && word(index - 1) == ","
                && matches!(&*compact(self.part, index - 2), "消息" | "讯" | "报道");
            let day = day(word(index + 2)).filter(|_| is_day(index + 3));
            if dated || report && word(index + 4) == "," {
                return None;
            }
            let year = nearest_year(self.today?, first, day.unwrap_or(15));
            return day_or_month(year, first, day);
        }
        // A day of this month, or of the next one.
        let set = before.is_some_and(|at| word(at).ends_with('于') || word(at).ends_with('至'));
        if set && is_day(index + 1) && (1..=31).contains(&first) {
            let today = self.today?;
            let this = Date::new(today.year(), today.month(), first).ok()?;
            let day = if first + 15 < today.day() { this.checked_add(1.month()).ok()? } else { this };
            return Some(Found::Day(day));
        }
        // "4분기"
        if self.has_unit(index + 1, &["분기", "季度", "四半期"]) && (1..=4).contains(&first) {
            return self.quarter_of(first, None);
        }
        None
    }

    /// "ngày 25/11", "el 25/11".
    fn of_digits(&self, index: usize) -> Option<Found> {
        let (first, second) = (day(self.part.word(index))?, number(self.part.word(index + 1))?);
        let tokens = &self.part.normal.tokens;
        let between = self.part.text.get(tokens[index].end as usize..tokens[index + 1].start as usize);
        let said = index > 0 && BEFORE_DAY.contains(&self.part.word(index - 1));
        if !said || between != Some("/") || year(self.part.word(index + 2)).is_some() {
            return None;
        }
        let year = nearest_year(self.today?, second, first);
        Date::new(year, second, first).ok().map(Found::Day)
    }

    /// "25 de noviembre de 2026", "25. November", "25 ноября", "25 tháng 11", "im November".
    fn of_named_month(&self, index: usize) -> Option<Found> {
        let word = |at: usize| self.part.word(at);
        let before = |offset: usize| index.checked_sub(offset).map_or("", word);
        let (month, last) = if word(index) == "thang" {
            (number(word(index + 1)).filter(|month| (1..=12).contains(month))?, index + 1)
        } else {
            let of = OF.contains(&before(1));
            let dated = ordinal_day(before(if of { 2 } else { 1 })).is_some();
            if !dated && !IN.contains(&before(1)) && year(word(index + 1)).is_none() {
                return None;
            }
            // Short names are words of other languages: "5 out of 10".
            if word(index).len() < 4 && word(index) != "mai" && word(index) != "mei"
                || english_month(word(index)).is_some() && before(1) != "."
            {
                return None;
            }
            (month(word(index))?, index)
        };
        let of = usize::from(OF.contains(&before(1)));
        let day = ordinal_day(before(1 + of));
        let next = last + 1 + usize::from(OF.contains(&word(last + 1)) || word(last + 1) == "nam");
        let stated = year(word(next));
        let likely = || self.today.map(|today| nearest_year(today, month, day.unwrap_or(15)));
        day_or_month(stated.or_else(likely)?, month, day)
    }

    /// "第四季度", "в четвертом квартале 2026", "cuarto trimestre", "T4 2026".
    fn of_quarter(&self, index: usize) -> Option<Found> {
        let word = |at: usize| self.part.word(at);
        if let Some(quarter) =
            word(index).strip_prefix('t').and_then(number).filter(|quarter| (1..=4).contains(quarter))
        {
            return year(word(index + 1)).map(|year| Found::Quarter(year, quarter));
        }
        let dated = index > 1 && self.has_unit(index - 1, &["年", "第"]);
        let quarter = self.quarter_at(index).filter(|_| !dated || self.has_unit(index - 1, &["第"]))?;
        let next = index + 1;
        let year_at = (next..next + 3).find(|&at| year(word(at)).is_some());
        self.quarter_of(quarter, year_at.and_then(|at| year(word(at))))
    }

    /// The number of the quarter that token `index` names, with the words beside it.
    fn quarter_at(&self, index: usize) -> Option<i8> {
        let word = |at: usize| self.part.word(at);
        let named = &*compact(self.part, index);
        if let Some(head) = named.strip_suffix("季度") {
            let head = head.trim();
            return ["一", "二", "三", "四"]
                .iter()
                .position(|one| *one == head)
                .and_then(|at| i8::try_from(at + 1).ok());
        }
        if let Some(quarter) = named.strip_prefix('q').and_then(number) {
            return Some(quarter).filter(|quarter| (1..=4).contains(quarter));
        }
        if !QUARTERS.iter().any(|quarter| named.starts_with(quarter)) {
            return None;
        }
        let number_at = |at: usize| {
            let word = word(at);
            let plain = number(word).filter(|number| (1..=4).contains(number));
            plain.or_else(|| {
                ORDINALS.iter().find(|(head, _)| word.starts_with(head)).map(|(_, number)| *number)
            })
        };
        let near = [index.checked_sub(1), index.checked_sub(2), Some(index + 1)];
        near.into_iter().flatten().find_map(number_at)
    }

    fn quarter_of(&self, quarter: i8, stated: Option<i16>) -> Option<Found> {
        let likely = || {
            let today = self.today?;
            Some(if quarter * 3 < today.month() { today.year() + 1 } else { today.year() })
        };
        Some(Found::Quarter(stated.or_else(likely)?, quarter))
    }

    /// "今晚", "завтра", "내일", "hari ini".
    fn of_relative(&self, index: usize) -> Option<Found> {
        let word = &*compact(self.part, index);
        let pair = (word, self.part.word(index + 1));
        let written = self.part.words(index, index);
        let is_today = TODAY.contains(&word) || TODAY_PAIRS.contains(&pair) || written.starts_with("오늘");
        let is_tomorrow =
            TOMORROW.contains(&word) || TOMORROW_PAIRS.contains(&pair) || written.starts_with("내일");
        let today = self.today?;
        if NEXT_MONTH.contains(&word) {
            let then = date(today.year(), today.month(), 1).checked_add(1.month()).ok()?;
            return Some(Found::Month(then.year(), then.month()));
        }
        if !is_today && !is_tomorrow {
            return None;
        }
        // "por la mañana": in the morning.
        if is_tomorrow && index > 0 && matches!(self.part.word(index - 1), "la" | "am" | "jeden") {
            return None;
        }
        let around = index.saturating_sub(NEWS_REACH)..(index + NEWS_REACH).min(self.part.tags.len());
        let near: Groups = self.part.tags[around].iter().collect();
        let announced = [index.checked_sub(1), Some(index + 1)]
            .into_iter()
            .flatten()
            .any(|at| self.part.groups(at).any(Group::Reveals));
        if is_today && (announced || !near.any(Groups::TRADE)) {
            return None;
        }
        today.checked_add(i64::from(is_tomorrow).days()).ok().map(Found::Day)
    }
}

fn day_or_month(year: i16, month: i8, day: Option<i8>) -> Option<Found> {
    match day {
        Some(day) => Date::new(year, month, day).ok().map(Found::Day),
        None => (1..=12).contains(&month).then_some(Found::Month(year, month)),
    }
}

/// The day of the month that `word` names: "25", "1º", "1er".
fn ordinal_day(word: &str) -> Option<i8> {
    day(word.strip_suffix("er").or_else(|| word.strip_suffix('o')).unwrap_or(word))
}

#[cfg(test)]
mod tests {
    use crate::{
        detect::{facts::event_dates, lexicon::Lexicon},
        model::Event,
    };

    fn date_of(text: &str) -> Option<String> {
        let published = "2026-11-20T08:00:00Z".parse().unwrap();
        let lexicon = Lexicon::new(&[], &[]);
        event_dates(&lexicon.read(text, "", None), Some(published))
            .of(Event::Airdrop)
            .map(|when| when.date.clone())
    }

    #[test]
    fn dates_of_every_language_are_read() {
        let wrong: Vec<String> = [
            ("代币将于 11 月 25 日 21:00（UTC+8）上线", "2026-11-25"),
            ("代币将于2027年1月5日上线", "2027-01-05"),
            ("代币将于明日上线", "2026-11-21"),
            ("代币今日上线交易", "2026-11-20"),
            ("申领将于 24 日开放", "2026-11-24"),
            ("代币将于 2027 年第一季度推出", "2027-Q1"),
            ("代币将于四季度推出", "2026-Q4"),
            ("代幣將於下個月上線", "2026-12"),
            ("项目将于 12 月公布代币经济学", "2026-12"),
            ("トークンを11月25日に上場", "2026-11-25"),
            ("トークンを来月発行へ", "2026-12"),
            ("11월 25일부터 토큰 거래 시작", "2026-11-25"),
            ("내일 토큰 에어드랍 시작", "2026-11-21"),
            ("4분기 토큰 출시 예정", "2026-Q4"),
            ("Токен появится 25 ноября", "2026-11-25"),
            ("Запуск токена в 4-м квартале 2027 года", "2027-Q4"),
            ("Токен з'явиться 25 листопада", "2026-11-25"),
            ("Token 25 Kasım'da çıkacak", "2026-11-25"),
            ("La venta empieza el 25 de noviembre de 2026", "2026-11-25"),
            ("El token llegará en el primer trimestre de 2027", "2027-Q1"),
            ("O token será lançado em 1º de dezembro", "2026-12-01"),
            ("Token ra mắt ngày 25 tháng 11", "2026-11-25"),
            ("Token lên sàn vào ngày 25/11", "2026-11-25"),
            ("Token rilis 25 Desember", "2026-12-25"),
            ("Der Token startet am 25. November", "2026-11-25"),
            ("Le jeton arrive le 1er décembre", "2026-12-01"),
            ("Il token arriva il 25 novembre 2026", "2026-11-25"),
            ("Der Token kommt im Dezember", "2026-12"),
        ]
        .into_iter()
        .map(|(text, date)| (text, date, date_of(text)))
        .filter(|(_, date, found)| found.as_deref() != Some(*date))
        .map(|(text, date, found)| format!("{text}: {found:?}, not {date}"))
        .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_day_of_a_report_and_the_last_day_are_no_dates_of_the_event() {
        for text in [
            "BlockBeats 消息，11 月 20 日，据官方公告，项目宣布代币空投",
            "代币申领将于 12 月 24 日 10:00 关闭",
            "5 out of 10 tokens",
            "mañana por la mañana",
        ] {
            let found = date_of(text).filter(|date| date != "2026-11-21");
            assert_eq!(found, None, "{text}");
        }
    }
}
