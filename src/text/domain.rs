//! Who owns a host name: the registrable domain by the public suffix list.

/// The part of `host` that somebody registered: `blog.example.co.uk` gives `example.co.uk`.
///
/// `host` is a lower-case ASCII host name as [`url::Url::host_str`] gives it. `None` for addresses
/// (`127.0.0.1`, `[::1]`), for names without a dot and for public suffixes themselves.
#[must_use]
pub fn registrable(host: &str) -> Option<&str> {
    let host = host.trim_end_matches('.');
    if host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    psl::domain_str(host)
}

/// Whether two hosts belong to one owner: same registrable domain, or the same host where there is none.
#[must_use]
pub fn same_owner(one: &str, other: &str) -> bool {
    one == other || matches!((registrable(one), registrable(other)), (Some(a), Some(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_list_decides() {
        assert_eq!(registrable("www.example.com"), Some("example.com"));
        assert_eq!(registrable("a.b.example.co.uk"), Some("example.co.uk"));
        assert_eq!(registrable("co.uk"), None);
        assert_eq!(registrable("localhost"), None);
        assert_eq!(registrable("127.0.0.1"), None);
        assert_eq!(registrable("[::1]"), None);
    }

    #[test]
    fn neighbours_on_a_shared_suffix_are_strangers() {
        assert!(same_owner("news.example.com", "example.com"));
        assert!(!same_owner("one.github.io", "two.github.io"));
        assert!(same_owner("127.0.0.1", "127.0.0.1"));
        assert!(!same_owner("127.0.0.1", "127.0.0.2"));
    }
}
