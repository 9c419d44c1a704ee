//! Names and passwords in addresses (`https://user:password@host/`): found, and taken out of what is shown.

use url::Url;

/// Whether `url` holds a name or a password.
pub fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// `address` without its name and password. Of what cannot be read as an address, all up to the last `@` may be secret.
pub fn without_login(address: &str) -> String {
    if let Some(mut url) = Url::parse(address).ok().filter(Url::has_host) {
        if !has_login(&url) {
            return address.to_owned();
        }
        if url.set_password(None).is_ok() && url.set_username("").is_ok() {
            return url.to_string();
        }
    }
    address.rsplit_once('@').map_or_else(|| address.to_owned(), |(_, rest)| format!("…@{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_left_in_what_is_shown() {
        for (address, shown) in [
            ("https://a.example/@me/feed", "https://a.example/@me/feed"),
            ("https://me:pw@a.example/feed?x=1", "https://a.example/feed?x=1"),
            ("https://token@a.example/", "https://a.example/"),
            ("https://me:p/w@a.example/", "…@a.example/"),
            ("me:pw@a.example/feed", "…@a.example/feed"),
            ("https://me:pw@", "…@"),
            ("a.example/feed", "a.example/feed"),
        ] {
            assert_eq!(without_login(address), shown, "{address}");
        }
        let has = |address: &str| has_login(&address.parse().unwrap());
        assert!(
            has("https://token@a.example/") && has("https://:pw@a.example/") && !has("https://a.example/@me")
        );
    }
}
