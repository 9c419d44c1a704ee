//! The findings on channels.

use std::path::Path;

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::{Finding, Level, finding};
use crate::{
    alert::{Channel, ChannelKind, Dedupe},
    config::Settings,
    model::{ChannelState, ChannelTest},
    render::format::rough,
    store::Store,
};

/// Checks every channel without sending anything.
pub fn findings(
    settings: &Settings,
    store: Option<&Store>,
    runtime: &Runtime,
    now: Timestamp,
) -> Vec<Finding> {
    let states =
        store.map(|store| runtime.block_on(store.channels()).unwrap_or_default()).unwrap_or_default();
    let tests =
        store.map(|store| runtime.block_on(store.channel_tests()).unwrap_or_default()).unwrap_or_default();
    let check = |channel: &Channel| {
        let name = &channel.policy.name;
        let waiting = |store: &Store| runtime.block_on(store.waiting(vec![name.clone()])).unwrap_or_default();
        let state = states.iter().find(|state| state.name == *name);
        let test = tests.iter().find(|test| test.name == *name && test.fingerprint == channel.fingerprint);
        one(channel, state, test, store.map_or(0, waiting), now)
    };
    settings.alerts.channels.iter().map(check).collect()
}

fn one(
    channel: &Channel,
    state: Option<&ChannelState>,
    test: Option<&ChannelTest>,
    waiting: u64,
    now: Timestamp,
) -> Finding {
    let thing = format!("channel {}", channel.policy.name);
    let head = head(channel);
    let waiting = match waiting {
        0 => String::new(),
        1 => "; 1 alert waits".to_owned(),
        more => format!("; {more} alerts wait"),
    };
    let ago = |at: Timestamp| format!("{} ago", rough(now.duration_since(at)));
    let try_it = format!("try it with: tge-scrape alerts test {}", channel.policy.name);
    if let Some((message, hint)) = unready(&channel.kind) {
        return finding(&thing, Level::Wrong, format!("{head}: {message}"), hint);
    }
    let known = state.filter(|state| state.fingerprint == channel.fingerprint);
    let error = known.and_then(|state| state.last_error.as_deref()).unwrap_or("no reason known");
    match known {
        Some(state) if state.broken => {
            let message = format!("{head}: refuses everything ({error}){waiting}");
            finding(&thing, Level::Wrong, message, format!("correct its settings, then {try_it}"))
        }
        Some(state) if state.failures > 0 => {
            let since = state
                .failing_since
                .map_or_else(String::new, |at| format!(" for {}", rough(now.duration_since(at))));
            let message = format!("{head}: fails{since} ({error}){waiting}");
            finding(&thing, Level::Wrong, message, format!("see that it can be reached, then {try_it}"))
        }
        Some(state) => {
            let last = state
                .sent_at
                .map_or_else(|| "nothing sent yet".to_owned(), |at| format!("last sent {}", ago(at)));
            finding(&thing, Level::Ok, format!("{head}: {last}{waiting}{}", caveat(&channel.kind)), "")
        }
        None => match test {
            Some(ChannelTest { tested_at, error: None, .. }) => {
                let message =
                    format!("{head}: test message sent {}, nothing else yet{waiting}", ago(*tested_at));
                finding(&thing, Level::Ok, message + caveat(&channel.kind), "")
            }
            Some(ChannelTest { tested_at, error: Some(error), .. }) => {
                let message = format!("{head}: the test {} failed ({error}){waiting}", ago(*tested_at));
                finding(&thing, Level::Wrong, message, format!("correct its settings, then {try_it}"))
            }
            None => finding(&thing, Level::Note, format!("{head}: not used yet{waiting}"), try_it),
        },
    }
}

/// Kind and destination, the kind only where the name is another word.
fn head(channel: &Channel) -> String {
    let (kind, shown) = (channel.kind.kind(), channel.kind.shown());
    if channel.policy.name == kind { format!("to {shown}") } else { format!("{kind} to {shown}") }
}

fn caveat(kind: &ChannelKind) -> &'static str {
    if matches!(kind, ChannelKind::Webhook(webhook) if webhook.secrets.is_empty()) {
        return "; unsigned: anyone may send to its receiver (set secret_env)";
    }
    match kind.dedupe() {
        Dedupe::Ours | Dedupe::Theirs => "",
        Dedupe::Nobody => "; a crash at the wrong moment sends a message twice",
    }
}

/// An error that shows without sending.
fn unready(kind: &ChannelKind) -> Option<(String, String)> {
    match kind {
        ChannelKind::Exec(exec) => {
            let path = exec.program.environment.iter().find(|(name, _)| name == "PATH");
            let path = path.map_or("/usr/bin:/bin", |(_, value)| value.as_str());
            let name = exec.program.name();
            (!found(name, path)).then(|| {
                (
                    format!("{name} is not found or may not be run"),
                    "name an executable by its whole path".to_owned(),
                )
            })
        }
        ChannelKind::File(file) => {
            let folder = file.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let writable = |path: &Path| path.metadata().is_ok_and(|found| !found.permissions().readonly());
            let bad = match (file.path.exists(), folder) {
                (true, _) => file.path.is_dir() || !writable(&file.path),
                // A missing folder is created.
                (false, Some(folder)) => folder.exists() && !(folder.is_dir() && writable(folder)),
                (false, None) => false,
            };
            bad.then(|| {
                ("cannot be written".to_owned(), "name a file in a folder that may be written".to_owned())
            })
        }
        ChannelKind::Email(email) => email.ca_file.as_ref().filter(|path| !path.is_file()).map(|path| {
            (
                format!("{} is missing", path.display()),
                "name the PEM file of your server's authority".to_owned(),
            )
        }),
        _ => None,
    }
}

fn found(name: &str, path: &str) -> bool {
    let runs = |file: &Path| {
        #[cfg(unix)]
        let may = file
            .metadata()
            .is_ok_and(|found| std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0);
        #[cfg(not(unix))]
        let may = true;
        file.is_file() && may
    };
    if name.contains('/') {
        runs(Path::new(name))
    } else {
        path.split(':').any(|dir| runs(&Path::new(dir).join(name)))
    }
}
