use jiff::SignedDuration;

use super::*;
use crate::x::windows::id_at;

fn base() -> Url {
    Url::parse("https://api.x.com").unwrap()
}

fn pairs(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[test]
fn a_search_has_ids_or_times_and_one_dialect() {
    let ids = Bounds::Ids { since: 7, until: Some(9) };
    let url = search(&base(), Dialect::Tweet, "(from:a OR from:b) -is:retweet", ids, 100, Some("t"));
    assert!(url.as_str().starts_with("https://api.x.com/2/tweets/search/recent?query="));
    let names: Vec<String> = pairs(&url).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["query", "max_results", "since_id", "until_id", "tweet.fields", "next_token"]);
    let from = Bounds::From("2026-11-20T10:00:00.7Z".parse().unwrap());
    let url = search(&base(), Dialect::Post, "q", from, 10, None);
    assert!(pairs(&url).contains(&("start_time".to_owned(), "2026-11-20T10:00:00Z".to_owned())));
    assert!(!url.as_str().contains("tweet.fields") && !url.as_str().contains("since_id"));
    assert!(pairs(&url).contains(&("expansions".to_owned(), "author_id".to_owned())));
}

#[test]
fn a_timeline_pages_by_its_own_token_name() {
    let ids = Bounds::Ids { since: 7, until: None };
    let url = timeline(&base(), Dialect::Tweet, 12, false, ids, 5, Some("t"));
    assert_eq!(url.path(), "/2/users/12/tweets");
    assert!(pairs(&url).contains(&("exclude".to_owned(), "replies,retweets".to_owned())));
    assert!(pairs(&url).contains(&("pagination_token".to_owned(), "t".to_owned())));
    let lookup = users_by(&Url::parse("http://127.0.0.1:9/x/").unwrap(), &["a".into(), "B_2".into()]);
    assert_eq!(lookup.path(), "/x/2/users/by");
    assert!(pairs(&lookup).contains(&("usernames".to_owned(), "a,B_2".to_owned())));
}

#[test]
fn both_dialects_read_alike() {
    let body = |names: [&str; 4]| {
        format!(
            r#"{{"data":[{{"id":"4194304030","text":"short &amp; cut…","{0}":{{"text":"the whole &lt;text&gt;",
            "entities":{{"urls":[{{"expanded_url":"https://a.example/1"}}]}}}},"{1}":["4194304010","4194304030"],
            "{2}":[{{"type":"quoted","id":"5"}}],"author_id":"77","created_at":"2026-11-21T10:00:00.000Z",
            "entities":{{"urls":[{{"expanded_url":"https://t.example/s","unwound_url":"https://b.example/2"}}]}},
            "public_metrics":{{"{3}":4}},"news":1}}],
            "meta":{{"newest_id":"4194304030","oldest_id":"4194304030","result_count":1,"next_token":"n"}}}}"#,
            names[0], names[1], names[2], names[3]
        )
    };
    let old = posts(
        body(["note_tweet", "edit_history_tweet_ids", "referenced_tweets", "retweet_count"]).as_bytes(),
    );
    let new =
        posts(body(["note_post", "edit_history_post_ids", "referenced_posts", "repost_count"]).as_bytes());
    assert_eq!(old, new);
    let page = old.unwrap();
    let post = &page.posts[0];
    assert_eq!(post.text, "the whole <text>");
    assert_eq!((post.chain.as_slice(), post.author), ([4_194_304_010, 4_194_304_030].as_slice(), Some(77)));
    assert_eq!(post.links, ["https://b.example/2", "https://a.example/1"]);
    assert_eq!(post.refers, [(Relation::Quote, 5)]);
    assert_eq!((page.newest, page.next.as_deref()), (Some(4_194_304_030), Some("n")));
}

#[test]
fn an_answer_may_lack_almost_everything() {
    assert_eq!(posts(b"{\"meta\":{\"result_count\":0}}").unwrap(), Page::default());
    let bare = posts(br#"{"data":[{"id":"1700000000000000000"},{"text":"no id"}]}"#).unwrap();
    assert_eq!(bare.posts.len(), 1);
    assert_eq!(bare.posts[0].posted_at, time_of(1_700_000_000_000_000_000));
    assert_eq!(bare.oldest, Some(1_700_000_000_000_000_000));
    assert!(posts(b"<html>").is_err() && posts(b"[]").is_err());
}

#[test]
fn partial_errors_stand_beside_what_was_found() {
    let page = people(
        br#"{"data":[{"id":"9","username":"Real","public_metrics":{"followers_count":12}}],
        "errors":[{"value":"gone","resource_type":"user","title":"Not Found Error","detail":"Could not find it",
        "type":"https://api.twitter.com/2/problems/resource-not-found","parameter":"usernames"}]}"#,
    )
    .unwrap();
    assert_eq!((page.users[0].id, page.users[0].followers), (9, Some(12)));
    assert_eq!((page.errors[0].kind.as_str(), page.errors[0].value.as_str()), ("resource-not-found", "gone"));
}

