//! Alerts: which channel is notified of what and when, and the notices for the operator of the program.
//!
//! Deciding is pure: [`decide()`] turns a finding into rows of the outbox, [`bind()`] turns due rows into messages,
//! [`notice`] turns the program's state into notices, and each channel formats a message within its limits. [`deliver`]
//! sends, and stores each step before and after it. Texts from feeds and posts are data here, never markup.

mod bind;
pub mod channels;
mod decide;
mod deliver;
mod document;
mod held;
pub mod hooks;
pub mod message;
pub mod notice;
mod order;
mod policy;
mod retry;
pub mod summary;
pub mod week;
mod wording;

#[cfg(test)]
mod samples;

use std::time::Duration;

pub use bind::{Bound, bind};
pub use channels::{Channel, ChannelKind, Dedupe, Refusal};
pub use decide::{decide, identity};
pub use deliver::{Delivered, Delivery, HURRY, deliver, sample};
pub(crate) use held::{Held, held_by};
pub use hooks::{HookEvent, Hooks, SKIP};
pub use policy::ChannelPolicy;

/// `[[channels]]`, `[hooks]`, `[alerts]`.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub channels: Vec<Channel>,
    /// Commands at the events of a cycle.
    pub hooks: Hooks,
    /// Time after which no message is started.
    pub delivery_timeout: Duration,
    /// Time from its creation after which an undelivered message is given up.
    pub give_up_after: Duration,
    /// A cycle ends with exit code 5 if a due alert is undelivered for longer.
    pub outbox_max_age: Duration,
    /// Minimum of free bytes on the state folder's disk; below it the operator is notified.
    pub disk_free: u64,
    pub budget_usd: f64,
}

impl Settings {
    pub fn policies(&self) -> Vec<&ChannelPolicy> {
        self.channels.iter().map(|channel| &channel.policy).collect()
    }

    pub fn names(&self) -> Vec<String> {
        self.channels.iter().map(|channel| channel.policy.name.clone()).collect()
    }
}
