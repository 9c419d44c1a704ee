//! Channels: each file is one service with its limits, its way to ask for a slower pace, and its protection
//! against duplicate messages.

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
use crate::http::Poster;

#[derive(Debug, Clone)]
pub struct Channel {
    pub policy: ChannelPolicy,
    pub kind: ChannelKind,
    /// Minimum time between two messages.
    pub interval: Duration,
    /// Time limit of one attempt.
    pub timeout: Duration,
    /// Whether its address may be private, for the user's own server.
    pub allow_private: bool,
    /// Hash of the settings and secrets that decide where and as whom it sends.
    pub fingerprint: String,
}

/// The kinds of channels (docs/reference/settings.md#kinds-of-channels).
#[derive(Debug, Clone, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum ChannelKind {
    Slack(Slack),
    Discord(Discord),
    Telegram(Telegram),
    Email(Box<Email>),
    Ntfy(Ntfy),
    Webhook(Webhook),
    Exec(Exec),
    File(File),
}

/// Protection against a message that was sent, but not stored as sent, before the process died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dedupe {
    /// This program finds the first copy.
    Ours,
    /// The receiver can find it: the message has the same id again.
    Theirs,
    /// None: the message arrives twice.
    Nobody,
}

#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub message: &'a Message,
    pub now: Timestamp,
    /// Attempts begun before this one. If there were any, the message may have arrived.
    pub prior_attempts: u32,
}

/// The message arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrived {
    /// How long the service asks for a pause.
    pub pause: Option<Duration>,
}

/// Why a message did not arrive. The texts contain nothing of an address but its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The service asks for a slower pace.
    #[error("{message}")]
    Slow { wait: Option<Duration>, message: String },
    /// A later attempt may succeed.
    #[error("{0}")]
    Later(String),
    /// The service rejects this message for good; it may accept others.
    #[error("{0}")]
    Rejected(String),
    /// Every attempt fails until the settings change.
    #[error("{0}")]
    Broken(String),
}

impl ChannelKind {
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Most launches in one message.
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

    pub fn dedupe(&self) -> Dedupe {
        match self {
            Self::File(_) => Dedupe::Ours,
            Self::Email(_) | Self::Ntfy(_) | Self::Webhook(_) | Self::Exec(_) => Dedupe::Theirs,
            Self::Slack(_) | Self::Discord(_) | Self::Telegram(_) => Dedupe::Nobody,
        }
    }

    /// The destination, without secrets.
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
    pub async fn send(&self, post: &Poster, attempt: Attempt<'_>) -> Result<Arrived, Refusal> {
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
