//! One mail over one connection, TLS from the first byte or after STARTTLS.
//!
//! lettre 0.11.23 keeps plain-text bytes that follow a server's response to STARTTLS and reads them as responses sent
//! through TLS (RFC 3207, section 6, and CVE-2011-0411 describe this for servers; clients have the same problem). So
//! the plain part of a connection goes through [`Plain`], which accepts one response per command
//! (docs/explain/decisions/0032-one-smtp-response-per-command.md).

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use lettre::{
    Message as Mail,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters},
        extension::ClientId,
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::email::{Email, Security};

/// Time limit for QUIT after the server has accepted the mail.
const QUIT: Duration = Duration::from_secs(2);
/// First bytes of TLS records: change of cipher, alert, handshake, data (RFC 8446, section 5.1).
const RECORDS: std::ops::RangeInclusive<u8> = 20..=23;

#[derive(Debug, thiserror::Error)]
pub enum Unsent {
    #[error("no connection: {0}")]
    Connect(#[from] io::Error),
    #[error(transparent)]
    Smtp(#[from] Error),
}

pub async fn send(email: &Email, tls: TlsParameters, mail: &Mail, limit: Duration) -> Result<(), Unsent> {
    let (place, hello) = ((email.host.as_str(), email.port), ClientId::Domain("localhost".to_owned()));
    let mut connection = match email.security {
        Security::Tls => {
            AsyncSmtpConnection::connect_tokio1(place, Some(limit), &hello, Some(tls), None).await?
        }
        Security::StartTls => {
            let stream = Box::new(Plain::new(TcpStream::connect(place).await?));
            let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &hello).await?;
            connection.starttls(tls, &hello).await?;
            connection
        }
    };
    if !email.username.is_empty() {
        let login = Credentials::new(email.username.clone(), email.password.clone());
        connection.auth(&[Mechanism::Plain, Mechanism::Login], &login).await?;
    }
    connection.send(mail.envelope(), &mail.formatted()).await?;
    // The mail is accepted, so the result of QUIT is ignored.
    let _ = tokio::time::timeout(QUIT, connection.quit()).await;
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waits for a response: `column` bytes of its current line have come; `last` marks its last line.
    Response { column: usize, last: bool },
    /// The response is complete; nothing more may come before the next command.
    Quiet { starttls: bool },
    /// The handshake has begun, and its first byte has not come.
    Handshake,
    /// TLS protects the rest.
    Open,
}

/// A connection before TLS that accepts one response per command.
#[derive(Debug)]
struct Plain<S> {
    inner: S,
    state: State,
    starttls: bool,
}

impl<S> Plain<S> {
    fn new(inner: S) -> Self {
        // The greeting is the response to the connection.
        Self { inner, state: State::Response { column: 0, last: false }, starttls: false }
    }

    fn received(&mut self, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes {
            self.state = match self.state {
                State::Response { column, last } if *byte == b'\n' && (last || column == 3) => {
                    State::Quiet { starttls: self.starttls }
                }
                State::Response { .. } if *byte == b'\n' => State::Response { column: 0, last: false },
                // `250-` goes on, `250 ` and `250` do not (RFC 5321, section 4.2).
                State::Response { column, last } => State::Response {
                    column: column + 1,
                    last: if column == 3 { *byte != b'-' } else { last },
                },
                State::Quiet { .. } => {
                    return Err(unasked("the server sent more than its response before encryption began"));
                }
                State::Handshake if !RECORDS.contains(byte) => {
                    return Err(unasked("plain text came in place of encryption"));
                }
                State::Handshake | State::Open => {
                    self.state = State::Open;
                    return Ok(());
                }
            };
        }
        Ok(())
    }

    fn written(&mut self, bytes: &[u8]) {
        self.state = match self.state {
            State::Quiet { starttls: true } => State::Handshake,
            State::Quiet { starttls: false } => {
                self.starttls = bytes.eq_ignore_ascii_case(b"STARTTLS\r\n");
                State::Response { column: 0, last: false }
            }
            other => other,
        };
    }
}

fn unasked(message_text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{message_text}: the connection may be tampered with"))
}

impl<S: AsyncRead + Unpin> AsyncRead for Plain<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        Poll::Ready(this.received(&buf.filled()[before..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Plain<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.inner).poll_write(cx, bytes))?;
        this.written(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Plain<TcpStream> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts are received, or written if they begin with `>`; returns the final state.
    fn passes(parts: &[&str]) -> Result<State, String> {
        let mut plain = Plain::new(());
        for part in parts {
            match part.strip_prefix('>') {
                Some(written) => plain.written(written.as_bytes()),
                None => plain.received(part.as_bytes()).map_err(|error| error.to_string())?,
            }
        }
        Ok(plain.state)
    }

    const UNTIL: [&str; 5] =
        ["220-here\r\n220 I am\r\n", ">EHLO a\r\n", "250-here\r\n", "250 STARTTLS\r\n", ">STARTTLS\r\n"];

    fn after(parts: &[&str]) -> Result<State, String> {
        passes(&[&UNTIL[..], parts].concat())
    }

    #[test]
    fn one_response_per_command_passes_however_it_is_cut() {
        assert_eq!(
            after(&["220 go\r\n", ">\u{16}\u{3}", "\u{16}\u{3}250 x\r\n", "250\r\n"]),
            Ok(State::Open)
        );
        let one_by_one: Vec<String> = "220 go\r\n".chars().map(|c| c.to_string()).collect();
        let parts: Vec<&str> = one_by_one.iter().map(String::as_str).collect();
        assert_eq!(after(&parts), Ok(State::Quiet { starttls: true }));
        assert_eq!(passes(&["220\r\n", ">NOOP\r\n", "250\n"]), Ok(State::Quiet { starttls: false }));
    }

    #[test]
    fn bytes_after_a_response_end_the_attempt() {
        for parts in [
            &["220 go\r\n250 x\r\n"][..],
            &["220 g", "o\r\n2"],
            &["220 go\r\n", "250 x\r\n"],
            &["220 go\r\n\r\n"],
            &["220-go\r\n220 on\r\n250-x\r\n250 y\r\n"],
            &["220 go\n250 x\r\n"],
        ] {
            let message_text = after(parts).unwrap_err();
            assert!(message_text.contains("more than its response"), "{parts:?} {message_text}");
        }
        let message_text = after(&["220 go\r\n", ">\u{16}\u{3}", "250 x\r\n"]).unwrap_err();
        assert!(message_text.contains("in place of encryption"), "{message_text}");
        assert!(passes(&["220 hi\r\n250-STARTTLS\r\n250 x\r\n220 go\r\n"]).is_err());
    }
}
