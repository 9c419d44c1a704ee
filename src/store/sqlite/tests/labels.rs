//! The user's labels and the texts that they are for.

use super::*;
use crate::store::{LabelVector, LabelledMention};

/// Mention, label and whether it has a vector of `encoder`.
async fn texts(store: &Store, encoder: i64) -> Vec<(String, bool, bool)> {
    let mentions = store.labelled_mentions(encoder).await.unwrap();
    let line = |mention: LabelledMention| (mention.id, mention.yes, mention.vector.is_some());
    let mut texts: Vec<_> = mentions.into_iter().map(line).collect();
    texts.sort();
    texts
}

#[test]
fn a_label_holds_for_the_mentions_of_its_story_until_it_is_cleared() {
    let store = Store::open_in_memory().unwrap();
    let text = |id: &str, yes, vector| (id.to_owned(), yes, vector);
    block(async {
        for (id, story) in [("aa", "s"), ("ab", "s"), ("ac", "s"), ("ad", "other")] {
            store.commit(found(id, story, 80)).await.unwrap();
        }
        assert_eq!(texts(&store, 1).await, []);
        assert!(store.label("a".to_owned(), Some(true), now()).await.unwrap().is_none());
        store.label("aa".to_owned(), Some(false), now()).await.unwrap().unwrap();
        store.label("ab".to_owned(), Some(true), now()).await.unwrap().unwrap();
        let (no, yes) = (text("aa", false, false), text("ab", true, false));
        let both = [no, yes, text("ac", false, false), text("ac", true, false)];
        assert_eq!(texts(&store, 1).await, both, "a mention without its own has those of its story");

        let vector = |id: &str| LabelVector { detection: id.to_owned(), bytes: vec![7; 384] };
        store.put_label_vectors(1, vec![vector("ac"), vector("gone")]).await.unwrap();
        assert_eq!(texts(&store, 1).await[2..], [text("ac", false, true), text("ac", true, true)]);
        assert_eq!(texts(&store, 2).await, both, "another encoder makes its own");

        store.label("ab".to_owned(), None, now()).await.unwrap().unwrap();
        assert_eq!(store.labels().await.unwrap().all, 1);
        let one = [text("aa", false, false), text("ab", false, false), text("ac", false, false)];
        assert_eq!(texts(&store, 1).await, one);
        store.label("aa".to_owned(), None, now()).await.unwrap().unwrap();
        assert_eq!(texts(&store, 1).await, []);
        assert_eq!(store.column("SELECT detection FROM label_vectors").await, Vec::<String>::new());
    });
}
