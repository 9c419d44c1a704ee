//! What a cycle prints: results on stdout, what a person must act on on stderr.

use std::{
    collections::{BTreeMap, HashSet},
    io::IsTerminal,
};

use crate::{
    alert::Delivered,
    cli::{Format, Globals, output::Output, show::names},
    clock::{Clock, SystemClock},
    config::Settings,
    cycle::Ended,
    error::Error,
    exit::Exit,
    model::event_date::day_of,
    render::{
        self,
        cycle::{Summary, failure_sentence},
    },
    store::{Store, StoreError, StoryUpdate},
};

/// What happened in the database meanwhile.
#[derive(Debug, Default)]
pub struct Outcome {
    updates: Vec<StoryUpdate>,
    sent: BTreeMap<String, u64>,
}

impl Outcome {
    /// The stories and alerts of a finished cycle; a dry run has its findings only.
    pub async fn load(store: &Store, ended: &Ended, dry_run: bool) -> Result<Self, StoreError> {
        let started = ended.report.cycle.started_at;
        let today = day_of(SystemClock.now());
        let found = &ended.report.detections;
        if dry_run {
            let ids = found.iter().map(|detection| detection.story_id.clone()).collect();
            let known = store.story_updates(ids, started, today).await?;
            let known: HashSet<&str> =
                known.iter().map(|update| update.detection.story_id.as_str()).collect();
            let mut updates = Vec::new();
            for detection in found {
                let outlets = detection.also_at.len() + 1;
                let is_new = !known.contains(detection.story_id.as_str());
                let detection = detection.clone();
                updates.push(StoryUpdate { detection, is_new, event_date: None, class: None, outlets });
            }
            return Ok(Self { updates: ordered(updates), sent: BTreeMap::new() });
        }
        let ids = found.iter().map(|detection| detection.story_id.clone()).collect();
        let updates = ordered(store.story_updates(ids, started, today).await?);
        Ok(Self { updates, sent: store.delivered_since(started).await? })
    }
}

/// The most important first.
fn ordered(mut updates: Vec<StoryUpdate>) -> Vec<StoryUpdate> {
    updates.sort_by_key(|update| {
        let found = &update.detection;
        std::cmp::Reverse((update.is_new, found.class, found.watched, found.score))
    });
    updates
}

/// Whether a summary for people is printed. Cron mails all output: without a terminal a good run prints nothing.
pub fn shows_summary(globals: &Globals, dry_run: bool) -> bool {
    !globals.quiet
        && matches!(globals.format, None | Some(Format::Table))
        && (globals.verbose > 0 || dry_run || std::io::stderr().is_terminal())
}

pub fn show(
    (ended, outcome): (&Ended, &Outcome),
    settings: &Settings,
    dry_run: bool,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Error> {
    let (report, exit) = (&ended.report, ended.exit);
    let names = names(settings);
    let is_terminal = std::io::stderr().is_terminal();
    if exit == Exit::Undelivered && !globals.quiet {
        output.note("alerts wait for longer than alerts.outbox_max_age; `tge-scrape alerts list` and `doctor` say why");
    }
    if (exit == Exit::Degraded || is_terminal && globals.verbose == 0)
        && !globals.quiet
        && let Some(sentence) = failure_sentence(report, &names, &ended.failures)
    {
        output.note(&sentence);
    }
    if let Some(x) = ended.x.as_ref().filter(|_| !globals.quiet) {
        // Like a wrong setting, a wrong token or an empty account needs a person: cron mails this line.
        if let Some(sentence) = &x.problem {
            output.note(&format!("X: {}", render::plain(sentence)));
        }
        for sentence in x.notes.iter().filter(|_| globals.verbose > 0) {
            output.note(&format!("X: {}", render::plain(sentence)));
        }
    }
    let is_table = matches!(globals.format, None | Some(Format::Table));
    // The summary of a table has them.
    for (url, sentence) in
        ended.failures.iter().filter(|_| !is_table && globals.verbose > 0 && !globals.quiet)
    {
        let name = names.get(url).unwrap_or(url);
        output.note(&format!("{}: {}", render::plain(name), render::plain(sentence)));
    }
    match globals.format {
        Some(Format::Json) => return output.print(&render::json(report)),
        Some(Format::Ndjson) => return output.print(&render::events::ndjson(&report.detections)),
        Some(Format::Csv) => return output.print(&render::events::csv(&report.detections)),
        _ => {}
    }
    if !shows_summary(globals, dry_run) {
        return Ok(());
    }
    let Delivered { failed, given_up, .. } = ended.delivered;
    let summary = Summary {
        report,
        updates: &outcome.updates,
        sent: &outcome.sent,
        unsent: (failed, given_up),
        names: &names,
        failures: &ended.failures,
        first_look: ended.fresh.is_empty() && report.stories.new > 0,
        dry_run,
    };
    let style = output.style();
    output.print(&if globals.verbose > 0 { summary.long(style) } else { summary.short(style) })?;
    match outcome.updates.first() {
        _ if dry_run => output.next("tge-scrape cycle"),
        Some(update) => {
            let id = crate::model::short_id(&update.detection.id);
            output.next(&format!("tge-scrape show {id}   tge-scrape events"));
        }
        None => {}
    }
    Ok(())
}
