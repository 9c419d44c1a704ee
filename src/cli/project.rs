//! `tge-scrape project list|show|add|import|remove`: the watch list.

mod import;

use std::io::{BufRead, IsTerminal};

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use crate::{
    clock::{Clock, SystemClock},
    config::{
        BuiltInList,
        edit::{NewProject, Projects, Removed},
    },
    detect::{Priority, Project},
    error::Error,
    exit::Exit,
    model::{DetectionView, event_date::day_of},
    render::{
        self, Column, details,
        listing::{self, Listing},
        plain,
        style::Look,
        table::{self, Cell, Spec},
    },
    store::{Access, EventFilter, Store},
    wiring,
};

use super::{Format, Globals, lists, output::Output, print_rows, settings_file::SettingsFile};

/// Newest stories that `project show` prints.
const STORIES: usize = 20;
const IMPORT: &str = "Examples:
  tge-scrape project import projects.csv --dry-run
  printf '%s\\n' Caldera Zorblax | tge-scrape project import -";

#[derive(Debug, Subcommand)]
pub enum What {
    /// Show the watch list
    List,
    /// Show one project with its stories
    Show {
        /// Its name or an alias
        name: String,
    },
    /// Add a project to those that are watched; asks for the rest on a terminal if only a name is given
    Add(Added),
    /// Add the projects of lists in CSV, JSON, OPML or lines to those that are watched
    #[command(after_help = IMPORT)]
    Import(lists::Args),
    /// Remove a project from the settings file; a built-in one is no longer watched
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct Added {
    /// Its name, as shown
    name: String,
    /// Other spelling or product name; may be given several times
    #[arg(long = "alias", value_name = "NAME")]
    aliases: Vec<String>,
    /// Ticker; may be given several times
    #[arg(long = "token", value_name = "TICKER")]
    tokens: Vec<String>,
    /// Phrase in which the name means something else; may be given several times
    #[arg(long, value_name = "PHRASE")]
    exclude: Vec<String>,
    /// Account on X; may be given several times
    #[arg(long = "handle", value_name = "@HANDLE")]
    handles: Vec<String>,
    /// Priority of its alerts
    #[arg(long, value_name = "LEVEL")]
    priority: Option<Level>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    /// May become critical
    High,
    /// May become critical
    Normal,
    /// Never critical
    Low,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

pub fn run(what: What, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    match what {
        What::List => list(globals, output),
        What::Show { name } => show(&name, globals, output),
        What::Add(added) => add(added, globals, output),
        What::Import(args) => lists::import::<NewProject>(&args, globals, output),
        What::Remove { name } => remove(&name, globals, output),
    }
}

/// A project of the watch list for programs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Project"))]
pub struct ProjectView<'a> {
    name: &'a str,
    aliases: &'a [String],
    tokens: &'a [String],
    exclude: &'a [String],
    handles: &'a [String],
    priority: &'static str,
}

/// A project of the watch list for programs.
pub fn view(project: &Project) -> ProjectView<'_> {
    ProjectView {
        name: &project.name,
        aliases: &project.aliases,
        tokens: &project.tokens,
        exclude: &project.exclude,
        handles: &project.handles,
        priority: match project.priority {
            Priority::High => "high",
            Priority::Normal => "normal",
            Priority::Low => "low",
        },
    }
}

fn list(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let lines: Vec<ProjectView<'_>> = settings.detect.projects.iter().map(view).collect();
    let columns: [Column<ProjectView<'_>>; 6] = [
        ("name", |line| plain(line.name)),
        ("aliases", |line| joined(line.aliases)),
        ("tokens", |line| joined(line.tokens)),
        ("exclude", |line| joined(line.exclude)),
        ("handles", |line| joined(line.handles)),
        ("priority", |line| line.priority.to_owned()),
    ];
    if !matches!(globals.format, None | Some(Format::Table)) {
        return print_rows(&lines, "projects", &columns, globals, output);
    }
    let mut table = table::Table::new(vec![
        Spec::new("name").cut(12),
        Spec::new("tokens").cut(6).optional(),
        Spec::new("aliases").cut(10).rank(4).optional(),
        Spec::new("handles").cut(10).rank(3).optional(),
        Spec::new("exclude").cut(10).rank(1).optional(),
        Spec::new("priority").rank(2),
    ]);
    for line in &lines {
        table.row(
            columns
                .iter()
                .map(|(name, cell)| {
                    let look = if *name == "name" { Look::BOLD } else { Look::PLAIN };
                    Cell::new(cell(line), look)
                })
                .collect(),
        );
    }
    output.page(&table.render(output.style()))?;
    output.next("tge-scrape project show NAME   tge-scrape project add NAME --token TICKER");
    Ok(Exit::Success)
}

