use jiff::{SignedDuration, Timestamp};

use super::x_calls::month;
use crate::{
    model::{Commit, RateState, XAccount, XGap, XIntent, XLimit, XPage, XPost, XReserved, XUsage, XWindows},
    store::{PurgeWhat, Store, XEnding},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn intent(now: Timestamp) -> XIntent {
    XIntent {
        at: now,
        server_at: now,
        credential: "c".to_owned(),
        route: "GET /2/tweets/search/recent",
        sources: vec!["a:1".to_owned()],
        low: 10,
        ceiling: 1000,
        price: 5_000,
    }
}

async fn reserve(store: &Store, now: Timestamp) -> XReserved {
    store.x_reserve(intent(now), |_| Ok::<_, ()>(100)).await.unwrap().unwrap()
}

async fn spent(store: &Store, now: Timestamp) -> u64 {
    store.x_memory("c".to_owned(), now).await.unwrap().spent
}

fn post(id: u64) -> XPost {
    XPost { id, latest: id, author: Some(1), source: "a:1".to_owned(), text: "t".into(), ..XPost::default() }
}

fn page(call: i64, answered_at: Timestamp, ids: &[u64]) -> Commit {
    let windows = XWindows {
        sources: vec!["a:1".to_owned()],
        head: ids.iter().copied().max(),
        complete_at: Some(answered_at),
        ..XWindows::default()
    };
    let page = XPage {
        call,
        answered_at,
        status: 200,
        posts_billed: ids.to_vec(),
        post_price: 5_000,
        posts: ids.iter().copied().map(post).collect(),
        windows,
        ..XPage::default()
    };
    Commit { x: vec![page], ..Commit::default() }
}

#[test]
fn a_call_costs_what_is_new_that_day_in_the_month_it_was_reserved() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let (before, after) = (at("2026-11-30T23:59:59.9Z"), at("2026-12-01T00:00:00.2Z"));
        let first = reserve(&store, before).await;
        assert_eq!(spent(&store, before).await, 500_000);
        store.commit(page(first.call, before, &[11, 12])).await.unwrap();
        assert_eq!(spent(&store, before).await, 10_000);
        // Reserved in November, answered in December: the same posts are charged once more, and count in November.
        let second = reserve(&store, before).await;
        store.commit(page(second.call, after, &[11, 12, 13])).await.unwrap();
        assert_eq!((spent(&store, before).await, spent(&store, after).await), (25_000, 0));
        let third = reserve(&store, after).await;
        store.commit(page(third.call, after, &[12, 13, 14])).await.unwrap();
        assert_eq!(spent(&store, after).await, 5_000);
        assert_ne!(month(before), month(after));
    });
}

#[test]
fn neither_xs_clock_nor_one_of_ours_that_goes_back_opens_a_budget() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let now = at("2026-11-21T12:00:00Z");
        for months in 1_u32..4 {
            // X's clock runs a month further ahead with each answer.
            let theirs = now + SignedDuration::from_hours(24 * 31 * i64::from(months));
            let ahead = XIntent { server_at: theirs, ..intent(now) };
            let call = store.x_reserve(ahead, |_| Ok::<_, ()>(100)).await.unwrap().unwrap();
            store.commit(page(call.call, theirs, &[u64::from(months)])).await.unwrap();
        }
        assert_eq!(spent(&store, now).await, 15_000);
        for earlier in ["2026-10-01T00:00:00Z", "2020-01-01T00:00:00Z", "1970-01-01T00:00:00Z"] {
            assert_eq!(spent(&store, at(earlier)).await, 15_000, "{earlier}");
            let view = store.x_reserve(intent(at(earlier)), |view| Err::<u32, _>(view.spent)).await.unwrap();
            assert_eq!(view.unwrap_err(), 15_000, "{earlier}");
        }
        assert_eq!(spent(&store, at("2026-12-01T00:00:00Z")).await, 0);
    });
}

