//! Settings: flag > environment > file > built in, resolved once into plain values.
//!
//! The only room that reads the environment. All mistakes are found before the first is told.

mod channels;
mod cleartext;
mod environment;
mod http_section;
mod layers;
mod mistakes;
mod raw;
mod rows;
mod show;

#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use url::Url;

use crate::{
    alert::{self, Hooks, Program},
    detect,
    figures::targets::Settings as TargetSettings,
    http,
    model::Source,
    text::address::on_the_web,
    x,
};

pub use cleartext::{CLEARTEXT_HINT, cleartext};
pub use environment::Environment;
pub use layers::{DEFAULTS, Origin};
pub use mistakes::{Mistake, Mistakes};
pub use show::{Shown, shown};

use layers::Layers;
use raw::Raw;

/// The built-in feeds and projects, which apply where the settings name none.
pub const STARTER: &str = include_str!("starter.toml");
/// Characters a search may have: X allows 512 (facts sheet on X, section 2), some of which our own terms take.
const LONGEST_SEARCH: usize = 480;
/// What the settings file is called in the working directory.
pub const FILE_NAME: &str = "tge-scrape.toml";

/// What the command line says of the settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--state-dir`.
    pub state_dir: Option<PathBuf>,
}

/// Every setting, resolved.
#[derive(Debug)]
pub struct Settings {
    /// The file they came from, if there is one.
    pub file: Option<PathBuf>,
    /// `[cycle]`.
    pub cycle: CycleSettings,
    /// `[http]`.
    pub http: http::Settings,
    /// `[cache]`.
    pub cache: CacheSettings,
    /// The state folder.
    pub state_dir: PathBuf,
    /// `[detect]`, `[[projects]]` and `[[phrases]]`.
    pub detect: detect::Settings,
    /// `[x]`.
    pub x: x::Settings,
    /// `[targets]`.
    pub targets: TargetSettings,
    /// `[metrics]`.
    pub metrics: MetricsSettings,
    /// `x.monthly_budget_usd`.
    pub x_budget_usd: f64,
    /// The enabled `[[feeds]]`.
    pub sources: Vec<Arc<Source>>,
    /// `[[channels]]`, `[alerts]` and `[hooks]`.
    pub alerts: Arc<alert::Settings>,
    /// `[outputs]`.
    pub outputs: OutputSettings,
    layers: Layers,
}

/// `[cycle]`.
#[derive(Debug, Clone, PartialEq)]
pub struct CycleSettings {
    /// No request is started after this.
    pub timeout: Duration,
    /// The share of sources that may fail, 0 to 1.
    pub max_failed_ratio: f64,
}

/// `[cache]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// Bytes of the memory level.
    pub memory_limit: u64,
    /// Least time between two requests for one feed.
    pub feed_ttl: Duration,
    /// The same for a feed that publishes seldom.
    pub feed_ttl_max: Duration,
    /// How long a page is used without asking again.
    pub article_ttl: Duration,
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
    /// Address of the folder they are served from; empty if they are not.
    pub public_url: String,
    /// Domain their lasting names are made with.
    pub authority: String,
    /// Newest stories in the feeds.
    pub entries: usize,
}

/// `[metrics]`.
#[derive(Clone, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Where the figures for Prometheus' textfile collector go, if they are wanted.
    pub textfile: Option<PathBuf>,
    /// What is pinged as a cycle begins and ends, if anything; a secret, never shown.
    pub healthcheck_url: Option<String>,
}

impl std::fmt::Debug for MetricsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ping = self.healthcheck_url.as_ref().map(|_| "••••");
        f.debug_struct("MetricsSettings").field("textfile", &self.textfile).field("ping", &ping).finish()
    }
}

/// Reads the settings from where `flags` and `environment` say.
///
/// # Errors
/// Every mistake found, each with its place.
pub fn load(flags: &Flags, environment: &Environment) -> Result<Settings, Mistakes> {
    let file = find(flags, environment);
    let mut layers = Layers::built_in();
    if let Some(path) = &file {
        match fs::read_to_string(path) {
            Ok(text) => layers.lay_file(&path.display().to_string(), &text),
            Err(error) => {
                layers.mistakes.add(&path.display().to_string(), format!("cannot be read: {error}"));
            }
        }
    }
    resolve(layers, file, flags, environment)
}

