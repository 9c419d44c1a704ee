use jiff::SignedDuration;
use tge_scrape::{
    model::{XAccount, XView},
    text::plain,
    x::{
        api::{self, Dialect},
        errors,
        limits::{self, Leave, Refusal, Seen},
        lookup,
        windows::{Bounds, PageSpan, Progress, time_of},
    },
};

use super::{Message, now};

/// Any answer of X is a page or an error with a name; its bounds hold, each post is charged once, no wait is longer
/// than a day, and nothing in a sentence steers a terminal.
pub fn x_answers(input: &[u8]) {
    let message = Message::read(input);
    let status = message.text("status").and_then(|status| status.parse().ok()).unwrap_or(200);
    pages(message.body);
    for dialect in [Dialect::Tweet, Dialect::Post] {
        let problem = errors::problem(status, message.body, dialect);
        assert!(!problem.name().is_empty());
        let _ = problem.action(now());
        let told = problem.to_string();
        assert_eq!(plain(&told), told);
    }
    let headers: Vec<(String, String)> = message
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
        .collect();
    waits(Seen::read(&headers));
}

fn pages(body: &[u8]) {
    if let Ok(mut page) = api::posts(body) {
        assert!(page.newest >= page.oldest, "{page:?}");
        api::attribute(&mut page);
        let billed = api::billed_posts(&page);
        assert!(billed.is_sorted_by(|a, b| a < b), "each post once: {billed:?}");
        assert!(page.posts.iter().all(|post| billed.contains(&post.id)));
        assert!(page.posts.iter().all(|post| post.chain.contains(&post.id)), "{page:?}");
        let more = page.next.is_some();
        let span = PageSpan { newest: page.newest, oldest: page.oldest, more };
        for bounds in [
            Bounds::From(now() - SignedDuration::from_hours(24)),
            Bounds::Ids { since: 7, until: Some(1 << 60) },
        ] {
            let mut progress =
                Progress { sources: vec!["a:1".into()], bounds, gap: None, repair: false, asked_at: now() };
            for call in 1..3 {
                let change = progress.after(call, span);
                assert_eq!(change.head, span.newest);
                assert!(progress.gap.is_none_or(|gap| gap.low < gap.high), "{progress:?}");
            }
        }
        let _ = page.newest.map(time_of);
    }
    if let Ok(page) = api::people(body) {
        let asked = ["caldera".to_owned(), "gone".to_owned()];
        let known = [XAccount { handle: "caldera".into(), user: Some(9), ..XAccount::default() }];
        for learned in
            [lookup::by_handle(&asked, &known, &page, now()), lookup::by_id(&[9, 10], &known, &page, now())]
        {
            for sentence in
                learned.notices.iter().chain(learned.accounts.iter().filter_map(|one| one.trouble.as_ref()))
            {
                assert_eq!(&plain(sentence), sentence);
            }
        }
    }
}

fn waits(seen: Seen) {
    let day = now() + SignedDuration::from_hours(24);
    let mut limit = None;
    for refused in [None, Some(Refusal::Window), Some(Refusal::UsageCap), Some(Refusal::Window), None] {
        let learned = limits::learn(limit.as_ref(), limits::SEARCH, seen, now(), now(), refused);
        assert!(learned.blocked_until.is_none_or(|until| until <= day), "{learned:?}");
        let view = XView { limit: Some(learned.clone()), ..XView::default() };
        if let Leave::NotBefore(until, why) = limits::leave(&view, limits::SEARCH, 0, now()) {
            assert!(until >= now() && !why.is_empty(), "{until}");
        }
        limit = Some(learned);
    }
}
