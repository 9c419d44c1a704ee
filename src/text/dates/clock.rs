//! The time of day of a date text.

use jiff::civil::{Date, DateTime, Time};

use super::{
    parse::{Day, Parser},
    tokens::Kind,
    words::{Half, half},
};

impl Parser<'_> {
    pub(super) fn clock(&mut self) -> bool {
        if self.time.is_some() {
            return false;
        }
        let before = self.word(self.at).and_then(half);
        let at = self.at + usize::from(before.is_some());
        let Some((clock, next)) = self.hands(at) else { return false };
        let (half, next) = if before.is_some() { (before, next) } else { self.half_behind(next) };
        // A number alone is an hour only where `pm` or the like follows: `3 p.m.`.
        let bare = next == at + 1 && self.token(at).is_some_and(|token| token.text.len() <= 2);
        let Some(clock) = clock.in_half(half).and_then(Clock::checked).filter(|_| !bare) else {
            return false;
        };
        (self.time, self.at) = (Some(clock), next);
        true
    }

    /// The numbers of a time at `at`, and where they end.
    fn hands(&self, at: usize) -> Option<(Clock, usize)> {
        if let Some(found) = self.basic(at) {
            return Some(found);
        }
        let hour = self.number(at, 1..=2)?;
        let two = |at| self.attached_number::<i8>(at, 2..=2);
        let sign = self.sign(at + 1).filter(|_| self.is_attached(at + 1));
        // `14.30` is a time only behind its date: in front it could be the beginning of one.
        let dotted = sign == Some('.')
            && matches!(self.day, Day::Whole(_) | Day::Numeric { .. })
            && !self.is_attached(at)
            && two(at + 2).is_some();
        if sign == Some(':') || dotted {
            let minute = two(at + 2)?;
            let second = if self.sign(at + 3) == sign { two(at + 4) } else { None };
            let mut next = at + 3 + 2 * usize::from(second.is_some());
            if second.is_some()
                && self.is_sign(next, &['.', ','])
                && self.is_attached(next)
                && self.attached_number::<u64>(next + 1, 1..=19).is_some()
            {
                next += 2;
            }
            return Some((Clock { hour, minute, second: second.unwrap_or(0) }, next));
        }
        let mut clock = Clock { hour, minute: 0, second: 0 };
        let mut next = at + 1;
        if !self.word(next).is_some_and(is_hour_mark) {
            return Some((clock, next));
        }
        next += 1;
        let is = |at, marks: &[&str]| self.word(at).is_some_and(|word| marks.contains(&word));
        let of_minutes = |at| is(at, &["分", "분", "m", "mn", "min", "phut"]);
        // `14h 20 Sep 2026`: a number behind a space could be a day as long as there is none.
        let is_marked = self.is_attached(next) || matches!(self.day, Day::Whole(_)) || of_minutes(next + 1);
        if let Some(minute) = self.number(next, 1..=2).filter(|_| is_marked) {
            clock.minute = minute;
            next += 1 + usize::from(of_minutes(next + 1));
            if let Some(second) =
                self.number(next, 1..=2).filter(|_| is(next + 1, &["秒", "초", "s", "sec", "giay"]))
            {
                clock.second = second;
                next += 2;
            }
        }
        Some((clock, next))
    }

    /// `T1400` and `T140000`.
    fn basic(&self, at: usize) -> Option<(Clock, usize)> {
        let before = at.checked_sub(1)?;
        let date =
            self.token(before).is_some_and(|token| token.kind == Kind::Number && token.text.len() == 8);
        let mark = self.word(before) == Some("t") && self.is_attached(at);
        let token = self.token(at).filter(|token| token.kind == Kind::Number)?;
        let digits = token.text.len();
        if (!date && !mark) || self.day == Day::Missing || (digits != 4 && digits != 6) {
            return None;
        }
        let part =
            |range: std::ops::Range<usize>| token.text.get(range).map_or(Some(0), |text| text.parse().ok());
        let clock = Clock { hour: part(0..2)?, minute: part(2..4)?, second: part(4..6)? };
        let decimals = self.is_sign(at + 1, &['.']) && self.attached_number::<u64>(at + 2, 1..=19).is_some();
        Some((clock, at + 1 + 2 * usize::from(decimals)))
    }

    /// The half of the day behind a time: `pm`, `p.m.`, `p. m.`.
    fn half_behind(&self, at: usize) -> (Option<Half>, usize) {
        let Some(word) = self.word(at) else { return (None, at) };
        if let Some(half) = half(word).filter(|_| word.is_ascii()) {
            return (Some(half), at + 1 + usize::from(self.sign(at + 1) == Some('.')));
        }
        let half = match word {
            "a" => Half::Morning,
            "p" => Half::Afternoon,
            _ => return (None, at),
        };
        let dot = usize::from(self.sign(at + 1) == Some('.'));
        if self.word(at + 1 + dot) != Some("m") {
            return (None, at);
        }
        let end = at + 2 + dot;
        (Some(half), end + usize::from(self.sign(end) == Some('.')))
    }
}

/// A time of day as it is written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    pub hour: i8,
    pub minute: i8,
    pub second: i8,
}

impl Clock {
    /// The time counted from midnight; `None` where the half contradicts the hour.
    pub(super) fn in_half(self, half: Option<Half>) -> Option<Self> {
        let hour = match (half, self.hour) {
            (None, hour)
            | (Some(Half::Morning), hour @ 0..=11)
            | (Some(Half::Afternoon), hour @ 12..=23)
            | (Some(Half::Noon), hour @ 10..=14)
            | (Some(Half::Evening), hour @ 17..=23) => hour,
            (Some(Half::Morning), 12) => 0,
            (Some(Half::Afternoon), hour @ 0..=11)
            | (Some(Half::Noon), hour @ 1..=2)
            | (Some(Half::Evening), hour @ 5..=11) => hour + 12,
            _ => return None,
        };
        Some(Self { hour, ..self })
    }

    /// The time, if a day has it: up to 24:00:00, and with leap seconds.
    pub(super) fn checked(self) -> Option<Self> {
        let last = self.hour == 24 && self.minute == 0 && self.second == 0;
        let fits = |value: i8, most: i8| (0..=most).contains(&value);
        (last || fits(self.hour, 23) && fits(self.minute, 59) && fits(self.second, 60)).then_some(self)
    }

    /// The time on `date`. Hour 24 is the next day's first; a leap second is the last one before it.
    pub(super) fn on(self, date: Date) -> Option<DateTime> {
        let (date, hour) = if self.hour == 24 { (date.tomorrow().ok()?, 0) } else { (date, self.hour) };
        Some(DateTime::from_parts(date, Time::new(hour, self.minute, self.second.min(59), 0).ok()?))
    }
}

/// Whether `word` marks the number before it as an hour: `14h30`, `14 Uhr`, `14時`.
pub(super) fn is_hour_mark(word: &str) -> bool {
    matches!(word, "h" | "hs" | "hrs" | "g" | "gio" | "uhr" | "时" | "時" | "点" | "點" | "시")
}
