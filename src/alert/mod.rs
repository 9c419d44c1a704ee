//! Who is told what, when, how loud, and by which way; and the operator of the program's own troubles.
//!
//! Deciding is pure: [`decide()`] turns a finding into rows of the outbox, [`bind()`] turns rows that are due
//! into messages, [`notice`] turns the program's state into notices, each channel turns a message into a
//! payload within its limits. Acting is [`deliver`]: it writes down each step before and after it takes it.
//!
//! Knows nothing of where findings come from; text of feeds and posts is data to it, never markup.

mod bind;
pub mod channels;
mod decide;
mod deliver;
mod document;
pub mod hooks;
pub mod message;
pub mod notice;
mod order;
mod policy;
pub mod process;
mod retry;
mod wording;

#[cfg(test)]
mod samples;

use std::time::Duration;

pub use bind::{Bound, bind};
pub use channels::{Channel, ChannelKind, Dedupe, Refusal};
pub use decide::{Finding, decide, identity};
pub use deliver::{Delivered, Delivery, HURRY, deliver, sample};
pub use hooks::{HookEvent, Hooks};
pub use policy::ChannelPolicy;
pub use process::Program;

/// How the room behaves (`[[channels]]`, `[hooks]`, `[alerts]`). Every value is resolved.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Who is told.
    pub channels: Vec<Channel>,
    /// Commands at the turns of a cycle.
    pub hooks: Hooks,
    /// No message is begun after this time of delivering.
    pub delivery_timeout: Duration,
    /// An alert that is due and undelivered for longer makes a cycle end with 5.
    pub outbox_max_age: Duration,
    /// Free bytes of the state folder's disk under which its operator is told.
    pub disk_free: u64,
    /// US dollars a month that X may cost.
    pub budget_usd: f64,
}

impl Settings {
    /// The channels' wishes, as [`decide()`] takes them.
    pub fn policies(&self) -> Vec<&ChannelPolicy> {
        self.channels.iter().map(|channel| &channel.policy).collect()
    }

    /// The channels' names.
    pub fn names(&self) -> Vec<String> {
        self.channels.iter().map(|channel| channel.policy.name.clone()).collect()
    }
}
