//! The keys of every kind of channel: what it gets, and when.

use std::time::Duration;

use jiff::{civil::Time, tz::TimeZone};
use strum::VariantNames;

use super::ChannelReader;
use crate::{
    alert::{
        ChannelPolicy,
        week::{WeekTime, clock_time},
    },
    config::{layers, raw::RawValue},
    model::{Class, Event},
};

const TOPICS: [&str; 3] = ["news", "ops", "summary"];
/// Messages per cycle for channels that programs read.
const UNLIMITED: i64 = 1_000_000;

impl ChannelReader<'_> {
    pub(super) fn policy(&mut self, name: &str, people: bool) -> ChannelPolicy {
        let usual = ChannelPolicy::new(name);
        let topics = self.reader.texts("topics");
        for topic in topics.iter().filter(|topic| !TOPICS.contains(&topic.as_str())) {
            self.reader.wrong("topics", format!("should be one of {}, is {topic:?}", TOPICS.join(", ")));
        }
        let names = |names: Vec<String>| names.into_iter().map(|name| name.to_lowercase()).collect();
        let max = if people { i64::try_from(usual.max_instant).unwrap_or(3) } else { UNLIMITED };
        ChannelPolicy {
            news: topics.is_empty() || topics.iter().any(|topic| topic == "news"),
            ops: topics.iter().any(|topic| topic == "ops"),
            summary: topics.iter().any(|topic| topic == "summary"),
            min_class: self.class("min_class").unwrap_or(usual.min_class),
            min_level: self.reader.severity("min_level").unwrap_or(usual.min_level),
            instant: if self.reader.text("instant") == "never" {
                None
            } else {
                self.class("instant").or(usual.instant)
            },
            events: self.events(),
            projects: names(self.reader.texts("projects")),
            tags: self.reader.texts("tags"),
            watched: self.reader.flag("watched_only", false),
            zone: self.zone(),
            digest_at: self.times(usual.digest_at),
            summary_at: self.summary_at(),
            quiet: self.quiet(),
            quiet_break: self.class("quiet_break"),
            max_instant: self
                .reader
                .take("max_instant", "a whole number from 1", max, |raw| match raw {
                    RawValue::Integer(number) if number >= 1 => Some(number),
                    _ => None,
                })
                .try_into()
                .unwrap_or(usize::MAX),
            cool_down: self.duration("cool_down", usual.cool_down),
            max_age: self.duration("max_age", usual.max_age),
            updates: self.reader.flag("updates", usual.updates),
            name: usual.name,
        }
    }

    fn class(&mut self, key: &str) -> Option<Class> {
        let name = self.reader.text(key);
        let class = name.parse().ok();
        if class.is_none() && !name.is_empty() {
            let classes = Class::VARIANTS.join(", ");
            self.reader.wrong(key, format!("should be one of {classes}, is {name:?}"));
        }
        class
    }

    fn events(&mut self) -> Vec<Event> {
        let names = self.reader.texts("events");
        let mut events = Vec::new();
        for name in names {
            if let Ok(event) = name.parse() {
                events.push(event);
            } else {
                let known = Event::VARIANTS.join(", ");
                self.reader.wrong("events", format!("should be one of {known}, is {name:?}"));
            }
        }
        events
    }

    fn zone(&mut self) -> TimeZone {
        let name = self.reader.text("time_zone");
        if name.is_empty() {
            return TimeZone::UTC;
        }
        TimeZone::get(&name).unwrap_or_else(|_| {
            self.reader
                .wrong("time_zone", format!("{name:?} is no time zone; write one such as Europe/Berlin"));
            TimeZone::UTC
        })
    }

    fn times(&mut self, usual: Vec<WeekTime>) -> Vec<WeekTime> {
        if self.reader.find("digest_at").is_none() {
            return usual;
        }
        let texts = self.reader.texts("digest_at");
        let mut times = Vec::new();
        for text in texts {
            match WeekTime::read(&text) {
                Some(time) => times.push(time),
                None => {
                    self.reader.wrong(
                        "digest_at",
                        format!("should be a time such as 09:00 or Mon,Thu 09:00, is {text:?}"),
                    );
                }
            }
        }
        times
    }

    fn summary_at(&mut self) -> WeekTime {
        let text = self.reader.text("summary_at");
        if text.is_empty() {
            return self.summary_at;
        }
        weekly(&text).unwrap_or_else(|message| {
            self.reader.wrong("summary_at", message);
            self.summary_at
        })
    }

    fn quiet(&mut self) -> Option<(Time, Time)> {
        let text = self.reader.text("quiet");
        if text.is_empty() {
            return None;
        }
        let times = text.split_once('-').and_then(|(from, to)| Some((clock_time(from)?, clock_time(to)?)));
        if times.is_none() {
            self.reader.wrong("quiet", format!("should be two times such as 22:00-07:00, is {text:?}"));
        }
        times
    }

    pub(super) fn duration(&mut self, key: &str, usual: Duration) -> Duration {
        let text = self.reader.text(key);
        if text.is_empty() {
            return usual;
        }
        layers::duration(&text).unwrap_or_else(|message| {
            self.reader.wrong(key, message);
            usual
        })
    }
}

/// Reads a time of one day of the week.
pub fn weekly(text: &str) -> Result<WeekTime, String> {
    let time = WeekTime::read(text).filter(WeekTime::is_weekly);
    time.ok_or_else(|| format!("should be a day and a time such as Mon 09:00, is {text:?}"))
}
