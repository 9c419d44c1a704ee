//! `[keep]`.

use std::time::Duration;

use super::layers::Layers;
use crate::store::{Retention, retention_bounds as bounds};

/// `article_ttl` is the time for which a page is valid; it must be kept as long.
pub fn retention(layers: &mut Layers, article_ttl: Duration) -> Retention {
    let mut age = |key: &str, days: (u32, u32)| {
        let [least, most] = [days.0, days.1].map(|days| Duration::from_hours(24) * days);
        layers.duration_within(&format!("keep.{key}"), least, most)
    };
    let keep = Retention {
        cycles: age("cycles", bounds::CYCLES),
        entries: age("entries", bounds::ENTRIES),
        dropped: age("dropped", bounds::DROPPED),
        articles: age("articles", bounds::ARTICLES),
        messages: age("messages", bounds::MESSAGES),
        posts: age("posts", bounds::POSTS),
    };
    if keep.articles < article_ttl {
        layers.wrong(
            "keep.articles",
            "is shorter than cache.article_ttl: pages would be deleted while they are valid",
        );
    }
    keep
}
