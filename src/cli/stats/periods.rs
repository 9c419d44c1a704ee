//! `stats --by` and `stats --against`: figures by period, and of two times side by side.

use std::{collections::BTreeMap, num::NonZero, panic::resume_unwind, thread, time::Duration};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::damaged;
use crate::{
    cli::{Format, ago, history::read},
    cycle::CYCLE_STAGE,
    error::Error,
    exit::Exit,
    figures::{
        Histogram, StageHistograms,
        compare::Window,
        periods::{Length, PeriodFigures, date, sum_of},
        sums::Sums,
    },
    render::{self, Style, format::minute, trends},
    store::Store,
};

/// How figures are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// A day, UTC
    Day,
    /// An ISO week, Monday to Sunday
    Week,
    /// A calendar month
    Month,
}

impl By {
    fn length(self) -> Length {
        match self {
            Self::Day => Length::Day,
            Self::Week => Length::Week,
            Self::Month => Length::Month,
        }
    }

    /// The time shown without `--since`: 30 days, half a year, a year.
    fn usual(self) -> Duration {
        let days = match self {
            Self::Day => 30,
            Self::Week => 26 * 7,
            Self::Month => 365,
        };
        Duration::from_hours(days * 24)
    }
}

type Days = BTreeMap<Date, Sums>;

/// The sums of the stored days from `first` to `last`.
async fn days(store: &Store, first: Date, last: Date) -> Result<Days, Error> {
    let rows = store.sums(first.to_string(), last.to_string()).await?;
    let mut days = Days::new();
    for (period, document) in rows {
        // Months are among them.
        let Ok(day) = period.parse::<Date>() else { continue };
        let sums = serde_json::from_str(&document).map_err(|error| {
            let message = format!("the sums of {period} cannot be read back: {error}");
            Error::new(Exit::Failure, message, "run `tge-scrape db check`")
        })?;
        days.insert(day, sums);
    }
    Ok(days)
}

/// When the settings changed for the last time within `days`: the minute, or the day if its cycles are deleted.
async fn last_change(store: &Store, days: &Days) -> Result<Option<String>, Error> {
    let changed = |sums: &Sums| sums.settings_changed.is_some_and(|number| number > 0);
    let Some((day, _)) = days.iter().rev().find(|(_, sums)| changed(sums)) else { return Ok(None) };
    let rows = store.cycles_between(midnight(*day), after(*day)).await?;
    for row in rows.iter().rev() {
        if read(row)?.cycle.settings_changed {
            return Ok(Some(minute(row.started_at) + " UTC"));
        }
    }
    Ok(Some(day.to_string()))
}

/// The end of `day`.
fn after(day: Date) -> Timestamp {
    day.tomorrow().map_or(Timestamp::MAX, midnight)
}

