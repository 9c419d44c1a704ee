//! A waiting entry: its page is read, then it is judged. An entry whose page cannot be read keeps waiting,
//! and is judged on what the feed said once its tries are used up: none is dropped unjudged.

use std::time::Duration;

use url::Url;

use crate::{
    detect::{Item, Origin, Rules},
    model::{ArticleRecord, Commit, EntryRecord, EntryState, FailureKind, Kind, Verdict},
    text::address,
};

use super::{
    ArticleVisit, Context, Figures, Finding, PageOutcome, Stage,
    page_cache::{CachedPage, FetchError, Retry, item, older_than, opening},
    reword::other_launch,
};

/// Fetches of one page before its entry is judged without it: with a 10-minute cron, half an hour.
const MAX_TRIES: u32 = 3;
/// An entry whose host never lets us ask is judged without its page after this.
const MAX_WAIT: Duration = Duration::from_hours(24);

/// Reads the page of `entry`, which is waiting, and judges it.
pub async fn visit_article(context: &Context, entry: EntryRecord) -> ArticleVisit {
    let Some(link) = entry.link.as_deref().and_then(|link| Url::parse(link).ok()) else {
        return judged(
            context,
            entry,
            None,
            PageOutcome::Failed(FailureKind::BadAddress),
            Figures::default(),
        );
    };
    let (shelved, outcome, learned) = context.pages.page(context, &entry, &link).await;
    let mut visit = match shelved.as_ref() {
        CachedPage::Read(record) => judged(context, entry, Some(record), outcome, learned.figures),
        CachedPage::Failed(miss) => missed(context, entry, miss, outcome, learned.figures),
    };
    visit.commit.articles = learned.articles;
    visit.commit.robots = learned.robots;
    if visit.commit.entries.iter().any(|entry| entry.rewordings.any())
        && let Some(found) = visit.found.take()
    {
        // Where the store cannot be read, the visit cannot be saved either.
        visit.found = other_launch(context, found).await.ok().flatten();
    }
    visit
}

fn missed(
    context: &Context,
    entry: EntryRecord,
    miss: &FetchError,
    outcome: PageOutcome,
    figures: Figures,
) -> ArticleVisit {
    let now = context.now();
    let EntryState::Waiting { tries, .. } = entry.state else {
        return judged(context, entry, None, outcome, figures);
    };
    let tries = match miss.retry {
        Retry::Never => MAX_TRIES,
        Retry::Counted => tries + 1,
        Retry::Uncounted => tries,
    };
    if tries >= MAX_TRIES || older_than(entry.first_seen, MAX_WAIT, now) {
        return judged(context, entry, None, outcome, figures);
    }
    let entry = EntryRecord { state: EntryState::Waiting { tries, next_try: now }, ..entry };
    ArticleVisit {
        outcome,
        commit: Commit { entries: vec![entry], ..Commit::default() },
        found: None,
        figures,
    }
}

/// `entry` judged on the page that is kept of it, or on what the feed said; and what was found.
#[must_use]
pub fn judge_kept(
    rules: &Rules,
    entry: EntryRecord,
    article: Option<&ArticleRecord>,
) -> (EntryRecord, Option<Finding>) {
    let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
    let (text, url) = words(&entry, link.as_ref(), article);
    let claimed = rules.judge(&item(&entry, &text, &url));
    let own = article.filter(|_| !claimed.official).and_then(|record| own_words(rules, &entry, record));
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

/// The verdict on a page of a watched project by its words alone, where they say by themselves that there is a launch:
/// what a stranger's feed says beside a link to the page is not the project's word.
fn own_words(rules: &Rules, entry: &EntryRecord, record: &ArticleRecord) -> Option<Verdict> {
    if !rules.is_own_page(&record.final_url) {
        return None;
    }
    let article = &record.article;
    let verdict = rules.judge(&Item {
        kind: Kind::News,
        title: &article.title,
        text: &article.text,
        author: &article.author,
        source: &entry.source_url,
        url: &record.final_url,
        published: Some(article.published.unwrap_or(entry.published)),
        origin: Origin::Address(&record.final_url),
    });
    (verdict.tge && verdict.official).then_some(verdict)
}

/// The text an entry is judged on, and the address it is told with.
fn words(entry: &EntryRecord, link: Option<&Url>, article: Option<&ArticleRecord>) -> (String, String) {
    let Some(record) = article else {
        let own = || Url::parse(&entry.source_url).map(|url| address::bare(&url)).unwrap_or_default();
        return (entry.summary.clone(), link.map_or_else(own, address::shown));
    };
    let own = record.article.canonical_url.as_deref().unwrap_or(&record.final_url);
    let url = Url::parse(own).ok().or_else(|| link.cloned());
    (opening(&entry.summary, &record.article.text), url.as_ref().map(address::shown).unwrap_or_default())
}

/// `entry` with its verdict: on the page's text and address where there is one, else on the feed's words.
fn judged(
    context: &Context,
    entry: EntryRecord,
    page: Option<&ArticleRecord>,
    outcome: PageOutcome,
    mut figures: Figures,
) -> ArticleVisit {
    let (entry, found) = figures.time(Stage::Judge, || judge_kept(&context.rules, entry, page));
    ArticleVisit { outcome, commit: Commit { entries: vec![entry], ..Commit::default() }, found, figures }
}
