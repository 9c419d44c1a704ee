//! The user's settings file being changed: comments and order stay, and a crash leaves the old file whole.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use toml_edit::{ArrayOfTables, DocumentMut, Item};

use crate::{config::FILE_NAME, error::Error, exit::Exit};

use super::Globals;

/// The file the settings come from, or a new one in the working directory.
pub struct SettingsFile {
    /// Where it is.
    pub path: PathBuf,
    document: DocumentMut,
}

impl SettingsFile {
    /// Opens it; settings that have mistakes are not changed.
    pub fn open(globals: &Globals) -> Result<Self, Error> {
        let path = super::settings(globals)?.file.unwrap_or_else(|| PathBuf::from(FILE_NAME));
        let text = if path.exists() {
            fs::read_to_string(&path).map_err(|error| refused(&path, &error))?
        } else {
            String::new()
        };
        let document = text
            .parse()
            .map_err(|error| Error::new(Exit::Settings, format!("{}: {error}", path.display()), ""))?;
        Ok(Self { path, document })
    }

    /// The tables `[[name]]`; made if there are none.
    pub fn tables(&mut self, name: &str) -> Result<&mut ArrayOfTables, Error> {
        let item = self.document.entry(name).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let hint = format!("write each as a [[{name}]] table");
        item.as_array_of_tables_mut()
            .ok_or_else(|| Error::new(Exit::Settings, format!("{name} is not a list of tables"), hint))
    }

    /// Writes the file by rename.
    pub fn save(&self) -> Result<(), Error> {
        let new = self.path.with_extension(format!("toml.{}", std::process::id()));
        let written = write(&new, &self.path, &self.document.to_string());
        written.map_err(|error| refused(&self.path, &error))
    }
}

/// Writes `text` to `new` with the mode of `old`, or for its owner only, and puts it in the place of `old`.
fn write(new: &Path, old: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(new)?.write_all(text.as_bytes())?;
    if let Ok(metadata) = fs::metadata(old) {
        fs::set_permissions(new, metadata.permissions())?;
    }
    fs::rename(new, old)
}

fn refused(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("{} cannot be changed: {error}", path.display());
    Error::new(Exit::Failure, message, "name a file that you may write to with --config")
}
