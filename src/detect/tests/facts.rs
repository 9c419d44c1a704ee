//! Stage and date, coins, rumours and who speaks, each on invented texts.

use super::*;
use crate::model::{
    Event, Stage,
    event_date::{day_of, event_days},
};

#[test]
fn the_date_decides_the_stage() {
    use Stage::{Live, Past, Upcoming};
    for (title, text, date, stage) in [
        ("Plimsoll (PLIM) token sale starts on 29 February 2028", "", Some("2028-02-29"), Upcoming),
        ("Plimsoll (PLIM) airdrop claim opens in Q3 2028", "", Some("2028-Q3"), Upcoming),
        ("Plimsoll airdrop claim opens in 2028", "", Some("2028"), Upcoming),
        ("Plimsoll airdrop claim opens in January", "", Some("2027-01"), Upcoming),
        ("Plimsoll airdrop claim goes live next Tuesday", "", Some("2026-12-01"), Upcoming),
        ("Plimsoll token sale opens in 3 days", "", Some("2026-11-30"), Upcoming),
        ("Plimsoll token sale runs 1–5 March 2027", "", Some("2027-03-01"), Upcoming),
        ("Plimsoll token sale: March 1 to 5, 2027", "", Some("2027-03-01"), Upcoming),
        ("Plimsoll token sale runs from 25 November to 3 December", "", Some("2026-11-25"), Live),
        (
            "Korvex Will List Plimsoll (PLIM)",
            "Trading opens at 2026-12-03 10:00 (UTC)",
            Some("2026-12-03"),
            Upcoming,
        ),
        (
            "Korvex Lists Plimsoll (PLIM)",
            "Trading: 10:00 on December 3, 2026 (UTC)",
            Some("2026-12-03"),
            Upcoming,
        ),
        ("Plimsoll airdrop is live: claim PLIM now", "Claims close on 27 January 2027.", None, Live),
        (
            "Plimsoll airdrop is live: claim PLIM now",
            "Tokens will be distributed on 27 January 2027.",
            None,
            Live,
        ),
        ("Plimsoll airdrop is live: claim PLIM now", "Trading starts on 3 December.", None, Live),
        ("Plimsoll (PLIM) token sale ended on November 20", "", None, Past),
        ("Plimsoll token launch planned after its testnet in 2023", "", None, Upcoming),
        ("Plimsoll to launch its token", "The testnet opened in March 2025.", None, Upcoming),
        ("Plimsoll plans token launch after raising $5M in March 2024", "", None, Upcoming),
        ("Plimsoll presale ends December 31", "", None, Live),
        ("Plimsoll airdrop claim ended on 1 October 2026", "", None, Past),
        ("Plimsoll token sale opened on November 24", "", Some("2026-11-24"), Live),
        ("Plimsoll (PLIM) to list on Korvex on 3 March 2026", "", Some("2026-03-03"), Past),
        ("Plimsoll airdrop claim deadline set for 5 December", "", None, Live),
        ("Plimsoll opens whitelist for its public token sale", "", None, Upcoming),
        (
            "Plimsoll opens registration for its token sale",
            "Registration closes on 3 December; the sale runs from 8 to 10 December.",
            Some("2026-12-08"),
            Upcoming,
        ),
        (
            "Plimsoll token sale: KYC open until 4 December",
            "Sale starts on 9 December",
            Some("2026-12-09"),
            Upcoming,
        ),
        ("Plimsoll raises $12M in PLIM token sale ahead of 5 December listing", "", None, Past),
        ("Plimsoll TGE delayed from 5 December to 12 December", "", Some("2026-12-12"), Upcoming),
        ("Plimsoll airdrop claim opens within 24 hours", "", Some("2026-11-28"), Upcoming),
        ("Plimsoll launches its token next week", "", None, Upcoming),
        (
            "Plimsoll takes snapshot for its airdrop",
            "The snapshot was taken on 25 November.",
            Some("2026-11-25"),
            Past,
        ),
        (
            "Plimsoll airdrop registration open until 5 December",
            "The PLIM token launches on 15 December.",
            Some("2026-12-15"),
            Upcoming,
        ),
    ] {
        let published = "2026-11-27T15:00:00Z".parse().ok();
        let verdict = rules().judge(&Item { published, ..news(title, text) });
        assert_eq!((verdict.event_date.as_deref(), verdict.stage), (date, Some(stage)), "{title} | {text}");
    }
    // A text without a day of publication is held against the day it is read.
    let item = news("Korvex Lists Plimsoll (PLIM)", "Trading: 10:00 on December 3, 2026 (UTC)");
    let stage = |now: &str| rules().judge_at(&item, now.parse().unwrap()).stage;
    assert_eq!(stage("2026-11-27T15:00:00Z"), Some(Upcoming));
    assert_eq!(stage("2028-11-27T15:00:00Z").map(|stage| stage == Upcoming), Some(false));
}

