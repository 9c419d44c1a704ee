//! Whatever a feed does to its items from one document to the next: each is new once, none is lost.
//!
//! `PROPTEST_CASES=100000 cargo test --test main identity::` for a long run.

use std::{
    collections::BTreeMap,
    future::ready,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestCaseResult, TestRunner},
};
use sha2::{Digest, Sha256};
use tge_scrape::{
    clock::Clock,
    config,
    detect::{self, Rules},
    http::Client,
    model::{Commit, EntryState, Source, SourceFormat, SourceState},
    store::{Access, Store},
    visit::{Context, SourceOutcome, visit_feed},
    wiring,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use url::Url;

/// Always the same time.
#[derive(Clone, Copy)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

/// A web server that answers every request with one body, and what visits need to read from it.
struct OneBody {
    url: Url,
    body: Arc<Mutex<String>>,
    context: Context,
}

impl OneBody {
    /// Listens on loopback for as long as `runtime` exists.
    fn serve(runtime: &Runtime, store: Store) -> Self {
        let settings = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n";
        let settings = config::from_text(settings, Path::new("state")).unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let body = Arc::new(Mutex::new(String::new()));
        runtime.spawn(accept(listener, Arc::clone(&body)));
        let context = Context {
            http: Client::new(settings.http.clone(), Arc::new(Standing)).unwrap(),
            clock: Arc::new(Standing),
            // Those of `old_database`.
            rules: Arc::new(Rules::compile(&detect::Settings::default())),
            ..wiring::context(&settings, store, usize::MAX, false).unwrap()
        };
        Self { url, body, context }
    }
}

async fn accept(listener: TcpListener, body: Arc<Mutex<String>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(BufReader::new(stream), Arc::clone(&body)));
    }
}

/// Answers each request of one connection.
async fn answer(mut stream: BufReader<TcpStream>, body: Arc<Mutex<String>>) {
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|length| length > 0) {
        if line == "\r\n" {
            let body = body.lock().unwrap().clone();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
        }
        line.clear();
    }
}

/// An item as its publisher knows it.
#[derive(Debug, Clone)]
struct Item {
    guid: Option<String>,
    link: Option<String>,
    title: String,
    summary: String,
    /// How the same is written this time: case and punctuation of the title, parameters of the link.
    writing: u8,
    /// Another item has the same title.
    is_twin: bool,
    is_seen: bool,
    /// What was changed since it was seen last; with more than one change of four nobody could know it again.
    changed: Option<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Guid,
    Link,
    Words,
    GuidAndLink,
}

/// A word of letters for each number.
fn word(number: usize) -> String {
    let letter = |place: u32| char::from(b'a' + u8::try_from(number / 26_usize.pow(place) % 26).unwrap());
    format!("qu{}{}{}", letter(2), letter(1), letter(0))
}

/// The publisher's items and the document that shows some.
#[derive(Debug, Default)]
struct Publisher {
    items: Vec<Item>,
    shown: Vec<usize>,
    /// Names given so far.
    made: usize,
}

impl Publisher {
    fn fresh(&mut self) -> String {
        self.made += 1;
        word(self.made)
    }

    fn title(&mut self, number: u8) -> String {
        let name = self.fresh();
        // Some are launches, so that their words are kept and compared.
        if number.is_multiple_of(3) {
            format!("{name} airdrop claim is live for holders of {name}")
        } else {
            format!("Council of {name} paints its boats")
        }
    }

    fn add(&mut self, number: u8, guid: bool, link: bool) -> usize {
        let (title, name) = (self.title(number), self.fresh());
        self.items.push(Item {
            guid: guid.then(|| format!("guid-{name}")),
            link: link.then(|| format!("news.example/on-{name}")),
            title,
            summary: format!("All of {name} was told so by letter. Boats sail at noon."),
            writing: 0,
            is_twin: false,
            is_seen: false,
            changed: None,
        });
        self.shown.insert(usize::from(number) % (self.shown.len() + 1), self.items.len() - 1);
        self.items.len() - 1
    }

    /// A shown item, if one can be chosen by `number`.
    fn pick(&self, number: u8) -> Option<usize> {
        (!self.shown.is_empty()).then(|| self.shown[usize::from(number) % self.shown.len()])
    }

    /// A shown item that may be changed in one part.
    fn pick_unchanged(&self, number: u8) -> Option<usize> {
        self.pick(number).filter(|at| self.items[*at].is_seen && self.items[*at].changed.is_none())
    }

