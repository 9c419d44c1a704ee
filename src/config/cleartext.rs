//! Secrets that the settings send over connections that anybody on the way can read. Pure.

use url::Url;

use super::{Settings, x_section::is_local};
use crate::alert::ChannelKind;

/// One name for each place whose secret is sent to an `http://` address outside this machine, with the address's host:
/// never a part of the secret.
#[must_use]
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
            // Mail goes by TLS only; the others stay on this machine.
            ChannelKind::Email(_) | ChannelKind::Exec(_) | ChannelKind::File(_) => continue,
        };
        check(&|| format!("the channel {}", channel.policy.name), url);
    }
    if let Some(url) = settings.metrics.healthcheck_url.as_deref().and_then(|url| Url::parse(url).ok()) {
        check(&|| "the monitor's address in metrics.healthcheck_url_env".to_owned(), &url);
    }
    found
}

/// What to do about them.
pub const CLEARTEXT_HINT: &str = "use an https address, or a tunnel that ends on this machine";
