//! `tge-scrape x plan|accounts|forget`: the calls of the next cycle with their cost, the state of each account, and
//! the deletion of posts. None calls X.

pub(super) mod forget;

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    cycle::x_usage,
    error::Error,
    exit::Exit,
    figures::report::{Usd, XUsageFigures},
    model::{XLimit, XMemory},
    render::{
        self, Column,
        format::{minute, or_dash},
        plain,
    },
    store::{Access, Store},
    text::quantity::plural,
    visit::x::{Followed, PreviewCall, preview},
    wiring,
    x::{self, limits, windows},
};

use super::{Format, Globals, output::Output, print_rows};

#[derive(Debug, Subcommand)]
pub enum What {
    /// Print the calls that a cycle would make now and what they may cost; sends nothing
    Plan,
    /// List the followed accounts: id, head, gaps, last post, errors
    Accounts,
    /// Delete a post, or all posts of an account, with the launches they brought
    Forget(forget::Args),
}

pub fn run(what: &What, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    match what {
        What::Plan => {
            let memory = remembered(&settings)?;
            let plan = plan(&settings.x, &memory);
            output.print(&match globals.format {
                Some(Format::Json) => render::json(&serde_json::json!({ "schema": 1, "plan": plan })),
                Some(Format::Ndjson) => plan.calls.iter().map(render::json).collect(),
                Some(Format::Csv) => render::csv(&CALLS, &plan.calls),
                _ => {
                    let calls = render::rows_table(&CALLS, &plan.calls, output.style());
                    let limits = render::rows_table(&LIMITS, &plan.limits, output.style());
                    format!("{calls}{}\n{limits}", plan.summary(&settings.x))
                }
            })?;
        }
        What::Accounts => {
            let accounts = accounts(&settings.x, &remembered(&settings)?);
            print_rows(&accounts, "accounts", &ACCOUNTS, globals, output)?;
        }
        What::Forget(args) => return forget::run(args, &settings, output),
    }
    Ok(Exit::Success)
}

/// The stored state of X for the token of `settings`.
pub(super) fn remembered(settings: &Settings) -> Result<XMemory, Error> {
    if !Store::exists(&settings.state_dir) {
        return Ok(XMemory::default());
    }
    let credential = settings.x.token.as_ref().map(x::Token::fingerprint).unwrap_or_default();
    let store = Store::open(&settings.state_dir, Access::Read)?;
    Ok(wiring::small_runtime()?.block_on(store.x_memory(credential, SystemClock.now()))?)
}

#[derive(Debug, Serialize)]
struct Call {
    what: String,
    sources: usize,
    since: String,
    at_most_usd: Usd,
}

const CALLS: [Column<Call>; 4] = [
    ("call", |call| plain(&call.what)),
    ("sources", |call| call.sources.to_string()),
    ("since", |call| call.since.clone()),
    ("costs at most", |call| call.at_most_usd.to_string()),
];

#[derive(Debug, Serialize)]
struct Planned {
    calls: Vec<Call>,
    left_out: Vec<String>,
    month_cost_usd: Usd,
    month_forecast_usd: Usd,
    budget_usd: Usd,
    budget_days_left: Option<u32>,
    max_cost_usd: Usd,
    budget_left_usd: Usd,
    usage: Option<XUsageFigures>,
    limits: Vec<RouteLimit>,
}

/// The calls of a route in its window of 15 minutes.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct RouteLimit {
    route: String,
    used: u32,
    limit: u32,
    /// End of the window by this machine's clock; `None` if no window runs.
    resets_at: Option<Timestamp>,
    /// No call before.
    blocked_until: Option<Timestamp>,
}

const LIMITS: [Column<RouteLimit>; 5] = [
    ("route", |limit| limit.route.clone()),
    ("used", |limit| limit.used.to_string()),
    ("limit", |limit| limit.limit.to_string()),
    ("resets", |limit| or_dash(limit.resets_at, |at| minute(at) + " UTC")),
    ("blocked until", |limit| or_dash(limit.blocked_until, |at| minute(at) + " UTC")),
];

/// The limits of all routes at `now`, as last reported by X.
fn route_limits(known: &[(String, XLimit)], now: Timestamp) -> Vec<RouteLimit> {
    let routes = limits::ROUTES.iter().map(|(route, most)| (*route, *most));
    let row = |(route, most): (&str, u32)| {
        let known = known.iter().find(|(name, _)| name == route).map(|(_, limit)| limit);
        let reset = known.and_then(|limit| {
            let reset = Timestamp::from_second(limit.reset).ok()?;
            let left = reset.duration_since(limits::server_time(limit, now));
            left.is_positive().then(|| now + left)
        });
        RouteLimit {
            route: route.to_owned(),
            used: known
                .filter(|_| reset.is_some())
                .map_or(0, |limit| limit.limit.saturating_sub(limit.remaining)),
            limit: known.map_or(most, |limit| limit.limit),
            resets_at: reset,
            blocked_until: known.and_then(|limit| limit.blocked_until).filter(|until| *until > now),
        }
    };
    routes.map(row).collect()
}

