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

use answer::host;

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

/// The kinds of channels (docs/reference/channels.md#kinds-of-channels).
#[derive(Clone, IntoStaticStr)]
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

/// One attempt over HTTP.
pub(super) struct Delivery<'a> {
    pub channel: &'a Channel,
    pub poster: &'a Poster,
    pub attempt: Attempt<'a>,
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

/// Without secrets.
impl std::fmt::Debug for ChannelKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({})", self.kind(), self.shown())
    }
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
            Self::Slack(slack) => host(&slack.url),
            Self::Discord(discord) => host(&discord.url),
            Self::Telegram(telegram) => telegram.shown(),
            Self::Email(email) => email.shown(),
            Self::Ntfy(ntfy) => host(&ntfy.server),
            Self::Webhook(webhook) => host(&webhook.url),
            Self::Exec(exec) => exec.shown(),
            Self::File(file) => file.shown(),
        }
    }
}

impl Channel {
    pub async fn send(&self, poster: &Poster, attempt: Attempt<'_>) -> Result<Arrived, Refusal> {
        let delivery = Delivery { channel: self, poster, attempt };
        match &self.kind {
            ChannelKind::Slack(slack) => slack.send(&delivery).await,
            ChannelKind::Discord(discord) => discord.send(&delivery).await,
            ChannelKind::Telegram(telegram) => telegram.send(&delivery).await,
            ChannelKind::Email(email) => email.send(self.timeout, attempt).await,
            ChannelKind::Ntfy(ntfy) => ntfy.send(&delivery).await,
            ChannelKind::Webhook(webhook) => webhook.send(&delivery).await,
            ChannelKind::Exec(exec) => exec.send(self.timeout, attempt).await,
            ChannelKind::File(file) => file.send(attempt),
        }
    }
}
