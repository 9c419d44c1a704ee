//! The items to learn from.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    error::Error,
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tge_scrape::model::{Kind, event_date::event_days};

/// Share of the unlabelled corpus that is taken as weak negatives: one item in this many.
const SAMPLE: usize = 6;
/// What a weak negative counts.
const WEAK: f64 = 0.25;
/// What a text of our own counts: plainer than real ones, it teaches the shapes the real ones lack.
const OWN: f64 = 0.3;
/// The day on which ours are read: their dates are around it.
const OWN_DAY: &str = "2026-11-20";
/// The labelled sets; all but the first may be missing.
const SETS: [&str; 4] =
    ["tge-dev.jsonl", "tge-dev-2.jsonl", "tge-dev-exchange-posts.jsonl", "tge-dev-other.jsonl"];
/// Repositories that collect many feeds: each feed is an origin of its own.
const COLLECTIONS: [&str; 2] = ["digitalarchivo/web3-news-daily", "chimoke-hub/web3-news-collector"];
/// Parts of the cross-validation by origin.
pub const ORIGIN_FOLDS: usize = 5;

/// One text to learn from.
#[derive(Debug, Default)]
pub struct Item {
    pub id: String,
    pub post: bool,
    pub title: String,
    pub text: String,
    /// Account or name of the author; empty where it is not known.
    pub author: String,
    /// When it was published.
    pub published: Option<Timestamp>,
    pub yes: bool,
    pub rumour: bool,
    pub event: Option<String>,
    pub stage: Option<String>,
    pub project: Option<String>,
    pub event_date: Option<String>,
    /// Shared by the items of one project; `None`: never held out.
    pub story: Option<String>,
    /// Language of the text, if it is labelled with one.
    pub lang: Option<String>,
    /// Repository, or repository and feed, that the text comes from.
    pub origin: String,
    /// Part of the cross-validation by origin, if the origin is held out at all.
    pub fold: Option<usize>,
    /// Index into [`Corpus::sets`].
    pub set: Option<usize>,
    pub weight: f64,
}

impl Item {
    pub fn kind(&self) -> Kind {
        if self.post { Kind::Post } else { Kind::News }
    }
}

pub struct Corpus {
    pub items: Vec<Item>,
    /// Texts of the unlabelled corpus that are not in `items`.
    pub rest: Vec<Item>,
    /// Names of the labelled sets that were read.
    pub sets: Vec<&'static str>,
    /// First 12 hex digits of the SHA-256 over the labelled files and the label list.
    pub hash: String,
}

impl Corpus {
    /// Reads the real texts in `folder`, the labels of unlabelled ones in `labels`, and the texts of this project
    /// in the files `own`.
    pub fn read(folder: &Path, labels: &Path, own: &[&Path]) -> Result<Self, Box<dyn Error>> {
        let further = fs::read_to_string(labels)?;
        let own = own.iter().map(fs::read_to_string).collect::<Result<String, _>>()?;
        let mut read = String::new();
        let mut items = Vec::new();
        let mut sets = Vec::new();
        for name in SETS.into_iter().filter(|name| *name == SETS[0] || folder.join(name).exists()) {
            let lines = fs::read_to_string(folder.join(name))?;
            read.push_str(&lines);
            for line in lines.lines() {
                items.push(Item { set: Some(sets.len()), ..from_json(&serde_json::from_str(line)?) });
            }
            sets.push(name);
        }
        let hash = digest([read, further.clone(), own.clone()].concat().as_bytes());
        let further: HashMap<&str, &str> = further
            .lines()
            .filter(|line| !line.starts_with("# "))
            .filter_map(|line| line.split_once('\t'))
            .collect();
        items.extend(own.lines().filter(|line| !line.starts_with("# ")).map(written));
        // The unlabelled corpus repeats the labelled items, some under other ids.
        let known: HashSet<String> = items.iter().flat_map(|item| [item.id.clone(), opening(item)]).collect();
        let mut rest = Vec::new();
        let mut all = String::new();
        flate2::read::GzDecoder::new(fs::File::open(folder.join("news-unlabelled.jsonl.gz"))?)
            .read_to_string(&mut all)?;
        for (index, line) in BufReader::new(all.as_bytes()).lines().enumerate() {
            let value: Value = serde_json::from_str(&line?)?;
            let item = plain(&value);
            if known.contains(&item.id) || known.contains(&opening(&item)) {
                continue;
            }
            match further.get(item.id.as_str()) {
                Some(&"?") => {}
                Some(label) => items.push(Item { weight: 1.0, ..labelled(item, label) }),
                None if index % SAMPLE == 0 => items.push(Item { weight: WEAK, ..item }),
                None => rest.push(item),
            }
        }
        assign_folds(&mut items);
        Ok(Self { items, rest, sets, hash })
    }
}

