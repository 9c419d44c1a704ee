//! Lists of feeds or projects to import, from files and stdin. The content decides the format.

mod outcome;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::{
    config::{
        BuiltInList,
        edit::{Addition, Document, NotAList},
    },
    error::Error,
    exit::Exit,
    feed::{NotTaken, OpmlError, Outline, decode, read_opml},
    render::plain,
    text::records::{self, Record, Records},
};

use self::outcome::{Left, called, name_shown};
pub use self::outcome::{List, Outcome};
use super::{Globals, input, output::Output, settings_file::SettingsFile};

/// Names of unused columns in a note.
const UNUSED: usize = 5;
/// Characters that are searched for signs of a file that is no text.
const PROBED: usize = 4096;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files, or - for stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Format of the lists; by default their content decides
    #[arg(long = "as", value_name = "FORMAT")]
    list_format: Option<ListFormat>,
    /// Show what would be added, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// Comma, semicolon, tab or bar between the values; the first line names the columns
    Csv,
    /// An array of texts or objects, or an object a line
    Json,
    /// Outlines, as feed readers export them
    Opml,
    /// One a line; # begins a comment
    Lines,
}

/// A setting, and the names of its column in lists (as [`records::column`] makes them), best first.
pub type Columns = &'static [(&'static str, &'static [&'static str])];

/// What a list holds.
pub trait Listed: Sized {
    const LIST: BuiltInList;
    /// The columns that are read. The first identifies a row, so a header has it.
    const COLUMNS: Columns;
    type Index<'a>;

    fn index(
        document: &mut Document,
        known: impl Iterator<Item = String>,
    ) -> Result<Self::Index<'_>, NotAList>;

    /// An error is a sentence on the outline.
    fn from_outline(outline: &Outline) -> Result<Self, String>;

    /// An error is a sentence on the row.
    fn from_row(row: &Row<'_>) -> Result<Self, String>;

    /// Whether `line` can stand for one.
    fn is_plain(line: &str) -> bool;

    /// Adds it unless it is known. An error is a sentence.
    fn add(&self, index: &mut Self::Index<'_>) -> Result<Addition, String>;

    fn name(&self) -> &str;

    /// How a report shows it.
    fn shown(&self) -> String;
}

/// A row, read by the keys of its settings.
pub struct Row<'a> {
    record: &'a Record,
    columns: Columns,
}

impl<'a> Row<'a> {
    /// The value of a row without columns, such as a line.
    pub fn alone(&self) -> Option<&'a str> {
        match self.record.fields.as_slice() {
            [(name, values)] if name.is_empty() => values.first().map(String::as_str),
            _ => None,
        }
    }

    /// All values of `key`, those of its best column first.
    pub fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        let names = self.columns.iter().find(|(name, _)| *name == key).map_or(&[][..], |(_, names)| names);
        let record = self.record;
        let fields =
            names.iter().flat_map(move |name| record.fields.iter().filter(move |(column, _)| column == name));
        fields.flat_map(|(_, values)| values.iter().map(String::as_str))
    }

    /// The first value of `key`; empty without one.
    pub fn first(&self, key: &str) -> &'a str {
        self.all(key).next().unwrap_or_default()
    }

    /// The values of `key`, each split at commas, semicolons and bars.
    pub fn split(&self, key: &str) -> Vec<String> {
        let parts = self.all(key).flat_map(|value| value.split([',', ';', '|']));
        parts.map(plain).filter(|part| !part.is_empty()).collect()
    }
}

/// Adds what is new in the lists to the settings file. Nothing is written unless every list can be read.
pub fn import<T: Listed>(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let lists = read_all::<T>(args)?;
    let mut file = SettingsFile::open(globals)?;
    let known = file.settings.listed(T::LIST).into_iter().map(|table| table.identity);
    let mut index = T::index(&mut file.document, known)?;
    let mut outcome = Outcome::default();
    for (list, name) in named(&lists) {
        outcome.add_all(list, name, &mut |row: &T| row.add(&mut index));
    }
    drop(index);
    outcome.note(globals, output);
    let settings = match (outcome.added.is_empty(), args.dry_run) {
        (true, _) => None,
        (false, true) => Some(file.checked()?),
        (false, false) => Some(file.save()?),
    };
    output.print(&outcome.summary(args.dry_run))?;
    if outcome.has_nothing() {
        return Err(nothing_imported(&lists, globals));
    }
    if globals.quiet {
        return Ok(Exit::Success);
    }
    match settings {
        None => {
            output.note(&format!("nothing is new: the settings have all of these {}", T::LIST.name()));
        }
        Some(settings) => {
            let (counted, verb) = match T::LIST {
                BuiltInList::Feeds => (settings.feeds_in_words(), "read"),
                BuiltInList::Projects => (settings.projects_in_words(), "watched"),
            };
            output.note(&now_used(&counted, verb, args.dry_run));
        }
    }
    Ok(Exit::Success)
}

/// Reads every list.
pub fn read_all<T: Listed>(args: &Args) -> Result<Vec<List<T>>, Error> {
    args.files.iter().map(|path| read::<T>(path, args.list_format)).collect()
}

/// The lists, with their names if there are several.
pub fn named<T>(lists: &[List<T>]) -> impl Iterator<Item = (&List<T>, Option<&str>)> {
    lists.iter().map(|list| (list, (lists.len() > 1).then_some(list.name.as_str())))
}

/// What is read or watched after an import.
pub fn now_used(counted: &str, verb: &str, is_dry: bool) -> String {
    let when = if is_dry { "would then be" } else { "are" };
    let now = if is_dry { "; nothing was written" } else { " now" };
    format!("{counted} {when} {verb}{now}")
}

