//! `[serve]`.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use ipnet::IpNet;

use super::{
    amount,
    environment::Environment,
    files::{LONGEST_SECRET, read_text},
    layers::Layers,
};

/// Shortest token: 16 characters of base64 are 96 bits, which nobody guesses over a network.
const SHORTEST_TOKEN: usize = 16;

/// `[serve]`: the read-only HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// Empty only if the server listens on this machine alone.
    pub tokens: Vec<ServeToken>,
    /// Tokens that are missing or too weak, a sentence each. Only the server needs them.
    pub wrong_tokens: Vec<String>,
    /// The files of the certificate, if the server speaks TLS.
    pub tls: Option<TlsFiles>,
    /// Host names under which the server is asked without a token, beside those of this machine.
    pub hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Connections at a time.
    pub connections: usize,
    /// Per IPv4 address or /64 of IPv6.
    pub connections_per_address: usize,
    /// Per minute, likewise.
    pub requests_per_address: u32,
}

impl ServeSettings {
    /// Whether `address` is one of a trusted proxy.
    #[must_use]
    pub fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(&address))
    }
}

/// Files in PEM form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those between it and a known authority.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A token with its name, which access logs show.
#[derive(Clone, PartialEq, Eq)]
pub struct ServeToken {
    /// For the access log.
    pub name: String,
    /// What a client sends.
    pub secret: String,
}

impl fmt::Debug for ServeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServeToken({})", self.name)
    }
}

pub fn settings(layers: &mut Layers, environment: &Environment) -> ServeSettings {
    let text = layers.text("serve.listen");
    let listen = text.parse().unwrap_or_else(|_| {
        layers.wrong(
            "serve.listen",
            format!("{text:?} should be an address with a port, such as 127.0.0.1:8787"),
        );
        SocketAddr::from(([127, 0, 0, 1], 8787))
    });
    let mut trusted_proxies = Vec::new();
    for text in layers.texts("serve.trusted_proxies") {
        match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(net) => trusted_proxies.push(net),
            Err(_) => layers.wrong(
                "serve.trusted_proxies",
                format!("{text:?} should be an address or a network such as 10.0.0.0/8"),
            ),
        }
    }
    let (tokens, wrong_tokens) = tokens(layers, environment);
    ServeSettings {
        listen,
        tokens,
        wrong_tokens,
        tls: tls(layers),
        hosts: layers.texts("serve.hosts").iter().map(|host| host.to_ascii_lowercase()).collect(),
        trusted_proxies,
        connections: amount(layers.whole("serve.connections", 1..=1_000_000)),
        connections_per_address: amount(layers.whole("serve.connections_per_address", 1..=1_000_000)),
        requests_per_address: u32::try_from(layers.whole("serve.requests_per_address", 1..=1_000_000))
            .unwrap_or(u32::MAX),
    }
}

fn tls(layers: &mut Layers) -> Option<TlsFiles> {
    let (cert, key) = (layers.text("serve.tls_cert"), layers.text("serve.tls_key"));
    match (cert.is_empty(), key.is_empty()) {
        (false, false) => Some(TlsFiles { cert: cert.into(), key: key.into() }),
        (true, true) => None,
        (true, false) => {
            layers.wrong("serve.tls_key", "needs serve.tls_cert beside it, or remove it");
            None
        }
        (false, true) => {
            layers.wrong("serve.tls_cert", "needs serve.tls_key beside it, or remove it");
            None
        }
    }
}

/// The tokens of the variable and the file: one a line or separated by commas, each with `NAME=` before it if wanted.
fn tokens(layers: &mut Layers, environment: &Environment) -> (Vec<ServeToken>, Vec<String>) {
    let mut wrong = Vec::new();
    let variable = layers.text("serve.token_env");
    let file = layers.text("serve.token_file");
    let mut texts = vec![("serve.token_env", environment.get(&variable).unwrap_or_default().to_owned())];
    if !file.is_empty() {
        match read_text(Path::new(&file), LONGEST_SECRET) {
            Ok(text) => texts.push(("serve.token_file", text)),
            Err(message) => wrong.push(format!("serve.token_file: {message}")),
        }
    }
    let mut tokens: Vec<ServeToken> = Vec::new();
    for (key, text) in texts {
        for part in text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
            let number = format!("token {}", tokens.len() + 1);
            let (name, secret) = part.split_once('=').unwrap_or((&number, part));
            if secret.len() < SHORTEST_TOKEN || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
                wrong.push(format!(
                    "{key}: {name:?} should have at least {SHORTEST_TOKEN} ASCII characters without spaces; make one with: openssl rand -hex 16"
                ));
                continue;
            }
            tokens.push(ServeToken { name: name.to_owned(), secret: secret.to_owned() });
        }
    }
    (tokens, wrong)
}