#[test]
fn a_page_that_is_not_used_is_charged_and_moves_nothing() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let noon = at("2026-11-21T12:00:00Z");
        let call = reserve(&store, noon).await.call;
        let unused = page(call, noon, &[20, 21]).x.remove(0);
        let unused = XPage { posts: Vec::new(), windows: XWindows::default(), ..unused };
        store.x_end(call, XEnding::Charged(Box::new(unused))).await.unwrap();
        let memory = store.x_memory("c".to_owned(), noon).await.unwrap();
        assert_eq!((memory.spent, memory.sources.len()), (10_000, 0));
    });
}

#[test]
fn a_stored_head_from_the_future_gives_way_and_a_sound_one_never_goes_back() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let (noon, far) = (at("2026-11-21T12:00:00Z"), at("2046-11-21T12:00:00Z"));
        let mut poisoned = page(reserve(&store, noon).await.call, noon, &[20]);
        poisoned.x[0].windows.head = Some(9_000);
        poisoned.x[0].windows.complete_at = Some(far);
        poisoned.x[0].posts[0].posted_at = far;
        store.commit(poisoned).await.unwrap();
        let seen = || async {
            let source = store.x_memory("c".to_owned(), noon).await.unwrap().sources.remove(0);
            (source.head, source.complete_at, source.last_post_at)
        };
        assert_eq!(seen().await, (Some(9_000), Some(far), Some(far)));
        let bounded = |ids: &[u64], call| {
            let mut page = page(call, noon, ids);
            page.x[0].posts.iter_mut().for_each(|post| post.posted_at = noon);
            (page.x[0].windows.latest, page.x[0].windows.latest_id) = (Some(noon), Some(100));
            page
        };
        let later = noon + SignedDuration::from_mins(10);
        store.commit(bounded(&[30], reserve(&store, later).await.call)).await.unwrap();
        assert_eq!(seen().await, (Some(30), Some(noon), Some(noon)));
        store.commit(bounded(&[25], reserve(&store, later).await.call)).await.unwrap();
        assert_eq!(seen().await, (Some(30), Some(noon), Some(noon)));
        let mut empty = bounded(&[], reserve(&store, later).await.call);
        empty.x[0].windows.complete_at = None;
        store.commit(empty).await.unwrap();
        assert_eq!(seen().await, (Some(30), Some(noon), Some(noon)));
    });
}

#[test]
fn the_usage_is_remembered_for_its_token_and_posts_are_counted_by_the_day() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let noon = at("2026-11-21T12:00:00Z");
        store.commit(page(reserve(&store, noon).await.call, noon, &[20, 21])).await.unwrap();
        assert_eq!(store.x_posts_billed(at("2026-11-21T00:00:00Z")).await.unwrap(), 2);
        assert_eq!(store.x_posts_billed(at("2026-11-20T23:59:59Z")).await.unwrap(), 0);
        let usage =
            XUsage { credential: "c".to_owned(), asked_at: noon, posts: Some(7), ..XUsage::default() };
        store.x_set_usage(usage.clone()).await.unwrap();
        assert_eq!(store.x_memory("c".to_owned(), noon).await.unwrap().usage, Some(usage));
        assert_eq!(store.x_memory("other".to_owned(), noon).await.unwrap().usage, None);
    });
}

#[test]
fn a_lost_answer_keeps_its_reservation_until_it_is_known_what_it_held() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let noon = at("2026-11-21T12:00:00Z");
        let lost = reserve(&store, noon).await;
        store.x_end(lost.call, XEnding::Lost { note: "reset".to_owned() }).await.unwrap();
        store.x_resolve(noon).await.unwrap();
        assert_eq!(spent(&store, noon).await, 500_000);
        // Read again on the same day: whatever the lost one was charged for, this one is not.
        let later = noon + SignedDuration::from_mins(10);
        let again = reserve(&store, later).await;
        store.commit(page(again.call, later, &[20, 21])).await.unwrap();
        store.x_resolve(later).await.unwrap();
        assert_eq!(spent(&store, later).await, 10_000);
    });
}

