//! `tge-scrape serve`: the board, an API and a stream, read-only.

use std::net::SocketAddr;

use crate::{
    error::Error,
    exit::Exit,
    serve::{Server, inherited},
    wiring,
};

use super::{Globals, limits, output::Output, stop::stop_signal};

/// Open files that are no connections: the database, the runtime, the standard streams.
const OTHER_FILES: usize = 64;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tge-scrape serve                        the board at http://127.0.0.1:8787
  curl -N http://127.0.0.1:8787/api/v1/stream
  TGE_SERVE_TOKEN=$(openssl rand -hex 16) tge-scrape serve --listen 0.0.0.0:8787")]
pub struct Args {
    /// Address and port [default: serve.listen of the settings]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// Serves until a signal.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let inherited = inherited()?;
    let mut settings = super::settings(globals)?;
    if let Some(listen) = args.listen {
        settings.serve.listen = listen;
    }
    let files = limits::raise_open_files().and_then(|files| usize::try_from(files).ok());
    if let Some(files) = files.map(|files| files.saturating_sub(OTHER_FILES)) {
        settings.serve.connections = settings.serve.connections.min(files.max(1));
    }
    wiring::runtime()?.block_on(async {
        // From here on a signal ends the server in order.
        let stop = stop_signal();
        let server = Server::bind(settings, inherited).await?;
        if !globals.quiet
            && let Ok(addresses) = server.addresses()
        {
            output.note(&format!("serving {} until Ctrl-C", addresses.join(" and ")));
        }
        server.run(stop).await?;
        Ok(Exit::Success)
    })
}
