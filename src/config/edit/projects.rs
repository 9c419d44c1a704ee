//! Adds projects to a settings file.

use toml_edit::{Array, Table, value};

use crate::{config::BuiltInList, text::plain};

use super::{Addition, Document, Known, NotAList};

/// A project to add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewProject {
    /// As shown.
    pub name: String,
    /// Other spellings.
    pub aliases: Vec<String>,
    /// Tickers, with `$` or not.
    pub tokens: Vec<String>,
    /// Phrases with another meaning.
    pub exclude: Vec<String>,
    /// Accounts on X, with `@` or not.
    pub handles: Vec<String>,
    /// Its own domains.
    pub domains: Vec<String>,
    /// `high`, `normal` or `low`, unless the default is meant.
    pub priority: Option<&'static str>,
    /// 0 to 100, unless the default is meant.
    pub threshold: Option<u8>,
}

impl NewProject {
    /// Its table.
    fn table(&self) -> Table {
        let mut table = Table::new();
        table["name"] = value(plain(&self.name));
        let lists = [
            ("aliases", &self.aliases, ' '),
            ("tokens", &self.tokens, '$'),
            ("exclude", &self.exclude, ' '),
            ("handles", &self.handles, '@'),
            ("domains", &self.domains, ' '),
        ];
        for (key, texts, mark) in lists {
            let clean = texts.iter().map(|text| plain(text.trim().trim_start_matches(mark)));
            let all: Array = clean.filter(|text| !text.is_empty()).collect();
            if !all.is_empty() {
                table[key] = value(all);
            }
        }
        if let Some(level) = self.priority {
            table["priority"] = value(level);
        }
        if let Some(threshold) = self.threshold {
            table["threshold"] = value(i64::from(threshold));
        }
        table
    }
}

/// The projects of a settings file, indexed once.
#[derive(Debug)]
pub struct Projects<'a> {
    document: &'a mut Document,
    known: Known,
}

impl<'a> Projects<'a> {
    /// Indexes the projects of `document`.
    pub fn of(document: &'a mut Document) -> Result<Self, NotAList> {
        let list = document.list("projects")?;
        let known = list.texts("name").into_iter().filter_map(|name| BuiltInList::Projects.identity(name));
        let known = known.collect();
        Ok(Self { document, known })
    }

    /// The same with the `identities` of projects that are watched although the file has no table for them.
    #[must_use]
    pub fn with_known(mut self, identities: impl IntoIterator<Item = String>) -> Self {
        self.known.extend(identities);
        self
    }

    /// Adds `project` unless its name is known.
    pub fn add(&mut self, project: &NewProject) -> Addition {
        let identity = BuiltInList::Projects.identity(&project.name);
        if let Some(known) = identity.as_deref().and_then(|identity| self.known.find(identity)) {
            return known;
        }
        self.push(project);
        if let Some(identity) = identity {
            self.known.insert(identity);
        }
        Addition::Added
    }

    /// Adds `project`, for which there is no table.
    pub fn push(&mut self, project: &NewProject) {
        // `of` has checked that it is a list.
        if let Ok(list) = self.document.list("projects") {
            list.push(project.table());
        }
    }
}
