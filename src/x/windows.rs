//! What was read and what was not: heads and gaps (docs/reference/x-api.md#windows). Pure.
//!
//! A page moves the head at once and leaves a gap below itself; the next page shrinks the gap, the last one
//! closes it. So whatever fails in between, the memory says what is still to be read.

use jiff::{SignedDuration, Timestamp};

use crate::model::{XGap, XSource, XWindows};

/// Milliseconds since 1970 at which ids begin to count (docs/reference/x-api.md#ids).
const ID_EPOCH_MS: i64 = 1_288_834_974_657;
/// Low bits of an id that do not tell time.
const ID_TIME_SHIFT: u32 = 22;
/// Posts may enter the index after newer ones: each question reaches back this far behind the head
/// (docs/reference/x-api.md#windows).
pub const OVERLAP: SignedDuration = SignedDuration::from_secs(120);
/// Where a source is quiet its head is old. What was asked for to the last page needs no more than this much
/// looking back: five times the overlap.
pub const QUIET_OVERLAP: SignedDuration = SignedDuration::from_secs(600);
/// How far ahead of the time an id may lie: clocks of servers differ by seconds, ours may be an hour behind without
/// anybody noticing. What lies further ahead was made up (docs/explain/decisions/0031-x-uses-the-local-clock.md).
pub const AHEAD: SignedDuration = SignedDuration::from_hours(1);
/// Search reaches back seven days; a quarter of an hour is kept clear of that edge (docs/reference/x-api.md#windows).
pub const REACH: SignedDuration = SignedDuration::from_mins(7 * 24 * 60 - 15);

/// The id that a post written at `at` would have at least.
#[must_use]
pub fn id_at(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond() - ID_EPOCH_MS).unwrap_or(0) << ID_TIME_SHIFT
}

/// When the post of that id was written.
#[must_use]
pub fn time_of(id: u64) -> Timestamp {
    let ms = i64::try_from(id >> ID_TIME_SHIFT).unwrap_or(0) + ID_EPOCH_MS;
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The latest time that is believed of an id where ours and the server's clock stand so.
#[must_use]
pub fn latest(ours: Timestamp, server: Timestamp) -> Timestamp {
    ours.max(server).checked_add(AHEAD).unwrap_or(ours)
}

/// `source` without what lies after `latest`: a head that X once made up would hide every later post. Where nothing
/// else is known of it, its newest post tells how far it was read.
#[must_use]
pub fn believable(source: XSource, latest: Timestamp) -> XSource {
    let id = id_at(latest);
    let last_post_at = source.last_post_at.filter(|at| *at <= latest);
    let complete_at = source.complete_at.filter(|at| *at <= latest);
    let head = source.head.filter(|head| *head <= id);
    let made_up = head.is_none() && source.head.is_some();
    let gaps = source.gaps.iter().filter(|gap| gap.low < id);
    XSource {
        head: head.or(last_post_at.filter(|_| made_up && complete_at.is_none()).map(id_at)),
        complete_at,
        last_post_at,
        gaps: gaps.map(|gap| XGap { high: gap.high.min(id), ..*gap }).collect(),
        ..source
    }
}

/// `change` held to the time `now`, the earlier one where ours and the server's clock differ: nothing can have been
/// read beyond it, whatever an answer says of its newest post.
#[must_use]
pub fn held(change: XWindows, now: Timestamp, latest: Timestamp) -> XWindows {
    XWindows {
        head: change.head.map(|head| head.min(id_at(now))),
        complete_at: change.complete_at.map(|at| at.min(now)),
        latest: Some(latest),
        latest_id: Some(id_at(latest)),
        ..change
    }
}

/// What is asked for. Ids and times are never mixed (docs/reference/x-api.md#windows).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// A first look: everything from that time on.
    From(Timestamp),
    /// Ids above `since`, and below `until` where that is given.
    Ids {
        /// Exclusive.
        since: u64,
        /// Exclusive.
        until: Option<u64>,
    },
}

