//! Secrets that others can read: on the network, because they are sent without TLS, or on this machine, because of the
//! settings file's mode.

use url::Url;

use super::{Settings, x_section::is_local};
use crate::alert::ChannelKind;

pub const CLEARTEXT_HINT: &str = "use an https address, or a tunnel that ends on this machine";

/// Lists with the keys of their tables whose value is a secret.
#[cfg(unix)]
const SECRETS: [(&str, &str); 6] = [
    ("feeds", "headers"),
    ("channels", "url"),
    ("channels", "token"),
    ("channels", "password"),
    ("channels", "secret"),
    ("channels", "old_secret"),
];

/// Names each setting whose secret is sent to an `http://` address outside this machine, with the address's host but
/// without any part of the secret.
pub fn cleartext(settings: &Settings) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |name: &dyn Fn() -> String, url: &Url| {
        if url.scheme() == "http" && !is_local(url) {
            found.push(format!("{} (http://{})", name(), url.host_str().unwrap_or_default()));
        }
    };
    for source in settings.sources.iter().filter(|source| !source.headers.is_empty()) {
        if let Ok(url) = Url::parse(&source.url) {
            check(&|| format!("the headers of the feed {}", source.name), &url);
        }
    }
    for channel in &settings.alerts.channels {
        let url = match &channel.kind {
            ChannelKind::Slack(slack) => &slack.url,
            ChannelKind::Discord(discord) => &discord.url,
            ChannelKind::Telegram(telegram) => &telegram.base_url,
            ChannelKind::Ntfy(ntfy) => &ntfy.server,
            ChannelKind::Webhook(webhook) => &webhook.url,
            // Mail uses TLS only; the others stay on this machine.
            ChannelKind::Email(_) | ChannelKind::Exec(_) | ChannelKind::File(_) => continue,
        };
        check(&|| format!("the channel {}", channel.policy.name), url);
    }
    if let Some(url) = settings.metrics.healthcheck_url.as_deref().and_then(|url| Url::parse(url).ok()) {
        check(&|| "the monitor's address in metrics.healthcheck_url_env".to_owned(), &url);
    }
    found
}

impl Settings {
    /// A message and a hint if every user of this machine can read the file's secrets, or change the file.
    #[cfg(unix)]
    pub fn exposed(&self) -> Option<(String, String)> {
        use std::os::unix::fs::PermissionsExt;

        let file = self.file.as_ref()?;
        let found = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
        let (mode, name) = (found.permissions().mode(), file.display());
        if mode & 0o002 != 0 {
            let message =
                format!("{name} can be changed by every user of this machine, who can name programs to run");
            return Some((message, format!("chmod o-w {name}")));
        }
        (mode & 0o004 != 0 && self.holds_secrets()).then(|| {
            let message = format!("{name} holds secrets and can be read by every user of this machine");
            (
                message,
                format!(
                    "chmod o-r {name}, or give the secrets by variables or files (url_env, token_file …)"
                ),
            )
        })
    }

    #[cfg(not(unix))]
    pub fn exposed(&self) -> Option<(String, String)> {
        None
    }

    /// Whether the file itself contains a secret.
    #[cfg(unix)]
    fn holds_secrets(&self) -> bool {
        let lists = &self.layers.lists;
        let has = |(list, key): &(&str, &str)| {
            let mut rows = lists.get(list).into_iter().flatten();
            rows.any(|row| row.pairs.iter().any(|(name, ..)| name == key))
        };
        let proxy = url::Url::parse(&self.http.proxy);
        SECRETS.iter().any(has) || proxy.is_ok_and(|url| crate::text::login::has_login(&url))
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use crate::config::{Environment, Flags, load};

    #[test]
    fn a_file_with_secrets_is_its_owner_s() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        let secret = "[[channels]]\nkind = \"slack\"\nurl = \"https://hooks.example/a-secret\"\n";
        let named = "[[channels]]\nkind = \"slack\"\nurl_env = \"HOOK\"\n";
        let header =
            "[[feeds]]\nurl = \"https://a.example/feed\"\nheaders = { Authorization = \"Basic eA==\" }\n";
        let proxy = "[http]\nproxy = \"http://me:pw@proxy.example:3128\"\n";
        for (text, mode, expected) in [
            (secret, 0o644, "holds secrets"),
            (header, 0o604, "holds secrets"),
            (proxy, 0o644, "holds secrets"),
            (secret, 0o640, ""),
            (named, 0o644, ""),
            (named, 0o666, "can be changed"),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let flags = Flags { config: Some(path.clone()), ..Flags::default() };
            let settings = load(&flags, &Environment::of(&[("HOOK", "https://hooks.example/x")])).unwrap();
            let message = settings.exposed().map_or_else(String::new, |(message, hint)| message + &hint);
            assert!(
                message.contains(expected) && message.is_empty() == expected.is_empty(),
                "{mode:o} {text}: {message}"
            );
            assert!(!message.contains("a-secret"));
        }
    }
}
