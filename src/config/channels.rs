//! `[[channels]]`: each kind with the keys it knows, secrets from the environment or files, every mistake with
//! its line.

use std::{collections::HashMap, fs, path::PathBuf, time::Duration};

use jiff::{civil::Time, tz::TimeZone};
use url::Url;

use super::{environment::Environment, layers::Row, mistakes::Mistakes, raw::Raw, rows::Reader};
use crate::{
    alert::{
        Channel, Loudness, Program, Way,
        channels::{
            Discord, Email, Exec, File, Mailbox, Ntfy, Security, Slack, Telegram, Webhook, WebhookSecret,
        },
    },
    model::{Class, Event},
    text::quantity,
};

/// Keys that every kind knows.
const COMMON: [&str; 21] = [
    "kind",
    "name",
    "enabled",
    "topics",
    "min_class",
    "instant",
    "events",
    "projects",
    "tags",
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
];
/// Each kind with the keys it knows beside.
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
/// What every program of the user's gets of the environment.
const SURROUNDINGS: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];
/// Messages a cycle for those who are no people.
const UNLIMITED: i64 = 1_000_000;
/// Where bots are spoken to.
const TELEGRAM: &str = "https://api.telegram.org";
/// Limit for one attempt (conventions, section 7: 15–30 s).
const TIMEOUT: Duration = Duration::from_secs(15);

/// The variables of `environment` that a program gets: a few that everything needs, and those named.
pub fn surroundings(environment: &Environment, named: &[String]) -> Vec<(String, String)> {
    let names = SURROUNDINGS.into_iter().chain(named.iter().map(String::as_str));
    names.filter_map(|name| Some((name.to_owned(), environment.get(name)?.to_owned()))).collect()
}

/// The enabled channels of `rows`.
pub fn channels(rows: &[Row], environment: &Environment, mistakes: &mut Mistakes) -> Vec<Channel> {
    let mut names: HashMap<String, String> = HashMap::new();
    let mut found = Vec::new();
    for row in rows {
        let mut reader = Reader { row, mistakes };
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
            reader.wrong("name", format!("a channel {name} stands already at {first}; give each its name"));
            continue;
        }
        let enabled = reader.flag("enabled", true);
        let mut told = Told { reader, environment, secrets: Vec::new(), enabled };
        let way = told.way(&kind);
        let channel = told.channel(&name, way);
        found.extend(channel.filter(|_| enabled));
    }
    found
}

/// Reads one channel.
struct Told<'a> {
    reader: Reader<'a>,
    environment: &'a Environment,
    /// Secrets as they were found, for the fingerprint.
    secrets: Vec<String>,
    /// A channel that is switched off need not have its secrets.
    enabled: bool,
}

