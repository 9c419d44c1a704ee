//! Settings: flag > environment > file > built in, resolved once into plain values.
//!
//! The only module that reads the environment. All errors are reported together.

mod built_in;
mod channels;
mod checks_section;
pub mod edit;
mod environment;
mod errors;
mod exposure;
mod files;
mod http_section;
mod keep_section;
mod layers;
mod log_section;
mod outputs_section;
pub mod presets;
mod raw;
mod rows;
mod serve_section;
mod show;
mod sites_section;
mod targets_section;
mod x_section;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    alert::{self, Hooks},
    cycle, detect,
    figures::{checks::Check, targets::Settings as TargetSettings},
    http,
    model::{ImportedFeed, Language, SiteRules, Source},
    process::Program,
    text::quantity,
    visit, x,
};

pub use built_in::{BuiltIn, BuiltInList, ListedTable};
pub(crate) use environment::Environment;
pub(crate) use errors::{ConfigError, ConfigErrors, NO_FILE, NOT_TOML};
pub(crate) use files::{LONGEST_SECRET, read_text};
pub(crate) use layers::Origin;
pub use log_section::LogSettings;
pub(crate) use rows::{DEFAULT_TIER, feed_address, poll_interval};
pub use serve_section::{ServeSettings, ServeToken, TlsFiles};
pub use show::{Shown, shown};

pub(crate) use exposure::{CLEARTEXT_HINT, cleartext};
use layers::Layers;
use raw::RawValue;

/// The built-in feeds and projects, used if the settings define none.
pub const STARTER: &str = include_str!("starter.toml");
/// The settings file of `config init`.
pub(crate) const INIT: &str = include_str!("init.toml");
/// Name of the settings file in the working directory.
pub const FILE_NAME: &str = "tge-scrape.toml";

/// The largest `x.monthly_budget_usd`: a larger number is a typing error.
const MAX_BUDGET_USD: f64 = 1e6;

/// Bounds of `alerts.give_up_after`: below an hour a channel has three attempts, and after a month a launch is old.
const GIVE_UP_LEAST: Duration = Duration::from_hours(1);
const GIVE_UP_MOST: Duration = Duration::from_hours(30 * 24);

/// Command-line flags that concern the settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--state-dir`.
    pub state_dir: Option<PathBuf>,
}

/// Every setting with its final value.
#[derive(Debug)]
pub struct Settings {
    /// The settings file, if there is one.
    pub file: Option<PathBuf>,
    /// `[cycle]`.
    pub cycle: cycle::Settings,
    /// `[http]`.
    pub http: http::Settings,
    /// `[cache]`.
    pub cache: visit::Settings,
    /// The state folder.
    pub state_dir: PathBuf,
    /// `[detect]`, `[[projects]]` and `[[phrases]]`.
    pub detect: detect::Settings,
    /// `[x]`.
    pub x: x::Settings,
    /// `[targets]`.
    pub targets: TargetSettings,
    /// `[[checks]]`.
    pub checks: Vec<Check>,
    /// `[metrics]`.
    pub metrics: MetricsSettings,
    /// The enabled `[[feeds]]`, and the imported feeds if they were added.
    pub sources: Vec<Arc<Source>>,
    /// The imported feeds that were added, without those that the settings have.
    pub imported: Vec<ImportedFeed>,
    /// `[[sites]]`.
    pub sites: Vec<SiteRules>,
    /// `[[channels]]`, `[alerts]` and `[hooks]`.
    pub alerts: Arc<alert::Settings>,
    /// `[outputs]`.
    pub outputs: OutputSettings,
    /// `[log]`.
    pub log: LogSettings,
    /// `[serve]`.
    pub serve: ServeSettings,
    /// The built-in feeds and projects that apply.
    pub built_in: BuiltIn,
    /// Secrets that are missing or wrong; only commands that use them fail.
    pub missing_secrets: ConfigErrors,
    layers: Layers,
}

/// Settings of which every value is usable or the built-in one, with all errors.
#[derive(Debug)]
pub(crate) struct Inspected {
    /// What could be read.
    pub settings: Settings,
    /// All errors but those in secrets.
    pub errors: ConfigErrors,
}

