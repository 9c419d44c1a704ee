use std::thread;

use jiff::SignedDuration;
use tge_scrape::article::{self, Effort, Page, STACK_BYTES};
use url::Url;

use super::{Message, now};

/// Instrumented and unoptimised code needs more stack than the program.
const STACK: usize = 4 * STACK_BYTES;

/// Any page is read or rejected. An article has text, a valid address, and no date in the future. A guessed date is in the
/// month that the address names.
pub fn article(input: &[u8]) {
    let url: Url = "https://news.example/2026/11/caldera-opens-claim".parse().unwrap();
    let message = Message::read(input);
    let page =
        Page { bytes: message.body, content_type: message.text("content-type"), url: &url, now: now() };
    thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || holds(&page)).unwrap();
        // The panic hook has printed the panic by then.
        assert!(reader.join().is_ok());
    });
}

fn holds(page: &Page<'_>) {
    for effort in [Effort::AsNeeded, Effort::Thorough] {
        let Ok(article) = article::read(page, effort) else { continue };
        assert_eq!(article.text.trim(), article.text);
        assert!(!article.text.is_empty());
        if let Some(published) = article.published {
            assert!(published <= now() + SignedDuration::from_hours(24), "{published}");
            let month = ["2026-10-31", "2026-11", "2026-12-01"];
            let day = published.to_string();
            assert!(!article.published_guessed || month.iter().any(|month| day.starts_with(month)), "{day}");
        }
        assert!(article.published.is_some() || !article.published_guessed);
        if let Some(address) = &article.canonical_url {
            let address = Url::parse(address).unwrap_or_else(|error| panic!("{address:?}: {error}"));
            assert!(matches!(address.scheme(), "http" | "https"), "{address}");
        }
    }
}
