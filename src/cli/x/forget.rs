//! `tge-scrape x forget`: deletes posts with what they brought.

use std::time::Duration;

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    store::{Access, Lock, PurgeWhat, Store},
    text::quantity::plural,
    wiring,
};

use super::super::output::Output;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Id or address of the post
    #[arg(required_unless_present = "account")]
    post: Option<String>,
    /// All posts of this account: its handle or its id
    #[arg(long, value_name = "HANDLE", conflicts_with = "post")]
    account: Option<String>,
}

/// Deletes one post, or all of an account.
pub fn run(args: &Args, settings: &Settings, output: &mut Output) -> Result<Exit, Error> {
    let dir = &settings.state_dir;
    let runtime = wiring::small_runtime()?;
    let _lock = runtime.block_on(Lock::take(dir, Duration::ZERO, SystemClock))?;
    let store = Store::open(dir, Access::Write)?;
    let what = if let Some(post) = &args.post {
        PurgeWhat::Post(post_id(post)?)
    } else {
        let name = args.account.as_deref().unwrap_or_default().trim_start_matches('@');
        let memory = runtime.block_on(store.x_memory(String::new(), SystemClock.now()))?;
        let known = memory.accounts.iter().find(|account| {
            account.handle.eq_ignore_ascii_case(name) || account.username.eq_ignore_ascii_case(name)
        });
        let id = known.and_then(|account| account.user).or_else(|| name.parse().ok());
        PurgeWhat::Account(id.ok_or_else(|| {
            let hint = "name a followed account, or give the account's id";
            Error::new(Exit::Usage, format!("no account {name:?} is known"), hint)
        })?)
    };
    let deleted = runtime.block_on(store.x_purge(what))?;
    output.print(&format!("{} deleted\n", plural(deleted, "post", "posts")))?;
    Ok(Exit::Success)
}

/// The id in `text`, which is one or an address that ends in one.
fn post_id(text: &str) -> Result<u64, Error> {
    let end = text.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    end.split('?').next().unwrap_or_default().parse().map_err(|_| {
        Error::new(Exit::Usage, format!("{text:?} is neither the id nor the address of a post"), "")
    })
}
