//! Generated accounts, and the accounts of `fixtures/x`.

use std::collections::BTreeSet;

use super::{super::Content, *};

#[test]
fn the_same_seed_makes_the_same_people_and_posts() {
    let ids = |seed: u64| {
        let x = Simulator::new(Options { seed, ..with(few()) }).unwrap();
        let query =
            x.handles().iter().map(|handle| format!("from:{handle}")).collect::<Vec<_>>().join(" OR ");
        x.matching(&query, 0).unwrap()
    };
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));
}

#[test]
fn a_hundred_accounts_and_twenty_topics_have_something_to_say() {
    let x = Simulator::new(Options::at(NOW)).unwrap();
    let handles: BTreeSet<String> = x.handles().iter().map(|handle| handle.to_lowercase()).collect();
    assert_eq!(handles.len(), 100);
    assert!(handles.iter().all(|handle| handle.len() <= 15));
    let day = NOW - 86_400_000;
    let topics = x.topics();
    assert_eq!(topics.len(), 20);
    let mut posts = BTreeSet::new();
    for topic in &topics {
        let found = x.matching(topic, day).unwrap();
        assert!(!found.is_empty(), "{topic}");
        posts.extend(found);
    }
    assert!((350..650).contains(&posts.len()), "{} posts on topics a day", posts.len());
    let query = handles.iter().map(|handle| format!("from:{handle}")).collect::<Vec<_>>().join(" OR ");
    let own = x.matching(&format!("({query}) -is:retweet -is:reply"), day).unwrap().len();
    assert!((400..600).contains(&own), "{own} own posts a day");
}

#[tokio::test]
async fn the_written_world_has_ten_launches_and_news_comes_in() {
    let lab = Lab::new(Options { content: Content::Written, ..Options::at(NOW) }).await;
    let sent = lab.x().sent_posts();
    assert_eq!(sent.len(), 60);
    assert_eq!(sent.iter().filter(|sent| !sent.truth.is_empty()).count(), 10);
    assert_eq!(lab.x().handles().len(), 10);
    for topic in lab.x().topics() {
        assert!(!lab.search(&topic, &[]).await.ids().is_empty(), "{topic}");
    }
    let query =
        lab.x().handles().iter().map(|handle| format!("from:{handle}")).collect::<Vec<_>>().join(" OR ");
    let before = lab.search(&query, &[]).await.ids();
    lab.web.advance();
    let after = lab.search(&query, &[]).await.ids();
    assert_eq!(after.len(), before.len() + 5);
    assert!(after.is_sorted_by(|a, b| a > b));
    // News is newer than everything that was there.
    assert_eq!(after[5..], before);
}
