//! `tge-scrape db check|backup|prune|compact`: maintenance of the state database.

use std::{path::PathBuf, time::Duration};

use clap::Subcommand;

use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    store::{Access, CleanUp, Compacted, Lock, Mended, Retention, Store, StoreError},
    text::quantity::plural,
    wiring,
};

use super::{Globals, output::Output, x::forget};

#[derive(Debug, Subcommand)]
pub enum What {
    /// Test the database; exits 1 if it is damaged
    Check {
        /// Repair it: rebuild indexes, or move readable rows to a new file and keep the damaged one
        #[arg(long)]
        repair: bool,
    },
    /// Copy the database to a new file, while it is in use
    Backup {
        /// File to write; must not exist
        file: PathBuf,
    },
    /// Delete expired rows now
    Prune,
    /// Shrink the database file after rows were deleted
    Compact,
    /// The former name of `x forget`
    #[command(hide = true)]
    PurgePost(forget::Args),
}

pub fn run(what: &What, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let dir = &settings.state_dir;
    let runtime = wiring::small_runtime()?;
    match what {
        What::Check { repair: true } => {
            let _lock = runtime.block_on(Lock::take(dir, Duration::ZERO, SystemClock))?;
            output.print(&mended(&Store::repair(dir)?))?;
            Ok(Exit::Success)
        }
        What::Check { repair: false } => {
            let store = Store::open(dir, Access::Read)?;
            let faults = runtime.block_on(store.check())?;
            if faults.is_empty() {
                output.print("the database is sound\n")?;
                return Ok(Exit::Success);
            }
            let list: String = faults.iter().map(|fault| format!("  {fault}\n")).collect();
            output.print(&format!("the database is damaged:\n{list}"))?;
            let hint = "`tge-scrape db check --repair` recovers what can be read and keeps the damaged file";
            Err(Error::new(Exit::Failure, plural(faults.len(), "fault", "faults") + " found", hint))
        }
        What::Backup { file } => {
            let store = Store::open(dir, Access::Read)?;
            runtime.block_on(store.backup(file))?;
            output.print(&format!("copied to {}\n", file.display()))?;
            Ok(Exit::Success)
        }
        What::Prune => {
            let _lock = runtime.block_on(Lock::take(dir, Duration::ZERO, SystemClock))?;
            let store = Store::open(dir, Access::Write)?;
            let gone = runtime.block_on(prune(&store, settings.cycle.retention))?;
            output.print(&(plural(gone, "row", "rows") + " deleted\n"))?;
            Ok(Exit::Success)
        }
        What::Compact => {
            let _lock = runtime.block_on(Lock::take(dir, Duration::ZERO, SystemClock))?;
            let store = Store::open(dir, Access::Write)?;
            output.print(&compacted(runtime.block_on(store.compact())?))?;
            Ok(Exit::Success)
        }
        What::PurgePost(args) => forget::run(args, &settings, output),
    }
}

/// Deletes everything that has expired; returns the number of rows.
async fn prune(store: &Store, keep: Retention) -> Result<u64, StoreError> {
    let now = SystemClock.now();
    store.begin_clean_up(now).await?;
    let (mut rest, mut gone) = (CleanUp::of_everything(), 0);
    while let Some(limit) = rest.next_step() {
        let done = store.prune(now, limit, keep).await?;
        gone += done.deleted;
        rest.record(&done);
    }
    Ok(gone)
}

fn compacted(sizes: Compacted) -> String {
    let mb = |bytes: u64| bytes as f64 / 1e6;
    format!("the database had {:.1} MB and has {:.1} MB\n", mb(sizes.before), mb(sizes.after))
}

fn mended(mended: &Mended) -> String {
    match mended {
        Mended::Sound => "the database is sound\n".to_owned(),
        Mended::Indexes { kept } => {
            format!("indexes were rebuilt, no row was lost; the damaged one: {}\n", kept.display())
        }
        Mended::Rows { kept, tables } => {
            let cut = tables.iter().filter(|table| !table.whole);
            let mut list: String =
                cut.map(|table| format!("  {}: {} rows, some are lost\n", table.table, table.rows)).collect();
            if list.is_empty() {
                list.push_str("  no row is known to be lost\n");
            }
            let rows: u64 = tables.iter().map(|table| table.rows).sum();
            let kept = kept.display();
            format!(
                "{rows} rows were moved to a new database; the damaged one: {kept}\n{list}  the next cycle reads every feed in full; lost entries that are still in their feeds may alert again\n"
            )
        }
    }
}
