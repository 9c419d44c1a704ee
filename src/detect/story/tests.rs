//! The decision as a whole, on invented mentions (`fixtures/text/stories.toml`) and one rule at a time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

mod other_words;

use super::{NewMention, Placement, Stories, signature};
use crate::model::{Event, Signature, Stage, Story};

const FIXTURES: &str = include_str!("../../../fixtures/text/stories.toml");

#[derive(Deserialize)]
struct Fixtures {
    story: Vec<Group>,
}

/// One event in the world; what its mentions say unless they say otherwise.
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
    mentions: Vec<LabelledMention>,
}

#[derive(Deserialize)]
struct LabelledMention {
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
    fn text(&self, mention: &LabelledMention) -> String {
        let opening = || self.release.split_whitespace().take(45).collect::<Vec<_>>().join(" ");
        match mention.copy.as_deref() {
            None => mention.text.clone(),
            Some("whole") => self.release.clone(),
            Some("opening") => format!("{} …", opening()),
            Some("prefaced") => format!(
                "Partner content. {} does not endorse what is said here and holds no tokens of the firm. {}",
                mention.outlet, self.release
            ),
            Some(other) => panic!("{}: no copy is called {other}", self.name),
        }
    }

    fn mentions(&self) -> impl Iterator<Item = NewMention> + '_ {
        self.mentions.iter().enumerate().map(|(number, mention)| {
            let page = self.name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "-");
            let outlet = mention.outlet.to_lowercase().replace(' ', "");
            NewMention {
                url: format!("https://{outlet}.example/{page}-{number}"),
                source: mention.outlet.clone(),
                title: mention.title.clone(),
                stored_title: None,
                at: first_day() + SignedDuration::from_hours(mention.hours),
                event: mention.event.as_ref().unwrap_or(&self.event).parse().unwrap(),
                stage: mention.stage.as_deref().map_or(Stage::Upcoming, |stage| stage.parse().unwrap()),
                event_date: known(mention.date.as_ref().unwrap_or(&self.date)),
                project: known(mention.project.as_ref().unwrap_or(&self.project)),
                token: known(mention.token.as_ref().unwrap_or(&self.token)),
                signature: signature(&mention.title, &self.text(mention)),
            }
        })
    }
}

/// Every invented mention with the name of its true story, in the order of publication.
fn mentions_in_order() -> Vec<(String, NewMention)> {
    let fixtures: Fixtures = toml_edit::de::from_str(FIXTURES).unwrap();
    let mut all: Vec<_> = fixtures
        .story
        .iter()
        .flat_map(|group| group.mentions().map(|mention| (group.name.clone(), mention)))
        .collect();
    all.sort_by_key(|(_, mention)| mention.at);
    all
}

/// (pairs of one story that were joined, such pairs in all, pairs of different stories that were joined)
fn count_pairs(placed: &[(String, NewMention, String)]) -> (usize, usize, Vec<String>) {
    let (mut joined, mut all, mut wrong) = (0, 0, Vec::new());
    for (at, (name, mention, id)) in placed.iter().enumerate() {
        for (other_name, other, other_id) in &placed[..at] {
            if name == other_name {
                all += 1;
                joined += usize::from(id == other_id);
                if id != other_id {
                    println!("missed: {name}: {} / {}", other.title, mention.title);
                }
            } else if id == other_id {
                wrong.push(format!("{other_name}: {} / {name}: {}", other.title, mention.title));
            }
        }
    }
    (joined, all, wrong)
}

fn place_all(mention: Vec<(String, NewMention)>, mut place: impl FnMut(&NewMention) -> Placement) {
    let mut placed: Vec<(String, NewMention, String)> = Vec::new();
    for (name, mention) in mention {
        let Placement { story, absorbed, .. } = place(&mention);
        for (.., id) in placed.iter_mut().filter(|(.., id)| absorbed.contains(id)) {
            id.clone_from(&story.id);
        }
        placed.push((name, mention, story.id));
    }
    let (joined, all, wrong) = count_pairs(&placed);
    println!("{joined} of {all} pairs joined, {} wrongly", wrong.len());
    assert!(all > 200, "{all} pairs prove little");
    assert_eq!(wrong, Vec::<String>::new(), "joined wrongly");
    assert!(joined * 100 >= all * 99, "{joined} of {all} pairs joined");
}

