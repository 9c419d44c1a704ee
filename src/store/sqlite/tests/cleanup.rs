//! Which rows pruning deletes, and which it keeps.

use std::time::Duration;

use rusqlite::{Connection, StatementStatus, params};

use super::*;
use crate::store::sqlite::{bits, day, prune, seconds};

fn judged(number: u8) -> EntryRecord {
    entry(number, EntryState::Judged { score: 1 })
}

async fn clean_up(store: &Store, at: Timestamp, keep: Retention) {
    store.begin_clean_up(at).await.unwrap();
    store.prune(at, 100, keep).await.unwrap();
}

/// The source as it is after a request at `asked`, having last brought something new at `changed`.
async fn asked(store: &Store, asked: Timestamp, changed: Timestamp) {
    let state = SourceState { changed_at: Some(changed), ..source(asked) };
    store.commit(Commit { source: Some(state), ..Commit::default() }).await.unwrap();
}

/// The clean-up every ten days from day `from` up to day `to`, the source being asked before each.
async fn lived(store: &Store, from: i64, to: i64, changed: i64) {
    for at in (from..=to).step_by(10) {
        asked(store, now() + days(at), now() + days(changed)).await;
        clean_up(store, now() + days(at), Retention::default()).await;
    }
}

#[test]
fn the_last_body_of_a_quiet_source_is_never_pruned() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        save(&store, vec![judged(1), dropped(2), waiting(3)]).await;
        // It answers 304, or with the same body, which counts as read: nothing new comes.
        lived(&store, 10, 1_000, 0).await;
        assert_eq!(new_under(&store, 7, &[1, 2, 3]).await, []);
    });
}

#[test]
fn entries_that_left_their_feed_are_pruned_in_time() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        save(&store, vec![judged(1), dropped(2), waiting(3)]).await;
        for (from, to, changed, gone) in [
            (10, 14, 10, &[][..]),
            (15, 15, 10, &[2]),
            (80, 90, 80, &[2]),
            (91, 91, 80, &[1, 2]),
            (400, 401, 390, &[1, 2]),
        ] {
            lived(&store, from, to, changed).await;
            let gone: Vec<EntryKey> = gone.iter().map(|number| EntryKey([*number; 16])).collect();
            assert_eq!(new_under(&store, 7, &[1, 2, 3]).await, gone, "day {to}");
        }
    });
}

#[test]
fn dropped_entries_that_a_feed_may_still_show_are_kept() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        save(&store, vec![dropped(1), dropped(2)]).await;
        // Every day something new comes, and the feed is read; one of the two is in each body.
        for at in 1..=60 {
            let read = now() + days(at);
            let stale = known_at(&store, 7, &[1], read).await[0].is_stale;
            let seen = LastSeen { source_url: FEED.to_owned(), key: EntryKey([1; 16]), marks: None };
            let refreshed = stale.then_some(seen).into_iter().collect();
            let source = Some(SourceState { checked_at: Some(read), ..source(read) });
            store.commit(Commit { source, refreshed, ..Commit::default() }).await.unwrap();
            clean_up(&store, read, Retention::default()).await;
            let left = new_under(&store, 7, &[1, 2]).await;
            assert_eq!(left.is_empty(), at <= 14, "day {at}: {left:?}");
            assert!(!left.contains(&EntryKey([1; 16])), "day {at}");
        }
    });
}

#[test]
fn a_source_without_requests_is_pruned_as_a_whole_and_then_new() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        save(&store, vec![judged(1), dropped(2)]).await;
        for at in (10..=400).step_by(10) {
            clean_up(&store, now() + days(at), Retention::default()).await;
        }
        assert_eq!(new_under(&store, 7, &[1, 2]).await, [], "switched off for a year and on again");
        assert_eq!(store.sources().await.unwrap()[0].first_read_at, Some(now()));
        for at in (410..=1_000).step_by(10) {
            clean_up(&store, now() + days(at), Retention::default()).await;
        }
        assert_eq!(new_under(&store, 7, &[1, 2]).await.len(), 2);
        let state = &store.sources().await.unwrap()[0];
        assert_eq!(
            (state.first_read_at, &state.validators, state.body_hash),
            (None, &Validators::default(), None)
        );
    });
}

#[test]
fn pruning_does_not_read_kept_entries_again() {
    let mut connection = open::open_memory().unwrap();
    let at = now() + days(200);
    let old = day(now());
    connection
        .execute(
            "INSERT INTO sources (id, url, first_read_at, checked_at, changed_at) VALUES (1, 'a', ?1, ?2, ?1)",
            [seconds(now()), seconds(at)],
        )
        .unwrap();
    for number in 0..500_u16 {
        let key = [number.to_be_bytes().as_slice(), &[0; 14]].concat();
        let values = params![key, bits(7), old];
        let sql = "INSERT INTO entries (source, key, state, rules, seen) VALUES (1, ?1, 'j', ?2, ?3)";
        connection.execute(sql, values).unwrap();
    }
    let cost = |connection: &Connection| {
        let mut statement = connection.prepare(statements::ENTRIES_PRUNE_JUDGED).unwrap();
        statement.execute(params![day(at) - 90, 100, 0, 31]).unwrap();
        statement.get_status(StatementStatus::VmStep)
    };
    let before = cost(&connection);
    for _ in 0..5 {
        assert_eq!(
            prune(&mut connection, at, 100, &Retention::default()).unwrap().deleted,
            0,
            "nothing of it is deleted"
        );
    }
    let after = cost(&connection);
    assert!(after * 20 < before, "{before} steps, then {after}");
}

#[test]
fn retention_settings_move_the_age_of_deletion_and_keep_what_a_feed_still_contains() {
    let keep = |entries: u32, dropped: u32| Retention {
        entries: Duration::from_hours(24) * entries,
        dropped: Duration::from_hours(24) * dropped,
        ..Retention::default()
    };
    for (age, kept, number) in
        [(40, keep(40, 99), 1), (120, keep(120, 999), 1), (7, keep(32, 7), 2), (500, keep(99, 500), 2)]
    {
        block(async {
            let store = Store::open_in_memory().unwrap();
            save(&store, vec![judged(1), dropped(2)]).await;
            // The source brings something new; the entries are in no body since.
            asked(&store, now() + days(age), now() + days(age)).await;
            for at in [age, age + 1] {
                clean_up(&store, now() + days(at), kept).await;
                let is_deleted = !new_under(&store, 7, &[number]).await.is_empty();
                assert_eq!(is_deleted, at > age, "{at} days");
            }
        });
    }
    block(async {
        let store = Store::open_in_memory().unwrap();
        save(&store, vec![judged(1)]).await;
        for at in (10..=200).step_by(10) {
            asked(&store, now() + days(at), now()).await;
            clean_up(&store, now() + days(at), keep(32, 14)).await;
        }
        assert_eq!(new_under(&store, 7, &[1]).await, [], "the feed still contains it");
    });
}
