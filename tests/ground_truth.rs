//! What three cycles of the real binary make of the fixture web, against what is true of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tge_scrape::fixture_web::Truth;

use crate::{
    cycle::{addresses, events, wanted},
    support::lab::Lab,
};

/// Launches that are not found, and why. At most [`MISSED`] of all.
const EXCEPTIONS: [(&str, &str); 0] = [];
/// Share of launches that [`EXCEPTIONS`] may hold.
const MISSED: f64 = 0.03;
/// Share of the pairs of tellings of one true story that must end in one story.
const JOINED: f64 = 0.99;

/// Three cycles with news between them: all events, and how often each was told.
fn three_cycles(lab: &Lab) -> (Vec<Value>, BTreeMap<String, u32>) {
    let mut told = BTreeMap::new();
    for tick in 0..3 {
        if tick > 0 {
            lab.web().advance();
        }
        for detection in lab.cycle()["detections"].as_array().unwrap() {
            *told.entry(detection["id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    (events(lab), told)
}

#[test]
fn every_launch_is_found_and_told_once_and_nothing_else() {
    let lab = Lab::with_web();
    let (found, told) = three_cycles(&lab);
    let launches = wanted(&lab, 2);
    let excused = |url: &String| EXCEPTIONS.iter().any(|(slug, _)| url.ends_with(&format!("/{slug}")));
    let missing: BTreeSet<_> = launches.difference(&addresses(&found)).cloned().collect();
    let unexcused: Vec<_> = missing.iter().filter(|url| !excused(url)).collect();
    assert!(unexcused.is_empty(), "of {} launches not found: {unexcused:#?}", launches.len());
    assert_eq!(missing.len(), EXCEPTIONS.len(), "an exception is none any more: {missing:#?}");
    assert!(EXCEPTIONS.len() as f64 <= MISSED * launches.len() as f64);
    let truths: BTreeMap<String, String> =
        lab.web().truth(2).into_iter().map(|truth| (truth.url, truth.tge)).collect();
    let wrong: Vec<_> =
        addresses(&found).into_iter().filter(|url| truths.get(url).is_none_or(|tge| tge == "no")).collect();
    assert_eq!(wrong, Vec::<String>::new());
    assert!(told.values().all(|times| *times == 1), "{told:?}");
}

/// What was made of one telling.
fn line(truth: &Truth, made: &Value) -> String {
    let said = ["id", "event", "stage", "project", "token", "event_date"].map(|key| made[key].to_string());
    format!("{} {:?} -> {}", truth.url, truth.title, said.join(" "))
}

#[test]
fn tellings_of_one_story_are_one_and_of_two_are_two() {
    let lab = Lab::with_web();
    let (found, _) = three_cycles(&lab);
    let told: Vec<(Truth, &Value)> = lab
        .web()
        .truth(2)
        .into_iter()
        .filter(|truth| truth.story.is_some())
        .filter_map(|truth| {
            let made = found.iter().find(|made| addresses([*made]).contains(&truth.url))?;
            Some((truth, made))
        })
        .collect();
    let (mut pairs, mut apart, mut wrong) = (0_u32, Vec::new(), Vec::new());
    for (at, (one, made)) in told.iter().enumerate() {
        for (other, also) in &told[at + 1..] {
            let (same, joined) = (one.story == other.story, made["id"] == also["id"]);
            let both = || format!("{:?}\n  {}\n  {}", one.story, line(one, made), line(other, also));
            pairs += u32::from(same);
            match (same, joined) {
                (true, false) => apart.push(both()),
                (false, true) => wrong.push(both()),
                _ => {}
            }
        }
    }
    let share = 1.0 - apart.len() as f64 / f64::from(pairs);
    let figures = format!("{} tellings, {pairs} pairs of one story, {share:.4} joined", told.len());
    assert!(pairs > 100, "{figures}");
    assert!(wrong.is_empty(), "{figures}; two stories joined:\n{}", wrong.join("\n"));
    assert!(share >= JOINED, "{figures}; apart:\n{}", apart.join("\n"));
}
