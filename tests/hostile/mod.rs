//! Injected failures of the web, one at a time and all at once.

mod all_at_once;
mod client;
mod each;
mod lists;
mod pages;

use std::collections::BTreeSet;

use serde_json::Value;
use tge_scrape::{
    figures::{CycleReport, report::SourceFigures},
    fixture_web::{Bulk, InjectedFailure, Options},
};

use crate::support::lab::{Lab, addresses, now};

/// Name of the failure of a source that was never read before, or `None` if it is read.
pub fn ending(fault: InjectedFailure) -> Option<&'static str> {
    Some(match fault {
        InjectedFailure::ServerError => "status",
        InjectedFailure::Overloaded => "unavailable",
        InjectedFailure::LimitSeconds
        | InjectedFailure::LimitDate
        | InjectedFailure::LimitEndless
        | InjectedFailure::LimitNonsense
        | InjectedFailure::LimitSilent
        | InjectedFailure::LimitReset
        | InjectedFailure::LimitFar => "rate_limited",
        InjectedFailure::Gone => "gone",
        InjectedFailure::Missing => "not_found",
        InjectedFailure::Challenge
        | InjectedFailure::ChallengePage
        | InjectedFailure::ChallengeUnavailable => "challenge",
        InjectedFailure::Stuck304 => "unasked_304",
        InjectedFailure::RedirectChain => "too_many_redirects",
        InjectedFailure::RedirectLoop => "redirect_loop",
        InjectedFailure::RedirectPrivate
        | InjectedFailure::RedirectMapped
        | InjectedFailure::RedirectLinkLocal
        | InjectedFailure::RedirectInward => "private_address",
        InjectedFailure::RedirectScheme
        | InjectedFailure::RedirectNowhere
        | InjectedFailure::RedirectLong => "bad_redirect",
        InjectedFailure::SlowDrip => "total_timeout",
        InjectedFailure::Stall | InjectedFailure::Silence => "idle_timeout",
        InjectedFailure::HangUp | InjectedFailure::Reset => "reset",
        InjectedFailure::EndlessBody | InjectedFailure::GzipBomb | InjectedFailure::ZstdBomb => "too_large",
        InjectedFailure::DamagedGzip | InjectedFailure::BadChunk => "bad_body",
        InjectedFailure::ManyHeaders | InjectedFailure::HugeHeader | InjectedFailure::NoHttp => "bad_answer",
        InjectedFailure::Empty => "empty_body",
        InjectedFailure::Html => "not_a_feed",
        InjectedFailure::NotAcceptable
        | InjectedFailure::RedirectCookie
        | InjectedFailure::RedirectUtf8
        | InjectedFailure::CodingCharset
        | InjectedFailure::CodingFalse
        | InjectedFailure::NoLastChunk
        | InjectedFailure::LengthTooLong
        | InjectedFailure::LengthTooShort
        | InjectedFailure::WrongCharset
        | InjectedFailure::MissingCharset
        | InjectedFailure::Truncated
        | InjectedFailure::Malformed
        | InjectedFailure::ChangingEtag
        | InjectedFailure::BareEntries
        | InjectedFailure::FutureDates
        | InjectedFailure::ManyEntries
        | InjectedFailure::NestedBases
        | InjectedFailure::DeepNesting
        | InjectedFailure::EntityBomb
        | InjectedFailure::ExternalEntity => return None,
    })
}

/// Seconds until a source is requested again after its first failure, where the server asks for a wait.
pub fn asked_for(fault: InjectedFailure) -> Option<i64> {
    Some(match fault {
        InjectedFailure::Overloaded => 600,
        InjectedFailure::LimitSeconds => 2 * 3600,
        InjectedFailure::LimitDate => 3 * 3600,
        InjectedFailure::LimitEndless | InjectedFailure::LimitFar => 24 * 3600,
        InjectedFailure::LimitReset => 5400,
        InjectedFailure::LimitNonsense | InjectedFailure::LimitSilent => 3600,
        InjectedFailure::Challenge
        | InjectedFailure::ChallengePage
        | InjectedFailure::ChallengeUnavailable => 6 * 3600,
        _ => return None,
    })
}

/// Name of a generated host.
pub fn host(number: usize) -> String {
    format!("feed-{number:05}")
}

/// A web of generated hosts with so many entries each, two of them about a launch.
pub fn lab(hosts: usize, entries: usize) -> Lab {
    let bulk = Bulk { feeds: hosts, entries, relevant: 2 };
    Lab::with_options(Options { now: now().as_second(), bulk: Some(bulk), ..Options::default() })
}

/// Settings that permit the generated hosts by name and no other private address.
pub fn settings(lab: &Lab, limits: &str, feed_ttl: &str, hosts: &[String], sources: &[String]) -> String {
    let private: Vec<String> = hosts.iter().map(|host| format!("\"{host}.localhost\"")).collect();
    let feeds: String = sources.iter().map(|url| format!("\n[[feeds]]\nurl = \"{url}\"\n")).collect();
    let usual = lab.web().settings_toml();
    let projects = usual.find("\n[[projects]]").map_or("", |at| &usual[at..]);
    format!(
        "[http]\nper_host_interval = \"0s\"\n{limits}\nprivate_hosts = [{}]\n\
         [cycle]\nmax_failed_ratio = 1.0\ntimeout = \"120s\"\n[detect]\nbuiltin_projects = false\n[cache]\nfeed_ttl = \"{feed_ttl}\"\nfeed_ttl_max = \"{feed_ttl}\"\n{feeds}{projects}",
        private.join(", ")
    )
}

/// The source at `url` in `report`.
pub fn source<'a>(report: &'a CycleReport, url: &str) -> &'a SourceFigures {
    report.sources.iter().find(|source| source.url == url).unwrap_or_else(|| panic!("{url} is missing"))
}

/// The line about `url` in a list of feeds.
pub fn line<'a>(lines: &'a Value, url: &str) -> &'a Value {
    let found = lines.as_array().unwrap().iter().find(|line| line["url"] == url);
    found.unwrap_or_else(|| panic!("{url} is not among {lines}"))
}

/// Addresses of the detections without the port, which differs between webs.
pub fn alerted(lab: &Lab) -> BTreeSet<String> {
    let port = format!(":{}", lab.web().port());
    let all = addresses(&lab.events());
    all.into_iter().map(|url| url.replace(&port, "")).collect()
}

/// Whether `next` is `seconds` from now, with a tolerance for jitter and for the time of the test.
pub fn is_in(next: &Value, seconds: i64) -> bool {
    let next: jiff::Timestamp = next.as_str().unwrap().parse().unwrap();
    let wait = next.duration_since(now()).as_secs();
    (seconds * 8 / 10..=seconds * 11 / 10 + 1).contains(&wait)
}
