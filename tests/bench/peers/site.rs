//! A generated web on loopback with a state folder, and the programs that read it.

use std::{collections::BTreeSet, path::PathBuf, process::Command, time::Duration};

use serde_json::Value;
use tge_scrape::fixture_web::{Bulk, FixtureWeb, Options};

use super::{
    authority, bare,
    meter::{self, Cost},
};

/// Certificate of the authority of a site.
const AUTHORITY: &str = "authority.pem";
/// The time of the web at the start, seconds since 1970.
pub const NOW: i64 = 1_795_000_000;
/// The program measured.
pub const OURS: &str = env!("CARGO_BIN_EXE_tge-scrape");

/// The protocol of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Plain HTTP/1.1.
    Plain,
    /// TLS, with HTTP/2 if the client supports it.
    Tls,
}

/// A web and a folder for the files of its clients.
pub struct Site {
    runtime: tokio::runtime::Runtime,
    /// The web.
    pub web: FixtureWeb,
    /// State, settings and lists of addresses.
    pub dir: tempfile::TempDir,
    wire: Wire,
}

impl Site {
    /// `feeds` hosts of 30 entries, `relevant` of them launches; `http` is added to the settings' `[http]`.
    pub fn new(feeds: usize, relevant: usize, http: &str) -> Self {
        Self::over(Wire::Plain, feeds, relevant, http)
    }

    /// The same with `entries` in each feed, none of them a launch.
    pub fn with_entries(feeds: usize, entries: usize, http: &str) -> Self {
        Self::of(Wire::Plain, Bulk { feeds, entries, relevant: 0 }, http)
    }

    /// The same over `wire`.
    pub fn over(wire: Wire, feeds: usize, relevant: usize, http: &str) -> Self {
        Self::of(wire, Bulk { feeds, entries: 30, relevant }, http)
    }

    fn of(wire: Wire, bulk: Bulk, http: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = Options {
            now: NOW,
            seed: 7,
            latency: Duration::from_millis(50),
            spread: Duration::from_millis(20),
            bulk: Some(bulk),
            tls: (wire == Wire::Tls).then(|| authority::both(&dir.path().join(AUTHORITY))),
            ..Options::default()
        };
        let web = runtime.block_on(FixtureWeb::start(options)).unwrap();
        let site = Self { runtime, web, dir, wire };
        let settings = site.web.settings_toml().replacen("[http]\n", &format!("[http]\n{http}\n"), 1);
        std::fs::write(site.path("settings.toml"), settings).unwrap();
        std::fs::write(site.path("urls.txt"), site.web.feed_urls().join("\n") + "\n").unwrap();
        site
    }

    /// A file or folder of this site.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    /// The variable with the trusted certificate.
    fn trust(&self) -> Vec<(&'static str, String)> {
        if self.wire == Wire::Tls { vec![("SSL_CERT_FILE", self.text(AUTHORITY))] } else { Vec::new() }
    }

    /// Feeds are fetched as often as the built-in settings say; before, in each cycle.
    pub fn poll_as_built_in(&self) {
        self.change_settings("feed_ttl = \"0s\"\n", "");
    }

    /// Moves the feeds from the settings into the database.
    pub fn import_into_database(&self) -> Cost {
        let settings = std::fs::read_to_string(self.path("settings.toml")).unwrap();
        let (head, _) = settings.split_once("[[feeds]]").unwrap();
        std::fs::write(self.path("settings.toml"), head).unwrap();
        self.command(&["feed", "import", &self.text("urls.txt"), "--into", "database"])
    }

    /// Replaces `old` in the settings by `new`.
    pub fn change_settings(&self, old: &str, new: &str) {
        let settings = std::fs::read_to_string(self.path("settings.toml")).unwrap();
        assert!(settings.contains(old));
        std::fs::write(self.path("settings.toml"), settings.replacen(old, new, 1)).unwrap();
    }

    /// Deletes all state.
    pub fn forget(&self) {
        let _ = std::fs::remove_dir_all(self.path("state"));
    }

    /// One cycle.
    pub fn cycle(&self) -> Cost {
        self.command(&["cycle"])
    }

    /// One cycle, with its report.
    pub fn report(&self) -> Value {
        let output = Command::new(OURS)
            .args(["cycle", "--format", "json", "-c", &self.text("settings.toml")])
            .args(["--state-dir", &self.text("state")])
            .envs(self.trust())
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Another command.
    pub fn command(&self, arguments: &[&str]) -> Cost {
        let (settings, state) = (self.text("settings.toml"), self.text("state"));
        let whole = [&[OURS], arguments, &["-c", &settings, "--state-dir", &state]].concat();
        meter::measure(&whole, self.trust())
    }

    /// Fetches `urls` with curl, fifty at a time, with `If-None-Match` where one is known.
    pub fn curl(&self, urls: &[(String, Option<String>)]) -> Cost {
        // Each address has its own section with the trusted certificate.
        let authority = self.text(AUTHORITY);
        let trust =
            if self.wire == Wire::Tls { format!("cacert = \"{authority}\"\n") } else { String::new() };
        let block = |(url, tag): &(String, Option<String>)| {
            let tag =
                tag.as_ref().map(|tag| format!("header = \"If-None-Match: {}\"\n", tag.replace('"', "\\\"")));
            format!("url = \"{url}\"\noutput = \"/dev/null\"\n{trust}{}", tag.unwrap_or_default())
        };
        let config: Vec<String> = urls.iter().map(block).collect();
        std::fs::write(self.path("curl.cfg"), config.join("next\n")).unwrap();
        let config = self.text("curl.cfg");
        let command = ["curl", "-s", "--parallel", "--parallel-max", "50", "-K", &config];
        meter::measure(&command, Vec::new())
    }

    /// Runs the minimal program over every feed, with a new database.
    pub fn bare(&self) -> Cost {
        let _ = std::fs::remove_file(self.path("bare.db"));
        let program = std::env::current_exe().unwrap();
        let command = [&program.to_string_lossy(), bare::FLAG, &self.text("urls.txt"), &self.text("bare.db")];
        meter::measure(&command, self.trust())
    }

    /// Every feed with its entity tag.
    pub fn tagged(&self) -> Vec<(String, Option<String>)> {
        // The certificate is known here.
        let client = reqwest::Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(bare::Here));
        let client = client.build().unwrap();
        self.runtime.block_on(async {
            let mut tagged = Vec::new();
            for url in self.web.feed_urls() {
                let response = client.head(&url).send().await.unwrap();
                let tag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
                tagged.push((url, tag));
            }
            tagged
        })
    }

    /// Every requested address once, ordered by host.
    pub fn asked(&self) -> Vec<(String, Option<String>)> {
        let asked = self.web.request_log().requests.into_iter();
        let scheme = if self.wire == Wire::Tls { "https" } else { "http" };
        let whole =
            asked.map(|one| format!("{scheme}://{}.localhost:{}{}", one.host, self.web.port(), one.path));
        whole.collect::<BTreeSet<_>>().into_iter().map(|url| (url, None)).collect()
    }

    /// Requests answered so far, and how many of them with 304.
    pub fn answered(&self) -> (usize, usize) {
        let requests = self.web.request_log().requests;
        (requests.len(), requests.iter().filter(|one| one.status == 304).count())
    }

    /// Stops serving.
    pub fn end(self) {
        drop(self.web);
        self.runtime.shutdown_background();
    }
}
