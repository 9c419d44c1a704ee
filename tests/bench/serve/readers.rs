//! Readers of the stream, and the delay of events.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use tge_scrape::clock::{Clock, SystemClock};

use crate::{at, server::Server};

#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub readers: usize,
    /// Readers besides these that take nothing.
    pub stalled: usize,
    pub per_second: u32,
    pub lasts: Duration,
}

pub struct Measured {
    load: Load,
    p50: Duration,
    p99: Duration,
    longest: Duration,
    /// For each reader.
    bytes: u64,
    events: usize,
    missed: usize,
    repeated: usize,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        write!(
            f,
            "{} readers and {} stalled, {} events/s: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms; {:.1} kB for each reader; \
             {} events each, {} missed, {} repeated",
            self.load.readers,
            self.load.stalled,
            self.load.per_second,
            ms(self.p50),
            ms(self.p99),
            ms(self.longest),
            self.bytes as f64 / 1e3,
            self.events,
            self.missed,
            self.repeated,
        )
    }
}

/// When each event was committed, by its number.
type Committed = Arc<Mutex<Vec<Instant>>>;

/// What one reader saw.
#[derive(Default)]
struct Seen {
    delays: Vec<Duration>,
    ids: Vec<usize>,
}

pub async fn measure(server: &Server, load: Load) -> Measured {
    let database = server.database();
    let first: i64 = database.query_row("SELECT max(seq) FROM log", [], |row| row.get(0)).unwrap();
    let first = usize::try_from(first).unwrap();
    let events = usize::try_from(load.lasts.as_secs() * u64::from(load.per_second)).unwrap();
    let before = server.memory();
    let (committed, ready) = (Committed::default(), Arc::new(AtomicUsize::new(0)));
    let mut readers = JoinSet::new();
    for number in 0..load.readers {
        let (address, committed, ready) =
            (server.address.clone(), Arc::clone(&committed), Arc::clone(&ready));
        readers.spawn(async move { read(&address, number, first, events, &committed, &ready).await });
        if number % 200 == 199 {
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
    }
    let mut stalled = Vec::new();
    for _ in 0..load.stalled {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        stalled.push(stream);
    }
    while ready.load(Ordering::Relaxed) < load.readers {
        SystemClock.sleep(Duration::from_millis(10)).await;
    }
    SystemClock.sleep(Duration::from_secs(1)).await;
    let bytes = server.memory().saturating_sub(before) / load.readers as u64;
    commit(database, events, load.per_second, &committed).await;
    let mut measured = Measured {
        load,
        p50: Duration::ZERO,
        p99: Duration::ZERO,
        longest: Duration::ZERO,
        bytes,
        events,
        missed: 0,
        repeated: 0,
    };
    let mut delays = Vec::new();
    for seen in readers.join_all().await {
        let mut ids = seen.ids.clone();
        ids.dedup();
        measured.repeated += seen.ids.len() - ids.len();
        measured.missed += events.saturating_sub(ids.len());
        delays.extend(seen.delays);
    }
    delays.sort_unstable();
    (measured.p50, measured.p99, measured.longest) = (at(&delays, 500), at(&delays, 990), at(&delays, 1_000));
    measured
}

/// Commits events at even distances, each as a cycle would.
async fn commit(database: rusqlite::Connection, events: usize, per_second: u32, committed: &Committed) {
    let sql = "INSERT INTO log (at, kind, document) SELECT at, kind, document FROM log WHERE kind = 'story' LIMIT 1";
    let start = Instant::now();
    for number in 0..events {
        let due = start + Duration::from_secs(1) * u32::try_from(number).unwrap() / per_second;
        SystemClock.sleep(due.saturating_duration_since(Instant::now())).await;
        // Readers may get the event before this thread goes on.
        let mut times = committed.lock().unwrap();
        database.execute(sql, []).unwrap();
        times.push(Instant::now());
    }
}

const REQUEST: &[u8] = b"GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Reads `events` events after the number `first`.
async fn read(
    address: &str,
    number: usize,
    first: usize,
    events: usize,
    committed: &Committed,
    ready: &AtomicUsize,
) -> Seen {
    // One address pair has 28,000 ports; a few addresses have more.
    let local = format!("127.0.0.{}:0", 2 + number % 8);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(local.parse().unwrap()).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    let mut stream = BufReader::new(stream);
    let (mut line, mut seen) = (Vec::new(), Seen::default());
    while seen.ids.len() < events {
        line.clear();
        let read = timeout(Duration::from_secs(30), stream.read_until(b'\n', &mut line)).await;
        if !matches!(read, Ok(Ok(1..))) {
            break;
        }
        if line.starts_with(b"event: hello") {
            ready.fetch_add(1, Ordering::Relaxed);
        } else if let Some(id) = line.strip_prefix(b"id: ") {
            let arrived = Instant::now();
            let id: usize = std::str::from_utf8(id).unwrap().trim().parse().unwrap();
            let at = committed.lock().unwrap().get(id - first - 1).copied();
            seen.delays.push(at.map_or(Duration::ZERO, |at| arrived.saturating_duration_since(at)));
            seen.ids.push(id);
        }
    }
    seen
}