/// First 12 hex digits of the SHA-256 over `bytes`.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Divides the origins of the labelled sets into parts of about equal size: the largest first, each to the part with
/// the fewest items. Other items of these origins get the same part.
fn assign_folds(items: &mut [Item]) {
    let mut sizes = BTreeMap::<String, usize>::new();
    for item in items.iter().filter(|item| item.set.is_some()) {
        *sizes.entry(item.origin.clone()).or_default() += 1;
    }
    let mut origins: Vec<(String, usize)> = sizes.into_iter().collect();
    origins.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut filled = [0_usize; ORIGIN_FOLDS];
    let mut folds = HashMap::new();
    for (origin, size) in origins {
        let fold = (0..ORIGIN_FOLDS).min_by_key(|&fold| filled[fold]).unwrap_or(0);
        filled[fold] += size;
        folds.insert(origin, fold);
    }
    for item in items {
        item.fold = folds.get(&item.origin).copied();
    }
}

/// A line of a labelled set.
fn from_json(value: &Value) -> Item {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    Item {
        yes: value["tge"] == "yes",
        rumour: value["tge"] == "rumour",
        event: text("event"),
        stage: text("stage"),
        project: text("project"),
        event_date: text("event_date").filter(|date| event_days(date).is_some()),
        story: text("story"),
        lang: text("lang"),
        weight: 1.0,
        ..plain(value)
    }
}

/// Letters and digits of the headline, or of the first words of a post.
fn opening(item: &Item) -> String {
    let text = if item.title.is_empty() { &item.text } else { &item.title };
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(80).collect()
}

/// A line of our own: label, title, text, perhaps the author of a post.
fn written(line: &str) -> Item {
    let mut fields = line.split('\t').map(str::to_owned);
    let mut next = || fields.next().unwrap_or_default();
    let (label, title, text, author) = (next(), next(), next(), next());
    let post = label.starts_with('p');
    let published = published(OWN_DAY);
    labelled(
        Item { post, title, text, author, published, weight: OWN, ..Item::default() },
        label.trim_start_matches('p'),
    )
}

/// `Au`: an airdrop, upcoming; `n`: no launch; `r`: a rumour.
fn labelled(item: Item, label: &str) -> Item {
    let mut letters = label.chars();
    let event = match letters.next() {
        Some('A') => "airdrop",
        Some('S') => "sale",
        Some('L') => "listing",
        Some('N') => "announcement",
        Some('P') => "snapshot",
        Some('K') => "tokenomics",
        Some('r') => return Item { rumour: true, ..item },
        _ => return item,
    };
    let stage = match letters.next() {
        Some('u') => "upcoming",
        Some('l') => "live",
        _ => "past",
    };
    Item { yes: true, event: Some(event.to_owned()), stage: Some(stage.to_owned()), ..item }
}

fn plain(value: &Value) -> Item {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut origin = text("origin");
    if COLLECTIONS.contains(&origin.as_str()) {
        origin = format!("{origin} {}", text("source"));
    }
    Item {
        origin,
        id: text("id"),
        post: value["kind"] == "post",
        title: text("title"),
        text: text("text"),
        author: text("author"),
        published: published(&text("date")),
        ..Item::default()
    }
}

/// A moment, or the beginning of a day.
fn published(date: &str) -> Option<Timestamp> {
    date.parse().ok().or_else(|| format!("{}T00:00:00Z", date.get(..10)?).parse().ok())
}