#[test]
fn event_and_date_are_decided_together() {
    for (title, event) in [
        ("Plimsoll to launch its PLIM token on 5 December", Event::Listing),
        ("Plimsoll token launch planned for Q2 2027", Event::Announcement),
        ("Plimsoll will launch a token, team says", Event::Announcement),
        ("Plimsoll airdrop eligibility checker is live", Event::Snapshot),
        ("Plimsoll opens airdrop claim page", Event::Airdrop),
        ("Plimsoll token sale on 12 May, listing on 1 June", Event::Sale),
    ] {
        let published = "2026-11-27T15:00:00Z".parse().ok();
        let verdict = rules().judge(&Item { published, ..news(title, "") });
        assert_eq!((verdict.event, verdict.rumour), (Some(event), false), "{title}");
    }
}

#[test]
fn a_post_without_a_name_is_about_its_account() {
    let post = |author, text| {
        let item = Item { kind: Kind::Post, author, ..news("", text) };
        rules().judge(&item).project
    };
    let text = "gm. Our airdrop claim is live";
    assert_eq!(post("@plimsoll_xyz", text).as_deref(), Some("plimsoll_xyz"));
    // Accounts that report on others, and exchanges, are no projects.
    assert_eq!(post("airdropnews", text), None);
    assert_eq!(post("binance", text), None);
    assert_eq!(post("plimsoll_xyz", "Sabelle airdrop claim is live").as_deref(), Some("Sabelle"));
}

#[test]
fn the_host_of_a_link_says_what_its_page_is() {
    let post = |text| rules().judge(&Item { kind: Kind::Post, ..news("", text) }).event;
    assert_eq!(post("Vault Nine is open now https://claim.plimsoll.example"), Some(Event::Airdrop));
    assert_eq!(post("Vault Nine is open now https://plimsoll.example/claim."), None);
}

#[test]
fn a_notice_on_several_coins_names_them_all_and_the_watched_one_first() {
    let title = "Korvex Will List Plimsoll (PLIM), Caldera (ERA) and Sabelle (SBL)";
    let coins = |verdict: &Verdict| {
        let mut all = vec![(verdict.project.clone(), verdict.token.clone(), verdict.watched)];
        all.extend(verdict.also.iter().map(|coin| (coin.project.clone(), coin.token.clone(), coin.watched)));
        all.into_iter()
            .map(|(project, token, watched)| {
                format!("{} {} {watched}", project.unwrap_or_default(), token.unwrap_or_default())
            })
            .collect::<Vec<_>>()
    };
    let plain = rules().judge(&news(title, ""));
    assert_eq!(plain.event, Some(Event::Listing));
    // Caldera's coin has traded for long: no launch, unless the user watches it.
    assert_eq!(coins(&plain), ["Plimsoll PLIM false", "Sabelle SBL false"]);
    let watching_two = watching(vec![
        caldera(),
        Project { name: "SABELLE".into(), tokens: vec!["SBL".into()], ..Project::default() },
    ]);
    assert_eq!(
        coins(&watching_two.judge(&news(title, ""))),
        ["Caldera ERA true", "Plimsoll PLIM false", "SABELLE SBL true"]
    );
    let only =
        Rules::compile(&Settings { watched_only: true, projects: vec![caldera()], ..Settings::default() });
    assert_eq!(coins(&only.judge(&news(title, ""))), ["Caldera ERA true"]);
}

#[test]
fn a_permission_is_no_rumour() {
    let title = "Q&A: Plimsoll airdrop claim goes live today and who may take part";
    let verdict = rules().judge(&news(title, ""));
    assert!(verdict.tge && !verdict.rumour, "{verdict:?}");
    assert!(rules().judge(&news("Plimsoll may launch a token airdrop", "")).rumour);
}

