//! Both dialects, fields, long posts, edits, references.

use serde_json::json;

use super::{
    super::{Content, Dialect},
    *,
};

const TWEET_FIELDS: &str = "created_at,author_id,lang,entities,note_tweet,referenced_tweets,conversation_id,public_metrics,edit_history_tweet_ids,possibly_sensitive,withheld,article";
const POST_FIELDS: &str =
    "created_at,lang,entities,note_post,conversation_id,public_metrics,possibly_sensitive,withheld,article";

#[tokio::test]
async fn the_wrong_dialect_is_refused_by_name() {
    let lab = Lab::few().await;
    for (dialect, right, wrong, names) in [
        (Dialect::Tweet, "tweet.fields", "post.fields", "public_metrics"),
        (Dialect::Post, "post.fields", "tweet.fields", "public_metrics"),
    ] {
        lab.x().change(|options| options.dialect = dialect);
        assert_eq!(lab.search("token", &[(right, names)]).await.status, 200);
        let got = lab.search("token", &[(wrong, names)]).await;
        assert_eq!((got.status, lab.violations()), (400, vec![format!("dialect {wrong}")]));
        assert!(got.complaint().contains(wrong), "{}", got.complaint());
    }
    let summary = lab.x().summary();
    assert_eq!((summary.wrong_dialect, summary.violations), (2, 0));
    lab.search("token", &[("expansions", "referenced_tweets.id")]).await;
    assert_eq!(lab.violations(), ["dialect expansions"]);
    lab.search("token", &[("post.fields", "colour")]).await;
    assert_eq!(lab.violations(), ["value post.fields"]);
}

#[tokio::test]
async fn without_fields_a_post_has_id_text_and_history() {
    let lab = Lab::few().await;
    let got = lab.search("token", &[]).await;
    let keys: Vec<&str> = got.body["data"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["id", "text", "edit_history_tweet_ids"]);
}

#[tokio::test]
async fn each_dialect_has_its_own_names() {
    let lab = Lab::silent().await;
    let handle = lab.x().handles()[0].clone();
    let long = format!("{} https://blog.example/long/report end", "harbour ".repeat(50));
    let id = lab.x().publish(&handle, &long).unwrap();
    lab.x().advance_clock(60_000);
    let got = lab.search("harbour", &[("tweet.fields", TWEET_FIELDS)]).await;
    let post = &got.body["data"][0];
    assert!(post["text"].as_str().unwrap().chars().count() <= 280);
    assert!(post["note_tweet"]["text"].as_str().unwrap().ends_with(" end"));
    assert_eq!(post["note_tweet"]["entities"]["urls"][0]["expanded_url"], "https://blog.example/long/report");
    assert!(post["public_metrics"]["retweet_count"].is_u64());
    assert!(post["author_id"].is_string());
    lab.x().change(|options| options.dialect = Dialect::Post);
    let got = lab.search("harbour", &[("post.fields", POST_FIELDS)]).await;
    let post = &got.body["data"][0];
    assert!(post["note_post"]["text"].is_string() && post["public_metrics"]["repost_count"].is_u64());
    assert_eq!(post["edit_history_post_ids"], json!([id.to_string()]));
    // The author comes only with an expansion, which brings the user along.
    assert!(post["author_id"].is_null());
    let got = lab.search("harbour", &[("expansions", "author_id")]).await;
    assert_eq!(got.body["data"][0]["author_id"], got.body["includes"]["users"][0]["id"]);
}

#[tokio::test]
async fn entities_point_into_the_text() {
    let lab = Lab::silent().await;
    let handle = lab.x().handles()[0].clone();
    lab.x().publish(&handle, "Häfen: $ERA at https://blog.example/era, #news").unwrap();
    lab.x().advance_clock(60_000);
    let got = lab.search("$ERA", &[("tweet.fields", "entities")]).await;
    let post = &got.body["data"][0];
    let text: Vec<char> = post["text"].as_str().unwrap().chars().collect();
    let part = |span: &Value| {
        let at = |name: &str| usize::try_from(span[name].as_u64().unwrap()).unwrap();
        text[at("start")..at("end")].iter().collect::<String>()
    };
    let entities = &post["entities"];
    assert_eq!(part(&entities["cashtags"][0]), "$ERA");
    assert_eq!(part(&entities["hashtags"][0]), "#news");
    let url = &entities["urls"][0];
    assert_eq!(part(url), url["url"].as_str().unwrap());
    assert_eq!(url["expanded_url"], "https://blog.example/era");
    assert!(part(url).starts_with("https://t.co/"));
}

#[tokio::test]
async fn an_edit_is_a_new_id_and_the_chain_has_the_old() {
    let lab = Lab::silent().await;
    let handle = lab.x().handles()[0].clone();
    let first = lab.x().publish(&handle, "harbour, Monday").unwrap();
    lab.x().advance_clock(60_000);
    assert_eq!(lab.search("harbour", &[]).await.ids(), [first]);
    let second = lab.x().edit(first, "harbour, Tuesday").unwrap();
    lab.x().advance_clock(60_000);
    let got = lab.search("harbour", &[]).await;
    assert_eq!(got.ids(), [second]);
    assert_eq!(got.body["data"][0]["edit_history_tweet_ids"], json!([first.to_string(), second.to_string()]));
    let list = lab.get(&format!("/2/lists/{}/tweets", super::super::LIST), &[]).await;
    assert_eq!(list.ids(), [second]);
    // The old version can still be read by its id.
    assert_eq!(lab.get(&format!("/2/tweets/{first}"), &[]).await.body["data"]["text"], "harbour, Monday");
}

#[tokio::test]
async fn a_repost_is_cut_and_refers_to_the_whole() {
    let lab = Lab::new(Options { content: Content::Written, ..Options::at(NOW) }).await;
    let query = [("tweet.fields", "referenced_tweets"), ("expansions", "referenced_tweets.id")];
    let got = lab.search("from:seismicwire is:retweet", &query).await;
    let post = &got.body["data"][0];
    assert!(post["text"].as_str().unwrap().starts_with("RT @seismicwire: "));
    assert_eq!(post["text"].as_str().unwrap().chars().count(), 140);
    assert_eq!(post["referenced_tweets"][0]["type"], "retweeted");
    assert_eq!(post["referenced_tweets"][0]["id"], got.body["includes"]["tweets"][0]["id"]);
}

#[tokio::test]
async fn a_withheld_post_has_another_text() {
    let lab = Lab::silent().await;
    let handle = lab.x().handles()[0].clone();
    let id = lab.x().publish(&handle, "harbour").unwrap();
    assert!(lab.x().withhold(id, &["DE"]));
    let got = lab.get(&format!("/2/tweets/{id}"), &[("tweet.fields", "withheld")]).await;
    assert_eq!(got.body["data"]["withheld"]["country_codes"], json!(["DE"]));
    assert_ne!(got.body["data"]["text"], "harbour");
}
