//! Names of failures, as the outputs and the database have them.

use strum::{AsRefStr, Display, EnumString, VariantNames};

/// Why a source or a page could not be read. The names are stored: they never change.
#[derive(Debug, Clone, PartialEq, Eq, AsRefStr, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "docs/reference/failures.md describes each")]
pub enum FailureKind {
    // Requests.
    BadAddress,
    PrivateAddress,
    Dns,
    ConnectTimeout,
    Connect,
    Tls,
    Reset,
    IdleTimeout,
    TotalTimeout,
    TooLarge,
    BadBody,
    BadAnswer,
    #[strum(serialize = "unasked_304")]
    Unasked304,
    EmptyBody,
    TooManyRedirects,
    RedirectLoop,
    BadRedirect,
    Downgrade,
    Gone,
    NotFound,
    RateLimited,
    Unavailable,
    HostPaused,
    Challenge,
    Status,
    // Feeds.
    NotAFeed,
    Unreadable,
    Mapping,
    SelectorsFoundNothing,
    ScriptOnly,
    TooSlow,
    // Programs.
    ProgramFailed,
    ProgramTimeout,
    ProgramOutput,
    // Pages.
    Blocked,
    Consent,
    NotHtml,
    NoText,
    Robots,
    RobotsUnreachable,
    // The database: it could not be read, or it refused the results.
    Store,
    NotSaved,
    /// A name that another version stored.
    #[strum(default, transparent)]
    Other(String),
}

impl FailureKind {
    /// A few words for a table.
    pub(crate) fn in_words(&self) -> String {
        let words = match self {
            Self::BadAddress => "invalid address",
            Self::PrivateAddress => "private address",
            Self::Dns => "name not found (DNS)",
            Self::ConnectTimeout => "no connection in time",
            Self::Connect => "connection refused",
            Self::Tls => "invalid certificate (TLS)",
            Self::Reset => "connection broken",
            Self::IdleTimeout => "no data in time",
            Self::TotalTimeout => "response too slow",
            Self::Gone => "removed by the publisher (410)",
            Self::NotFound => "not found (404)",
            Self::RateLimited => "too many requests (429)",
            Self::Unavailable => "unavailable (503)",
            Self::Challenge => "challenge page for browsers",
            Self::Unasked304 => "unrequested 304",
            Self::Status => "error status",
            Self::NotAFeed => "not a feed",
            Self::Unreadable => "unreadable feed",
            Self::ProgramOutput => "program printed too much",
            Self::ProgramTimeout => "program took too long",
            Self::ScriptOnly => "list built by scripts",
            other => return other.as_ref().replace('_', " "),
        };
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_reads_back_and_unknown_names_stay() {
        for (kind, name) in [
            (FailureKind::Unasked304, "unasked_304"),
            (FailureKind::NotAFeed, "not_a_feed"),
            (FailureKind::Other("of_a_later_version".to_owned()), "of_a_later_version"),
        ] {
            assert_eq!((kind.as_ref(), kind.to_string().as_str()), (name, name));
            assert_eq!(FailureKind::from(name), kind);
        }
    }

    #[test]
    fn each_name_has_words() {
        for name in FailureKind::VARIANTS {
            let words = FailureKind::from(*name).in_words();
            assert!(!words.is_empty() && !words.contains('_'), "{name}: {words}");
        }
    }

    #[test]
    fn each_name_is_documented() {
        let page = include_str!("../../docs/reference/failures.md");
        for name in FailureKind::VARIANTS.iter().filter(|name| **name != "other") {
            assert!(page.contains(&format!("| `{name}` |")), "{name}");
        }
    }
}
