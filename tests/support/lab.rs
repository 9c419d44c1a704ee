//! A place of its own for each test: a temporary folder, a scrubbed environment, the real binary, and the
//! fixture web where it is wanted.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tge_scrape::fixture_web::{FixtureWeb, Options};
use tokio::runtime::Runtime;

/// The present, by the machine's clock: what the fixture web dates its entries by.
#[expect(clippy::disallowed_methods, reason = "the binary under test reads the machine's clock too")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// A folder with settings and state, and a web if asked for.
pub struct Lab {
    dir: tempfile::TempDir,
    web: Option<(Runtime, FixtureWeb)>,
}

/// How a command ended.
pub struct Ran {
    /// Exit code; negative for the signal that ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said beside.
    pub stderr: String,
}

impl Ran {
    /// stdout as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {:?}, stderr {:?}", self.stdout, self.stderr))
    }
}

impl Lab {
    /// An empty folder, no web.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), web: None }
    }

    /// A folder whose settings name the fixture web's sources.
    pub fn with_web() -> Self {
        Self::with_options(Options { now: now().as_second(), ..Options::default() })
    }

    /// The same with a web of another kind.
    pub fn with_options(options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let web = runtime.block_on(FixtureWeb::start(options)).unwrap();
        let lab = Self { dir: tempfile::tempdir().unwrap(), web: Some((runtime, web)) };
        lab.settings(&lab.web().settings_toml());
        lab
    }

    /// The web.
    pub fn web(&self) -> &FixtureWeb {
        &self.web.as_ref().expect("this lab has a web").1
    }

    /// The temporary folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// Writes the settings file.
    pub fn settings(&self, text: &str) {
        std::fs::write(self.path().join("tge-scrape.toml"), text).unwrap();
    }

    /// The command with nothing of the surroundings in it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tge-scrape"));
        command.args(arguments).current_dir(self.path()).env_clear().env("HOME", self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a command and leaves it running.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().unwrap())
    }

    /// Runs a cycle and gives its report; anything but success fails the test.
    pub fn cycle(&self) -> Value {
        let ran = self.run(&["cycle", "--format", "json"]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        ran.json()
    }
}

/// How a finished process ended.
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
