//! Addresses of feeds as users and lists write them.

use std::borrow::Cow;

use url::Url;

use crate::{
    config::feed_address,
    error::Error,
    exit::Exit,
    text::{
        address,
        login::{has_login, without_login},
        plain,
    },
};

/// Schemes that browsers use to open a feed reader; they stand for http or https.
const READER_SCHEMES: [&str; 4] = ["feed:", "pcast:", "podcast:", "itpc:"];

/// An address that the settings do not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It contains a name or a password; here it is without them.
    Login(Box<Url>),
    /// It is invalid; a sentence without a secret.
    NoAddress(String),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::new(Exit::Usage, refused.message(), refused.hint())
    }
}

impl Refused {
    /// What happened, one sentence without a full stop.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Login(url) => {
                format!(
                    "the address {} contains a name or password, which the settings do not accept",
                    plain(url.as_str())
                )
            }
            Self::NoAddress(reason) => reason.clone(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Login(url) => {
                let name = variable(url.host_str().unwrap_or_default());
                format!(
                    "give the feed headers_env = {{ Authorization = \"{name}\" }}, and that variable \
                     \"Basic \" and the base64 of name:password"
                )
            }
            Self::NoAddress(_) => "give the whole address, such as https://example.org/feed.xml".to_owned(),
        }
    }
}

/// Parses `text` as a feed's address; accepts schemes such as `feed:` for http or https.
pub fn feed_url(text: &str) -> Result<Url, Refused> {
    let text = text.trim();
    let address = on_the_web(text);
    match Url::parse(&address) {
        Ok(mut url) if address::on_the_web(&url) && has_login(&url) => {
            let cleared = url.set_password(None).and(url.set_username(""));
            Err(match cleared {
                Ok(()) => Refused::Login(Box::new(url)),
                Err(()) => no_address(text),
            })
        }
        _ => feed_address(&address).map_err(|_| no_address(text)),
    }
}

fn no_address(text: &str) -> Refused {
    Refused::NoAddress(format!("{:?} is not an http or https address", plain(&without_login(text))))
}

/// The form of `text` to write: unchanged if it is one word, otherwise the parsed `url`.
pub(super) fn written(text: &str, url: &Url) -> String {
    let address = on_the_web(text.trim());
    if address.contains(|c: char| c.is_whitespace() || c.is_control()) {
        url.to_string()
    } else {
        address.into_owned()
    }
}

/// Replaces schemes such as `feed:` by http or https.
fn on_the_web(text: &str) -> Cow<'_, str> {
    let inner = READER_SCHEMES.iter().find_map(|scheme| {
        let head = text.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme))?;
        Some(text[head.len()..].trim_start_matches('/'))
    });
    match inner {
        None => Cow::Borrowed(text),
        Some(inner) if ["http:", "https:"].iter().any(|web| starts_with(inner, web)) => Cow::Borrowed(inner),
        Some(inner) => Cow::Owned(format!("https://{inner}")),
    }
}

fn starts_with(text: &str, head: &str) -> bool {
    text.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head))
}

/// A name for the variable that holds the login of `host`.
fn variable(host: &str) -> String {
    let mut name: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name + "_LOGIN"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_readers_mean_the_web() {
        for (text, url) in [
            ("feed://a.example/rss", "https://a.example/rss"),
            ("FEED://a.example/rss", "https://a.example/rss"),
            ("feed:https://a.example/rss?x=1", "https://a.example/rss?x=1"),
            ("feed:http://a.example/rss", "http://a.example/rss"),
            ("feed://https://a.example/rss", "https://a.example/rss"),
            ("pcast://a.example:8080/rss", "https://a.example:8080/rss"),
            ("Pcast:a.example/rss", "https://a.example/rss"),
            (" https://a.example/rss ", "https://a.example/rss"),
            ("HTTP://a.example/rss", "HTTP://a.example/rss"),
            ("https://a.example/a b", "https://a.example/a%20b"),
            ("https://a.exam\nple/rss", "https://a.example/rss"),
            ("https://größe.example/rss", "https://größe.example/rss"),
        ] {
            assert_eq!(written(text, &feed_url(text).unwrap()), url, "{text}");
        }
        for text in
            ["a.example/rss", "rsshub://a/b", "feed:", "feed://", "", "mailto:me@a.example", "file:///etc/x"]
        {
            assert!(matches!(feed_url(text), Err(Refused::NoAddress(_))), "{text}");
        }
    }

    #[test]
    fn a_login_is_never_repeated() {
        for text in
            ["https://me:hunter2@a.example/f", "feed://me:hunter2@a.example/f", "https://hunter2@a.example/f"]
        {
            let refused = feed_url(text).unwrap_err();
            let message = refused.message() + &refused.hint();
            assert!(
                message.contains("https://a.example/f") && message.contains("A_EXAMPLE_LOGIN"),
                "{message}"
            );
            assert!(!message.contains("hunter2"), "{message}");
            assert_eq!(super::super::identity(text), super::super::identity("http://www.a.example/f/"));
        }
        for text in ["https://me:hunter2@", "me:hunter2@a.example/f", "ftp://me:hunter2@a.example/f"] {
            let refused = feed_url(text).unwrap_err();
            assert!(!(refused.message() + &refused.hint()).contains("hunter2"), "{refused:?}");
        }
        assert_eq!(variable("127.0.0.1"), "_127_0_0_1_LOGIN");
    }
}
