//! Ids, times, pages, the seven days, late and deleted posts.

use super::{super::id_at, *};

/// Posts one a minute, the last one a minute ago; gives their ids, oldest first.
fn a_row(lab: &Lab, count: i64) -> Vec<u64> {
    let handle = lab.x().handles()[0].clone();
    let mut ids = Vec::new();
    for minute in (1..=count).rev() {
        lab.x().set_clock(NOW - minute * 60_000);
        ids.push(lab.x().publish(&handle, &format!("harbour news, minute {minute}")).unwrap());
    }
    lab.x().set_clock(NOW);
    ids
}

#[tokio::test]
async fn ids_follow_time() {
    let lab = Lab::silent().await;
    let ids = a_row(&lab, 3);
    assert!(ids.is_sorted());
    assert!(ids[0] >= id_at(NOW - 180_000) && ids[0] < id_at(NOW - 179_999));
}

#[tokio::test]
async fn pages_hold_every_post_once_newest_first() {
    let lab = Lab::silent().await;
    let mut ids = a_row(&lab, 25);
    ids.reverse();
    let (mut found, mut token) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("query", "harbour"), ("max_results", "10")];
        query.extend(token.as_deref().map(|token| ("next_token", token)));
        let page = lab.get(SEARCH, &query).await;
        let meta = &page.body["meta"];
        assert_eq!(meta["result_count"], page.ids().len());
        assert_eq!(meta["newest_id"], page.ids()[0].to_string());
        found.extend(page.ids());
        match meta["next_token"].as_str() {
            Some(next) => token = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(found, ids);
}

#[tokio::test]
async fn a_token_goes_with_its_question_only() {
    let lab = Lab::silent().await;
    a_row(&lab, 12);
    let page = lab.get(SEARCH, &[("query", "harbour")]).await;
    let token = page.body["meta"]["next_token"].as_str().unwrap().to_owned();
    assert_eq!(lab.get(SEARCH, &[("query", "harbour"), ("pagination_token", &token)]).await.ids().len(), 2);
    assert_eq!(lab.get(SEARCH, &[("query", "news"), ("next_token", &token)]).await.status, 400);
    assert_eq!(lab.violations(), ["token next_token"]);
    let both = [("query", "harbour"), ("next_token", token.as_str()), ("pagination_token", token.as_str())];
    assert_eq!(lab.get(SEARCH, &both).await.status, 400);
}

#[tokio::test]
async fn search_takes_both_ids_as_excluded_and_timelines_as_included() {
    let lab = Lab::silent().await;
    let ids = a_row(&lab, 5);
    let (low, high) = (ids[0].to_string(), ids[4].to_string());
    let bounds = [("since_id", low.as_str()), ("until_id", high.as_str())];
    assert_eq!(lab.search("harbour", &bounds).await.ids(), [ids[3], ids[2], ids[1]]);
    let handle = lab.x().handles()[0].clone();
    let user = lab.get(&format!("/2/users/by/username/{handle}"), &[]).await;
    let path = format!("/2/users/{}/tweets", user.body["data"]["id"].as_str().unwrap());
    assert_eq!(lab.get(&path, &bounds).await.ids().len(), 5);
    lab.x().change(|options| options.inclusive_timelines = false);
    assert_eq!(lab.get(&path, &bounds).await.ids(), [ids[3], ids[2], ids[1]]);
}

#[tokio::test]
async fn times_bound_a_search() {
    let lab = Lab::silent().await;
    let ids = a_row(&lab, 5);
    // From the post of four minutes ago to before that of two minutes ago.
    let bounds = [("start_time", "2026-11-18T10:36:00Z"), ("end_time", "2026-11-18T10:38:00Z")];
    assert_eq!(lab.search("harbour", &bounds).await.ids(), [ids[2], ids[1]]);
}

#[tokio::test]
async fn ids_and_times_are_not_mixed() {
    let lab = Lab::silent().await;
    let id = id_at(NOW - 60_000).to_string();
    for (a, b) in [("since_id", "start_time"), ("since_id", "end_time"), ("until_id", "end_time")] {
        let got = lab.search("harbour", &[(a, &id), (b, "2026-11-18T10:00:00Z")]).await;
        assert_eq!((got.status, lab.violations()), (400, vec![format!("bounds {a}")]));
    }
}

