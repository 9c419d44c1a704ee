//! The zone of a date text.

use jiff::tz::TimeZone;

use super::{
    parse::{Day, Parser},
    tokens::Kind,
    words::{month, weekday},
    zones,
};

impl Parser<'_> {
    /// A zone, by number or by name; where the zone is known by its number, a name that explains it.
    pub(super) fn zone(&mut self) -> bool {
        if self.zone.is_some() && !self.offset {
            return false;
        }
        let Some((zone, next, number)) = self.zone_at(self.at) else { return false };
        if self.zone.is_some() {
            if number {
                return false;
            }
            self.offset = false;
        } else {
            (self.zone, self.offset) = (Some(zone), number);
        }
        self.at = next;
        true
    }

    /// The zone at `at`, where it ends, and whether it is only a number.
    pub(super) fn zone_at(&self, at: usize) -> Option<(TimeZone, usize, bool)> {
        let dated = self.day != Day::Missing && self.sign(at) == Some('+') && self.is_attached(at);
        if self.is_sign(at, &['+', '-']) && (self.time.is_some() || dated) {
            let (zone, next) = self.offset_at(at)?;
            return Some((zone, next, true));
        }
        let word = self.word(at)?;
        if self.time.is_none() && !zones::may_lead(word) && !(word == "z" && self.is_attached(at)) {
            return None;
        }
        if self.sign(at + 1) == Some('/') && word.len() > 1 {
            let mut place = word.to_owned();
            let mut next = at + 1;
            while self.sign(next) == Some('/') {
                place = format!("{place}/{}", self.word(next + 1)?);
                next += 2;
            }
            return Some((zones::of_place(&place)?, next, false));
        }
        if matches!(word, "utc" | "gmt" | "ut")
            && self.is_sign(at + 1, &['+', '-'])
            && let Some((zone, next)) = self.offset_at(at + 1)
        {
            return Some((zone, next, false));
        }
        let known = zones::named(word).or_else(|| self.is_unknown_zone(at, word).then_some(TimeZone::UTC))?;
        Some((known, at + 1, false))
    }

    /// Whether `word` looks like a zone that nobody knows: three to five capitals behind a time. Such a time counts
    /// as UTC (docs/reference/feeds.md#dates). What could be a damaged `AM` or `PM` is none.
    fn is_unknown_zone(&self, at: usize, word: &str) -> bool {
        let behind_time = at > 0
            && self.time.is_some()
            && self.token(at - 1).is_some_and(|before| before.kind == Kind::Number);
        behind_time
            && (3..=5).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_lowercase())
            && !word.starts_with(['a', 'p'])
            && month(word).is_none()
            && weekday(word).is_none()
            && self.text.contains(&word.to_ascii_uppercase())
    }

    /// `+0900`, `-03:00`, `+9`.
    fn offset_at(&self, at: usize) -> Option<(TimeZone, usize)> {
        let digits: i16 = self.attached_number(at + 1, 1..=4)?;
        let length = self.token(at + 1)?.text.len();
        let (hours, minutes, next) =
            if self.sign(at + 2) == Some(':') && self.is_attached(at + 2) && length <= 2 {
                (digits, self.offset_minutes(at + 3)?, at + 4)
            } else if length > 2 {
                (digits / 100, digits % 100, at + 2)
            } else {
                (digits, 0, at + 2)
            };
        let minutes = (minutes < 60).then_some(hours * 60 + minutes)?;
        let zone = zones::fixed(if self.sign(at) == Some('-') { -minutes } else { minutes })?;
        Some((zone, next))
    }

    /// The minutes of an offset; of one digit only where the other cannot but be a zero: `+00:0`.
    fn offset_minutes(&self, at: usize) -> Option<i16> {
        self.attached_number(at, 2..=2)
            .or_else(|| self.attached_number(at, 1..=1).filter(|minutes| *minutes == 0))
    }
}