impl Bounds {
    /// The id below which nothing is asked for.
    #[must_use]
    pub fn low(self) -> u64 {
        match self {
            Self::From(at) => id_at(at),
            Self::Ids { since, .. } => since,
        }
    }
}

/// From which id `source` is to be asked; `None` where it was never asked.
#[must_use]
pub fn low(source: &XSource) -> Option<u64> {
    let behind = |id: u64, by: SignedDuration| {
        let step = u64::try_from(by.as_millis()).unwrap_or(0) << ID_TIME_SHIFT;
        id.saturating_sub(step)
    };
    let head = source.head.map(|head| behind(head, OVERLAP));
    let quiet = source.complete_at.map(|at| behind(id_at(at), QUIET_OVERLAP));
    head.max(quiet)
}

/// The lowest id that search still answers for at `now`, by the server's clock.
#[must_use]
pub fn oldest_searchable_id(now: Timestamp) -> u64 {
    now.checked_sub(REACH).map_or(0, id_at)
}

/// The bounds of a question for sources that stand at `low`, and what can no longer be had by search.
#[must_use]
pub fn bounds(low: Option<u64>, lookback: SignedDuration, now: Timestamp) -> (Bounds, Option<(u64, u64)>) {
    let oldest = oldest_searchable_id(now);
    match low {
        Some(low) if low < oldest => (Bounds::Ids { since: oldest, until: None }, Some((low, oldest))),
        Some(low) => (Bounds::Ids { since: low, until: None }, None),
        None => {
            let start = now.checked_sub(lookback.min(REACH)).unwrap_or(now);
            (Bounds::From(start), None)
        }
    }
}

/// What a page says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageSpan {
    /// Its newest id.
    pub newest: Option<u64>,
    /// Its oldest id.
    pub oldest: Option<u64>,
    /// Whether another page follows.
    pub more: bool,
}

/// A question under way, page after page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Keys of the sources that are asked together.
    pub sources: Vec<String>,
    /// What is asked for.
    pub bounds: Bounds,
    /// The gap that is being closed, or the one this question left behind.
    pub gap: Option<XGap>,
    /// Whether this is the repair of a gap: then the head stays.
    pub repair: bool,
    /// When the first page was asked for, by the server's clock.
    pub asked_at: Timestamp,
}

impl Progress {
    /// Reads everything new of `sources`.
    pub(crate) fn head(sources: Vec<String>, bounds: Bounds, now: Timestamp) -> Self {
        Self { sources, bounds, gap: None, repair: false, asked_at: now }
    }

    /// Fills a gap.
    pub(crate) fn repair(sources: Vec<String>, gap: XGap, now: Timestamp) -> Self {
        let bounds = Bounds::Ids { since: gap.low, until: Some(gap.high) };
        Self { sources, bounds, gap: Some(gap), repair: true, asked_at: now }
    }

