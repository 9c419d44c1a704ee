//! `tge-scrape` reads crypto news feeds and posts on X, finds token launches and stores both.
//!
//! A module imports modules of lower levels only (`tests/layers.rs`):
//!
//! | level | modules |
//! |--:|---|
//! | 0 | [`model`] shared types, [`text`] normal forms, [`clock`], `exit` codes, [`failpoint`], [`panics`] |
//! | 1 | [`http`], [`feed`], [`article`], [`detect`], [`x`], [`store`], [`figures`], `process` |
//! | 2 | [`visit`] one source from request to verdict, `render` text out, `alert` decisions and delivery |
//! | 3 | [`cycle`] all sources in parallel |
//! | 4 | [`config`], [`wiring`], `error` |
//! | 5 | [`cli`], `serve` |
//!
//! [`fixture_web`] is the simulated internet. It imports no other module, so that client and server do not share an
//! error.

mod alert;
pub mod article;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cycle;
pub mod detect;
mod error;
mod exit;
pub mod failpoint;
pub mod feed;
pub mod figures;
pub mod fixture_web;
pub mod http;
pub mod model;
pub mod panics;
mod process;
mod render;
mod serve;
pub mod store;
pub mod text;
pub mod visit;
pub mod wiring;
pub mod x;
