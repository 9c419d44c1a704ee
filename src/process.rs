//! A user's program: an argument list without a shell, a minimal environment, a time limit, a process group that ends as a
//! whole.

use std::{
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

use crate::text::{cut::shown, quantity::show_size};

/// Bytes of stderr that are read.
const COMPLAINT: u64 = 8 * 1024;
/// Characters of stderr that an error repeats.
const REPEATED: usize = 160;
/// How long to wait for stdout and stderr after the process has ended: its children may still hold the pipes.
const AFTERWARDS: Duration = Duration::from_millis(200);
/// Limits the address space and becomes the program. The shell reads only this text; the program and its arguments are
/// parameters, which it does not interpret. `setrlimit` between fork and exec would need `unsafe` code.
#[cfg(all(unix, not(target_os = "macos")))]
const LIMITED: &str = "ulimit -v \"$1\" && shift && exec \"$@\"";
/// The same where the system has no such limit.
#[cfg(target_os = "macos")]
const LIMITED: &str = "ulimit -v \"$1\" 2>/dev/null; shift; exec \"$@\"";

/// A command with its environment.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Program {
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
    /// Its working directory; `None` for that of this process.
    pub directory: Option<PathBuf>,
    /// Bytes of address space of each of its processes; `None` for no limit.
    pub memory: Option<u64>,
}

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProgramError {
    pub message: String,
    /// Its exit code, if it ended by itself.
    pub code: Option<i32>,
    pub reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It could not be started, or ended without success.
    Failed,
    /// Its time limit passed.
    TimedOut,
    /// It printed more than allowed.
    TooMuch,
}

/// What a program that succeeded has printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Printed {
    pub stdout: Vec<u8>,
    /// At most 8 KiB of it.
    pub stderr: Vec<u8>,
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
        self.call(Some(input), extra, limit, None).await.map(drop)
    }

    /// Runs it without input for at most `limit` and returns what it prints, at most `most` bytes. No process of its group
    /// outlives the call.
    pub async fn print(&self, limit: Duration, most: u64) -> Result<Printed, ProgramError> {
        self.call(None, &[], limit, Some(most)).await
    }

    async fn call(
        &self,
        input: Option<&[u8]>,
        extra: &[(&str, &str)],
        limit: Duration,
        output: Option<u64>,
    ) -> Result<Printed, ProgramError> {
        let name = self.name();
        let failed = |reason, message| ProgramError { message, code: None, reason };
        let mut command = self.command();
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(extra.iter().copied())
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(if output.is_some() { Stdio::piped() } else { Stdio::null() })
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(unix)]
        keep_statuses();
        let mut child = command
            .spawn()
            .map_err(|error| failed(Reason::Failed, format!("{name} cannot be started: {error}")))?;
        let mut group = Group::of(&child);
        let finish = finish(&mut child, &mut group, input.unwrap_or_default(), output.unwrap_or_default());
        match tokio::time::timeout(limit, finish).await {
            Ok(Ok(Finished { printed, .. }))
                if output.is_some_and(|most| printed.stdout.len() as u64 > most) =>
            {
                let most = show_size(output.unwrap_or_default());
                Err(failed(Reason::TooMuch, format!("{name} printed more than {most} and was ended")))
            }
            Ok(Ok(Finished { status, printed })) if status.is_some_and(|status| status.success()) => {
                Ok(printed)
            }
            Ok(Ok(Finished { status, printed })) => {
                let complaint = complaint(&printed.stderr);
                let colon = if complaint.is_empty() { "" } else { ": " };
                let ended = status.map_or_else(String::new, |status| format!(" with {status}"));
                let message = format!("{name} ended{ended}{colon}{complaint}");
                let code = status.and_then(|status| status.code());
                Err(ProgramError { message, code, reason: Reason::Failed })
            }
            Ok(Err(error)) => Err(failed(Reason::Failed, format!("{name}: {error}"))),
            Err(_) => {
                drop(group);
                let _ = child.kill().await;
                let message = format!("{name} took longer than {} s and was ended", limit.as_secs());
                Err(failed(Reason::TimedOut, message))
            }
        }
    }

    /// The command to start: the program, or a shell that limits its memory and becomes the program.
    fn command(&self) -> Command {
        let name = self.name();
        #[cfg(unix)]
        if let Some(memory) = self.memory {
            let mut command = Command::new("/bin/sh");
            let kib = (memory / 1024).max(1).to_string();
            command.args(["-c", LIMITED, "sh", kib.as_str()]).args(&self.command);
            return command;
        }
        let mut command = Command::new(name);
        command.args(self.command.iter().skip(1));
        command
    }
}

/// What stderr says in one line: its first line, and its last where it has several. A Python program, for example, states
/// the error in the last one.
pub fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = shown(lines.next().unwrap_or_default(), REPEATED);
    match lines.next_back() {
        Some(last) => format!("{first} … {}", shown(last, REPEATED)),
        None => first,
    }
}

struct Finished {
    /// `None` for a program that was ended because it printed too much.
    status: Option<ExitStatus>,
    printed: Printed,
}

/// Reads to the end of `pipe`, and keeps the first `most` bytes.
async fn read(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>, most: u64) {
    if let Some(pipe) = pipe {
        let mut opening = pipe.take(most);
        let _ = opening.read_to_end(kept).await;
        let _ = tokio::io::copy(&mut opening.into_inner(), &mut tokio::io::sink()).await;
    }
}

async fn finish(child: &mut Child, group: &mut Group, input: &[u8], most: u64) -> std::io::Result<Finished> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let prints = stdout.is_some();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A program may ignore its input.
            let _ = stdin.write_all(input).await;
            let _ = stdin.shutdown().await;
        }
    };
    let mut printed = Printed::default();
    let complaints = read(stderr, &mut printed.stderr, COMPLAINT);
    // One byte more than allowed shows that there is more.
    let mut output = stdout.map(|stdout| stdout.take(most + 1));
    let output = async {
        match &mut output {
            Some(output) => output.read_to_end(&mut printed.stdout).await.unwrap_or_default() as u64 > most,
            None => false,
        }
    };
    let (mut feed, mut complaints, mut output) = (Box::pin(feed), Box::pin(complaints), Box::pin(output));
    let (mut fed, mut heard, mut written) = (false, false, false);
    let mut status = None;
    while status.is_none() {
        tokio::select! {
            ended = child.wait() => status = Some(ended?),
            () = &mut feed, if !fed => fed = true,
            () = &mut complaints, if !heard => heard = true,
            too_much = &mut output, if !written => {
                written = true;
                if too_much {
                    break;
                }
            }
        }
    }
    if status.is_some() && (!heard || !written) {
        let rest = async {
            if !written {
                (&mut output).await;
            }
            if !heard {
                (&mut complaints).await;
            }
        };
        let _ = tokio::time::timeout(AFTERWARDS, rest).await;
    }
    drop((complaints, output));
    // A source's processes end with it. A hook or channel may start one that stays; then the system may reuse the group's
    // id from now on.
    if !prints {
        group.release();
    }
    Ok(Finished { status, printed })
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
            ..Program::default()
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
            ..Program::default()
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
        let missing = Program { command: vec!["/nonexistent/x".to_owned()], ..Program::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(missing.run(b"", &[], LONG)).unwrap_err();
        assert!(error.message.contains("cannot be started") && error.code.is_none(), "{error}");
    }
}
