//! The X API v2: what is asked, how answers are read, what may be asked now and what it costs. Pure.
//!
//! Knows nothing of the network, the database or the clock: `visit::x` sends, the store remembers.

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

/// What the settings say of X (docs/reference/settings.md#x). Every value is resolved.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether X is to be read.
    pub enabled: bool,
    /// Where the API answers.
    pub base_url: Url,
    /// The token; without one there is no X.
    pub token: Option<Token>,
    /// What a calendar month may cost, millionths of a dollar.
    pub budget: u64,
    /// Whether nobody set that budget.
    pub budget_assumed: bool,
    /// How far back a first look goes.
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
    /// How long a handle's id is used without asking again.
    pub user_ttl: Duration,
    /// Followers that the author of a post found by a search needs.
    pub min_followers: u64,
    /// Whether the text of posts is kept.
    pub keep_text: bool,
}

impl Settings {
    /// Whether there is anything to do, and a token to do it with.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.enabled && self.token.is_some() && !(self.accounts.is_empty() && self.searches.is_empty())
    }

    /// The token as what is masked: X may quote it.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        Secrets::new(self.token.iter().map(|token| token.0.as_str()))
    }
}

/// A bearer token. Shown as dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token in `text`: spaces and a pasted `Bearer ` are taken off, nothing is decoded
    /// (docs/reference/x-api.md#endpoints). `None` where nothing is left, or where it could not be sent as a header.
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

    /// Tells tokens apart without giving them away: the first 8 bytes of the SHA-256.
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

/// Where X's API answers (docs/reference/x-api.md#endpoints).
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
