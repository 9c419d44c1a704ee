//! Answers of the API a second.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{at, server::Server};

const CONNECTIONS: usize = 64;
const LASTS: Duration = Duration::from_secs(5);

/// Asks for 50 stories on 64 connections; with `conditional` as one that has them already.
pub async fn measure(server: &Server, conditional: bool) -> String {
    let etag = ask(&server.address, "", 1).await.1;
    let header = if conditional { format!("if-none-match: {etag}\r\n") } else { String::new() };
    let start = Instant::now();
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (address, header) = (server.address.clone(), header.clone());
        connections.spawn(async move { ask(&address, &header, usize::MAX).await.0 });
    }
    let mut times: Vec<Duration> = connections.join_all().await.into_iter().flatten().collect();
    times.sort_unstable();
    format!(
        "{} of 30,001 stories{}, {CONNECTIONS} connections: {:.0} answers/s, p50 {:.1} ms, p99 {:.1} ms",
        50,
        if conditional { ", unchanged" } else { "" },
        times.len() as f64 / start.elapsed().as_secs_f64(),
        at(&times, 500).as_secs_f64() * 1e3,
        at(&times, 990).as_secs_f64() * 1e3,
    )
}

/// Asks until the time is over, at most `most` times; returns how long each answer took, and the last validator.
async fn ask(address: &str, header: &str, most: usize) -> (Vec<Duration>, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!("GET /api/v1/stories?limit=50 HTTP/1.1\r\nhost: localhost\r\n{header}\r\n");
    let (start, mut times, mut etag) = (Instant::now(), Vec::new(), String::new());
    let mut buffer = Vec::new();
    while start.elapsed() < LASTS && times.len() < most {
        let began = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        buffer.clear();
        let end = loop {
            assert_ne!(stream.read_buf(&mut buffer).await.unwrap(), 0, "the server closed");
            if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        let expected = if header.is_empty() { "http/1.1 200" } else { "http/1.1 304" };
        assert!(head.starts_with(expected), "{head}");
        let value = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.map(str::to_owned)
        };
        let length = value("content-length").map_or(0, |length| length.parse::<usize>().unwrap());
        while buffer.len() < end + length {
            stream.read_buf(&mut buffer).await.unwrap();
        }
        etag = value("etag").unwrap_or_default();
        times.push(began.elapsed());
    }
    (times, etag)
}
