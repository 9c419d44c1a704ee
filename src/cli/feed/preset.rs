//! `tge-scrape feed add preset:NAME`: adds a known source.

use toml_edit::value;

use crate::{
    config::{edit::Feeds, presets},
    error::Error,
    exit::Exit,
    render::{Column, plain},
};

use super::{
    super::{Globals, output::Output, print_rows, settings_file::SettingsFile},
    add::{Args, is_declined, is_known, save},
    sources::probe_source,
};

const COLUMNS: [Column<Listed>; 5] = [
    ("preset", |row| row.preset.clone()),
    ("name", |row| row.name.clone()),
    ("kind", |row| row.kind.to_owned()),
    ("shape", |row| row.shape.to_owned()),
    ("url", |row| row.url.clone()),
];

#[derive(serde::Serialize)]
struct Listed {
    /// As it is written after `preset:`.
    preset: String,
    name: String,
    kind: &'static str,
    shape: &'static str,
    undocumented: bool,
    origin: String,
    url: String,
}

/// Prints every preset.
fn list(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let row = |chosen: presets::Chosen| Listed {
        preset: chosen.preset.usage(),
        name: chosen.source.name.clone(),
        kind: super::verify::kind(&chosen.source.format),
        shape: chosen.preset.shape.into(),
        undocumented: chosen.preset.undocumented,
        origin: chosen.preset.origin.clone(),
        url: chosen.source.url.clone(),
    };
    let rows: Vec<Listed> = presets::examples().into_iter().map(row).collect();
    print_rows(&rows, "presets", &COLUMNS, globals, output)
}

/// Adds the preset that `spec` names; without a name it lists all.
pub fn add(spec: &str, args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    if spec.is_empty() {
        return list(globals, output);
    }
    let chosen = presets::find(spec).map_err(|message| {
        Error::new(Exit::Usage, plain(&message), "`tge-scrape feed add preset:` lists all presets")
    })?;
    let mut file = SettingsFile::open(globals)?.with_imported();
    if is_known(&mut file, &chosen.source.url, output)? {
        return Ok(Exit::Success);
    }
    output.print(&format!("preset {}: {}\n", chosen.spec(), chosen.preset.confidence()))?;
    if !args.no_check {
        let checked = probe_source(&file.settings, &chosen.source)?;
        output.print(&checked.text())?;
        if !checked.ok {
            let message = format!("preset {} gives no entries", chosen.spec());
            return Err(Error::new(Exit::Failure, message, "--no-check adds it all the same"));
        }
        if is_declined(args.yes, output)? {
            return Ok(Exit::Success);
        }
    }
    let mut table = chosen.table();
    if !args.name.is_empty() {
        table["name"] = value(plain(&args.name));
    }
    if let Some(tier) = args.tier {
        table["tier"] = value(i64::from(tier));
    }
    if let Some(tags) = table.get_mut("tags").and_then(toml_edit::Item::as_array_mut) {
        tags.extend(args.tags.iter().map(|tag| plain(tag)));
    }
    Feeds::of(&mut file.document)?.add_table(table);
    save(file, output)
}
