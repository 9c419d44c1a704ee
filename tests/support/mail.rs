//! A mail server on loopback with TLS or STARTTLS (RFC 5321, RFC 3207). It rejects mail without encryption or login, lines
//! over 998 octets and bare line feeds.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;

use super::authority::{Authority, Good, server};

/// The response to each mail, by its number.
type Script = dyn Fn(usize) -> &'static str + Send + Sync;

/// Plain text that an attacker adds after the greeting and, in these parts, to the response to STARTTLS.
#[derive(Default)]
pub struct Injected {
    pub greeting: &'static str,
    pub starttls: &'static [&'static str],
}

struct Shared {
    injected: Injected,
    mails: Mutex<Vec<String>>,
    script: Box<Script>,
    acceptor: TlsAcceptor,
    implicit: bool,
}

/// A server, until it is dropped.
pub struct MailServer {
    pub port: u16,
    pub authority: PathBuf,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

impl MailServer {
    /// Starts the server and writes its authority's certificate into `dir`. `script` gives the response to each mail.
    pub fn start(
        dir: &Path,
        implicit: bool,
        script: impl Fn(usize) -> &'static str + Send + Sync + 'static,
    ) -> Self {
        Self::with(dir, implicit, Injected::default(), script)
    }

    /// A server with STARTTLS and injected text. It answers nothing after encryption.
    pub fn injected(dir: &Path, injected: Injected) -> Self {
        Self::with(dir, false, injected, |_| "250 taken")
    }

    fn with(
        dir: &Path,
        implicit: bool,
        injected: Injected,
        script: impl Fn(usize) -> &'static str + Send + Sync + 'static,
    ) -> Self {
        let trusted = Authority::new();
        let authority = dir.join("authority.pem");
        trusted.write(&authority);
        let config = server(Good::by(trusted));
        let shared = Arc::new(Shared {
            injected,
            mails: Mutex::default(),
            script: Box::new(script),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            implicit,
        });
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let ours = Arc::clone(&shared);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(greet(stream, Arc::clone(&ours)));
            }
        });
        Self { port, authority, shared, _runtime: runtime }
    }

    /// Every accepted mail, headers and body.
    pub fn mails(&self) -> Vec<String> {
        self.shared.mails.lock().unwrap().clone()
    }
}

async fn greet(stream: TcpStream, shared: Arc<Shared>) -> Option<()> {
    if shared.implicit {
        let mut secure = BufReader::new(shared.acceptor.accept(stream).await.ok()?);
        say(&mut secure, "220 here").await?;
        return talk(&mut secure, &shared, true).await.map(drop);
    }
    stream.set_nodelay(true).ok()?;
    let mut bare = BufReader::new(stream);
    say(&mut bare, &format!("220 here{}", shared.injected.greeting)).await?;
    if talk(&mut bare, &shared, false).await? {
        let mut secure = BufReader::new(shared.acceptor.accept(bare.into_inner()).await.ok()?);
        if !shared.injected.starttls.is_empty() {
            // Reads until the client closes the connection.
            while line(&mut secure).await.is_some() {}
            return None;
        }
        talk(&mut secure, &shared, true).await?;
    }
    Some(())
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut bytes = Vec::new();
    stream.read_until(b'\n', &mut bytes).await.ok().filter(|read| *read > 0)?;
    String::from_utf8(bytes).ok()
}

/// One conversation; true if TLS follows.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    shared: &Shared,
    secure: bool,
) -> Option<bool> {
    let mut logged_in = false;
    loop {
        let command = line(stream).await?;
        let word = command.split_whitespace().next().unwrap_or_default().to_uppercase();
        match word.as_str() {
            "EHLO" if secure => say(stream, "250-here\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME").await?,
            "EHLO" => say(stream, "250-here\r\n250 STARTTLS").await?,
            "STARTTLS" if !secure && !shared.injected.starttls.is_empty() => {
                for part in shared.injected.starttls {
                    stream.write_all(part.as_bytes()).await.ok()?;
                    stream.flush().await.ok()?;
                }
                return Some(true);
            }
            "STARTTLS" if !secure => {
                say(stream, "220 go on").await?;
                return Some(true);
            }
            // AUTH PLAIN with \0me\0hunter2.
            "AUTH" if secure => {
                logged_in = command.contains("AG1lAGh1bnRlcjI=");
                say(stream, if logged_in { "235 welcome" } else { "535 5.7.8 wrong password" }).await?;
            }
            "MAIL" | "RCPT" if !(secure && logged_in) => say(stream, "530 5.7.0 not like this").await?,
            "DATA" => {
                say(stream, "354 go on").await?;
                let (mut mail, mut sound) = (String::new(), true);
                loop {
                    let line = line(stream).await?;
                    if line == ".\r\n" {
                        break;
                    }
                    sound &= line.ends_with("\r\n") && line.len() <= 1_000;
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                let mut answer = "500 5.6.0 a line is too long or has no end";
                if sound {
                    let mut mails = shared.mails.lock().unwrap();
                    answer = (shared.script)(mails.len());
                    if answer.starts_with('2') {
                        mails.push(mail);
                    }
                }
                say(stream, answer).await?;
            }
            "QUIT" => {
                say(stream, "221 bye").await?;
                return Some(false);
            }
            _ => say(stream, "250 fine").await?,
        }
    }
}
