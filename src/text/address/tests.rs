use proptest::prelude::*;
use url::Url;

use super::{canonical, shown, tracking};

fn identity(address: &str) -> String {
    canonical(&Url::parse(address).unwrap())
}

#[test]
fn one_article_written_many_ways_is_one_address() {
    let article = "https://ledgerline.example/2026/11/caldera-opens-claim";
    for other in [
        article,
        "http://ledgerline.example/2026/11/caldera-opens-claim",
        "http://ledgerline.example:80/2026/11/caldera-opens-claim/",
        "https://ledgerline.example:443/2026/11/caldera-opens-claim",
        "https://WWW.LedgerLine.example/2026/11/caldera-opens-claim",
        "https://www.ledgerline.example./2026/11/caldera-opens-claim",
        "https://m.ledgerline.example/2026/11/caldera-opens-claim",
        "https://mobile.ledgerline.example/2026/11/caldera-opens-claim",
        "https://amp.ledgerline.example/2026/11/caldera-opens-claim",
        "https://www.m.ledgerline.example/2026/11/caldera-opens-claim",
        "https://reader:pass@ledgerline.example/2026/11/caldera-opens-claim",
        "https://ledgerline.example/2026/11/caldera-opens-claim#comments",
        "https://ledgerline.example/2026//11/./caldera-opens-claim/",
        "https://ledgerline.example/2026/11/x/../caldera-opens-claim",
        "https://ledgerline.example/2026/11/caldera-opens-claim/amp",
        "https://ledgerline.example/2026/11/caldera-opens-claim/amp/",
        "https://ledgerline.example/2026/11/caldera-opens-claim.amp",
        "https://ledgerline.example/amp/2026/11/caldera-opens-claim",
        "https://ledgerline.example/2026/11/caldera-opens-claim/index.html",
        "https://ledgerline.example/2026/11/caldera-opens-claim/amp/index.html",
        "https://ledgerline.example/2026/11/caldera-opens-claim?amp",
        "https://ledgerline.example/2026/11/caldera-opens-claim?amp=1",
        "https://ledgerline.example/2026/11/caldera-opens-claim?outputType=amp",
        "https://ledgerline.example/2026/11/caldera-opens-claim?",
        "https://ledgerline.example/2026/11/caldera-opens-claim?utm_source=rss&utm_medium=rss",
        "https://ledgerline.example/2026/11/caldera-opens-claim?UTM_Source=rss&amp;utm_medium=rss",
        "https://ledgerline.example/2026/11/caldera-opens-claim?fbclid=IwAR0&gclid=1&mc_cid=a&mc_eid=b",
        "https://ledgerline.example/2026/11/caldera-opens-claim?source=rss----8ac49aa8fe03---4",
        "https://ledgerline.example/2026/11/caldera-opens-claim?ref=newsletter",
        "https://ledgerline.example/2026/11/%63aldera%2dopens-claim",
    ] {
        assert_eq!(identity(other), article, "{other}");
    }
}