    fn change(&mut self, (kind, a, b): (u8, u8, u8)) {
        match kind {
            0..=2 => drop(self.add(a, true, true)),
            3 => drop(self.add(a, b.is_multiple_of(2), !b.is_multiple_of(2))),
            4 => drop(self.add(a, false, false)),
            5 => self.add_alike(a, b),
            6 => {
                let gone = self.pick(a);
                self.shown.retain(|at| Some(*at) != gone);
            }
            7 => {
                let places = usize::from(a) % self.shown.len().max(1);
                self.shown.rotate_left(places);
            }
            8 => self.shown.truncate(usize::from(a % 4)),
            9 => self.shown.clear(),
            10 => self.shown = (0..self.items.len()).collect(),
            11 => self.shown.extend(self.pick(a)),
            12 => self.give_names_anew(),
            _ => self.edit(kind, a, b),
        }
    }

    /// An item that shares guid, link or title with a shown one.
    fn add_alike(&mut self, a: u8, b: u8) {
        let Some(other) = self.pick(a) else { return };
        let Item { guid, link, title, is_twin, .. } = self.items[other].clone();
        match b % 3 {
            0 if !is_twin && guid.is_some() => {
                let at = self.add(b, false, true);
                self.items[at].guid = guid;
            }
            1 if !is_twin && link.is_some() => {
                let at = self.add(b, b.is_multiple_of(2), false);
                self.items[at].link = link;
            }
            2 if self.is_alone(other) => {
                let at = self.add(b, true, true);
                self.items[at].title = title;
                (self.items[at].is_twin, self.items[other].is_twin) = (true, true);
            }
            _ => {}
        }
    }

    /// Whether an item has a guid and a link that no other has.
    fn is_alone(&self, at: usize) -> bool {
        let Item { guid, link, .. } = &self.items[at];
        let others = self.items.iter().enumerate().filter(|(other, _)| *other != at);
        guid.is_some()
            && link.is_some()
            && others.into_iter().all(|(_, other)| other.guid != *guid && other.link != *link)
    }

    /// All guids and links are made anew, as by a generator that does so for each document.
    fn give_names_anew(&mut self) {
        let all = self.shown.clone();
        let is_idle = |item: &Item| item.is_seen && item.changed.is_none() && !item.is_twin;
        // An item that is there twice would become two.
        let single = |at: &usize| all.iter().filter(|other| *other == at).count() == 1;
        if !all.iter().all(|at| is_idle(&self.items[*at]) && single(at)) {
            return;
        }
        for at in all {
            let name = self.fresh();
            let item = &mut self.items[at];
            item.guid = item.guid.is_some().then(|| format!("guid-{name}"));
            item.link = item.link.is_some().then(|| format!("news.example/on-{name}"));
            item.changed = Some(Part::GuidAndLink);
        }
    }

    /// One part of one shown item changes.
    fn edit(&mut self, kind: u8, a: u8, b: u8) {
        if kind == 13 {
            if let Some(at) = self.pick(a) {
                self.items[at].writing = b;
            }
            return;
        }
        let (Some(at), other) = (self.pick_unchanged(a), self.pick(b)) else { return };
        let name = self.fresh();
        let other = other
            .filter(|other| *other != at && !self.items[*other].is_twin)
            .map(|other| self.items[other].clone());
        let title = self.title(b);
        let item = &mut self.items[at];
        let bare = item.guid.is_none() && item.link.is_none();
        item.changed = match (kind, other) {
            (14, _) if !bare && !item.is_twin => {
                item.title = title;
                Some(Part::Words)
            }
            (15, _) if !bare => {
                item.summary = format!("It was denied in {name}. Nobody sails.");
                Some(Part::Words)
            }
            (16, _) if item.guid.is_some() => {
                item.guid = Some(format!("guid-{name}"));
                Some(Part::Guid)
            }
            (17, _) if !item.is_twin => {
                item.guid = None;
                Some(Part::Guid)
            }
            (18, Some(other)) if other.guid.is_some() && !item.is_twin => {
                item.guid = other.guid;
                Some(Part::Guid)
            }
            (19, _) if item.link.is_some() => {
                item.link = Some(format!("news.example/on-{name}"));
                Some(Part::Link)
            }
            (20, Some(other)) if other.link.is_some() && !item.is_twin => {
                item.link = other.link;
                Some(Part::Link)
            }
            _ => None,
        };
    }

    /// What is shown now. An item that nobody has seen and that shares guid or link with one that is not shown could
    /// only be taken for that one: it waits.
    fn document(&self) -> Vec<usize> {
        let is_missing =
            |mark: &dyn Fn(&Item) -> Option<String>, at: usize| {
                let own = mark(&self.items[at]);
                own.is_some()
                    && self.items.iter().enumerate().any(|(other, item)| {
                        item.is_seen && mark(item) == own && !self.shown.contains(&other)
                    })
            };
        let waits = |at: usize| {
            !self.items[at].is_seen
                && (is_missing(&|item| item.guid.clone(), at) || is_missing(&|item| item.link.clone(), at))
        };
        self.shown.iter().copied().filter(|at| !waits(*at)).collect()
    }
}

