//! Delivery. Each step is stored before and after it is taken, so the process may die at any time.
//!
//! Due alerts are bound into messages, which are sent unchanged until they arrive. An attempt is stored before it
//! begins: an attempt without a stored result may have arrived.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    bind,
    channels::{Attempt, Channel, Refusal},
    decide::identity,
    message::{Form, Message},
    retry::{believable, settle},
};
use crate::{
    clock::Clock,
    failpoint::hit,
    http::Poster,
    model::{ChannelState, OpenMessage, Settled},
    store::{Store, StoreError},
};

/// The longest pause that a run waits for.
const SHORT: Duration = Duration::from_secs(5);
/// How often a run sends one message again after such a pause.
const AGAIN: u32 = 2;

/// Time limit for running work after a stop signal: systemd and cron supervisors kill after 10 s or more.
pub const HURRY: Duration = Duration::from_secs(5);

pub struct Delivery<'a> {
    pub store: &'a Store,
    pub clock: &'a dyn Clock,
    pub post: &'a Poster,
    pub channels: &'a [Channel],
    /// No message is started after this.
    pub limit: Duration,
    /// See [`super::Settings::give_up_after`].
    pub give_up_after: Duration,
    /// Becomes true on a stop signal: no further message is started, and a running attempt has [`HURRY`] to end.
    pub stop: watch::Receiver<bool>,
    /// Whether the stop signal came before: each attempt has [`HURRY`] only.
    pub hurried: bool,
    /// Whether earlier pauses and refusals are ignored (`alerts send`).
    pub insist: bool,
    /// The time that earlier cycles confirm; the age of a message is counted up to it.
    pub confirmed: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    pub sent: u64,
    pub failed: u64,
    pub given_up: u64,
}

/// Delivers the due alerts, all channels concurrently.
pub async fn deliver(delivery: &Delivery<'_>) -> Result<Delivered, StoreError> {
    let states = delivery.store.channels().await?;
    let begun = delivery.clock.now();
    let each = delivery.channels.iter().map(|channel| {
        let known = states.iter().find(|state| state.name == channel.policy.name).cloned();
        deliver_to(delivery, channel, known.unwrap_or_default(), begun)
    });
    let mut all = Delivered::default();
    for result in join_all(each).await {
        let one = result?;
        all.sent += one.sent;
        all.failed += one.failed;
        all.given_up += one.given_up;
    }
    Ok(all)
}

/// The state to start from: new settings reset a channel's failures.
fn renewed(state: ChannelState, channel: &Channel, insist: bool, now: Timestamp) -> ChannelState {
    let same = state.fingerprint == channel.fingerprint;
    let named = ChannelState {
        name: channel.policy.name.clone(),
        fingerprint: channel.fingerprint.clone(),
        not_before: believable(state.not_before, now),
        ..state
    };
    if same && !insist {
        named
    } else {
        ChannelState { not_before: None, broken: false, failures: 0, failing_since: None, ..named }
    }
}