    /// What the page of `call` changes; the question knows its gap from then on.
    pub fn after(&mut self, call: i64, span: PageSpan) -> XWindows {
        let mut change = XWindows { sources: self.sources.clone(), ..XWindows::default() };
        // Asked by a clock that was far ahead: that nothing came from there tells nothing of what is behind.
        if self.bounds.low() > id_at(self.asked_at) {
            return change;
        }
        if !self.repair {
            change.head = span.newest;
        }
        let low = self.bounds.low();
        // Once a page reaches down to what is stored, what follows is none of the question's: bounds may count as
        // included.
        if span.more && span.oldest.is_none_or(|oldest| oldest > low) {
            let until = match self.bounds {
                Bounds::Ids { until, .. } => until,
                Bounds::From(_) => None,
            };
            let above = self.gap.map(|gap| gap.high).or(until);
            // A page may be empty and still be followed by another one.
            let high = match (span.oldest, above) {
                (Some(oldest), Some(above)) => oldest.min(above),
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => id_at(self.asked_at),
            };
            let owner = self.gap.map_or(call, |gap| gap.owner);
            let gap = XGap { owner, low, high };
            self.gap = Some(gap);
            change.gap = Some(gap);
        } else {
            change.closed = self.gap.take().map(|gap| gap.owner);
            change.complete_at = (!self.repair).then_some(self.asked_at);
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn progress(bounds: Bounds) -> Progress {
        let sources = vec!["a:1".to_owned()];
        Progress::head(sources, bounds, at("2026-11-21T10:00:00Z"))
    }

    #[test]
    fn ids_tell_time_both_ways() {
        let then = at("2026-11-21T10:00:00.123Z");
        assert_eq!(time_of(id_at(then)), then);
        assert_eq!(time_of(id_at(then) | 0x3f_ffff), then);
    }

    #[test]
    fn an_active_source_reaches_back_two_minutes_and_a_quiet_one_ten() {
        let (head, asked) = (at("2026-11-21T09:00:00Z"), at("2026-11-21T10:00:00Z"));
        let mut source = XSource { head: Some(id_at(head)), ..XSource::default() };
        assert_eq!(time_of(low(&source).unwrap()), at("2026-11-21T08:58:00Z"));
        source.complete_at = Some(asked);
        assert_eq!(time_of(low(&source).unwrap()), at("2026-11-21T09:50:00Z"));
        source.head = Some(id_at(asked));
        assert_eq!(time_of(low(&source).unwrap()), at("2026-11-21T09:58:00Z"));
        assert_eq!(low(&XSource::default()), None);
    }

    #[test]
    fn a_question_from_the_future_says_nothing_of_the_past() {
        let mut ahead = progress(Bounds::Ids { since: id_at(at("2027-11-14T10:00:00Z")), until: None });
        let change = ahead.after(3, PageSpan::default());
        assert_eq!((change.head, change.complete_at, change.closed), (None, None, None));
    }

    #[test]
    fn a_head_from_the_future_is_unknown_and_reading_goes_on_from_what_is_sure() {
        let (now, far) = (at("2026-11-21T10:00:00Z"), at("2046-11-21T10:00:00Z"));
        let latest = latest(now, now);
        let asked = at("2026-11-21T09:00:00Z");
        let gap = |low, high| XGap { owner: 1, low: id_at(low), high: id_at(high) };
        let poisoned = XSource {
            head: Some(id_at(far)),
            complete_at: Some(asked),
            last_post_at: Some(far),
            gaps: vec![gap(asked, far), gap(far, far)],
            ..XSource::default()
        };
        let healed = believable(poisoned.clone(), latest);
        assert_eq!((healed.head, healed.last_post_at), (None, None));
        assert_eq!(healed.gaps, [gap(asked, latest)]);
        assert_eq!(time_of(low(&healed).unwrap()), asked - QUIET_OVERLAP);
        let posted = at("2026-11-21T08:00:00Z");
        let only = XSource { complete_at: Some(far), last_post_at: Some(posted), ..poisoned.clone() };
        assert_eq!(time_of(low(&believable(only, latest)).unwrap()), posted - OVERLAP);
        let nothing = XSource { complete_at: None, ..poisoned };
        assert_eq!(low(&believable(nothing, latest)), None);
        let sound = XSource { head: Some(id_at(latest)), complete_at: Some(latest), ..XSource::default() };
        assert_eq!(believable(sound.clone(), latest), sound);
    }

    #[test]
    fn no_answer_moves_the_head_beyond_the_present() {
        let (now, far) = (at("2026-11-21T10:00:00Z"), at("2026-11-21T10:50:00Z"));
        let change = XWindows { head: Some(id_at(far)), complete_at: Some(far), ..XWindows::default() };
        let held = held(change, now, far);
        assert_eq!((held.head, held.complete_at, held.latest), (Some(id_at(now)), Some(now), Some(far)));
    }

    #[test]
    fn what_search_no_longer_reaches_is_told() {
        let now = at("2026-11-21T10:00:00Z");
        let old = id_at(at("2026-11-01T00:00:00Z"));
        let day = SignedDuration::from_hours(24);
        assert_eq!(
            bounds(Some(old), day, now),
            (
                Bounds::Ids { since: oldest_searchable_id(now), until: None },
                Some((old, oldest_searchable_id(now)))
            )
        );
        assert_eq!(bounds(None, day, now).0, Bounds::From(at("2026-11-20T10:00:00Z")));
        assert_eq!(bounds(None, SignedDuration::from_hours(24 * 30), now).0, Bounds::From(now - REACH));
        assert_eq!(bounds(Some(id_at(now)), day, now).1, None);
    }

    #[test]
    fn the_first_page_makes_the_head_and_the_last_closes_the_gap() {
        let mut question = progress(Bounds::Ids { since: 100, until: None });
        let first = question.after(7, PageSpan { newest: Some(900), oldest: Some(600), more: true });
        assert_eq!((first.head, first.complete_at), (Some(900), None));
        assert_eq!(first.gap, Some(XGap { owner: 7, low: 100, high: 600 }));
        let second = question.after(8, PageSpan { newest: Some(599), oldest: Some(300), more: true });
        assert_eq!(second.gap, Some(XGap { owner: 7, low: 100, high: 300 }));
        let empty = question.after(9, PageSpan { newest: None, oldest: None, more: true });
        assert_eq!(empty.gap, Some(XGap { owner: 7, low: 100, high: 300 }));
        let last = question.after(10, PageSpan { newest: Some(200), oldest: Some(150), more: false });
        assert_eq!((last.gap, last.closed, last.complete_at.is_some()), (None, Some(7), true));
    }

    #[test]
    fn a_repair_leaves_the_head_alone() {
        let gap = XGap { owner: 3, low: 100, high: 500 };
        let mut question = Progress::repair(vec!["a:1".to_owned()], gap, at("2026-11-21T10:00:00Z"));
        let page = question.after(9, PageSpan { newest: Some(499), oldest: Some(400), more: true });
        assert_eq!((page.head, page.gap), (None, Some(XGap { high: 400, ..gap })));
        let last = question.after(10, PageSpan::default());
        assert_eq!((last.closed, last.complete_at), (Some(3), None));
    }

    #[test]
    fn an_answer_without_posts_leaves_the_head_where_it_was() {
        let change = progress(Bounds::Ids { since: 5, until: None }).after(1, PageSpan::default());
        assert_eq!((change.head, change.gap, change.closed), (None, None, None));
        assert!(change.complete_at.is_some());
    }

    proptest! {
        /// However a question breaks off, what is stored and what is left in the gap are all there was.
        #[test]
        fn whatever_breaks_off_is_remembered(
            mut ids in proptest::collection::btree_set(101_u64..10_000, 0..60),
            size in 1_usize..12,
            pages in 0_usize..8,
        ) {
            let mut question = progress(Bounds::Ids { since: 100, until: None });
            let (mut head, mut gap, mut stored) = (None, None, std::collections::BTreeSet::new());
            let all = ids.clone();
            for call in 0..pages {
                let page: Vec<u64> = ids.iter().rev().take(size).copied().collect();
                for id in &page { ids.remove(id); }
                let span = PageSpan {
                    newest: page.first().copied(), oldest: page.last().copied(), more: !ids.is_empty(),
                };
                let change = question.after(i64::try_from(call).unwrap(), span);
                stored.extend(page);
                head = head.max(change.head);
                if change.gap.is_some() { gap = change.gap; }
                if change.closed.is_some() { gap = None; }
                if !span.more { break; }
            }
            for id in all {
                let below_head = head.is_some_and(|head| id <= head);
                let in_gap = gap.is_some_and(|gap| id > gap.low && id < gap.high);
                prop_assert!(stored.contains(&id) || in_gap || !below_head, "{id} is lost");
            }
        }
    }
}
