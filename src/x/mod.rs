//! The X API v2: queries, responses, rate limits and costs. Pure; `visit::x` makes the calls.

pub mod api;
pub mod errors;
pub mod limits;
pub mod lookup;
pub mod money;
pub mod plan;
pub mod usage;
pub mod windows;

use std::{fmt, time::Duration};

use url::Url;

use crate::text::secret::Secrets;

/// The resolved settings of X (docs/reference/settings.md#x).
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether X is to be read.
    pub enabled: bool,
    /// Base address of the API.
    pub base_url: Url,
    /// The token; without one X is not read.
    pub token: Option<Token>,
    /// Highest cost of a calendar month, millionths of a dollar.
    pub budget: u64,
    /// Whether the budget is the default.
    pub budget_assumed: bool,
    /// How far back the first read of a source goes.
    pub lookback: Duration,
    /// Handles to follow, without `@`.
    pub accounts: Vec<String>,
    /// Of these, handles whose replies are read too.
    pub replies: Vec<String>,
    /// Queries to search for.
    pub searches: Vec<String>,
    /// Price of a post read, millionths of a dollar.
    pub post_price: u64,
    /// Price of a user read, millionths of a dollar.
    pub user_price: u64,
    /// How long a handle's id is used without a new lookup.
    pub user_ttl: Duration,
    /// Followers that an author needs whose post was found by a search.
    pub min_followers: u64,
    /// Whether the text of posts is stored.
    pub keep_text: bool,
}

impl Settings {
    /// Whether there is a token and something to read.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.enabled && self.token.is_some() && !(self.accounts.is_empty() && self.searches.is_empty())
    }

    /// Masks the token in responses, which may quote it.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        Secrets::new(self.token.iter().map(|token| token.0.as_str()))
    }
}

/// A bearer token; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token in `text`, without spaces and a pasted `Bearer `; nothing is decoded
    /// (docs/reference/x-api.md#endpoints). `None` where it is empty or not valid in a header.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().peekable();
        words.next_if(|word| word.eq_ignore_ascii_case("bearer"));
        let bare = words.next()?;
        let fits = words.next().is_none() && bare.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(bare.to_owned()))
    }

    /// Value of the `Authorization` header.
    #[must_use]
    pub fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Identifies the token without revealing it: the first 8 bytes of its SHA-256.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        crate::text::hash::sha256_hex::<8>(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(••••)")
    }
}

/// Address of X's API (docs/reference/x-api.md#endpoints).
///
/// # Panics
/// Never: the address is an address.
#[must_use]
#[expect(clippy::expect_used, reason = "a constant that a test parses")]
pub fn official_address() -> Url {
    Url::parse("https://api.x.com").expect("the address is an address")
}

/// Whether X allows `name` as a handle: 1 to 15 letters, digits and underscores (docs/reference/x-api.md#endpoints).
#[must_use]
pub fn is_handle(name: &str) -> bool {
    (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_as_it_is_and_never_shown() {
        let token = Token::read(" bearer AAA%2Bbb%3D \n").unwrap();
        assert_eq!(token.header(), "Bearer AAA%2Bbb%3D");
        assert!(!format!("{token:?}").contains("AAA"));
        assert_eq!(token.fingerprint().len(), 16);
        assert!(Token::read("Bearer ").is_none() && Token::read("a\nb").is_none());
    }

    #[test]
    fn handles_are_checked_before_they_spoil_a_batch() {
        assert!(is_handle("Caldera_xyz") && is_handle("a"));
        assert!(!is_handle("") && !is_handle("sixteen_letters_") && !is_handle("a-b") && !is_handle("@a"));
    }
}