#[test]
fn outlets_are_joined_and_events_kept_apart() {
    let mut stories = Stories::default();
    place_all(mentions_in_order(), |mention| stories.assign(mention, mention.at));
}

/// A cycle reads its sources side by side, and the first one meets weeks of news in any order.
#[test]
fn the_order_of_reading_changes_little() {
    for step in [1, 7, 32, 58, 101] {
        let mention = mentions_in_order();
        let shuffled =
            (0..mention.len()).map(|at| mention[(at * step + step) % mention.len()].clone()).rev().collect();
        let mut stories = Stories::default();
        place_all(shuffled, |mention| stories.assign(mention, first_day()));
    }
}

#[test]
fn a_new_process_decides_as_a_running_one_would() {
    let mut stored: BTreeMap<String, Story> = BTreeMap::new();
    place_all(mentions_in_order(), |mention| {
        let mut stories = Stories::new(stored.values().cloned().collect());
        let placement = stories.assign(mention, mention.at);
        let known = stored.contains_key(&placement.story.id);
        assert_eq!(known, placement.joined, "{}", mention.title);
        placement.absorbed.iter().for_each(|id| drop(stored.remove(id)));
        stored.insert(placement.story.id.clone(), placement.story.clone());
        placement
    });
}

/// A mention of Monad's claim; tests change what they are about.
fn mention(hours: i64, outlet: &str, title: &str) -> NewMention {
    NewMention {
        url: format!("https://{outlet}.example/{hours}"),
        source: outlet.to_owned(),
        title: title.to_owned(),
        stored_title: None,
        at: first_day() + SignedDuration::from_hours(hours),
        event: Event::Airdrop,
        stage: Stage::Upcoming,
        event_date: None,
        project: Some("Monad".to_owned()),
        token: None,
        signature: signature(title, ""),
    }
}

fn place(stories: &mut Stories, mention: &NewMention) -> Placement {
    stories.assign(mention, mention.at)
}

#[test]
fn later_mentions_fill_in_what_was_unknown() {
    let mut stories = Stories::default();
    let first = place(
        &mut stories,
        &NewMention { project: None, token: known("MON"), ..mention(0, "a", "MON claim") },
    );
    let second =
        NewMention { token: known("mon"), event_date: known("2026-11"), ..mention(1, "b", "Monad claim") };
    let third =
        NewMention { event_date: known("2026-11-24"), stage: Stage::Live, ..mention(2, "c", "Monad opens") };
    let vaguer = NewMention { event_date: known("2026"), ..mention(3, "d", "Monad") };
    place(&mut stories, &second);
    place(&mut stories, &third);
    let last = place(&mut stories, &vaguer);

    assert!(!first.joined && last.joined);
    assert_eq!(last.story.id, first.story.id);
    assert_eq!(last.story.project.as_deref(), Some("Monad"));
    assert_eq!(last.story.token.as_deref(), Some("MON"));
    assert_eq!(last.story.event_date.as_deref(), Some("2026-11-24"));
    assert_eq!(last.story.stage, Stage::Live, "an outlet that is late does not close it again");
    assert_eq!((last.story.opened_at, last.story.updated_at), (first.story.opened_at, vaguer.at));
    let outlets: Vec<_> = last.story.mentions.iter().map(|mention| mention.source.as_str()).collect();
    assert_eq!(outlets, ["a", "b", "c", "d"]);
}

#[test]
fn a_mention_found_late_takes_its_place_in_time() {
    let mut stories = Stories::default();
    place(&mut stories, &mention(5, "a", "Monad claim"));
    let late =
        stories.assign(&mention(2, "b", "Monad claim soon"), first_day() + SignedDuration::from_hours(9));
    assert_eq!(late.story.mentions[0].source, "b");
    assert_eq!(late.story.updated_at, first_day() + SignedDuration::from_hours(9));
}

