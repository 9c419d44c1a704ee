//! Failures by chance: any request to a host may meet one, the same one in every run.

use crate::fixture_web::{injection::Injection, server::Reply};

/// An answer that a healthy host gives now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RandomFailure {
    Error,
    Missing,
    Unavailable,
    Limited,
    Page,
    BrokenOff,
}

impl RandomFailure {
    const ALL: [Self; 6] =
        [Self::Error, Self::Missing, Self::Unavailable, Self::Limited, Self::Page, Self::BrokenOff];

    /// All of them, so that `per_mille` of a thousand requests meet one.
    pub fn injections(per_mille: u32) -> Vec<Injection<Self>> {
        let share = f64::from(per_mille) / 1000.0 / Self::ALL.len() as f64;
        // Each is drawn only where those before it were not.
        let drawn = |(failure, before): (Self, u32)| {
            Injection::new(failure).by_chance(share / (1.0 - share * f64::from(before)))
        };
        Self::ALL.into_iter().zip(0..).map(drawn).collect()
    }

    pub fn reply(self) -> Reply {
        match self {
            Self::Error => Reply::status(500),
            Self::Missing => Reply::status(404),
            Self::Unavailable => Reply::status(503).with("retry-after", "60"),
            Self::Limited => Reply::status(429).with("retry-after", "30"),
            Self::Page => Reply::ok("text/html", "<!doctype html><title>Back soon</title><p>We are moving."),
            Self::BrokenOff => Reply::ok(
                "application/rss+xml",
                "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><item><title>Cut o",
            ),
        }
    }
}