/// `[outputs]`: files written after each cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSettings {
    /// Atom file.
    pub atom: Option<PathBuf>,
    /// JSON Feed file.
    pub json_feed: Option<PathBuf>,
    /// iCalendar file.
    pub calendar: Option<PathBuf>,
    /// The page.
    pub board: Option<PathBuf>,
    /// Address of the folder that serves them; empty if none does.
    pub public_url: String,
    /// Domain in their permanent IDs.
    pub authority: String,
    /// Number of the newest stories in the feeds.
    pub entries: usize,
}

/// `[metrics]`.
#[derive(Clone, PartialEq, Eq)]
pub struct MetricsSettings {
    /// File for Prometheus' textfile collector.
    pub textfile: Option<PathBuf>,
    /// Address to ping when a cycle starts and ends; secret.
    pub healthcheck_url: Option<String>,
    /// The variable that should hold this address and is not set.
    pub unset_variable: Option<String>,
}

impl std::fmt::Debug for MetricsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ping = self.healthcheck_url.as_ref().map(|_| "••••");
        f.debug_struct("MetricsSettings")
            .field("textfile", &self.textfile)
            .field("ping", &ping)
            .field("unset_variable", &self.unset_variable)
            .finish()
    }
}

/// Reads the settings from the file that `flags` and `environment` select. Missing secrets are no error.
pub fn load(flags: &Flags, environment: &Environment) -> Result<Settings, ConfigErrors> {
    inspect(flags, environment).into_result()
}

/// Reads the settings as far as they can be read.
pub(crate) fn inspect(flags: &Flags, environment: &Environment) -> Inspected {
    let Some(path) = file(flags, environment) else {
        return resolve(Layers::built_in(), None, flags, environment);
    };
    match read(&path) {
        Ok(text) => inspect_text(&path, &text, flags, environment),
        Err(errors) => {
            let layers = Layers { errors, ..Layers::built_in() };
            resolve(layers, Some(path), flags, environment)
        }
    }
}

/// The text of the settings file `path`.
pub fn read(path: &Path) -> Result<String, ConfigErrors> {
    files::read_text(path, files::LONGEST).map_err(|message| {
        let mut errors = ConfigErrors::default();
        let name = path.display().to_string();
        let is_missing = std::fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        errors.add(&name, if is_missing { format!("{}: {name}", errors::NO_FILE) } else { message });
        errors
    })
}

/// The result of [`load`] if the file `path` had that `text`, to check an edit before it is written.
pub fn load_text(
    path: &Path,
    text: &str,
    flags: &Flags,
    environment: &Environment,
) -> Result<Settings, ConfigErrors> {
    inspect_text(path, text, flags, environment).into_result()
}

fn inspect_text(path: &Path, text: &str, flags: &Flags, environment: &Environment) -> Inspected {
    let mut layers = Layers::built_in();
    let name = path.display().to_string();
    if text.len() as u64 > files::LONGEST {
        layers.errors.add(&name, format!("is longer than {}", quantity::show_size(files::LONGEST)));
    } else {
        layers.merge_file(&name, text);
    }
    resolve(layers, Some(path.to_owned()), flags, environment)
}

impl Inspected {
    fn into_result(self) -> Result<Settings, ConfigErrors> {
        if self.errors.0.is_empty() { Ok(self.settings) } else { Err(self.errors) }
    }
}

impl Settings {
    /// Frees the parsed tables of the file, about a kilobyte each: a cycle uses the resolved settings only.
    #[must_use]
    pub fn without_tables(mut self) -> Self {
        self.layers.lists.clear();
        self
    }

    /// The `site` of each feed that has one, by the feed's address.
    #[must_use]
    pub fn websites(&self) -> HashMap<&str, &str> {
        let text = built_in::text_of;
        let rows = self.layers.lists.get("feeds").into_iter().flatten();
        let listed = rows.filter_map(|row| Some((text(row, "url")?, text(row, "site")?)));
        let imported = self.imported.iter().filter(|feed| !feed.site.is_empty());
        listed.chain(imported.map(|feed| (feed.source.url.as_str(), feed.site.as_str()))).collect()
    }
}