impl Told<'_> {
    /// The secret `key`: itself, from the variable `key_env`, or from the file `key_file`; empty if none is given.
    fn secret(&mut self, key: &str) -> String {
        let (variable, file) = (format!("{key}_env"), format!("{key}_file"));
        let given: Vec<&str> = [key, variable.as_str(), file.as_str()]
            .into_iter()
            .filter(|key| self.reader.find(key).is_some())
            .collect();
        if given.len() > 1 {
            self.reader.wrong(given[1], format!("{key} is given twice"));
        }
        let named = self.reader.text(&variable);
        let path = self.reader.text(&file);
        let mut secret = self.reader.text(key);
        if !named.is_empty() {
            match self.environment.get(&named) {
                Some(value) => value.trim().clone_into(&mut secret),
                None if self.enabled => {
                    self.reader.wrong(&variable, format!("the environment variable {named} is not set"));
                }
                None => {}
            }
        } else if !path.is_empty() {
            match fs::read_to_string(&path) {
                Ok(text) => text.trim().clone_into(&mut secret),
                Err(error) if self.enabled => {
                    self.reader.wrong(&file, format!("{path} cannot be read: {error}"));
                }
                Err(_) => {}
            }
        }
        self.secrets.push(secret.clone());
        secret
    }

    /// As [`Told::secret`], but there must be one.
    fn needed(&mut self, key: &str) -> Option<String> {
        let secret = self.secret(key);
        if !secret.is_empty() {
            return Some(secret);
        }
        // Where it was named but not found, that is told already.
        let named =
            [format!("{key}_env"), format!("{key}_file")].iter().any(|key| self.reader.find(key).is_some());
        if !named && self.enabled {
            self.reader.wrong(key, format!("needs {key}, {key}_env or {key}_file"));
        }
        None
    }

    fn address(&mut self, key: &str) -> Option<Url> {
        let text = self.needed(key)?;
        let url =
            Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if url.is_none() {
            // Not repeated here: it may be the secret.
            self.reader.wrong(key, "is not an http or https address");
        }
        url
    }

    fn way(&mut self, kind: &str) -> Option<Way> {
        match kind {
            "slack" => Some(Way::Slack(Slack { url: self.address("url")? })),
            "discord" => Some(Way::Discord(Discord { url: self.address("url")? })),
            "telegram" => self.telegram(),
            "email" => self.email(),
            "ntfy" => self.ntfy(),
            "webhook" => self.webhook(),
            "exec" => {
                let command = self.reader.texts("command");
                if command.is_empty() {
                    self.reader.wrong(
                        "command",
                        "needs the program and its arguments, such as [\"/usr/local/bin/tell\"]",
                    );
                    return None;
                }
                let named = self.reader.texts("environment");
                let environment = surroundings(self.environment, &named);
                Some(Way::Exec(Exec { program: Program { command, environment } }))
            }
            _ => {
                let path = self.reader.text("path");
                if path.is_empty() {
                    self.reader.wrong("path", "needs the file to append to");
                    return None;
                }
                Some(Way::File(File { path: PathBuf::from(path) }))
            }
        }
    }

    fn telegram(&mut self) -> Option<Way> {
        let token = self.needed("token");
        let chat = self.reader.take("chat", "a number or a text", String::new(), |raw| match raw {
            Raw::Text(text) => Some(text.trim().to_owned()),
            Raw::Whole(number) => Some(number.to_string()),
            _ => None,
        });
        if chat.is_empty() {
            self.reader.wrong("chat", "needs the number of the chat, or @name of a channel");
            return None;
        }
        let server = Some(self.reader.text("server")).filter(|server| !server.is_empty());
        let Ok(base_url) = Url::parse(server.as_deref().unwrap_or(TELEGRAM)) else {
            self.reader.wrong("server", "is not an address");
            return None;
        };
        Some(Way::Telegram(Telegram { base_url, token: token?, chat }))
    }

    fn ntfy(&mut self) -> Option<Way> {
        let token = self.secret("token");
        let url = self.address("url")?;
        let topic = url.path().trim_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        if topic.is_empty() {
            self.reader.wrong("url", "should end with the topic, such as https://ntfy.sh/my-topic");
            return None;
        }
        let mut server = url;
        let folder = server.path().trim_end_matches('/').trim_end_matches(&topic).to_owned();
        server.set_path(&folder);
        Some(Way::Ntfy(Ntfy { server, topic, token }))
    }

    fn webhook(&mut self) -> Option<Way> {
        let mut secrets = Vec::new();
        for key in ["secret", "old_secret"] {
            let text = self.secret(key);
            if text.is_empty() {
                continue;
            }
            match WebhookSecret::read(&text) {
                Ok(secret) => secrets.push(secret),
                Err(says) => self.reader.wrong(key, says),
            }
        }
        Some(Way::Webhook(Webhook { url: self.address("url")?, secrets }))
    }

    fn email(&mut self) -> Option<Way> {
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
            Raw::Whole(port) => u16::try_from(port).ok(),
            _ => None,
        });
        let host = self.reader.text("host");
        if host.is_empty() {
            self.reader.wrong("host", "needs the name of the mail server");
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
        let username = self.reader.text("username");
        Some(Way::Email(Box::new(Email {
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

    /// Mail addresses; `None` where one of them is none, which is told.
    fn mailboxes(&mut self, key: &str, texts: Vec<String>) -> Option<Vec<Mailbox>> {
        let mut read = |text: String| Email::mailbox(&text).map_err(|says| self.reader.wrong(key, says)).ok();
        let all: Vec<Option<Mailbox>> = texts.into_iter().map(&mut read).collect();
        all.into_iter().collect()
    }

    fn channel(&mut self, name: &str, way: Option<Way>) -> Option<Channel> {
        let kind = self.reader.text("kind");
        let people = !matches!(kind.as_str(), "webhook" | "exec" | "file");
        let loudness = self.loudness(name, people);
        let usual = match &way {
            Some(Way::Slack(_)) => Duration::from_secs(1),
            Some(Way::Telegram(telegram)) if telegram.is_group() => Duration::from_secs(3),
            Some(Way::Telegram(_)) => Duration::from_secs(1),
            // The others say themselves when it is too much, or are the user's own.
            _ => Duration::ZERO,
        };
        let interval = self.duration("interval", usual);
        let timeout = self.duration("timeout", TIMEOUT);
        let allow_private = self.reader.flag("allow_private_address", false);
        let mut parts: Vec<String> =
            self.reader.row.pairs.iter().map(|(key, _, value)| format!("{key}={}", value.show())).collect();
        parts.append(&mut self.secrets);
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let fingerprint = crate::alert::identity(&parts);
        Some(Channel { loudness, way: way?, interval, timeout, allow_private, fingerprint })
    }

    fn loudness(&mut self, name: &str, people: bool) -> Loudness {
        let usual = Loudness::new(name);
        let topics = self.reader.texts("topics");
        for topic in topics.iter().filter(|topic| !matches!(topic.as_str(), "news" | "ops")) {
            self.reader.wrong("topics", format!("should be news or ops, is {topic:?}"));
        }
        let names = |names: Vec<String>| names.into_iter().map(|name| name.to_lowercase()).collect();
        let max = if people { i64::try_from(usual.max_instant).unwrap_or(3) } else { UNLIMITED };
        Loudness {
            news: topics.is_empty() || topics.iter().any(|topic| topic == "news"),
            ops: topics.iter().any(|topic| topic == "ops"),
            min_class: self.class("min_class").unwrap_or(usual.min_class),
            instant: if self.reader.text("instant") == "never" {
                None
            } else {
                self.class("instant").or(usual.instant)
            },
            events: self.events(),
            projects: names(self.reader.texts("projects")),
            tags: self.reader.texts("tags"),
            watched: self.reader.flag("watched_only", false),
            zone: self.zone(),
            digest_at: self.times(usual.digest_at),
            quiet: self.quiet(),
            quiet_break: self.class("quiet_break"),
            max_instant: self
                .reader
                .take("max_instant", "a whole number from 1", max, |raw| match raw {
                    Raw::Whole(number) if number >= 1 => Some(number),
                    _ => None,
                })
                .try_into()
                .unwrap_or(usize::MAX),
            cool_down: self.duration("cool_down", usual.cool_down),
            max_age: self.duration("max_age", usual.max_age),
            updates: self.reader.flag("updates", usual.updates),
            name: usual.name,
        }
    }

    fn class(&mut self, key: &str) -> Option<Class> {
        let name = self.reader.text(key);
        let class = Class::from_name(&name);
        if class.is_none() && !name.is_empty() {
            let classes = Class::ALL.map(Class::as_str).join(", ");
            self.reader.wrong(key, format!("should be one of {classes}, is {name:?}"));
        }
        class
    }

    fn events(&mut self) -> Vec<Event> {
        let names = self.reader.texts("events");
        let mut events = Vec::new();
        for name in names {
            match Event::from_name(&name) {
                Some(event) => events.push(event),
                None => {
                    let known = Event::ALL.map(Event::as_str).join(", ");
                    self.reader.wrong("events", format!("should be one of {known}, is {name:?}"));
                }
            }
        }
        events
    }

    fn zone(&mut self) -> TimeZone {
        let name = self.reader.text("time_zone");
        if name.is_empty() {
            return TimeZone::UTC;
        }
        TimeZone::get(&name).unwrap_or_else(|_| {
            self.reader
                .wrong("time_zone", format!("{name:?} is no time zone; write one such as Europe/Berlin"));
            TimeZone::UTC
        })
    }

    fn times(&mut self, usual: Vec<Time>) -> Vec<Time> {
        if self.reader.find("digest_at").is_none() {
            return usual;
        }
        let texts = self.reader.texts("digest_at");
        let mut times = Vec::new();
        for text in texts {
            match clock_time(&text) {
                Some(time) => times.push(time),
                None => {
                    self.reader.wrong("digest_at", format!("should be a time such as 09:00, is {text:?}"))
                }
            }
        }
        times
    }

    fn quiet(&mut self) -> Option<(Time, Time)> {
        let text = self.reader.text("quiet");
        if text.is_empty() {
            return None;
        }
        let times = text.split_once('-').and_then(|(from, to)| Some((clock_time(from)?, clock_time(to)?)));
        if times.is_none() {
            self.reader.wrong("quiet", format!("should be two times such as 22:00-07:00, is {text:?}"));
        }
        times
    }

    fn duration(&mut self, key: &str, usual: Duration) -> Duration {
        let text = self.reader.text(key);
        if text.is_empty() {
            return usual;
        }
        quantity::duration(&text).unwrap_or_else(|says| {
            self.reader.wrong(key, says);
            usual
        })
    }
}

fn clock_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |text: &str| text.parse().ok().filter(|_| text.len() == 2);
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Flags, Settings, from_text, load, shown};

    fn mistakes(text: &str) -> Vec<String> {
        let told = from_text(text, Path::new("state")).unwrap_err().0;
        told.into_iter().map(|mistake| format!("{}: {}", mistake.place, mistake.says)).collect()
    }

    fn loaded(text: &str, pairs: &[(&str, &str)]) -> Settings {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.toml");
        fs::write(&path, text).unwrap();
        let flags = Flags { config: Some(path), ..Flags::default() };
        load(&flags, &Environment::of(pairs)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    #[test]
    fn every_kind_is_read_with_what_it_wants() {
        let settings = loaded(
            "[[channels]]\nkind = \"slack\"\nurl_env = \"SLACK\"\nquiet = \"22:00-07:00\"\nquiet_break = \"critical\"\ntime_zone = \"Europe/Berlin\"\n\
             [[channels]]\nkind = \"discord\"\nurl = \"https://discord.example/api/webhooks/1/t\"\nevents = [\"sale\"]\n\
             [[channels]]\nkind = \"telegram\"\ntoken_env = \"BOT\"\nchat = -100123\ndigest_at = [\"08:30\", \"18:00\"]\n\
             [[channels]]\nkind = \"email\"\nhost = \"mail.example\"\nfrom = \"Me <me@mail.example>\"\nto = [\"you@mail.example\"]\ntls = \"tls\"\n\
             [[channels]]\nkind = \"ntfy\"\nurl = \"https://ntfy.example/sub/my-topic\"\n\
             [[channels]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/x\"\nallow_private_address = true\nsecret_env = \"HOOK\"\n\
             [[channels]]\nkind = \"exec\"\ncommand = [\"tell\", \"me\"]\nenvironment = [\"EXTRA\"]\n\
             [[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\ntopics = [\"news\", \"ops\"]\nmin_class = \"low\"\ninstant = \"never\"\n",
            &[
                ("SLACK", "https://hooks.example/hunter2"),
                ("BOT", "123:hunter2"),
                ("HOOK", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                ("PATH", "/bin"),
                ("EXTRA", "1"),
                ("OTHER", "2"),
            ],
        );
        let channels = &settings.alerts.channels;
        let kinds: Vec<&str> = channels.iter().map(|channel| channel.way.kind()).collect();
        assert_eq!(kinds, KINDS.map(|(name, _)| name));
        assert!(channels[0].loudness.quiet.is_some() && channels[0].interval == Duration::from_secs(1));
        assert_eq!((channels[2].interval, channels[2].loudness.digest_at.len()), (Duration::from_secs(3), 2));
        let Way::Email(email) = &channels[3].way else { panic!() };
        assert_eq!((email.port, email.security), (465, Security::Tls));
        let Way::Ntfy(ntfy) = &channels[4].way else { panic!() };
        assert_eq!((ntfy.server.as_str(), ntfy.topic.as_str()), ("https://ntfy.example/sub/", "my-topic"));
        let Way::Exec(exec) = &channels[6].way else { panic!() };
        assert_eq!(exec.program.environment.len(), 2, "PATH and EXTRA only");
        assert!(channels[7].loudness.ops && channels[7].loudness.instant.is_none());
        let all = format!("{:?}{:?}", settings.alerts, shown(&settings));
        assert!(!all.contains("hunter2") && !all.contains("MfKQ"), "{all}");
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_no_secret() {
        let told = mistakes(
            "[[channels]]\nkind = \"slack\"\n[[channels]]\nkind = \"discord\"\nurl_env = \"NOT_SET\"\nurll = 1\n\
             [[channels]]\nkind = \"webhook\"\nurl = \"hunter2\"\nsecret = \"hunter2\"\n\
             [[channels]]\nkind = \"email\"\nhost = \"h.example\"\nfrom = \"nobody\"\nto = []\ntls = \"no\"\n\
             [[channels]]\nkind = \"file\"\nname = \"slack\"\npath = \"x\"\n\
             [[channels]]\nkind = \"exec\"\ncommand = []\nquiet = \"10-11\"\ntime_zone = \"Mars/Olympus\"\nmin_class = \"loud\"\ndigest_at = [\"9\"]\n",
        );
        for wanted in [
            "settings:2: url: needs url, url_env or url_file",
            "settings:5: url_env: the environment variable NOT_SET is not set",
            "settings:6: unknown key urll; did you mean url?",
            "settings:9: url: is not an http or https address",
            "settings:10: secret: should be whsec_ and base64",
            "settings:14: from: \"nobody\" is not a mail address",
            "settings:15: to: needs at least one receiver",
            "settings:16: tls: should be starttls or tls",
            "settings:19: name: a channel slack stands already at settings:2",
            "settings:23: command: needs the program",
            "settings:24: quiet: should be two times",
            "settings:25: time_zone: \"Mars/Olympus\" is no time zone",
            "settings:26: min_class: should be one of low, medium, high, critical",
            "settings:27: digest_at: should be a time such as 09:00",
        ] {
            assert!(told.iter().any(|line| line.contains(wanted)), "{wanted:?} is missing in {told:#?}");
        }
        assert_eq!(told.len(), 14, "{told:#?}");
        assert!(!told.concat().contains("hunter2"), "{told:#?}");
    }

    #[test]
    fn other_settings_or_secrets_give_another_fingerprint() {
        let print = |secret: &str| {
            let text = "[[channels]]\nkind = \"slack\"\nurl_env = \"SLACK\"\n";
            loaded(text, &[("SLACK", secret)]).alerts.channels[0].fingerprint.clone()
        };
        assert_eq!(print("https://a.example/1"), print("https://a.example/1"));
        assert_ne!(print("https://a.example/1"), print("https://a.example/2"));
    }
}
