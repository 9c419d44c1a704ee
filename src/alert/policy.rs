//! A channel's policy: which detections it gets, at once or in a digest, and its quiet hours. Pure.

use std::time::Duration;

use jiff::{Timestamp, civil::Time, tz::TimeZone};

use super::week::{self, WeekTime};
use crate::model::{Class, Detection, Event, Severity};

/// Built-in time of digests and summaries.
const NINE: Time = Time::constant(9, 0, 0, 0);

/// A channel's policy (docs/reference/settings.md has the table).
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the settings")]
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelPolicy {
    pub name: String,
    /// Whether it gets launches.
    pub news: bool,
    /// Whether it gets notices about the program itself.
    pub ops: bool,
    /// Minimum level of those notices.
    pub min_level: Severity,
    /// Whether it gets a summary of each week.
    pub summary: bool,
    /// Minimum class.
    pub min_class: Class,
    /// Minimum class for an instant alert; lower ones go into the digest. `None` puts all into the digest.
    pub instant: Option<Class>,
    /// Only these events; empty for all.
    pub events: Vec<Event>,
    /// Only these projects, lower case; empty for all.
    pub projects: Vec<String>,
    /// Only sources with one of these tags; empty for all.
    pub tags: Vec<String>,
    /// Only the watch list.
    pub watched: bool,
    /// Time zone of the times below.
    pub zone: TimeZone,
    /// Times for the digest; empty sends it with the next cycle.
    pub digest_at: Vec<WeekTime>,
    /// Time of the summary.
    pub summary_at: WeekTime,
    /// Start and end of the quiet hours; equal times mean none.
    pub quiet: Option<(Time, Time)>,
    /// Minimum class that is sent in quiet hours too.
    pub quiet_break: Option<Class>,
    /// Messages of single launches per cycle; the rest share one.
    pub max_instant: usize,
    /// Minimum time between two alerts about one story, unless it became critical.
    pub cool_down: Duration,
    /// Launches published longer ago go into the digest.
    pub max_age: Duration,
    /// Whether it gets updates when more outlets carry a reported launch.
    pub updates: bool,
}

