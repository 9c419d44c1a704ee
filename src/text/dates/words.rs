//! Names of months, weekdays and parts of the day, and the words between them, in the form of
//! [`super::tokens::normal`]: lower case without accents.
//!
//! Names of months and days: Unicode CLDR 46, `dates/calendars/gregorian`, nominative and genitive, and the short
//! forms that newsrooms use. Names are parted by spaces, words of one name by `+`.

use std::sync::LazyLock;

use jiff::civil::Weekday::{self, Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};

/// Full names, the English one first. Any opening of at least three letters counts that fits one month only.
const MONTHS: [&str; 12] = [
    "january januar janner januari janvier enero janeiro gennaio ianuarie ocak styczen stycznia январь января \
     січень січня",
    "february februar februari fevrier febrero fevereiro febbraio februarie subat luty lutego pebruari февраль \
     февраля лютии лютого",
    "march marz maerz maart mars marzo marco martie mart marzec marca maret март марта березень березня",
    "april avril abril aprile aprilie nisan kwiecien kwietnia апрель апреля квітень квітня",
    "may mai mei mayo maio maggio mayis maj maja маи мая травень травня",
    "june juni juin junio junho giugno iunie haziran czerwiec czerwca июнь июня червень червня",
    "july juli juillet julio julho luglio iulie temmuz lipiec lipca июль июля липень липня",
    "august augustus aout agosto agustos agustus sierpien sierpnia август августа серпень серпня",
    "september septembre septiembre setiembre setembro settembre septembrie eylul wrzesien wrzesnia сентябрь \
     сентября вересень вересня",
    "october oktober octobre octubre outubro ottobre octombrie ekim pazdziernik pazdziernika октябрь октября \
     жовтень жовтня",
    "november novembre noviembre novembro noiembrie kasim listopad listopada nopember ноябрь ноября листопад \
     листопада",
    "december dezember decembre diciembre dezembro dicembre decembrie desember aralik grudzien grudnia декабрь \
     декабря грудень грудня",
];
/// Abbreviations that are no opening of a name.
const SHORT_MONTHS: [(&str, i8); 6] =
    [("mrt", 3), ("mrz", 3), ("agt", 8), ("ags", 8), ("nop", 11), ("peb", 2)];
/// Numbers that Vietnamese names its months with, after `tháng`.
const VIETNAMESE_MONTHS: [&str; 12] =
    ["mot gieng", "hai", "ba", "tu", "nam", "sau", "bay", "tam", "chin", "muoi", "muoi+mot", "muoi+hai chap"];
const WEEKDAYS: [(Weekday, &str); 7] = [
    (
        Monday,
        "monday mon montag mo lundi lun lunes segunda seg lunedi luni pazartesi pzt poniedzialek pon pn maandag ma \
         понедельник пн понеділок senin sen thu+hai 星期一 周一 週一 礼拜一 禮拜一 月曜日 月曜 월요일 一 월 月",
    ),
    (
        Tuesday,
        "tuesday tues tue dienstag di mardi mar martes terca ter martedi marti sali sal wtorek wto wt dinsdag \
         вторник вт вівторок selasa sel thu+ba 星期二 周二 週二 礼拜二 禮拜二 火曜日 火曜 화요일 二 火 화",
    ),
    (
        Wednesday,
        "wednesday weds wed mittwoch mi mercredi mer miercoles mie quarta qua mercoledi miercuri carsamba car sroda \
         sro sr woensdag wo среда ср середа rabu rab thu+tu 星期三 周三 週三 礼拜三 禮拜三 水曜日 水曜 수요일 三 水 수",
    ),
    (
        Thursday,
        "thursday thurs thur thu donnerstag do jeudi jeu jueves jue quinta qui giovedi gio joi persembe per czwartek \
         czw cz donderdag четверг чт четвер kamis kam thu+nam 星期四 周四 週四 礼拜四 禮拜四 木曜日 木曜 목요일 四 木 목",
    ),
    (
        Friday,
        "friday fri freitag fr vendredi ven viernes vie sexta sex venerdi vineri cuma cum piatek pia pt vrijdag vr \
         пятница пт п'ятниця jumat jum thu+sau 星期五 周五 週五 礼拜五 禮拜五 金曜日 金曜 금요일 五 金 금",
    ),
    (
        Saturday,
        "saturday sat samstag sonnabend sa samedi sam sabado sab sabato sambata cumartesi cmt sobota sob zaterdag za \
         суббота сб субота sabtu thu+bay 星期六 周六 週六 礼拜六 禮拜六 土曜日 土曜 토요일 六 土 토",
    ),
    (
        Sunday,
        "sunday sun sonntag so dimanche dim domingo dom domenica duminica pazar paz niedziela nie ndz nd zondag zo \
         воскресенье вс неділя нд minggu min chu+nhat 星期日 星期天 周日 週日 礼拜日 礼拜天 禮拜日 日曜日 日曜 일요일 天 日 일",
    ),
];
/// What scripts without spaces are cut into; of two that fit, the longer. Weekdays are in their own table.
const MORPHEMES: &str = "年 月 日 号 號 时 時 点 點 分 秒 上午 下午 午前 午後 凌晨 清晨 早上 中午 晚上 傍晚 \
                         년 월 일 시 분 초 오전 오후 北京时间 北京時間 日本时间 日本時間 한국시간";
