//! Figures of a cross-validation: how well launches are found, what the errors are, what each family of signals is worth.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    data::Item,
    model::{EVENTS, Held, Row, Split, Trial},
};

/// F1 that is given away for fewer false alarms: its curve is flat at the top, the flood of everyday texts is not.
const SLACK: f64 = 0.005;

/// The figures at the highest threshold whose F1 is the best but for [`SLACK`]; rumours are counted apart.
pub struct Figures {
    pub f1: f64,
    pub precision: f64,
    pub recall: f64,
    pub threshold: f64,
    pub ap: f64,
    pub event: f64,
    pub stage: f64,
    pub rumours: usize,
    /// Launches found of each event, and how many there are, in the order of [`EVENTS`].
    pub found: [(usize, usize); EVENTS.len()],
}

fn judged<'a>(trial: &'a Trial, results: &'a [Option<Held>]) -> impl Iterator<Item = (&'a Item, &'a Held)> {
    trial.corpus.items.iter().zip(results).filter_map(|(item, result)| Some((item, result.as_ref()?)))
}

fn share(hits: usize, of: usize) -> f64 {
    hits as f64 / of.max(1) as f64
}

/// Figures over all held-out items, at the threshold that suits them.
pub fn figures(trial: &Trial, results: &[Option<Held>]) -> Figures {
    figures_of(trial, results, None, |_| true)
}

/// Figures over the items that `keep` takes, at `threshold` or the one that suits them.
fn figures_of(
    trial: &Trial,
    results: &[Option<Held>],
    threshold: Option<f64>,
    keep: impl Fn(&Item) -> bool,
) -> Figures {
    let judged = || judged(trial, results).filter(|(item, _)| keep(item));
    let mut pairs: Vec<(f64, bool)> =
        judged().filter(|(item, _)| !item.rumour).map(|(item, held)| (held.log_odds, item.yes)).collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = pairs.iter().filter(|pair| pair.1).count();
    let mut out = Figures {
        f1: 0.0,
        precision: 0.0,
        recall: 0.0,
        threshold: 0.0,
        ap: 0.0,
        event: 0.0,
        stage: 0.0,
        rumours: 0,
        found: [(0, 0); EVENTS.len()],
    };
    let mut hits = 0;
    let mut curve = Vec::with_capacity(pairs.len());
    for (rank, &(sum, yes)) in pairs.iter().enumerate() {
        hits += usize::from(yes);
        let (precision, recall) = (share(hits, rank + 1), share(hits, positives));
        out.ap += if yes { precision / positives as f64 } else { 0.0 };
        let f1 = 2.0 * precision * recall / (precision + recall).max(1e-9);
        curve.push((f1, precision, recall, sum));
    }
    let best = curve.iter().map(|point| point.0).fold(0.0, f64::max);
    let point = match threshold {
        Some(threshold) => curve.iter().rev().find(|point| point.3 >= threshold),
        None => curve.iter().find(|point| point.0 >= best - SLACK),
    };
    if let Some(&(f1, precision, recall, at)) = point {
        out = Figures { f1, precision, recall, threshold: threshold.unwrap_or(at), ..out };
    }
    let flagged: Vec<(&Item, &Held)> = judged().filter(|(_, held)| held.log_odds >= out.threshold).collect();
    let right: Vec<&(&Item, &Held)> = flagged.iter().filter(|(item, _)| item.yes).collect();
    out.rumours = flagged.iter().filter(|(item, _)| item.rumour).count();
    for (item, held) in judged().filter(|(item, _)| item.yes) {
        let event = EVENTS.iter().position(|event| item.event.as_deref() == Some(*event));
        if let Some((found, all)) = event.map(|event| &mut out.found[event]) {
            *found += usize::from(held.log_odds >= out.threshold);
            *all += 1;
        }
    }
    out.event = share(right.iter().filter(|(item, held)| !wrong_event(item, held)).count(), right.len());
    out.stage = share(right.iter().filter(|(item, held)| !wrong_stage(item, held)).count(), right.len());
    out
}

fn wrong_event(item: &Item, held: &Held) -> bool {
    item.event.as_deref() != Some(held.facts.event.as_str())
}

fn wrong_stage(item: &Item, held: &Held) -> bool {
    item.stage.as_deref() != Some(held.facts.stage.as_str())
}

pub fn print_figures(what: &str, figures: &Figures) {
    println!(
        "{what:<28} F1 {:.3} (P {:.3} R {:.3} at {:+.2})  AP {:.3}  event {:.3}  stage {:.3}  rumours {}",
        figures.f1,
        figures.precision,
        figures.recall,
        figures.threshold,
        figures.ap,
        figures.event,
        figures.stage,
        figures.rumours
    );
}

