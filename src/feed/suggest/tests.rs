//! The list pages of `fixtures/lists`, and pages without a list.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use super::*;
use crate::{
    feed::{Document, Feed, read},
    model::SourceFormat,
};

/// A page with the entries that it lists: title and address, and the time.
struct Case {
    name: String,
    html: String,
    url: Url,
    expected: BTreeMap<(String, String), Option<Timestamp>>,
}

/// The figures of one page, each from 0 to 1.
#[derive(Debug, Default, Clone, Copy)]
struct Figures {
    precision: f64,
    recall: f64,
    /// Share of the times that the page shows; `None` for a page without times.
    times: Option<f64>,
}

fn now() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().unwrap()
}

fn cases(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lists").join(folder);
    let mut cases: Vec<Case> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "html"))
        .map(|path| {
            let list = fs::read_to_string(path.with_extension("tsv")).unwrap();
            let mut comments = list.lines().filter_map(|line| line.strip_prefix("# "));
            let url = comments.nth(1).unwrap().parse().unwrap();
            let rows = list.lines().filter(|line| !line.starts_with('#')).map(|line| {
                let [title, address, time]: [&str; 3] =
                    line.split('\t').collect::<Vec<_>>().try_into().unwrap();
                ((title.to_owned(), address.to_owned()), time.parse().ok())
            });
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            Case { name, html: fs::read_to_string(&path).unwrap(), url, expected: rows.collect() }
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn figures(case: &Case, feed: &Feed) -> Figures {
    let found: Vec<((String, String), Option<Timestamp>)> = feed
        .entries
        .iter()
        .map(|entry| ((entry.title.clone(), entry.link.clone().unwrap_or_default()), entry.published))
        .collect();
    let right = found.iter().filter(|(key, _)| case.expected.contains_key(key)).count();
    let listed = case.expected.keys().filter(|key| found.iter().any(|(found, _)| found == *key)).count();
    let shown: Vec<_> = case.expected.iter().filter(|(_, time)| time.is_some()).collect();
    // Of a time the reader takes whole seconds.
    let second = |at: &Option<Timestamp>| at.map(Timestamp::as_second);
    let timed = shown
        .iter()
        .filter(|(key, time)| found.iter().any(|(found, at)| found == *key && second(at) == second(time)));
    Figures {
        precision: ratio(right, found.len()),
        recall: ratio(listed, case.expected.len()),
        times: (!shown.is_empty()).then(|| ratio(timed.count(), shown.len())),
    }
}

/// The figures of the pages in `folder`: those whose items are right, those whose times are found, and those with times.
fn measure(folder: &str) -> (usize, usize, usize, usize) {
    let cases = cases(folder);
    let (mut items, mut timed, mut with_times) = (0, 0, 0);
    let mut table = String::new();
    for case in &cases {
        let proposal = propose(&case.html, &case.url, now());
        let document =
            Document { bytes: case.html.as_bytes(), content_type: None, url: &case.url, now: now() };
        let feed = proposal
            .as_ref()
            .map(|selectors| read(&document, &SourceFormat::Page(Box::new(selectors.clone()))).unwrap());
        let feed = feed.unwrap_or_default();
        let found = figures(case, &feed);
        let is_right = found.precision >= 0.95 && found.recall >= 0.95;
        items += usize::from(is_right);
        timed += usize::from(found.times.is_some_and(|times| times >= 0.95));
        with_times += usize::from(found.times.is_some());
        let selectors = proposal.map_or_else(|error| error.to_string(), |selectors| format!("{selectors:?}"));
        let _ = writeln!(
            table,
            "{}{}: precision {:.2}, recall {:.2}, times {:.2?}\n    {selectors}",
            if is_right && found.times.is_none_or(|times| times >= 0.95) { "" } else { "! " },
            case.name,
            found.precision,
            found.recall,
            found.times
        );
        // A menu as the answer would have no address of the list.
        let mut links = feed.entries.iter().filter_map(|entry| entry.link.as_ref());
        let is_listed = |link: &String| case.expected.keys().any(|(_, address)| address == link);
        assert!(feed.entries.is_empty() || links.any(is_listed), "{}: {:?}", case.name, feed.entries);
    }
    println!("{table}{folder}: items of {items} of {} pages, times of {timed} of {with_times}", cases.len());
    (items, cases.len(), timed, with_times)
}

/// The goals: items of 80 % of the pages, times of 80 % of the pages that show some.
fn meets_the_goals(folder: &str) {
    let (items, pages, timed, with_times) = measure(folder);
    assert!(items * 10 >= pages * 8, "items of {items} of {pages} pages");
    assert!(timed * 10 >= with_times * 8, "times of {timed} of {with_times} pages");
}

#[test]
fn lists_are_found_in_the_pages_of_the_first_part() {
    meets_the_goals("first");
}

#[test]
fn lists_are_found_in_pages_that_the_search_was_not_tuned_on() {
    meets_the_goals("second");
}

#[test]
fn lists_are_found_in_further_pages() {
    meets_the_goals("third");
}

fn refused(html: &str) -> FeedError {
    propose(html, &Url::parse("https://venue.example/news").unwrap(), now()).unwrap_err()
}

#[test]
fn menus_and_other_surroundings_are_no_answer() {
    let links = |folder: &str, words: &str| {
        let link = |word: &str| format!("<li><a href='/{folder}/{}'>{word}</a></li>", word.replace(' ', "-"));
        words.split(',').map(link).collect::<String>()
    };
    let menu = links("p", "Markets,Spot trading,Futures,Earn,Help centre,Create an account,Fees");
    let tags = links("tag", "airdrop,bridge,claim,grants,staking,token,vote");
    let pages =
        "<a href='?page=1'>1</a><a href='?page=2'>2</a><a href='?page=3'>3</a><a href='?page=4'>4</a>";
    let related = links(
        "guides",
        "How to buy tokens in five steps,What a second layer is and does,Ten questions before a token sale",
    );
    let text = "<p>One long text about the venue and what it does for its customers each day.</p>".repeat(12);
    let page = format!(
        "<html><body><ul class=menu>{menu}</ul><ul>{menu}</ul><main>{text}</main><ul class=tag-list>{tags}</ul>
        <div class=related-posts><ul>{related}</ul></div><div>{pages}</div><footer><ul>{menu}</ul></footer></body></html>"
    );
    assert!(matches!(refused(&page), FeedError::NothingSelected(_)), "{:?}", refused(&page));
}

#[test]
fn pages_without_content_are_named() {
    let shell = "<html><body><div id=app></div><script src=app.js></script></body></html>";
    assert_eq!(refused(shell).kind().as_ref(), "script_only");
    assert_eq!(refused("").kind().as_ref(), "selectors_found_nothing");
    assert_eq!(refused(&"<div>".repeat(600_000)).kind().as_ref(), "unreadable");
}

#[test]
fn large_pages_are_bounded() {
    let row = |at: usize| {
        format!(
            "<li class=post><a href=/news/{at}><h3>Headline number {at} of a long list</h3></a> <time>2026-11-{:02}</time></li>",
            1 + at % 28
        )
    };
    let page: String = (0..8_000).map(row).collect();
    let url = Url::parse("https://venue.example/news").unwrap();
    let selectors = propose(&page, &url, now()).unwrap();
    assert_eq!(selectors.item, "li.post");
}