impl Settings {
    /// Lets go of the tables as they stand in the file, a kilobyte each: all that is wanted of them to run is resolved.
    #[must_use]
    pub fn without_tables(mut self) -> Self {
        self.layers.lists.clear();
        self
    }

    /// The page that a feed of the settings belongs to, as its list named it; empty if none did.
    #[must_use]
    pub fn site(&self, url: &str) -> String {
        let text = |row: &layers::Row, key: &str| {
            row.pairs.iter().find(|(name, ..)| name == key).and_then(|(_, _, value)| match value {
                Raw::Text(text) => Some(text.trim().to_owned()),
                _ => None,
            })
        };
        let mut rows = self.layers.lists.get("feeds").into_iter().flatten();
        rows.find(|row| text(row, "url").as_deref() == Some(url))
            .and_then(|row| text(row, "site"))
            .unwrap_or_default()
    }
}

/// Settings from `text` alone, with `state_dir` for their state.
///
/// # Errors
/// As [`load`].
pub fn from_text(text: &str, state_dir: &Path) -> Result<Settings, Mistakes> {
    let mut layers = Layers::built_in();
    layers.lay_file("settings", text);
    let flags = Flags { config: None, state_dir: Some(state_dir.to_owned()) };
    resolve(layers, None, &flags, &Environment::default())
}

/// The first settings file there is (conventions, section 10). One that was named must be there.
fn find(flags: &Flags, environment: &Environment) -> Option<PathBuf> {
    if let Some(named) = flags.config.clone().or_else(|| environment.path("TGE_SCRAPE_CONFIG")) {
        return Some(named);
    }
    let home =
        environment.path("XDG_CONFIG_HOME").or_else(|| Some(environment.path("HOME")?.join(".config")));
    let places = [
        Some(PathBuf::from(FILE_NAME)),
        home.map(|home| home.join("tge-scrape/config.toml")),
        Some(PathBuf::from("/etc/tge-scrape/config.toml")),
    ];
    places.into_iter().flatten().find(|path| path.exists())
}

fn resolve(
    mut layers: Layers,
    file: Option<PathBuf>,
    flags: &Flags,
    environment: &Environment,
) -> Result<Settings, Mistakes> {
    layers.lay_environment(environment);
    state_dir(&mut layers, flags, environment);
    // A file that does not speak of feeds, or of projects, means "the usual ones"; an empty list means none.
    let missing: Vec<&str> =
        ["feeds", "projects"].into_iter().filter(|list| !layers.lists.contains_key(list)).collect();
    if !missing.is_empty() {
        let mut starter = Layers::built_in();
        starter.lay_file("starter", STARTER);
        layers.lists.extend(missing.into_iter().filter_map(|list| starter.lists.remove_entry(list)));
    }
    let lists = std::mem::take(&mut layers.lists);
    let row = |list: &str| lists.get(list).map(Vec::as_slice).unwrap_or_default();
    let settings = Settings {
        cycle: CycleSettings {
            timeout: layers.time_limit("cycle.timeout"),
            max_failed_ratio: layers.number("cycle.max_failed_ratio", 0.0..=1.0),
        },
        http: http_section::settings(&mut layers),
        cache: CacheSettings {
            memory_limit: layers.size("cache.memory_limit"),
            feed_ttl: layers.duration("cache.feed_ttl"),
            feed_ttl_max: layers.duration("cache.feed_ttl_max"),
            article_ttl: layers.duration("cache.article_ttl"),
        },
        state_dir: PathBuf::from(layers.text("state.dir")),
        detect: detect::Settings {
            threshold: u8::try_from(layers.whole("detect.threshold", 0..=100)).unwrap_or(100),
            watched_only: layers.flag("detect.watched_only"),
            mute: layers.texts("detect.mute"),
            projects: rows::projects(row("projects"), &mut layers.mistakes),
            phrases: rows::phrases(row("phrases"), &mut layers.mistakes),
        },
        x: x_settings(&mut layers, environment),
        targets: target_settings(&mut layers),
        metrics: metrics_settings(&mut layers, environment),
        x_budget_usd: layers.number("x.monthly_budget_usd", 0.0..=1e9),
        sources: rows::sources(row("feeds"), environment, &mut layers.mistakes),
        alerts: Arc::new(alert_settings(&mut layers, row("channels"), environment)),
        outputs: output_settings(&mut layers),
        file,
        layers: Layers { lists, ..layers },
    };
    if settings.layers.mistakes.0.is_empty() { Ok(settings) } else { Err(settings.layers.mistakes) }
}

