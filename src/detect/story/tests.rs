//! The decision as a whole, on invented tellings (`fixtures/text/stories.toml`) and one rule at a time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{NewTelling, Placement, Stories, signature};
use crate::model::{Event, Stage, Story};

const FIXTURES: &str = include_str!("../../../fixtures/text/stories.toml");

#[derive(Deserialize)]
struct Fixtures {
    story: Vec<Group>,
}

/// One event in the world; what its tellings say unless they say otherwise.
#[derive(Deserialize)]
struct Group {
    name: String,
    event: String,
    project: String,
    token: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    release: String,
    tellings: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    hours: i64,
    outlet: String,
    title: String,
    #[serde(default)]
    text: String,
    copy: Option<String>,
    event: Option<String>,
    stage: Option<String>,
    project: Option<String>,
    token: Option<String>,
    date: Option<String>,
}

fn first_day() -> Timestamp {
    "2026-11-16T08:00:00Z".parse().unwrap()
}

fn known(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

impl Group {
    fn text(&self, told: &Told) -> String {
        let opening = || self.release.split_whitespace().take(45).collect::<Vec<_>>().join(" ");
        match told.copy.as_deref() {
            None => told.text.clone(),
            Some("whole") => self.release.clone(),
            Some("opening") => format!("{} …", opening()),
            Some("prefaced") => format!(
                "Partner content. {} does not endorse what is said here and holds no tokens of the firm. {}",
                told.outlet, self.release
            ),
            Some(other) => panic!("{}: no copy is called {other}", self.name),
        }
    }

    fn tellings(&self) -> impl Iterator<Item = NewTelling> + '_ {
        self.tellings.iter().enumerate().map(|(number, told)| {
            let page = self.name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "-");
            let outlet = told.outlet.to_lowercase().replace(' ', "");
            NewTelling {
                url: format!("https://{outlet}.example/{page}-{number}"),
                source: told.outlet.clone(),
                title: told.title.clone(),
                at: first_day() + SignedDuration::from_hours(told.hours),
                event: Event::from_name(told.event.as_ref().unwrap_or(&self.event)).unwrap(),
                stage: told
                    .stage
                    .as_deref()
                    .map_or(Stage::Upcoming, |stage| Stage::from_name(stage).unwrap()),
                event_date: known(told.date.as_ref().unwrap_or(&self.date)),
                project: known(told.project.as_ref().unwrap_or(&self.project)),
                token: known(told.token.as_ref().unwrap_or(&self.token)),
                signature: signature(&told.title, &self.text(told)),
            }
        })
    }
}

/// Every invented telling with the name of its true story, in the order of publication.
fn told_in_order() -> Vec<(String, NewTelling)> {
    let fixtures: Fixtures = toml::from_str(FIXTURES).unwrap();
    let mut all: Vec<_> = fixtures
        .story
        .iter()
        .flat_map(|group| group.tellings().map(|telling| (group.name.clone(), telling)))
        .collect();
    all.sort_by_key(|(_, telling)| telling.at);
    all
}

/// (pairs of one story that were joined, such pairs in all, pairs of different stories that were joined)
fn count_pairs(placed: &[(String, NewTelling, String)]) -> (usize, usize, Vec<String>) {
    let (mut joined, mut all, mut wrong) = (0, 0, Vec::new());
    for (at, (name, telling, id)) in placed.iter().enumerate() {
        for (other_name, other, other_id) in &placed[..at] {
            if name == other_name {
                all += 1;
                joined += usize::from(id == other_id);
                if id != other_id {
                    println!("missed: {name}: {} / {}", other.title, telling.title);
                }
            } else if id == other_id {
                wrong.push(format!("{other_name}: {} / {name}: {}", other.title, telling.title));
            }
        }
    }
    (joined, all, wrong)
}

fn place_all(told: Vec<(String, NewTelling)>, mut place: impl FnMut(&NewTelling) -> Placement) {
    let placed: Vec<_> = told
        .into_iter()
        .map(|(name, telling)| {
            let id = place(&telling).story.id;
            (name, telling, id)
        })
        .collect();
    let (joined, all, wrong) = count_pairs(&placed);
    println!("{joined} of {all} pairs joined, {} wrongly", wrong.len());
    assert!(all > 200, "{all} pairs prove little");
    assert_eq!(wrong, Vec::<String>::new(), "joined wrongly");
    assert!(joined * 100 >= all * 99, "{joined} of {all} pairs joined");
}

#[test]
fn outlets_are_joined_and_events_kept_apart() {
    let mut stories = Stories::default();
    place_all(told_in_order(), |telling| stories.place(telling, telling.at));
}

#[test]
fn a_new_process_decides_as_a_running_one_would() {
    let mut stored: BTreeMap<String, Story> = BTreeMap::new();
    place_all(told_in_order(), |telling| {
        let mut stories = Stories::new(stored.values().cloned().collect());
        let placement = stories.place(telling, telling.at);
        assert_eq!(stored.contains_key(&placement.story.id), placement.joined, "{}", telling.title);
        stored.insert(placement.story.id.clone(), placement.story.clone());
        placement
    });
}
