//! Changes the user's settings file. Text that the settings refuse is never written.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    config::{
        self, BuiltInList, Environment, FILE_NAME, Flags, ListedTable, Settings,
        edit::{Document, NotAList},
    },
    error::Error,
    exit::Exit,
    model::ImportedFeed,
    render::plain,
};

use super::{Globals, feed::imported, files};

/// The file of the settings, or a new one: named with `--config`, else in the working directory.
pub struct SettingsFile {
    pub path: PathBuf,
    /// Before the change.
    pub settings: Settings,
    pub document: Document,
    flags: Flags,
    /// The feeds of the database, where they count too.
    imported: Vec<ImportedFeed>,
}

impl SettingsFile {
    /// Fails for settings with errors.
    pub fn open(globals: &Globals) -> Result<Self, Error> {
        let flags = globals.flags();
        let environment = Environment::of_process();
        let path = config::file(&flags, &environment).unwrap_or_else(|| PathBuf::from(FILE_NAME));
        let text = match fs::metadata(&path) {
            Ok(found) if !found.is_file() && !found.is_dir() => {
                let message = format!("{} is no regular file and cannot be changed", path.display());
                return Err(Error::new(Exit::Failure, message, "name a settings file with --config"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            _ => config::read(&path)?,
        };
        let settings = config::load_text(&path, &text, &flags, &environment)?;
        let document = Document::parse(&text)
            .map_err(|message| Error::new(Exit::Settings, format!("{}: {message}", path.display()), ""))?;
        Ok(Self { path, settings, document, flags, imported: Vec::new() })
    }

    /// The same with the feeds of the database among the sources.
    pub fn with_imported(mut self) -> Self {
        self.imported = imported::all(&self.settings);
        self.settings.add_imported(self.imported.clone());
        self
    }

    /// The feed or project that `text` names: by its address or its name.
    pub fn named(&self, list: BuiltInList, text: &str) -> Result<ListedTable, Error> {
        let tables = self.settings.listed(list);
        let wanted = list.identity(text);
        let by_identity = tables.iter().find(|table| Some(&table.identity) == wanted.as_ref());
        let name = text.trim().to_lowercase();
        let named: Vec<&ListedTable> =
            tables.iter().filter(|table| table.name.to_lowercase() == name).collect();
        let (one, all) = match list {
            BuiltInList::Feeds => ("feed", "`tge-scrape feed list` shows the names and addresses"),
            BuiltInList::Projects => ("project", "`tge-scrape project list` shows the names"),
        };
        match (by_identity, named.as_slice()) {
            (Some(found), _) => Ok(found.clone()),
            (None, [found]) => Ok((*found).clone()),
            (None, []) => {
                let advice = did_you_mean(text, tables.iter().map(|table| table.name.as_str()));
                let message = format!("there is no {one} {:?}{advice}", plain(text));
                Err(Error::new(Exit::Failure, message, all))
            }
            (None, several) => {
                let addresses: Vec<String> = several.iter().map(|table| plain(&table.key)).collect();
                let message = format!("{} feeds have the name {:?}", several.len(), plain(text));
                Err(Error::new(Exit::Usage, message, format!("give the address: {}", addresses.join(" or "))))
            }
        }
    }

    /// The settings with the changed file.
    fn load(&self) -> Result<Settings, Error> {
        let environment = Environment::of_process();
        let loaded = config::load_text(&self.path, &self.document.to_string(), &self.flags, &environment);
        let loaded = loaded.map(|mut settings| {
            settings.add_imported(self.imported.clone());
            settings
        });
        loaded.map_err(|errors| {
            let errors = Error::from(errors).message;
            let message = format!("{} is unchanged: with this change {errors}", self.path.display());
            Error::new(Exit::Settings, message, "change what you add, or edit the file by hand")
        })
    }

    /// The settings with the changed file, if they accept it. A built-in list that applied before still applies.
    pub fn checked(&mut self) -> Result<Settings, Error> {
        let mut settings = self.load()?;
        for list in BuiltInList::ALL {
            if self.settings.built_in.applies(list) && !settings.built_in.applies(list) {
                self.document.switch_built_in_on(list);
                settings = self.load()?;
            }
        }
        Ok(settings)
    }

    /// Writes the file, if the settings accept it, and returns them.
    pub fn save(&mut self) -> Result<Settings, Error> {
        let settings = self.checked()?;
        let text = self.document.to_string();
        files::write(&self.path, text.as_bytes(), files::Kind::Settings)
            .map_err(|error| refused(&self.path, &error))?;
        Ok(settings)
    }
}

/// `; did you mean NAME?` with the name that is most similar to `text`; empty if none is.
pub fn did_you_mean<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> String {
    let wanted = text.trim().to_lowercase();
    let similar = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &wanted);
    let near = names.max_by(|a, b| similar(a).total_cmp(&similar(b))).filter(|name| similar(name) > 0.8);
    near.map_or_else(String::new, |name| plain(&format!("; did you mean {name:?}?")))
}

impl From<NotAList> for Error {
    fn from(error: NotAList) -> Self {
        Self::new(Exit::Settings, error.to_string(), "")
    }
}

fn refused(path: &Path, error: &io::Error) -> Error {
    let message = format!("{} cannot be changed: {error}", path.display());
    Error::new(Exit::Failure, message, "name a file that you may write to with --config")
}
