//! Cycles killed at random moments: nothing is lost, and no alert is repeated where a repetition can be detected.

use std::{
    collections::BTreeSet,
    sync::{
        atomic::{AtomicU32, AtomicU64, Ordering},
        mpsc::channel,
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tge_scrape::model::{Detection, Kind};

use crate::support::{
    inbox::{Received, wait_for_rings},
    random::Random,
    state,
    twin::{TWIN_CYCLE, assert_equals_twin, run_cycle, world_with_twin},
    world::{World, missing},
};

const CYCLE: [&str; 3] = ["cycle", "--catch-up", "100"];

/// Kills `kills` cycles, delivers what waits and checks every channel. Returns how many cycles were killed before they
/// ended by themselves.
fn kill_and_check(kills: u32, seed: u64) -> u32 {
    let world = world_with_twin();
    let killed = kill_cycles(&world, kills, seed);
    world.settle(&CYCLE);
    let check = world.lab.run(&["db", "check"]);
    assert_eq!(check.code, 0, "{}", check.stdout);
    let what = format!("seed {seed}");
    assert_equals_twin(&world.lab, "state", "alerts.ndjson", &what);
    check_completeness(&world, &what);
    check_documents(&world);
    check_subjects(&world, &what);
    killed
}

/// Kills every second cycle at any moment, and the others just after a service has received a message: then the outbox
/// does not have the delivery yet.
fn kill_cycles(world: &World, kills: u32, seed: u64) -> u32 {
    let begun = Instant::now();
    run_cycle(&world.lab, &TWIN_CYCLE);
    // The duration of a cycle on this machine.
    let span = u64::try_from(begun.elapsed().as_millis()).unwrap().max(50);
    let (bell, rings) = channel();
    for inbox in [&world.slack, &world.discord, &world.telegram, &world.ntfy, &world.webhook] {
        inbox.ring(bell.clone());
    }
    let mut random = Random::new(seed);
    let mut killed = 0;
    for kill in 0..kills {
        if kill == kills / 2 {
            // A killed cycle cannot find entries that a feed has dropped, so this one is not killed.
            run_cycle(&world.lab, &CYCLE);
            (0..4).for_each(|_| world.lab.web().advance());
            run_cycle(&world.lab, &TWIN_CYCLE);
        }
        while rings.try_recv().is_ok() {}
        let mut child = world.lab.start(&CYCLE);
        let (count, limit) =
            if kill % 2 == 0 { (u64::MAX, random.below(span)) } else { (1 + random.below(6), 30_000) };
        wait_for_rings(&mut child, &rings, count, Duration::from_millis(limit));
        let _ = child.kill();
        killed += u32::from(child.wait().unwrap().code().is_none());
        state::sound(&world.lab.state());
    }
    killed
}

/// Every channel has every detection of the feeds. The first fetch of X sends no alerts.
fn check_completeness(world: &World, what: &str) {
    let mut news: Vec<Detection> = world.lab.events();
    assert!(news.len() >= 20, "{}", news.len());
    news.retain(|detection| detection.kind == Kind::News);
    for (name, notifications) in world.notifications() {
        assert_eq!(missing(&notifications, &news), Vec::<String>::new(), "{name}, {what}");
    }
}

/// The file repeats nothing at all. Webhook and command may get a message twice, under the same ID.
fn check_documents(world: &World) {
    let file = world.lines("alerts.ndjson");
    let with_id = |line: Value| (line["id"].to_string(), line);
    assert_eq!(first_by_id(file.iter().cloned().map(with_id)).len(), file.len());
    check_once("file", &file);
    let received = world.webhook.taken();
    let received =
        received.iter().map(|one| (one.header("webhook-id").to_owned(), one.json()["data"].clone()));
    check_once("webhook", &first_by_id(received));
    check_once("exec", &first_by_id(world.lines("exec.ndjson").into_iter().map(with_id)));
}

/// The first message with each ID.
fn first_by_id(messages: impl Iterator<Item = (String, Value)>) -> Vec<Value> {
    let mut ids = BTreeSet::new();
    messages.filter(|(id, _)| ids.insert(id.clone())).map(|(_, message)| message).collect()
}

/// No story is reported twice with the same class and date.
fn check_once(name: &str, messages: &[Value]) {
    let mut reported = BTreeSet::new();
    for detection in messages.iter().flat_map(|message| message["detections"].as_array().unwrap()) {
        let key = format!("{} {} {}", detection["story_id"], detection["class"], detection["event_date"]);
        assert!(reported.insert(key.clone()), "{name} has {key} twice");
    }
}

/// Mail and ntfy may get a message twice, under the same ID. Messages with different IDs have different subjects.
fn check_subjects(world: &World, what: &str) {
    let header = |mail: &str, name: &str| {
        mail.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
    };
    let mails = world.mail.mails();
    let mails = mails.iter().map(|mail| (header(mail, "Message-ID"), header(mail, "References")));
    let click = |received: &Received| {
        let body = received.json();
        (body["sequence_id"].to_string(), body["click"].as_str().unwrap_or_default().to_owned())
    };
    let pushed = world.ntfy.taken();
    for messages in [mails.collect::<BTreeSet<_>>(), pushed.iter().map(click).collect()] {
        let subjects: Vec<String> =
            messages.into_iter().map(|(_, subject)| subject).filter(|subject| !subject.is_empty()).collect();
        let different: BTreeSet<&String> = subjects.iter().collect();
        assert_eq!(subjects.len(), different.len(), "{what}: {subjects:#?}");
    }
}

#[test]
fn kills_at_forty_moments_lose_nothing_and_repeat_no_alert() {
    let killed: u32 = (1..=4).map(|seed| kill_and_check(10, seed)).sum();
    assert!(killed >= 10, "only {killed} of 40 cycles were killed");
}

/// `cargo test --test main -- --ignored kills_at_five_hundred --nocapture`
#[test]
#[ignore = "takes minutes; run it after a change to saving or delivery"]
fn kills_at_five_hundred_moments_lose_nothing_and_repeat_no_alert() {
    let (seed, killed) = (AtomicU64::new(100), AtomicU32::new(0));
    let work = || {
        while killed.load(Ordering::SeqCst) < 500 {
            let seed = seed.fetch_add(1, Ordering::SeqCst);
            assert!(seed < 300, "too few cycles were killed");
            let before = killed.fetch_add(kill_and_check(10, seed), Ordering::SeqCst);
            eprintln!("more than {before} cycles killed: 0 lost, 0 repeated, database intact each time");
        }
    };
    // Cycles wait for services and for the disk, so four at once take hardly longer than one.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    println!("{} cycles killed: 0 lost, 0 repeated, database intact each time", killed.into_inner());
}
