//! Users, timelines, lists, counts, usage, and requests that no description has.

use super::{
    super::{LIST, Standing},
    *,
};

#[tokio::test]
async fn a_hundred_users_and_no_more() {
    let lab = Lab::new(with(Population { accounts: 100, ..silent() })).await;
    let handles = lab.x().handles();
    let got = lab.get("/2/users/by", &[("usernames", &handles.join(",").to_uppercase())]).await;
    assert_eq!(got.ids().len(), 100);
    let more = format!("{},onemore", handles.join(","));
    assert_eq!(lab.get("/2/users/by", &[("usernames", &more)]).await.status, 400);
    let bad = lab.get("/2/users/by", &[("usernames", "fine,not-fine")]).await;
    assert_eq!((bad.status, lab.violations()), (400, vec!["value usernames".to_owned()]));
    assert_eq!(lab.get("/2/users/by", &[]).await.status, 400);
    assert_eq!(lab.violations(), ["missing usernames"]);
}

#[tokio::test]
async fn users_that_cannot_be_read_are_named_beside_the_others() {
    let lab = Lab::silent().await;
    let handles = lab.x().handles();
    lab.x().set_account(&handles[1], Standing::Suspended, None);
    lab.x().set_account(&handles[2], Standing::Protected, None);
    lab.x().set_account(&handles[3], Standing::Open, Some("renamed"));
    let got = lab.get("/2/users/by", &[("usernames", &handles.join(","))]).await;
    assert_eq!((got.status, got.ids().len()), (200, 1));
    let errors = got.body["errors"].as_array().unwrap();
    let messages: Vec<&str> = errors.iter().map(|error| error["value"].as_str().unwrap()).collect();
    assert_eq!(messages, handles[1..4]);
    assert!(errors[0]["detail"].as_str().unwrap().contains("suspended"));
    assert!(errors[1]["type"].as_str().unwrap().ends_with("/not-authorized-for-resource"));
    assert!(errors[2]["type"].as_str().unwrap().ends_with("/resource-not-found"));
    let renamed = lab.get("/2/users/by/username/Renamed", &[("user.fields", "public_metrics")]).await;
    assert!(renamed.body["data"]["public_metrics"]["tweet_count"].is_u64());
    let id = renamed.body["data"]["id"].as_str().unwrap();
    assert_eq!(lab.get(&format!("/2/users/{id}"), &[]).await.body["data"]["username"], "renamed");
    assert_eq!(lab.get("/2/users", &[("ids", id)]).await.ids().len(), 1);
}

#[tokio::test]
async fn a_closed_account_has_an_empty_timeline_with_an_error() {
    let lab = Lab::few().await;
    let handle = lab.x().handles()[0].clone();
    let user = lab.get(&format!("/2/users/by/username/{handle}"), &[]).await;
    let path = format!("/2/users/{}/tweets", user.body["data"]["id"].as_str().unwrap());
    assert!(!lab.get(&path, &[("max_results", "5")]).await.ids().is_empty());
    lab.x().set_account(&handle, Standing::Suspended, None);
    let got = lab.get(&path, &[("max_results", "5")]).await;
    assert_eq!((got.status, got.body["data"].is_null(), got.body["errors"].is_array()), (200, true, true));
    assert!(lab.search(&format!("from:{handle}"), &[]).await.ids().is_empty());
}

#[tokio::test]
async fn timeline_omits_excluded_posts() {
    let lab = Lab::few().await;
    let handle = lab.x().handles()[0].clone();
    let user = lab.get(&format!("/2/users/by/username/{handle}"), &[]).await;
    let path = format!("/2/users/{}/tweets", user.body["data"]["id"].as_str().unwrap());
    let all = lab.get(&path, &[("max_results", "100")]).await.ids();
    let some = lab.get(&path, &[("max_results", "100"), ("exclude", "replies,retweets")]).await.ids();
    let wanted = lab.x().matching(&format!("from:{handle} -is:reply -is:retweet"), 0).unwrap();
    assert!(some.len() < all.len());
    assert_eq!(some, wanted);
}

