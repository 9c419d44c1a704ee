//! What an import did, row by row.

use super::{
    super::{Globals, output::Output},
    Listed,
};
use crate::{
    config::edit::{Addition, name_of},
    text::{
        cut::{Unit, cut},
        login::without_login,
        quantity::plural,
    },
};

/// Rows reported one by one; of the others only the number, unless `-v` is given.
const NAMED: usize = 10;
/// Characters shown of a name or a value.
const SHOWN: usize = 80;

/// A list as it was read.
pub struct List<T> {
    pub name: String,
    /// Each with its line.
    pub rows: Vec<(usize, Result<T, Left>)>,
    /// Sentences on the whole list.
    pub notes: Vec<String>,
}

/// Why a row is not imported: a sentence.
pub enum Left {
    Invalid(String),
    /// Not meant as one.
    Other(String),
}

/// What an import did.
#[derive(Default)]
pub struct Outcome {
    pub added: Vec<String>,
    pub known: usize,
    /// Rows for what an earlier row of the lists has.
    duplicates: usize,
    invalid: usize,
    others: usize,
    /// A sentence for each row that was not imported, with its place.
    notes: Vec<String>,
    /// Sentences on whole lists.
    remarks: Vec<String>,
}

impl Outcome {
    /// Adds the rows of `list` by `add`, whose error is a sentence; `name` is given if there are several lists.
    pub fn add_all<T: Listed>(
        &mut self,
        list: &List<T>,
        name: Option<&str>,
        add: &mut impl FnMut(&T) -> Result<Addition, String>,
    ) {
        let prefix = name.map_or_else(String::new, |name| format!("{name}: "));
        for (line, row) in &list.rows {
            let note = match row {
                Ok(row) => match add(row) {
                    Ok(Addition::Added) => {
                        self.added.push(row.shown());
                        continue;
                    }
                    Ok(Addition::Known) => {
                        self.known += 1;
                        continue;
                    }
                    Ok(Addition::Duplicate) => {
                        self.duplicates += 1;
                        continue;
                    }
                    Err(reason) => {
                        self.invalid += 1;
                        called(row.name(), &reason)
                    }
                },
                Err(Left::Invalid(note)) => {
                    self.invalid += 1;
                    note.clone()
                }
                Err(Left::Other(note)) => {
                    self.others += 1;
                    note.clone()
                }
            };
            self.notes.push(format!("{prefix}line {line}: {note}"));
        }
        self.remarks.extend(list.notes.iter().map(|note| format!("{prefix}{note}")));
    }

    /// Prints the notes and remarks, unless the user wants none.
    pub fn note(&self, globals: &Globals, output: &mut Output) {
        if !globals.quiet {
            self.lines(globals.verbose > 0).iter().for_each(|line| output.note(line));
        }
    }

    /// Whether no row could be imported, and none was known.
    pub fn has_nothing(&self) -> bool {
        self.added.is_empty() && self.known == 0
    }

    /// The notes, the first or `all`, and the remarks.
    fn lines(&self, all: bool) -> Vec<String> {
        let most = if all { usize::MAX } else { NAMED };
        let mut lines: Vec<String> = self.notes.iter().take(most).cloned().collect();
        let more = self.notes.len() - lines.len();
        if more > 0 {
            lines.push(format!("and {more} more lines; -v shows all"));
        }
        lines.extend(self.remarks.iter().cloned());
        lines
    }

    pub fn summary(&self, is_dry: bool) -> String {
        let mut text = String::new();
        if is_dry {
            self.added.iter().for_each(|shown| text.push_str(&format!("+ {shown}\n")));
        }
        let duplicates = match self.duplicates {
            0 => String::new(),
            count => format!(", {}", plural(count, "duplicate", "duplicates")),
        };
        let others = if self.others > 0 { format!(", {} not feeds", self.others) } else { String::new() };
        let verb = if is_dry { "would be added" } else { "added" };
        let (added, known, invalid) = (self.added.len(), self.known, self.invalid);
        text.push_str(&format!("{added} {verb}, {known} known, {invalid} invalid{duplicates}{others}\n"));
        text
    }
}

/// A name as shown. Some lists use the address as name, with its password.
pub(super) fn name_shown(name: &str) -> String {
    let name = name_of(name);
    let may_be_address = name.contains('@') && name.contains(':');
    cut(&if may_be_address { without_login(&name) } else { name }, SHOWN, Unit::Scalars)
}

/// The sentence `reason` after the name of a row.
pub(super) fn called(name: &str, reason: &str) -> String {
    let name = name_shown(name);
    if name.is_empty() || reason.contains(&name) { reason.to_owned() } else { format!("{name:?}: {reason}") }
}
