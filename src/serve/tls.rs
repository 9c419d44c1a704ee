//! TLS of the server: its certificate and the handshake.

use std::{
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, InconsistentKeys, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
    server::TlsStream,
};

use crate::{
    config::{LONGEST_SECRET, TlsFiles, read_text},
    error::Error,
    exit::Exit,
    text::hash::sha256_hex,
};

/// First byte of a TLS connection: a record of the handshake (RFC 8446, section 5.1).
pub const HANDSHAKE: u8 = 22;
/// Interval of looks at the files, if clients connect.
const LOOK: Duration = Duration::from_secs(1);

/// What makes TLS connections.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    certificate: Arc<Certificate>,
}

impl Tls {
    /// Reads the certificate and its key.
    pub fn read(files: &TlsFiles) -> Result<Self, Error> {
        let wrong = |problem: Problem| Error::new(Exit::Settings, problem.message, problem.hint);
        let texts = Texts::read(files).map_err(wrong)?;
        let key = texts.key(files).map_err(wrong)?;
        let current = Current { key: Arc::new(key), digest: texts.digest(), looked_at: Instant::now() };
        let certificate = Arc::new(Certificate { files: files.clone(), current: Mutex::new(current) });
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(Exit::Failure, format!("TLS cannot be used: {error}"), ""))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certificate) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate })
    }

    /// Makes the TLS connection of a client. Files that changed are read beside it, so that a later client gets the new
    /// certificate and nobody waits.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        if self.certificate.is_due(Instant::now()) {
            let certificate = Arc::clone(&self.certificate);
            tokio::task::spawn_blocking(move || certificate.renew());
        }
        self.acceptor.accept(stream).await
    }
}

/// The certificate of the files.
struct Certificate {
    files: TlsFiles,
    current: Mutex<Current>,
}

struct Current {
    key: Arc<CertifiedKey>,
    /// Of the texts that were read last.
    digest: String,
    looked_at: Instant,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.files.cert.display())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.lock().key))
    }
}

impl Certificate {
    /// Whether to look at the files; then it is not due again before [`LOOK`].
    fn is_due(&self, now: Instant) -> bool {
        let mut current = self.lock();
        let is_due = now.saturating_duration_since(current.looked_at) >= LOOK;
        if is_due {
            current.looked_at = now;
        }
        is_due
    }

