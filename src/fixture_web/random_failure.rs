//! Faults by chance: any request may meet one, the same one in every run.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{World, server::Reply};

/// The fault that `path` of `host` meets at `tick`, and whether the answer breaks off; `share` of a thousand
/// requests meet one.
pub fn strike(world: &World, share: u32, host: &str, path: &str, tick: u32) -> Option<(Reply, bool)> {
    let mut hasher = DefaultHasher::new();
    (world.options.seed, "trouble", host, path, tick).hash(&mut hasher);
    let lot = hasher.finish();
    if lot % 1000 >= u64::from(share) {
        return None;
    }
    let half = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><item><title>Cut o";
    Some(match (lot >> 32) % 6 {
        0 => (Reply::status(500), false),
        1 => (Reply::status(404), false),
        2 => (Reply::status(503).with("retry-after", "60"), false),
        3 => (Reply::status(429).with("retry-after", "30"), false),
        4 => (Reply::ok("text/html", "<!doctype html><title>Back soon</title><p>We are moving."), false),
        _ => (Reply::ok("application/rss+xml", half), true),
    })
}
