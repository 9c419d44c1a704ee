//! Simulates a user's labels: what they change for the texts that were not labelled.

use sha2::{Digest, Sha256};
use tge_scrape::{
    detect::{
        Item as Text, Origin, Rules, Settings,
        feedback::{Candidate, Feedback, LabelledText, Vector},
        score_of,
    },
    model::Kind,
};

use crate::{
    data::Item,
    model::{Held, Trial},
};

/// The score from which a text counts as a launch (docs/reference/settings.md#detect).
const THRESHOLD: f64 = 60.0;
/// Labels that a simulated user gives.
const LABELS: usize = 20;
/// Simulated users of each taste.
const USERS: u8 = 10;
/// Launches whose near copies are made: one in so many.
const SAMPLE: usize = 3;

/// A kind of user, and whether that user wants a text.
type Taste = (&'static str, fn(&Item) -> bool);

const TASTES: [Taste; 6] = [
    ("every launch", |item| item.yes),
    ("no sales", |item| item.yes && item.event.as_deref() != Some("sale")),
    ("only airdrops", |item| item.yes && item.event.as_deref() == Some("airdrop")),
    ("only listings", |item| item.yes && item.event.as_deref() == Some("listing")),
    ("no posts", |item| item.yes && !item.post),
    ("nothing past", |item| item.yes && item.stage.as_deref() != Some("past")),
];

/// A labelled text with its score by a model that has not seen its origin.
struct Scored<'a> {
    item: &'a Item,
    score: f64,
    vector: Vector,
    project: Option<String>,
    token: Option<String>,
}

impl Scored<'_> {
    fn labelled(&self, yes: bool) -> LabelledText {
        LabelledText {
            label: self.item.id.clone(),
            yes,
            project: self.project.clone(),
            token: self.token.clone(),
            title: self.item.title.clone(),
            vector: self.vector.clone(),
        }
    }

    /// The score of the text with this `vector` after the labels.
    fn score_with(&self, feedback: &Feedback, vector: &Vector) -> f64 {
        let (project, token) = (self.project.as_deref(), self.token.as_deref());
        let candidate = Candidate { vector, project, token, watched: false };
        self.score + feedback.adjustment(&candidate).map_or(0.0, |by| f64::from(by.points))
    }

    fn after(&self, feedback: &Feedback) -> f64 {
        self.score_with(feedback, &self.vector)
    }
}

pub fn simulate(trial: &Trial, results: &[Option<Held>], threshold: f64) {
    let judged: Vec<(&Item, &Held)> = trial
        .corpus
        .items
        .iter()
        .zip(results)
        .filter_map(|(item, held)| item.set.and(held.as_ref()).map(|held| (item, held)))
        .collect();
    let share = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
    let rules = Rules::compile(&Settings::default());
    let scored: Vec<Scored> = judged
        .iter()
        .map(|(item, held)| {
            let verdict = rules.judge(&text(item));
            Scored {
                item,
                score: score_of(share(held.log_odds), share(threshold)),
                vector: vector(&rules, item, &item.title, &item.text),
                project: verdict.project,
                token: verdict.token,
            }
        })
        .collect();
    near_copies(&rules, &scored);
    println!("{LABELS} labels of {USERS} users for each taste; texts of other stories only");
    for taste in TASTES {
        tastes(&scored, taste);
    }
}

fn kind(item: &Item) -> Kind {
    if item.post { Kind::Post } else { Kind::News }
}

fn vector(rules: &Rules, item: &Item, title: &str, text: &str) -> Vector {
    rules.vector(title, text, kind(item))
}

fn text(item: &Item) -> Text<'_> {
    Text {
        kind: kind(item),
        title: &item.title,
        text: &item.text,
        author: "",
        source: "",
        url: "",
        published: item.published,
        origin: Origin::Unproven,
    }
}

/// Whether two texts are of one story.
fn same_story(one: &Item, other: &Item) -> bool {
    one.story.is_some() && one.story == other.story
}