fn plan(settings: &x::Settings, memory: &XMemory) -> Planned {
    let usd = |micros: u64| Usd { micros };
    let now = SystemClock.now();
    let preview = preview(settings, memory, now);
    let call = |call: PreviewCall| Call {
        what: call.what,
        sources: call.sources,
        since: or_dash(call.since, |at| minute(at) + " UTC"),
        at_most_usd: usd(call.most),
    };
    Planned {
        calls: preview.calls.into_iter().map(call).collect(),
        left_out: preview.left_out.iter().map(|(what, why)| format!("{what}: {why}")).collect(),
        month_cost_usd: usd(preview.spent),
        month_forecast_usd: usd(preview.forecast.month),
        budget_usd: usd(settings.budget),
        budget_days_left: preview.forecast.days_left,
        max_cost_usd: usd(preview.most),
        budget_left_usd: usd(preview.left),
        usage: memory.usage.as_ref().map(x_usage),
        limits: route_limits(&memory.limits, now),
    }
}

impl Planned {
    fn summary(&self, settings: &x::Settings) -> String {
        let mut text = format!(
            "{}, at most {} USD; X charges only for posts it returns, each once a day. This month {} of {} USD{}, forecast {} USD",
            plural(self.calls.len(), "call", "calls"),
            self.max_cost_usd,
            self.month_cost_usd,
            self.budget_usd,
            if settings.budget_assumed { " (assumed: set x.monthly_budget_usd)" } else { "" },
            self.month_forecast_usd
        );
        if let Some(days) = self.budget_days_left {
            text.push_str(&format!(", used up in {}", plural(days, "day", "days")));
        }
        text.push('\n');
        for line in &self.left_out {
            text.push_str(&format!("left out: {}\n", plain(line)));
        }
        if let Some(usage) = &self.usage {
            text.push_str(&format!("{}\n", usage.says));
            for warning in &usage.warnings {
                text.push_str(&format!("{warning}\n"));
            }
        }
        if settings.token.is_none() {
            text.push_str("there is no token, so a cycle makes no call: see docs/guide/x.md\n");
        }
        text
    }
}

#[derive(Debug, Serialize)]
struct Account {
    handle: String,
    username: String,
    id: Option<String>,
    followers: Option<u64>,
    head: Option<String>,
    gaps: usize,
    posts: u64,
    last_post_at: Option<jiff::Timestamp>,
    checked_at: Option<jiff::Timestamp>,
    #[serde(rename = "trouble")]
    problem: Option<String>,
}

const ACCOUNTS: [Column<Account>; 8] = [
    ("handle", |account| plain(&account.handle)),
    ("called", |account| plain(&account.username)),
    ("id", |account| or_dash(account.id.as_deref(), plain)),
    ("head", |account| or_dash(account.head.as_deref(), plain)),
    ("gaps", |account| account.gaps.to_string()),
    ("posts", |account| account.posts.to_string()),
    ("last post", |account| or_dash(account.last_post_at, minute)),
    ("trouble", |account| or_dash(account.problem.as_deref(), plain)),
];

fn accounts(settings: &x::Settings, memory: &XMemory) -> Vec<Account> {
    let (now, secrets) = (SystemClock.now(), settings.secrets());
    let followed = Followed::new(settings, memory, windows::latest(now, now));
    let row = |handle: &String| {
        let handle = handle.trim_start_matches('@').to_ascii_lowercase();
        let known = memory.accounts.iter().find(|account| account.handle == handle);
        let id = known.and_then(|account| account.user);
        let state = id.and_then(|id| followed.accounts.iter().find(|account| account.user == id));
        let state = state.map(|account| account.state.clone()).unwrap_or_default();
        Account {
            username: known.map_or_else(|| handle.clone(), |account| account.username.clone()),
            id: id.map(|id| id.to_string()),
            followers: known.and_then(|account| account.followers),
            head: state.head.map(|head| head.to_string()),
            gaps: state.gaps.len(),
            posts: state.posts,
            last_post_at: state.last_post_at,
            checked_at: known.and_then(|account| account.checked_at),
            // Version 0.1.0 stored what X quoted.
            problem: known
                .and_then(|account| account.problem.clone())
                .or(state.failure)
                .map(|problem| secrets.mask(&problem).into_owned()),
            handle,
        }
    };
    settings.accounts.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_route_shows_its_used_calls_until_its_window_ends() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let reset = now + SignedDuration::from_mins(5);
        let limit = XLimit { limit: 450, remaining: 430, reset: reset.as_second(), ..XLimit::default() };
        let known = [(limits::SEARCH.to_owned(), limit)];
        let search =
            |at| route_limits(&known, at).into_iter().find(|row| row.route == limits::SEARCH).unwrap();
        let open = search(now);
        assert_eq!((open.used, open.limit, open.resets_at), (20, 450, Some(reset)));
        let later = search(reset + SignedDuration::from_secs(1));
        assert_eq!((later.used, later.limit, later.resets_at), (0, 450, None));
        assert_eq!(route_limits(&[], now).len(), limits::ROUTES.len());
    }
}
