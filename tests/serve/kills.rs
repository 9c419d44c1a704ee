//! Servers killed under load: readers that connect again with their last number get every event once.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        atomic::{AtomicI64, Ordering},
        mpsc::{Sender, channel},
    },
    thread::ScopedJoinHandle,
    time::Duration,
};

use crate::support::{event_log::EventLog, random::Random, served::Served, world::bulk};

const READERS: usize = 24;
const VARIABLES: [(&str, &str); 2] = [
    ("TGE_SCRAPE_SERVE__REQUESTS_PER_ADDRESS", "1000000"),
    ("TGE_SCRAPE_SERVE__CONNECTIONS_PER_ADDRESS", "1000"),
];

/// Kills `kills` servers, each after a random number of events that readers got from it. Fails if a reader misses an event
/// or gets one twice. Returns the number of events and how often readers connected.
fn kill_and_check(kills: usize, seed: u64) -> (usize, usize) {
    let lab = bulk(1, 1);
    lab.cycle();
    let log = EventLog::open(&lab.state());
    let first = log.newest();
    // The socket stays open, so that no other program gets its port between two servers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let last = AtomicI64::new(i64::MAX);
    let (got, gets) = channel();
    let mut random = Random::new(seed);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let (got, last) = (got.clone(), &last);
                scope.spawn(move || read(address, first, last, &got))
            })
            .collect();
        for _ in 0..kills {
            if readers.iter().any(ScopedJoinHandle::is_finished) {
                // One has failed; the others end.
                last.store(0, Ordering::SeqCst);
                break;
            }
            let served = Served::inherit(&lab, &listener, &VARIABLES);
            while gets.try_recv().is_ok() {}
            let mut due = 1 + random.below(40 * READERS as u64);
            while due > 0 {
                log.append(1 + usize::try_from(random.below(3)).unwrap());
                let first = gets.recv_timeout(Duration::from_millis(2)).into_iter();
                due = due.saturating_sub(first.chain(gets.try_iter()).count() as u64);
            }
            drop(served);
        }
        let newest = log.newest();
        last.fetch_min(newest, Ordering::SeqCst);
        let _served = Served::inherit(&lab, &listener, &VARIABLES);
        // Readers look at the last number after an event.
        log.append(1);
        let mut connections = 0;
        for reader in readers {
            let (ids, connected) = reader.join().unwrap();
            connections += connected;
            assert!(
                ids.iter().copied().eq(first + 1..=ids[ids.len() - 1]),
                "seed {seed}: lost or repeated: {ids:?}"
            );
            assert!(ids[ids.len() - 1] >= newest);
        }
        (usize::try_from(newest - first).unwrap(), connections)
    })
}

/// Reads events after `first` up to `last`, and connects again whenever the stream ends. Returns their numbers and how often
/// it connected.
fn read(address: SocketAddr, first: i64, last: &AtomicI64, got: &Sender<()>) -> (Vec<i64>, usize) {
    let (mut ids, mut connected) = (Vec::new(), 0);
    while ids.last().is_none_or(|id| *id < last.load(Ordering::SeqCst)) {
        connected += 1;
        let after = ids.last().copied().unwrap_or(first);
        // A killed server ends the connection at any byte.
        let _ = read_once(address, after, last, got, &mut ids);
    }
    (ids, connected)
}

/// Reads until the stream ends. As in a browser, an event counts when its last line has come.
fn read_once(
    address: SocketAddr,
    after: i64,
    last: &AtomicI64,
    got: &Sender<()>,
    ids: &mut Vec<i64>,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    write!(stream, "GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\nlast-event-id: {after}\r\n\r\n")?;
    let mut lines = BufReader::new(stream).lines();
    let (mut id, mut is_story) = (None, false);
    while let Some(line) = lines.next().transpose()? {
        if let Some(text) = line.strip_prefix("id: ") {
            id = text.parse().ok();
        } else if let Some(name) = line.strip_prefix("event: ") {
            assert_ne!(name, "reset", "events are missing after {after}");
            is_story = name == "story";
        } else if line.is_empty()
            && is_story
            && let Some(id) = id.take()
        {
            ids.push(id);
            // Nobody counts once the last server runs.
            let _ = got.send(());
            if id >= last.load(Ordering::SeqCst) {
                return Ok(());
            }
        }
    }
    Ok(())
}

#[test]
fn readers_of_killed_servers_get_every_event_once() {
    let (events, connections) = kill_and_check(5, 1);
    assert!(events >= 5 && connections > READERS, "{events} events, {connections} connections");
}

/// `cargo test --test main -- --ignored servers_killed_a_hundred --nocapture`
#[test]
#[ignore = "takes a minute; run it after a change to the stream"]
fn readers_of_servers_killed_a_hundred_times_get_every_event_once() {
    let (events, connections) = kill_and_check(100, 2);
    println!(
        "100 servers killed, {READERS} readers, {connections} connections, {events} events: 0 lost, 0 repeated"
    );
}
