//! Event, stage and date of a launch, decided together: the sums of the model are the evidence, and rules settle what
//! is certain.

use jiff::civil::Date;
use strum::VariantArray;

use super::{Notice, date::Dates, stage};
use crate::{
    detect::{
        groups::{Group, Groups},
        reading::Reading,
    },
    model::{Event, Stage},
};

/// What a launch is, how far it has come, and when it takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What takes place.
    pub event: Event,
    /// Whether it is to come, running or over.
    pub stage: Stage,
    /// As in an output: `2026-11-25`, `2026-11`, `2026-Q4` or `2026`.
    pub date: Option<String>,
}

/// Decides on the facts of `reading`, given the sums of the model for each event and stage in the order of their
/// variants. `today` is the day of publication, or of reading.
#[must_use]
pub fn settle(
    events: &[f32],
    stages: &[f32],
    dates: &Dates,
    reading: &Reading,
    notice: Option<&Notice>,
    today: Option<Date>,
) -> Settled {
    let event = notice
        .and_then(Notice::event)
        .unwrap_or_else(|| dated_launch(Event::VARIANTS[best(events)], dates, reading));
    let said = notice.and_then(Notice::stage).unwrap_or(Stage::VARIANTS[best(stages)]);
    let of_title = notice.is_some_and(Notice::is_undated).then(|| dates.of_title());
    let dates = of_title.as_ref().unwrap_or(dates);
    let (stage, date) = stage::settle(said, event, dates, reading, today);
    Settled { event, stage, date }
}

/// A token launch is a `listing` where its day is stated, and an `announcement` where no date is, or only a quarter or a
/// year (docs/reference/labelling.md#order-of-events).
fn dated_launch(event: Event, dates: &Dates, reading: &Reading) -> Event {
    let head = reading.head();
    let launch = head.seen.any(Groups::NEW_TOKEN) && !head.seen.any(Groups::LISTING | Group::Exchange);
    match (event, dates.of(event)) {
        (Event::Announcement, Some(when))
            if launch && when.is_day() && (when.in_head(reading) || when.is_of(event)) =>
        {
            Event::Listing
        }
        (Event::Announcement, None) if launch && stage::is_within_weeks(head) => Event::Listing,
        (Event::Listing, Some(when)) if launch && when.is_quarter_or_year() => Event::Announcement,
        _ => event,
    }
}

fn best(sums: &[f32]) -> usize {
    (0..sums.len()).max_by(|&a, &b| sums[a].total_cmp(&sums[b])).unwrap_or(0)
}
