//! One test program: a line on each module.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod support;

mod alerts; // what channels get, and when they cannot be reached
mod clock_jumps; // a clock that is set back
mod commands; // what a user types, and what goes wrong
mod cycle; // the cycle as cron runs it
mod damage; // disks and databases that fail
mod dates; // dates of every form and language, rendered and damaged
mod docs; // links, citations and length of documents
mod fair_share; // what one feed may take of what all share
mod figures; // what stats, report and monitoring say
mod files; // what lies where the database, its lock or a copy should lie
mod ground_truth; // what was found and how it was grouped, against what is true
mod hostile; // a web that does everything wrong
mod identity; // what a feed does to its items
mod import; // lists of feeds into the settings and out
mod judging; // judging again, by the user's word and by other rules
mod kills; // killed while telling
mod layers; // who may import whom
mod limits; // odd values on the command line, and limits of the system
mod origins; // who speaks, and of which coins
mod overlap; // several processes at once
mod properties; // what must hold whatever comes in
mod regressions; // every input that once broke something
mod rewording; // items whose words or guids change
mod secrecy; // secrets, shells, modes and statements
mod soak; // a month, simulated
mod stories; // stories that join, visits that cannot be saved, quiet feeds
mod strict; // what --strict and --strict-targets decide
mod terminal; // what feeds may print
mod x; // X beside the news
mod x_hostile; // an X that must not be believed
mod x_week; // a week on X with everything going wrong

mod survival; // stops, deadlines, no network
