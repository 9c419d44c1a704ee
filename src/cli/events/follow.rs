//! `events --follow`: what cycles find, a line each, until stopped.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::{
    cli::{Format, Globals, output::Output},
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    model::{Class, event_date::day_of},
    render::{events, format::rough, updates},
    store::{EventFilter, Store, StoryRow, StoryUpdate},
};

/// Interval of a follower: cycles are minutes apart.
const LOOK: Duration = Duration::from_secs(2);
/// Stories printed before the first news.
const BACKLOG: usize = 10;
/// A cycle that ends after the follower has started may have begun this long before, and dates its findings then.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);

/// What was printed of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    class: Class,
    event_date: Option<String>,
    outlets: usize,
}

impl Known {
    fn of(row: &StoryRow) -> Self {
        Self {
            class: row.detection.class,
            event_date: row.event_date.clone(),
            outlets: row.detection.outlets(),
        }
    }
}

/// Prints the last stories that pass `filter`, then what happens to stories. Ends when stdout is closed.
pub async fn follow(
    store: &Store,
    filter: EventFilter,
    backlog: Option<usize>,
    globals: &Globals,
    output: &mut Output,
) -> Result<Exit, Error> {
    let is_ndjson = match globals.format {
        None | Some(Format::Table) => false,
        Some(Format::Ndjson) => true,
        _ => {
            let message = "--follow never ends, and that format needs an end";
            return Err(Error::new(Exit::Usage, message, "use --format ndjson or table"));
        }
    };
    let started = SystemClock.now();
    let since = filter.since;
    let all = EventFilter { since: None, limit: usize::MAX, ..filter.clone() };
    let rows = store.stories(all.clone()).await?;
    let mut known: HashMap<String, Known> =
        rows.iter().map(|row| (row.detection.story_id.clone(), Known::of(row))).collect();
    // A program gets the past only if it asks for it.
    let number = backlog.unwrap_or(if is_ndjson && since.is_none() { 0 } else { BACKLOG });
    let number = if since.is_some() && backlog.is_none() { usize::MAX } else { number };
    let recent = |row: &StoryRow| since.is_none_or(|since| row.detection.detected_at >= since);
    let mut past: Vec<StoryUpdate> = rows.into_iter().filter(recent).take(number).map(unchanged).collect();
    past.reverse();
    print(&past, is_ndjson, output)?;
    if !globals.quiet {
        let last = store.cycles(1).await?.first().map(|cycle| cycle.started_at);
        output.note(&watching(last, started));
    }
    let recent = EventFilter { found_since: Some(started - BEFORE), ..all };
    loop {
        let filter = EventFilter { today: Some(day_of(SystemClock.now())), ..recent.clone() };
        let rows = store.stories(filter).await?;
        let fresh: Vec<StoryUpdate> = rows
            .into_iter()
            .rev()
            .filter_map(|row| {
                let now = Known::of(&row);
                let before = known.insert(row.detection.story_id.clone(), now.clone());
                difference(before.as_ref(), &now, row, started - BEFORE)
            })
            .collect();
        print(&fresh, is_ndjson, output)?;
        SystemClock.sleep(LOOK).await;
    }
}

fn watching(last: Option<Timestamp>, now: Timestamp) -> String {
    last.map_or_else(
        || "watching; no cycle has run yet".to_owned(),
        |at| format!("watching, last cycle {} ago", rough(now.duration_since(at))),
    )
}

fn print(updates: &[StoryUpdate], is_ndjson: bool, output: &mut Output) -> Result<(), Error> {
    if updates.is_empty() {
        return Ok(());
    }
    if !is_ndjson {
        let style = output.style();
        return output.print(&updates.iter().map(|update| updates::line(update, style)).collect::<String>());
    }
    // As before: a program gets new stories and changes of class or date, not each further outlet.
    let shown = updates.iter().filter(|update| {
        update.is_new || update.outlets == 0 || update.event_date.is_some() || update.class.is_some()
    });
    output.print(
        &shown
            .map(|update| events::ndjson(std::slice::from_ref(&update.story.detection)))
            .collect::<String>(),
    )
}

fn unchanged(story: StoryRow) -> StoryUpdate {
    StoryUpdate { story, is_new: false, event_date: None, class: None, outlets: 0 }
}

/// What changed since the last look; `None` for nothing. A story that was opened before `started` and is not known got
/// its ID when two stories became one.
fn difference(
    before: Option<&Known>,
    now: &Known,
    story: StoryRow,
    started: Timestamp,
) -> Option<StoryUpdate> {
    let is_new = before.is_none() && story.opened_at >= started;
    let Some(before) = before else {
        let outlets = now.outlets;
        return Some(StoryUpdate { story, is_new, event_date: None, class: None, outlets });
    };
    let date = now.event_date.clone().filter(|date| Some(date) != before.event_date.as_ref());
    let class = (now.class > before.class).then_some((before.class, now.class));
    let outlets = now.outlets.saturating_sub(before.outlets);
    let changed = date.is_some() || class.is_some() || outlets > 0;
    let event_date = date.map(|date| (before.event_date.clone(), date));
    changed.then_some(StoryUpdate { story, is_new, event_date, class, outlets })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    fn known() -> Known {
        Known::of(&samples::row())
    }

    fn kinds(before: Option<&Known>, now: &Known) -> Option<(bool, bool, bool, usize)> {
        let started = samples::row().opened_at;
        difference(before, now, samples::row(), started).map(|update| {
            (update.is_new, update.event_date.is_some(), update.class.is_some(), update.outlets)
        })
    }

    #[test]
    fn only_what_changed_is_reported() {
        let was = known();
        assert_eq!(kinds(None, &was), Some((true, false, false, 2)));
        assert_eq!(kinds(Some(&was), &was), None);
        let dated = Known { event_date: Some("2026-12-03".to_owned()), ..known() };
        assert_eq!(kinds(Some(&was), &dated), Some((false, true, false, 0)));
        let undated = Known { event_date: None, ..known() };
        assert_eq!(kinds(Some(&was), &undated), None, "a date that is gone is no news");
        let risen = Known { class: Class::Critical, outlets: 3, ..known() };
        assert_eq!(kinds(Some(&was), &risen), Some((false, false, true, 1)));
        assert_eq!(kinds(Some(&risen), &was), None);
    }

    #[test]
    fn a_story_of_another_id_is_not_new() {
        let later = samples::row().opened_at + SignedDuration::from_mins(1);
        let update = difference(None, &known(), samples::row(), later).unwrap();
        assert_eq!((update.is_new, update.outlets), (false, 2));
    }

    #[test]
    fn the_age_of_the_last_cycle_is_said() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(10);
        let last = now - SignedDuration::from_mins(3);
        assert_eq!(watching(Some(last), now), "watching, last cycle 3 min ago");
        assert!(watching(None, now).contains("no cycle"));
    }
}
