//! A web server with TLS on loopback whose certificate depends on the name it is asked for.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self,
        crypto::aws_lc_rs,
        pki_types::PrivatePkcs8KeyDer,
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};

/// Names under `.localhost` whose certificates are worth nothing, each in its own way.
pub const FAULTY: [&str; 3] = ["selfsigned", "expired", "wrongname"];

/// A server; ends when dropped.
pub struct TlsServer {
    pub port: u16,
    /// Certificate of the authority that vouches for the proper names.
    pub authority: PathBuf,
    _runtime: Runtime,
}

impl TlsServer {
    /// Listens; writes its authority's certificate into `dir`. `sound.localhost` answers with `feed`,
    /// `downgrade.localhost` redirects to plain http.
    pub fn start(dir: &Path, feed: &str) -> Self {
        let mut ca = CertificateParams::new(Vec::<String>::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_key = KeyPair::generate().unwrap();
        let ca_cert = ca.self_signed(&ca_key).unwrap();
        let authority = dir.join("web-authority.pem");
        std::fs::write(&authority, ca_cert.pem()).unwrap();
        let certificates = Arc::new(Certificates(Issuer::new(ca, ca_key)));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(certificates);
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

    /// Address of the feed at `name`.
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

/// Certificates by name, made when they are asked for.
#[derive(Debug)]
struct Certificates(Issuer<'static, KeyPair>);

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_owned();
        let key = KeyPair::generate().ok()?;
        let signed = |names: &str, last_year: i32| -> Option<Certificate> {
            let mut leaf = CertificateParams::new(vec![names.to_owned()]).ok()?;
            leaf.not_after = date_time_ymd(last_year, 1, 1);
            leaf.signed_by(&key, &self.0).ok()
        };
        let certificate = match name.trim_end_matches(".localhost") {
            "selfsigned" => {
                let mut own = CertificateParams::new(vec![name.clone()]).ok()?;
                // By the usual name it would pass for a bad signature of the authority's.
                own.distinguished_name.push(DnType::CommonName, name.clone());
                own.self_signed(&key).ok()?
            }
            "expired" => signed(&name, 2001)?,
            "wrongname" => signed("elsewhere.localhost", 4000)?,
            _ => signed(&name, 4000)?,
        };
        let secret = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let signing = aws_lc_rs::sign::any_supported_type(&secret).ok()?;
        Some(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signing)))
    }
}
