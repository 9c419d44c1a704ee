//! Rules of `[[sites]]` that find nothing.

use tokio::runtime::Runtime;

use super::{Finding, Level, finding};
use crate::{config::Settings, model::Method, store::Store, text::quantity::plural};

/// Newest pages of a host in which its rules should have found a text.
const PAGES: usize = 3;

/// The finding on hosts whose last pages the extractors read, because the rule `content` found nothing.
pub fn unused(store: &Store, settings: &Settings, runtime: &Runtime) -> Option<Finding> {
    let mut found = Vec::new();
    for site in settings.sites.iter().filter(|site| !site.content.is_empty()) {
        let methods = runtime.block_on(store.article_methods(site.host.clone(), PAGES)).unwrap_or_default();
        if !methods.is_empty() && !methods.contains(&Method::Site) {
            found.push(format!("{} (last {})", site.host, plural(methods.len(), "page", "pages")));
        }
    }
    let message = format!("the rule content of [[sites]] finds nothing: {}", found.join(", "));
    let hint = "`tge-scrape article extract --site HOST FILE` tries the rules on a saved page";
    (!found.is_empty()).then(|| finding("sites", Level::Note, message, hint))
}
