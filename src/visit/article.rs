//! Visits the page of a waiting entry and classifies the entry. If the page cannot be read, the entry keeps waiting; after
//! its tries it is classified by the feed's text. None is dropped unclassified.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use url::Url;

use crate::{
    detect::{Explanation, Item, Origin, Rules, feedback::Feedback},
    model::{ArticleRecord, Commit, EntryRecord, EntryState, FailureKind, Kind, Verdict},
    text::address,
};

use super::{
    ArticleVisit, Context, Figures, Finding, PageOutcome,
    page_cache::{CachedPage, FetchError, Retry, item, older_than, opening},
    reword::other_launch,
};

/// Requests for one page before its entry is classified without it: half an hour with a 10-minute cron.
const MAX_TRIES: u32 = 3;
/// After this, an entry whose host stays paused is classified without its page.
const MAX_WAIT: Duration = Duration::from_hours(24);

/// Reads the page of `entry`, which is waiting, and classifies it.
pub async fn visit_article(context: &Context, entry: EntryRecord) -> ArticleVisit {
    let Some(link) = entry.link.as_deref().and_then(|link| Url::parse(link).ok()) else {
        let outcome = PageOutcome::Failed(FailureKind::BadAddress);
        return judged(context, entry, None, outcome, Figures::default()).await;
    };
    let (cached, outcome, fetched) = context.pages.page(context, &entry, &link).await;
    let mut visit = match cached.as_ref() {
        CachedPage::Read(_) => {
            judged(context, entry, Some(Arc::clone(&cached)), outcome, fetched.figures).await
        }
        CachedPage::Failed(error) => missed(context, entry, error, outcome, fetched.figures).await,
    };
    visit.commit.articles = fetched.articles;
    visit.commit.robots = fetched.robots;
    if visit.commit.entries.iter().any(|entry| entry.rewordings.any())
        && let Some(found) = visit.found.take()
    {
        // If the store cannot be read, the visit cannot be saved either.
        visit.found = other_launch(context, found).await.ok().flatten();
    }
    visit
}

async fn missed(
    context: &Context,
    entry: EntryRecord,
    error: &FetchError,
    outcome: PageOutcome,
    figures: Figures,
) -> ArticleVisit {
    let now = context.now();
    let EntryState::Waiting { tries, .. } = entry.state else {
        return judged(context, entry, None, outcome, figures).await;
    };
    let tries = match error.retry {
        Retry::Never => MAX_TRIES,
        Retry::Counted => tries + 1,
        Retry::Uncounted => tries,
    };
    if tries >= MAX_TRIES || older_than(entry.first_seen, MAX_WAIT, now) {
        return judged(context, entry, None, outcome, figures).await;
    }
    let entry = EntryRecord { state: EntryState::Waiting { tries, next_try: now }, ..entry };
    ArticleVisit {
        outcome,
        commit: Commit { entries: vec![entry], ..Commit::default() },
        found: None,
        figures,
    }
}

/// Why `entry` is classified as it is: by its stored page, or by the feed's text.
#[must_use]
pub fn explain_kept(
    rules: &Rules,
    entry: &EntryRecord,
    article: Option<&ArticleRecord>,
    now: Timestamp,
    feedback: &Feedback,
) -> Explanation {
    let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
    let (text, url) = words(entry, link.as_ref(), article);
    rules.explain_at(&item(entry, &text, &url), now, feedback)
}

/// Classifies `entry` by its stored page, or by the feed's text; and the finding.
#[must_use]
pub fn judge_kept(
    rules: &Rules,
    entry: EntryRecord,
    article: Option<&ArticleRecord>,
    feedback: &Feedback,
) -> (EntryRecord, Option<Finding>) {
    let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
    let (text, url) = words(&entry, link.as_ref(), article);
    let claimed = rules.judge_with(&item(&entry, &text, &url), feedback);
    let own =
        article.filter(|_| !claimed.official).and_then(|record| own_words(rules, &entry, record, feedback));
    let verdict = own.as_ref().unwrap_or(&claimed);
    let state = EntryState::Judged { score: verdict.score };
    let entry = EntryRecord { state, rules: rules.fingerprint(), ..entry };
    let read_at = article.map(|record| record.final_url.clone());
    let found = match (own, article) {
        (Some(verdict), Some(ArticleRecord { article, final_url, .. })) => {
            let title = if article.title.trim().is_empty() { &entry.title } else { &article.title };
            let url = Url::parse(final_url).map_or(url, |page| address::shown(&page));
            let said = EntryRecord { title: title.clone(), author: article.author.clone(), ..entry.clone() };
            Finding::from_entry(&said, verdict, article.text.clone(), url)
        }
        _ => Finding::from_entry(&entry, claimed, text, url),
    };
    (entry, found.map(|found| Finding { read_at, ..found }))
}

/// The verdict on a page of a watched project by its text alone, if that announces a launch. The text of another
/// publisher's feed that links to the page is not official.
fn own_words(
    rules: &Rules,
    entry: &EntryRecord,
    record: &ArticleRecord,
    feedback: &Feedback,
) -> Option<Verdict> {
    if !rules.is_own_page(&record.final_url) {
        return None;
    }
    let article = &record.article;
    let item = Item {
        kind: Kind::News,
        title: &article.title,
        text: &article.text,
        author: &article.author,
        source: &entry.source_url,
        url: &record.final_url,
        published: Some(article.published.unwrap_or(entry.published)),
        origin: Origin::Address(&record.final_url),
    };
    let verdict = rules.judge_with(&item, feedback);
    (verdict.tge && verdict.official).then_some(verdict)
}

/// The text that an entry is classified by, and the address to show.
fn words(entry: &EntryRecord, link: Option<&Url>, article: Option<&ArticleRecord>) -> (String, String) {
    let Some(record) = article else {
        let own = || Url::parse(&entry.source_url).map(|url| address::bare(&url)).unwrap_or_default();
        return (entry.summary.clone(), link.map_or_else(own, address::shown));
    };
    let own = record.article.canonical_url.as_deref().unwrap_or(&record.final_url);
    let url = Url::parse(own).ok().or_else(|| link.cloned());
    (opening(&entry.summary, &record.article.text), url.as_ref().map(address::shown).unwrap_or_default())
}

async fn judged(
    context: &Context,
    entry: EntryRecord,
    page: Option<Arc<CachedPage>>,
    outcome: PageOutcome,
    mut figures: Figures,
) -> ArticleVisit {
    let judge = move |rules: &Rules, feedback: &Feedback| {
        judge_kept(rules, entry, page.as_deref().and_then(CachedPage::record), feedback)
    };
    let (entry, found) = context.judge(&mut figures, judge).await;
    ArticleVisit { outcome, commit: Commit { entries: vec![entry], ..Commit::default() }, found, figures }
}
