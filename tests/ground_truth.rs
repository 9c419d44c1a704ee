//! What three cycles of the real binary make of the fixture web, against what is true of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tge_scrape::fixture_web::Truth;

use crate::{
    cycle::{addresses, events, wanted},
    support::lab::Lab,
};

/// Launches that are not found, and why. At most [`MISSED`] of all.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("bridge-makers-new-direction", "headline and summary say nothing of a token"),
    ("a-new-chapter-for-fluent", "headline and summary say nothing of a token"),
    ("a-lending-desks-confession", "the page names the token in one late sentence"),
    ("a-letter-to-members", "the page that says it is closed to robots"),
    ("kestrel-pays-year-ahead", "headline and summary say nothing of a token"),
];
/// Share of launches that [`EXCEPTIONS`] may hold.
const MISSED: f64 = 0.05;
/// Share of the pairs of tellings of one true story that must end in one story, where both were read rightly.
const JOINED: f64 = 0.99;
/// The same share whatever was read, misread events and projects included.
const JOINED_ANYHOW: f64 = 0.99;

/// Whether the launch at `url` is one of the [`EXCEPTIONS`].
pub fn excused(url: &str) -> bool {
    EXCEPTIONS.iter().any(|(slug, _)| url.rsplit('/').next() == Some(*slug))
}

/// Three cycles with news between them: all events, and how often each was told.
fn three_cycles(lab: &Lab) -> (Vec<Value>, BTreeMap<String, u32>) {
    let mut mentions = BTreeMap::new();
    for tick in 0..3 {
        if tick > 0 {
            lab.web().advance();
        }
        for detection in lab.cycle()["detections"].as_array().unwrap() {
            *mentions.entry(detection["id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    (events(lab), mentions)
}

#[test]
fn every_launch_is_found_and_told_once_and_nothing_else() {
    let lab = Lab::with_web();
    let (found, mentions) = three_cycles(&lab);
    let launches = wanted(&lab, 2);
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
    assert!(mentions.values().all(|times| *times == 1), "{mentions:?}");
}

/// A telling: what is true of it, the verdict on it, and its story.
struct Told {
    truth: Truth,
    verdict: Value,
    story: String,
}

impl Told {
    /// Whether event and project (or token) were read as they are: else no rule on stories could place it.
    fn read_rightly(&self) -> bool {
        let is = |key: &str, truth: &Option<String>| {
            let plain = |text: &str| text.to_lowercase().replace(' ', "");
            let same = |said: &str| truth.as_ref().is_some_and(|truth| plain(truth) == plain(said));
            self.verdict[key].as_str().is_some_and(same)
        };
        is("event", &self.truth.event)
            && (is("project", &self.truth.project) || is("token", &self.truth.token))
    }

    fn line(&self) -> String {
        let said =
            ["event", "stage", "project", "token", "event_date"].map(|key| self.verdict[key].to_string());
        format!("{} {:?} read as {}", self.truth.url, self.truth.title, said.join(" "))
    }
}

/// Every telling that has a true story, as it is stored.
fn mentions(lab: &Lab) -> Vec<Told> {
    let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
    let mut statement = database.prepare("SELECT story, document FROM detections").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(String, String)> = rows.map(Result::unwrap).collect();
    let truths = lab.web().truth(2);
    let mentions = rows.into_iter().filter_map(|(story, document)| {
        let verdict: Value = serde_json::from_str(&document).unwrap();
        let truth = truths.iter().find(|truth| verdict["url"] == truth.url.as_str())?;
        truth.story.is_some().then(|| Told { truth: truth.clone(), verdict, story })
    });
    mentions.collect()
}

#[test]
fn tellings_of_one_story_are_one_and_of_two_are_two() {
    let lab = Lab::with_web();
    three_cycles(&lab);
    let mentions = mentions(&lab);
    let (mut pairs, mut rightly) = (0_u32, 0_u32);
    let (mut apart, mut misread, mut wrong, mut mistaken) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, one) in mentions.iter().enumerate() {
        for other in &mentions[at + 1..] {
            let (same, joined) = (one.truth.story == other.truth.story, one.story == other.story);
            let readable = one.read_rightly() && other.read_rightly();
            let both = || format!("{:?}\n  {}\n  {}", one.truth.story, one.line(), other.line());
            pairs += u32::from(same);
            rightly += u32::from(same && readable);
            match (same, joined, readable) {
                (true, false, true) => apart.push(both()),
                (true, false, false) => misread.push(both()),
                (false, true, true) => wrong.push(both()),
                (false, true, false) => mistaken.push(both()),
                _ => {}
            }
        }
    }
    let share = 1.0 - apart.len() as f64 / f64::from(rightly);
    let anyhow = 1.0 - (apart.len() + misread.len()) as f64 / f64::from(pairs);
    let list = |name: &str, pairs: &[String]| format!("{} {name}:\n{}\n", pairs.len(), pairs.join("\n"));
    let figures = format!(
        "{} tellings; {rightly} pairs of one story read rightly, {share:.4} joined; of all {pairs} {anyhow:.4}\n{}{}{}{}",
        mentions.len(),
        list("two stories joined", &wrong),
        list("two stories joined, misread", &mistaken),
        list("apart", &apart),
        list("apart, misread", &misread),
    );
    assert!(rightly > 80 && share >= JOINED && anyhow >= JOINED_ANYHOW, "{figures}");
    assert!(wrong.is_empty() && mistaken.is_empty(), "{figures}");
}