#[test]
fn spelling_of_escapes_and_order_of_parameters_change_nothing() {
    for (one, other) in [
        ("https://a.example/caf%c3%a9", "https://a.example/café"),
        ("https://a.example/d%C3%A9but%20(era)", "https://a.example/d%c3%a9but%20%28era%29"),
        ("https://a.example/a|b", "https://a.example/a%7Cb"),
        ("https://a.example/?q=a+b", "https://a.example/?q=a%20b"),
        ("https://a.example/?id=7&lang=en", "https://a.example/?lang=en&id=7"),
        ("https://a.example/?id=7&id=7", "https://a.example/?id=7"),
        ("https://a.example/?id=", "https://a.example/?id"),
        ("https://a.example/?page=%2Fnews", "https://a.example/?page=/news"),
        ("https://a.example", "https://www.a.example/index.php"),
        ("https://a.example/index.php?p=12", "https://a.example/?p=12"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
    ] {
        assert_eq!(identity(one), identity(other), "{one} and {other}");
    }
}

#[test]
fn different_pages_stay_apart() {
    for (one, other) in [
        ("https://a.example/?p=12", "https://a.example/?p=13"),
        ("https://a.example/news?id=1&lang=en", "https://a.example/news?id=1&lang=de"),
        ("https://a.example/?post_type=article&p=1", "https://a.example/?post_type=article&p=2"),
        ("https://a.example/item?ref=101", "https://a.example/item?ref=102"),
        ("https://a.example/item?source=1", "https://a.example/item"),
        ("https://a.example/?q=a%26b", "https://a.example/?q=a&b"),
        ("https://a.example/?q=a%2Bb", "https://a.example/?q=a+b"),
        ("https://a.example/a%2Fb", "https://a.example/a/b"),
        ("https://a.example/Token", "https://a.example/token"),
        ("https://a.example:8080/x", "https://a.example/x"),
        ("https://a.example:8080/x", "https://a.example:9090/x"),
        ("https://a.example/#!/news/1", "https://a.example/#!/news/2"),
        ("https://a.example/#/s:tide.eth/proposal/0x1", "https://a.example/#/s:tide.eth/proposal/0x2"),
        ("https://blog.a.example/x", "https://a.example/x"),
        ("https://amp.dev/x", "https://m.dev/x"),
        ("https://a.example/coins/amp", "https://a.example/coins"),
        ("https://a.example/amp/prices", "https://a.example/prices"),
        ("https://a.example/?amp=token-7", "https://a.example/"),
        ("https://a.example/?v=1&v=2", "https://a.example/?v=2&v=1"),
        ("https://127.0.0.1/x", "https://127.0.0.2/x"),
    ] {
        assert_ne!(identity(one), identity(other), "{one} and {other}");
    }
}

#[test]
fn only_a_fragment_that_addresses_a_page_is_shown() {
    for (address, expected) in [
        ("https://a.example/x?id=1#comments", "https://a.example/x?id=1"),
        ("https://a.example/#/s:tide.eth/proposal/0x1", "https://a.example/#/s:tide.eth/proposal/0x1"),
        ("https://a.example/#!/news/1", "https://a.example/#!/news/1"),
        ("https://a.example/#/", "https://a.example/"),
    ] {
        assert_eq!(shown(&Url::parse(address).unwrap()), expected);
    }
}

#[test]
fn hosts_that_are_only_a_serving_label_survive() {
    assert_eq!(identity("http://m.localhost:8080/x"), "https://m.localhost:8080/x");
    assert_eq!(identity("http://www.ledgerline.localhost:443/"), "https://ledgerline.localhost/");
    assert_eq!(identity("http://[::1]:8080/x/"), "https://[::1]:8080/x");
    assert_eq!(identity("mailto:desk@ledgerline.example"), "mailto:desk@ledgerline.example");
}

/// Addresses made of the parts that rules look at, in any order.
fn tricky() -> impl Strategy<Value = String> {
    let host = prop::sample::select(vec!["www.", "m.", "amp.", "a", "b.", "example", "dev", "."]);
    let piece = prop::sample::select(vec![
        "/",
        "amp",
        ".amp",
        "index.html",
        "a-1",
        "x",
        "%2e",
        "%2F",
        "%",
        "2",
        "5",
        "%zz",
        "é",
        "..",
        ".",
        "|",
        "+",
        ";",
        "'",
        "%C3%a9",
        "&",
        "=",
        "utm_source=",
        "ref=",
        "id=",
        "amp;",
        "?",
        "#",
        "!",
        " ",
        "\\",
        "\"",
    ]);
    (prop::collection::vec(host, 1..5), prop::collection::vec(piece, 0..14))
        .prop_map(|(host, rest)| format!("http://{}/{}", host.concat(), rest.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn an_identity_is_its_own_identity(address in tricky()) {
        if let Ok(url) = Url::parse(&address) {
            let once = canonical(&url);
            prop_assert_eq!(identity(&once), once);
        }
    }

    #[test]
    fn any_text_after_the_host_gives_a_readable_address(rest in "\\PC{0,60}") {
        if let Ok(url) = Url::parse(&format!("https://a.example/{rest}")) {
            let once = canonical(&url);
            prop_assert_eq!(identity(&once), once);
        }
    }

    #[test]
    fn articles_numbered_by_query_never_merge(a in 0_u32..10_000, b in 0_u32..10_000,
        name in "[a-z]{1,3}|post_id|article|ref|source") {
        // A name by chance may be a vendor's label.
        prop_assume!(a != b && !tracking::is_noise(&name, "1"));
        let page = |id: u32| identity(&format!("https://a.example/index.php?{name}={id}&utm_source=rss"));
        prop_assert_ne!(page(a), page(b));
    }
}
