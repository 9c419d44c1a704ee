//! Labs with a simulated X.

use tge_scrape::fixture_web::{
    Bulk, Injection, Options,
    x::{self, InjectedFailure},
};

use super::lab::{Lab, Ran, now, ran};

/// A lab with a simulated X of `content`. The settings follow all of its accounts and topics; `more` goes into `[x]`.
pub fn x_lab(content: x::Content, more: &str) -> Lab {
    let mut options = x::Options::at(now().as_millisecond());
    (options.content, options.running, options.hold_ms) = (content, true, 5);
    let bulk = Some(Bulk { feeds: 2, entries: 6, relevant: 1 });
    let lab =
        Lab::with_options(Options { now: now().as_second(), x: Some(options), bulk, ..Options::default() });
    let sim = lab.web().x().unwrap();
    let mut settings = lab.web().settings_toml();
    // The settings of the written hosts name the simulated X already.
    if !settings.contains("[x]") {
        settings += &sim.settings_toml(&lab.web().x_url());
    }
    lab.settings(&(settings + more));
    lab
}

/// A hundred accounts and twenty topics.
pub fn generated() -> x::Content {
    x::Content::Generated(x::Population { days_before: 2, days_after: 1, ..x::Population::default() })
}

/// Runs a command with `token` in the environment.
pub fn with_token(lab: &Lab, token: &str, arguments: &[&str]) -> Ran {
    let output = lab.command(arguments).env("X_BEARER_TOKEN", token).output().unwrap();
    ran(output)
}

/// Failures of every kind, at random.
pub fn random_failures() -> Vec<Injection<InjectedFailure>> {
    [
        (InjectedFailure::WindowLimit, 0.003),
        (InjectedFailure::WindowLimitOld, 0.001),
        (InjectedFailure::BareLimit, 0.001),
        (InjectedFailure::Unavailable, 0.01),
        (InjectedFailure::UnavailablePage, 0.005),
        (InjectedFailure::GatewayTimeout, 0.005),
        (InjectedFailure::InternalError, 0.005),
        (InjectedFailure::Timeout, 0.01),
        (InjectedFailure::LostAnswer, 0.01),
        (InjectedFailure::CutAnswer, 0.005),
    ]
    .map(|(failure, share)| Injection { seconds: 1800, ..Injection::new(failure).by_chance(share) })
    .into()
}
