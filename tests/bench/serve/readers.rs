//! Readers of the stream, and the delay of events.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use tge_scrape::clock::{Clock, SystemClock};

use crate::{at, event_log::EventLog, server::Server};

#[derive(Debug, Clone, Copy)]
pub enum Form {
    Sse,
    WebSocket,
}

#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub form: Form,
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
    /// Of the server, for each event of each reader.
    processor: Duration,
    events: usize,
    missed: usize,
    repeated: usize,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        write!(
            f,
            "{} {:?} readers and {} stalled, {} events/s: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms; {:.1} kB for each reader, \
             {:.1} µs of the server's processor time for each delivery; {} events each, {} missed, {} repeated",
            self.load.readers,
            self.load.form,
            self.load.stalled,
            self.load.per_second,
            ms(self.p50),
            ms(self.p99),
            ms(self.longest),
            self.bytes as f64 / 1e3,
            self.processor.as_secs_f64() * 1e6,
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
    let log = server.log();
    let first = usize::try_from(log.newest()).unwrap();
    let events = usize::try_from(load.lasts.as_secs() * u64::from(load.per_second)).unwrap();
    let before = server.memory();
    let (committed, ready) = (Committed::default(), Arc::new(AtomicUsize::new(0)));
    let mut readers = JoinSet::new();
    for number in 0..load.readers {
        let (address, committed, ready) =
            (server.address.clone(), Arc::clone(&committed), Arc::clone(&ready));
        let reader = Reader { number, first, events };
        readers.spawn(async move {
            let mut seen = Seen::default();
            let all = reader.read(&address, load.form, &committed, &ready, &mut seen);
            // What has not come by then is missed.
            let _ = timeout(load.lasts + PATIENCE, all).await;
            seen
        });
        if number % 200 == 199 {
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
    }
    let mut stalled = Vec::new();
    for _ in 0..load.stalled {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(load.form.request()).await.unwrap();
        stalled.push(stream);
    }
    while ready.load(Ordering::Relaxed) < load.readers {
        SystemClock.sleep(Duration::from_millis(10)).await;
    }
    SystemClock.sleep(Duration::from_secs(1)).await;
    let bytes = server.memory().saturating_sub(before) / load.readers as u64;
    let used = server.processor_time();
    commit(&log, events, load.per_second, &committed).await;
    let mut measured = Measured {
        load,
        p50: Duration::ZERO,
        p99: Duration::ZERO,
        longest: Duration::ZERO,
        bytes,
        processor: Duration::ZERO,
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
    let deliveries = u32::try_from(delays.len().max(1)).unwrap();
    measured.processor = server.processor_time().saturating_sub(used) / deliveries;
    delays.sort_unstable();
    (measured.p50, measured.p99, measured.longest) = (at(&delays, 500), at(&delays, 990), at(&delays, 1_000));
    measured
}

/// Commits events at even distances, each as a cycle would.
async fn commit(log: &EventLog, events: usize, per_second: u32, committed: &Committed) {
    let start = Instant::now();
    for number in 0..events {
        let due = start + Duration::from_secs(1) * u32::try_from(number).unwrap() / per_second;
        SystemClock.sleep(due.saturating_duration_since(Instant::now())).await;
        // Readers may get the event before this thread goes on.
        let mut times = committed.lock().unwrap();
        log.append(1);
        times.push(Instant::now());
    }
}

impl Form {
    fn request(self) -> &'static [u8] {
        match self {
            Self::Sse => b"GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n",
            Self::WebSocket => {
                b"GET /api/v1/ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                  sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            }
        }
    }

    /// What stands before the number of an event.
    fn mark(self) -> &'static [u8] {
        match self {
            Self::Sse => b"\nid: ",
            Self::WebSocket => b"{\"schema\":1,\"seq\":",
        }
    }
}

/// Bytes that a reader takes at once.
const BUFFER: usize = 16 << 10;
/// Time for connecting, and for events after the last commit.
const PATIENCE: Duration = Duration::from_mins(1);

struct Reader {
    number: usize,
    /// The last event before the measurement.
    first: usize,
    events: usize,
}

impl Reader {
    /// Reads into `seen` until it has all events.
    async fn read(
        self,
        address: &str,
        form: Form,
        committed: &Committed,
        ready: &AtomicUsize,
        seen: &mut Seen,
    ) {
        // One address pair has 28,000 ports; a few addresses have more.
        let local = format!("127.0.0.{}:0", 2 + self.number % 8);
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(local.parse().unwrap()).unwrap();
        let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
        stream.write_all(form.request()).await.unwrap();
        let (mark, mut is_ready) = (memmem::Finder::new(form.mark()), false);
        let mut bytes = Vec::with_capacity(BUFFER);
        while seen.ids.len() < self.events {
            if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
                break;
            }
            let arrived = Instant::now();
            if !is_ready && memmem::find(&bytes, b"\"newest\"").is_some() {
                is_ready = true;
                ready.fetch_add(1, Ordering::Relaxed);
            }
            let mut read = 0;
            while let Some(at) = mark.find(&bytes[read..]) {
                let number = &bytes[read + at + form.mark().len()..];
                let Some(digits) = number.iter().position(|byte| !byte.is_ascii_digit()) else { break };
                let id: usize = std::str::from_utf8(&number[..digits]).unwrap().parse().unwrap();
                read += at + form.mark().len() + digits;
                let at = committed.lock().unwrap().get(id - self.first - 1).copied();
                seen.delays.push(at.map_or(Duration::ZERO, |at| arrived.saturating_duration_since(at)));
                seen.ids.push(id);
            }
            // A mark may be cut off at the end.
            let kept = bytes.len().saturating_sub(form.mark().len() + 20).max(read);
            bytes.drain(..kept);
        }
    }
}
