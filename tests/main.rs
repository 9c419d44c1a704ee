//! One test program, with a line about each module.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test at its line")]

mod support;

mod additions; // own feeds and projects beside the built-in ones
mod alerts; // alerts and channels that fail
#[cfg(unix)]
mod api; // the API of the server against its description
mod clock_jumps; // a clock that is set back
mod commands; // commands and messages for wrong input
mod completions; // completion scripts in real shells
mod cycle; // the cycle as cron runs it
mod cycle_output; // what `cycle` and `events --follow` print for people
mod damage; // disks and databases that fail
mod dates; // dates of every form and language, rendered and damaged
mod docs; // links, citations and length of documents
mod doctor; // checks of the running program, and commands without secrets
mod established; // the script that renews the list of established coins
#[cfg(debug_assertions)]
mod failpoints; // processes killed at failpoints
mod fair_share; // one feed does not block the others
mod figures; // stats, report and monitoring
mod files; // other files at the paths of the database, its lock or a backup
mod ground_truth;
mod history; // findings and stories, compared with the ground truth
mod hostile; // injected failures of the web
mod identity; // items of a feed that changes at random
mod import; // import and export of lists of feeds
mod imported; // feeds of the database
mod json_sources; // JSON lists: POST, cursors, mappings that do not fit
mod judging; // labels, rescan, compare and explain
mod kills; // cycles killed at random moments
mod layers; // imports between modules
mod limits; // odd values on the command line, and limits of the system
mod lists; // import of lists in CSV, JSON and lines
mod logs; // log lines and summaries on stderr
mod mail; // alerts by mail
mod mirrors; // feeds with mirrors
mod operations; // drifts, gaps, silence, levels and full disks
mod operator; // hooks, notices and `events --follow`
mod origins; // official sources, and notices of several coins
mod overlap; // several processes at once
mod pages; // pages without a feed
mod presets; // known sources, feed verify, doctor --online
#[cfg(unix)]
mod programs; // sources that are programs
mod properties; // properties of any input
mod refresh; // cycles that ignore caches once
mod regressions; // stored inputs of properties
mod rewording; // items whose words or guids change
mod secrecy; // secrets, shells, file modes and SQL statements
#[cfg(unix)]
mod serve; // the HTTP server
#[cfg(unix)]
mod signals; // SIGTERM and SIGINT
mod sites; // rules for the pages of a host
mod snapshots; // help, tables and messages as a whole
mod soak; // a month, simulated
mod stories; // joined stories, failed saves, unchanged feeds
mod suggest; // sources proposed for pages without a feed
mod summaries; // the weekly summary in the channels
mod terminal; // control characters in feeds
mod titles; // feeds with hostile titles
mod trends; // figures by period, over a generated year
mod units; // systemd units to copy
mod upgrade; // settings and a database of version 0.1.0
mod venues; // sources without a feed, of a dozen kinds
mod vocabulary; // old words that do not come back
mod x; // X and feeds in one cycle
mod x_hostile; // hostile responses of X
mod x_week; // a week on X with injected failures

mod survival; // deadlines, no network, long titles
