//! One test program: a line on each module.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod support;

mod commands; // what a user types, and what goes wrong
mod cycle; // the cycle as cron runs it
mod layers; // who may import whom
mod x; // X beside the news
mod x_week; // a week on X with everything going wrong

mod survival; // kills, stops, overlaps, full disks
