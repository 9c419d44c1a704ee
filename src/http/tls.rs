//! The TLS configuration of the process.

use std::sync::{Arc, OnceLock};

use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::rustls::{self, ClientConfig, client::Resumption, crypto::aws_lc_rs};

use super::SetupError;

/// TLS sessions to remember: eight for each host (rustls), for the last 128 hosts, as many as have requests at once.
const SESSIONS: usize = 1024;

/// TLS 1.2 and 1.3 with the system's roots, HTTP/2 where the server supports it. All clients share the roots, which are
/// read once, and the sessions, which save second handshakes.
pub(super) fn config() -> Result<ClientConfig, SetupError> {
    static CONFIG: OnceLock<Result<ClientConfig, String>> = OnceLock::new();
    CONFIG.get_or_init(|| read().map_err(|error| error.to_string())).clone().map_err(SetupError::Tls)
}

fn read() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_platform_verifier()?.with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
