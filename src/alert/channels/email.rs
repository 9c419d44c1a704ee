//! Mail by SMTP, with TLS from the first byte or after STARTTLS, never without.
//!
//! Limits (docs/reference/formats.md#channel-limits): lines of at most 998 octets (RFC 5322), by the encodings; HTML
//! under 100 kB. `Message-ID` is the message's id, so that mail servers can recognise a duplicate;
//! `References` names the story, so that mail programs show one thread per event (RFC 5322, section 3.6.4);
//! `List-Id` (RFC 2919) and `Auto-Submitted` (RFC 3834) are for filters and vacation replies.

use std::{fmt::Display, fs, path::PathBuf, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lettre::{
    Message as Mail,
    message::{
        MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::client::{Certificate, TlsParameters},
};

pub use lettre::message::Mailbox;

use super::{
    Arrived, Attempt, Refusal,
    smtp::{self, Unsent},
};
use crate::{
    alert::{
        message::{Form, Message},
        summary,
        wording::{self, SAMPLE, html, shown, shrink},
    },
    text::{
        cut::{Unit, cut},
        link::Link,
        secret::Secrets,
    },
};

pub const CAPACITY: usize = 40;
/// Bytes of HTML; Gmail cuts what is longer.
const HTML: usize = 95_000;
/// Characters of a subject.
const SUBJECT: usize = 150;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, usually port 465.
    Tls,
    /// STARTTLS, which must succeed, usually port 587.
    StartTls,
}

/// A mail server with sender and receivers.
#[derive(Clone)]
pub struct Email {
    /// The server's name, which its certificate must carry.
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Empty for no login.
    pub username: String,
    pub password: String,
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
    /// An additional certificate authority as PEM, for a private server.
    pub ca_file: Option<PathBuf>,
}

impl Email {
    pub fn shown(&self) -> String {
        format!("{}:{}, {} receivers", self.host, self.port, self.to.len())
    }

    /// Reads `name <address>`.
    pub fn mailbox(text: &str) -> Result<Mailbox, String> {
        text.parse().map_err(|error| format!("{text:?} is not a mail address: {error}"))
    }

    pub(super) async fn send(&self, limit: Duration, attempt: Attempt<'_>) -> Result<Arrived, Refusal> {
        let mail = self.mail(attempt.message).map_err(Refusal::Rejected)?;
        let tls = self.tls()?;
        match tokio::time::timeout(limit, smtp::send(self, tls, &mail, limit)).await {
            Ok(Ok(())) => Ok(Arrived::default()),
            Ok(Err(error)) => Err(self.refused(&error)),
            Err(_) => Err(Refusal::Later(format!("{}: not done within the time limit", self.host))),
        }
    }

    fn tls(&self) -> Result<TlsParameters, Refusal> {
        let mut tls = TlsParameters::builder(self.host.clone());
        if let Some(path) = &self.ca_file {
            let pem = fs::read(path)
                .map_err(|error| Refusal::Broken(format!("{} cannot be read: {error}", path.display())))?;
            let authority = Certificate::from_pem(&pem)
                .map_err(|error| Refusal::Broken(format!("{}: {error}", path.display())))?;
            tls = tls.add_root_certificate(authority);
        }
        tls.build().map_err(|error| Refusal::Broken(format!("TLS cannot be set up: {error}")))
    }

    /// 4xx replies and broken connections are temporary; 530, 534, 535 and 538 reject the login, other 5xx the message.
    fn refused(&self, error: &Unsent) -> Refusal {
        let (code, is_tls) = match error {
            Unsent::Connect(_) => (None, false),
            Unsent::Smtp(error) => (error.status().map(u16::from), error.is_tls()),
        };
        let message_text = self.secrets().mask(&chain(error)).into_owned();
        let message_text = format!("{}: {}", self.host, shown(&message_text, 200));
        match code {
            Some(530 | 534 | 535 | 538) => Refusal::Broken(message_text),
            Some(421 | 450 | 451 | 452) => Refusal::Slow { wait: None, message: message_text },
            Some(500..=599) => Refusal::Rejected(message_text),
            _ if is_tls => Refusal::Broken(message_text),
            _ => Refusal::Later(message_text),
        }
    }

    /// The password, and its encoding by PLAIN (RFC 4616).
    fn secrets(&self) -> Secrets {
        if self.password.is_empty() {
            return Secrets::default();
        }
        let login = STANDARD.encode(format!("\0{}\0{}", self.username, self.password));
        Secrets::new([login.as_str(), &self.password])
    }

    /// `message` as a mail with a text and an HTML part.
    fn mail(&self, message: &Message) -> Result<Mail, String> {
        let wrong = |error: &dyn Display| format!("the mail cannot be built: {error}");
        let domain = self.from.email.domain();
        let mut mail = Mail::builder()
            .from(self.from.clone())
            .date(message.at.try_into().map_err(|error: jiff::Error| wrong(&error))?)
            .subject(cut(&format!("[tge] {}", wording::subject(message)), SUBJECT, Unit::Scalars))
            .message_id(Some(format!("<{}@{domain}>", message.id)));
        for receiver in &self.to {
            mail = mail.to(receiver.clone());
        }
        if let (Form::Single, Some(item)) = (message.form, message.items.first()) {
            mail = mail.references(format!("<story-{}@{domain}>", item.detection.story_id));
        }
        let raw =
            |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        mail.raw_header(raw("List-Id", format!("tge-scrape alerts <tge-scrape.{domain}>")))
            .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(raw("X-Tge-Scrape-Id", message.id.clone()))
            .multipart(MultiPart::alternative_plain_html(wording::text(message, 300), page(message)))
            .map_err(|error| wrong(&error))
    }
}

/// An error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut all = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let message_text = next.to_string();
        if !all.contains(&message_text) {
            all = format!("{all}: {message_text}");
        }
        cause = next.source();
    }
    all
}

