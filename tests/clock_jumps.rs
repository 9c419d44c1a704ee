//! A clock that is set back or ahead: nothing is lost, and no wait becomes endless.

use std::{collections::BTreeSet, fs};

use tge_scrape::{
    figures::CycleReport,
    fixture_web::{Bulk, x},
};

use crate::support::{
    lab::Lab,
    state::{alerted_stories, column, lines, sound},
    world::{AT_ONCE, with_people},
};

const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 86_400;

fn lab() -> Lab {
    let lab = with_people(Bulk { feeds: 4, entries: 6, relevant: 2 }, 5.0);
    fs::write(lab.path().join("token"), x::TOKEN).unwrap();
    let posts = lab.web().x().unwrap().settings_toml(&lab.web().x_url());
    lab.settings(&format!(
        "{}{posts}bearer_token_file = \"token\"\nmin_followers = 0\n[[channels]]\nkind = \"file\"\npath = \
         \"alerts.ndjson\"\n{AT_ONCE}",
        lab.web().settings_toml().replace("feed_ttl = \"0s\"", "feed_ttl = \"10m\"\nfeed_ttl_max = \"10m\""),
    ));
    lab
}

fn cycle(lab: &Lab, at: i64) -> CycleReport {
    let ran = lab.run(&["--shift-clock", &at.to_string(), "cycle", "--format", "json"]);
    assert_eq!(ran.code, 0, "at {at}: {}", ran.stderr);
    let report = ran.report();
    let problem = report.x.problem.as_deref().unwrap_or_default();
    assert_eq!(problem.contains("set the clock right"), !agrees(at), "at {at}: {:?}", report.x);
    report
}

/// Whether a clock that is wrong by `at` seconds agrees with that of X to less than a day.
fn agrees(at: i64) -> bool {
    at.abs() < 86_400
}

/// Publishes news before a cycle at each of `times`. The last cycle must have all of it.
fn jumps(times: &[i64]) {
    let lab = lab();
    cycle(&lab, 0);
    let author = lab.web().x().unwrap().handles()[0].clone();
    for at in times {
        for _ in 0..4 {
            lab.web().advance();
        }
        lab.web().x().unwrap().advance_clock(660_000);
        lab.web()
            .x()
            .unwrap()
            .publish(&author, &format!("Zentumo opens its airdrop claim, part {at}"))
            .unwrap();
        cycle(&lab, *at);
    }
    let last = *times.last().unwrap();
    let calls = lab.web().x().unwrap().calls(0).len();
    lab.web().x().unwrap().advance_clock(660_000);
    let quiet = cycle(&lab, last + 660);
    assert_eq!(quiet.feeds.not_modified, 4, "each feed was requested again after its interval: {quiet:?}");
    assert!(lab.web().x().unwrap().calls(0).len() > calls, "X was asked again");
    sound(&lab.state());
    let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
    let number = |sql: &str| crate::support::state::number(&database, sql);
    assert_eq!(
        number("SELECT sum(entries_total) FROM sources"),
        24 + 4 * i64::try_from(times.len()).unwrap()
    );
    let posts =
        number("SELECT count(*) FROM x_posts WHERE text LIKE 'Zentumo opens its airdrop claim, part%'");
    let parts: BTreeSet<String> = column(
        &database,
        "SELECT document FROM detections WHERE document LIKE '%Zentumo opens its airdrop claim, part%'",
    );
    // Posts published while the clocks disagreed, or just before, are read when they agree again.
    if agrees(last) {
        assert_eq!(parts.len(), times.len(), "{parts:#?}");
        assert_eq!(posts, i64::try_from(times.len()).unwrap(), "a clock that is far ahead forgets no post");
    }
    let file = lines(&lab.path().join("alerts.ndjson"));
    alerted_stories(file.iter().filter(|line| line["detections"].is_array()));
    let alerted: BTreeSet<String> = file
        .iter()
        .filter_map(|line| line["detections"].as_array())
        .flatten()
        .map(|detection| detection["story_id"].as_str().unwrap().to_owned())
        .collect();
    let stories = number("SELECT count(DISTINCT story) FROM detections WHERE NOT silent");
    assert!(stories > 0);
    assert_eq!(i64::try_from(alerted.len()).unwrap(), stories, "every story was alerted");
    // With a clock a year behind, the program requests times that X no longer searches. X refuses that without cost.
    let agreed = times.iter().all(|at| agrees(*at));
    assert!(!agreed || lab.web().x().unwrap().summary().violations == 0);
}

#[test]
fn clock_set_back_by_an_hour_loses_nothing() {
    jumps(&[660, 660 - HOUR, 1320 - HOUR]);
}

#[test]
fn clock_set_back_by_a_year_loses_nothing() {
    jumps(&[660, 660 - YEAR, 1320 - YEAR]);
}

#[test]
fn clock_set_back_by_a_year_and_corrected_loses_nothing() {
    jumps(&[660, 660 - YEAR, 1320 - YEAR, 1320, 1980]);
}

#[test]
fn clock_set_ahead_by_a_year_and_corrected_loses_nothing() {
    jumps(&[660, 660 + YEAR, 1320, 1980]);
}

#[test]
fn clock_set_ahead_by_ten_years_and_corrected_loses_nothing() {
    jumps(&[660, 660 + 10 * YEAR, 1320, 1980]);
    jumps(&[660, 660 + 10 * YEAR, 1320 + 10 * YEAR, 1980 + 11 * YEAR, 1320, 1980]);
}
