//! `[http]`.

use url::Url;

use super::{amount, layers::Layers};
use crate::http;

/// A smaller body holds no feed.
const SMALLEST_BODY: u64 = 1 << 10;
/// A larger body needs several times its size in memory.
const LARGEST_BODY: u64 = 256 << 20;

pub fn settings(layers: &mut Layers) -> http::Settings {
    let user_agent = layers.text("http.user_agent");
    let settings = http::Settings {
        user_agent: if user_agent.is_empty() { http::USER_AGENT.to_owned() } else { user_agent },
        concurrency: amount(layers.whole("http.concurrency", 1..=10_000)),
        per_host_concurrency: amount(layers.whole("http.per_host_concurrency", 1..=100)),
        per_host_interval: layers.duration("http.per_host_interval"),
        connect_timeout: layers.time_limit("http.connect_timeout"),
        idle_timeout: layers.time_limit("http.idle_timeout"),
        total_timeout: layers.time_limit("http.total_timeout"),
        feed_body_limit: layers.size_limit("http.feed_body_limit", SMALLEST_BODY, LARGEST_BODY),
        page_body_limit: layers.size_limit("http.page_body_limit", SMALLEST_BODY, LARGEST_BODY),
        max_redirects: u32::try_from(layers.whole("http.max_redirects", 0..=20)).unwrap_or(0),
        retries: u32::try_from(layers.whole("http.retries", 0..=5)).unwrap_or(0),
        allow_private_addresses: layers.flag("http.allow_private_addresses"),
        private_hosts: private_hosts(layers),
        proxy: layers.text("http.proxy"),
    };
    if let Err(error) = http::check(&settings) {
        let key = if matches!(error, http::SetupError::Proxy(_)) { "http.proxy" } else { "http.user_agent" };
        // The error's sentence begins with the key.
        layers.wrong(key, error.to_string().trim_start_matches(key).trim_start());
    }
    settings
}

/// `http.private_hosts`, normalised as in addresses.
fn private_hosts(layers: &mut Layers) -> Vec<String> {
    let mut hosts = Vec::new();
    for host in layers.texts("http.private_hosts") {
        let url = Url::parse(&format!("http://{host}")).ok();
        let bare = url.filter(|url| {
            url.as_str().trim_end_matches('/') == format!("http://{}", url.host_str().unwrap_or_default())
        });
        match bare.as_ref().and_then(Url::host_str) {
            Some(host) => hosts.push(host.to_owned()),
            None => layers.wrong(
                "http.private_hosts",
                format!("{host:?} is no host: give its name or address alone, such as \"rsshub.lan\""),
            ),
        }
    }
    hosts
}
