//! A lab with every kind of channel, and the services behind them.

use serde_json::Value;
use tge_scrape::{
    fixture_web::{
        Bulk, Options,
        x::{self, Population},
    },
    model::Detection,
};

use super::{
    inbox::{Answer, Inbox, Received},
    lab::{Lab, addresses, now},
    mail::MailServer,
    services, state,
};

/// Settings of a channel that reports everything at once.
pub const AT_ONCE: &str = "min_class = \"low\"\ninstant = \"low\"\nmax_age = \"9999d\"\ndigest_at = []\ninterval = \"0s\"\nallow_private_address = true\n";

/// A lab with generated feeds of `relevant` launches each.
pub fn bulk(feeds: usize, relevant: usize) -> Lab {
    let bulk = Bulk { feeds, entries: relevant + 2, relevant };
    Lab::with_options(Options { now: now().as_second(), bulk: Some(bulk), ..Options::default() })
}

/// A lab with a few people on X and the feeds of `bulk`, a quarter of which publish in each tick.
pub fn with_people(bulk: Bulk, on_topics: f64) -> Lab {
    let mut people = x::Options::at(now().as_millisecond());
    people.content = x::Content::Generated(Population {
        accounts: 3,
        topics: 1,
        days_before: 1,
        days_after: 0,
        on_topics,
        ..Population::default()
    });
    let (now, bulk, x) = (now().as_second(), Some(bulk), Some(people));
    let lab = Lab::with_options(Options { now, bulk, x, ..Options::default() });
    lab.web().publish_every(4);
    lab
}

/// Every kind of channel with its service.
pub struct World {
    pub lab: Lab,
    pub slack: Inbox,
    pub discord: Inbox,
    pub telegram: Inbox,
    pub ntfy: Inbox,
    pub webhook: Inbox,
    pub mail: MailServer,
}

impl World {
    pub fn new(lab: Lab) -> Self {
        let strict =
            |service: fn(&Received) -> Answer| Inbox::start(move |received, _| Some(service(received)));
        let mail = MailServer::start(lab.path(), false, |_| "250 taken");
        let world = Self {
            slack: strict(services::slack),
            discord: strict(services::discord),
            telegram: strict(services::telegram),
            ntfy: strict(services::ntfy),
            webhook: strict(services::webhook),
            mail,
            lab,
        };
        let settings = format!("{}\n{}", world.lab.web().settings_toml(), world.channels());
        world.lab.settings(&settings);
        world
    }

    pub fn channels(&self) -> String {
        let ca = self.mail.authority.display();
        let rows = [
            format!("kind = \"slack\"\nurl = \"{}\"", self.slack.url("/services/T/B/secret")),
            format!("kind = \"discord\"\nurl = \"{}\"", self.discord.url("/api/webhooks/1/secret")),
            format!(
                "kind = \"telegram\"\nserver = \"{}\"\ntoken = \"1:t\"\nchat = \"-100\"",
                self.telegram.url("")
            ),
            format!("kind = \"ntfy\"\nurl = \"{}\"", self.ntfy.url("/launches")),
            format!(
                "kind = \"webhook\"\nurl = \"{}\"\nsecret = \"{}\"",
                self.webhook.url("/in"),
                services::SECRET
            ),
            format!(
                "kind = \"email\"\nhost = \"localhost\"\nport = {}\nusername = \"me\"\npassword = \"hunter2\"\n\
                 from = \"tge <tge@a.example>\"\nto = [\"you@b.example\"]\nca_file = \"{ca}\"",
                self.mail.port
            ),
            "kind = \"exec\"\ncommand = [\"/bin/sh\", \"-c\", \"cat >> exec.ndjson\"]".to_owned(),
            "kind = \"file\"\npath = \"alerts.ndjson\"".to_owned(),
        ];
        rows.map(|row| format!("\n[[channels]]\n{row}\n{AT_ONCE}")).concat()
    }

    /// The lines of the file of a channel.
    pub fn lines(&self, file: &str) -> Vec<Value> {
        state::lines(&self.lab.path().join(file))
    }

    pub fn webhooks(&self) -> Vec<Value> {
        self.webhook.taken().iter().map(|received| received.json()["data"].clone()).collect()
    }

    /// All notifications of each channel as one text.
    pub fn notifications(&self) -> Vec<(&'static str, String)> {
        let bodies = |inbox: &Inbox| {
            inbox
                .taken()
                .iter()
                .map(|received| String::from_utf8(received.body.clone()).unwrap() + "\n")
                .collect()
        };
        let documents = |all: Vec<Value>| all.iter().map(|value| format!("{value}\n")).collect();
        vec![
            ("slack", bodies(&self.slack)),
            ("discord", bodies(&self.discord)),
            ("telegram", bodies(&self.telegram)),
            ("ntfy", bodies(&self.ntfy)),
            ("webhook", documents(self.webhooks())),
            ("email", self.mail.mails().iter().map(|mail| decoded(mail)).collect()),
            ("exec", documents(self.lines("exec.ndjson"))),
            ("file", documents(self.lines("alerts.ndjson"))),
        ]
    }

    /// Runs cycles until no alert waits.
    pub fn settle(&self, arguments: &[&str]) {
        for _ in 0..30 {
            let ran = self.lab.run(arguments);
            assert!(ran.code == 0 || ran.code == 4, "{}", ran.stderr);
            if self
                .lab
                .run(&["alerts", "list", "--format", "ndjson"])
                .stdout
                .lines()
                .all(|line| line.contains("\"topic\":\"update\""))
            {
                return;
            }
        }
        panic!("{}", self.lab.run(&["alerts", "list"]).stdout);
    }
}

/// A mail with decoded line breaks and equals signs, so that addresses are complete.
fn decoded(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

/// Titles of the detections in `found` with no address in `notifications`.
pub fn missing(notifications: &str, found: &[Detection]) -> Vec<String> {
    let is_missing = |detection: &&Detection| {
        !addresses([*detection]).iter().any(|url| notifications.contains(url.as_str()))
    };
    found.iter().filter(is_missing).map(|found| found.title.clone()).collect()
}