impl Item {
    fn xml(&self) -> String {
        let title = match self.writing % 4 {
            0 => self.title.clone(),
            1 => self.title.to_uppercase(),
            2 => format!("UPDATE: {}!", self.title),
            _ => format!("{} (updated)", self.title.replace(' ', "  ")),
        };
        let link = self.link.as_ref().map(|link| match self.writing % 5 {
            0 => format!("https://{link}"),
            1 => format!("http://www.{link}/"),
            2 => format!("https://{link}?utm_source=feed&amp;utm_medium=rss"),
            3 => format!("https://{link}#comments"),
            _ => format!("http://{link}/amp?fbclid=x"),
        });
        let element = |name: &str, text: Option<&str>| {
            text.map(|text| format!("<{name}>{text}</{name}>")).unwrap_or_default()
        };
        format!(
            "<item>{}{}{}{}</item>",
            element("title", Some(&title)),
            element("link", link.as_deref()),
            self.guid
                .as_ref()
                .map(|guid| format!("<guid isPermaLink=\"false\">{guid}</guid>"))
                .unwrap_or_default(),
            element("description", Some(&self.summary)),
        )
    }
}

/// How often each.
fn counted<T: Ord>(all: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts
}

/// Letters of a title, as they stay however it is written.
fn letters(title: &str) -> String {
    let lower = title.to_lowercase().replace("update:", "").replace("(updated)", "");
    lower.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Has the publisher change its feed step by step, and reads each document.
async fn read_all(web: &OneBody, url: &str, steps: &[Vec<(u8, u8, u8)>]) -> TestCaseResult {
    let source = Source {
        url: url.to_owned(),
        name: "News".to_owned(),
        format: SourceFormat::Feed,
        tier: 2,
        tags: Vec::new(),
        headers: Vec::new(),
    };
    let mut state = SourceState { url: url.to_owned(), ..SourceState::default() };
    let mut publisher = Publisher::default();
    for step in steps {
        for change in step {
            publisher.change(*change);
        }
        let document = publisher.document();
        let items: String = document.iter().map(|at| publisher.items[*at].xml()).collect();
        let body = format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>");
        *web.body.lock().unwrap() = body;
        let (visit, _) = visit_feed(&web.context, &source, web.url.clone(), state.clone()).await;
        prop_assert_eq!(&visit.outcome, &SourceOutcome::Fetched);

        let (again, new): (Vec<_>, Vec<_>) =
            visit.commit.entries.iter().partition(|entry| entry.rewordings.any());
        let mut fresh: Vec<usize> =
            document.iter().copied().filter(|at| !publisher.items[*at].is_seen).collect();
        fresh.sort_unstable();
        fresh.dedup();
        let expected = counted(fresh.iter().map(|at| letters(&publisher.items[*at].title)));
        prop_assert_eq!(
            counted(new.iter().map(|entry| letters(&entry.title))),
            expected,
            "new of {:#?}",
            publisher
        );
        prop_assert_eq!(usize::try_from(visit.figures.new), Ok(new.len()));
        prop_assert!(new.iter().all(|entry| !entry.suppress_alerts), "{:#?}", publisher);
        for entry in again {
            let is_reworded = |at: &usize| {
                let item = &publisher.items[*at];
                letters(&item.title) == letters(&entry.title) && item.changed == Some(Part::Words)
            };
            prop_assert!(document.iter().any(is_reworded), "{:?} of {:#?}", entry, publisher);
        }

        for at in document {
            let item = &mut publisher.items[at];
            (item.is_seen, item.changed) = (true, None);
        }
        // The pages are read, and say nothing.
        let mut read = visit.commit.entries.clone();
        read.retain(|entry| matches!(entry.state, EntryState::Waiting { .. }));
        for entry in &mut read {
            (entry.state, entry.marks) = (EntryState::Judged { score: 1 }, None);
        }
        state = visit.commit.source.clone().unwrap();
        let commits = vec![visit.commit, Commit { entries: read, ..Commit::default() }];
        let saved = web.context.store.commit_all(Arc::new(commits)).await;
        saved.map_err(|error| TestCaseError::fail(error.to_string()))?;
        // The next body is another, even if it is equal.
        state.body_hash = None;
        state.read_at = state.read_at.map(|at| at - SignedDuration::from_mins(10));
    }
    Ok(())
}

#[test]
fn each_item_is_new_once_whatever_its_feed_does_to_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let web = OneBody::serve(&runtime, Store::open_in_memory().unwrap());
    let change = (0_u8..22, any::<u8>(), any::<u8>());
    let first = prop::collection::vec((0_u8..6, any::<u8>(), any::<u8>()), 1..6);
    let later = prop::collection::vec(prop::collection::vec(change, 1..5), 1..7);
    let steps = (first, later).prop_map(|(first, later)| [vec![first], later].concat());
    let feeds = std::sync::atomic::AtomicUsize::new(0);
    let outcome = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })
        .run(&steps, |steps| {
            let number = feeds.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            runtime.block_on(read_all(&web, &format!("https://feed-{number}.example/rss"), &steps))
        });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A key as version 0.1.0 made it.
