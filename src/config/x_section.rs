//! `[x]`.

use std::path::Path;

use url::Url;

use super::{
    environment::Environment,
    files::{LONGEST_SECRET, read_text},
    layers::Layers,
};
use crate::{
    text::{address::on_the_web, login::has_login},
    x,
};

/// Maximum characters of a search: X allows 512 (docs/reference/x-api.md#queries), and our own terms need some.
const LONGEST_SEARCH: usize = 480;

/// `[x]`, with the token from the variable, the file, or systemd's credentials.
pub fn settings(layers: &mut Layers, environment: &Environment, budget_usd: f64) -> x::Settings {
    let address = layers.text("x.base_url");
    let base_url = Url::parse(&address).ok().filter(|url| {
        on_the_web(url)
            && !has_login(url)
            // A token is sent without TLS on this machine only.
            && (url.scheme() == "https" || is_local(url))
    });
    let base_url = base_url.unwrap_or_else(|| {
        layers.wrong("x.base_url", "should be an https address without a login; http only on this machine");
        x::official_address()
    });
    let accounts = layers.texts("x.accounts");
    for handle in accounts.iter().map(|handle| handle.trim_start_matches('@')) {
        if !x::is_handle(handle) {
            layers.wrong("x.accounts", format!("{handle:?} cannot be a handle on X"));
        }
    }
    let replies = layers.texts("x.replies");
    let bare = |list: Vec<String>| -> Vec<String> {
        list.into_iter().map(|handle| handle.trim_start_matches('@').to_owned()).collect()
    };
    let (accounts, replies) = (bare(accounts), bare(replies));
    for handle in &replies {
        if !accounts.iter().any(|account| account.eq_ignore_ascii_case(handle)) {
            layers.wrong("x.replies", format!("{handle:?} is not among x.accounts"));
        }
    }
    let searches = layers.texts("x.searches");
    for query in searches.iter().filter(|query| query.chars().count() > LONGEST_SEARCH) {
        layers.wrong(
            "x.searches",
            format!(
                "longer than {LONGEST_SEARCH} characters: {:?}",
                query.chars().take(40).collect::<String>()
            ),
        );
    }
    x::Settings {
        enabled: layers.flag("x.enabled"),
        base_url,
        token: token(layers, environment),
        budget: x::money::micros(budget_usd),
        budget_assumed: layers.is_built_in("x.monthly_budget_usd"),
        lookback: layers.duration("x.lookback"),
        accounts,
        replies,
        searches,
        post_price: x::money::micros(layers.number("x.post_price_usd", 0.0..=1e3)),
        user_price: x::money::micros(layers.number("x.user_price_usd", 0.0..=1e3)),
        user_ttl: layers.duration("cache.user_ttl"),
        min_followers: u64::try_from(layers.whole("x.min_followers", 0..=1_000_000_000)).unwrap_or(0),
        keep_text: layers.flag("x.keep_text"),
    }
}

/// Whether `url` stays on this machine.
pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn token(layers: &mut Layers, environment: &Environment) -> Option<x::Token> {
    let variable = layers.text("x.bearer_token_env");
    let file = layers.text("x.bearer_token_file");
    let mut text = environment.get(&variable).map(str::to_owned);
    if text.is_none() && !file.is_empty() {
        match read_text(Path::new(&file), LONGEST_SECRET) {
            Ok(read) => text = Some(read),
            Err(message) => layers.wrong_secret("x.bearer_token_file", format!("{file} {message}")),
        }
    }
    let credential = environment.path("CREDENTIALS_DIRECTORY").map(|dir| dir.join("x-bearer"));
    let text = text.or_else(|| credential.and_then(|path| read_text(&path, LONGEST_SECRET).ok()))?;
    let token = x::Token::read(&text);
    if token.is_none() && !text.trim().is_empty() {
        // Not repeated here: it may hold most of a secret.
        layers.wrong_secret(
            "x.bearer_token_env",
            "the token found holds spaces or characters that no token has",
        );
    }
    token
}