/// Flag, then `TGE_SCRAPE_STATE_DIR`, then the settings, then systemd's folder, then the built-in one.
fn state_dir(layers: &mut Layers, flags: &Flags, environment: &Environment) {
    let built_in = matches!(layers.values.get("state.dir"), Some((_, Origin::BuiltIn)));
    let choice = if let Some(dir) = &flags.state_dir {
        Some((dir.display().to_string(), Origin::Flag("--state-dir")))
    } else if let Some(dir) = environment.get("TGE_SCRAPE_STATE_DIR") {
        Some((dir.to_owned(), Origin::Environment("TGE_SCRAPE_STATE_DIR".to_owned())))
    } else {
        environment
            .get("STATE_DIRECTORY")
            .filter(|_| built_in)
            // systemd.exec(5): several folders are parted by colons.
            .and_then(|dirs| dirs.split(':').next())
            .map(|dir| (dir.to_owned(), Origin::Environment("STATE_DIRECTORY".to_owned())))
    };
    if let Some((dir, origin)) = choice {
        layers.values.insert("state.dir".to_owned(), (Raw::Text(dir), origin));
    }
}

fn alert_settings(
    layers: &mut Layers,
    channels: &[layers::Row],
    environment: &Environment,
) -> alert::Settings {
    let variables = layers.texts("hooks.environment");
    let hook = |layers: &mut Layers, name: &str| {
        let command = layers.texts(&format!("hooks.{name}"));
        (!command.is_empty())
            .then(|| Program { command, environment: channels::surroundings(environment, &variables) })
    };
    alert::Settings {
        hooks: Hooks {
            before_cycle: hook(layers, "before_cycle"),
            after_cycle: hook(layers, "after_cycle"),
            on_detection: hook(layers, "on_detection"),
            on_failure: hook(layers, "on_failure"),
            timeout: layers.time_limit("hooks.timeout"),
        },
        delivery_timeout: layers.time_limit("alerts.delivery_timeout"),
        outbox_max_age: layers.duration("alerts.outbox_max_age"),
        disk_free: layers.size("alerts.disk_free"),
        budget_usd: layers.number("x.monthly_budget_usd", 0.0..=1e9),
        channels: channels::channels(channels, environment, &mut layers.mistakes),
    }
}

fn output_settings(layers: &mut Layers) -> OutputSettings {
    let file = |layers: &mut Layers, name: &str| {
        let path = layers.text(&format!("outputs.{name}"));
        (!path.is_empty()).then(|| PathBuf::from(path))
    };
    OutputSettings {
        atom: file(layers, "atom"),
        json_feed: file(layers, "json_feed"),
        calendar: file(layers, "calendar"),
        public_url: layers.text("outputs.public_url"),
        authority: layers.text("outputs.authority"),
        entries: amount(layers.whole("outputs.entries", 1..=10_000)),
    }
}

fn amount(number: i64) -> usize {
    usize::try_from(number).unwrap_or(1)
}

fn target_settings(layers: &mut Layers) -> TargetSettings {
    TargetSettings {
        cycle_time: layers.time_limit("targets.cycle_time"),
        call_reduction: layers.number("targets.call_reduction", 0.0..=1.0),
        cache_hit_ratio: layers.number("targets.cache_hit_ratio", 0.0..=1.0),
        connection_reuse: layers.number("targets.connection_reuse", 0.0..=1.0),
        rate_limit_violations: u64::try_from(layers.whole("targets.rate_limit_violations", 0..=i64::MAX))
            .unwrap_or(0),
        memory: layers.size_limit("targets.memory", 1 << 20, u64::MAX),
        error_ratio: layers.number("targets.error_ratio", 0.0..=1.0),
        statement_time: layers.time_limit("targets.statement_time"),
    }
}

