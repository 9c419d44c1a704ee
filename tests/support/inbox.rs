//! An HTTP server on loopback that answers by a script and stores every request. It shares no code with the client.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Child,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

/// A received request.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    /// Path with query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Status of the response; 0 without one.
    pub status: u16,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    pub fn new(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.to_owned() }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Script = dyn Fn(&Received, usize) -> Option<Answer> + Send + Sync;

struct Shared {
    kept: Mutex<Vec<Received>>,
    script: Box<Script>,
    ended: AtomicBool,
    bell: Mutex<Option<Sender<()>>>,
}

/// A server, until it is dropped.
pub struct Inbox {
    pub port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Inbox {
    /// Answers each request by `script`, which also gets the number of earlier requests. `None` never answers.
    pub fn start(script: impl Fn(&Received, usize) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            kept: Mutex::default(),
            script: Box::new(script),
            ended: AtomicBool::new(false),
            bell: Mutex::default(),
        });
        let ours = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if ours.ended.load(Ordering::Relaxed) {
                    break;
                }
                let shared = Arc::clone(&ours);
                thread::spawn(move || drop(serve(stream.unwrap(), &shared)));
            }
        });
        Self { port, shared, thread: Some(thread) }
    }

    pub fn all(&self) -> Vec<Received> {
        self.shared.kept.lock().unwrap().clone()
    }

    /// Requests answered by 2xx.
    pub fn taken(&self) -> Vec<Received> {
        self.all().into_iter().filter(|received| (200..300).contains(&received.status)).collect()
    }

    /// Sends to `bell` after each response.
    pub fn ring(&self, bell: Sender<()>) {
        *self.shared.bell.lock().unwrap() = Some(bell);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the listener.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.thread.take().map(JoinHandle::join);
    }
}

/// Waits for `count` rings, at most for `limit` and until `child` ends.
pub fn wait_for_rings(child: &mut Child, rings: &Receiver<()>, count: u64, limit: Duration) {
    let (begun, mut rung) = (Instant::now(), 0);
    while rung < count && begun.elapsed() < limit && child.try_wait().unwrap().is_none() {
        let rest = limit.saturating_sub(begun.elapsed()).min(Duration::from_millis(5));
        rung += u64::from(rings.recv_timeout(rest).is_ok());
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut received = Received { method, path, headers, body: Vec::new(), status: 0 };
        received.body = vec![0; received.header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut received.body)?;
        let before = shared.kept.lock().unwrap().len();
        let answer = (shared.script)(&received, before);
        received.status = answer.as_ref().map_or(0, |answer| answer.status);
        shared.kept.lock().unwrap().push(received);
        let Some(answer) = answer else {
            // Waits until the client closes the connection.
            let _ = reader.read(&mut [0])?;
            return Ok(());
        };
        let mut text = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in answer.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("\r\n{}", answer.body));
        writer.write_all(text.as_bytes())?;
        if let Some(bell) = &*shared.bell.lock().unwrap() {
            let _ = bell.send(());
        }
    }
}
