//! A certificate authority of our own.

use std::{collections::HashMap, path::Path, sync::Arc, sync::Mutex};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::PrivatePkcs8KeyDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// Vouches for names.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let mut own = CertificateParams::new(Vec::<String>::new()).unwrap();
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // By the usual name what it signs would pass for signed by itself with those who compare names.
        own.distinguished_name.push(DnType::CommonName, "An authority of our own");
        let key = KeyPair::generate().unwrap();
        let pem = own.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(own, key), pem }
    }

    /// Writes its own certificate, for clients that are to trust it.
    pub fn write(&self, path: &Path) {
        std::fs::write(path, &self.pem).unwrap();
    }

    /// A certificate of `key` for `name`, good until the beginning of that year.
    pub fn signed(&self, name: &str, key: &KeyPair, year: i32) -> Certificate {
        let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        leaf.not_after = date_time_ymd(year, 1, 1);
        leaf.signed_by(key, &self.issuer).unwrap()
    }
}

/// `certificate` with its `key`, as a server wants them.
pub fn certified(certificate: &Certificate, key: &KeyPair) -> Arc<CertifiedKey> {
    let secret = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let signing = aws_lc_rs::sign::any_supported_type(&secret).unwrap();
    Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signing))
}

/// TLS as a server with these certificates speaks it.
pub fn server(certificates: impl ResolvesServerCert + 'static) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates))
}

/// A good certificate for every name that is asked for.
#[derive(Debug)]
pub struct Good {
    authority: Authority,
    key: KeyPair,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Good {
    /// By `authority`.
    pub fn by(authority: Authority) -> Self {
        Self { authority, key: KeyPair::generate().unwrap(), made: Mutex::default() }
    }
}

impl ResolvesServerCert for Good {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?;
        let mut made = self.made.lock().unwrap();
        let make = || certified(&self.authority.signed(name, &self.key, 4000), &self.key);
        Some(Arc::clone(made.entry(name.to_owned()).or_insert_with(make)))
    }
}

/// HTTP/2 and HTTP/1.1 for every name, by an authority whose certificate goes to `path`.
pub fn both(path: &Path) -> Arc<ServerConfig> {
    let authority = Authority::new();
    authority.write(path);
    let mut config = server(Good::by(authority));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Sessions are the client's to keep, as with most servers.
    config.ticketer = aws_lc_rs::Ticketer::new().unwrap();
    Arc::new(config)
}
