//! Names of hosts: under which one is paced and paused, and which domain it is in.

/// `host` in lower case without a final dot; medium.com and all its subdomains are one host
/// (docs/reference/http.md#pacing).
#[must_use]
pub fn pace_key(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.ends_with(".medium.com") { "medium.com".to_owned() } else { host }
}

/// Whether `host` is `domain` or a name under it.
#[must_use]
pub fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::{is_within, pace_key};

    #[test]
    fn a_domain_has_its_own_name_and_those_under_it() {
        assert!(is_within("a.example", "a.example") && is_within("x.y.a.example", "a.example"));
        assert!(!is_within("ba.example", "a.example") && !is_within("example", "a.example"));
    }

    #[test]
    fn subdomains_of_medium_share_one_turn() {
        assert_eq!(pace_key("Some.Medium.com"), "medium.com");
        assert_eq!(pace_key("notmedium.com."), "notmedium.com");
    }
}
