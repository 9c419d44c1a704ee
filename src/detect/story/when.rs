//! Whether two mentions can be about one event, by what they say of its time.

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::min_hash::lower_words;
use crate::model::{
    Event, Stage,
    event_date::{day_of, days_between as days},
};

/// Longest silence between two mentions of one undated event. Labelled news of the years 2022–2026 reports one
/// airdrop in bursts up to 19 days apart (plan, details, reminder, opening) and the next one of the same
/// project after two months or more.
pub(super) const EVENT_WINDOW: SignedDuration = SignedDuration::from_hours(21 * 24);

/// Longest life of an undated story, however often it is reported: an endless presale is a new story after that.
const STORY_SPAN: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Longest time between two mentions that only their texts connect: wires are copied within hours and
/// weekly reviews rewrite, so a copy older than this is a template.
pub(super) const TEXT_WINDOW: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Dates further apart than this are two events, unless a headline says the date moved.
const DATE_WINDOW_DAYS: i32 = 14;

/// Dates this close are one date: time zones, and "from midnight".
const DATE_SLACK_DAYS: i32 = 2;

/// How long after its date an event is still reported as opening.
const AFTERMATH_DAYS: i32 = 7;

/// How late an outlet may still call a finished event upcoming; later it means the next one.
const LATE_OUTLET: SignedDuration = SignedDuration::from_hours(48);

/// What a text says of the time of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct When {
    /// Earliest and latest mention.
    pub published: (Timestamp, Timestamp),
    /// The event's own first and last possible day.
    pub days: Option<(Date, Date)>,
    /// How far it has come.
    pub stage: Stage,
    /// Its number, where a headline gives one ("season 2").
    pub round: Option<u32>,
    /// Whether a headline says its date moved.
    pub moved: bool,
}

impl When {
    /// Whether `new`, a single mention, can be about the same event.
    pub fn fits(&self, new: &Self, event: Event) -> bool {
        // A presale counts its price steps as rounds; they are one sale.
        let other_round = event != Event::Sale && differ(self.round, new.round);
        if other_round || self.precedes(new) || new.precedes(self) {
            return false;
        }
        match (self.days, new.days) {
            (Some(ours), Some(theirs)) if gap_in_days(ours, theirs) > DATE_WINDOW_DAYS => {
                self.moves_to(new) && self.within(new, EVENT_WINDOW)
            }
            (Some(ours), Some(theirs))
                if both_exact(ours, theirs) && gap_in_days(ours, theirs) <= DATE_SLACK_DAYS =>
            {
                true
            }
            (Some(ours), None) if ours.0 == ours.1 && opens_on(ours.0, new.published.0) => true,
            (None, Some(theirs)) if theirs.0 == theirs.1 && opens_on(theirs.0, self.published.0) => true,
            _ => self.within(new, EVENT_WINDOW) && self.span_with(new) <= STORY_SPAN,
        }
    }

    /// Whether this one was over, or open, when the other was still to come: then the other is the next one.
    fn precedes(&self, other: &Self) -> bool {
        let over =
            self.stage == Stage::Past && other.published.0.duration_since(self.published.1) > LATE_OUTLET;
        let far =
            other.days.is_some_and(|to_come| days(day_of(self.published.1), to_come.0) > DATE_WINDOW_DAYS);
        let open = self.stage != Stage::Upcoming && self.days.is_none();
        other.stage == Stage::Upcoming && (over || (open && far))
    }

    /// Whether the later of the two says that the date moved.
    fn moves_to(&self, new: &Self) -> bool {
        if new.published.0 < self.published.1 { self.moved } else { new.moved }
    }

    /// Whether `new` was published no further than `window` from this one's mentions.
    pub fn within(&self, new: &Self, window: SignedDuration) -> bool {
        let before = self.published.0.duration_since(new.published.1);
        let after = new.published.0.duration_since(self.published.1);
        before.max(after) <= window
    }

