use std::time::Duration;

use crate::{model::FailureKind, text::quantity::show_size};

/// Every way a request can fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Failure {
    #[error("the address {0:?} is not an http or https address")]
    BadAddress(String),
    #[error("{0} is a private address; name its host in http.private_hosts if that is meant")]
    PrivateAddress(String),
    #[error("{0}: not found (DNS)")]
    Dns(String),
    #[error("no connection within http.connect_timeout")]
    ConnectTimeout,
    #[error("no connection: {0}")]
    Connect(String),
    #[error("TLS failed: {0}")]
    Tls(String),
    #[error("the connection was reset")]
    Reset,
    #[error("no data within http.idle_timeout")]
    IdleTimeout,
    /// Not done within `total_timeout`.
    #[error("not done within the time limit")]
    TotalTimeout,
    #[error("{}", too_large(*limit, *setting))]
    TooLarge {
        /// Bytes that a body may have after unpacking.
        limit: u64,
        /// The key of the setting; `None` where the limit is fixed.
        setting: Option<&'static str>,
    },
    #[error("the body is damaged: {0}")]
    BadBody(String),
    /// The client reads 100 headers and 400 KiB.
    #[error("the response is not HTTP, or its head is too large: {0}")]
    BadAnswer(String),
    #[error("304 to a request without validators")]
    Unasked304,
    #[error("the body is empty")]
    EmptyBody,
    #[error("more than {0} redirects")]
    TooManyRedirects(u32),
    /// A redirect leads to an earlier address with the same cookies.
    #[error("the redirects form a loop")]
    RedirectLoop,
    #[error("a redirect has no valid target: {0:?}")]
    BadRedirect(String),
    /// Other redirects than 307 and 308 ask for a GET (RFC 9110, section 15.4), and a body may hold a secret.
    #[error(
        "a POST is redirected with status {status} to {to}; it is sent again for 307 and 308 on the same host only: correct the url"
    )]
    PostRedirected {
        status: u16,
        /// The host.
        to: String,
    },
    #[error("a redirect leads from https to http")]
    Downgrade,
    #[error("removed by the publisher (410)")]
    Gone,
    #[error("not found (404)")]
    NotFound,
    #[error("too many requests (429)")]
    RateLimited {
        /// At most a day; `None` where the response does not say.
        retry_after: Option<Duration>,
    },
    #[error("unavailable (503)")]
    Unavailable { retry_after: Option<Duration> },
    #[error("the host asked for a pause earlier; no request was sent")]
    HostPaused,
    #[error("blocked: the response is a challenge or consent page for browsers")]
    Challenge,
    #[error("status {0}")]
    Status(u16),
}

fn too_large(limit: u64, setting: Option<&str>) -> String {
    let size = show_size(limit);
    match setting {
        Some(setting) => {
            format!("the body is larger than {setting} ({size}) allows; raise that setting to read it")
        }
        None => format!("the body is larger than {size}"),
    }
}

impl Failure {
    /// A body over a limit of `limit` bytes that is fixed, or whose setting the caller adds.
    pub(crate) fn too_large(limit: u64) -> Self {
        Self::TooLarge { limit, setting: None }
    }

    /// Whether the server can have seen the request: then it may have counted, and charged, it.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        !matches!(
            self,
            Self::BadAddress(_)
                | Self::PrivateAddress(_)
                | Self::Dns(_)
                | Self::ConnectTimeout
                | Self::Connect(_)
                | Self::Tls(_)
                | Self::HostPaused
        )
    }

    /// For outputs and the database.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::BadAddress(_) => FailureKind::BadAddress,
            Self::PrivateAddress(_) => FailureKind::PrivateAddress,
            Self::Dns(_) => FailureKind::Dns,
            Self::ConnectTimeout => FailureKind::ConnectTimeout,
            Self::Connect(_) => FailureKind::Connect,
            Self::Tls(_) => FailureKind::Tls,
            Self::Reset => FailureKind::Reset,
            Self::IdleTimeout => FailureKind::IdleTimeout,
            Self::TotalTimeout => FailureKind::TotalTimeout,
            Self::TooLarge { .. } => FailureKind::TooLarge,
            Self::BadBody(_) => FailureKind::BadBody,
            Self::BadAnswer(_) => FailureKind::BadAnswer,
            Self::Unasked304 => FailureKind::Unasked304,
            Self::EmptyBody => FailureKind::EmptyBody,
            Self::TooManyRedirects(_) => FailureKind::TooManyRedirects,
            Self::RedirectLoop => FailureKind::RedirectLoop,
            Self::BadRedirect(_) | Self::PostRedirected { .. } => FailureKind::BadRedirect,
            Self::Downgrade => FailureKind::Downgrade,
            Self::Gone => FailureKind::Gone,
            Self::NotFound => FailureKind::NotFound,
            Self::RateLimited { .. } => FailureKind::RateLimited,
            Self::Unavailable { .. } => FailureKind::Unavailable,
            Self::HostPaused => FailureKind::HostPaused,
            Self::Challenge => FailureKind::Challenge,
            Self::Status(_) => FailureKind::Status,
        }
    }
}
