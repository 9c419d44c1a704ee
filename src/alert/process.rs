//! A command of the user's, run with JSON on its stdin: never through a shell, with little of our
//! surroundings, and not for long.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

use super::wording::shown;

/// Bytes of its complaints that are read.
const COMPLAINT: u64 = 8 * 1024;
/// Characters of them that are repeated.
const REPEATED: usize = 160;
/// How long complaints may still come once the process has ended: what it left running may hold the pipe.
const AFTERWARDS: Duration = Duration::from_millis(200);

/// What to run.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// All it gets of the environment.
    pub environment: Vec<(String, String)>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Arguments and variables may be secret.
        write!(f, "Program({})", self.name())
    }
}

impl Program {
    /// The program's name without its arguments.
    #[must_use]
    pub fn name(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    /// Runs it with `input` on stdin and `extra` variables, for at most `limit`; whatever it started in its
    /// process group ends with it.
    ///
    /// # Errors
    /// A sentence: it cannot be started, took too long, or ended with another code than 0.
    pub async fn run(&self, input: &[u8], extra: &[(&str, &str)], limit: Duration) -> Result<(), String> {
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
        let mut child = command.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;
        match tokio::time::timeout(limit, finish(&mut child, input)).await {
            Ok(Ok((status, _))) if status.success() => Ok(()),
            Ok(Ok((status, complaint))) => {
                let colon = if complaint.is_empty() { "" } else { ": " };
                Err(format!("{name} ended with {status}{colon}{complaint}"))
            }
            Ok(Err(error)) => Err(format!("{name}: {error}")),
            Err(_) => {
                end(&mut child).await;
                Err(format!("{name} took longer than {} s and was ended", limit.as_secs()))
            }
        }
    }
}

async fn finish(child: &mut Child, input: &[u8]) -> std::io::Result<(std::process::ExitStatus, String)> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A program that does not care to read is none of our failures.
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
    if !heard {
        let _ = tokio::time::timeout(AFTERWARDS, &mut listen).await;
    }
    drop(listen);
    Ok((status, shown(&String::from_utf8_lossy(&complaint), REPEATED)))
}

/// Ends the child and what it started.
async fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) =
        child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
    {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill().await;
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
        runtime.block_on(program.run(input, &[("TGE_SCRAPE_ID", "7")], limit))
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
    fn one_that_reads_nothing_or_says_much_does_not_block() {
        assert_eq!(run("exit 0", &vec![b'x'; 1 << 20], LONG), Ok(()));
        assert_eq!(run("head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero", b"", LONG), Ok(()));
    }

    #[test]
    fn a_failure_says_why_and_a_hang_is_ended_with_all_it_started() {
        let failed = run("echo no such luck >&2; exit 3", b"", LONG).unwrap_err();
        assert!(failed.contains("no such luck") && failed.contains('3'), "{failed}");
        let dir = tempfile::tempdir().unwrap();
        let script = format!("(sleep 600; echo late > {}/late) & sleep 600", dir.path().display());
        let hung = run(&script, b"", Duration::from_millis(100)).unwrap_err();
        assert!(hung.contains("took longer"), "{hung}");
        let missing = Program { command: vec!["/nonexistent/x".to_owned()], environment: Vec::new() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let says = runtime.block_on(missing.run(b"", &[], LONG)).unwrap_err();
        assert!(says.contains("cannot be started"), "{says}");
    }
}
