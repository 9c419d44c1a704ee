//! Sockets that a supervisor opens, such as systemd.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixDatagram,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crate::support::{served::Served, world::bulk};

const UNLIMITED: (&str, &str) = ("TGE_SCRAPE_SERVE__REQUESTS_PER_ADDRESS", "1000000");

#[test]
fn restarts_under_a_passed_socket_refuse_no_connection() {
    let lab = bulk(1, 1);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let is_over = AtomicBool::new(false);
    let ask = || {
        let mut answered = 0;
        while !is_over.load(Ordering::Relaxed) {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
            let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
            let mut answer = String::new();
            stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer)).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "after {answered} answers: {answer:?}");
            answered += 1;
        }
        answered
    };
    let start = || Served::inherit(&lab, &listener, &[UNLIMITED]);
    let mut served = start();
    assert_eq!(served.address, address);
    let answered: usize = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        for _ in 0..5 {
            assert_eq!(served.stop(), Some(0));
            served = start();
            assert_eq!(served.get("/healthz").status, 200);
        }
        is_over.store(true, Ordering::Relaxed);
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert!(answered >= 8, "{answered}");
}

#[test]
fn the_supervisor_is_notified_once_the_server_answers() {
    let lab = bulk(1, 1);
    let path = lab.path().join("notify");
    let supervisor = UnixDatagram::bind(&path).unwrap();
    supervisor.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let _served = Served::start_with(&lab, &[], &[("NOTIFY_SOCKET", path.to_str().unwrap())]);
    let mut message = [0; 64];
    let length = supervisor.recv(&mut message).unwrap();
    assert_eq!(message[..length], *b"READY=1\n");
}

#[test]
fn a_passed_socket_that_others_reach_needs_a_token_too() {
    let lab = bulk(1, 1);
    for (passed, part) in [
        (TcpListener::bind("0.0.0.0:0").unwrap().into(), "there is no token"),
        (std::os::fd::OwnedFd::from(std::fs::File::open("/dev/null").unwrap()), "fd 3 is not a socket"),
        (UnixDatagram::unbound().unwrap().into(), "fd 3 is not a valid tcp socket"),
    ] {
        let output = Served::command(&lab, passed).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{errors}");
        assert!(errors.contains(part), "{errors}");
    }
}
