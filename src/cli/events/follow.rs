//! `events --follow`: what cycles find, a line each, until stopped.

use std::time::Duration;

use jiff::{Timestamp, civil::Date};

use crate::{
    cli::{Format, Globals, output::Output},
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    model::event_date::day_of,
    render::{events, format::rough, updates},
    store::{EventFilter, LogEntry, News, Store, StoryRow, StoryUpdate},
};

/// Interval of a follower: cycles are minutes apart.
const LOOK: Duration = Duration::from_secs(2);
/// Stories printed before the first news.
const BACKLOG: usize = 10;
/// Log entries read at once.
const BATCH: usize = 500;

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
    let now = SystemClock.now();
    // A program gets the past only if it asks for it.
    let limit = backlog.unwrap_or(match filter.since {
        Some(_) => usize::MAX,
        None if is_ndjson => 0,
        None => BACKLOG,
    });
    let (rows, mut seen) = store.stories_with_log_end(EventFilter { limit, ..filter.clone() }).await?;
    let mut past: Vec<StoryUpdate> = rows.into_iter().map(unchanged).collect();
    past.reverse();
    print(&past, is_ndjson, output)?;
    if !globals.quiet {
        let last = store.cycles(1).await?.first().map(|cycle| cycle.started_at);
        output.note(&watching(last, now));
    }
    loop {
        let entries = store.log(seen, BATCH).await?;
        seen = entries.last().map_or(seen, |entry| entry.seq);
        let today = day_of(SystemClock.now());
        let is_last = entries.len() < BATCH;
        let updates: Vec<StoryUpdate> =
            entries.into_iter().filter_map(|entry| shown(entry, &filter, today)).collect();
        print(&updates, is_ndjson, output)?;
        if is_last {
            SystemClock.sleep(LOOK).await;
        }
    }
}

/// The update of a story that passes `filter`, with its stage on `today`.
fn shown(entry: LogEntry, filter: &EventFilter, today: Date) -> Option<StoryUpdate> {
    let News::Story(news) = entry.news else { return None };
    let update = news.heard(entry.at, today).update;
    filter.passes(&update.detection).then_some(update)
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
        &shown.map(|update| events::ndjson(std::slice::from_ref(&update.detection))).collect::<String>(),
    )
}

fn unchanged(story: StoryRow) -> StoryUpdate {
    StoryUpdate { detection: story.detection, is_new: false, event_date: None, class: None, outlets: 0 }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_age_of_the_last_cycle_is_said() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(10);
        let last = now - SignedDuration::from_mins(3);
        assert_eq!(watching(Some(last), now), "watching, last cycle 3 min ago");
        assert!(watching(None, now).contains("no cycle"));
    }
}
