//! HTTPS: clients that trust an authority, renewals, and clients that do not speak TLS.

use std::{
    io::{BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    path::PathBuf,
    sync::Arc,
};

use rcgen::KeyPair;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::CertificateDer};

use super::TOKEN;
use crate::support::{
    authority::Authority,
    lab::Lab,
    served::{Served, events, names},
    tls,
    world::bulk,
};

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// An authority, and settings with the files of its certificate for `localhost`.
struct Secure {
    lab: Lab,
    authority: Authority,
    client: ClientConfig,
}

impl Secure {
    fn new(more: &str) -> Self {
        let lab = bulk(1, 2);
        let authority = Authority::new();
        let path = lab.path().join("authority.pem");
        authority.write(&path);
        let files = format!("[serve]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n{more}");
        lab.settings(&(lab.web().settings_toml() + &files));
        let secure = Self { lab, authority, client: tls::client(&path) };
        secure.renew();
        secure
    }

    fn path(&self, name: &str) -> PathBuf {
        self.lab.path().join(name)
    }

    /// Writes a new certificate and returns it.
    fn renew(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let certificate = self.authority.signed("localhost", &key, 4000);
        std::fs::write(self.path("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
        certificate.der().clone()
    }

    fn connect(&self, served: &Served, alpn: &[&[u8]]) -> Stream {
        let mut config = self.client.clone();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        StreamOwned::new(client, served.connect())
    }

    /// Sends `request` without the end of its head, and reads until the server closes.
    fn ask(&self, served: &Served, request: &str) -> String {
        let mut stream = self.connect(served, &[]);
        let request = format!("{request}\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn start_stream(mut stream: Stream, more: &str) -> BufReader<Stream> {
    let request = format!("GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    BufReader::new(stream)
}

#[test]
fn documents_streams_and_websockets_are_served_over_tls() {
    let secure = Secure::new("");
    let served = Served::start(&secure.lab, &[]);
    let stream = secure.connect(&served, &[b"h2", b"http/1.1"]);
    let mut stream = start_stream(stream, "");
    assert_eq!(names(&events(&mut stream, 1)), ["hello"]);
    assert_eq!(stream.get_ref().conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut socket =
        tungstenite::client("ws://localhost/api/v1/ws?after=0", secure.connect(&served, &[])).unwrap().0;
    assert!(socket.read().unwrap().to_text().unwrap().contains("\"hello\""));
    secure.lab.cycle();
    assert_eq!(names(&events(&mut stream, 3)), ["story", "story", "cycle"]);
    assert!(socket.read().unwrap().to_text().unwrap().contains("\"story\""));
    let answer = secure.ask(&served, "GET /api/v1/stories HTTP/1.1");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(stream);
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn a_renewed_certificate_is_used_and_streams_go_on() {
    let secure = Secure::new("requests_per_address = 1000000\n");
    let served = Served::start(&secure.lab, &[]);
    let mut stream = start_stream(secure.connect(&served, &[]), "");
    events(&mut stream, 1);
    let new = secure.renew();
    let shown = || {
        let mut stream = secure.connect(&served, &[]);
        stream.conn.complete_io(&mut stream.sock).unwrap();
        stream.conn.peer_certificates().unwrap()[0].clone().into_owned()
    };
    while shown() != new {}
    secure.lab.cycle();
    assert_eq!(names(&events(&mut stream, 3)), ["story", "story", "cycle"]);
}

#[test]
fn the_cookie_of_a_login_is_bound_to_its_host_and_to_tls() {
    let secure = Secure::new("");
    let served = Served::start_with(&secure.lab, &[], &[("TGE_SERVE_TOKEN", TOKEN)]);
    let mut stream = secure.connect(&served, &[]);
    let body = format!("token={TOKEN}");
    let request = format!(
        "POST /login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.starts_with("__Host-") && cookie.ends_with("; Secure"), "{cookie}");
    let session = cookie.split(';').next().unwrap();
    let page = secure.ask(&served, &format!("GET / HTTP/1.1\r\ncookie: {session}"));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
}

#[test]
fn clients_that_do_not_finish_the_handshake_delay_nobody() {
    let secure = Secure::new("connections_per_address = 4\n");
    let served = Served::start(&secure.lab, &[]);
    let plain = served.raw(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(plain.starts_with("HTTP/1.1 400") && plain.contains("https://"), "{plain}");
    // A record of a handshake that does not go on, and no record at all.
    for (host, begin) in [(3, &b"\x16\x03\x01\x02\x00\x01"[..]), (4, b"")] {
        let held: Vec<TcpStream> = (0..20).map(|_| served.connect_from(host)).collect();
        for mut stream in &held {
            // The server has closed those over its limit.
            let _ = stream.write_all(begin);
        }
        assert!(secure.ask(&served, "GET /healthz HTTP/1.1").starts_with("HTTP/1.1 200"));
        let closed = held.iter().filter(|stream| {
            stream.set_nonblocking(true).unwrap();
            let read = (&**stream).read(&mut [0; 8]);
            read.map_or_else(|error| error.kind() != ErrorKind::WouldBlock, |length| length == 0)
        });
        assert_eq!(closed.count(), 16, "four are held");
    }
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn files_that_cannot_be_used_end_the_start_with_one_sentence() {
    let secure = Secure::new("");
    let old = std::fs::read(secure.path("key.pem")).unwrap();
    secure.renew();
    std::fs::write(secure.path("key.pem"), old).unwrap();
    let refused = secure.lab.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("key.pem is not the key of the certificate in cert.pem"),
        "{}",
        refused.stderr
    );
    std::fs::remove_file(secure.path("cert.pem")).unwrap();
    let refused = secure.lab.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("serve.tls_cert: cert.pem cannot be read"), "{}", refused.stderr);
    secure.lab.settings("[serve]\ntls_key = \"key.pem\"\n");
    let checked = secure.lab.run(&["config", "check"]);
    assert_eq!(checked.code, 3, "{}", checked.stderr);
    assert!(checked.stderr.contains(":2:11: serve.tls_key: needs serve.tls_cert"), "{}", checked.stderr);
}
