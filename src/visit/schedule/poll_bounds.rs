//! How often a source is requested where its publisher sets no interval: active sources often, quiet ones seldom. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::{Settings, elapsed};
use crate::model::{Source, SourceState};

/// The tier of sources whose publisher is the project or the venue itself: they publish seldom, and their entries are the
/// most important.
const OWN_VOICE: u8 = 1;
/// A silence of this many mean intervals is the longest to expect among thirty entries at random times: the mean of the
/// longest of `n` exponential intervals is their mean times 1 + 1/2 + … + 1/n, 4.0 for 30. After a longer one the source
/// has slowed down.
const LONGEST_OF_MANY: u32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollBounds {
    least: Duration,
    most: Duration,
    /// Set by the user: used whatever the publisher states.
    fixed: bool,
    /// Whether a visit is a request, which costs its publisher a body.
    is_request: bool,
}

impl PollBounds {
    pub fn of(source: &Source, settings: &Settings) -> Self {
        let is_request = !source.is_program();
        if let Some(every) = source.every {
            return Self { least: every, most: every, fixed: true, is_request };
        }
        let least = settings.feed_ttl;
        let alike = settings.without_savings || source.tier == OWN_VOICE;
        let most = if alike { least } else { settings.feed_ttl_max.max(least) };
        Self { least, most, fixed: false, is_request }
    }

    pub(super) fn fixed(self) -> Option<Duration> {
        self.fixed.then_some(self.least)
    }

    pub(super) fn is_request(self) -> bool {
        self.is_request
    }

    pub(super) fn min(self) -> Duration {
        self.least
    }

    /// Time to the next request for a source that publishes an entry every `gap` on average, and has published nothing
    /// for `silence`.
    ///
    /// For a given number of requests, the total delay of entries is smallest when each source is requested in proportion to
    /// the root of its rate: with requests every `i`, entries wait `i/2` and come `1/gap` times. The sum of `i/gap` is
    /// minimal for a constant sum of `1/i` where `i` is the root of `gap` times one number for all sources. That number is
    /// half of `least` here: a source with an entry in every second `least`, or a faster one, is requested every `least`.
    pub(super) fn interval(self, gap: Option<Duration>, silence: Duration) -> Duration {
        let gap = gap.unwrap_or_default().max(silence / LONGEST_OF_MANY);
        let root = (gap.as_secs_f64() * self.least.as_secs_f64() / 2.0).sqrt();
        Duration::from_secs_f64(root).clamp(self.least, self.most)
    }

    /// The same for a stored state.
    pub(super) fn next(self, state: &SourceState, now: Timestamp) -> Duration {
        let gap = state.mean_interval_s.map(|seconds| Duration::from_secs(seconds.into()));
        let silence = state.changed_at.map(|at| elapsed(at, now)).unwrap_or_default();
        self.interval(gap, silence)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const BOUNDS: PollBounds = PollBounds {
        least: Duration::from_mins(10),
        most: Duration::from_hours(2),
        fixed: false,
        is_request: true,
    };

    #[test]
    fn a_busy_source_is_asked_as_often_as_allowed_and_a_sleeping_one_as_seldom() {
        let minutes = |gap: u32| BOUNDS.interval(Some(MINUTE * gap), Duration::ZERO).as_secs() / 60;
        assert_eq!([1, 20, 45, 180, 720, 10_000].map(minutes), [10, 10, 15, 30, 60, 120]);
    }

    #[test]
    fn silence_counts_when_it_is_longer_than_chance_makes_it() {
        let after = |silence: u32| BOUNDS.interval(Some(MINUTE * 45), MINUTE * silence);
        assert_eq!(after(180), after(0));
        assert_eq!(after(720), MINUTE * 30);
        assert_eq!(
            BOUNDS.interval(None, Duration::ZERO),
            BOUNDS.least,
            "of an unknown source the best is believed"
        );
    }

    proptest! {
        /// Whatever the past: the bounds hold, and more entries never mean fewer requests.
        #[test]
        fn the_bounds_hold(gap in 0_u32..9_000_000, more in 0_u32..9_000_000, silence in 0_u64..99_000_000_000, least in 0_u64..90_000) {
            let bounds = PollBounds { least: Duration::from_secs(least), most: Duration::from_secs(least.max(3_600)), ..BOUNDS };
            let after = |gap: u32| bounds.interval(Some(Duration::from_secs(gap.into())), Duration::from_secs(silence));
            prop_assert!(after(gap) >= bounds.least && after(gap) <= bounds.most);
            prop_assert!(after(gap) <= after(gap.saturating_add(more)));
        }
    }
}