#[test]
fn a_lost_answer_read_again_after_midnight_is_paid_twice() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let (late, early) = (at("2026-11-21T23:58:00Z"), at("2026-11-22T00:08:00Z"));
        // The process was killed: the call stays open.
        reserve(&store, late).await;
        let again = reserve(&store, early).await;
        store.commit(page(again.call, early, &[20, 21, 2_000])).await.unwrap();
        store.x_resolve(early).await.unwrap();
        // Two of the three were there to be charged for when the first call was made.
        assert_eq!(spent(&store, early).await, 15_000 + 10_000);
    });
}

#[test]
fn an_open_gap_keeps_a_lost_answer_open() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let noon = at("2026-11-21T12:00:00Z");
        let lost = reserve(&store, noon).await;
        store.x_end(lost.call, XEnding::Lost { note: "reset".to_owned() }).await.unwrap();
        let later = noon + SignedDuration::from_mins(10);
        let mut half = page(reserve(&store, later).await.call, later, &[20]);
        half.x[0].windows.gap = Some(XGap { owner: 7, low: 10, high: 20 });
        store.commit(half).await.unwrap();
        store.x_resolve(later).await.unwrap();
        assert_eq!(spent(&store, later).await, 505_000);
        let mut rest = page(reserve(&store, later).await.call, later, &[15]);
        (rest.x[0].windows.head, rest.x[0].windows.closed) = (None, Some(7));
        store.commit(rest).await.unwrap();
        store.x_resolve(later).await.unwrap();
        assert_eq!(spent(&store, later).await, 10_000);
        let memory = store.x_memory("c".to_owned(), later).await.unwrap();
        assert_eq!((memory.sources[0].head, memory.sources[0].gaps.len()), (Some(20), 0));
    });
}

#[test]
fn what_is_decided_by_is_what_all_processes_did() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let noon = at("2026-11-21T12:00:00Z");
        reserve(&store, noon).await;
        let limit = XLimit { limit: 450, remaining: 3, ..XLimit::default() };
        let learned = limit.clone();
        store.x_learn("c".to_owned(), intent(noon).route, move |_| learned).await.unwrap();
        let other = Store::clone(&store);
        let seen: Result<XReserved, Box<RateState>> =
            other.x_reserve(intent(noon), |view| Err(Box::new(view.clone()))).await.unwrap();
        let view = seen.unwrap_err();
        assert_eq!((view.in_flight, view.spent, view.limit), (1, 500_000, Some(limit)));
        let later = noon + SignedDuration::from_mins(16);
        let seen = other.x_reserve(intent(later), |view| Err::<u32, _>(view.in_flight)).await.unwrap();
        assert_eq!(seen.unwrap_err(), 0, "a call that crashed lapses with its window");
    });
}

#[test]
fn a_post_is_kept_once_an_edit_replaces_its_text_and_a_purge_lasts() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let noon = at("2026-11-21T12:00:00Z");
        store.commit(page(reserve(&store, noon).await.call, noon, &[30])).await.unwrap();
        let mut edited = page(reserve(&store, noon).await.call, noon, &[30]);
        edited.x[0].posts[0].latest = 31;
        edited.x[0].accounts = vec![XAccount { handle: "a".into(), user: Some(1), ..XAccount::default() }];
        store.commit(edited.clone()).await.unwrap();
        assert_eq!(store.x_known(vec![30, 31]).await.unwrap().into_iter().collect::<Vec<_>>(), [(30, 31)]);
        let memory = store.x_memory("c".to_owned(), noon).await.unwrap();
        assert_eq!((memory.sources[0].posts, memory.accounts[0].user), (1, Some(1)));
        assert_eq!(store.x_purge(PurgeWhat::Account(1)).await.unwrap(), 1);
        store.commit(edited).await.unwrap();
        let known = store.x_known(vec![30]).await.unwrap();
        assert!(known[&30] > 31, "it counts as known, whatever edit comes");
        assert_eq!(store.x_purge(PurgeWhat::Post(99)).await.unwrap(), 0);
    });
}
