//! Alerts by mail: encryption, certificates and login.

use crate::support::{
    mail::{Injected, MailServer},
    world::{AT_ONCE, bulk},
};

#[test]
fn mail_requires_tls_and_a_trusted_certificate() {
    for implicit in [true, false] {
        let lab = bulk(1, 2);
        let server = MailServer::start(lab.path(), implicit, |before| match before {
            0 => "250 taken",
            _ => "554 5.7.1 not this one",
        });
        let row = format!(
            "\n[[channels]]\nkind = \"email\"\nhost = \"localhost\"\nport = {}\ntls = \"{}\"\nusername = \"me\"\npassword = \"hunter2\"\n\
             from = \"tge@a.example\"\nto = [\"you@b.example\"]\nca_file = \"{}\"\n{AT_ONCE}",
            server.port,
            if implicit { "tls" } else { "starttls" },
            server.authority.display()
        );
        lab.settings(&(lab.web().settings_toml() + &row));
        lab.run(&["cycle", "--catch-up", "9"]);
        let mails = server.mails();
        assert_eq!(mails.len(), 1, "{}", lab.run(&["alerts", "list"]).stdout);
        assert!(
            mails[0].contains("Message-ID: <") && mails[0].contains("References: <story-"),
            "{}",
            mails[0]
        );
        assert!(lab.run(&["alerts", "list", "--format", "ndjson"]).stdout.contains("not this one"));
        // An unknown authority: nothing is sent to a server without a valid certificate.
        let elsewhere = tempfile::tempdir().unwrap();
        let other = MailServer::start(elsewhere.path(), implicit, |_| "250 taken");
        lab.settings(
            &(lab.web().settings_toml() + &row.replace(&server.port.to_string(), &other.port.to_string())),
        );
        let test = lab.run(&["alerts", "test"]);
        assert!(test.code == 1 && test.stdout.contains("certificate"), "{}", test.stdout);
        assert!(other.mails().is_empty());
    }
}

#[test]
fn mail_responses_injected_before_tls_are_rejected() {
    // Everything that the server would send through TLS.
    const ANSWERS: &str =
        "250-here\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n221 bye\r\n";
    let more = "before encryption";
    let rows: [(Injected, &[&str]); 4] = [
        (
            Injected {
                starttls: &[
                    "220 go\r\n250-here\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n",
                ],
                ..Injected::default()
            },
            &[more],
        ),
        // The parts arrive with the response or in place of the handshake.
        (
            Injected { starttls: &["220 g", "o\r\n2", ANSWERS], ..Injected::default() },
            &[more, "in place of encryption"],
        ),
        (
            Injected { starttls: &["220 go\r\n", ANSWERS], ..Injected::default() },
            &[more, "in place of encryption"],
        ),
        (
            Injected {
                greeting: "\r\n250-here\r\n250 STARTTLS\r\n220 go\r\n250 AUTH PLAIN\r\n235 ok",
                starttls: &["220 go\r\n"],
            },
            &[more],
        ),
    ];
    for (injected, expected) in rows {
        let lab = bulk(1, 2);
        let server = MailServer::injected(lab.path(), injected);
        let row = format!(
            "\n[[channels]]\nkind = \"email\"\nhost = \"localhost\"\nport = {}\nusername = \"me\"\npassword = \"hunter2\"\n\
             from = \"tge@a.example\"\nto = [\"you@b.example\"]\nca_file = \"{}\"\n{AT_ONCE}",
            server.port,
            server.authority.display()
        );
        lab.settings(&(lab.web().settings_toml() + &row));
        lab.run(&["cycle", "--catch-up", "9"]);
        let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
        let (sent, error): (Option<i64>, String) = database
            .query_row("SELECT sent_at, last_error FROM channels", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert!(sent.is_none() && expected.iter().any(|expected| error.contains(expected)), "{error}");
        assert!(server.mails().is_empty());
    }
}