/// Settings from `text` alone, with `state_dir` for their state. A list in `text` replaces the built-in one, unless it
/// says otherwise.
pub fn from_text(text: &str, state_dir: &Path) -> Result<Settings, ConfigErrors> {
    let mut layers = Layers::built_in();
    layers.merge_file("settings", text);
    let flags = Flags { config: None, state_dir: Some(state_dir.to_owned()) };
    resolve(layers, None, &flags, &Environment::default()).into_result()
}

/// The named settings file, or the first that exists (docs/reference/settings.md#settings-file).
#[must_use]
pub fn file(flags: &Flags, environment: &Environment) -> Option<PathBuf> {
    if let Some(named) = flags.config.clone().or_else(|| environment.path("TGE_SCRAPE_CONFIG")) {
        return Some(named);
    }
    let config_dir =
        environment.path("XDG_CONFIG_HOME").or_else(|| Some(environment.path("HOME")?.join(".config")));
    let places = [
        Some(PathBuf::from(FILE_NAME)),
        config_dir.map(|dir| dir.join("tge-scrape/config.toml")),
        Some(PathBuf::from("/etc/tge-scrape/config.toml")),
    ];
    places.into_iter().flatten().find(|path| path.exists())
}

/// The folder of the settings file, in which sources that are programs run; without a file the working directory.
fn directory(file: Option<&Path>) -> &Path {
    let parent = file.and_then(Path::parent).filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

fn resolve(mut layers: Layers, file: Option<PathBuf>, flags: &Flags, environment: &Environment) -> Inspected {
    built_in::replace_lists(&mut layers);
    layers.merge_environment(environment);
    state_dir(&mut layers, flags, environment);
    let built_in = built_in::add_lists(&mut layers);
    let lists = std::mem::take(&mut layers.lists);
    let row = |list: &str| lists.get(list).map(Vec::as_slice).unwrap_or_default();
    let budget_usd = layers.number("x.monthly_budget_usd", 0.0..=MAX_BUDGET_USD);
    let article_ttl = layers.duration("cache.article_ttl");
    let mut settings = Settings {
        cycle: cycle::Settings {
            timeout: layers.time_limit("cycle.timeout"),
            max_failed_ratio: layers.number("cycle.max_failed_ratio", 0.0..=1.0),
            retention: keep_section::retention(&mut layers, article_ttl),
        },
        http: http_section::settings(&mut layers),
        cache: visit::Settings {
            memory_limit: layers.size("cache.memory_limit"),
            feed_ttl: layers.duration("cache.feed_ttl"),
            feed_ttl_max: layers.duration("cache.feed_ttl_max"),
            article_ttl,
            catch_up: 0,
            without_savings: false,
            refresh: visit::Refresh::Nothing,
        },
        // Directly from the flag, because a folder's name need not be UTF-8.
        state_dir: flags.state_dir.clone().unwrap_or_else(|| PathBuf::from(layers.text("state.dir"))),
        detect: detect::Settings {
            threshold: u8::try_from(layers.whole("detect.threshold", 0..=100)).unwrap_or(100),
            watched_only: layers.flag("detect.watched_only"),
            encoder: layers.flag("detect.encoder"),
            mute: layers.texts("detect.mute"),
            languages: languages(&mut layers),
            projects: rows::projects(row("projects"), &mut layers.errors),
            phrases: rows::phrases(row("phrases"), &mut layers.errors),
        },
        x: x_section::settings(&mut layers, environment, budget_usd),
        targets: targets_section::targets(&mut layers),
        checks: checks_section::checks(row("checks"), &mut layers.errors),
        metrics: outputs_section::metrics(&mut layers, environment),
        sources: rows::sources(row("feeds"), environment, directory(file.as_deref()), &mut layers.errors),
        imported: Vec::new(),
        sites: sites_section::sites(row("sites"), &mut layers.errors),
        alerts: Arc::new(alert_settings(&mut layers, row("channels"), environment, budget_usd)),
        outputs: outputs_section::outputs(&mut layers),
        log: log_section::settings(&mut layers),
        serve: serve_section::settings(&mut layers, environment),
        file,
        built_in,
        missing_secrets: ConfigErrors::default(),
        layers: Layers { lists, ..layers },
    };
    let (missing_secrets, errors) = std::mem::take(&mut settings.layers.errors).split_secrets();
    settings.missing_secrets = missing_secrets.in_order();
    Inspected { settings, errors: errors.in_order() }
}

/// The languages to judge; `"*"` stands for all, which is the empty list.
fn languages(layers: &mut Layers) -> Vec<Language> {
    let codes = layers.texts("detect.languages");
    if codes.is_empty() {
        layers.wrong("detect.languages", r#"is empty: write ["*"] for every language"#);
    }
    let mut languages = Vec::new();
    for code in codes.iter().filter(|code| *code != "*") {
        if let Ok(language) = code.parse() {
            languages.push(language);
        } else {
            let known = <Language as strum::VariantNames>::VARIANTS.join(", ");
            let message = format!("{code:?} is no known language: write \"*\" or some of {known}");
            layers.wrong("detect.languages", message);
        }
    }
    if codes.iter().any(|code| code == "*") { Vec::new() } else { languages }
}

/// Flag, then `TGE_SCRAPE_STATE_DIR`, then the settings, then systemd's folder, then the built-in one.
fn state_dir(layers: &mut Layers, flags: &Flags, environment: &Environment) {
    let built_in = layers.is_built_in("state.dir");
    let choice = if let Some(dir) = &flags.state_dir {
        Some((dir.display().to_string(), Origin::Flag("--state-dir")))
    } else if let Some(dir) = environment.get("TGE_SCRAPE_STATE_DIR") {
        Some((dir.to_owned(), Origin::Environment("TGE_SCRAPE_STATE_DIR".to_owned())))
    } else {
        environment
            .get("STATE_DIRECTORY")
            .filter(|_| built_in)
            // systemd.exec(5): colons separate several folders.
            .and_then(|dirs| dirs.split(':').next())
            .map(|dir| (dir.to_owned(), Origin::Environment("STATE_DIRECTORY".to_owned())))
    };
    if let Some((dir, origin)) = choice {
        layers.values.insert("state.dir".to_owned(), (RawValue::String(dir), origin));
    }
}

fn alert_settings(
    layers: &mut Layers,
    channels: &[layers::Row],
    environment: &Environment,
    budget_usd: f64,
) -> alert::Settings {
    let variables = layers.texts("hooks.environment");
    let hook = |layers: &mut Layers, name: &str| {
        let command = layers.command(&format!("hooks.{name}"));
        (!command.is_empty()).then(|| Program {
            command,
            environment: channels::program_environment(environment, &variables),
            ..Program::default()
        })
    };
    let summary_at = layers.text("alerts.summary_at");
    let summary_at = channels::weekly(&summary_at).unwrap_or_else(|message| {
        layers.wrong("alerts.summary_at", message);
        alert::ChannelPolicy::new("").summary_at
    });
    alert::Settings {
        hooks: Hooks {
            before_cycle: hook(layers, "before_cycle"),
            after_cycle: hook(layers, "after_cycle"),
            on_detection: hook(layers, "on_detection"),
            on_failure: hook(layers, "on_failure"),
            timeout: layers.time_limit("hooks.timeout"),
        },
        delivery_timeout: layers.time_limit("alerts.delivery_timeout"),
        give_up_after: layers.duration_within("alerts.give_up_after", GIVE_UP_LEAST, GIVE_UP_MOST),
        outbox_max_age: layers.duration("alerts.outbox_max_age"),
        disk_free: layers.size("alerts.disk_free"),
        budget_usd,
        channels: channels::channels(channels, environment, summary_at, &mut layers.errors),
    }
}

fn amount(number: i64) -> usize {
    usize::try_from(number).unwrap_or(1)
}
