//! `tge-scrape feed import`: adds the feeds of an OPML file to the settings file.

use std::path::Path;

use crate::{
    config::{
        BuiltInList,
        edit::{Feeds, name_of},
    },
    error::Error,
    exit::Exit,
    feed::{NotTaken, OpmlList, Outline, read_opml},
    render::plain,
    text::cut::{Unit, cut},
};

use super::super::{Globals, input, output::Output, settings_file::SettingsFile};

/// Outlines reported one by one; of the others only the number, unless `-v` is given.
const NAMED: usize = 10;
/// Characters shown of the name of an outline.
const SHOWN: usize = 80;

#[derive(Default)]
struct Outcome {
    added: usize,
    known: usize,
    /// Feeds that cannot be added.
    invalid: usize,
    /// Outlines that are no feeds.
    others: usize,
    /// A sentence on each invalid or other outline, with its line.
    notes: Vec<(usize, String)>,
}

/// Adds the feeds of an OPML file; a second time it adds nothing.
pub fn run(list: &Path, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let name = list.display();
    let wrong = |message: String| {
        Error::new(Exit::Failure, format!("{name}: {message}"), "name an OPML file, or - for stdin")
    };
    let bytes = input::read(list).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    let read = read_opml(&bytes).map_err(|error| wrong(error.to_string()))?;
    if read.feeds.is_empty() && read.skipped.is_empty() {
        return Err(wrong("the list holds no feeds".to_owned()));
    }
    let mut file = SettingsFile::open(globals)?;
    let known = file.settings.listed(BuiltInList::Feeds).into_iter().map(|feed| feed.identity);
    let outcome = add_all(&read, &mut Feeds::of(&mut file.document)?.with_known(known));
    if !globals.quiet {
        for line in outcome.lines(globals.verbose > 0) {
            output.note(&line);
        }
        if read.cut {
            output.note("the end of the list is missing; the part before it was read");
        }
    }
    let saved = if outcome.added > 0 { Some(file.save()?) } else { None };
    output.print(&outcome.summary())?;
    if let Some(settings) = saved.filter(|_| !globals.quiet) {
        output.note(&format!("{} are read now", settings.feeds_in_words()));
    }
    if outcome.added == 0 && outcome.known == 0 {
        let hint = if globals.quiet { "run it without -q to see why" } else { "the lines above say why" };
        return Err(Error::new(Exit::Failure, format!("{name}: nothing in it could be imported"), hint));
    }
    if outcome.added == 0 && !globals.quiet {
        output.note("nothing is new: the settings have all of these feeds");
    }
    Ok(Exit::Success)
}

fn add_all(read: &OpmlList, feeds: &mut Feeds<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    for (line, outline) in &read.feeds {
        match feeds.add(outline) {
            Ok(true) => outcome.added += 1,
            Ok(false) => outcome.known += 1,
            Err(refused) => {
                outcome.invalid += 1;
                let message = format!("{}{}; {}", called(outline), refused.message(), refused.hint());
                outcome.notes.push((*line, message));
            }
        }
    }
    for skipped in &read.skipped {
        match skipped.why {
            NotTaken::Comment | NotTaken::OtherType(_) => outcome.others += 1,
            NotTaken::NoAddress | NotTaken::Damaged => outcome.invalid += 1,
        }
        let title = cut(&name_of(&skipped.title), SHOWN, Unit::Scalars);
        let what = if title.is_empty() { "the outline".to_owned() } else { format!("{title:?}") };
        outcome.notes.push((skipped.line, format!("{what} {}", plain(&skipped.why.to_string()))));
    }
    outcome.notes.sort_by_key(|(line, _)| *line);
    outcome
}

/// The name of an outline as a prefix. A name may be an address with a password in it.
fn called(outline: &Outline) -> String {
    let title = cut(&name_of(&outline.title), SHOWN, Unit::Scalars);
    if title.is_empty() { String::new() } else { format!("{title:?}: ") }
}

impl Outcome {
    /// The notes, the first or `all`.
    fn lines(&self, all: bool) -> Vec<String> {
        let most = if all { usize::MAX } else { NAMED };
        let mut lines: Vec<String> =
            self.notes.iter().take(most).map(|(line, message)| format!("line {line}: {message}")).collect();
        let more = self.notes.len() - lines.len();
        if more > 0 {
            lines.push(format!("and {more} more lines; -v shows all"));
        }
        lines
    }

    fn summary(&self) -> String {
        let others = if self.others > 0 { format!(", {} not feeds", self.others) } else { String::new() };
        format!("{} added, {} known, {} invalid{others}\n", self.added, self.known, self.invalid)
    }
}
