//! What TLS means here, said once for the whole process.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, crypto::aws_lc_rs};
use rustls_platform_verifier::BuilderVerifierExt;

use super::SetupError;

/// TLS 1.2 and 1.3 by the system's roots, HTTP/2 where the server speaks it. Reading the roots takes about 20 ms, so
/// they are read once; whoever connects shares them, and the sessions that spare a second handshake.
///
/// # Errors
/// When the system has no usable roots.
pub(super) fn config() -> Result<ClientConfig, SetupError> {
    static CONFIG: OnceLock<Result<ClientConfig, String>> = OnceLock::new();
    CONFIG.get_or_init(|| read().map_err(|error| error.to_string())).clone().map_err(SetupError::Tls)
}

fn read() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_platform_verifier()?.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
