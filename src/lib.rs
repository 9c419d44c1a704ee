//! `tge-scrape` reads crypto news feeds, tells token launches from noise and remembers both.
//!
//! The map of the house, lowest level first; a room imports downwards only (`tests/layers.rs`
//! holds it to that):
//!
//! | level | rooms |
//! |--:|---|
//! | 0 | [`model`] nouns, [`text`] normal forms, [`clock`], [`shield`] against foreign panics, [`rehearsal`] of deaths |
//! | 1 | [`http`], [`feed`], [`article`], [`detect`], [`x`], [`store`], [`figures`] |
//! | 2 | [`visit`] one source from request to verdict, [`render`] text out, [`alert`] who is told what, and how |
//! | 3 | [`cycle`] all sources side by side |
//! | 4 | [`config`], [`wiring`], [`error`], [`exit`] |
//! | 5 | [`cli`] |
//!
//! [`fixture_web`] is the simulated internet; it imports nothing of ours, so that client and
//! server cannot be wrong in the same way.

mod alert;
pub mod article;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cycle;
pub mod detect;
pub mod error;
pub mod exit;
pub mod failpoint;
pub mod feed;
pub mod figures;
pub mod fixture_web;
pub mod http;
pub mod model;
pub mod panics;
pub mod render;
pub mod store;
pub mod text;
pub mod visit;
pub mod wiring;
pub mod x;