/// The error of an import that has nothing to import.
pub fn nothing_imported<T>(lists: &[List<T>], globals: &Globals) -> Error {
    let hint = if globals.quiet { "run it without -q to see why" } else { "the lines above say why" };
    let names: Vec<&str> = lists.iter().map(|list| list.name.as_str()).collect();
    let message = format!("{}: nothing in it could be imported", names.join(", "));
    Error::new(Exit::Failure, message, hint)
}

fn read<T: Listed>(path: &Path, format: Option<ListFormat>) -> Result<List<T>, Error> {
    let name = if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() };
    let wrong = |message: String| {
        Error::new(
            Exit::Failure,
            format!("{name}: {message}"),
            "name a file in CSV, JSON or OPML, one with a line each, or - for stdin",
        )
    };
    let bytes = input::read(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    let (text, _) = decode(&bytes, None);
    if text.trim().is_empty() {
        return Err(wrong(OpmlError::Empty.to_string()));
    }
    if text.chars().take(PROBED).any(|c| c.is_control() && !c.is_whitespace()) {
        return Err(wrong(OpmlError::NoText.to_string()));
    }
    let list = T::LIST.name();
    let empty = || wrong(format!("the list holds no {list}"));
    let columns = || T::COLUMNS.first().map_or(&[][..], |(_, names)| names);
    let records = match format.unwrap_or_else(|| format_of::<T>(&text)) {
        ListFormat::Opml => {
            let read = opml(name.clone(), &bytes).map_err(|error| wrong(error.to_string()))?;
            return if read.rows.is_empty() { Err(empty()) } else { Ok(read) };
        }
        ListFormat::Json => records::json(&text, &[list]).map_err(wrong)?,
        ListFormat::Csv => {
            let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            if !records::header(head).iter().any(|column| columns().contains(&column.as_str())) {
                let names = columns().join(", ");
                return Err(wrong(format!(
                    "its first line names no column with the {}; there is {names}",
                    T::LIST.key()
                )));
            }
            records::csv(&text).map_err(wrong)?
        }
        ListFormat::Lines => {
            let records = records::lines(&text);
            let is_plain = |record: &Record| {
                record.fields.iter().flat_map(|(_, values)| values).any(|line| T::is_plain(line))
            };
            if format.is_none() && !records.is_empty() && !records.iter().flatten().any(is_plain) {
                return Err(wrong(format!(
                    "this is no list of {list}: neither CSV with a header, JSON nor OPML, and no line is a {}",
                    T::LIST.key()
                )));
            }
            records
        }
    };
    if records.is_empty() {
        return Err(empty());
    }
    Ok(of_records(name, records))
}

/// The format of `text` by its content.
fn format_of<T: Listed>(text: &str) -> ListFormat {
    let text = text.trim_start();
    match text.chars().next() {
        Some('<') => ListFormat::Opml,
        Some('[' | '{') => ListFormat::Json,
        _ => {
            let head = records::header(text.lines().next().unwrap_or_default());
            let known = |names: &[&str]| head.iter().any(|column| names.contains(&column.as_str()));
            if T::COLUMNS.first().is_some_and(|(_, names)| known(names)) {
                ListFormat::Csv
            } else if text.contains("<outline") || text.contains("<opml") {
                ListFormat::Opml
            } else {
                ListFormat::Lines
            }
        }
    }
}

fn of_records<T: Listed>(name: String, records: Records) -> List<T> {
    let mut unused: Vec<String> = Vec::new();
    let is_read = |name: &str| name.is_empty() || T::COLUMNS.iter().any(|(_, names)| names.contains(&name));
    let rows = records.into_iter().map(|record| match record {
        Ok(record) => {
            for (name, _) in record.fields.iter().filter(|(name, _)| !is_read(name)) {
                if unused.len() <= UNUSED && !unused.contains(name) {
                    unused.push(name.clone());
                }
            }
            let first = record.fields.first().and_then(|(_, values)| values.first());
            let row = T::from_row(&Row { record: &record, columns: T::COLUMNS });
            (
                record.line,
                row.map_err(|reason| Left::Invalid(called(first.map_or("", String::as_str), &reason))),
            )
        }
        Err(wrong) => (wrong.line, Err(Left::Invalid(format!("the row {}", plain(&wrong.reason))))),
    });
    let rows = rows.collect();
    let notes = if unused.is_empty() {
        Vec::new()
    } else {
        let more = if unused.len() > UNUSED { " and others" } else { "" };
        unused.truncate(UNUSED);
        let names = plain(&unused.join(", "));
        vec![format!("columns that are not used: {names}{more}")]
    };
    List { name, rows, notes }
}

fn opml<T: Listed>(name: String, bytes: &[u8]) -> Result<List<T>, OpmlError> {
    let read = read_opml(bytes)?;
    let feeds = read.feeds.iter().map(|(line, outline)| {
        let found = T::from_outline(outline).map_err(|reason| Left::Invalid(called(&outline.title, &reason)));
        (*line, found)
    });
    let skipped = read.skipped.iter().map(|skipped| {
        let title = name_shown(&skipped.title);
        let what = if title.is_empty() { "the outline".to_owned() } else { format!("{title:?}") };
        let message = format!("{what} {}", plain(&skipped.why.to_string()));
        let left = match skipped.why {
            NotTaken::Comment | NotTaken::OtherType(_) => Left::Other(message),
            NotTaken::NoAddress | NotTaken::Damaged => Left::Invalid(message),
        };
        (skipped.line, Err(left))
    });
    let mut rows: Vec<_> = feeds.chain(skipped).collect();
    rows.sort_by_key(|(line, _)| *line);
    let cut = "the end of the list is missing; the part before it was read";
    Ok(List { name, rows, notes: if read.cut { vec![cut.to_owned()] } else { Vec::new() } })
}