fn metrics_settings(layers: &mut Layers, environment: &Environment) -> MetricsSettings {
    let textfile = layers.text("metrics.textfile");
    let variable = layers.text("metrics.healthcheck_url_env");
    let is_collected = Path::new(&textfile).extension().is_some_and(|extension| extension == "prom");
    if !textfile.is_empty() && !is_collected {
        layers.wrong("metrics.textfile", "should end in .prom: the collector reads no other file");
    }
    let url = environment.get(&variable).map(str::to_owned);
    if let Some(url) = url.as_ref().filter(|_| !variable.is_empty())
        && !(url.starts_with("http://") || url.starts_with("https://"))
    {
        layers.wrong("metrics.healthcheck_url_env", format!("{variable} holds no http or https address"));
    }
    MetricsSettings {
        textfile: (!textfile.is_empty()).then(|| PathBuf::from(textfile)),
        healthcheck_url: url.filter(|_| !variable.is_empty()),
    }
}

/// `[x]`: all of it, and the token from the variable, the file, or systemd's credentials.
fn x_settings(layers: &mut Layers, environment: &Environment) -> x::Settings {
    let address = layers.text("x.base_url");
    let base_url = Url::parse(&address).ok().filter(|url| {
        on_the_web(url)
            && url.username().is_empty()
            && url.password().is_none()
            // A token is not sent over a line that others can read.
            && (url.scheme() == "https" || is_local(url))
    });
    let base_url = base_url.unwrap_or_else(|| {
        layers.wrong("x.base_url", "should be an https address without a login; http only on this machine");
        x::official_address()
    });
    let accounts = layers.texts("x.accounts");
    for handle in accounts.iter().map(|handle| handle.trim_start_matches('@')) {
        if !x::is_handle(handle) {
            layers.wrong("x.accounts", format!("{handle:?} cannot be a handle on X"));
        }
    }
    let replies = layers.texts("x.replies");
    let bare = |list: Vec<String>| -> Vec<String> {
        list.into_iter().map(|handle| handle.trim_start_matches('@').to_owned()).collect()
    };
    let (accounts, replies) = (bare(accounts), bare(replies));
    for handle in &replies {
        if !accounts.iter().any(|account| account.eq_ignore_ascii_case(handle)) {
            layers.wrong("x.replies", format!("{handle:?} is not among x.accounts"));
        }
    }
    let searches = layers.texts("x.searches");
    for query in searches.iter().filter(|query| query.chars().count() > LONGEST_SEARCH) {
        layers.wrong(
            "x.searches",
            format!(
                "longer than {LONGEST_SEARCH} characters: {:?}",
                query.chars().take(40).collect::<String>()
            ),
        );
    }
    x::Settings {
        enabled: layers.flag("x.enabled"),
        base_url,
        token: token(layers, environment),
        budget: x::money::micros(layers.number("x.monthly_budget_usd", 0.0..=1e6)),
        budget_assumed: matches!(layers.values.get("x.monthly_budget_usd"), Some((_, Origin::BuiltIn))),
        lookback: layers.duration("x.lookback"),
        accounts,
        replies,
        searches,
        post_price: x::money::micros(layers.number("x.post_price_usd", 0.0..=1e3)),
        user_price: x::money::micros(layers.number("x.user_price_usd", 0.0..=1e3)),
        user_ttl: layers.duration("cache.user_ttl"),
        min_followers: u64::try_from(layers.whole("x.min_followers", 0..=1_000_000_000)).unwrap_or(0),
        keep_text: layers.flag("x.keep_text"),
    }
}

/// Whether `url` stays on this machine.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn token(layers: &mut Layers, environment: &Environment) -> Option<x::Token> {
    let variable = layers.text("x.bearer_token_env");
    let file = layers.text("x.bearer_token_file");
    let mut text = environment.get(&variable).map(str::to_owned);
    if text.is_none() && !file.is_empty() {
        match fs::read_to_string(Path::new(&file)) {
            Ok(read) => text = Some(read),
            Err(error) => {
                layers.wrong("x.bearer_token_file", format!("{file} cannot be read: {error}"));
            }
        }
    }
    let credential = environment.path("CREDENTIALS_DIRECTORY").map(|dir| dir.join("x-bearer"));
    let text = text.or_else(|| credential.and_then(|path| fs::read_to_string(path).ok()))?;
    let token = x::Token::read(&text);
    if token.is_none() && !text.trim().is_empty() {
        // Not repeated here: it may hold most of a secret.
        layers.wrong("x.bearer_token_env", "the token found holds spaces or signs that no token has");
    }
    token
}
