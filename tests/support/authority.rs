//! A certificate authority.

use std::{collections::HashMap, path::Path, sync::Arc, sync::Mutex};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::PrivatePkcs8KeyDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut own = CertificateParams::new(Vec::<String>::new()).unwrap();
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With the default name, its certificates would look self-signed.
        own.distinguished_name.push(DnType::CommonName, "An authority of our own");
        let key = KeyPair::generate().unwrap();
        let pem = own.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(own, key), pem }
    }

    /// Writes its own certificate, for clients that trust it.
    pub fn write(&self, path: &Path) {
        std::fs::write(path, &self.pem).unwrap();
    }

    /// A certificate of `key` for `name`, valid until the start of `year`.
    pub fn signed(&self, name: &str, key: &KeyPair, year: i32) -> Certificate {
        let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        leaf.not_after = date_time_ymd(year, 1, 1);
        leaf.signed_by(key, &self.issuer).unwrap()
    }
}

/// `certificate` with its `key`, in the form that a server needs.
pub fn certified(certificate: &Certificate, key: &KeyPair) -> Arc<CertifiedKey> {
    let secret = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let signing = aws_lc_rs::sign::any_supported_type(&secret).unwrap();
    Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signing))
}

/// The configuration of a TLS server with these certificates.
pub fn server(certificates: impl ResolvesServerCert + 'static) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates))
}

/// A valid certificate for every requested name.
#[derive(Debug)]
pub struct Good {
    authority: Authority,
    key: KeyPair,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Good {
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

/// HTTP/2 and HTTP/1.1 for every name. The certificate of the authority is written to `path`.
pub fn both(path: &Path) -> Arc<ServerConfig> {
    let authority = Authority::new();
    authority.write(path);
    let mut config = server(Good::by(authority));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // The client stores its sessions, as with most servers.
    config.ticketer = aws_lc_rs::Ticketer::new().unwrap();
    Arc::new(config)
}