impl ChannelPolicy {
    /// The defaults (docs/reference/channels.md#keys-of-every-kind).
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            news: true,
            ops: false,
            min_level: Severity::default(),
            summary: false,
            min_class: Class::High,
            instant: Some(Class::High),
            events: Vec::new(),
            projects: Vec::new(),
            tags: Vec::new(),
            watched: false,
            zone: TimeZone::UTC,
            digest_at: vec![WeekTime::daily(NINE)],
            summary_at: WeekTime::monday(NINE),
            quiet: None,
            quiet_break: None,
            max_instant: 3,
            cool_down: Duration::from_hours(12),
            max_age: Duration::from_hours(6),
            updates: true,
        }
    }

    /// Whether the channel gets `detection`, which was found in a source with `tags`.
    pub fn wants(&self, detection: &Detection, tags: &[String]) -> bool {
        let named = |name: &Option<String>| {
            name.as_ref().is_some_and(|name| self.projects.contains(&name.to_lowercase()))
        };
        self.news
            && detection.class >= self.min_class
            && (self.events.is_empty() || self.events.contains(&detection.event))
            && (self.projects.is_empty() || named(&detection.project) || named(&detection.token))
            && (self.tags.is_empty() || tags.iter().any(|tag| self.tags.contains(tag)))
            && (!self.watched || detection.watched)
    }

    /// The end of the quiet hours at `now`; `None` outside them.
    pub fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        let (from, to) = self.quiet.filter(|(from, to)| from != to)?;
        let here = now.to_zoned_datetime(self.zone.clone());
        let time = here.time();
        let within = if from < to { from <= time && time < to } else { time >= from || time < to };
        let day = if time < to { here.date() } else { here.date().tomorrow().ok()? };
        within.then(|| {
            day.to_datetime(to).to_zoned_datetime(self.zone.clone()).ok().map(|end| end.timestamp())
        })?
    }

    /// Whether an alert of `class` may be sent at `now`.
    pub fn may_send(&self, class: Class, now: Timestamp) -> bool {
        self.quiet_until(now).is_none() || self.quiet_break.is_some_and(|least| class >= least)
    }

    /// The next time for a digest, never within quiet hours.
    pub fn next_digest(&self, now: Timestamp) -> Timestamp {
        let next = week::next(&self.digest_at, &self.zone, now).unwrap_or(now);
        self.quiet_until(next).unwrap_or(next)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn berlin() -> ChannelPolicy {
        ChannelPolicy {
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            quiet: Some((time(22, 0, 0, 0), time(7, 0, 0, 0))),
            quiet_break: Some(Class::Critical),
            ..ChannelPolicy::new("a")
        }
    }

    #[test]
    fn quiet_hours_are_those_of_the_place_over_midnight_and_summer_time() {
        let quiet = berlin();
        // 22:30 in Berlin is 21:30 UTC in winter and 20:30 in summer.
        assert_eq!(quiet.quiet_until(at("2026-11-21T21:30:00Z")), Some(at("2026-11-22T06:00:00Z")));
        assert_eq!(quiet.quiet_until(at("2026-07-01T20:30:00Z")), Some(at("2026-07-02T05:00:00Z")));
        assert_eq!(quiet.quiet_until(at("2026-11-22T05:59:00Z")), Some(at("2026-11-22T06:00:00Z")));
        assert_eq!(quiet.quiet_until(at("2026-11-22T06:00:00Z")), None);
        assert!(
            quiet.may_send(Class::Critical, at("2026-11-21T23:00:00Z"))
                && !quiet.may_send(Class::High, at("2026-11-21T23:00:00Z"))
        );
        let day =
            ChannelPolicy { quiet: Some((time(9, 0, 0, 0), time(17, 0, 0, 0))), ..ChannelPolicy::new("a") };
        assert_eq!(day.quiet_until(at("2026-11-21T12:00:00Z")), Some(at("2026-11-21T17:00:00Z")));
        assert_eq!(day.quiet_until(at("2026-11-21T08:59:59Z")), None);
    }

    #[test]
    fn a_digest_goes_out_at_the_next_of_its_times_and_not_in_quiet_hours() {
        let twice = ChannelPolicy {
            digest_at: vec![WeekTime::daily(time(9, 0, 0, 0)), WeekTime::daily(time(18, 0, 0, 0))],
            quiet: None,
            ..berlin()
        };
        assert_eq!(twice.next_digest(at("2026-11-21T07:59:00Z")), at("2026-11-21T08:00:00Z"));
        assert_eq!(twice.next_digest(at("2026-11-21T08:00:00Z")), at("2026-11-21T17:00:00Z"));
        assert_eq!(twice.next_digest(at("2026-11-21T17:30:00Z")), at("2026-11-22T08:00:00Z"));
        let night = ChannelPolicy { digest_at: vec![WeekTime::daily(time(23, 0, 0, 0))], ..berlin() };
        assert_eq!(night.next_digest(at("2026-11-21T12:00:00Z")), at("2026-11-22T06:00:00Z"));
        let weekly = ChannelPolicy {
            digest_at: vec![WeekTime::read("Mon,Thu 09:00").unwrap()],
            quiet: None,
            ..berlin()
        };
        // 2026-11-21 is a Saturday.
        assert_eq!(weekly.next_digest(at("2026-11-21T12:00:00Z")), at("2026-11-23T08:00:00Z"));
        let soon = ChannelPolicy { digest_at: Vec::new(), ..ChannelPolicy::new("a") };
        assert_eq!(soon.next_digest(at("2026-11-21T12:00:00Z")), at("2026-11-21T12:00:00Z"));
        // 02:30 does not exist on that night.
        let gap =
            ChannelPolicy { digest_at: vec![WeekTime::daily(time(2, 30, 0, 0))], quiet: None, ..berlin() };
        assert_eq!(gap.next_digest(at("2026-03-28T22:00:00Z")), at("2026-03-29T01:30:00Z"));
    }
}
