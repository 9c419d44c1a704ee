//! `tge-scrape x plan|accounts`: what a cycle would ask X and cost, and how each account stands. Neither calls X.

use clap::Subcommand;
use serde::Serialize;

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    figures::report::Usd,
    model::{XMemory, XUsage},
    render::{self, Style, plain},
    store::{Access, Store},
    visit::x::{Followed, PreviewCall, preview},
    wiring,
    x::{self, usage, windows},
};

use super::{Format, Globals, output::Output};

/// Arguments of `x`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// Print what a cycle would ask now and what it may cost, without calling anything
    Plan,
    /// List the followed accounts: id, head, gaps, last post, errors
    Accounts,
}

/// Shows what is asked for.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let memory = remembered(&settings)?;
    let style = Style { width: output.width(), color: output.colored() };
    match args.what {
        What::Plan => {
            let plan = plan(&settings.x, &memory);
            output.print(&match globals.format {
                Some(Format::Json) => render::json(&serde_json::json!({ "schema": 1, "plan": plan })),
                Some(Format::Ndjson) => plan.calls.iter().map(render::json).collect(),
                Some(Format::Csv) => render::csv(&CALLS, plan.calls.iter().map(Call::cells)),
                _ => {
                    let calls = render::table(&CALLS, plan.calls.iter().map(Call::cells), style);
                    format!("{calls}{}", plan.summary(&settings.x))
                }
            })?;
        }
        What::Accounts => {
            let accounts = accounts(&settings.x, &memory);
            output.print(&match globals.format {
                Some(Format::Json) => render::json(&serde_json::json!({ "schema": 1, "accounts": accounts })),
                Some(Format::Ndjson) => accounts.iter().map(render::json).collect(),
                Some(Format::Csv) => render::csv(&ACCOUNTS, accounts.iter().map(Account::cells)),
                _ => render::table(&ACCOUNTS, accounts.iter().map(Account::cells), style),
            })?;
        }
    }
    Ok(Exit::Success)
}

/// What is remembered of X for the token of `settings`.
pub(super) fn remembered(settings: &Settings) -> Result<XMemory, Error> {
    if !Store::exists(&settings.state_dir) {
        return Ok(XMemory::default());
    }
    let credential = settings.x.token.as_ref().map(x::Token::fingerprint).unwrap_or_default();
    let store = Store::open(&settings.state_dir, Access::Read)?;
    Ok(wiring::small_runtime()?.block_on(store.x_memory(credential, SystemClock.now()))?)
}

/// A call that would be made.
#[derive(Debug, Serialize)]
struct Call {
    what: String,
    sources: usize,
    since: String,
    at_most_usd: Usd,
}

const CALLS: [&str; 4] = ["call", "sources", "since", "costs at most"];

impl Call {
    fn cells(&self) -> Vec<String> {
        vec![plain(&self.what), self.sources.to_string(), self.since.clone(), self.at_most_usd.to_string()]
    }
}

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
    usage: Option<Usage>,
}

fn plan(settings: &x::Settings, memory: &XMemory) -> Planned {
    let usd = |micros: u64| Usd { micros };
    let preview = preview(settings, memory, SystemClock.now());
    let call = |call: PreviewCall| Call {
        what: call.what,
        sources: call.sources,
        since: call.since.map_or_else(|| "–".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()),
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
        usage: memory.usage.as_ref().map(Usage::from),
    }
}

/// What X counts of its own.
#[derive(Debug, Serialize)]
struct Usage {
    says: String,
    posts: Option<u64>,
    cap: Option<u64>,
    asked_at: jiff::Timestamp,
    warnings: Vec<String>,
}

impl From<&XUsage> for Usage {
    fn from(usage: &XUsage) -> Self {
        Self {
            says: usage::sentence(usage),
            posts: usage.posts,
            cap: usage.cap,
            asked_at: usage.asked_at,
            warnings: usage::warnings(usage),
        }
    }
}

impl Planned {
    fn summary(&self, settings: &x::Settings) -> String {
        let mut text = format!(
            "{} calls, together at most {} USD; only posts that come are paid, each once a day. This month {} of {} USD{}, forecast {} USD",
            self.calls.len(),
            self.max_cost_usd,
            self.month_cost_usd,
            self.budget_usd,
            if settings.budget_assumed { " (assumed: set x.monthly_budget_usd)" } else { "" },
            self.month_forecast_usd
        );
        if let Some(days) = self.budget_days_left {
            text.push_str(&format!(", used up in {days} days"));
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

/// How an account stands.
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

const ACCOUNTS: [&str; 8] = ["handle", "called", "id", "head", "gaps", "posts", "last post", "trouble"];

impl Account {
    fn cells(&self) -> Vec<String> {
        let or = |text: &Option<String>| text.as_deref().map_or_else(|| "–".to_owned(), plain);
        let time = |at: Option<jiff::Timestamp>| {
            at.map_or_else(|| "–".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
        };
        vec![
            plain(&self.handle),
            plain(&self.username),
            or(&self.id),
            or(&self.head),
            self.gaps.to_string(),
            self.posts.to_string(),
            time(self.last_post_at),
            or(&self.problem),
        ]
    }
}

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
