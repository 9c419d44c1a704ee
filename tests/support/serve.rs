//! The simulated internet on its own, for measuring with any client.
//!
//! Prints the port, writes a settings file and a list of feed addresses, and serves until stdin closes.

use std::{
    io::{Read, Write},
    path::PathBuf,
    time::Duration,
};

use clap::Parser;
use tge_scrape::fixture_web::{Bulk, FixtureWeb, Options};

/// Serves the simulated internet on loopback until stdin closes
#[derive(Parser)]
struct Args {
    /// Port to listen on; 0 lets the system choose
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// This many generated feeds instead of the written hosts
    #[arg(long)]
    bulk: Option<usize>,
    /// Entries of a generated feed
    #[arg(long, default_value_t = 30)]
    entries: usize,
    /// Of those, entries that tell of a launch
    #[arg(long, default_value_t = 5)]
    relevant: usize,
    /// Average time of an answer, milliseconds
    #[arg(long, default_value_t = 50)]
    latency_ms: u64,
    /// How far an answer may lie from that, milliseconds
    #[arg(long, default_value_t = 20)]
    spread_ms: u64,
    /// Settings file to write
    #[arg(long)]
    settings: Option<PathBuf>,
    /// List of feed addresses to write, one a line
    #[arg(long)]
    urls: Option<PathBuf>,
}

fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let bulk = args.bulk.map(|feeds| Bulk { feeds, entries: args.entries, relevant: args.relevant });
    let options = Options {
        now: 1_795_000_000,
        seed: 7,
        latency: Duration::from_millis(args.latency_ms),
        spread: Duration::from_millis(args.spread_ms),
        port: args.port,
        bulk,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let web = runtime.block_on(FixtureWeb::start(options))?;
    if let Some(file) = args.settings {
        std::fs::write(file, web.settings_toml())?;
    }
    if let Some(file) = args.urls {
        std::fs::write(file, web.feed_urls().join("\n") + "\n")?;
    }
    writeln!(std::io::stdout(), "{}", web.port())?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let ledger = web.ledger();
    let count = |status: u16| ledger.requests.iter().filter(|asked| asked.status == status).count();
    writeln!(
        std::io::stdout(),
        "{} requests, {} conditional, {} times 200, {} times 304, {} connections",
        ledger.requests.len(),
        ledger.requests.iter().filter(|asked| asked.conditional).count(),
        count(200),
        count(304),
        ledger.connections
    )
}
