//! Every value with its origin; secrets are masked.

use super::{Settings, channels, checks_section, raw::RawValue, rows::FEED_KEYS};

/// One value of `config show`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// `section.key`.
    pub key: String,
    /// As TOML.
    pub value: String,
    /// See `Origin`.
    pub origin: String,
}

impl Shown {
    /// Whether nobody set the value: neither file, environment nor flag. An empty secret is not set.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.origin == "built in" || self.origin.starts_with("starter:") || self.value == "\"\""
    }

    /// The section, or the list without its number.
    #[must_use]
    pub fn section(&self) -> &str {
        self.key.split(['.', '[']).next().unwrap_or_default()
    }
}

/// Further keys of a list's tables that are no secret.
const OPEN: [&str; 15] = [
    "aliases",
    "tokens",
    "exclude",
    "handles",
    "domains",
    "priority",
    "threshold",
    "text",
    "weight",
    "host",
    "port",
    "tls",
    "path",
    "ca_file",
    "server",
];

/// Whether the value of `key` may be shown; others, such as headers, a body, arguments of programs and a channel's addresses,
/// may be secret.
fn is_open(list: &str, key: &str) -> bool {
    let is_secret = ["body", "command"].contains(&key) || key.starts_with("headers");
    let of_feeds = FEED_KEYS.contains(&key) && !is_secret;
    let is_named = of_feeds
        || channels::COMMON.contains(&key)
        || OPEN.contains(&key)
        || checks_section::KEYS.contains(&key)
        || list == "sites";
    is_named && !(list == "channels" && key == "url")
}
const DOTS: &str = "\"••••\"";

/// All settings: single values first, then lists.
#[must_use]
pub fn shown(settings: &Settings) -> Vec<Shown> {
    let layers = &settings.layers;
    let mut all: Vec<Shown> = layers
        .values
        .iter()
        .map(|(key, (value, origin))| {
            let value = if key == "http.proxy" { without_login(value) } else { value.show() };
            Shown { key: key.clone(), value, origin: origin.show() }
        })
        .collect();
    let token = if settings.x.token.is_some() { DOTS } else { "\"\"" };
    all.push(Shown {
        key: "x.bearer_token".to_owned(),
        value: token.to_owned(),
        origin: "secret".to_owned(),
    });
    for (list, rows) in &layers.lists {
        for (number, row) in rows.iter().enumerate() {
            for (key, at, value) in &row.pairs {
                let secret = !is_open(list, key);
                let value = if secret { DOTS.to_owned() } else { value.show() };
                let origin = row.place.with(at.value).to_string();
                all.push(Shown { key: format!("{list}[{number}].{key}"), value, origin });
            }
        }
    }
    all
}

fn without_login(value: &RawValue) -> String {
    if let RawValue::String(text) = value
        && let Ok(mut url) = url::Url::parse(text)
        && !(url.username().is_empty() && url.password().is_none())
        && url.set_password(None).is_ok()
        && url.set_username("hidden").is_ok()
    {
        return RawValue::String(url.to_string()).show();
    }
    value.show()
}
