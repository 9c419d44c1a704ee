use tge_scrape::text::{
    address::{canonical, identity, shown},
    domain::{registrable, same_owner},
    host::pace_key,
    link::Link,
    plain,
};
use url::Url;

/// A canonical address is an address and its own canonical form. The shown form hides nothing and contains the host.
pub fn address(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let base: Url = "https://news.example/feeds/main.xml".parse().unwrap();
    for url in [Url::parse(&text), base.join(&text)].into_iter().flatten() {
        let once = canonical(&url);
        assert_eq!(identity(&once), once, "of {url}");
        if matches!(url.scheme(), "http" | "https") {
            let read = Url::parse(&once).unwrap_or_else(|error| panic!("{once:?}: {error}"));
            assert_eq!(read.scheme(), "https");
            assert!(read.username().is_empty() && read.password().is_none(), "{once}");
        }
        let display = shown(&url);
        assert_eq!(Url::parse(&display).map(|url| shown(&url)), Ok(display), "shown of {url}");
        if let Some(host) = url.host_str() {
            assert!(same_owner(host, host));
            assert!(registrable(host).is_none_or(|owner| host.contains(owner)), "{host}");
            assert_eq!(pace_key(&pace_key(host)), pace_key(host));
        }
    }
    let link = Link::read(&text);
    assert_eq!(plain(link.text()), link.text(), "of {text:?}");
    if let Link::Open { href, host } = &link {
        let url = Url::parse(href).unwrap();
        assert_eq!(url.host_str(), Some(host.as_str()));
        assert!(url.username().is_empty() && matches!(url.scheme(), "http" | "https"), "{href}");
    }
}