async fn deliver_to(
    delivery: &Delivery<'_>,
    channel: &Channel,
    state: ChannelState,
    begun: Timestamp,
) -> Result<Delivered, StoreError> {
    let name = &channel.policy.name;
    let mut state = renewed(state, channel, delivery.insist, begun);
    let mut done = Delivered::default();
    if state.broken || state.not_before.is_some_and(|until| until > begun + SHORT) {
        return Ok(done);
    }
    let mut open = open_messages(delivery.store, name).await?;
    let is_single =
        |content: &Option<Message>| content.as_ref().is_some_and(|message| message.form == Form::Single);
    let singles = open.iter().filter(|(_, content)| is_single(content)).count();
    let queued = delivery.store.queued(name.clone()).await?;
    if !queued.is_empty() {
        let bound = bind(&channel.policy, channel.kind.capacity(), queued, singles, begun);
        if bound != super::Bound::default() {
            delivery.store.bind(bound.messages, bound.deferred).await?;
            open = open_messages(delivery.store, name).await?;
        }
    }
    let mut last: Option<Timestamp> = state.sent_at;
    for (message, content) in open {
        let now = delivery.clock.now();
        let waits = believable(Some(message.next_try), now).is_some_and(|next| next > now + SHORT);
        if waits && !delivery.insist {
            continue;
        }
        let Some(content) = content else {
            let error = "the stored message cannot be read".to_owned();
            delivery.store.settle(message.id, Settled::GivenUp { error }, state.clone(), begun).await?;
            done.given_up += 1;
            continue;
        };
        for again in 0..=AGAIN {
            let before = message.tries + again;
            let ready = last.map(|last| last + channel.interval).max(state.not_before);
            let wait = ready.map_or(Duration::ZERO, |ready| until(delivery.clock.now(), ready));
            if wait > SHORT.max(channel.interval) || out_of_time(delivery, begun, wait) {
                return Ok(done);
            }
            if !wait.is_zero() {
                delivery.clock.sleep(wait).await;
            }
            let now = delivery.clock.now();
            delivery.store.attempt(message.id.clone()).await?;
            let attempt = Attempt { message: &content, now, prior_attempts: before };
            let result = tokio::select! {
                biased;
                result = channel.send(delivery.post, attempt) => result,
                () = cut_off(delivery) => Err(unfinished()),
            };
            hit("message-sent");
            let now = delivery.clock.now();
            // A clock that jumped ahead does not age a message.
            let jump = until(delivery.confirmed, begun);
            let created_at = message.created_at.checked_add(jump).unwrap_or(now);
            let (settled, next) = settle(
                &state,
                &OpenMessage { tries: before, created_at, ..message.clone() },
                &result,
                delivery.give_up_after,
                now,
            );
            last = Some(now);
            state = next;
            delivery.store.settle(message.id.clone(), settled.clone(), state.clone(), now).await?;
            match &settled {
                Settled::Delivered => done.sent += 1,
                Settled::GivenUp { error } => {
                    done.given_up += 1;
                    tracing::warn!(channel = %name, "an alert was given up: {error}");
                }
                Settled::Again { error, .. } => {
                    done.failed += 1;
                    tracing::warn!(channel = %name, "an alert waits: {error}");
                }
            }
            let short = matches!(&result, Err(Refusal::Slow { wait: Some(wait), .. }) if *wait <= SHORT);
            if !short || again == AGAIN {
                break;
            }
        }
        if state.broken || (state.failures > 0 && state.not_before.is_some()) {
            break;
        }
    }
    Ok(done)
}

/// Resolves when a running attempt must end because of a stop signal.
async fn cut_off(delivery: &Delivery<'_>) {
    let mut stop = delivery.stop.clone();
    if !delivery.hurried && stop.wait_for(|asked| *asked).await.is_err() {
        std::future::pending::<()>().await;
    }
    delivery.clock.sleep(HURRY).await;
}

/// The outcome of an interrupted attempt. The channel did not fail, and the next run sends the message again with the
/// same id.
fn unfinished() -> Refusal {
    let error = "the program was stopped while it was being sent; it may have arrived, and is sent again";
    Refusal::Slow { wait: Some(Duration::ZERO), message: error.to_owned() }
}

fn out_of_time(delivery: &Delivery<'_>, begun: Timestamp, wait: Duration) -> bool {
    let spent = until(begun, delivery.clock.now()) + wait;
    *delivery.stop.borrow() || spent > delivery.limit
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}

/// The open messages of `channel` with their contents, `None` for a document that cannot be read.
async fn open_messages(
    store: &Store,
    channel: &str,
) -> Result<Vec<(OpenMessage, Option<Message>)>, StoreError> {
    let open = store.open_messages(channel.to_owned()).await?;
    let with_content = |message: OpenMessage| {
        let content = serde_json::from_str(&message.document).ok();
        (message, content)
    };
    Ok(open.into_iter().map(with_content).collect())
}

/// Sends a test message to `channel`, outside the outbox.
pub async fn sample(channel: &Channel, post: &Poster, now: Timestamp) -> Result<(), Refusal> {
    let message = Message {
        id: identity(&["sample", &channel.policy.name, &now.to_string()]),
        channel: channel.policy.name.clone(),
        form: Form::Sample,
        at: now,
        items: Vec::new(),
        updates: Vec::new(),
        notices: Vec::new(),
        waiting: 0,
        summary: None,
    };
    channel.send(post, Attempt { message: &message, now, prior_attempts: 0 }).await.map(drop)
}
