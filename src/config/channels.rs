//! `[[channels]]`: the keys of each kind, secrets from the environment or files, and every error with its position.

mod policy;

pub use policy::weekly;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use url::Url;

use super::{
    environment::Environment,
    errors::ConfigErrors,
    files::{LONGEST_SECRET, read_text},
    layers::{CONTROL, NO_TIME, Place, Row},
    raw::RawValue,
    rows::{Reader, unset},
};
use crate::{
    alert::{
        Channel, ChannelKind,
        channels::{
            Discord, Email, Exec, File, Mailbox, Ntfy, Security, Slack, Telegram, Webhook, WebhookSecret,
        },
        week::WeekTime,
    },
    process::Program,
    text::{address::on_the_web, login::has_login},
};

/// Keys of every kind.
pub(super) const COMMON: [&str; 23] = [
    "kind",
    "name",
    "enabled",
    "topics",
    "min_class",
    "min_level",
    "instant",
    "events",
    "projects",
    "tags",
    "watched_only",
    "time_zone",
    "digest_at",
    "summary_at",
    "quiet",
    "quiet_break",
    "max_instant",
    "cool_down",
    "max_age",
    "updates",
    "interval",
    "timeout",
    "allow_private_address",
];
/// Each kind with its further keys.
const KINDS: [(&str, &[&str]); 8] = [
    ("slack", &["url", "url_env", "url_file"]),
    ("discord", &["url", "url_env", "url_file"]),
    ("telegram", &["token", "token_env", "token_file", "chat", "server"]),
    (
        "email",
        &[
            "host",
            "port",
            "tls",
            "username",
            "password",
            "password_env",
            "password_file",
            "from",
            "to",
            "ca_file",
        ],
    ),
    ("ntfy", &["url", "url_env", "url_file", "token", "token_env", "token_file"]),
    (
        "webhook",
        &[
            "url",
            "url_env",
            "url_file",
            "secret",
            "secret_env",
            "secret_file",
            "old_secret",
            "old_secret_env",
            "old_secret_file",
        ],
    ),
    ("exec", &["command", "environment"]),
    ("file", &["path"]),
];
/// Environment variables that every user's program gets.
pub(super) const PROGRAM_ENVIRONMENT: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];
const TELEGRAM: &str = "https://api.telegram.org";
/// Time limit of one attempt (docs/reference/formats.md#delivery-retries).
const TIMEOUT: Duration = Duration::from_secs(15);

/// The variables of `environment` that a program gets: [`PROGRAM_ENVIRONMENT`] and those of `named`.
pub fn program_environment(environment: &Environment, named: &[String]) -> Vec<(String, String)> {
    let names = PROGRAM_ENVIRONMENT.into_iter().chain(named.iter().map(String::as_str));
    names.filter_map(|name| Some((name.to_owned(), environment.get(name)?.to_owned()))).collect()
}

