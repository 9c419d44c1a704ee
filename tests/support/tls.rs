//! A TLS web server on loopback whose certificate depends on the requested name.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{CertificateParams, DnType, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, pem::PemObject},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};

use super::authority::{Authority, certified, server};

/// Names under `.localhost` with invalid certificates.
pub const FAULTY: [&str; 3] = ["selfsigned", "expired", "wrongname"];

/// A server, until it is dropped.
pub struct TlsServer {
    pub port: u16,
    /// Certificate of the authority for the valid names.
    pub authority: PathBuf,
    _runtime: Runtime,
}

impl TlsServer {
    /// Starts the server and writes its authority's certificate into `dir`. `sound.localhost` serves `feed`,
    /// `downgrade.localhost` redirects to plain http.
    pub fn start(dir: &Path, feed: &str) -> Self {
        let trusted = Authority::new();
        let authority = dir.join("web-authority.pem");
        trusted.write(&authority);
        let config = server(Certificates(trusted));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let feed: Arc<str> = feed.into();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(acceptor.clone(), stream, Arc::clone(&feed)));
            }
        });
        Self { port, authority, _runtime: runtime }
    }

    pub fn feed(&self, name: &str) -> String {
        format!("https://{name}.localhost:{}/feed.xml", self.port)
    }
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream, feed: Arc<str>) -> Option<()> {
    let mut stream = acceptor.accept(stream).await.ok()?;
    let downgrade = stream.get_ref().1.server_name() == Some("downgrade.localhost");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let text = if downgrade {
        "HTTP/1.1 302 X\r\nConnection: close\r\nContent-Length: 0\r\nLocation: http://downgrade.localhost/feed.xml\r\n\r\n"
            .to_owned()
    } else {
        format!("HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{feed}", feed.len())
    };
    stream.write_all(text.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

/// Creates certificates by name.
#[derive(Debug)]
struct Certificates(Authority);

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_owned();
        let key = KeyPair::generate().ok()?;
        let certificate = match name.trim_end_matches(".localhost") {
            "selfsigned" => {
                let mut own = CertificateParams::new(vec![name.clone()]).ok()?;
                // With the default name, it would look like a bad signature of the authority.
                own.distinguished_name.push(DnType::CommonName, name.clone());
                own.self_signed(&key).ok()?
            }
            "expired" => self.0.signed(&name, &key, 2001),
            "wrongname" => self.0.signed("elsewhere.localhost", &key, 4000),
            _ => self.0.signed(&name, &key, 4000),
        };
        Some(certified(&certificate, &key))
    }
}

/// A client that trusts the authority of the file.
pub fn client(authority: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}