#[test]
fn what_stands_beside_the_posts_is_charged_too() {
    let mut page = posts(
        br#"{"data":[{"id":"4"}],"includes":{"posts":[{"id":"2"}],"users":[{"id":"8","username":"u"}]}}"#,
    )
    .unwrap();
    assert_eq!(billed_posts(&page), [2, 4]);
    attribute(&mut page);
    assert_eq!(page.posts[0].author, Some(8));
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A page of posts with these ids, each with `more` beside it.
fn page_of(posts: &[(u64, &str)], meta: &str) -> Page {
    let rows: Vec<String> = posts.iter().map(|(id, more)| format!(r#"{{"id":"{id}"{more}}}"#)).collect();
    posts_of(&format!(r#"{{"data":[{}],"meta":{{{meta}}}}}"#, rows.join(",")))
}

fn posts_of(body: &str) -> Page {
    posts(body.as_bytes()).unwrap()
}

#[test]
fn a_post_from_the_future_is_refused_named_and_paid() {
    let (now, hour) = (at("2026-11-21T10:00:00Z"), SignedDuration::from_hours(1));
    let (sound, odd) = (id_at(now), id_at(now + hour * 2));
    let mut page = page_of(&[(odd, ""), (sound, "")], &format!(r#""newest_id":"{odd}""#));
    let refusals = page.refuse(now + hour);
    assert_eq!((page.newest, page.oldest, page.refused()), (Some(sound), Some(sound), 1));
    assert!(
        refusals.len() == 1 && refusals[0].contains("1 posts") && refusals[0].contains("2026-11-21 12:00"),
        "{refusals:?}"
    );
    assert_eq!(billed_posts(&page), [sound, odd]);
    let mut claims = page_of(&[(sound, "")], r#""newest_id":"18446744073709551615","oldest_id":"1""#);
    let refusals = claims.refuse(now + hour);
    assert_eq!((claims.newest, claims.oldest, claims.refused()), (Some(sound), Some(sound), 0));
    assert!(refusals.len() == 1 && refusals[0].contains("newest post"), "{refusals:?}");
    assert_eq!(page_of(&[(sound, "")], "").refuse(now), Vec::<String>::new());
}

#[test]
fn what_is_no_id_is_none() {
    let body = r#"{"data":[{"id":"0"},{"id":"-1"},{"id":"18446744073709551616"},{"id":"9223372036854775808"},{"id":"x"},
        {"id":null},{"id":1.5},{"text":"t"},{"id":7,"author_id":"0","conversation_id":"99999999999999999999"}]}"#;
    let mut page = posts_of(body);
    assert_eq!((page.posts.len(), page.refused()), (1, 8));
    assert_eq!((page.posts[0].author, page.posts[0].conversation), (None, None));
    let refusals = page.refuse(at("2026-11-21T10:00:00Z"));
    assert!(refusals.len() == 1 && refusals[0].contains("8 objects"), "{refusals:?}");
    let people = people(
        br#"{"data":[{"id":"0","username":"a"},{"id":"8","username":"b",
        "public_metrics":{"followers_count":-5}}]}"#,
    );
    let people = people.unwrap();
    assert_eq!((people.users.len(), people.without_id, people.users[0].followers), (1, 1, None));
}

#[test]
fn a_chain_of_edits_holds_only_the_posts_own_versions() {
    let now = at("2026-11-21T10:00:00Z");
    let ago = |minutes: i64| id_at(now - SignedDuration::from_mins(minutes));
    let own = id_at(now);
    let chain = |ids: &[u64]| {
        let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
        let more = format!(r#","author_id":"1","edit_history_tweet_ids":[{}]"#, ids.join(","));
        page_of(&[(own, &more), (ago(5), r#","author_id":"2""#)], "").posts[0].chain.clone()
    };
    assert_eq!(chain(&[ago(20), ago(10), own]), [ago(20), ago(10), own]);
    assert_eq!(chain(&[]), [own]);
    // Older than an edit can be, newer than itself, of another author, too many.
    assert_eq!(chain(&[7, ago(90), own + 1, own]), [own]);
    assert_eq!(chain(&[ago(5), own]), [own]);
    let many: Vec<u64> = (10..40).map(ago).collect();
    assert_eq!(chain(&many).len(), 6);
}

#[test]
fn a_time_that_contradicts_the_id_is_not_believed() {
    let now = at("2026-11-21T10:00:00Z");
    let posted = |created: &str| {
        page_of(&[(id_at(now), &format!(r#","created_at":"{created}""#))], "").posts[0].posted_at
    };
    assert_eq!(posted("2026-11-21T10:00:00.900Z"), at("2026-11-21T10:00:00.900Z"));
    for odd in ["2046-11-21T10:00:00Z", "2006-11-21T10:00:00Z", "soon", "-009999-01-01T00:00:00Z"] {
        assert_eq!(posted(odd), now, "{odd}");
    }
}

#[test]
fn the_usage_is_asked_by_the_day() {
    let url = usage(&base());
    assert_eq!(url.path(), "/2/usage/tweets");
    assert!(pairs(&url).contains(&("usage.fields".to_owned(), "daily_project_usage".to_owned())));
}
