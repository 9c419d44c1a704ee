//! Every value with its origin; secrets are masked.

use super::{Settings, raw::RawValue};

/// One value of `config show`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// `section.key`.
    pub key: String,
    /// As TOML.
    pub value: String,
    /// See [`Origin`](super::Origin).
    pub origin: String,
}

/// Keys of a list's tables that are no secret; others, such as headers and a channel's addresses, may be.
const OPEN: &[&str] = &[
    "url",
    "name",
    "tier",
    "tags",
    "enabled",
    "kind",
    "preset",
    "mapping",
    "verified",
    "aliases",
    "tokens",
    "exclude",
    "handles",
    "domains",
    "priority",
    "threshold",
    "text",
    "weight",
    "min_class",
    "site",
    "topics",
    "instant",
    "events",
    "projects",
    "watched_only",
    "time_zone",
    "digest_at",
    "quiet",
    "quiet_break",
    "max_instant",
    "cool_down",
    "max_age",
    "updates",
    "interval",
    "timeout",
    "allow_private_address",
    "host",
    "port",
    "tls",
    "path",
    "ca_file",
    "server",
];
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
        for (at, row) in rows.iter().enumerate() {
            for (key, _, value) in &row.pairs {
                let secret = !OPEN.contains(&key.as_str()) || (*list == "channels" && key == "url");
                let value = if secret { DOTS.to_owned() } else { value.show() };
                all.push(Shown { key: format!("{list}[{at}].{key}"), value, origin: row.place.clone() });
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
