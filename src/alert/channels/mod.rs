//! The ways to people and programs: each file is one service with its limits, its kind of "slow down" and
//! what it can do against a message that comes twice.

mod answer;
mod discord;
mod email;
mod exec;
mod file;
mod ntfy;
mod slack;
mod smtp;
mod telegram;
mod webhook;

use std::time::Duration;

use jiff::Timestamp;
use strum::IntoStaticStr;

pub use discord::Discord;
pub use email::{Email, Mailbox, Security};
pub use exec::Exec;
pub use file::File;
pub use ntfy::Ntfy;
pub use slack::Slack;
pub use telegram::Telegram;
pub use webhook::{Webhook, WebhookSecret};

use super::{ChannelPolicy, message::Message};
use crate::http::Post;

/// A channel as the settings give it.
#[derive(Debug, Clone)]
pub struct Channel {
    /// What it wants to hear and when.
    pub policy: ChannelPolicy,
    /// Where it leads.
    pub kind: ChannelKind,
    /// Least time between two messages.
    pub interval: Duration,
    /// Limit for one attempt.
    pub timeout: Duration,
    /// Whether its address may be a private one: the user's own server.
    pub allow_private: bool,
    /// Changes with whatever decides where and as whom it sends.
    pub fingerprint: String,
}

/// The kinds of channels (docs/reference/settings.md#kinds-of-channels).
#[derive(Debug, Clone, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum ChannelKind {
    /// A Slack incoming webhook.
    Slack(Slack),
    /// A Discord webhook.
    Discord(Discord),
    /// A Telegram bot.
    Telegram(Telegram),
    /// A mail server.
    Email(Box<Email>),
    /// An ntfy topic.
    Ntfy(Ntfy),
    /// A signed webhook.
    Webhook(Webhook),
    /// A command.
    Exec(Exec),
    /// A file of JSON lines.
    File(File),
}

/// What can be done against a message that was sent, but not noted as sent, before the process died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dedupe {
    /// We see ourselves that it is there.
    Ours,
    /// The receiver can: the message carries the same identity again.
    Theirs,
    /// Nobody: it comes twice.
    Nobody,
}

/// One attempt to send one message.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The message.
    pub message: &'a Message,
    /// The present.
    pub now: Timestamp,
    /// Attempts begun before this one: if any, the message may have arrived.
    pub prior_attempts: u32,
}

/// It arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrived {
    /// How long the service wants to be left alone now.
    pub pause: Option<Duration>,
}

/// Why it did not arrive. No sentence names more of an address than its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Asked to slow down.
    #[error("{message}")]
    Slow {
        /// How long, if it said so.
        wait: Option<Duration>,
        /// What it said.
        message: String,
    },
    /// It may work later.
    #[error("{0}")]
    Later(String),
    /// This message never will be taken; others may.
    #[error("{0}")]
    Rejected(String),
    /// Nothing will be taken until the settings change.
    #[error("{0}")]
    Broken(String),
}

impl ChannelKind {
    /// The kind's name in the settings.
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Launches that one message has room for.
    pub fn capacity(&self) -> usize {
        match self {
            Self::Slack(_) => slack::CAPACITY,
            Self::Discord(_) => discord::CAPACITY,
            Self::Telegram(_) => telegram::CAPACITY,
            Self::Email(_) => email::CAPACITY,
            Self::Ntfy(_) => ntfy::CAPACITY,
            Self::Webhook(_) => webhook::CAPACITY,
            Self::Exec(_) | Self::File(_) => 100,
        }
    }

    /// Who can see that a message came twice.
    pub fn dedupe(&self) -> Dedupe {
        match self {
            Self::File(_) => Dedupe::Ours,
            Self::Email(_) | Self::Ntfy(_) | Self::Webhook(_) | Self::Exec(_) => Dedupe::Theirs,
            Self::Slack(_) | Self::Discord(_) | Self::Telegram(_) => Dedupe::Nobody,
        }
    }

    /// Where it leads, with nothing secret in it.
    pub fn shown(&self) -> String {
        match self {
            Self::Slack(slack) => slack.host(),
            Self::Discord(discord) => discord.host(),
            Self::Telegram(telegram) => telegram.shown(),
            Self::Email(email) => email.shown(),
            Self::Ntfy(ntfy) => ntfy.host(),
            Self::Webhook(webhook) => webhook.host(),
            Self::Exec(exec) => exec.shown(),
            Self::File(file) => file.shown(),
        }
    }
}

impl Channel {
    /// Sends one message once.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub async fn send(&self, post: &dyn Post, attempt: Attempt<'_>) -> Result<Arrived, Refusal> {
        match &self.kind {
            ChannelKind::Slack(slack) => slack.send(self, post, attempt).await,
            ChannelKind::Discord(discord) => discord.send(self, post, attempt).await,
            ChannelKind::Telegram(telegram) => telegram.send(self, post, attempt).await,
            ChannelKind::Email(email) => email.send(self.timeout, attempt).await,
            ChannelKind::Ntfy(ntfy) => ntfy.send(self, post, attempt).await,
            ChannelKind::Webhook(webhook) => webhook.send(self, post, attempt).await,
            ChannelKind::Exec(exec) => exec.send(self.timeout, attempt).await,
            ChannelKind::File(file) => file.send(attempt),
        }
    }
}
