//! One test program: a line on each module.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod support;

mod commands; // what a user types, and what goes wrong
mod cycle; // the cycle as cron runs it
mod ground_truth; // what was found and how it was grouped, against what is true
mod layers; // who may import whom
mod survival; // kills, stops, overlaps, full disks