#[test]
fn a_moved_date_replaces_the_old_one_and_another_date_opens_another_story() {
    let mut stories = Stories::default();
    let first = place(
        &mut stories,
        &NewMention { event_date: known("2026-11-24"), ..mention(0, "a", "Monad sets claim") },
    );
    let moved = NewMention { event_date: known("2027-01-15"), ..mention(50, "b", "Monad postpones claim") };
    let other =
        NewMention { event_date: known("2027-06-01"), ..mention(60, "c", "Monad plans another claim") };
    let moved = place(&mut stories, &moved);
    assert_eq!(moved.story.id, first.story.id);
    assert_eq!(moved.story.event_date.as_deref(), Some("2027-01-15"));
    assert!(!place(&mut stories, &other).joined);
}

#[test]
fn silence_ends_a_story_unless_its_date_is_still_to_come() {
    let day = 24;
    let mut stories = Stories::default();
    place(&mut stories, &mention(0, "a", "Monad claim"));
    assert!(place(&mut stories, &mention(21 * day, "b", "Monad claim")).joined);
    assert!(!place(&mut stories, &mention(43 * day, "c", "Monad claim")).joined);

    let mut stories = Stories::default();
    place(&mut stories, &NewMention { event_date: known("2026-12-20"), ..mention(0, "a", "Monad claim") });
    assert!(!place(&mut stories, &mention(23 * day, "b", "Monad claim")).joined, "days before the date");
    let opened = NewMention { stage: Stage::Live, ..mention(34 * day + 6, "c", "Monad opens claim") };
    let opened = place(&mut stories, &opened);
    assert!(opened.joined, "on the date");
}

#[test]
fn an_endless_story_ends_after_two_months() {
    let mut stories = Stories::default();
    let ids: Vec<String> =
        (0..10).map(|week| place(&mut stories, &mention(week * 168, "a", "Monad")).story.id).collect();
    assert!(ids[..9].iter().all(|id| *id == ids[0]));
    assert_ne!(ids[9], ids[0]);
}

#[test]
fn the_same_page_is_counted_once_and_keeps_its_story() {
    let mut stories = Stories::default();
    let mention = mention(0, "a", "Monad claim opens");
    let first = place(&mut stories, &mention);
    let again = place(&mut stories, &mention);
    assert!(again.joined);
    assert_eq!(again.story.mentions, first.story.mentions);

    let listing = NewMention { event: Event::Listing, ..mention.clone() };
    let other = NewMention { project: known("Huma"), ..mention };
    assert!(!place(&mut stories, &listing).joined, "one page may be about two events");
    let other = place(&mut stories, &other);
    assert!(!other.joined, "one page may be about two projects");
    assert_ne!(other.story.id, first.story.id);
}

#[test]
fn ids_depend_on_what_was_read_only() {
    let mention = mention(0, "a", "Monad claim");
    let id = |now: &str| Stories::default().assign(&mention, now.parse().unwrap()).story.id;
    assert_eq!(id("2026-11-16T09:00:00Z"), id("2026-11-17T09:00:00Z"));
    assert_eq!(id("2026-11-16T09:00:00Z").len(), 32);
}

#[test]
fn an_old_story_with_an_unreadable_fingerprint_is_still_found_by_its_names() {
    let mut stories = Stories::default();
    let mut story = place(&mut stories, &mention(0, "a", "Monad claim")).story;
    story.mentions[0].signature = Signature(vec![9, 1, 2, 3]);
    let mut stories = Stories::new(vec![story]);
    assert!(place(&mut stories, &mention(1, "b", "Claim of Monad")).joined);
}

