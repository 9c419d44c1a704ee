use jiff::SignedDuration;
use tge_scrape::{
    model::{RateState, XAccount, XUsage},
    text::{plain, secret::Secrets},
    x::{
        api::{self, Dialect},
        errors,
        limits::{self, RateDecision, Refusal, Seen},
        lookup, usage,
        windows::{self, Bounds, PageSpan, Progress, time_of},
    },
};

use super::{Message, now};

/// The token that a response may quote.
const TOKEN: &str = "AAAAAAAAxyz%2BToken%3Dof%2Bthe%2Bproperty";

/// Any response of X is a page or a named error. Its bounds hold, each post is charged once, and no wait is longer than a
/// day. No head and no post has a future time. No message contains a secret or controls a terminal.
pub fn x_answers(input: &[u8]) {
    let message = Message::read(input);
    secrets(message.body);
    usages(message.body);
    let status = message.text("status").and_then(|status| status.parse().ok()).unwrap_or(200);
    pages(message.body);
    for dialect in [Dialect::Tweet, Dialect::Post] {
        let problem = errors::problem(status, message.body, dialect);
        assert!(!problem.name().is_empty());
        let _ = problem.action(now());
        let message = problem.to_string();
        assert_eq!(plain(&message), message);
    }
    let headers: Vec<(String, String)> = message
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
        .collect();
    waits(Seen::read(&headers));
}

fn pages(body: &[u8]) {
    let latest = windows::latest(now(), now());
    if let Ok(mut page) = api::posts(body) {
        for sentence in page.refuse(latest) {
            assert_eq!(plain(&sentence), sentence);
        }
        assert!(page.newest >= page.oldest, "{page:?}");
        assert!(page.newest.is_none_or(|newest| time_of(newest) <= latest), "{page:?}");
        assert!(page.posts.iter().all(|post| post.chain.iter().all(|id| *id <= post.id)), "{page:?}");
        let far = latest + SignedDuration::from_hours(1);
        assert!(page.posts.iter().all(|post| post.posted_at <= far), "{page:?}");
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
                assert!(change.head.is_none() || change.head == span.newest);
                let held = windows::held(change, now(), latest);
                assert!(held.head.is_none_or(|head| time_of(head) <= now()), "{held:?}");
                assert!(held.complete_at.is_none_or(|at| at <= now()), "{held:?}");
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
                learned.notices.iter().chain(learned.accounts.iter().filter_map(|one| one.problem.as_ref()))
            {
                assert_eq!(&plain(sentence), sentence);
            }
        }
    }
}

/// No part of a quoted token stays, whatever its context and encoding.
fn secrets(body: &[u8]) {
    let quoted = [&b"{\"title\":\"no\",\"detail\":\""[..], TOKEN.as_bytes(), b" ", body].concat();
    let secrets = Secrets::new([TOKEN]);
    let masked = secrets.mask_bytes(&quoted).expect("the token is there");
    let problem = errors::problem(403, &masked, Dialect::Tweet).to_string();
    for said in [&masked[..], problem.as_bytes()] {
        let quotes = |part: &[u8]| TOKEN.as_bytes().windows(8).any(|secret| secret == part);
        assert!(!said.windows(8).any(quotes), "{}", String::from_utf8_lossy(said));
    }
}

fn usages(body: &[u8]) {
    let (state, message) = usage::outcome(Some(200), body);
    let (date, _) = usage::compared(now());
    let day = message.as_ref().and_then(|message| usage::compare(message, &date, 7));
    let message = message.unwrap_or_default();
    let known = XUsage {
        asked_at: now(),
        state,
        posts: Some(message.posts),
        cap: message.cap,
        reset_day: message.reset_day,
        day,
        ..XUsage::default()
    };
    assert!(!usage::is_due(Some(&known), "", now()));
    for sentence in usage::warnings(&known).into_iter().chain([usage::sentence(&known)]) {
        assert_eq!(plain(&sentence), sentence);
    }
}

fn waits(seen: Seen) {
    let day = now() + SignedDuration::from_hours(24);
    let mut limit = None;
    for refused in [None, Some(Refusal::Window), Some(Refusal::UsageCap), Some(Refusal::Window), None] {
        let learned = limits::learn(limit.as_ref(), limits::SEARCH, seen, now(), now(), refused);
        assert!(learned.blocked_until.is_none_or(|until| until <= day), "{learned:?}");
        let view = RateState { limit: Some(learned.clone()), ..RateState::default() };
        if let RateDecision::NotBefore(until, why) = limits::rate_decision(&view, limits::SEARCH, 0, now()) {
            assert!(until >= now() && until <= day && !why.is_empty(), "{until}");
        }
        limit = Some(learned);
    }
}
