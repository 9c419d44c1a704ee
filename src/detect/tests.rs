//! The module from outside: rules in, verdicts out.

mod facts;
mod languages;

use std::{fs, path::Path};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::model::{Caution, Verdict};

fn rules() -> &'static Rules {
    static RULES: std::sync::OnceLock<Rules> = std::sync::OnceLock::new();
    RULES.get_or_init(|| Rules::compile(&Settings::default()))
}

fn news<'a>(title: &'a str, text: &'a str) -> Item<'a> {
    Item {
        kind: Kind::News,
        title,
        text,
        author: "",
        source: "",
        url: "",
        published: None,
        origin: Origin::Unproven,
    }
}

fn watching(projects: Vec<Project>) -> Rules {
    Rules::compile(&Settings { projects, ..Settings::default() })
}

fn caldera() -> Project {
    Project {
        name: "Caldera".into(),
        aliases: vec!["Caldera Chain".into()],
        tokens: vec!["ERA".into()],
        exclude: vec!["volcanic caldera".into()],
        handles: vec!["Calderaxyz".into()],
        ..Project::default()
    }
}

/// The news of a file of real texts that `wanted` takes, and how many of them pass the early filter.
fn passed(file: impl std::io::Read, wanted: impl Fn(&Value) -> bool) -> (u32, u32) {
    let (mut all, mut passed) = (0, 0);
    for line in std::io::BufRead::lines(std::io::BufReader::new(file)) {
        let item: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if item["kind"] == "news" && wanted(&item) {
            let field = |key: &str| item[key].as_str().unwrap_or_default();
            let headline = Headline { title: field("title"), summary: field("text"), ..Headline::default() };
            all += 1;
            passed += u32::from(rules().early(&headline) == Early::Candidate);
        }
    }
    (all, passed)
}

/// Real texts, which are not in the repository (docs/reference/training-data.md#files).
fn real(file: &str) -> fs::File {
    fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("training-data").join(file)).unwrap()
}

#[test]
fn each_sample_is_judged_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/text");
    let mut wrong = Vec::new();
    let mut samples = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "json") || name.contains(".expected.") {
            continue;
        }
        samples += 1;
        let read = |path: &Path| serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap();
        let (item, expected) = (read(&path), read(&path.with_extension("expected.json")));
        let field = |key: &str| item[key].as_str().unwrap_or_default();
        let verdict = rules().judge(&Item {
            kind: if item["kind"] == "post" { Kind::Post } else { Kind::News },
            title: field("title"),
            text: field("text"),
            author: field("author"),
            source: field("source"),
            url: "",
            published: item["published"].as_str().map(|at| at.parse().unwrap()),
            origin: Origin::Unproven,
        });
        let found = serde_json::json!({
            "tge": verdict.tge, "rumour": verdict.rumour, "paid": verdict.paid, "event": verdict.event,
            "stage": verdict.stage, "project": verdict.project, "token": verdict.token, "event_date": verdict.event_date,
        });
        for (key, value) in expected.as_object().unwrap() {
            if found[key] != *value {
                wrong.push(format!("{name}: {key} is {} (score {}), not {value}", found[key], verdict.score));
            }
        }
    }
    assert!(samples > 5);
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_the_opening_is_read_however_long_the_text() {
    let opening = "Quillon sets its QLN token airdrop for May. ".repeat(40);
    let short = rules().judge(&news("Quillon airdrop", &opening));
    let long = rules().judge(&news("Quillon airdrop", &(opening + &"padding ".repeat(600_000))));
    assert_eq!(short, long);
}

#[test]
fn hostile_texts_get_an_answer() {
    let long = 1 << 20;
    for text in [
        "a".repeat(long),
        "$".repeat(long),
        "airdrop".repeat(long / 7),
        "\u{202e}דרופ \u{5d0}".repeat(long / 16),
        "\u{fdfa}".repeat(long / 3),
        "a\u{301}".repeat(long / 3),
        "\0\u{1}\u{7f}\u{85}".repeat(long / 5),
        "((((".repeat(long / 4),
    ] {
        let verdict = rules().judge(&news(&text, &text));
        assert!(verdict.score <= 100);
        assert!(!rules().explain(&news(&text, &text)).change.is_empty());
    }
}

#[test]
fn a_watched_name_differs_from_its_double() {
    let rules = watching(vec![caldera()]);
    let named = rules.judge(&news("Caldera sets ERA token airdrop", ""));
    assert_eq!(
        (named.watched, named.project.as_deref(), named.token.as_deref()),
        (true, Some("Caldera"), Some("ERA"))
    );
    let volcano = rules.judge(&news("Token airdrop named after a Volcanic Caldera", ""));
    assert!(!volcano.watched);
    // A common word needs the trade around it, and a capital.
    assert!(!rules.judge(&news("Quillon sets airdrop in the caldera of an era", "")).watched);
}