#[tokio::test]
async fn search_covers_seven_days_and_names_the_smallest_id() {
    let lab = Lab::silent().await;
    let week = NOW - 7 * 86_400_000;
    let got = lab.search("harbour", &[("since_id", &(id_at(week) - 1).to_string())]).await;
    assert_eq!(got.status, 400);
    assert!(got.complaint().contains(&id_at(week).to_string()), "{}", got.complaint());
    // Time passes on its own: nobody is to blame.
    assert_eq!(lab.x().summary().violations, 0);
    assert_eq!(lab.search("harbour", &[("since_id", &id_at(week).to_string())]).await.status, 200);
    assert_eq!(lab.search("harbour", &[("start_time", "2026-11-11T10:39:59Z")]).await.status, 400);
    assert_eq!(lab.search("harbour", &[("end_time", "2026-11-18T10:39:55Z")]).await.status, 400);
}

#[tokio::test]
async fn the_last_half_minute_is_left_out() {
    let lab = Lab::few().await;
    let first = lab.search("token OR airdrop", &[]).await;
    assert!(!first.ids().is_empty() && first.ids().iter().all(|id| *id < id_at(NOW - 30_000)));
    let handle = lab.x().handles()[0].clone();
    let id = lab.x().publish(&handle, "lighthouse").unwrap();
    assert!(lab.search("lighthouse", &[]).await.ids().is_empty());
    lab.x().advance_clock(31_000);
    assert_eq!(lab.search("lighthouse", &[]).await.ids(), [id]);
}

#[tokio::test]
async fn some_generated_posts_are_indexed_after_newer_ones() {
    let plan = Population { accounts: 40, late: 0.3, ..few() };
    let lab = Lab::new(with(plan)).await;
    let query =
        lab.x().handles().iter().map(|handle| format!("from:{handle}")).collect::<Vec<_>>().join(" OR ");
    let (mut known, mut late) = (Vec::<u64>::new(), 0);
    for _ in 0..120 {
        let head = known.iter().max().copied().unwrap_or(0);
        lab.x().advance_clock(60_000);
        let shown = lab.x().matching(&query, lab.x().now_ms() - 600_000).unwrap();
        let new: Vec<u64> = shown.into_iter().filter(|id| !known.contains(id)).collect();
        late += new.iter().filter(|id| **id < head).count();
        known.extend(new);
    }
    assert!(late > 0);
}

#[tokio::test]
async fn a_page_with_a_deleted_post_is_shorter() {
    let lab = Lab::silent().await;
    let ids = a_row(&lab, 12);
    assert!(lab.x().delete(ids[5]));
    let page = lab.get(SEARCH, &[("query", "harbour")]).await;
    assert_eq!(page.ids().len(), 9);
    assert!(page.body["meta"]["next_token"].is_string());
    assert!(!page.ids().contains(&ids[5]));
}

#[tokio::test]
async fn what_search_offered_is_what_one_sees_who_asks_often_enough() {
    let plan = Population { accounts: 20, late: 0.3, deleted: 0.2, edited: 0.2, ..few() };
    let lab = Lab::new(with(plan)).await;
    let query =
        lab.x().handles().iter().map(|handle| format!("from:{handle}")).collect::<Vec<_>>().join(" OR ");
    let mut seen = std::collections::BTreeSet::new();
    let minutes = 240;
    for _ in 0..=minutes {
        seen.extend(lab.x().matching(&query, NOW - 3_600_000).unwrap());
        lab.x().advance_clock(60_000);
    }
    let between = (NOW, NOW + minutes * 60_000);
    let queries = [query, "nobody".to_owned()];
    let recent = |id: &u64| *id >= id_at(NOW - 3_600_000);
    let must: Vec<u64> =
        lab.x().offered(&queries, between, 60_000).unwrap().into_iter().filter(recent).collect();
    let can: Vec<u64> = lab.x().offered(&queries, between, 0).unwrap();
    assert!(must.len() > 30 && must.iter().all(|id| seen.contains(id)));
    assert!(seen.iter().all(|id| can.contains(id)));
    // Some were deleted, replaced or too new to last an hour.
    let long = lab.x().offered(&queries, between, 3_600_000).unwrap();
    assert!(long.len() < can.len() && long.iter().all(|id| can.contains(id)));
}

#[tokio::test]
async fn a_timeline_without_replies_ends_after_eight_hundred_posts() {
    let lab = Lab::silent().await;
    a_row(&lab, 805);
    let handle = lab.x().handles()[0].clone();
    let user = lab.get(&format!("/2/users/by/username/{handle}"), &[]).await;
    let path = format!("/2/users/{}/tweets", user.body["data"]["id"].as_str().unwrap());
    let (mut found, mut token) = (0, None::<String>);
    loop {
        let mut query = vec![("exclude", "replies"), ("max_results", "100")];
        query.extend(token.as_deref().map(|token| ("pagination_token", token)));
        let page = lab.get(&path, &query).await;
        found += page.ids().len();
        match page.body["meta"]["next_token"].as_str() {
            Some(next) => token = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(found, 800);
}
