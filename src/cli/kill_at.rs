//! A flag for tests in debug builds: the process kills itself at a failpoint.

use crate::{error::Error, exit::Exit, failpoint};

#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// Kill the process when it reaches a point of `failpoint::FAILPOINTS` for the Nth time
    #[arg(long, global = true, hide = true, value_name = "POINT[:N]")]
    kill_at: Option<String>,
}

pub fn arm(args: &Args) -> Result<(), Error> {
    let Some(spec) = &args.kill_at else { return Ok(()) };
    let (point, nth) = spec.split_once(':').unwrap_or((spec, "1"));
    let nth = nth.parse().ok().filter(|nth| *nth > 0);
    let armed = nth.ok_or_else(|| "N counts from 1".to_owned()).and_then(|nth| failpoint::arm(point, nth));
    armed.map_err(|error| Error::new(Exit::Usage, error, ""))
}
