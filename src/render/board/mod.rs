//! The page: one HTML file with style and script inside, which requests nothing. Pure: data in, text out.

mod data;
mod days;
mod figures;
mod html;
mod list;
mod sources;
mod story;
#[cfg(test)]
mod tests;
mod watch;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{model::event_date::day_of, render::format::minute, store::Delivery};

pub use figures::{Day, Figures};
pub use sources::Health;
pub use story::{Story, shorten_ids};

const STYLE: &str = include_str!("board.css");
/// The script, with further parts before the last one.
macro_rules! script {
    ($($more:literal)?) => {
        concat!(
            "(() => {\n\"use strict\";\n",
            include_str!("state.js"),
            include_str!("list.js"),
            include_str!("pane.js"),
            include_str!("keys.js"),
            $(include_str!($more),)?
            include_str!("main.js"),
            "})();\n"
        )
    };
}

const SCRIPT: &str = script!();
/// The script of a page that follows its server.
const LIVE_SCRIPT: &str = script!("live.js");

#[derive(Debug, Clone, Copy)]
pub struct Board<'a> {
    pub now: Timestamp,
    pub renewal: Renewal,
    /// Newest first.
    pub stories: &'a [Story],
    /// Names of the watch list.
    pub projects: &'a [String],
    pub deliveries: &'a [Delivery],
    pub figures: Figures<'a>,
}

/// How an open page stays up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It is written once.
    Never,
    /// It is rewritten, and loads itself again after that many seconds.
    Reload(u32),
    /// It follows the stream of the server that sends it. Without script it loads itself again.
    Stream,
}

/// Seconds after which a page without script asks the server again.
const PLAIN_RELOAD_S: u32 = 60;

impl Renewal {
    fn script(self) -> &'static str {
        match self {
            Self::Never | Self::Reload(_) => SCRIPT,
            Self::Stream => LIVE_SCRIPT,
        }
    }

    fn reload_s(self) -> Option<u32> {
        match self {
            Self::Never => None,
            Self::Reload(seconds) => Some(seconds),
            Self::Stream => Some(PLAIN_RELOAD_S),
        }
    }
}

pub fn html(board: &Board<'_>) -> String {
    let today = day_of(board.now);
    let mut body = String::new();
    head(board, &mut body);
    body.push_str("<main id=\"top\"><div id=\"launches\">");
    body.push_str(FILTERS);
    days::section(board.stories, today, &mut body);
    body.push_str(NEWS);
    if board.stories.is_empty() {
        body.push_str("<p class=\"empty\">No story yet. Run <code>tge-scrape cycle</code>, then load this page again.</p>");
    } else {
        list::section(board.stories, today, &mut body);
    }
    body.push_str("</noscript></section><section id=\"pane\" aria-label=\"Story\" tabindex=\"-1\" hidden></section></div><div class=\"pair\">");
    watch::section(board.projects, board.stories, today, &mut body);
    sources::section(board.figures.sources, board.figures.grid, board.figures.health, &mut body);
    body.push_str("</div></div>");
    figures::section(&board.figures, &mut body);
    body.push_str("</main>");
    body.push_str(FOOT);
    let reload = board.renewal.reload_s().map_or_else(String::new, |seconds| {
        format!("<noscript><meta http-equiv=\"refresh\" content=\"{seconds}\"></noscript>")
    });
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">{reload}\
         <meta name=\"referrer\" content=\"no-referrer\"><link rel=\"icon\" href=\"data:,\"><title>Token launches</title><style>{STYLE}</style></head>\
         <body>{body}<script type=\"application/json\" id=\"data\">{data}</script>\n<script>{script}</script></body></html>\n",
        policy = policy(board.renewal),
        script = board.renewal.script(),
        data = data::json(board),
    )
}

/// Only this style and this script; no request, but to the server of a page that follows it.
fn policy(renewal: Renewal) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'{}",
        hash(STYLE),
        hash(renewal.script()),
        if renewal == Renewal::Stream { "; connect-src 'self'" } else { "" }
    )
}

fn head(board: &Board<'_>, body: &mut String) {
    let figures = &board.figures;
    let total = figures.sources.len();
    let good = total - sources::failing(figures.sources);
    let cycle = match figures.reports.first() {
        None => "No cycle has finished yet".to_owned(),
        Some(last) => format!(
            "last cycle <time id=\"cycle\" datetime=\"{at}\">{} UTC</time> <b class=\"status {status}\">{status}</b>",
            minute(last.cycle.started_at),
            at = last.cycle.started_at,
            status = last.cycle.status.as_str(),
        ),
    };
    body.push_str(&format!(
        "<a class=\"skip\" href=\"#news\">Skip to the stories</a><header><h1>Token launches</h1>\
         <p id=\"status\"><span>{cycle}</span> <span>{good} of {total} sources work</span> \
         <span class=\"note\">written <time id=\"written\" datetime=\"{at}\">{} UTC</time></span></p>\
         <nav id=\"tabs\" aria-label=\"Parts\"><a href=\"#launches\">Launches</a> <a href=\"#figures\">Figures</a></nav></header>",
        minute(board.now),
        at = board.now,
    ));
}

const FILTERS: &str = include_str!("filters.html");
const FOOT: &str = include_str!("foot.html");
const NEWS: &str = "<div class=\"columns\"><section id=\"news\" aria-labelledby=\"news-title\"><h2 id=\"news-title\" tabindex=\"-1\">Stories</h2>\
    <div id=\"about\" hidden></div><p id=\"count\" class=\"note\" role=\"status\"></p><ol id=\"list\"></ol>\
    <button id=\"more\" type=\"button\" hidden>Show more</button><noscript>";
