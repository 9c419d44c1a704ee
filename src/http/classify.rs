//! Library errors to the list of failures.

use std::{error::Error, io};

use super::{Failure, resolve::Refused};

/// The failure that `error` and its chain of causes stand for.
pub fn classify(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(current) = cause {
        if let Some(refused) = current.downcast_ref::<Refused>() {
            return match refused {
                Refused::Dns(name) => Failure::Dns(name.clone()),
                Refused::Private(name) => Failure::PrivateAddress(name.clone()),
            };
        }
        if let Some(failed) = current.downcast_ref::<hyper::Error>()
            && failed.is_parse()
        {
            return Failure::BadAnswer(failed.to_string());
        }
        if let Some(failed) = current.downcast_ref::<io::Error>() {
            match failed.kind() {
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
                    if !error.is_connect() =>
                {
                    return Failure::Reset;
                }
                // The response is not TLS, or an unsupported version.
                _ if error.is_connect() && is_garbled(failed) => return Failure::Tls(failed.to_string()),
                _ => {}
            }
        }
        last = current.to_string();
        cause = current.source();
    }
    let lower = last.to_lowercase();
    if error.is_timeout() && error.is_connect() {
        Failure::ConnectTimeout
    } else if error.is_timeout() {
        Failure::IdleTimeout
    } else if error.is_connect()
        && (lower.contains("certificate") || lower.contains("handshake") || lower.contains("tls"))
    {
        Failure::Tls(last)
    } else if error.is_connect() {
        Failure::Connect(last)
    } else if error.is_decode() {
        Failure::BadBody(last)
    } else {
        Failure::Reset
    }
}

/// Whether the received bytes were invalid; the error may be wrapped several times.
fn is_garbled(error: &io::Error) -> bool {
    let inner = || error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
    error.kind() == io::ErrorKind::InvalidData || inner().is_some_and(is_garbled)
}
