//! Killed cycles, compared with cycles over the same web that were never killed.

use std::fs;

use tge_scrape::fixture_web::{Bulk, x};

use super::{
    lab::Lab,
    state::{self, Outcome, alerted_stories},
    world::{AT_ONCE, World, with_people},
};

/// A cycle that is never killed: with a state folder of its own and a file as its only channel.
pub const TWIN_CYCLE: [&str; 7] =
    ["--config", "twin.toml", "--state-dir", "twin", "cycle", "--catch-up", "100"];

/// A world with a few people on X beside its feeds, and the settings of the twin.
pub fn world_with_twin() -> World {
    let world = World::new(with_people(Bulk { feeds: 4, entries: 12, relevant: 10 }, 20.0));
    fs::write(world.lab.path().join("token"), x::TOKEN).unwrap();
    let settings =
        format!("{}{}{}", world.lab.web().settings_toml(), x_settings(&world.lab), world.channels());
    world.lab.settings(&settings);
    fs::write(world.lab.path().join("twin.toml"), settings_with_file(&world.lab, "twin.ndjson")).unwrap();
    world
}

/// Settings of X. The budget is large, because a killed call keeps its reservation.
fn x_settings(lab: &Lab) -> String {
    let x = lab.web().x().unwrap().settings_toml(&lab.web().x_url());
    format!("{x}bearer_token_file = \"token\"\nmonthly_budget_usd = 10000.0\nmin_followers = 0\n")
}

/// Settings with `file` as the only channel. The channel has the same name whatever its path.
pub fn settings_with_file(lab: &Lab, file: &str) -> String {
    format!(
        "{}{}\n[[channels]]\nkind = \"file\"\nname = \"file\"\npath = \"{file}\"\n{AT_ONCE}",
        lab.web().settings_toml(),
        x_settings(lab)
    )
}

/// Runs a cycle, which may be degraded.
pub fn run_cycle(lab: &Lab, arguments: &[&str]) {
    let ran = lab.run(arguments);
    assert!(ran.code == 0 || ran.code == 4, "{}", ran.stderr);
}

/// Fails unless the killed run, with the state folder `state` and the alerts `file`, has the outcome of the twin.
pub fn assert_equals_twin(lab: &Lab, state: &str, file: &str, what: &str) {
    let path = |name: &str| lab.path().join(name);
    let (killed, twin) = (Outcome::of(&path(state)), Outcome::of(&path("twin")));
    assert!(twin.entries.len() >= 20 && twin.stories.len() >= 10 && !twin.posts.is_empty(), "{what}");
    assert_eq!(killed.entries, twin.entries, "entries, {what}");
    assert_eq!(killed.stories, twin.stories, "detections by story, {what}");
    assert_eq!(killed.posts, twin.posts, "posts, {what}");
    assert_eq!((&killed.waiting, killed.waiting.len()), (&twin.waiting, 0), "waiting alerts, {what}");
    let news = |file: &str| {
        let mut lines = state::lines(&path(file));
        lines.retain(|line| line["detections"].is_array());
        alerted_stories(&lines)
    };
    assert_eq!(news(file), news("twin.ndjson"), "alerts, {what}");
}
