//! One test program: a line on each module.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod layers; // who may import whom
