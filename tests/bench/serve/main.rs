//! `serve` under load, on the same machine as the load: delay from a commit to the readers of a stream, memory for each
//! reader, answers a second. `-- NAME…` runs the parts with these names.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

mod answers;
#[path = "../../support/event_log.rs"]
mod event_log;
#[path = "../../support/load.rs"]
mod load;
mod readers;
mod server;

use std::{thread, time::Duration};

use readers::{Form, Load};
use server::Server;
use tge_scrape::clock::{Clock, SystemClock};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    load::raise_open_files();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let seconds = Duration::from_secs;
    for (name, load) in [
        ("sse-10", Load { form: Form::Sse, readers: 10, stalled: 0, per_second: 50, lasts: seconds(10) }),
        (
            "sse-1000",
            Load { form: Form::Sse, readers: 1_000, stalled: 0, per_second: 50, lasts: seconds(10) },
        ),
        (
            "sse-10000",
            Load { form: Form::Sse, readers: 10_000, stalled: 0, per_second: 1, lasts: seconds(10) },
        ),
        (
            "ws-1000",
            Load { form: Form::WebSocket, readers: 1_000, stalled: 0, per_second: 50, lasts: seconds(10) },
        ),
        ("stalled", Load { form: Form::Sse, readers: 1_000, stalled: 1, per_second: 50, lasts: seconds(20) }),
    ] {
        if is_wanted(name) {
            let server = Server::start(1, 0);
            println!("{name}: {}", runtime.block_on(readers::measure(&server, load)));
        }
    }
    if is_wanted("api") {
        let server = Server::start(1, 30_000);
        for conditional in [false, true] {
            println!("api: {}", runtime.block_on(answers::measure(&server, conditional)));
        }
    }
    if is_wanted("cycle") {
        let server = Server::start(200, 0);
        let cycles = || {
            let mut times: Vec<Duration> = (0..11).map(|_| server.cycle()).collect();
            times.sort_unstable();
            at(&times, 500)
        };
        cycles();
        let alone = cycles();
        let load = Load { form: Form::Sse, readers: 1_000, stalled: 0, per_second: 50, lasts: seconds(30) };
        let beside = thread::scope(|scope| {
            scope.spawn(|| runtime.block_on(readers::measure(&server, load)));
            // By then the readers are connected.
            runtime.block_on(async { SystemClock.sleep(seconds(5)).await });
            cycles()
        });
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        println!(
            "cycle: 200 unchanged feeds {alone:.1?} alone, {beside:.1?} beside 1,000 readers, × {ratio:.2}"
        );
    }
    if is_wanted("idle") {
        let server = Server::start(1, 0);
        println!("idle: {:.1} MB", server.memory() as f64 / 1e6);
    }
}

/// The value below which `share` of 1,000 of the sorted `values` are.
fn at(values: &[Duration], share: usize) -> Duration {
    values.get(values.len().saturating_sub(1) * share / 1_000).copied().unwrap_or_default()
}
