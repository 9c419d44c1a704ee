//! The simulated internet on its own, for measuring with any client.
//!
//! Prints the port, writes a settings file and a list of feed addresses, and serves until stdin closes.

#[expect(clippy::unwrap_used, reason = "it cannot serve without its certificates")]
mod authority;
#[expect(clippy::unwrap_used, reason = "a database without a log should say where it fails")]
mod event_log;

use std::{
    io::{Read, Write},
    path::PathBuf,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use tge_scrape::fixture_web::{Bulk, FixtureWeb, InjectedFailure, Options, x};

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
    /// Of those, entries about a launch
    #[arg(long, default_value_t = 5)]
    relevant: usize,
    /// Average time of a response, milliseconds
    #[arg(long, default_value_t = 50)]
    latency_ms: u64,
    /// Largest difference from that, milliseconds
    #[arg(long, default_value_t = 20)]
    spread_ms: u64,
    /// A simulated X as well, at x.localhost; docs/explain/simulated-x.md describes its control address
    #[arg(long, value_enum)]
    x: Option<People>,
    /// The simulated X speaks the newer dialect (post.fields)
    #[arg(long)]
    x_post: bool,
    /// Its time, Unix milliseconds; the clock then stands still until it is set [default: runs from --now]
    #[arg(long)]
    x_now_ms: Option<i64>,
    /// Time before a request times out, milliseconds
    #[arg(long, default_value_t = 2_000)]
    x_hold_ms: u64,
    /// Time after a 429 in which further requests do not count as violations, milliseconds
    #[arg(long, default_value_t = 0)]
    x_flight_ms: u64,
    /// The time at the start, seconds since 1970
    #[arg(long, default_value_t = 1_795_000_000)]
    now: i64,
    /// Serve over TLS; the certificate of the authority is written to this file
    #[arg(long, value_name = "FILE")]
    tls: Option<PathBuf>,
    /// Inject a failure at a host, such as feed-00001=gzip_bomb, or at paths that begin so, such as
    /// feed-00001/item-=reset; --failures lists the names
    #[arg(long, value_name = "HOST[/PATH]=NAME", value_parser = failure)]
    inject: Vec<(String, InjectedFailure)>,
    /// List the failures with their effects, and exit
    #[arg(long)]
    failures: bool,
    /// Settings file to write
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Append N copies of the first event to the log of the database in DIR, print the number of the last one, and exit
    #[arg(long, value_name = "DIR=N", value_parser = appended)]
    append: Option<(PathBuf, usize)>,
    /// List of feed addresses to write, one a line
    #[arg(long)]
    urls: Option<PathBuf>,
}

/// Content of the simulated X.
#[derive(Clone, Copy, ValueEnum)]
enum People {
    /// A hundred accounts and twenty topics, made from a seed
    Generated,
    /// The accounts of the demonstration
    Written,
}

/// `HOST[/PATH]=NAME`; a path may hold a `=` itself.
fn failure(text: &str) -> Result<(String, InjectedFailure), String> {
    let (at, name) = text.rsplit_once('=').ok_or("write HOST=NAME")?;
    let failure = InjectedFailure::named(name)
        .ok_or_else(|| format!("there is no failure {name:?}; --failures lists them"))?;
    Ok((at.to_owned(), failure))
}

/// `DIR=N`.
fn appended(text: &str) -> Result<(PathBuf, usize), String> {
    let (dir, number) = text.rsplit_once('=').ok_or("write DIR=N")?;
    Ok((dir.into(), number.parse().map_err(|_| "write DIR=N")?))
}

/// The simulated X that was asked for.
fn simulated(args: &Args) -> Option<x::Options> {
    let content = match args.x? {
        People::Generated => x::Content::default(),
        People::Written => x::Content::Written,
    };
    Some(x::Options {
        content,
        running: args.x_now_ms.is_none(),
        dialect: if args.x_post { x::Dialect::Post } else { x::Dialect::Tweet },
        hold_ms: args.x_hold_ms,
        flight_ms: args.x_flight_ms,
        ..x::Options::at(args.x_now_ms.unwrap_or(args.now * 1000))
    })
}

fn main() -> std::io::Result<()> {
    let args = Args::parse();
    if let Some((dir, number)) = args.append {
        let log = event_log::EventLog::open(&dir);
        log.append(number);
        return writeln!(std::io::stdout(), "{}", log.newest());
    }
    if args.failures {
        let line = |failure: &InjectedFailure| format!("{:20}{}\n", failure.name(), failure.effect());
        return write!(std::io::stdout(), "{}", InjectedFailure::ALL.iter().map(line).collect::<String>());
    }
    let bulk = args.bulk.map(|feeds| Bulk { feeds, entries: args.entries, relevant: args.relevant });
    let options = Options {
        now: args.now,
        seed: 7,
        latency: Duration::from_millis(args.latency_ms),
        spread: Duration::from_millis(args.spread_ms),
        port: args.port,
        bulk,
        x: simulated(&args),
        failures: args.inject.clone(),
        tls: args.tls.as_deref().map(authority::both),
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let web = runtime.block_on(FixtureWeb::start(options))?;
    if let Some(file) = args.settings {
        let x = web.x().map(|x| x.settings_toml(&web.x_url())).unwrap_or_default();
        std::fs::write(file, web.settings_toml() + &x)?;
    }
    if let Some(file) = args.urls {
        std::fs::write(file, web.feed_urls().join("\n") + "\n")?;
    }
    writeln!(std::io::stdout(), "{}", web.port())?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let ledger = web.request_log();
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
