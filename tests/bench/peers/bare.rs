//! A minimal program of this kind: it fetches and parses every feed and stores the entries.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, mpsc},
};

use futures_util::{StreamExt, stream};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rusqlite::{Connection, params};

/// The flag that runs the minimal program over a list of addresses.
pub const FLAG: &str = "--bare";
/// Requests at once.
const IN_FLIGHT: usize = 50;

/// Resolves every name to this machine.
pub struct Here;

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        let here = std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Box::pin(async move { Ok(Box::new(here) as Addrs) })
    }
}

type Row = (String, String, String, i64);

/// Reads the addresses in the file `urls` and stores their entries in the new database `into`.
pub fn run(urls: &Path, into: &Path) {
    let urls: Vec<String> = std::fs::read_to_string(urls).unwrap().lines().map(str::to_owned).collect();
    let (rows, stored) = mpsc::channel::<Vec<Row>>();
    let into = into.to_owned();
    let writer = std::thread::spawn(move || store(&into, stored));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().dns_resolver(Arc::new(Here)).build().unwrap();
        let read = |url: String| {
            let (client, rows) = (client.clone(), rows.clone());
            tokio::spawn(async move {
                let response = client.get(&url).header("accept-encoding", "gzip").send().await.unwrap();
                let packed = response.bytes().await.unwrap();
                rows.send(parse(&packed)).unwrap();
            })
        };
        stream::iter(urls)
            .map(read)
            .buffer_unordered(IN_FLIGHT)
            .for_each(|done| async { done.unwrap() })
            .await;
    });
    drop(rows);
    writer.join().unwrap();
}

fn parse(packed: &[u8]) -> Vec<Row> {
    let feed = feed_rs::parser::parse(flate2::read::GzDecoder::new(packed)).unwrap();
    let row = |entry: feed_rs::model::Entry| {
        let text = |text: Option<feed_rs::model::Text>| text.map(|text| text.content).unwrap_or_default();
        (entry.id, text(entry.title), text(entry.summary), entry.published.map_or(0, |at| at.timestamp()))
    };
    feed.entries.into_iter().map(row).collect()
}

/// One transaction for everything.
fn store(into: &Path, stored: mpsc::Receiver<Vec<Row>>) {
    let mut connection = Connection::open(into).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection
        .execute_batch(
            "CREATE TABLE entries (id TEXT PRIMARY KEY, title TEXT, summary TEXT, published INTEGER)",
        )
        .unwrap();
    let transaction = connection.transaction().unwrap();
    for (id, title, summary, published) in stored.into_iter().flatten() {
        let sql = "INSERT OR IGNORE INTO entries VALUES (?1, ?2, ?3, ?4)";
        transaction.prepare_cached(sql).unwrap().execute(params![id, title, summary, published]).unwrap();
    }
    transaction.commit().unwrap();
}
