//! `serve` under load, on the same machine as the load: delay from a commit to the readers of a stream, memory for each
//! reader, answers a second. `-- NAME…` runs the parts with these names.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

mod answers;
mod readers;
mod server;

use std::time::Duration;

use readers::Load;
use server::Server;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    raise_open_files();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let seconds = Duration::from_secs;
    for (name, load) in [
        ("sse-1000", Load { readers: 1_000, stalled: 0, per_second: 50, lasts: seconds(10) }),
        ("sse-10000", Load { readers: 10_000, stalled: 0, per_second: 1, lasts: seconds(10) }),
        ("stalled", Load { readers: 1_000, stalled: 1, per_second: 50, lasts: seconds(20) }),
    ] {
        if is_wanted(name) {
            let server = Server::start(0);
            println!("{name}: {}", runtime.block_on(readers::measure(&server, load)));
        }
    }
    if is_wanted("api") {
        let server = Server::start(30_000);
        for conditional in [false, true] {
            println!("api: {}", runtime.block_on(answers::measure(&server, conditional)));
        }
    }
    if is_wanted("idle") {
        let server = Server::start(0);
        println!("idle: {:.1} MB", server.memory() as f64 / 1e6);
    }
}

/// Each reader is an open file of this process too.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

/// The value below which `share` of 1,000 of the sorted `values` are.
fn at(values: &[Duration], share: usize) -> Duration {
    values.get(values.len().saturating_sub(1) * share / 1_000).copied().unwrap_or_default()
}
