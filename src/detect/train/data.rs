//! The items to learn from.

use std::{
    collections::{HashMap, HashSet},
    error::Error,
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Share of the unlabelled corpus that is taken as weak negatives: one item in this many.
const SAMPLE: usize = 6;
/// What a weak negative counts.
const WEAK: f64 = 0.25;
/// What a text of our own counts: plainer than real ones, it teaches the shapes the real ones lack.
const OWN: f64 = 0.3;
/// The day on which ours are read: their dates are around it.
const OWN_DAY: &str = "2026-11-20";

/// One text to learn from.
#[derive(Debug, Default)]
pub struct Item {
    pub id: String,
    pub post: bool,
    pub title: String,
    pub text: String,
    /// When it was published.
    pub published: Option<Timestamp>,
    pub yes: bool,
    pub rumour: bool,
    pub event: Option<String>,
    pub stage: Option<String>,
    pub project: Option<String>,
    /// Cross-validation part; `None`: never held out.
    pub story: Option<String>,
    pub weight: f64,
}

pub struct Corpus {
    pub items: Vec<Item>,
    /// Texts of the unlabelled corpus that are not in `items`.
    pub rest: Vec<Item>,
    /// First 12 hex digits of the SHA-256 over the labelled file and the label list.
    pub hash: String,
}

impl Corpus {
    /// Reads the real texts in `folder`, the labels of unlabelled ones in `labels`, and the texts `own` of this project.
    pub fn read(folder: &Path, labels: &Path, own: &Path) -> Result<Self, Box<dyn Error>> {
        let dev = fs::read_to_string(folder.join("tge-dev.jsonl"))?;
        let further = fs::read_to_string(labels)?;
        let own = fs::read_to_string(own)?;
        let hash = Sha256::new().chain_update(&dev).chain_update(&further).chain_update(&own).finalize();
        let hash = format!(
            "{:012x}",
            hash.iter().take(6).fold(0_u64, |number, &byte| number << 8 | u64::from(byte))
        );
        let further: HashMap<&str, &str> = further
            .lines()
            .filter(|line| !line.starts_with("# "))
            .filter_map(|line| line.split_once('\t'))
            .collect();
        let mut items = Vec::new();
        for line in dev.lines() {
            let value: Value = serde_json::from_str(line)?;
            let text = |key: &str| value[key].as_str().map(str::to_owned);
            items.push(Item {
                yes: value["tge"] == "yes",
                rumour: value["tge"] == "rumour",
                event: text("event"),
                stage: text("stage"),
                project: text("project"),
                story: text("story"),
                weight: 1.0,
                ..plain(&value)
            });
        }
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
        Ok(Self { items, rest, hash })
    }
}

/// Letters and digits of the headline, or of the first words of a post.
fn opening(item: &Item) -> String {
    let text = if item.title.is_empty() { &item.text } else { &item.title };
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(80).collect()
}

/// A line of our own: label, title, text.
fn written(line: &str) -> Item {
    let mut fields = line.split('\t').map(str::to_owned);
    let mut next = || fields.next().unwrap_or_default();
    let (label, title, text) = (next(), next(), next());
    let post = label.starts_with('p');
    let published = published(OWN_DAY);
    labelled(
        Item { post, title, text, published, weight: OWN, ..Item::default() },
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
    Item {
        id: text("id"),
        post: value["kind"] == "post",
        title: text("title"),
        text: text("text"),
        published: published(&text("date")),
        ..Item::default()
    }
}

/// A moment, or the beginning of a day.
fn published(date: &str) -> Option<Timestamp> {
    date.parse().ok().or_else(|| format!("{}T00:00:00Z", date.get(..10)?).parse().ok())
}