/// The enabled channels of `rows`. `summary_at` is the time of the summary for channels that name none.
pub fn channels(
    rows: &[Row],
    environment: &Environment,
    summary_at: WeekTime,
    errors: &mut ConfigErrors,
) -> Vec<Channel> {
    let mut names: HashMap<String, Place> = HashMap::new();
    let mut found = Vec::new();
    for row in rows {
        let mut reader = Reader { row, errors };
        let kind = reader.text("kind");
        let Some((_, own)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            let kinds = KINDS.map(|(name, _)| name).join(", ");
            reader.wrong("kind", format!("should be one of {kinds}, is {kind:?}"));
            continue;
        };
        let known: Vec<&str> = COMMON.iter().chain(own.iter()).copied().collect();
        reader.known(&known);
        let name = Some(reader.text("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| kind.clone());
        if let Some(first) = names.insert(name.clone(), row.place.clone()) {
            reader.wrong("name", format!("duplicate of the channel in {first}; give each its own name"));
            continue;
        }
        let enabled = reader.flag("enabled", true);
        let mut channel = ChannelReader { reader, environment, secrets: Vec::new(), enabled, summary_at };
        let kind = channel.kind(&kind);
        let channel = channel.channel(&name, kind);
        found.extend(channel.filter(|_| enabled));
    }
    found
}

struct ChannelReader<'a> {
    reader: Reader<'a>,
    environment: &'a Environment,
    /// For the fingerprint.
    secrets: Vec<String>,
    /// A disabled channel may lack its secrets.
    enabled: bool,
    summary_at: WeekTime,
}

impl ChannelReader<'_> {
    /// The secret from `key`, the variable `key_env` or the file `key_file`; empty if none is given.
    fn secret(&mut self, key: &str) -> String {
        let (variable, file) = (format!("{key}_env"), format!("{key}_file"));
        let given: Vec<&str> = [key, variable.as_str(), file.as_str()]
            .into_iter()
            .filter(|key| self.reader.find(key).is_some())
            .collect();
        if given.len() > 1 {
            self.reader.wrong(given[1], format!("{key} is given twice"));
        }
        for key in [&variable, &file] {
            if matches!(self.reader.find(key), Some((_, RawValue::String(name))) if name.trim().is_empty()) {
                self.reader.wrong(key, "is empty; remove it, or name the variable or file of the secret");
            }
        }
        let named = self.reader.text(&variable);
        let path = self.reader.text(&file);
        let mut secret = self.reader.text(key);
        if !named.is_empty() {
            match self.environment.get(&named) {
                Some(value) => value.trim().clone_into(&mut secret),
                None if self.enabled => self.reader.wrong_secret(&variable, unset(&named)),
                None => {}
            }
        } else if !path.is_empty() {
            match read_text(Path::new(&path), LONGEST_SECRET) {
                Ok(text) if self.enabled && text.trim().is_empty() => {
                    self.reader.wrong_secret(&file, format!("{path} is empty"));
                }
                Ok(text) => text.trim().clone_into(&mut secret),
                Err(message) if self.enabled => {
                    self.reader.wrong_secret(&file, format!("{path} {message}"));
                }
                Err(_) => {}
            }
        }
        if secret.chars().any(char::is_control) {
            self.wrong_secret(key, format!("the secret found {CONTROL}"));
            return String::new();
        }
        self.secrets.push(secret.clone());
        secret
    }

    /// Reports an error in the value of the secret `key`, which the file itself may hold.
    fn wrong_secret(&mut self, key: &str, message: impl Into<String>) {
        if self.reader.find(key).is_some() {
            self.reader.wrong(key, message);
        } else {
            let outside = [format!("{key}_env"), format!("{key}_file")];
            let named = outside.iter().find(|key| self.reader.find(key).is_some());
            self.reader.wrong_secret(named.map_or(key, String::as_str), message);
        }
    }

    /// As [`ChannelReader::secret`], but there must be one.
    fn needed(&mut self, key: &str) -> Option<String> {
        let secret = self.secret(key);
        if !secret.is_empty() {
            return Some(secret);
        }
        // If it was named but not found, that is reported already.
        let named =
            [format!("{key}_env"), format!("{key}_file")].iter().any(|key| self.reader.find(key).is_some());
        if !named && self.enabled {
            self.reader.wrong(key, format!("needs {key}, {key}_env or {key}_file"));
        }
        None
    }

    fn address(&mut self, key: &str) -> Option<Url> {
        let text = self.needed(key)?;
        let url = Url::parse(&text).ok().filter(on_the_web);
        if url.is_none() {
            // Not repeated here: it may be the secret.
            self.wrong_secret(key, "is not an http or https address");
        }
        url
    }

    fn kind(&mut self, kind: &str) -> Option<ChannelKind> {
        match kind {
            "slack" => Some(ChannelKind::Slack(Slack { url: self.address("url")? })),
            "discord" => Some(ChannelKind::Discord(Discord { url: self.address("url")? })),
            "telegram" => self.telegram(),
            "email" => self.email(),
            "ntfy" => self.ntfy(),
            "webhook" => self.webhook(),
            "exec" => {
                let command = self.reader.texts("command");
                if command.is_empty() {
                    self.reader.wrong(
                        "command",
                        "needs the program and its arguments, such as [\"/usr/local/bin/notify\"]",
                    );
                    return None;
                }
                let named = self.reader.texts("environment");
                let environment = program_environment(self.environment, &named);
                Some(ChannelKind::Exec(Exec {
                    program: Program { command, environment, ..Program::default() },
                }))
            }
            _ => {
                let path = self.reader.text("path");
                if path.is_empty() || path.ends_with('/') || Path::new(&path).is_dir() {
                    self.reader.wrong("path", "needs the file to append to");
                    return None;
                }
                Some(ChannelKind::File(File { path: PathBuf::from(path) }))
            }
        }
    }

    fn telegram(&mut self) -> Option<ChannelKind> {
        let token = self.needed("token");
        let chat = self.reader.take("chat", "a number or a text", String::new(), |raw| match raw {
            RawValue::String(text) => Some(text.trim().to_owned()),
            RawValue::Integer(number) => Some(number.to_string()),
            _ => None,
        });
        if chat.is_empty() {
            self.reader.wrong("chat", "needs the number of the chat, or @name of a channel");
            return None;
        }
        let server = Some(self.reader.text("server")).filter(|server| !server.is_empty());
        let base_url = Url::parse(server.as_deref().unwrap_or(TELEGRAM)).ok();
        let Some(base_url) = base_url.filter(|url| on_the_web(url) && !has_login(url)) else {
            self.reader.wrong("server", "should be an http or https address without a login");
            return None;
        };
        // It becomes a part of the path.
        if token
            .as_ref()
            .is_some_and(|token| token.contains(|c: char| !c.is_ascii_graphic() || "/?#".contains(c)))
        {
            self.wrong_secret("token", "the token found holds spaces or characters that no token has");
        }
        Some(ChannelKind::Telegram(Telegram { base_url, token: token?, chat }))
    }

    fn ntfy(&mut self) -> Option<ChannelKind> {
        let token = self.secret("token");
        if !token.chars().all(|c| c.is_ascii_graphic()) {
            self.wrong_secret("token", "the token found holds spaces or characters that no token has");
        }
        let url = self.address("url")?;
        let topic = url.path().trim_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        if topic.is_empty() {
            self.wrong_secret("url", "should end with the topic, such as https://ntfy.sh/my-topic");
            return None;
        }
        let mut server = url;
        let folder = server.path().trim_end_matches('/').trim_end_matches(&topic).to_owned();
        server.set_path(&folder);
        Some(ChannelKind::Ntfy(Ntfy { server, topic, token }))
    }

    fn webhook(&mut self) -> Option<ChannelKind> {
        let mut secrets = Vec::new();
        for key in ["secret", "old_secret"] {
            let text = self.secret(key);
            if text.is_empty() {
                continue;
            }
            match WebhookSecret::read(&text) {
                Ok(secret) => secrets.push(secret),
                Err(message) => self.wrong_secret(key, message),
            }
        }
        Some(ChannelKind::Webhook(Webhook { url: self.address("url")?, secrets }))
    }

    fn email(&mut self) -> Option<ChannelKind> {
        let password = self.secret("password");
        let tls = self.reader.text("tls");
        let (security, usual) = match tls.as_str() {
            "" | "starttls" => (Security::StartTls, 587),
            "tls" => (Security::Tls, 465),
            _ => {
                self.reader.wrong(
                    "tls",
                    format!("should be starttls or tls, is {tls:?}; mail is never sent without"),
                );
                (Security::StartTls, 587)
            }
        };
        let port = self.reader.take("port", "a port", usual, |raw| match raw {
            RawValue::Integer(port) => u16::try_from(port).ok(),
            _ => None,
        });
        let host = self.reader.text("host");
        if host.is_empty() {
            self.reader.wrong("host", "needs the name of the mail server");
        } else if url::Host::parse(&host).is_err() {
            self.reader
                .wrong("host", format!("{host:?} is no host; write its name, such as mail.example.org"));
        }
        let sender = vec![self.reader.text("from")];
        let from = self.mailboxes("from", sender).and_then(|mut all| all.pop());
        let receivers = self.reader.texts("to");
        let to = self.mailboxes("to", receivers);
        if to.as_ref().is_some_and(Vec::is_empty) {
            self.reader.wrong("to", "needs at least one receiver");
            return None;
        }
        let ca_file = Some(self.reader.text("ca_file")).filter(|path| !path.is_empty()).map(PathBuf::from);
        if let Some(Err(message)) =
            ca_file.as_ref().filter(|_| self.enabled).map(|path| read_text(path, LONGEST_SECRET))
        {
            self.reader.wrong_secret("ca_file", message);
        }
        let username = self.reader.text("username");
        Some(ChannelKind::Email(Box::new(Email {
            host,
            port,
            security,
            username,
            password,
            from: from?,
            to: to?,
            ca_file,
        })))
    }

    /// Mail addresses; `None` if one of them is invalid.
    fn mailboxes(&mut self, key: &str, texts: Vec<String>) -> Option<Vec<Mailbox>> {
        let mut read =
            |text: String| Email::mailbox(&text).map_err(|message| self.reader.wrong(key, message)).ok();
        let all: Vec<Option<Mailbox>> = texts.into_iter().map(&mut read).collect();
        all.into_iter().collect()
    }

    fn channel(&mut self, name: &str, destination: Option<ChannelKind>) -> Option<Channel> {
        let kind = self.reader.text("kind");
        let people = !matches!(kind.as_str(), "webhook" | "exec" | "file");
        let policy = self.policy(name, people);
        let usual = match &destination {
            Some(ChannelKind::Telegram(telegram)) if telegram.is_group() => Duration::from_secs(3),
            Some(ChannelKind::Slack(_) | ChannelKind::Telegram(_)) => Duration::from_secs(1),
            // The others report their own limits, or belong to the user.
            _ => Duration::ZERO,
        };
        let interval = self.duration("interval", usual);
        let timeout = self.duration("timeout", TIMEOUT);
        if timeout.is_zero() {
            self.reader.wrong("timeout", NO_TIME);
        }
        let allow_private = self.reader.flag("allow_private_address", false);
        let mut parts: Vec<String> =
            self.reader.row.pairs.iter().map(|(key, _, value)| format!("{key}={}", value.show())).collect();
        parts.append(&mut self.secrets);
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let fingerprint = crate::alert::identity(&parts);
        Some(Channel { policy, kind: destination?, interval, timeout, allow_private, fingerprint })
    }
}