#[test]
fn only_a_page_that_the_project_alone_writes_speaks_for_it() {
    let domains = vec!["caldera.xyz".into(), "github.com".into()];
    let rules = watching(vec![Project { domains, ..caldera() }]);
    let speaks = |address: &str| {
        let item =
            Item { origin: Origin::Address(address), ..news("Caldera opens claims for ERA airdrop", "") };
        assert_eq!(rules.is_own_page(address), rules.judge(&item).official, "{address}");
        rules.is_own_page(address)
    };
    for own in ["https://caldera.xyz/", "http://CALDERA.xyz:8080/blog/x", "https://news.caldera.xyz/a?b#c"] {
        assert!(speaks(own), "{own}");
    }
    for other in [
        "",
        "caldera.xyz",
        "https://caldera.xyz@evil.example/",
        "https://evil.example/caldera.xyz/",
        "https://caldera.xyz.evil.example/",
        "https://notcaldera.xyz/",
        "https://xn--cldera-4ve.xyz/",
        "https://c\u{430}ldera.xyz/",
        "https://forum.caldera.xyz/t/claim",
        "https://caldera.xyz/forum/claim-here",
        "https://caldera.xyz/u/somebody",
        "https://github.com/somebody/caldera",
    ] {
        assert!(!speaks(other), "{other}");
    }
}

proptest! {
    #[test]
    fn a_stage_never_contradicts_the_date(
        what in prop::sample::select(vec![
            "airdrop claim is live", "token sale starts", "airdrop claims open", "token sale ended", "token sale raised $5M",
            "lists on Korvex", "launches token", "snapshot taken", "airdrop is live: claim now", "reveals tokenomics",
        ]),
        joint in prop::sample::select(vec!["on", "", ":", "until", "after its testnet in", "by", "from", ". Distribution on"]),
        days in -800_i64..800,
        form in 0_usize..8,
        in_title in any::<bool>(),
    ) {
        let published: Timestamp = "2026-11-27T15:00:00Z".parse().unwrap();
        let today = day_of(published);
        let day = today.checked_add(jiff::Span::new().days(days)).unwrap();
        let date = match form {
            0 => day.strftime("%-d %B %Y"),
            1 => day.strftime("%B %-d"),
            2 => day.strftime("%Y-%m-%d 10:00 (UTC)"),
            3 => day.strftime("%B %Y"),
            4 => day.strftime("%Y"),
            5 => day.strftime("%d.%m.%Y"),
            6 => day.strftime("%B %-d–28, %Y"),
            _ => day.strftime("Q1 %Y"),
        }.to_string();
        let first = format!("Quillon (QLN) {what}");
        let dated = format!("{joint} {date}");
        let (title, text) = if in_title { (format!("{first} {dated}"), String::new()) } else { (first, format!("It comes {dated}.")) };
        let item = Item { published: Some(published), ..news(&title, &text) };
        let undated = rules().judge_at(&Item { published: None, ..item }, published);
        for verdict in [rules().judge(&item), undated] {
            if let Some((first, last)) = verdict.event_date.as_deref().and_then(event_days) {
                prop_assert!(first <= today || verdict.stage == Some(Stage::Upcoming), "{title} | {text}: {verdict:?}");
                prop_assert!(last >= today || verdict.stage != Some(Stage::Upcoming), "{title} | {text}: {verdict:?}");
            }
        }
    }
}

#[test]
fn a_word_of_grammar_is_no_project() {
    const WORDS: [&str; 24] = [
        "None",
        "Nobody",
        "Neither",
        "Everybody",
        "Somebody",
        "Anybody",
        "Several",
        "Some",
        "These",
        "Those",
        "They",
        "However",
        "Meanwhile",
        "Moreover",
        "Furthermore",
        "Nevertheless",
        "Therefore",
        "Hence",
        "Sometimes",
        "Besides",
        "Whatever",
        "Tonight",
        "Another",
        "Yes",
    ];
    for word in WORDS {
        for (title, text) in [
            (format!("{word} of the people involved spoke of the token launch"), String::new()),
            (
                "The airdrop is live after a long wait".to_owned(),
                format!("{word} of the people involved can claim the token."),
            ),
            (format!("{word} launches, {word} airdrop opens"), String::new()),
        ] {
            let verdict = rules().judge(&news(&title, &text));
            assert_ne!(verdict.project.as_deref(), Some(word), "{title} / {text}");
        }
    }
}