/// `label no` on one of ten near copies: how many of the other nine, and of other stories, fall below the threshold.
fn near_copies(rules: &Rules, scored: &[Scored]) {
    let found: Vec<&Scored> = scored.iter().filter(|text| text.score >= THRESHOLD).collect();
    let (mut labels, mut fallen, mut all, mut others) = (0, 0, 0, Vec::new());
    for text in found.iter().step_by(SAMPLE) {
        let feedback = Feedback::new(vec![text.labelled(false)]);
        let copies = copies(text.item);
        let below = |vector: &Vector| text.score_with(&feedback, vector) < THRESHOLD;
        labels += 1;
        all += copies.len();
        fallen += copies.iter().filter(|copy| below(&vector(rules, text.item, &copy.0, &copy.1))).count();
        others.extend(
            found
                .iter()
                .filter(|other| !same_story(text.item, other.item) && text.item.id != other.item.id)
                .filter(|other| other.after(&feedback) < THRESHOLD)
                .map(|other| (text.item, other.item, text.vector.cosine(&other.vector))),
        );
    }
    println!(
        "{labels} times one no: {fallen} of {all} near copies fall below the threshold, {} of {} texts of other stories",
        others.len(),
        labels * found.len()
    );
    for (text, other, cosine) in others.iter().take(40) {
        let title = |item: &Item| -> String {
            if item.title.is_empty() { &item.text } else { &item.title }.chars().take(70).collect()
        };
        println!("  {cosine:.2} {:?} / {:?}", title(text), title(other));
    }
}

/// Nine versions of a text, as outlets and accounts repeat it.
fn copies(item: &Item) -> Vec<(String, String)> {
    let (title, text) = (item.title.as_str(), item.text.as_str());
    let first = |text: &str, count: usize| text.split_whitespace().take(count).collect::<Vec<_>>().join(" ");
    let words = text.split_whitespace().count();
    let without = |text: &str, every: usize| {
        let kept = text.split_whitespace().enumerate().filter(|(at, _)| at % every != every - 1);
        kept.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
    };
    vec![
        (title.to_owned(), text.to_owned()),
        (title.to_uppercase(), text.to_owned()),
        (title.to_owned(), first(text, words * 4 / 5)),
        (title.to_owned(), without(text, 10)),
        (title.to_owned(), format!("{text} Read the full story on our site.")),
        (title.to_owned(), format!("Sponsored. {text}")),
        (if title.is_empty() { String::new() } else { format!("{title} | Ledgerline") }, text.to_owned()),
        (if title.is_empty() { String::new() } else { format!("Breaking: {title}") }, without(text, 12)),
        (without(title, 8), text.to_lowercase()),
    ]
}

/// Average precision, wanted texts lost and unwanted texts dropped, before and after the labels of one taste.
fn tastes(scored: &[Scored], (name, wants): Taste) {
    let (mut before, mut after) = (0.0, 0.0);
    let (mut wanted, mut lost, mut unwanted, mut dropped, mut raised) = (0, 0, 0, 0, 0);
    for user in 0..USERS {
        let mut found: Vec<&Scored> = scored.iter().filter(|text| text.score >= THRESHOLD).collect();
        found.sort_by_key(|text| <[u8; 32]>::from(Sha256::digest(format!("{user} {}", text.item.id))));
        let labelled = &found[..LABELS.min(found.len())];
        let feedback = Feedback::new(labelled.iter().map(|text| text.labelled(wants(text.item))).collect());
        let rest: Vec<&Scored> = scored
            .iter()
            .filter(|text| !text.item.rumour)
            .filter(|text| {
                !labelled
                    .iter()
                    .any(|known| known.item.id == text.item.id || same_story(known.item, text.item))
            })
            .collect();
        let ranked = |score: &dyn Fn(&Scored) -> f64| {
            average_precision(rest.iter().map(|text| (score(text), wants(text.item))).collect())
        };
        before += ranked(&|text| text.score) / f64::from(USERS);
        after += ranked(&|text| text.after(&feedback)) / f64::from(USERS);
        for text in &rest {
            let (is, was) = (text.after(&feedback) >= THRESHOLD, text.score >= THRESHOLD);
            if wants(text.item) {
                wanted += usize::from(was);
                lost += usize::from(was && !is);
            } else {
                unwanted += usize::from(was);
                dropped += usize::from(was && !is);
                raised += usize::from(!was && is);
            }
        }
    }
    println!(
        "{name:<14} average precision {before:.3}, after {after:.3}; {lost} of {wanted} wanted lost, \
         {dropped} of {unwanted} unwanted dropped, {raised} more found"
    );
}

fn average_precision(mut pairs: Vec<(f64, bool)>) -> f64 {
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all = pairs.iter().filter(|pair| pair.1).count().max(1) as f64;
    let hits = pairs.iter().enumerate().filter(|(_, pair)| pair.1);
    hits.enumerate().map(|(hit, (rank, _))| (hit + 1) as f64 / (rank + 1) as f64).sum::<f64>() / all
}
