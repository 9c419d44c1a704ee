use super::*;

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
            r#"{{"data":[{{"id":"30","text":"short &amp; cut…","{0}":{{"text":"the whole &lt;text&gt;",
            "entities":{{"urls":[{{"expanded_url":"https://a.example/1"}}]}}}},"{1}":["10","30"],
            "{2}":[{{"type":"quoted","id":"5"}}],"author_id":"77","created_at":"2026-11-21T10:00:00.000Z",
            "entities":{{"urls":[{{"expanded_url":"https://t.example/s","unwound_url":"https://b.example/2"}}]}},
            "public_metrics":{{"{3}":4}},"news":1}}],
            "meta":{{"newest_id":"30","oldest_id":"30","result_count":1,"next_token":"n"}}}}"#,
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
    assert_eq!((post.chain.as_slice(), post.author), ([10, 30].as_slice(), Some(77)));
    assert_eq!(post.links, ["https://b.example/2", "https://a.example/1"]);
    assert_eq!(post.refers, [(Relation::Quote, 5)]);
    assert_eq!((page.newest, page.next.as_deref()), (Some(30), Some("n")));
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
