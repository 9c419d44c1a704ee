//! A waiting entry: its page is read, then it is judged. An entry whose page cannot be read keeps waiting,
//! and is judged on what the feed said once its tries are used up: none is dropped unjudged.

use std::time::Duration;

use url::Url;

use crate::{
    clock::Clock,
    http::Fetch,
    model::{Commit, EntryRecord, EntryState},
    text::address,
};

use super::{
    ArticleVisit, Context, Figures, Found, PageOutcome, Stage,
    shelf::{Again, Miss, Shelved, item, older_than, opening},
};

/// Fetches of one page before its entry is judged without it: with a 10-minute cron, half an hour.
const MAX_TRIES: u32 = 3;
/// An entry whose host never lets us ask is judged without its page after this.
const MAX_WAIT: Duration = Duration::from_hours(24);

/// Reads the page of `entry`, which is waiting, and judges it.
pub async fn visit_article<F: Fetch, C: Clock>(context: &Context<F, C>, entry: EntryRecord) -> ArticleVisit {
    let Some(link) = entry.link.as_deref().and_then(|link| Url::parse(link).ok()) else {
        return judged(context, entry, None, PageOutcome::Failed("bad_address"), Figures::default());
    };
    let (shelved, outcome, learned) = context.shelf.page(context, &entry, &link).await;
    let mut visit = match shelved.as_ref() {
        Shelved::Read(record) => {
            let own = record.article.canonical_url.as_deref().unwrap_or(&record.final_url);
            let url = address::shown(Url::parse(own).as_ref().unwrap_or(&link));
            judged(context, entry, Some((&record.article.text, url)), outcome, learned.figures)
        }
        Shelved::Failed(miss) => missed(context, entry, *miss, outcome, learned.figures),
    };
    visit.commit.articles = learned.articles;
    visit.commit.robots = learned.robots;
    visit
}

fn missed<F: Fetch, C: Clock>(
    context: &Context<F, C>,
    entry: EntryRecord,
    miss: Miss,
    outcome: PageOutcome,
    figures: Figures,
) -> ArticleVisit {
    let now = context.now();
    let EntryState::Waiting { tries, .. } = entry.state else {
        return judged(context, entry, None, outcome, figures);
    };
    let tries = match miss.again {
        Again::Never => MAX_TRIES,
        Again::Retry => tries + 1,
        Again::Later => tries,
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

/// `entry` with its verdict: on the page's text and address where there is one, else on the feed's words.
fn judged<F: Fetch, C: Clock>(
    context: &Context<F, C>,
    entry: EntryRecord,
    page: Option<(&str, String)>,
    outcome: PageOutcome,
    mut figures: Figures,
) -> ArticleVisit {
    let (text, url) = if let Some((text, url)) = page {
        (opening(&entry.summary, text), url)
    } else {
        let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
        (entry.summary.clone(), link.as_ref().map(address::shown).unwrap_or_default())
    };
    let verdict = figures.time(Stage::Judge, || context.rules.judge(&item(&entry, &text, &url)));
    let entry = EntryRecord {
        state: EntryState::Judged { score: verdict.score },
        rules: context.rules.fingerprint(),
        ..entry
    };
    let found = Found::from_entry(&entry, verdict, text, url);
    ArticleVisit { outcome, commit: Commit { entries: vec![entry], ..Commit::default() }, found, figures }
}
