//! The stream over a WebSocket (RFC 6455), for clients that cannot read the others.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};

use super::{
    limits::Connection,
    stream::{self, Reader},
};

/// Bytes of the buffers, and of a message that a client may send. The default buffer would be 128 KiB a connection.
const BUFFER: usize = 4 << 10;
/// Messages that a client may send a second; it has nothing to say but pongs.
const MESSAGES: u32 = 10;

/// Bounds of the socket.
pub fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.read_buffer_size(BUFFER).write_buffer_size(BUFFER).max_message_size(BUFFER).max_frame_size(BUFFER)
}

/// Sends what `reader` gets, events that come together in one message of several lines. `connection` counts while it lasts.
pub async fn run(socket: WebSocket, reader: Reader, connection: Option<Arc<Connection>>) {
    let (mut sender, mut receiver) = socket.split();
    let mut parts = pin!(stream::parts(reader));
    let (mut second, mut messages) = (Instant::now(), 0);
    let end = loop {
        tokio::select! {
            part = parts.next() => {
                let Some(part) = part else { break Some((close_code::AWAY, "connect again")) };
                let message = match Utf8Bytes::try_from(part) {
                    Ok(text) if !text.is_empty() => Message::Text(text),
                    _ => Message::Ping(Bytes::new()),
                };
                if sender.send(message).await.is_err() {
                    break None;
                }
            }
            message = receiver.next() => {
                if !matches!(message, Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_)))) {
                    break None;
                }
                if second.elapsed() >= Duration::from_secs(1) {
                    (second, messages) = (Instant::now(), 0);
                }
                messages += 1;
                if messages > MESSAGES {
                    break Some((close_code::POLICY, "too many messages"));
                }
            }
        }
    };
    if let Some((code, reason)) = end {
        // A client that has gone gets no reason.
        let _ = sender.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
    }
    drop(connection);
}