#[tokio::test]
async fn lists_page_without_ends_and_know_no_ids() {
    let lab = Lab::few().await;
    let path = format!("/2/lists/{LIST}/tweets");
    let got = lab.get(&path, &[("max_results", "3")]).await;
    assert_eq!(got.ids().len(), 3);
    assert!(got.body["meta"]["newest_id"].is_null());
    let token = got.body["meta"]["next_token"].as_str().unwrap();
    let next = lab.get(&path, &[("max_results", "3"), ("pagination_token", token)]).await;
    assert!(next.ids()[0] < got.ids()[2]);
    assert_eq!(lab.get(&path, &[("since_id", "1")]).await.status, 400);
    assert_eq!(lab.violations(), ["unknown since_id"]);
    let members = lab.get(&format!("/2/lists/{LIST}/members"), &[("max_results", "3")]).await;
    let token = members.body["meta"]["next_token"].as_str().unwrap();
    let rest = lab.get(&format!("/2/lists/{LIST}/members"), &[("pagination_token", token)]).await;
    assert_eq!((members.ids().len(), rest.ids().len()), (3, 1));
    assert_eq!(lab.get(&format!("/2/lists/{LIST}"), &[]).await.body["data"]["id"], LIST.to_string());
}

#[tokio::test]
async fn counts_add_up() {
    let lab = Lab::few().await;
    let got = lab.get("/2/tweets/counts/recent", &[("query", "token"), ("granularity", "day")]).await;
    let data = got.body["data"].as_array().unwrap();
    let sum: u64 = data.iter().map(|bucket| bucket["tweet_count"].as_u64().unwrap()).sum();
    assert_eq!(got.body["meta"]["total_tweet_count"], sum);
    assert_eq!(usize::try_from(sum).unwrap(), lab.x().matching("token", 0).unwrap().len());
    assert_eq!(lab.x().billed().micro_usd, 5_000);
}

#[tokio::test]
async fn usage_has_the_charged_posts() {
    let lab = Lab::few().await;
    let posts = lab.search("token", &[]).await.ids().len();
    let got = lab.get("/2/usage/tweets", &[("usage.fields", "daily_project_usage")]).await;
    assert_eq!(got.body["data"]["project_usage"], posts);
    assert_eq!(got.body["data"]["daily_project_usage"]["usage"][0]["usage"], posts);
    lab.x().change(|options| options.dialect = super::super::Dialect::Post);
    let got = lab.get("/2/usage/tweets", &[]).await;
    assert_eq!(got.body["data"]["project_usage"], posts.to_string());
}

#[tokio::test]
async fn what_no_description_has_is_refused_and_counted() {
    let lab = Lab::few().await;
    for (path, query, violation) in [
        (SEARCH, vec![("query", "a"), ("max_results", "5")], "bounds max_results"),
        (SEARCH, vec![("query", "a"), ("max_results", "many")], "value max_results"),
        (SEARCH, vec![("query", "a"), ("colour", "red")], "unknown colour"),
        (SEARCH, vec![("query", "a"), ("query", "b")], "repeated query"),
        (SEARCH, vec![("query", "a"), ("start_time", "yesterday")], "value start_time"),
        (SEARCH, vec![("query", "a"), ("since_id", "x")], "value since_id"),
        (SEARCH, vec![("query", "a"), ("sort_order", "up")], "value sort_order"),
        ("/2/users/12/tweets", vec![("max_results", "4")], "bounds max_results"),
        ("/2/tweets/search/all", vec![("query", "a")], "path path"),
    ] {
        let got = lab.get(path, &query).await;
        assert!([400, 404].contains(&got.status), "{path} {query:?}");
        assert_eq!(lab.violations(), [violation]);
    }
    assert_eq!(lab.x().summary().violations, 9);
}
