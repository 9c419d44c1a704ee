//! Serves the connection of a failing host, byte by byte.

use std::{io, sync::atomic::Ordering, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{content, head};
use crate::fixture_web::{Asked, World, lock, server};

/// Longest head of a request, bytes.
const LONGEST: usize = 64 * 1024;
/// Attempts to read a whole head.
const PEEKS: usize = 100;
/// Time between two bytes of a drip: far within any limit for silence.
const DRIP: Duration = Duration::from_millis(20);

/// What is sent, and how.
pub struct Played {
    /// Status, for the request log; 0 for none.
    pub status: u16,
    /// Head as it goes over the wire.
    pub head: Vec<u8>,
    /// What comes after it.
    pub body: Body,
}

/// A body, and how it is sent.
pub enum Body {
    /// As it is, then the connection is closed.
    Whole(Vec<u8>),
    /// Made while it is sent.
    Made(Box<dyn Iterator<Item = Bytes> + Send>),
    /// A byte at a time, again and again.
    Drip(Vec<u8>),
    /// These bytes, then silence.
    Stall(Vec<u8>),
    /// These bytes, then a reset.
    Reset(Vec<u8>),
}

impl Played {
    /// A proper answer with that body.
    pub fn new(status: u16, headers: &[(&str, String)], body: Vec<u8>) -> Self {
        let length = ("content-length", body.len().to_string());
        Self { status, head: head::written(status, headers, &[length]), body: Body::Whole(body) }
    }

    /// The same without a length.
    pub fn unmeasured(status: u16, headers: &[(&str, String)], body: Body) -> Self {
        Self { status, head: head::written(status, headers, &[]), body }
    }
}

/// Serves `stream` if its first request is to a failing host; else gives it back untouched.
pub async fn intercept(mut stream: TcpStream, world: &World) -> Option<TcpStream> {
    if lock(&world.failures).is_empty() {
        return Some(stream);
    }
    let asked = peeked(&stream).await.ok()?;
    let Some((host, path)) = request(&asked) else { return Some(stream) };
    if !world.has_failure(&host) {
        return Some(stream);
    }
    // The other side may have closed the connection.
    let _ = stream.read_exact(&mut vec![0; asked.len()]).await;
    let tick = world.tick();
    let reply = server::route(world, &host, &path, tick).0;
    let played = match world.failure(&host, &path) {
        None => Played::new(reply.status, &reply.headers, reply.body),
        Some(failure) => {
            let number = world.failed.fetch_add(1, Ordering::SeqCst);
            let scene = content::Scene { world, path: &path, asked: &asked, reply, number };
            head::played(failure, &scene).unwrap_or_else(|| content::played(failure, &scene))
        }
    };
    let bytes = if let Body::Whole(body) = &played.body { body.len() } else { 0 };
    let conditional = asked.to_ascii_lowercase().contains("\r\nif-");
    let asked = Asked { host, path, conditional, status: played.status, bytes, tick };
    lock(&world.requests).push(asked);
    let _ = send(stream, played).await;
    None
}

/// The head of the first request, left in the stream; what does not begin as one is not waited for.
#[expect(clippy::disallowed_methods, reason = "the rest of a head is on its way")]
async fn peeked(stream: &TcpStream) -> io::Result<String> {
    let mut bytes = vec![0; LONGEST];
    let mut text = String::new();
    for _ in 0..PEEKS {
        let length = stream.peek(&mut bytes).await?;
        text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        if !text.starts_with("GET ") || length == LONGEST || text.contains("\r\n\r\n") {
            break;
        }
        tokio::time::sleep(DRIP).await;
    }
    Ok(text)
}

/// Host name and path of a request.
fn request(head: &str) -> Option<(String, String)> {
    let path = head.split(' ').nth(1)?.to_owned();
    let host = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim())
    })?;
    let host = host.split(':').next()?.trim_end_matches(".localhost");
    Some((host.to_owned(), path))
}

#[expect(clippy::disallowed_methods, reason = "this waiting is what is simulated")]
async fn send(mut stream: TcpStream, played: Played) -> io::Result<()> {
    stream.write_all(&played.head).await?;
    match played.body {
        Body::Whole(body) => stream.write_all(&body).await?,
        Body::Made(blocks) => {
            for block in blocks {
                stream.write_all(&block).await?;
            }
        }
        Body::Drip(body) => {
            for byte in body.iter().cycle() {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(DRIP).await;
            }
        }
        Body::Stall(body) => {
            stream.write_all(&body).await?;
            // Until the other side gives up.
            while stream.read(&mut [0]).await? > 0 {}
        }
        Body::Reset(body) => {
            stream.write_all(&body).await?;
            // What was sent is read before the reset comes.
            tokio::time::sleep(DRIP).await;
            stream.set_zero_linger()?;
            return Ok(());
        }
    }
    stream.shutdown().await
}