/// The figures of each labelled set, and of all posts, at one `threshold`.
pub fn print_sets(trial: &Trial, results: &[Option<Held>], threshold: f64) {
    for (set, name) in trial.corpus.sets.iter().enumerate() {
        print_figures(name, &figures_of(trial, results, Some(threshold), |item| item.set == Some(set)));
    }
    print_figures("posts", &figures_of(trial, results, Some(threshold), |item| item.post));
}

/// Launches found and false alarms by language, at one `threshold`.
pub fn print_languages(trial: &Trial, results: &[Option<Held>], threshold: f64) {
    let mut languages = BTreeMap::<&str, [usize; 4]>::new();
    for (item, held) in judged(trial, results) {
        let Some(lang) = item.lang.as_deref() else { continue };
        let flagged = usize::from(held.log_odds >= threshold);
        let [found, launches, alarms, others] = languages.entry(lang).or_default();
        if item.yes {
            (*found, *launches) = (*found + flagged, *launches + 1);
        } else {
            (*alarms, *others) = (*alarms + flagged, *others + 1);
        }
    }
    let lines: Vec<String> = languages
        .iter()
        .map(|(lang, [found, launches, alarms, others])| {
            format!("{lang} {found} of {launches}, false {alarms} of {others}")
        })
        .collect();
    println!("languages: {}", lines.join("; "));
}

/// Recall by event.
pub fn print_event_figures(figures: &Figures) {
    let names: Vec<String> = EVENTS
        .iter()
        .zip(figures.found)
        .map(|(event, (found, all))| format!("{event} {:.2} of {all}", share(found, all)))
        .collect();
    println!("recall: {}", names.join(", "));
}

/// The family a signal belongs to, by the shape of its name.
fn family(name: &str) -> &'static str {
    let rest = name.get(2..).unwrap_or_default();
    if name.starts_with("frame:") || name.starts_with("headline:") {
        "headline patterns"
    } else if rest.starts_with("words ") {
        "pairs of words"
    } else if rest.starts_with("word ") {
        "words"
    } else if name.starts_with("subject") || name.starts_with("first name") {
        "whose headline"
    } else if name.contains(['+', '>']) {
        "frames of two groups"
    } else if name.contains('&') {
        "groups together"
    } else if name.get(1..2) == Some(":") && !name.contains(' ') {
        "groups"
    } else {
        "shape"
    }
}

/// What each family is worth: the figures without it.
pub fn ablate(trial: &Trial, split: Split) {
    let families: BTreeSet<&str> = trial.names.iter().map(|name| family(name)).collect();
    for gone in families {
        let without = |row: &Row| {
            row.iter().copied().filter(|cell| family(&trial.names[cell.0 as usize]) != gone).collect()
        };
        let rows = trial.rows.iter().map(without).collect();
        let trial = Trial::new(trial.corpus, trial.lexicon, trial.names, rows, trial.unlabelled);
        print_figures(&format!("without {gone}"), &figures(&trial, &trial.held_out(split, 1.0)));
    }
}

/// The learning curve: the figures from a share of the stories.
pub fn curve(trial: &Trial, split: Split) {
    for share in [0.125, 0.25, 0.5, 0.75] {
        print_figures(&format!("{share} of the stories"), &figures(trial, &trial.held_out(split, share)));
    }
}

/// Every labelled text that a model which has not seen it gets wrong.
pub fn errors(trial: &Trial, results: &[Option<Held>], threshold: f64) {
    for (item, held) in judged(trial, results) {
        let verdict = match (held.log_odds >= threshold, item.yes, item.rumour) {
            (true, false, true) => "FALSE rumour",
            (true, false, false) => "FALSE",
            (false, true, _) => "MISS",
            _ => "",
        };
        let mut wrong = vec![verdict.to_owned()];
        if item.yes && wrong_event(item, held) {
            wrong.push(format!(
                "event {} not {}",
                held.facts.event.as_str(),
                item.event.as_deref().unwrap_or("-")
            ));
        }
        if item.yes && wrong_stage(item, held) {
            wrong.push(format!(
                "stage {} not {}",
                held.facts.stage.as_str(),
                item.stage.as_deref().unwrap_or("-")
            ));
        }
        if item.yes && item.event_date.is_some() && item.event_date != held.facts.date {
            let dates = [&held.facts.date, &item.event_date].map(|date| date.as_deref().unwrap_or("-"));
            wrong.push(format!("date {} not {}", dates[0], dates[1]));
        }
        if wrong.iter().any(|word| !word.is_empty()) {
            let text: String = item.text.replace('\n', " / ").chars().take(160).collect();
            let kind = if item.post { "post" } else { "news" };
            println!("{} {:+.1} {kind} | {} | {text}", wrong.join(" "), held.log_odds, item.title);
        }
    }
}