/// Words that stand between the parts of a date and change none of them.
const FILLERS: &str = "at of the on and um uhr h hrs hr hours a le uur kl klo \
                       de del di do da as la las los el il alle ore ora hs horas feira \
                       o godz godzina godzinie r roku в во о об г год года р року рік \
                       saat saati gunu pukul pkl jam tanggal tgl luc ngay vao nam";

/// Which half of the day a time is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// Before noon.
    Morning,
    /// From noon on.
    Afternoon,
    /// Around noon (`中午`): 11 is before it, 1 after it.
    Noon,
    /// `晚上`: 12 would be midnight of one day or the other.
    Evening,
}

/// The month that begins with `word`, or that it abbreviates.
pub(crate) fn month(word: &str) -> Option<i8> {
    word.chars().nth(2)?;
    let first = NAMES_OF_MONTHS.partition_point(|(name, _)| *name < word);
    let begins = NAMES_OF_MONTHS[first..].iter().take_while(|(name, _)| name.starts_with(word));
    let mut found = begins.map(|(_, month)| *month);
    match found.next() {
        Some(month) => found.all(|other| other == month).then_some(month),
        None => SHORT_MONTHS.iter().find(|(short, _)| *short == word).map(|(_, month)| *month),
    }
}

/// The names of all languages, sorted, each with its month.
static NAMES_OF_MONTHS: LazyLock<Vec<(&str, i8)>> = LazyLock::new(|| {
    let of = |(month, names): (i8, &'static str)| names.split(' ').map(move |name| (name, month));
    let mut all: Vec<(&str, i8)> = (1..).zip(MONTHS).flat_map(of).collect();
    all.sort_unstable();
    all
});

/// The month that `word` (lower case) names in English: in full, or by its first three letters.
pub(crate) fn english_month(word: &str) -> Option<i8> {
    let is = |names: &str| {
        names
            .strip_prefix(word)
            .is_some_and(|rest| word.len() == 3 || rest.starts_with(' ') || word == "sept")
    };
    (1..).zip(MONTHS).find(|(_, names)| is(names)).map(|(month, _)| month)
}

/// The month whose Vietnamese number `name` is.
pub(super) fn vietnamese_month(name: &str) -> Option<i8> {
    (1..)
        .zip(VIETNAMESE_MONTHS)
        .find(|(_, names)| names.split(' ').any(|known| known == name))
        .map(|(month, _)| month)
}

/// The weekday that `name` stands for.
pub(super) fn weekday(name: &str) -> Option<Weekday> {
    WEEKDAYS.iter().find(|(_, names)| names.split(' ').any(|known| known == name)).map(|(day, _)| *day)
}

/// The half of the day that `word` names: before the time in Chinese, Japanese and Korean, else behind it.
pub(super) fn half(word: &str) -> Option<Half> {
    Some(match word {
        "am" | "上午" | "午前" | "凌晨" | "清晨" | "早上" | "오전" | "sa" | "sang" | "oo" => {
            Half::Morning
        }
        "pm" | "下午" | "午後" | "오후" | "傍晚" | "ch" | "chieu" | "os" => Half::Afternoon,
        "中午" => Half::Noon,
        "晚上" | "toi" => Half::Evening,
        _ => return None,
    })
}

/// Whether `word` means nothing by itself.
pub(super) fn is_filler(word: &str) -> bool {
    FILLERS.split(' ').any(|known| known == word)
}

/// Length of the longest word that `text` begins with, of a script without spaces; bytes.
pub(super) fn morpheme(text: &str) -> Option<usize> {
    let words = MORPHEMES.split(' ').filter(|word| !word.is_empty());
    let days = WEEKDAYS.iter().flat_map(|(_, names)| names.split(' ')).filter(|name| !name.is_ascii());
    words.chain(days).filter(|word| text.starts_with(*word)).map(str::len).max()
}
