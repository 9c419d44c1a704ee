//! Where a redirect leads, and whether it may be followed. Pure.

use url::Url;

use super::Failure;
use crate::text::address::on_the_web;

/// Longest address followed, bytes: what servers are asked to understand (RFC 9110, section 4.1). A feed's links
/// stand against it, so a long one would be held thousands of times.
const LONGEST: usize = 8000;
/// So much of a `Location` that leads nowhere is shown.
const SHOWN: usize = 200;

/// Decides on a redirect from `from` with `location`; `seen` are the addresses asked so far, `hops` how many
/// redirects were followed, `limit` how many may be.
///
/// # Errors
/// The failure that ends the request (feed-fetching, rule 13).
pub fn next(from: &Url, location: Option<&str>, seen: &[Url], limit: u32) -> Result<Url, Failure> {
    let location = location.unwrap_or_default();
    let mut to = from
        .join(location.trim())
        .ok()
        .filter(|to| !location.trim().is_empty() && on_the_web(to))
        .filter(|to| to.as_str().len() <= LONGEST)
        .ok_or_else(|| Failure::BadRedirect(location.chars().take(SHOWN).collect()))?;
    to.set_fragment(None);
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(Failure::Downgrade);
    }
    if seen.contains(&to) {
        return Err(Failure::RedirectLoop);
    }
    if seen.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
        return Err(Failure::TooManyRedirects(limit));
    }
    Ok(to)
}

/// Whether a status says that the move is for good (RFC 9110, sections 15.4.2 and 15.4.9).
#[must_use]
pub fn is_permanent(status: u16) -> bool {
    matches!(status, 301 | 308)
}

/// Whether a status is a redirect to be followed.
#[must_use]
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}
