//! Labels on invented texts.

use super::*;
use crate::{
    detect::{Item, Origin, Project, Rules, Settings},
    model::{Kind, Verdict},
};

const TITLE: &str = "Vexley presale enters final stage as VXL price is about to rise";
const TEXT: &str = "The Vexley presale has raised $4.1 million, and early buyers can still get VXL tokens at the lowest \
                    price before the next stage begins. Analysts call it the next big thing of the season.";

fn item<'a>(title: &'a str, text: &'a str) -> Item<'a> {
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

fn rules(watched: &[&str]) -> Rules {
    let project = |name: &&str| Project { name: (*name).to_owned(), ..Project::default() };
    Rules::compile(&Settings { projects: watched.iter().map(project).collect(), ..Settings::default() })
}

fn label(rules: &Rules, id: &str, yes: bool, title: &str, text: &str) -> LabelledText {
    let Verdict { project, token, .. } = rules.judge(&item(title, text));
    LabelledText {
        label: id.to_owned(),
        yes,
        project,
        token,
        title: title.to_owned(),
        vector: vector(title, text),
    }
}

/// Ten versions of one advert, as outlets repeat it.
fn copies() -> Vec<(String, String)> {
    let sponsored = |outlet: &str| (TITLE.to_owned(), format!("Sponsored by {outlet}. {TEXT}"));
    vec![
        (TITLE.to_owned(), TEXT.to_owned()),
        (TITLE.to_uppercase(), TEXT.to_owned()),
        (format!("{TITLE} | Ledgerline"), TEXT.to_owned()),
        (format!("Breaking: {TITLE}"), TEXT.to_owned()),
        (TITLE.to_owned(), TEXT.split_inclusive('.').take(2).collect()),
        (TITLE.replace("is about to rise", "will rise"), TEXT.to_owned()),
        (TITLE.replace("final stage", "last stage"), TEXT.replace("season", "year")),
        sponsored("Mint Report"),
        sponsored("Chainpost"),
        (TITLE.to_owned(), format!("{TEXT} Visit the official site of Vexley.")),
    ]
}

const OTHERS: [(&str, &str); 4] = [
    (
        "Caldera opens claim of its ERA token",
        "Users of the testnet can claim ERA on the official site until June.",
    ),
    (
        "Northgate will list Huma (HUMA)",
        "Northgate will open spot trading for HUMA at 10:00 UTC. Deposits are open.",
    ),
    (
        "Orrin presale opens on 3 June",
        "The Orrin team sells 5% of the ORN supply to registered users in one round.",
    ),
    (
        "Vexley VXL token lists on Northgate",
        "Trading of VXL against USDT opens on Friday, the exchange said.",
    ),
];

#[test]
fn one_no_takes_near_copies_below_the_threshold_and_nothing_else() {
    let rules = rules(&[]);
    let copies = copies();
    for (title, text) in &copies {
        let feedback = Feedback::new(vec![label(&rules, "a", false, title, text)]);
        for (title, text) in &copies {
            assert!(rules.judge(&item(title, text)).tge, "{title}");
            let verdict = rules.judge_with(&item(title, text), &feedback);
            assert!(!verdict.tge, "{title} {verdict:?}");
            let reason = &verdict.reasons[0];
            assert_eq!((reason.signal.as_str(), reason.weight < 0), ("label:no", true));
            assert!(reason.text.starts_with("like a text that you labelled no: "), "{}", reason.text);
        }
        for (title, text) in OTHERS {
            let was = rules.judge(&item(title, text));
            let is = rules.judge_with(&item(title, text), &feedback);
            assert!(was.tge && is.tge, "{title}: {} was {}", is.score, was.score);
        }
    }
}

#[test]
fn yes_raises_similar_texts_and_opposes_no() {
    let rules = rules(&[]);
    let yes = label(&rules, "a", true, TITLE, TEXT);
    let no = LabelledText { label: "b".to_owned(), yes: false, ..yes.clone() };
    let vector = vector(TITLE, TEXT);
    let (project, token) = (yes.project.clone(), yes.token.clone());
    let text =
        Candidate { vector: &vector, project: project.as_deref(), token: token.as_deref(), watched: false };
    let points = |texts: Vec<LabelledText>| Feedback::new(texts).adjustment(&text).map(|by| by.points);
    assert_eq!(points(vec![yes.clone()]), Some(100.0));
    assert_eq!(points(vec![no.clone()]), Some(-100.0));
    assert_eq!(points(vec![yes, no]), None);
}

/// The advert with another project in place of Vexley.
fn other_advert() -> (String, String) {
    let fill = |text: &str| text.replace("Vexley", "Plimsoll").replace("VXL", "PLIM");
    (fill(TITLE), fill(TEXT))
}

#[test]
fn labels_that_agree_move_another_project_and_mentions_of_one_label_count_once() {
    let rules = rules(&[]);
    let (title, text) = other_advert();
    let labelled = |id: &str| label(&rules, id, false, TITLE, TEXT);
    let judged = |texts: Vec<LabelledText>| rules.judge_with(&item(&title, &text), &Feedback::new(texts));
    let none = judged(Vec::new());
    assert_eq!(judged(vec![labelled("a")]), none, "one label alone");
    assert_eq!(judged(vec![labelled("a"), labelled("a")]), none, "two mentions of one label");
    let two = judged(vec![labelled("a"), labelled("b")]);
    assert!(two.score < none.score);
    assert!(two.reasons[0].text.starts_with("like a text about another project"), "{:?}", two.reasons[0]);
}

#[test]
fn labels_stay_with_their_watched_project() {
    let (title, text) = other_advert();
    for watched in [rules(&["Vexley", "Plimsoll"]), rules(&["Plimsoll"])] {
        let others = ["a", "b", "c"].map(|id| label(&watched, id, false, TITLE, TEXT));
        let judged = watched.judge_with(&item(&title, &text), &Feedback::new(others.to_vec()));
        assert_eq!(judged, watched.judge(&item(&title, &text)), "no label of another project moves it");
        let own = Feedback::new(vec![label(&watched, "a", false, &title, &text)]);
        assert!(!watched.judge_with(&item(&title, &text), &own).tge, "a label of its own does");
    }
}

#[test]
fn no_dismisses_a_similar_rumour() {
    let rules = rules(&[]);
    let (title, text) =
        ("Quorith could launch a QRTH token airdrop soon", "Traders speculate about an airdrop of Quorith.");
    assert!(rules.judge(&item(title, text)).rumour);
    let feedback = Feedback::new(vec![label(&rules, "a", false, title, text)]);
    assert!(!rules.judge_with(&item(title, text), &feedback).rumour);
}