#[test]
fn a_watched_project_that_is_only_the_place_is_not_the_subject() {
    let rules = watching(vec![caldera()]);
    for title in [
        "Kestrel (KSTL) opens its airdrop claim on the Caldera network",
        "Kestrel opens KSTL airdrop via Caldera",
        "Exchange will add support for Kestrel (KSTL) on Caldera",
    ] {
        let judged = rules.judge(&news(title, ""));
        assert_eq!((judged.watched, judged.project.as_deref()), (false, Some("Kestrel")), "{title}");
    }
    assert!(rules.judge(&news("Airdrop claim opens on Caldera", "")).watched);
}

#[test]
fn a_projects_own_account_speaks_for_it() {
    let rules = watching(vec![caldera()]);
    let post = Item {
        kind: Kind::Post,
        title: "",
        text: "Our token airdrop is live. Claim now: https://a.example",
        author: "@calderaxyz",
        source: "",
        url: "",
        published: None,
        origin: Origin::Account("@calderaxyz"),
    };
    let verdict = rules.judge(&post);
    assert!(verdict.watched && verdict.official);
    assert_eq!(verdict.project.as_deref(), Some("Caldera"));
    for origin in [Origin::Unproven, Origin::Account("calderaxyzz"), Origin::Account("")] {
        assert!(!rules.judge(&Item { origin, ..post }).official, "{origin:?}");
    }
}

#[test]
fn only_watched_projects_count_where_the_user_says_so() {
    let rules =
        Rules::compile(&Settings { watched_only: true, projects: vec![caldera()], ..Settings::default() });
    assert!(!rules.judge(&news("Quillon sets QLN token airdrop for May", "")).tge);
    assert!(rules.judge(&news("Caldera sets ERA token airdrop for May", "")).tge);
}

#[test]
fn the_early_filter_keeps_a_watched_name_without_any_vocabulary() {
    let headline = Headline {
        title: "A quiet week at Caldera",
        summary: "Nothing else happened.",
        ..Headline::default()
    };
    assert_eq!(watching(vec![caldera()]).early(&headline), Early::Candidate);
    assert_eq!(rules().early(&headline), Early::Dropped(NO_VOCABULARY));
}

#[test]
fn a_cut_summary_is_given_the_benefit_of_the_doubt() {
    let headline = Headline {
        title: "Quillon shares its tokenomics",
        summary: "The team",
        cut_short: false,
        ..Headline::default()
    };
    assert_eq!(rules().early(&headline), Early::Dropped(NO_VOCABULARY));
    assert_eq!(rules().early(&Headline { cut_short: true, ..headline }), Early::Candidate);
    assert_eq!(rules().early(&Headline { summary: "", ..headline }), Early::Candidate);
}

#[test]
fn the_fingerprint_follows_what_may_change_a_verdict() {
    let of = |settings: &Settings| Rules::compile(settings).fingerprint();
    let plain = Settings::default();
    assert_eq!(of(&plain), of(&plain.clone()));
    assert_ne!(of(&plain), of(&Settings { threshold: 61, ..plain.clone() }));
    assert_ne!(of(&plain), of(&Settings { projects: vec![caldera()], ..plain.clone() }));
}

#[test]
fn reasons_quote_the_text_strongest_first() {
    let title = "Quillon Sets QLN Token Airdrop for May";
    let Verdict { reasons, .. } = rules().judge(&news(title, ""));
    assert!(reasons.iter().any(|reason| reason.weight > 0 && !reason.text.is_empty()));
    assert!(reasons.windows(2).all(|pair| pair[0].weight.abs() >= pair[1].weight.abs()));
    assert!(reasons.iter().all(|reason| title.contains(&reason.text)));
}

#[test]
fn an_explanation_says_what_would_change_the_verdict() {
    let launch = rules().explain(&news("Quillon Sets QLN Token Airdrop for May", ""));
    assert!(!launch.title.spans.is_empty() && !launch.change.is_empty(), "{launch:?}");
    let nothing = rules().explain(&news("A quiet week", "Nothing happened at all."));
    assert_eq!(nothing.verdict.score, 0);
    assert!(nothing.change[0].contains("a launch word"), "{:?}", nothing.change);
}

#[test]
fn launches_of_our_own_words_pass_the_early_filter() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/text/headlines.tsv");
    let (mut all, mut dropped) = (0, Vec::new());
    let text = fs::read_to_string(file).unwrap();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [label, title, summary] = fields[..]
            && label.starts_with(|c: char| c.is_ascii_uppercase())
        {
            all += 1;
            if rules().early(&Headline { title, summary, ..Headline::default() }) != Early::Candidate {
                dropped.push(title);
            }
        }
    }
    // Some were written to be as terse as can be ("Notes for testers"); of real ones 99.5 % pass.
    assert!(all > 250 && 100 * dropped.len() <= 6 * all, "{dropped:#?} of {all}");
}

#[test]
#[ignore = "needs the labelled texts, see docs/reference/training-data.md"]
fn labelled_launches_pass_the_early_filter() {
    let (all, passed) = passed(real("tge-dev.jsonl"), |item| item["tge"] == "yes");
    assert!(all > 100 && f64::from(passed) >= 0.995 * f64::from(all), "{passed} of {all}");
}

