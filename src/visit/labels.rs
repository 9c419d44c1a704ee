//! The user's labels for judgement, read when a run judges its first text: most cycles judge none.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::{
    detect::{
        Rules,
        feedback::{Feedback, LabelledText, VECTOR_VERSION, Vector},
    },
    model::Kind,
    store::{LabelVector, LabelledMention, Store, StoreError},
};

/// The labels of one run.
#[derive(Debug, Default)]
pub struct Labels(OnceCell<Loaded>);

#[derive(Debug, Default)]
struct Loaded {
    feedback: Arc<Feedback>,
    /// Vectors that the database lacks.
    made: Vec<LabelVector>,
}

impl Labels {
    /// The labels with their texts. None if the database cannot be read: then no visit can be saved either.
    pub(super) async fn feedback(&self, store: &Store, rules: &Rules) -> &Arc<Feedback> {
        let load = async || {
            load(store, rules).await.unwrap_or_else(|error| {
                tracing::warn!("the labels cannot be read: {error}");
                Loaded::default()
            })
        };
        // Boxed: it runs once, and would make each visit larger.
        &Box::pin(self.0.get_or_init(load)).await.feedback
    }

    /// Saves the vectors that this run has made.
    pub(crate) async fn save(&self, store: &Store) -> Result<(), StoreError> {
        match self.0.get() {
            Some(loaded) if !loaded.made.is_empty() => {
                store.put_label_vectors(VECTOR_VERSION, loaded.made.clone()).await
            }
            _ => Ok(()),
        }
    }
}

/// Reads the labels with their texts; with `saves`, stores the vectors that the database lacks.
pub(crate) async fn load_labels(store: &Store, rules: &Rules, saves: bool) -> Result<Feedback, StoreError> {
    let loaded = load(store, rules).await?;
    if saves && !loaded.made.is_empty() {
        store.put_label_vectors(VECTOR_VERSION, loaded.made).await?;
    }
    Ok(Arc::unwrap_or_clone(loaded.feedback))
}

async fn load(store: &Store, rules: &Rules) -> Result<Loaded, StoreError> {
    let mut made = Vec::new();
    let mentions = store.labelled_mentions(VECTOR_VERSION).await?;
    let texts = mentions.into_iter().filter_map(|mention| labelled_text(mention, rules, &mut made)).collect();
    Ok(Loaded { feedback: Arc::new(Feedback::new(texts)), made })
}

/// The text of `mention`; `None` if it is not stored.
fn labelled_text(
    mention: LabelledMention,
    rules: &Rules,
    made: &mut Vec<LabelVector>,
) -> Option<LabelledText> {
    // The stored title of a post is the beginning of its text, or stands for a text that is not stored.
    let title = if mention.kind == Kind::Post { "" } else { &mention.title };
    if title.is_empty() && mention.snippet.is_empty() {
        return None;
    }
    let vector = mention.vector.as_deref().and_then(Vector::unpack).unwrap_or_else(|| {
        let vector = rules.vector(title, &mention.snippet, mention.kind);
        made.push(LabelVector { detection: mention.id, bytes: vector.pack() });
        vector
    });
    Some(LabelledText {
        label: mention.label,
        yes: mention.yes,
        project: mention.project,
        token: mention.token,
        title: mention.title,
        vector,
    })
}
