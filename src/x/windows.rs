//! How far each source was read: heads and gaps (docs/reference/x-api.md#windows). Pure.
//!
//! The first page moves the head and opens a gap below itself. Each further page shrinks the gap, and the last one
//! closes it. After a failure in between, the gap shows what remains to be read.

use jiff::{SignedDuration, Timestamp};

use crate::model::{XGap, XSource, XWindows};

/// Start of the time in ids, milliseconds since 1970 (docs/reference/x-api.md#ids).
const ID_EPOCH_MS: i64 = 1_288_834_974_657;
/// Low bits of an id that are not time.
const ID_TIME_SHIFT: u32 = 22;
/// Posts may enter the index after newer ones: each query begins this far before the head
/// (docs/reference/x-api.md#windows).
pub const OVERLAP: SignedDuration = SignedDuration::from_secs(120);
/// The head of a quiet source is old. After a complete read, the next query begins this far before that read: five
/// times the overlap.
pub const QUIET_OVERLAP: SignedDuration = SignedDuration::from_secs(600);
/// How far in the future an id may be: clocks of servers differ by seconds, and the local clock may be an hour behind.
/// A later id is false (docs/explain/decisions/0031-x-uses-the-local-clock.md).
pub const AHEAD: SignedDuration = SignedDuration::from_hours(1);
/// Search covers seven days; a quarter of an hour of them is not used (docs/reference/x-api.md#windows).
pub const REACH: SignedDuration = SignedDuration::from_mins(7 * 24 * 60 - 15);

/// The smallest id of a post written at `at`.
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

/// The latest time that an id may have, by the local and the server's time.
#[must_use]
pub fn latest(ours: Timestamp, server: Timestamp) -> Timestamp {
    ours.max(server).checked_add(AHEAD).unwrap_or(ours)
}

/// `source` without times after `latest`: a false head would hide every later post. Where nothing else is known, its
/// newest post shows how far it was read.
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

/// `change` limited to `now`, the earlier of the local and the server's time: nothing later can have been read.
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

/// The range of a query. Ids and times are never mixed (docs/reference/x-api.md#windows).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// The first read of a source: everything from that time on.
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
    /// The id below which nothing is read.
    #[must_use]
    pub fn low(self) -> u64 {
        match self {
            Self::From(at) => id_at(at),
            Self::Ids { since, .. } => since,
        }
    }
}

/// The id from which to read `source`; `None` where it was never read.
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

/// The lowest id that search accepts at `now`, by the server's clock.
#[must_use]
pub fn oldest_searchable_id(now: Timestamp) -> u64 {
    now.checked_sub(REACH).map_or(0, id_at)
}

/// The bounds of a query for sources read up to `low`, and the range that search no longer covers.
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

/// The range of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageSpan {
    /// Its newest id.
    pub newest: Option<u64>,
    /// Its oldest id.
    pub oldest: Option<u64>,
    /// Whether another page follows.
    pub more: bool,
}

/// How far a query was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Keys of the sources it reads.
    pub sources: Vec<String>,
    /// Its range.
    pub bounds: Bounds,
    /// The gap that it fills, or the one that it has opened.
    pub gap: Option<XGap>,
    /// Whether it fills a gap: then the head stays.
    pub repair: bool,
    /// When the call for its first page was sent, by the server's clock.
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

    /// What the page of `call` changes in the store.
    pub fn after(&mut self, call: i64, span: PageSpan) -> XWindows {
        let mut change = XWindows { sources: self.sources.clone(), ..XWindows::default() };
        // The clock was far ahead: an empty range of the future shows nothing about the past.
        if self.bounds.low() > id_at(self.asked_at) {
            return change;
        }
        if !self.repair {
            change.head = span.newest;
        }
        let low = self.bounds.low();
        // A page may contain the bound itself. What follows that post is stored already.
        if span.more && span.oldest.is_none_or(|oldest| oldest > low) {
            let until = match self.bounds {
                Bounds::Ids { until, .. } => until,
                Bounds::From(_) => None,
            };
            let above = self.gap.map(|gap| gap.high).or(until);
            // An empty page may be followed by another one.
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
    fn ids_convert_to_times_and_back() {
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
    fn a_query_from_the_future_changes_nothing() {
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
    fn the_range_that_search_no_longer_covers_is_returned() {
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
    fn a_repair_does_not_move_the_head() {
        let gap = XGap { owner: 3, low: 100, high: 500 };
        let mut question = Progress::repair(vec!["a:1".to_owned()], gap, at("2026-11-21T10:00:00Z"));
        let page = question.after(9, PageSpan { newest: Some(499), oldest: Some(400), more: true });
        assert_eq!((page.head, page.gap), (None, Some(XGap { high: 400, ..gap })));
        let last = question.after(10, PageSpan::default());
        assert_eq!((last.closed, last.complete_at), (Some(3), None));
    }

    #[test]
    fn a_page_without_posts_does_not_move_the_head() {
        let change = progress(Bounds::Ids { since: 5, until: None }).after(1, PageSpan::default());
        assert_eq!((change.head, change.gap, change.closed), (None, None, None));
        assert!(change.complete_at.is_some());
    }

    proptest! {
    /// Wherever a query ends early, each post is stored or in the gap.
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
