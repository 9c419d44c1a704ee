//! `[outputs]` and `[metrics]`.

use std::path::{Path, PathBuf};

use url::Url;

use super::{MetricsSettings, OutputSettings, amount, environment::Environment, layers::Layers};
use crate::text::{address::on_the_web, login::has_login};

/// The files written after each cycle.
const FILES: [&str; 5] =
    ["outputs.atom", "outputs.json_feed", "outputs.calendar", "outputs.board", "metrics.textfile"];

pub fn outputs(layers: &mut Layers) -> OutputSettings {
    let public_url = layers.text("outputs.public_url");
    let is_address = |url: &Url| on_the_web(url) && !has_login(url);
    if !public_url.is_empty() && !Url::parse(&public_url).is_ok_and(|url| is_address(&url)) {
        layers.wrong("outputs.public_url", "should be an http or https address without a login");
    }
    let authority = layers.text("outputs.authority");
    // RFC 4151, section 2.1: a domain or a mail address.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if authority.is_empty() || !authority.chars().all(is_plain) {
        layers.wrong("outputs.authority", format!("{authority:?} is no domain; write it as example.org"));
    }
    let [atom, json_feed, calendar, board, _] = FILES.map(|key| file(layers, key));
    OutputSettings {
        atom,
        json_feed,
        calendar,
        board,
        public_url,
        authority,
        entries: amount(layers.whole("outputs.entries", 1..=10_000)),
    }
}

/// The file at `key`. A folder, or a file that another key writes, is an error.
fn file(layers: &mut Layers, key: &str) -> Option<PathBuf> {
    let path = layers.text(key);
    if path.is_empty() {
        return None;
    }
    if path.ends_with('/') || Path::new(&path).is_dir() {
        layers.wrong(key, format!("{path} is a folder; name a file"));
    }
    let before = FILES.iter().take_while(|other| **other != key);
    let twin = before.copied().find(|other| layers.is_text(other, &path));
    // Several outputs may share a device such as /dev/null.
    if let Some(twin) = twin.filter(|_| !Path::new(&path).starts_with("/dev")) {
        layers.wrong(key, format!("{twin} writes the same file"));
    }
    Some(PathBuf::from(path))
}

pub fn metrics(layers: &mut Layers, environment: &Environment) -> MetricsSettings {
    let textfile = file(layers, "metrics.textfile");
    let variable = layers.text("metrics.healthcheck_url_env");
    let is_collected = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "prom");
    if textfile.as_ref().is_some_and(|path| !is_collected(path)) {
        layers.wrong("metrics.textfile", "should end in .prom: the collector reads no other file");
    }
    let url = environment.get(&variable).filter(|_| !variable.is_empty()).map(str::to_owned);
    if url.as_ref().is_some_and(|url| !Url::parse(url).is_ok_and(|url| on_the_web(&url))) {
        layers.wrong_secret(
            "metrics.healthcheck_url_env",
            format!("{variable} holds no http or https address"),
        );
    }
    let unset = (url.is_none() && !variable.is_empty()).then_some(variable);
    MetricsSettings { textfile, healthcheck_url: url, unset_variable: unset }
}
