//! The files written after each cycle: Atom, JSON Feed, iCalendar and the page (`[outputs]`).

use std::{fs, io, path::Path};

use jiff::SignedDuration;
use tokio::runtime::Runtime;

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    model::event_date::day_of,
    render::{board::Renewal, calendar, syndication},
    store::{Access, EventFilter, Store},
};

use super::{board, files, output::Output};

/// Past days that stay in the calendar.
pub const PAST: SignedDuration = SignedDuration::from_hours(180 * 24);
/// Seconds after which an open board loads itself again.
const RELOAD_S: u32 = 60;

/// Owned form of [`syndication::Masthead`].
pub struct Masthead {
    authority: String,
    self_url: String,
}

impl Masthead {
    pub fn borrow(&self) -> syndication::Masthead<'_> {
        syndication::Masthead { authority: &self.authority, self_url: &self.self_url }
    }
}

/// The masthead of the output `file`.
pub fn masthead(settings: &Settings, file: Option<&Path>) -> Masthead {
    let outputs = &settings.outputs;
    let name = file.and_then(Path::file_name).and_then(|name| name.to_str());
    let self_url = match name.filter(|_| !outputs.public_url.is_empty()) {
        Some(name) => format!("{}/{name}", outputs.public_url.trim_end_matches('/')),
        None => String::new(),
    };
    Masthead { authority: outputs.authority.clone(), self_url }
}

/// Writes the files of `[outputs]`. One that cannot be written is reported and does not fail the cycle.
pub fn write(settings: &Settings, runtime: &Runtime, output: &mut Output) -> Result<(), Error> {
    let outputs = &settings.outputs;
    let files = [&outputs.atom, &outputs.json_feed, &outputs.calendar, &outputs.board];
    if files.iter().all(|file| file.is_none()) {
        return Ok(());
    }
    let now = SystemClock.now();
    let store = Store::open(&settings.state_dir, Access::Read)?;
    let today = Some(day_of(now));
    let newest = EventFilter { limit: outputs.entries, today, ..EventFilter::default() };
    let rows = runtime.block_on(store.stories(newest))?;
    let mut put = |path: Option<&Path>, text: &dyn Fn() -> String| {
        let Some(path) = path else { return };
        if let Err(error) = replace(path, &text()) {
            output.note(&format!("{} cannot be written: {error}", path.display()));
        }
    };
    put(outputs.atom.as_deref(), &|| {
        syndication::atom(&rows, masthead(settings, outputs.atom.as_deref()).borrow(), now)
    });
    put(outputs.json_feed.as_deref(), &|| {
        syndication::json_feed(&rows, masthead(settings, outputs.json_feed.as_deref()).borrow())
    });
    if outputs.calendar.is_some() {
        let dated =
            EventFilter { since: Some(now - PAST), limit: usize::MAX, today, ..EventFilter::default() };
        let rows = runtime.block_on(store.stories(dated))?;
        put(outputs.calendar.as_deref(), &|| calendar::ics(&rows, &outputs.authority));
    }
    if outputs.board.is_some() {
        let page = runtime.block_on(board::page(&store, settings, now, None, Renewal::Reload(RELOAD_S)))?;
        put(outputs.board.as_deref(), &|| page.clone());
    }
    Ok(())
}

/// Writes `text` to `path`, unless the file has that text: then its date shows servers that nothing is new.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if holds(path, text) {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    files::write(path, text.as_bytes(), files::Kind::Output)
}

/// Whether `path` is a regular file that holds `text`. No other file is read: a pipe would never end.
fn holds(path: &Path, text: &str) -> bool {
    let same = |old: fs::Metadata| old.is_file() && old.len() == text.len() as u64;
    fs::symlink_metadata(path).is_ok_and(same) && fs::read(path).is_ok_and(|old| old == text.as_bytes())
}
