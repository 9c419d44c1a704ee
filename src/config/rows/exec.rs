//! Sources that are programs: `kind = "exec"`, `command`, `environment`, `timeout`, `memory`.

use std::{path::Path, time::Duration};

use url::Url;

use super::{Reader, unset};
use crate::{
    config::{
        channels::{PROGRAM_ENVIRONMENT, program_environment},
        environment::Environment,
        layers::duration,
    },
    model::{EXEC_SCHEME, ExecSource, SourceFormat},
    text::{
        quantity::{self, show_duration, show_size},
        secret,
    },
};

/// Keys of sources that are requested.
const OF_REQUESTS: [&str; 11] = [
    "also",
    "preset",
    "mapping",
    "select",
    "pages",
    "method",
    "body",
    "cursor",
    "headers",
    "headers_env",
    "site",
];
const TIMEOUT: Duration = Duration::from_mins(1);
const TIMEOUTS: [Duration; 2] = [Duration::from_secs(1), Duration::from_mins(10)];
/// Address space of a Python program with its usual libraries is below 500 MiB.
const MEMORY: u64 = 1 << 30;
const MEMORIES: [u64; 2] = [16 << 20, 64 << 30];
/// Characters of a program's name in its address.
const LONGEST: usize = 64;

/// What follows `exec:` in `url`; `None` for another address.
pub(super) fn name(url: &str) -> Option<&str> {
    url.strip_prefix(EXEC_SCHEME)?.strip_prefix(':')
}

pub(super) fn address(text: &str) -> Result<Url, String> {
    let name = name(text).unwrap_or_default();
    let is_name = !name.is_empty()
        && name.len() <= LONGEST
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let url = Url::parse(text).ok().filter(|_| is_name);
    url.ok_or_else(|| {
        format!("{text:?}: the name of a program has at most {LONGEST} letters, digits, dots, - and _")
    })
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    environment: &Environment,
    directory: &Path,
    enabled: bool,
) -> SourceFormat {
    let kind = reader.text("kind");
    if !matches!(kind.as_str(), "" | "exec") {
        reader.wrong("kind", format!("the source of a url exec:NAME is a program, not of kind {kind:?}"));
    }
    for key in OF_REQUESTS {
        if reader.find(key).is_some() {
            reader.wrong(key, "belongs to a source that is requested, not to a program");
        }
    }
    let command = reader.texts("command");
    if command.is_empty() {
        let message = r#"needs the program and its arguments, such as ["./votes.py", "--new"]"#;
        reader.wrong("command", message);
    }
    let named = reader.texts("environment");
    for variable in named.iter().filter(|_| enabled) {
        if environment.get(variable).is_none() {
            reader.wrong_secret("environment", unset(variable));
        }
    }
    let secrets = named.iter().filter(|name| !PROGRAM_ENVIRONMENT.contains(&name.as_str()));
    let secrets = secrets.filter_map(|name| environment.get(name)).map(str::to_owned);
    SourceFormat::Exec(Box::new(ExecSource {
        command,
        environment: program_environment(environment, &named),
        // A shorter one is part of any text.
        secrets: secrets.filter(|value| value.len() >= secret::SHORTEST).collect(),
        directory: directory.to_owned(),
        timeout: bounded(reader, "timeout", TIMEOUT, TIMEOUTS, duration, show_duration),
        memory: bounded(reader, "memory", MEMORY, MEMORIES, quantity::size, show_size),
    }))
}

/// The quantity under `key` within its bounds.
fn bounded<T: PartialOrd + Copy>(
    reader: &mut Reader<'_>,
    key: &str,
    default: T,
    [least, most]: [T; 2],
    read: fn(&str) -> Result<T, String>,
    show: fn(T) -> String,
) -> T {
    let text = reader.text(key);
    match Some(text.as_str()).filter(|text| !text.is_empty()).map(read) {
        None => default,
        Some(Ok(value)) if (least..=most).contains(&value) => value,
        Some(Ok(_)) => {
            reader.wrong(key, format!("should be between {} and {}", show(least), show(most)));
            default
        }
        Some(Err(message)) => {
            reader.wrong(key, message);
            default
        }
    }
}