fn midnight(day: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp(day.into()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The figures of each period since `since`, or of the usual time.
pub async fn by(
    store: &Store,
    by: By,
    since: Option<Duration>,
    (format, style, now): (Option<Format>, Style, Timestamp),
) -> Result<String, Error> {
    let (length, today) = (by.length(), date(now));
    let first = length.period(date(ago(now, since.unwrap_or_else(|| by.usual())))).first;
    let days = days(store, first, today).await?;
    let Some(oldest) = days.keys().next() else { return Ok(empty(format)) };
    let mut periods: Vec<PeriodFigures> = length
        .split(*oldest, today)
        .into_iter()
        .map(|period| PeriodFigures {
            sums: sum_of(&days, period.first, period.last),
            stages: BTreeMap::default(),
            whole: Histogram::default().times(),
            is_complete: period.last < today,
            period,
        })
        .collect();
    if !matches!(format, None | Some(Format::Table)) {
        add_times(store, length, &mut periods).await?;
    }
    Ok(match format {
        Some(Format::Json) => {
            render::json(&trends::Document::new(length, &periods, last_change(store, &days).await?))
        }
        Some(Format::Ndjson) => trends::documents(&periods).iter().map(render::json).collect(),
        Some(Format::Csv) => trends::csv(&periods),
        _ => trends::table(&periods, last_change(store, &days).await?.as_deref(), style),
    })
}

fn empty(format: Option<Format>) -> String {
    match format {
        Some(Format::Json) => render::json(&serde_json::json!({ "schema": 1, "periods": [] })),
        Some(Format::Ndjson) => String::new(),
        Some(Format::Csv) => trends::csv(&[]),
        _ => "no finished cycle in this time\n".to_owned(),
    }
}

/// Adds the times of the stages. Those of a month are stored; those of a week are the ones of its days.
async fn add_times(store: &Store, length: Length, periods: &mut [PeriodFigures]) -> Result<(), Error> {
    let (Some(first), Some(last)) = (periods.first(), periods.last()) else { return Ok(()) };
    let names = match length {
        Length::Month => (first.period.name.clone(), last.period.name.clone()),
        Length::Day | Length::Week => (first.period.first.to_string(), last.period.last.to_string()),
    };
    let mut stored = StoredTimes::new();
    for (period, stage) in store.stages_between(names.0, names.1).await? {
        let name = match length {
            Length::Week => period.parse().map(|day| length.period(day).name).unwrap_or_default(),
            Length::Day | Length::Month => period,
        };
        stored.entry(name).or_default().push(stage);
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let part = periods.len().div_ceil(cores);
    thread::scope(|scope| {
        let stored = &stored;
        let add = |periods| scope.spawn(move || add_stored_times(periods, stored));
        let workers: Vec<_> = periods.chunks_mut(part).map(add).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

type StoredTimes = BTreeMap<String, Vec<(String, Vec<u8>)>>;

/// Adds the times of the stages in `stored`, by name of the period.
fn add_stored_times(periods: &mut [PeriodFigures], stored: &StoredTimes) -> Result<(), Error> {
    for period in periods {
        let Some(stored) = stored.get(&period.period.name) else { continue };
        let mut stages = StageHistograms::default();
        stages.add_bytes(stored).map_err(damaged)?;
        let mut whole = Histogram::default();
        for (_, bytes) in stored.iter().filter(|(name, _)| name == CYCLE_STAGE) {
            whole.merge(&Histogram::from_bytes(bytes).map_err(damaged)?);
        }
        (period.stages, period.whole) = (stages.times(), whole.times());
    }
    Ok(())
}

/// The beginning or the end of a time, with the cycles of its day unless that is midnight.
struct Edge {
    at: Timestamp,
    cycles: Vec<(Timestamp, Sums)>,
}

/// The edge at `at`; at the beginning of its day if cycles of the day are deleted, because then only its sums are known.
async fn edge(store: &Store, days: &Days, at: Timestamp) -> Result<Edge, Error> {
    let day = date(at);
    let rows = store.cycles_between(midnight(day), after(day)).await?;
    if (rows.len() as u64) < days.get(&day).map_or(0, |sums| sums.cycles) {
        return Ok(Edge { at: midnight(day), cycles: Vec::new() });
    }
    let cycles =
        rows.iter().map(|row| Ok((row.started_at, Sums::of(&read(row)?)))).collect::<Result<_, Error>>()?;
    Ok(Edge { at, cycles })
}

/// The sums of the cycles that began between the edges: of whole days as stored, of the others one by one.
fn sums_between(days: &Days, from: &Edge, to: &Edge) -> Sums {
    let mut sums = Sums::default();
    let mut day = date(from.at);
    while midnight(day) < to.at {
        let is_whole = from.at <= midnight(day) && after(day) <= to.at;
        if is_whole {
            sums.add(&days.get(&day).copied().unwrap_or_default());
        } else {
            let edge = if date(to.at) == day { to } else { from };
            let within = edge.cycles.iter().filter(|(at, _)| from.at <= *at && *at < to.at);
            within.for_each(|(_, cycle)| sums.add(cycle));
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    sums
}

/// The last `since` beside the `against` before it.
pub async fn against(
    store: &Store,
    (since, against): (Duration, Duration),
    (format, style, now): (Option<Format>, Style, Timestamp),
) -> Result<String, Error> {
    let middle = ago(now, since);
    let start = ago(middle, against);
    let days = days(store, date(start), date(now)).await?;
    let middle = edge(store, &days, middle).await?;
    let start = edge(store, &days, start).await?;
    let end = Edge { at: after(date(now)), cycles: Vec::new() };
    // A time before the first cycle is no part of a mean.
    let first = days.keys().next().map_or(start.at, |day| start.at.max(midnight(*day)).min(middle.at));
    let before = Window { from: first, to: middle.at, sums: sums_between(&days, &start, &middle) };
    let current = Window { from: middle.at, to: now, sums: sums_between(&days, &middle, &end) };
    let changed = last_change(store, &days).await?;
    let head = |window: &Window| {
        serde_json::json!({
            "from": window.from, "to": window.to, "cycles": window.sums.cycles,
            "settings_changed": window.sums.settings_changed,
        })
    };
    Ok(match format {
        Some(Format::Json) => render::json(&serde_json::json!({
            "schema": 1,
            "now": head(&current),
            "before": head(&before),
            "settings_changed_last": changed,
            "figures": trends::comparison_rows(&current, &before),
        })),
        Some(Format::Ndjson) => trends::comparison_rows(&current, &before).iter().map(render::json).collect(),
        Some(Format::Csv) => trends::comparison_csv(&current, &before),
        _ => trends::comparison(&current, &before, changed.as_deref(), style),
    })
}