/// Prints one project and its newest stories.
fn show(wanted: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let same = |name: &String| name.to_lowercase() == wanted.trim().to_lowercase();
    let found = settings
        .detect
        .projects
        .iter()
        .find(|project| same(&project.name) || project.aliases.iter().chain(&project.tokens).any(same));
    let Some(project) = found else {
        let message = format!("{:?} is not on the watch list", plain(wanted));
        return Err(Error::new(
            Exit::Usage,
            message,
            "`tge-scrape project list` shows the names; `events --project` finds any",
        ));
    };
    let times = output.times(SystemClock.now(), globals.utc);
    let mut stories = Vec::new();
    if Store::exists(&settings.state_dir) {
        let store = Store::open(&settings.state_dir, Access::Read)?;
        let filter = EventFilter {
            projects: vec![project.name.clone()],
            today: Some(day_of(times.now)),
            limit: STORIES,
            ..EventFilter::default()
        };
        stories = wiring::small_runtime()?.block_on(store.events(filter))?;
    }
    let line = view(project);
    if matches!(globals.format, Some(Format::Json | Format::Ndjson)) {
        let stories: Vec<DetectionView<'_>> = stories.iter().map(DetectionView::from).collect();
        output.print(&render::json(
            &serde_json::json!({ "schema": 1, "project": line, "detections": stories }),
        ))?;
        return Ok(Exit::Success);
    }
    let values = [
        ("tokens", line.tokens.join(", ")),
        ("aliases", line.aliases.join(", ")),
        ("handles", line.handles.join(", ")),
        ("exclude", line.exclude.join(", ")),
        ("priority", line.priority.to_owned()),
    ];
    let style = output.style();
    let mut text = details::text(line.name, &values, style);
    text.push_str(&format!("\n{}", listing::table(&stories, &Listing::new(style, &times))));
    output.page(&text)?;
    Ok(Exit::Success)
}

fn joined(texts: &[String]) -> String {
    plain(&texts.join(", "))
}

fn add(mut added: Added, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut file = SettingsFile::open(globals)?;
    let path = file.path.display().to_string();
    let name = plain(&added.name);
    if name.is_empty() {
        return Err(Error::new(
            Exit::Usage,
            "a project needs a name",
            "such as: project add Caldera --token ERA",
        ));
    }
    let identity = BuiltInList::Projects.identity(&name);
    let listed = file.settings.listed(BuiltInList::Projects);
    let known = listed.iter().find(|project| Some(&project.identity) == identity.as_ref());
    let is_built_in = match known {
        Some(known) if !known.enabled => {
            file.document.enable(BuiltInList::Projects, known)?;
            let watched = file.save()?.projects_in_words();
            output.print(&format!(
                "{name} was removed before, added again in {path}: {watched} are watched\n"
            ))?;
            return Ok(Exit::Success);
        }
        Some(known) if known.built_in && added.is_bare() => {
            output.print(&format!("{name} is watched already: it is built in\n"))?;
            return Ok(Exit::Success);
        }
        Some(known) if !known.built_in => {
            let message = format!("{path} has {name} already");
            return Err(Error::new(Exit::Failure, message, "change it there, or remove it first"));
        }
        known => known.is_some(),
    };
    if added.is_bare() && std::io::stdin().is_terminal() {
        added.ask(output)?;
    }
    let project = NewProject {
        name: name.clone(),
        aliases: added.aliases,
        tokens: added.tokens,
        exclude: added.exclude,
        handles: added.handles,
        priority: added.priority.map(Level::as_str),
        ..NewProject::default()
    };
    Projects::of(&mut file.document)?.push(&project);
    let watched = file.save()?.projects_in_words();
    output.print(&if is_built_in {
        format!("{name} is built in: what you gave replaces its values, in {path}; {watched} are watched\n")
    } else {
        format!("added to {path}: {watched} are watched\n")
    })?;
    output.next("tge-scrape rescan --dry-run   tge-scrape cycle");
    Ok(Exit::Success)
}

impl Added {
    fn is_bare(&self) -> bool {
        [&self.aliases, &self.tokens, &self.exclude, &self.handles].iter().all(|texts| texts.is_empty())
            && self.priority.is_none()
    }

    /// Asks on the terminal for the values without a flag.
    fn ask(&mut self, output: &mut Output) -> Result<(), Error> {
        let mut question = |text: &str| -> Result<Vec<String>, Error> {
            output.note(text);
            let mut answer = String::new();
            let read = std::io::stdin().lock().read_line(&mut answer);
            read.map_err(|error| {
                Error::new(Exit::Failure, format!("stdin cannot be read: {error}"), "use flags")
            })?;
            Ok(answer.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
        };
        self.aliases = question("other spellings and product names, with commas (none: press Enter):")?;
        self.tokens = question("tickers:")?;
        self.exclude = question("phrases that mean something else:")?;
        self.handles = question("accounts on X:")?;
        Ok(())
    }
}

fn remove(name: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut file = SettingsFile::open(globals)?;
    let found = file.named(BuiltInList::Projects, name)?;
    if !found.enabled {
        let message = format!("{} is not watched: it has been removed", plain(&found.name));
        return Err(Error::new(Exit::Failure, message, "`project add` watches it again"));
    }
    let removed = file.document.remove(BuiltInList::Projects, &found)?;
    let watched = file.save()?.projects_in_words();
    let (name, path) = (plain(&found.name), file.path.display());
    output.print(&match removed {
        Removed::Table => format!("removed {name} from {path}: {watched} remain\n"),
        Removed::Disabled => {
            format!(
                "{name} is built in: switched off in {path}, {watched} remain; `project add` brings it back\n"
            )
        }
    })?;
    Ok(Exit::Success)
}
