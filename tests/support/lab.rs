//! A temporary folder for each test, the real binary in an empty environment, and the fixture web if needed.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tge_scrape::{
    figures::CycleReport,
    fixture_web::{FixtureWeb, Options},
    model::Detection,
};
use tokio::runtime::Runtime;

/// The time of the machine, which dates the entries of the fixture web.
#[expect(clippy::disallowed_methods, reason = "the binary under test reads the machine's clock too")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// A folder with settings and state, and optionally a fixture web.
pub struct Lab {
    dir: tempfile::TempDir,
    web: Option<(Runtime, FixtureWeb)>,
    has_encoder: bool,
}

pub struct Ran {
    /// Exit code; the negative signal if one ended the process.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// stdout as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {:?}, stderr {:?}", self.stdout, self.stderr))
    }

    /// stdout as the report of a cycle.
    pub fn report(&self) -> CycleReport {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {:?}, stderr {:?}", self.stdout, self.stderr))
    }
}

impl Lab {
    /// An empty folder, no web.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), web: None, has_encoder: false }
    }

    /// A folder whose settings name the fixture web's sources.
    pub fn with_web() -> Self {
        Self::with_options(Options { now: now().as_second(), ..Options::default() })
    }

    /// The same with other options of the web.
    pub fn with_options(options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let web = runtime.block_on(FixtureWeb::start(options)).unwrap();
        let lab = Self { dir: tempfile::tempdir().unwrap(), web: Some((runtime, web)), has_encoder: false };
        lab.settings(&lab.web().settings_toml());
        lab
    }

    /// The same, with texts read by the encoder where the vocabulary does not decide. In test builds it takes most of the
    /// processor time of a first cycle, so it is only for tests of detection.
    pub fn with_encoder(self) -> Self {
        Self { has_encoder: true, ..self }
    }

    pub fn web(&self) -> &FixtureWeb {
        &self.web.as_ref().expect("this lab has a web").1
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    pub fn settings(&self, text: &str) {
        std::fs::write(self.path().join("tge-scrape.toml"), text).unwrap();
    }

    /// The command with an empty environment and without the built-in feeds.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tge-scrape"));
        command.args(arguments).current_dir(self.path()).env_clear().env("HOME", self.path());
        // No test may ask the feeds of the internet.
        command.env("TGE_SCRAPE_CYCLE__BUILTIN_FEEDS", "false");
        command.env("TGE_SCRAPE_DETECT__ENCODER", self.has_encoder.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().unwrap())
    }

    /// Runs a cycle, which must succeed, and returns its report.
    pub fn cycle(&self) -> CycleReport {
        let ran = self.run(&["cycle", "--format", "json"]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        ran.report()
    }

    /// The detections of `events`.
    pub fn events(&self) -> Vec<Detection> {
        serde_json::from_value(self.run(&["events", "--format", "json"]).json()["detections"].take()).unwrap()
    }
}

/// The addresses of `detections` and of their further outlets.
pub fn addresses<'a>(detections: impl IntoIterator<Item = &'a Detection>) -> BTreeSet<String> {
    let urls = |detection: &'a Detection| {
        let others = detection.also_at.iter().map(|outlet| &outlet.url);
        [&detection.url].into_iter().chain(others)
    };
    detections.into_iter().flat_map(urls).cloned().collect()
}

/// The result of a finished process.
pub fn ran(output: Output) -> Ran {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    Ran {
        code: output.status.code().unwrap_or_else(|| -signal.unwrap_or(1)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