    /// Whether both happen on one known day. What is open without a date happens on the day of its report.
    pub fn on_one_day(&self, new: &Self) -> bool {
        let day = |side: &Self| match side.days {
            Some((first, last)) => (first == last).then_some(first),
            None => (side.stage == Stage::Live).then(|| day_of(side.published.0)),
        };
        day(self).is_some() && day(self) == day(new)
    }

    /// Whether nothing said of dates or rounds keeps the two apart.
    pub fn compatible(&self, new: &Self) -> bool {
        let far = matches!((self.days, new.days), (Some(a), Some(b)) if gap_in_days(a, b) > DATE_WINDOW_DAYS);
        !far && !differ(self.round, new.round)
    }

    fn span_with(&self, new: &Self) -> SignedDuration {
        self.published.1.max(new.published.1).duration_since(self.published.0.min(new.published.0))
    }
}

fn differ(one: Option<u32>, other: Option<u32>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

fn both_exact(a: (Date, Date), b: (Date, Date)) -> bool {
    a.0 == a.1 && b.0 == b.1
}

/// Days from one range to the other; 0 where they touch.
fn gap_in_days(a: (Date, Date), b: (Date, Date)) -> i32 {
    days(a.1, b.0).max(days(b.1, a.0)).max(0)
}

/// Whether a mention of that time falls on the event's own days.
fn opens_on(day: Date, published: Timestamp) -> bool {
    (-DATE_SLACK_DAYS..=AFTERMATH_DAYS).contains(&days(day, day_of(published)))
}

/// Whether a headline says that a date moved.
pub(super) fn says_moved(title: &str) -> bool {
    let words = lower_words(title);
    let stem = |word: &String| ["postpon", "delay", "reschedul"].iter().any(|stem| word.starts_with(stem));
    let pushed = words.iter().position(|word| word == "pushes" || word == "pushed");
    let pushed = pushed.is_some_and(|at| words[at..].iter().take(5).any(|word| word == "back"));
    pushed || words.iter().any(stem)
}

/// The number of the round that a headline names: "Season 2", "second round", "phase II".
pub(super) fn round_of(title: &str) -> Option<u32> {
    const ROUNDS: [&str; 6] = ["season", "round", "phase", "wave", "epoch", "batch"];
    let words = lower_words(title);
    words.windows(2).find_map(|pair| {
        let is_round = |word: &String| ROUNDS.contains(&word.as_str());
        if is_round(&pair[0]) {
            cardinal(&pair[1])
        } else if is_round(&pair[1]) {
            ordinal(&pair[0])
        } else {
            None
        }
    })
}

fn cardinal(word: &str) -> Option<u32> {
    const WRITTEN: [[&str; 2]; 5] =
        [["one", "i"], ["two", "ii"], ["three", "iii"], ["four", "iv"], ["five", "v"]];
    let written = WRITTEN.iter().position(|spellings| spellings.contains(&word));
    word.parse().ok().or_else(|| u32::try_from(written? + 1).ok())
}

fn ordinal(word: &str) -> Option<u32> {
    const WRITTEN: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    let written = WRITTEN.iter().position(|spelling| *spelling == word);
    // Not "the $5m round".
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending));
    digits.and_then(|digits| digits.parse().ok()).or_else(|| u32::try_from(written? + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_read_from_headlines() {
        for (title, round) in [
            ("Season 2 begins", Some(2)),
            ("Zama opens claim for first season", Some(1)),
            ("Phase II of the airdrop", Some(2)),
            ("The 3rd wave is here", Some(3)),
            ("Firm raises $5M round", None),
            ("A strong round for Zama", None),
            ("Airdrop season", None),
        ] {
            assert_eq!(round_of(title), round, "{title}");
        }
    }

    #[test]
    fn delays_are_read_from_headlines() {
        assert!(
            says_moved("Aztec postpones claim")
                && says_moved("Aztec pushes its claim back")
                && says_moved("Delayed")
        );
        assert!(!says_moved("Aztec sets claim date") && !says_moved("Push for a token back on the table"));
    }
}
