//! A running server and requests to it.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use super::lab::Lab;

/// Time after which a silent server fails a test.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server.
pub struct Served {
    pub child: Child,
    pub address: String,
}

/// An answer that ended.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Served {
    pub fn start(lab: &Lab, more: &[&str]) -> Self {
        Self::start_with(lab, more, &[])
    }

    pub fn start_with(lab: &Lab, more: &[&str], variables: &[(&str, &str)]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        let mut command = lab.command(&arguments);
        command.envs(variables.iter().copied());
        Self::spawn(command)
    }

    /// Serves on `listener`, passed as a supervisor passes it.
    pub fn inherit(lab: &Lab, listener: &TcpListener, variables: &[(&str, &str)]) -> Self {
        let mut command = Self::command(lab, listener.try_clone().unwrap().into());
        command.envs(variables.iter().copied());
        Self::spawn(command)
    }

    /// The command with `passed` as the only passed socket.
    pub fn command(lab: &Lab, passed: OwnedFd) -> Command {
        let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"";
        let mut command = by_shell(script, &lab.command(&["serve"]));
        command.stdin(passed);
        command
    }

    /// Serves with at most `files` open files.
    pub fn start_limited(lab: &Lab, files: u32) -> Self {
        let program = lab.command(&["serve", "--listen", "127.0.0.1:0"]);
        Self::spawn(by_shell(&format!("ulimit -n {files}; exec \"$0\" \"$@\""), &program))
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut note = String::new();
        errors.read_line(&mut note).unwrap();
        let address = note.strip_prefix("serving http").and_then(|rest| rest.split('/').nth(2));
        let address = address.unwrap_or_else(|| panic!("{note}")).to_owned();
        // The access log of -v must not fill its pipe.
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        Self { child, address }
    }

    /// Sends SIGTERM and waits for the exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }

    /// A connection from an address of this machine.
    pub fn connect_from(&self, host: u16) -> TcpStream {
        use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
        let [third, fourth] = host.to_be_bytes();
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddr::from(([127, 0, third, fourth], 0))).unwrap();
        connect(&socket, &self.address.parse::<SocketAddr>().unwrap()).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends `request` as it is and reads until the server closes.
    pub fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        // A server that refuses may close before all is sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str(&format!("host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let text = self.raw(request.as_bytes());
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path}: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Answer { status, headers, body: body.to_owned() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    pub fn stream(&self, path: &str, headers: &str) -> BufReader<TcpStream> {
        let mut stream = self.connect();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", self.address);
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    }
}

/// A command whose shell becomes `program` at the end of `script`.
fn by_shell(script: &str, program: &Command) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(program.get_program()).args(program.get_args()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    program.get_current_dir().into_iter().for_each(|dir| _ = command.current_dir(dir));
    command.stdin(Stdio::null());
    command
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next `number` events of a stream, as (id, name); `hello` has no id.
pub fn events(stream: &mut impl BufRead, number: usize) -> Vec<(i64, String)> {
    let (mut found, mut id, mut name) = (Vec::new(), 0, String::new());
    while found.len() < number {
        let mut line = String::new();
        assert_ne!(stream.read_line(&mut line).unwrap(), 0, "the stream ended after {found:?}");
        if let Some(text) = line.strip_prefix("id: ") {
            id = text.trim().parse().unwrap();
        } else if let Some(text) = line.strip_prefix("event: ") {
            text.trim().clone_into(&mut name);
        } else if let Some(text) = line.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(text).unwrap();
            assert_eq!(data["schema"], 1);
            found.push((std::mem::take(&mut id), std::mem::take(&mut name)));
        }
    }
    found
}

pub fn names(events: &[(i64, String)]) -> Vec<&str> {
    events.iter().map(|(_, name)| name.as_str()).collect()
}