/// The HTML part: no pictures, no scripts, nothing fetched.
fn page(message: &Message) -> String {
    shrink(|limit| build(message, limit), |page| page.len() <= HTML)
}

fn build(message: &Message, limit: usize) -> String {
    let mut body = String::new();
    let mut paragraph = |inside: String| {
        if !inside.is_empty() {
            body.push_str(&format!("<p style=\"margin:0 0 1em\">{inside}</p>\n"));
        }
    };
    if message.form == Form::Sample {
        paragraph(html(SAMPLE));
    }
    for item in &message.items {
        let words = wording::words(item, limit);
        let small = format!("<small>{}</small>", html(&words.facts));
        let mut lines = vec![
            format!("<strong>{}</strong>", html(&words.heading)),
            html(&words.title),
            html(&words.change),
            small,
            html(&words.why),
            html(&words.carried),
            link(&words.link),
        ];
        lines.retain(|line| !line.is_empty());
        paragraph(lines.join("<br>\n"));
    }
    for update in &message.updates {
        let (line, to) = wording::update(update, limit);
        paragraph(format!("{}<br>\n{}", html(&line), link(&to)));
    }
    for notice in &message.notices {
        let (message_text, hint) = wording::notice(notice, limit * 2);
        paragraph(format!("{}<br>\n{}", html(&message_text), html(&hint)));
    }
    for section in message.summary.iter().flat_map(|summary| summary::sections(summary, limit)) {
        let line = |line: &summary::Line| {
            let to = line.link.as_ref().map_or_else(String::new, |to| format!(" {}", link(to)));
            format!("• {}{to}", html(&line.text))
        };
        let mut lines = vec![format!("<strong>{}</strong>", html(&section.title))];
        lines.extend(section.lines.iter().map(line));
        paragraph(lines.join("<br>\n"));
    }
    paragraph(wording::waiting(message));
    format!(
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{body}</body></html>\n",
        html(&wording::subject(message))
    )
}

/// The text of a link is its address.
fn link(link: &Link) -> String {
    match link {
        Link::Open { href, .. } => format!("<a href=\"{0}\" rel=\"noreferrer\">{0}</a>", html(href)),
        other => html(other.text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::{detection, hostile_detections, message};

    fn email() -> Email {
        Email {
            host: "mail.example".to_owned(),
            port: 465,
            security: Security::Tls,
            username: "me".to_owned(),
            password: "hunter2".to_owned(),
            from: Email::mailbox("tge <tge@mail.example>").unwrap(),
            to: vec![Email::mailbox("you@mail.example").unwrap()],
            ca_file: None,
        }
    }

    #[test]
    fn a_mail_has_both_parts_its_thread_and_lasting_names() {
        let mail = email().mail(&message(Form::Single, vec![detection()])).unwrap();
        let text = String::from_utf8(mail.formatted()).unwrap();
        for wanted in [
            "Message-ID: <00112233445566778899@mail.example>",
            "References: <story-s1@mail.example>",
            "List-Id: tge-scrape alerts <tge-scrape.mail.example>",
            "Auto-Submitted: auto-generated",
            "Date: Sat, 21 Nov 2026 10:00:00 +0000",
            "Content-Type: text/plain",
            "Content-Type: text/html",
            "Subject: [tge] Caldera $ERA: airdrop live",
        ] {
            assert!(text.contains(wanted), "{wanted} is missing in {text}");
        }
        assert!(!format!("{:?}", crate::alert::ChannelKind::Email(Box::new(email()))).contains("hunter2"));
    }

    #[test]
    fn no_title_adds_a_header_a_tag_or_a_long_line() {
        for found in hostile_detections() {
            for form in [Form::Single, Form::Digest] {
                let many =
                    message(form, vec![found.clone(); if form == Form::Single { 1 } else { CAPACITY }]);
                let text = String::from_utf8(email().mail(&many).unwrap().formatted()).unwrap();
                assert!(
                    text.split("\r\n").all(|line| line.len() <= 998 && !line.starts_with("Bcc")),
                    "{text}"
                );
                let page = page(&many);
                assert!(
                    page.len() <= 100_000 && !page.contains("<script") && !page.contains("evil.example\">")
                );
            }
        }
    }
}