#[test]
#[ignore = "needs the unlabelled texts, see docs/reference/training-data.md"]
fn most_news_is_dropped_early() {
    let file = flate2::read::GzDecoder::new(real("news-unlabelled.jsonl.gz"));
    let (all, passed) = passed(file, |_| true);
    assert!(all > 10_000 && f64::from(passed) <= 0.15 * f64::from(all), "{passed} of {all}");
}

/// Texts made of the words that decide, and of others.
fn texts() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "Quillon",
        "airdrop",
        "Airdrops",
        "token",
        "launch",
        "presale",
        "sets",
        "$QLN",
        "claim",
        "is",
        "live",
        "lists",
        "trading",
        "begins",
        "the",
        "ＡＩＲＤＲＯＰ",
        "snapshot",
        "of",
        "tokenomics",
        "#airdrop",
        "IDO",
        "on",
        "debuts",
        "\u{200b}",
        "—",
        ".",
        "TGE",
        "price",
        "may",
        "governance",
        "eligible",
    ]);
    prop::collection::vec(word, 0..14).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn the_early_filter_never_drops_what_would_be_judged_a_launch(title in texts(), summary in texts(), padding in 0_usize..3, cut_short: bool) {
        let summary = format!("{}{summary}", "word ".repeat(padding * 200));
        let verdict = rules().judge(&news(&title, &summary));
        if verdict.tge {
            let early = rules().early(&Headline { title: &title, summary: &summary, categories: &[], cut_short });
            prop_assert_eq!(early, Early::Candidate);
        }
    }

    #[test]
    fn any_text_is_judged_and_explained(title in "\\PC{0,80}", text in "\\PC{0,200}|[\\x00-\\x7f]{0,200}", post: bool) {
        let kind = if post { Kind::Post } else { Kind::News };
        let item = Item { kind, ..news(&title, &text) };
        let verdict = rules().judge(&item);
        prop_assert!(verdict.score <= 100);
        prop_assert_eq!(&rules().explain(&item).verdict, &verdict);
    }
}

#[test]
fn the_user_s_phrases_mutes_and_thresholds_apply() {
    let settings = Settings {
        phrases: vec![Phrase { text: "Node Sale".into(), weight: 70 }],
        mute: vec!["trading competition".into()],
        projects: vec![Project { threshold: Some(101), ..caldera() }],
        ..Settings::default()
    };
    let rules = Rules::compile(&settings);
    let plain = rules.judge(&news("Quillon opens its licences", ""));
    assert!(!plain.tge);
    let wanted = rules.judge(&news("Quillon opens its node sale", ""));
    assert!(wanted.tge && wanted.score >= 70, "{wanted:?}");
    assert_eq!((wanted.reasons[0].signal.as_str(), wanted.reasons[0].weight), ("user:Node Sale", 70));
    let headline = Headline { title: "Quillon opens its node sale", ..Headline::default() };
    assert_eq!(rules.early(&headline), Early::Candidate);
    let muted = rules.judge(&news("Quillon airdrop goes live with a trading competition", ""));
    assert!(!muted.tge && muted.score == 0, "{muted:?}");
    let headline =
        Headline { title: "Quillon airdrop goes live with a trading competition", ..Headline::default() };
    assert_eq!(rules.early(&headline), Early::Dropped("muted"));
    let strict = rules.judge(&news("Caldera opens claims for ERA airdrop", ""));
    assert!(strict.watched && strict.score >= 60 && !strict.tge, "{strict:?}");
}

#[test]
fn a_project_s_own_domain_and_account_are_official_and_name_it() {
    let rules = watching(vec![Project { domains: vec!["caldera.xyz".into()], ..caldera() }]);
    let own = rules.judge(&Item {
        origin: Origin::Address("https://blog.caldera.xyz/claim"),
        ..news("The airdrop claim is now open", "Eligible users can claim tokens until March.")
    });
    assert!(own.official && own.watched, "{own:?}");
    assert_eq!(own.project.as_deref(), Some("Caldera"));
    let press = rules.judge(&Item {
        url: "https://caldera.xyz/claim",
        author: "Calderaxyz",
        origin: Origin::Address("https://press.example/claim"),
        ..news("Caldera opens claims for ERA airdrop", "")
    });
    assert!(!press.official && press.watched && press.cautions.is_empty(), "{press:?}");
    let copy = rules.judge(&Item {
        url: "https://caldera-claim.com/",
        ..news("Caldera opens claims for ERA airdrop", "")
    });
    assert_eq!(copy.cautions, [Caution::LookAlike]);
    let bait = rules.judge(&Item {
        kind: Kind::Post,
        author: "somebody",
        ..news("", "Just claimed my $ERA airdrop, check your eligibility https://era.example/x")
    });
    assert_eq!(bait.cautions, [Caution::Bait]);
}

#[test]
fn a_presale_beside_price_talk_is_paid_placement() {
    let text = "Rocketpup (RPUP) has raised $11M in stage 7 of its presale.";
    let verdict = rules().judge(&news("Bitcoin price prediction: why analysts watch this presale", text));
    assert!(verdict.paid, "{verdict:?}");
}
