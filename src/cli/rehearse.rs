//! A flag for tests alone, in debug builds alone: a death at a named point.

use crate::{error::Error, exit::Exit, failpoint};

/// What a test asks for.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// Die at the Nth arrival at a point of `rehearsal::POINTS`
    #[arg(long, global = true, hide = true, value_name = "POINT[:N]")]
    kill_at: Option<String>,
}

/// Arms what is asked for, before anything else is done.
pub fn arm(args: &Args) -> Result<(), Error> {
    let Some(asked) = &args.kill_at else { return Ok(()) };
    let (point, nth) = asked.split_once(':').unwrap_or((asked, "1"));
    let nth = nth.parse().ok().filter(|nth| *nth > 0);
    let armed = nth.ok_or_else(|| "N counts from 1".to_owned()).and_then(|nth| failpoint::arm(point, nth));
    armed.map_err(|error| Error::new(Exit::Usage, error, ""))
}
