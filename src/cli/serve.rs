//! `tge-scrape serve`: the board, an API and a stream, read-only.

use std::net::SocketAddr;

use crate::{error::Error, exit::Exit, serve::Server, wiring};

use super::{Globals, cycle::stop_signal, output::Output};

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
    let mut settings = super::settings(globals)?;
    if let Some(listen) = args.listen {
        settings.serve.listen = listen;
    }
    wiring::runtime()?.block_on(async {
        let server = Server::bind(settings).await?;
        if !globals.quiet
            && let Ok(address) = server.address()
        {
            output.note(&format!("serving http://{address}/ until Ctrl-C"));
        }
        server.run(stop_signal()).await?;
        Ok(Exit::Success)
    })
}
