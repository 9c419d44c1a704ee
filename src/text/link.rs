//! Addresses shown honestly: the target of a link is shown beside it, and one that hides its target is not
//! made a link at all.

use url::{Host, Url};

use super::plain;

/// Longest address that is made a link; what is longer is a tracker or a trick, too long for a message.
const LONGEST: usize = 500;

/// An address from a feed or a post, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Leads where it says.
    Open {
        /// The address, ASCII, absolute, `http` or `https`.
        href: String,
        /// The host it leads to.
        host: String,
    },
    /// Hides where it leads; to be shown as text that no program makes a link of.
    Odd(String),
    /// There is none.
    Missing,
}

impl Link {
    /// Reads an address as a feed gave it. Odd are those with a name or password in them (`bank.example@evil.example`),
    /// with a bare number or a punycode name for a host, and those too long to show.
    #[must_use]
    pub fn read(address: &str) -> Self {
        let address = plain(address);
        let Ok(url) = Url::parse(&address) else {
            return if address.is_empty() { Self::Missing } else { Self::Odd(defanged(&address)) };
        };
        let named = matches!(url.host(), Some(Host::Domain(name)) if !name.contains("xn--"));
        let bare = url.username().is_empty() && url.password().is_none();
        match url.host_str() {
            Some(host)
                if named
                    && bare
                    && matches!(url.scheme(), "http" | "https")
                    && url.as_str().len() <= LONGEST =>
            {
                Self::Open { host: host.to_owned(), href: url.to_string() }
            }
            _ => Self::Odd(defanged(url.as_str())),
        }
    }

    /// As plain text: the address, or what is left of an odd one; empty where there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Open { href, .. } => href,
            Self::Odd(shown) => shown,
            Self::Missing => "",
        }
    }
}

/// `address` as no program takes for a link: `hxxps://evil[.]example/…`.
fn defanged(address: &str) -> String {
    let shown: String = address.chars().take(80).collect();
    let more = if shown.len() < address.len() { "…" } else { "" };
    shown.replace("http", "hxxp").replace('.', "[.]").replace('@', "[at]") + more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_where_it_leads_or_is_none() {
        let open = Link::read("https://ledgerline.example/a?b=1&c=2");
        assert_eq!(
            open,
            Link::Open {
                href: "https://ledgerline.example/a?b=1&c=2".to_owned(),
                host: "ledgerline.example".to_owned()
            }
        );
        for odd in [
            "https://bank.example@evil.example/",
            "http://203.0.113.9/claim",
            "https://xn--80ak6aa92e.example/",
            "javascript:alert(1)",
            "not an address",
        ] {
            let Link::Odd(shown) = Link::read(odd) else { panic!("{odd} became a link") };
            assert!(!shown.contains("http") && !shown.contains('@') && !shown.contains(".e"), "{shown}");
        }
        assert!(matches!(Link::read(&format!("https://a.example/{}", "x".repeat(600))), Link::Odd(_)));
        assert_eq!(Link::read(" "), Link::Missing);
        assert!(!Link::read("https://a.example/\u{202E}cod.exe").text().contains('\u{202E}'));
    }
}
