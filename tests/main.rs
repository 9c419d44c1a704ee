//! One test program: a line on each module.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod support;

mod alerts; // what channels get, and when they cannot be reached
mod commands; // what a user types, and what goes wrong
mod cycle; // the cycle as cron runs it
mod figures; // what stats, report and monitoring say
mod ground_truth; // what was found and how it was grouped, against what is true
mod hostile; // a web that does everything wrong
mod judging; // judging again, by the user's word and by other rules
mod kills; // killed while telling
mod layers; // who may import whom
mod x; // X beside the news
mod x_week; // a week on X with everything going wrong

mod survival; // kills, stops, overlaps, full disks
