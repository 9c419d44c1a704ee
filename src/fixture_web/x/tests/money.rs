//! The bill.

use super::{super::Prices, *};

/// Milliseconds to the next midnight UTC.
const TO_MIDNIGHT: i64 = 86_400_000 - NOW % 86_400_000;

#[tokio::test]
async fn a_post_is_charged_once_a_day() {
    let lab = Lab::silent().await;
    let handle = lab.x().handles()[0].clone();
    lab.x().publish(&handle, "harbour").unwrap();
    lab.x().set_clock(NOW + TO_MIDNIGHT - 1);
    for _ in 0..3 {
        lab.search("harbour", &[]).await;
    }
    assert_eq!(lab.x().billed().micro_usd, 5_000);
    lab.x().advance_clock(1);
    lab.search("harbour", &[]).await;
    let days = lab.x().bill();
    assert_eq!(days.iter().map(|(_, day)| day.posts).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(days[1].0, days[0].0 + 1);
    assert_eq!(lab.x().calls(0).iter().map(|call| call.micro_usd).collect::<Vec<_>>(), [5_000, 0, 0, 5_000]);
}

#[tokio::test]
async fn nothing_found_costs_nothing_and_users_cost_double() {
    let lab = Lab::silent().await;
    lab.search("harbour", &[]).await;
    lab.search("is:retweet", &[]).await;
    assert_eq!(lab.x().billed().micro_usd, 0);
    let handles = lab.x().handles();
    lab.get("/2/users/by", &[("usernames", &handles.join(","))]).await;
    assert_eq!(lab.x().billed().micro_usd, 40_000);
    // The same users by another route on the same day.
    lab.get(&format!("/2/users/by/username/{}", handles[0]), &[]).await;
    assert_eq!(lab.x().billed().micro_usd, 40_000);
}

#[tokio::test]
async fn what_is_included_is_charged_where_that_is_assumed() {
    for (charged, sum) in [(true, 15_000), (false, 5_000)] {
        let lab = Lab::new(Options { bill_includes: charged, ..with(silent()) }).await;
        let handle = lab.x().handles()[0].clone();
        lab.x().publish(&handle, "harbour").unwrap();
        lab.x().advance_clock(60_000);
        lab.search("harbour", &[("expansions", "author_id")]).await;
        assert_eq!(lab.x().billed().micro_usd, sum);
    }
}

#[tokio::test]
async fn money_runs_out() {
    let prices = Prices { post: 7_000, ..Prices::default() };
    let lab = Lab::new(Options { prices, balance_micro_usd: Some(6_000), ..with(few()) }).await;
    // A balance can go slightly below zero, then everything is refused.
    assert_eq!(lab.search("token", &[]).await.status, 200);
    assert!(lab.x().billed().micro_usd > 6_000);
    let got = lab.search("token", &[]).await;
    assert_eq!(got.status, 402);
    assert!(got.body["type"].as_str().unwrap().ends_with("/credits-depleted"));
    lab.x().change(|options| {
        options.balance_micro_usd = None;
        options.spending_limit_micro_usd = Some(1);
    });
    let got = lab.search("token", &[]).await;
    assert_eq!((got.status, got.body["title"].as_str()), (403, Some("SpendCapReached")));
    assert_eq!(got.body["reset_date"], "2026-12-01");
    lab.x().change(|options| {
        options.spending_limit_micro_usd = None;
        options.post_cap = 1;
    });
    let got = lab.search("token", &[]).await;
    assert_eq!((got.status, got.body["period"].as_str()), (429, Some("Monthly")));
    assert_ne!(got.header("x-rate-limit-remaining"), "0");
}
