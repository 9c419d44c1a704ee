//! The name under which a host is paced and paused.

/// `host` in lower case without a final dot; medium.com and all its subdomains are one host
/// (docs/reference/http.md#pacing).
#[must_use]
pub fn pace_key(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.ends_with(".medium.com") { "medium.com".to_owned() } else { host }
}

#[cfg(test)]
mod tests {
    use super::pace_key;

    #[test]
    fn subdomains_of_medium_share_one_turn() {
        assert_eq!(pace_key("Some.Medium.com"), "medium.com");
        assert_eq!(pace_key("notmedium.com."), "notmedium.com");
    }
}
