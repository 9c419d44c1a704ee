//! Rejects false data of a response: posts from the future, invalid ids, versions of other posts. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Page, Post, number};
use crate::x::windows::{id_at, time_of};

/// Twice the half hour in which X permits edits (docs/reference/x-api.md#posts).
pub(super) const EDITED: SignedDuration = SignedDuration::from_hours(1);
/// Earlier versions of a post, at most (docs/reference/x-api.md#posts).
const EDITS: usize = 5;
impl Page {
    pub(super) fn measure(&mut self) {
        let ids = || self.posts.iter().map(|post| post.id);
        (self.newest, self.oldest) = (ids().max(), ids().min());
    }

    /// Removes posts from after `latest`; gives a sentence for each kind of refused data.
    pub fn refuse(&mut self, latest: Timestamp) -> Vec<String> {
        let most = id_at(latest);
        let all = std::mem::take(&mut self.posts).into_iter();
        let (ahead, kept): (Vec<Post>, Vec<Post>) = all.partition(|post| post.id > most);
        self.posts = kept;
        self.ahead.extend(ahead.iter().map(|post| post.id));
        self.measure();
        let clock = "X's answer or this machine's clock is wrong";
        let mut refusals = Vec::new();
        if let Some(newest) = self.ahead.iter().max() {
            let (number, at) = (self.ahead.len(), time_of(*newest).strftime("%Y-%m-%d %H:%M UTC"));
            refusals.push(format!(
                "X sent {number} posts from the future, up to {at}; they are refused: {clock}"
            ));
        } else if let Some(claimed) = self.claimed.filter(|claimed| *claimed > most) {
            let at = time_of(claimed).strftime("%Y-%m-%d %H:%M UTC");
            refusals
                .push(format!("X names a newest post from the future, at {at}; that is ignored: {clock}"));
        }
        if self.without_id > 0 {
            refusals.push(format!("X sent {} objects without a valid id; they are refused", self.without_id));
        }
        refusals
    }

    /// Number of refused objects.
    #[must_use]
    pub fn refused(&self) -> u64 {
        (self.ahead.len() + self.without_id) as u64
    }
}

/// An id: 63 bits (docs/reference/x-api.md#ids), and never 0.
pub(super) fn id(value: &Value) -> Option<u64> {
    number(value).filter(|id| (1..=i64::MAX.unsigned_abs()).contains(id))
}

/// The versions of the post `own` among `ids`, oldest first: at most [`EDITS`], within the time of edits. A chain with
/// the id of another post would make this one look known.
pub(super) fn chain_of(own: u64, ids: impl Iterator<Item = u64>) -> Vec<u64> {
    let first = time_of(own).checked_sub(EDITED).map_or(0, id_at);
    let earlier: BTreeSet<u64> = ids.filter(|id| *id < own && *id >= first).collect();
    let skipped = earlier.len().saturating_sub(EDITS);
    earlier.into_iter().skip(skipped).chain([own]).collect()
}

/// Removes from each chain the ids that the page attributes to other authors.
pub(super) fn own_edits(posts: &mut [Post]) {
    let authors: BTreeMap<u64, Option<u64>> = posts.iter().map(|post| (post.id, post.author)).collect();
    for post in posts {
        let author = post.author;
        post.chain.retain(|id| authors.get(id).is_none_or(|other| *other == author));
    }
}
