//! Changes the user's settings file. Text that the settings refuse is never written.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    config::{
        self, Environment, FILE_NAME, Flags, Settings,
        edit::{Document, NotAList},
    },
    error::Error,
    exit::Exit,
};

use super::{Globals, files, output::Output};

/// The file of the settings, or a new one: named with `--config`, else in the working directory.
pub struct SettingsFile {
    pub path: PathBuf,
    /// Before the change.
    pub settings: Settings,
    pub document: Document,
    flags: Flags,
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
        Ok(Self { path, settings, document, flags })
    }

    /// Writes the file, if the settings accept it. Notes that the built-in `list` no longer applies.
    pub fn save(&self, list: &str, globals: &Globals, output: &mut Output) -> Result<(), Error> {
        let text = self.document.to_string();
        if let Err(errors) = config::load_text(&self.path, &text, &self.flags, &Environment::of_process()) {
            let errors = Error::from(errors).message;
            let message = format!("{} is unchanged: with this change {errors}", self.path.display());
            return Err(Error::new(Exit::Settings, message, "change what you add, or edit the file by hand"));
        }
        files::write(&self.path, text.as_bytes(), files::Kind::Settings)
            .map_err(|error| refused(&self.path, &error))?;
        if self.settings.is_built_in(list) && !globals.quiet {
            output.note(&format!(
                "note: the settings have {list} of their own now; the built-in ones no longer apply"
            ));
        }
        Ok(())
    }
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
