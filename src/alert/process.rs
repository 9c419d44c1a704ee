//! A user's command: JSON on stdin, no shell, a minimal environment, a time limit.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

use super::wording::shown;

/// Bytes of stderr that are read.
const COMPLAINT: u64 = 8 * 1024;
/// Characters of stderr that an error repeats.
const REPEATED: usize = 160;
/// How long to wait for stderr after the process has ended: its children may still hold the pipe.
const AFTERWARDS: Duration = Duration::from_millis(200);

/// A command with its environment.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
}

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProgramError {
    pub message: String,
    /// Its exit code, if it ended by itself.
    pub code: Option<i32>,
}

impl From<String> for ProgramError {
    fn from(message: String) -> Self {
        Self { message, code: None }
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Arguments and variables may be secret.
        write!(f, "Program({})", self.name())
    }
}

impl Program {
    /// The program's name without its arguments.
    pub fn name(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    /// Runs it with `input` on stdin and `extra` variables, for at most `limit`. If the limit passes, or the future
    /// is dropped, its whole process group is killed.
    pub async fn run(
        &self,
        input: &[u8],
        extra: &[(&str, &str)],
        limit: Duration,
    ) -> Result<(), ProgramError> {
        let name = self.name();
        let mut command = Command::new(name);
        command
            .args(self.command.iter().skip(1))
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(extra.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(unix)]
        keep_statuses();
        let mut child = command.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;
        let mut group = Group::of(&child);
        match tokio::time::timeout(limit, finish(&mut child, &mut group, input)).await {
            Ok(Ok((status, _))) if status.success() => Ok(()),
            Ok(Ok((status, complaint))) => {
                let colon = if complaint.is_empty() { "" } else { ": " };
                let message = format!("{name} ended with {status}{colon}{complaint}");
                Err(ProgramError { message, code: status.code() })
            }
            Ok(Err(error)) => Err(format!("{name}: {error}").into()),
            Err(_) => {
                drop(group);
                let _ = child.kill().await;
                Err(format!("{name} took longer than {} s and was ended", limit.as_secs()).into())
            }
        }
    }
}

async fn finish(
    child: &mut Child,
    group: &mut Group,
    input: &[u8],
) -> std::io::Result<(std::process::ExitStatus, String)> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A program may ignore its input.
            let _ = stdin.write_all(input).await;
            let _ = stdin.shutdown().await;
        }
    };
    let mut complaint = Vec::new();
    let listen = async {
        if let Some(stderr) = stderr {
            let mut opening = stderr.take(COMPLAINT);
            let _ = opening.read_to_end(&mut complaint).await;
            let _ = tokio::io::copy(&mut opening.into_inner(), &mut tokio::io::sink()).await;
        }
    };
    let (mut feed, mut listen) = (Box::pin(feed), Box::pin(listen));
    let (mut fed, mut heard) = (false, false);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            () = &mut feed, if !fed => fed = true,
            () = &mut listen, if !heard => heard = true,
        }
    };
    group.release();
    if !heard {
        let _ = tokio::time::timeout(AFTERWARDS, &mut listen).await;
    }
    drop(listen);
    Ok((status, shown(&String::from_utf8_lossy(&complaint), REPEATED)))
}

/// Makes the system keep the exit statuses of child processes. A process that was started with SIGCHLD ignored gets
/// none, so each command would count as failed and run again. A handler replaces that; a command starts with the
/// default (signal(7)).
#[cfg(unix)]
fn keep_statuses() {
    use tokio::signal::unix::{SignalKind, signal};
    if let Err(error) = signal(SignalKind::child()) {
        tracing::warn!("exit statuses of commands may be lost: {error}");
    }
}

/// The process group of a running child; it is killed on drop.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }

    /// The child has ended, and the system may reuse its id.
    fn release(&mut self) {
        #[cfg(unix)]
        {
            self.leader = None;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, input: &[u8], limit: Duration) -> Result<(), String> {
        let program = Program {
            command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
            environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ran = runtime.block_on(program.run(input, &[("TGE_SCRAPE_ID", "7")], limit));
        ran.map_err(|error| error.message)
    }

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn it_gets_its_input_and_only_the_surroundings_it_is_given() {
        assert_eq!(
            run("read line; test \"$line\" = hello && test \"$TGE_SCRAPE_ID\" = 7", b"hello\n", LONG),
            Ok(())
        );
        assert_eq!(run("test -z \"$HOME$USER$CARGO_MANIFEST_DIR\"", b"", LONG), Ok(()));
    }

    #[test]
    fn one_that_is_given_up_is_killed_with_all_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let script = format!("exec 3> {}; echo up >&3; (sleep 20; echo late >&3) & sleep 20", pipe.display());
        let (said, saying) = tokio::sync::oneshot::channel();
        let listening = std::thread::spawn(move || {
            let mut reader = std::io::BufReader::new(std::fs::File::open(&pipe).unwrap());
            let mut line = String::new();
            std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
            said.send(()).unwrap();
            // Ends when no process holds the other end.
            std::io::Read::read_to_string(&mut reader, &mut line).unwrap();
            line
        });
        let program = Program {
            command: ["/bin/sh", "-c", &script].map(str::to_owned).to_vec(),
            environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            tokio::select! {
                ended = program.run(b"", &[], LONG) => panic!("{ended:?}"),
                up = saying => up.unwrap(),
            }
        });
        assert_eq!(listening.join().unwrap(), "up\n");
    }

    #[test]
    fn a_program_that_reads_nothing_or_writes_much_does_not_block() {
        assert_eq!(run("exit 0", &vec![b'x'; 1 << 20], LONG), Ok(()));
        assert_eq!(run("head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero", b"", LONG), Ok(()));
    }

    #[test]
    fn a_failure_has_its_reason_and_a_hang_ends_with_its_process_group() {
        let failed = run("echo no such luck >&2; exit 3", b"", LONG).unwrap_err();
        assert!(failed.contains("no such luck") && failed.contains('3'), "{failed}");
        let dir = tempfile::tempdir().unwrap();
        let script = format!("(sleep 600; echo late > {}/late) & sleep 600", dir.path().display());
        let hung = run(&script, b"", Duration::from_millis(100)).unwrap_err();
        assert!(hung.contains("took longer"), "{hung}");
        let missing = Program { command: vec!["/nonexistent/x".to_owned()], environment: Vec::new() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(missing.run(b"", &[], LONG)).unwrap_err();
        assert!(error.message.contains("cannot be started") && error.code.is_none(), "{error}");
    }
}
