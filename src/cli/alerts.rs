//! `tge-scrape alerts test|list|send`: the channels and the outbox.

mod outbox;

use std::time::Duration;

use clap::Subcommand;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::{
    alert::{Channel, Delivery, Refusal, deliver, sample},
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    model::ChannelTest,
    render::{self, plain},
    store::{Access, Lock, Store, StoreError},
    text::quantity::plural,
    wiring,
};

use super::{Format, Globals, output::Output};

#[derive(Debug, Subcommand)]
pub enum What {
    /// Send a test message to each channel; exits 1 if one fails
    Test {
        /// Only these channels
        names: Vec<String>,
    },
    /// Show the outbox, newest first
    List {
        /// Delivered alerts too
        #[arg(long)]
        all: bool,
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Send what is due now, whatever pauses and earlier refusals say
    #[command(alias = "flush")]
    Send {
        /// Only these channels
        names: Vec<String>,
        /// Also what waits for a digest or for the end of quiet hours
        #[arg(long)]
        all: bool,
        /// Also what was given up
        #[arg(long)]
        given_up: bool,
        /// Wait this long for another run to end instead of exiting 75
        #[arg(long, value_name = "TIME", value_parser = super::duration, default_value = "0s")]
        wait_lock: Duration,
    },
}

pub fn run(what: &What, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = match what {
        What::List { .. } => super::settings(globals)?,
        What::Test { .. } | What::Send { .. } => super::settings_with_secrets(globals)?,
    };
    match what {
        What::Test { names } => test(&settings, names, globals, output),
        What::List { all, limit } => outbox::list(&settings, *all, *limit, globals, output),
        What::Send { names, all, given_up, wait_lock } => {
            send(&settings, names, *all, *given_up, *wait_lock, output)
        }
    }
}

/// The channels with these names; without names all.
fn chosen(settings: &Settings, names: &[String]) -> Result<Vec<Channel>, Error> {
    let all = &settings.alerts.channels;
    let known = || {
        let names = settings.alerts.names();
        if names.is_empty() {
            "add one under [[channels]]; docs/guide/alerts.md shows each kind".to_owned()
        } else {
            format!("there are {}", names.join(", "))
        }
    };
    if all.is_empty() {
        return Err(Error::new(Exit::Settings, "no channel is configured", known()));
    }
    for name in names {
        if all.iter().all(|channel| channel.policy.name != *name) {
            return Err(Error::new(Exit::Usage, format!("there is no channel {:?}", plain(name)), known()));
        }
    }
    let wanted = |channel: &&Channel| names.is_empty() || names.contains(&channel.policy.name);
    Ok(all.iter().filter(wanted).cloned().collect())
}

#[derive(Serialize)]
struct Tested {
    channel: String,
    kind: &'static str,
    target: String,
    ok: bool,
    error: Option<String>,
    #[serde(rename = "todo")]
    hint: Option<&'static str>,
}

fn hint_for(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Slow { .. } => "wait and try again; it asks for fewer messages",
        Refusal::Later(_) => "see that the server runs and can be reached from here, then try again",
        Refusal::Rejected(_) => {
            "the service refuses this message: a newer version of this program may know why"
        }
        Refusal::Broken(_) => "correct the channel's address, secret or permissions in the settings",
    }
}

fn test(
    settings: &Settings,
    names: &[String],
    globals: &Globals,
    output: &mut Output,
) -> Result<Exit, Error> {
    let channels = chosen(settings, names)?;
    let post = wiring::poster(settings);
    let runtime = wiring::runtime()?;
    let (mut tested, mut tests) = (Vec::new(), Vec::new());
    for channel in &channels {
        let now = SystemClock.now();
        let result = runtime.block_on(sample(channel, &post, now));
        tests.push(ChannelTest {
            name: channel.policy.name.clone(),
            fingerprint: channel.fingerprint.clone(),
            tested_at: now,
            error: result.as_ref().err().map(ToString::to_string),
        });
        tested.push(Tested {
            channel: channel.policy.name.clone(),
            kind: channel.kind.kind(),
            target: channel.kind.shown(),
            ok: result.is_ok(),
            error: result.as_ref().err().map(ToString::to_string),
            hint: result.as_ref().err().map(hint_for),
        });
    }
    let line = |tested: &Tested| {
        let head = format!("{} ({}, {})", plain(&tested.channel), tested.kind, plain(&tested.target));
        match (&tested.error, tested.hint) {
            (Some(error), Some(hint)) => format!("BAD   {head}: {}\n      to do: {hint}\n", plain(error)),
            _ => format!("ok    {head}\n"),
        }
    };
    output.print(&match globals.format {
        Some(Format::Json) => render::json(&serde_json::json!({ "schema": 1, "channels": tested })),
        Some(Format::Ndjson) => tested.iter().map(render::json).collect(),
        _ => tested.iter().map(line).collect(),
    })?;
    if let Err(error) = remember(settings, tests, &runtime) {
        tracing::info!("the tests are not stored: {error}");
    }
    let is_ok = tested.iter().all(|tested| tested.ok);
    output.next(if is_ok { "tge-scrape cycle" } else { "tge-scrape doctor" });
    Ok(if is_ok { Exit::Success } else { Exit::Failure })
}

/// Stores the tests for `doctor`.
fn remember(settings: &Settings, tests: Vec<ChannelTest>, runtime: &Runtime) -> Result<(), StoreError> {
    let store = Store::open(&settings.state_dir, Access::Write)?;
    tests.into_iter().try_for_each(|test| runtime.block_on(store.put_channel_test(test)))
}

fn send(
    settings: &Settings,
    names: &[String],
    all: bool,
    given_up: bool,
    patience: Duration,
    output: &mut Output,
) -> Result<Exit, Error> {
    let channels = chosen(settings, names)?;
    let runtime = wiring::runtime()?;
    let _lock = runtime.block_on(Lock::take(&settings.state_dir, patience, SystemClock))?;
    let store = Store::open(&settings.state_dir, Access::Write)?;
    let names: Vec<String> = channels.iter().map(|channel| channel.policy.name.clone()).collect();
    if given_up {
        runtime.block_on(store.revive(names.clone(), SystemClock.now()))?;
    }
    if all {
        runtime.block_on(store.hasten(names.clone(), SystemClock.now()))?;
    }
    let post = wiring::poster(settings);
    let (_never, stop) = tokio::sync::watch::channel(false);
    let confirmed = runtime.block_on(store.confirmed_time(SystemClock.now()))?;
    let delivery = Delivery {
        store: &store,
        clock: &SystemClock,
        post: &post,
        channels: &channels,
        limit: settings.cycle.timeout,
        give_up_after: settings.alerts.give_up_after,
        stop,
        hurried: false,
        insist: true,
        confirmed,
    };
    let done = runtime.block_on(deliver(&delivery))?;
    let waiting = runtime.block_on(store.waiting(names))?;
    let failed = done.failed + done.given_up;
    output.print(&format!(
        "{}, {}, {}\n",
        plural(done.sent, "message sent", "messages sent"),
        plural(failed, "attempt failed", "attempts failed"),
        plural(waiting, "still waits", "still wait"),
    ))?;
    Ok(if failed > 0 { Exit::Undelivered } else { Exit::Success })
}