    /// Uses what is in the files if it changed. Files that do not fit together, as during a renewal, are read again when
    /// they change; the certificate in use stays.
    fn renew(&self) {
        let texts = Texts::read(&self.files);
        let digest = texts.as_ref().map(Texts::digest).unwrap_or_default();
        if self.lock().digest == digest {
            return;
        }
        let key = texts.and_then(|texts| texts.key(&self.files));
        let mut current = self.lock();
        current.digest = digest;
        match key {
            Ok(key) => {
                current.key = Arc::new(key);
                tracing::info!("new connections get the new certificate of {}", self.files.cert.display());
            }
            Err(problem) => {
                tracing::warn!("the certificate is not renewed: {}; {}", problem.message, problem.hint);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is wrong with the files, and what to do.
#[derive(Debug)]
struct Problem {
    message: String,
    hint: &'static str,
}

/// The texts of both files.
struct Texts {
    cert: String,
    key: String,
}

impl Texts {
    fn read(files: &TlsFiles) -> Result<Self, Problem> {
        let text = |name: &str, path: &Path| {
            read_text(path, LONGEST_SECRET).map_err(|message| Problem {
                message: format!("{name}: {} {message}", path.display()),
                hint: "name a file in PEM form that the user of the server may read",
            })
        };
        Ok(Self { cert: text("serve.tls_cert", &files.cert)?, key: text("serve.tls_key", &files.key)? })
    }

    fn digest(&self) -> String {
        sha256_hex::<32>(&self.cert) + &sha256_hex::<32>(&self.key)
    }

    /// The chain and its key, which belong together.
    fn key(&self, files: &TlsFiles) -> Result<CertifiedKey, Problem> {
        let cert = |what: fmt::Arguments<'_>| Problem {
            message: format!("serve.tls_cert: {} {what}", files.cert.display()),
            hint: "name the file with the whole chain, such as fullchain.pem",
        };
        let key = |what: fmt::Arguments<'_>| Problem {
            message: format!("serve.tls_key: {} {what}", files.key.display()),
            hint: "name the private key without a password, such as privkey.pem",
        };
        let chain = CertificateDer::pem_slice_iter(self.cert.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| cert(format_args!("is not in PEM form: {error}")))?;
        if chain.is_empty() {
            return Err(cert(format_args!("has no certificate in PEM form")));
        }
        let secret = PrivateKeyDer::from_pem_slice(self.key.as_bytes())
            .map_err(|_| key(format_args!("has no private key in PEM form")))?;
        let secret = aws_lc_rs::sign::any_supported_type(&secret)
            .map_err(|error| key(format_args!("has a key that cannot be used: {error}")))?;
        let certified = CertifiedKey::new(chain, secret);
        match certified.keys_match() {
            Ok(()) => Ok(certified),
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(Problem {
                message: format!(
                    "serve.tls_key: {} is not the key of the certificate in {}",
                    files.key.display(),
                    files.cert.display()
                ),
                hint: "name the two files of one renewal; the certificate of the server comes first in its file",
            }),
            Err(error) => Err(cert(format_args!("has a certificate that cannot be read: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    /// A certificate and its key in PEM form.
    fn pair() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["board.example".to_owned()]).unwrap().self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn files(dir: &Path, cert: &str, key: &str) -> TlsFiles {
        let files = TlsFiles { cert: dir.join("cert.pem"), key: dir.join("key.pem") };
        std::fs::write(&files.cert, cert).unwrap();
        std::fs::write(&files.key, key).unwrap();
        files
    }

    #[test]
    fn files_that_cannot_be_used_are_named_with_what_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let ((cert, key), (_, other)) = (pair(), pair());
        let broken = cert.replace("MII", "AAA");
        for (cert, key, part) in [
            (cert.as_str(), other.as_str(), "key.pem is not the key of the certificate in "),
            (&key, &cert, "cert.pem has no certificate in PEM form"),
            (&cert, &cert, "key.pem has no private key in PEM form"),
            ("", &key, "cert.pem has no certificate in PEM form"),
            ("-----BEGIN CERTIFICATE-----\n%\n", &key, "cert.pem is not in PEM form"),
            (&broken, &key, "cert.pem has a certificate that cannot be read"),
        ] {
            let error = Tls::read(&files(dir.path(), cert, key)).err().unwrap();
            assert!(error.message.contains(part), "{error}");
            assert_eq!(error.exit, Exit::Settings);
        }
        let missing = TlsFiles { cert: dir.path().join("none.pem"), key: dir.path().join("key.pem") };
        let error = Tls::read(&missing).err().unwrap();
        assert!(
            error.message.starts_with("serve.tls_cert: ")
                && error.message.contains("none.pem cannot be read")
        );
    }

    #[test]
    fn changed_files_are_used_once_they_fit_together() {
        let dir = tempfile::tempdir().unwrap();
        let ((cert, key), (new_cert, new_key)) = (pair(), pair());
        let certificate = Tls::read(&files(dir.path(), &cert, &key)).unwrap().certificate;
        let used = || certificate.lock().key.cert[0].clone();
        let first = used();
        certificate.renew();
        assert_eq!(used(), first);
        files(dir.path(), &new_cert, &key);
        certificate.renew();
        assert_eq!(used(), first, "the key is not written yet");
        std::fs::remove_file(dir.path().join("key.pem")).unwrap();
        certificate.renew();
        assert_eq!(used(), first);
        files(dir.path(), &new_cert, &new_key);
        certificate.renew();
        assert_eq!(used(), CertificateDer::from_pem_slice(new_cert.as_bytes()).unwrap());
    }

    #[test]
    fn the_files_are_looked_at_once_a_second() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = pair();
        let certificate = Tls::read(&files(dir.path(), &cert, &key)).unwrap().certificate;
        let start = certificate.lock().looked_at;
        let due = [999, 1_000, 1_001, 2_000].map(|ms| certificate.is_due(start + Duration::from_millis(ms)));
        assert_eq!(due, [false, true, false, true]);
    }
}
