//! Verdicts on texts in other languages than English.

use super::{Early, Headline, Item, Rules, Settings, news, rules};
use crate::model::{Event, Language, Stage, Verdict};

fn judged(title: &str) -> Verdict {
    rules().judge(&Item { published: Some("2026-11-20T08:00:00Z".parse().unwrap()), ..news(title, "") })
}

/// Title, event, stage, project, date.
const LAUNCHES: &[(&str, Event, Stage, &str, Option<&str>)] = &[
    (
        "Quillnet 将于 12 月 3 日开放 QLN 代币空投申领",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "隱私公鏈 Veilnet 宣佈將於明日開放 VLN 代幣空投申領",
        Event::Airdrop,
        Stage::Upcoming,
        "Veilnet",
        Some("2026-11-21"),
    ),
    (
        "Orvita 计划于 11 月 26 日进行 ORV 代币 TGE",
        Event::Listing,
        Stage::Upcoming,
        "Orvita",
        Some("2026-11-26"),
    ),
    (
        "Quillnet、QLNトークンのエアドロップを12月3日に実施へ",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet, 12월 3일 QLN 토큰 에어드랍 진행 예정",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet проведет аирдроп токена QLN 3 декабря",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet проведе еирдроп токена QLN 3 грудня",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet, QLN airdrop'unu 3 Aralık'ta gerçekleştirecek",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet hará un airdrop de su token QLN el 3 de diciembre",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet fará um airdrop do token QLN em 3 de dezembro",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet sẽ airdrop token QLN vào ngày 3 tháng 12",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet akan membagikan token QLN lewat airdrop pada 3 Desember",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet führt Airdrop für QLN-Token am 3. Dezember durch",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet annonce l'airdrop de son jeton QLN pour le 3 décembre",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
    (
        "Quillnet annuncia l'airdrop del token QLN per il 3 dicembre",
        Event::Airdrop,
        Stage::Upcoming,
        "Quillnet",
        Some("2026-12-03"),
    ),
];

const OTHERS: &[&str] = &[
    "SOL 突破 240 美元，24 小时涨幅达 6%",
    "币安将上线 DOGE USDT 永续合约",
    "一文读懂什么是代币经济学",
    "ビットコイン、一時9万ドルを割り込み急落",
    "トークンとは？仕組みや買い方を初心者向けに解説",
    "비트코인 9만 달러 붕괴, 24시간 새 5% 하락",
    "바이낸스, 도지코인 무기한 선물 상장",
    "Хакеры украли $9 млн у протокола Coralswap",
    "Binance оголосила делістинг чотирьох токенів",
    "Bu hafta OP ve APT token kilit açılımları gerçekleşecek",
    "Binance retirará cuatro tokens de su plataforma",
    "O que é tokenomics? Guia para iniciantes",
    "Binance hủy niêm yết bốn token",
    "Tokocrypto delisting empat koin",
    "Was ist Tokenomics? Anleitung für Anfänger",
    "Le bitcoin chute sous les 90 000 dollars",
    "Truffa con un falso airdrop di Quillnet",
];

#[test]
fn launches_are_found_in_every_language() {
    let mut wrong = Vec::new();
    for (title, event, stage, project, date) in LAUNCHES {
        let verdict = judged(title);
        let found = (verdict.event, verdict.stage, verdict.project.as_deref(), verdict.event_date.as_deref());
        if !verdict.tge || found != (Some(*event), Some(*stage), Some(*project), *date) {
            wrong.push(format!("{title}: score {}, {found:?}", verdict.score));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn other_news_is_none_in_every_language() {
    let wrong: Vec<String> = OTHERS
        .iter()
        .map(|title| (title, judged(title)))
        .filter(|(_, verdict)| verdict.tge)
        .map(|(title, verdict)| format!("{title}: score {}", verdict.score))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_text_in_an_excluded_language_is_dropped_before_it_is_judged() {
    let title = LAUNCHES[0].0;
    let limited = Rules::compile(&Settings { languages: vec![Language::En], ..Settings::default() });
    assert_eq!(limited.early(&Headline { title, ..Headline::default() }), Early::Dropped("other_language"));
    let explanation = limited.explain(&news(title, ""));
    assert!(!explanation.verdict.tge && explanation.verdict.lang == Some(Language::Zh));
    assert!(explanation.change[0].contains("detect.languages"), "{:?}", explanation.change);
    let wanted = Rules::compile(&Settings { languages: vec![Language::Zh], ..Settings::default() });
    assert_eq!(wanted.early(&Headline { title, ..Headline::default() }), Early::Candidate);
    assert!(wanted.judge(&news(title, "")).tge);
}