fn old_key(identity: &str) -> Vec<u8> {
    Sha256::digest(identity.as_bytes())[..16].to_vec()
}

/// A database as version 0.1.0 left it, with one source and these keys of entries that it dropped.
fn old_database(dir: &Path, source: &str, keys: &[&str]) {
    let database = rusqlite::Connection::open(dir.join("tge-scrape.db")).unwrap();
    for step in [
        include_str!("../src/store/sqlite/migrations/1.sql"),
        include_str!("../src/store/sqlite/migrations/2.sql"),
        include_str!("../src/store/sqlite/migrations/3.sql"),
        include_str!("../src/store/sqlite/migrations/4.sql"),
        include_str!("../src/store/sqlite/migrations/5.sql"),
        include_str!("../src/store/sqlite/migrations/6.sql"),
        include_str!("../src/store/sqlite/migrations/7.sql"),
        include_str!("../src/store/sqlite/migrations/8.sql"),
    ] {
        database.execute_batch(step).unwrap();
    }
    database.pragma_update(None, "user_version", 8).unwrap();
    database.execute("INSERT INTO sources (url, first_read_at) VALUES (?1, 0)", [source]).unwrap();
    for key in keys {
        let rules = Rules::compile(&detect::Settings::default()).fingerprint().cast_signed();
        let row = "INSERT INTO entries (source, key, state, rules, seen, reason) VALUES (1, ?1, 'd', ?2, 20000, 'x')";
        database.execute(row, rusqlite::params![old_key(key), rules]).unwrap();
    }
}

#[test]
fn what_an_older_version_knew_stays_known() {
    let dir = tempfile::tempdir().unwrap();
    let url = "https://old.example/feed";
    old_database(
        dir.path(),
        url,
        &["id\ng1", "link\nhttps://old.example/2", "link\nhttps://old.example/3", "text\nFour\nFourth words"],
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = Store::open(dir.path(), Access::Write).unwrap();
    let web = OneBody::serve(&runtime, store);
    let source = Source {
        url: url.to_owned(),
        name: "Old".to_owned(),
        format: SourceFormat::Feed,
        tier: 2,
        tags: Vec::new(),
        headers: Vec::new(),
    };
    let item = |guid: &str, link: &str, title: &str, text: &str| {
        let guid = if guid.is_empty() {
            String::new()
        } else {
            format!("<guid isPermaLink=\"false\">{guid}</guid>")
        };
        let link =
            if link.is_empty() { String::new() } else { format!("<link>https://old.example/{link}</link>") };
        format!("<item><title>{title}</title>{link}{guid}<description>{text}</description></item>")
    };
    let read = |items: &[String]| {
        let body = format!("<rss><channel><title>Old</title>{}</channel></rss>", items.concat());
        *web.body.lock().unwrap() = body;
        let state = SourceState { first_read_at: Some(Timestamp::UNIX_EPOCH), ..SourceState::default() };
        let state = SourceState { url: url.to_owned(), ..state };
        let (visit, _) = runtime.block_on(visit_feed(&web.context, &source, web.url.clone(), state));
        let new: Vec<String> = visit.commit.entries.iter().map(|entry| entry.title.clone()).collect();
        runtime.block_on(web.context.store.commit(visit.commit)).unwrap();
        new
    };
    // The guid of the second and third was useless to that version, which took their links.
    let known = [
        item("g1", "1", "One", "First words"),
        item("g2", "2", "Two", "Second words"),
        item("g2", "3", "Three", "Third words"),
        item("", "", "Four", "Fourth words"),
    ];
    let new = item("g5", "5", "Five", "Fifth words");
    assert_eq!(read(&[&[new], known.as_slice()].concat()), ["Five"]);
    // From now on they are known by each of their parts.
    let again = [
        item("h1", "1?utm_source=x", "ONE", "First words"),
        item("", "2", "Two", "Second words"),
        item("h3", "other", "Three", "Third words"),
        item("h4", "4", "Four", "Fourth words"),
    ];
    assert_eq!(read(&again), Vec::<String>::new());
}