/// Whatever the judgement missed, one form filled in for two projects stays two stories.
#[test]
fn copied_forms_never_join_two_projects() {
    const PROJECTS: [(&str, &str); 9] = [
        ("Fluent", "BLEND"),
        ("Huma", "HUMA"),
        ("Humanity Protocol", "H"),
        ("Saga", "SAGA"),
        ("Orbit", "ORB"),
        ("Spark", "SPK"),
        ("SparkLayer", "SLR"),
        ("Sleepless AI", "AI"),
        ("Bedrock Orbit", "ORBT"),
    ];
    const FORMS: [(&str, &str); 3] = [
        ("NAME (TICK) opens for everyone", ""),
        (
            "A new token for everyone",
            "NAME opened its claim on Monday and TICK can be traded from Friday, says the team.",
        ),
        (
            "Northgate will list NAME",
            "Northgate will open spot trading for NAME (TICK) at 10:00 UTC on Friday. Deposits of TICK open a day \
             earlier on Ethereum, Solana, Base and Arbitrum. Pairs: TICK/USDT and TICK/EUR. Users in Canada, Cuba, \
             Iran, Japan, North Korea, Syria, Singapore and the Netherlands cannot trade. Read the Northgate Risk \
             Notice, the Terms of Use and the Privacy Policy of Northgate Markets before you trade with Northgate.",
        ),
    ];
    let mention = |at: usize, form: (&str, &str), outlet: &str, hidden: usize| {
        let (name, ticker) = PROJECTS[at];
        let fill = |text: &str| text.replace("NAME", name).replace("TICK", ticker);
        let title = fill(form.0);
        NewMention {
            url: format!("https://{outlet}.example/{at}"),
            project: known(name).filter(|_| hidden & 1 == 0),
            token: known(ticker).filter(|_| hidden & 2 == 0),
            signature: signature(&title, &fill(form.1)),
            ..mention(0, outlet, &title)
        }
    };
    for (one, other) in (0..PROJECTS.len()).flat_map(|one| (0..one).map(move |other| (one, other))) {
        for (form, hidden) in FORMS.iter().flat_map(|form| (0..16).map(move |hidden| (*form, hidden))) {
            let mut stories = Stories::default();
            place(&mut stories, &mention(one, form, "northgate", hidden & 3));
            let second = mention(other, form, "ledgerline", hidden >> 2);
            assert!(!place(&mut stories, &second).joined, "{one} {other} {hidden:04b} {}", second.title);
        }
    }
}

/// Venues put several coins into one notice, and outlets repeat its headline.
#[test]
fn the_coins_of_one_notice_are_stories_of_their_own() {
    let mention = |outlet: &str, title: &str, project: &str, token: &str, hours: i64| NewMention {
        url: format!("https://{outlet}.example/notice"),
        source: outlet.to_owned(),
        title: title.to_owned(),
        stored_title: None,
        at: first_day() + SignedDuration::from_hours(hours),
        event: Event::Listing,
        stage: Stage::Upcoming,
        event_date: None,
        project: known(project),
        token: known(token),
        signature: signature(title, ""),
    };
    let notice = "Korvex Will List Plimsoll (PLIM) and Quorra (QRA)";
    let mention = [
        mention("korvex", notice, "Plimsoll", "PLIM", 0),
        mention("korvex", notice, "Quorra", "QRA", 0),
        mention("courier", "Korvex to list Plimsoll and Quorra", "Quorra", "", 1),
        mention("gazette", "Plimsoll and Quorra to be listed on Korvex", "Plimsoll", "", 2),
        mention("herald", "PLIM and QRA listed on Korvex", "", "PLIM", 3),
        mention("herald", "PLIM and QRA listed on Korvex", "", "QRA", 3),
    ];
    let mut stored: BTreeMap<String, Story> = BTreeMap::new();
    for mention in &mention {
        let mut stories = Stories::new(stored.values().cloned().collect());
        let placement = stories.assign(mention, mention.at);
        assert_eq!(placement.absorbed, Vec::<String>::new(), "{}", mention.title);
        stored.insert(placement.story.id.clone(), placement.story);
    }
    let mut outlets: Vec<(Option<String>, Vec<String>)> = stored
        .into_values()
        .map(|story| (story.token, story.mentions.into_iter().map(|mention| mention.source).collect()))
        .collect();
    outlets.sort();
    let names = |names: [&str; 3]| names.map(str::to_owned).to_vec();
    assert_eq!(
        outlets,
        [
            (known("PLIM"), names(["korvex", "gazette", "herald"])),
            (known("QRA"), names(["korvex", "courier", "herald"]))
        ]
    );
}
