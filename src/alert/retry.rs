//! The effect of an attempt: when the channel is tried again, and when a message is given up. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::channels::{Arrived, Refusal};
use crate::model::{ChannelState, OpenMessage, Settled};

/// Waits after consecutive failures (Standard Webhooks 1.0; docs/reference/formats.md#delivery-retries).
const WAITS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];
/// The longest wait that a service can impose, as with `Retry-After` of a feed's host.
pub const LONGEST: Duration = Duration::from_hours(24);
/// Wait for "slow down" without a time.
const SLOW: Duration = Duration::from_mins(1);
/// Attempts on a message that the service rejects for good: a single rejection may be the service's own error.
const REJECTIONS: u32 = 3;

/// The result to store after an attempt: of the message and of its channel. A message is given up `give_up_after` its
/// creation.
pub fn settle(
    state: &ChannelState,
    message: &OpenMessage,
    result: &Result<Arrived, Refusal>,
    give_up_after: Duration,
    now: Timestamp,
) -> (Settled, ChannelState) {
    let mut next = state.clone();
    let refusal = match result {
        Ok(arrived) => {
            next.not_before = arrived.pause.map(|pause| now + pause.min(LONGEST));
            next.failures = 0;
            next.failing_since = None;
            next.last_error = None;
            next.sent_at = Some(now);
            return (Settled::Delivered, next);
        }
        Err(refusal) => refusal,
    };
    let error = refusal.to_string();
    next.last_error = Some(error.clone());
    // The current attempt is not in `tries`.
    let rejected = matches!(refusal, Refusal::Rejected(_)) && message.tries + 1 >= REJECTIONS;
    if rejected || message.created_at + give_up_after <= now {
        return (Settled::GivenUp { error }, next);
    }
    let wait = match refusal {
        Refusal::Slow { wait, .. } => wait.unwrap_or(SLOW).min(LONGEST),
        Refusal::Rejected(_) => WAITS[1],
        Refusal::Later(_) | Refusal::Broken(_) => {
            next.failures = state.failures.saturating_add(1);
            next.failing_since = state.failing_since.or(Some(now));
            WAITS[usize::try_from(state.failures).unwrap_or(usize::MAX).min(WAITS.len() - 1)]
        }
    };
    next.broken = matches!(refusal, Refusal::Broken(_));
    // A rejected message does not stop the others.
    if !matches!(refusal, Refusal::Rejected(_)) {
        next.not_before = Some(now + wait);
    }
    (Settled::Again { next_try: now + wait, error }, next)
}

/// The stored time `until`; `None` if it is further ahead of `now` than any wait. Version 0.1.0 stored
/// the waits of some services without a limit.
pub fn believable(until: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    until.filter(|until| *until <= now + LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::now;

    /// The built-in `alerts.give_up_after`.
    const PATIENCE: Duration = Duration::from_hours(75);

    fn open(tries: u32) -> OpenMessage {
        OpenMessage {
            id: "m".to_owned(),
            channel: "a".to_owned(),
            created_at: now(),
            document: String::new(),
            tries,
            next_try: now(),
        }
    }

    #[test]
    fn waits_follow_the_standard_and_end() {
        let (mut state, mut at, mut waits) = (ChannelState::default(), now(), Vec::new());
        loop {
            let (settled, next) = settle(
                &state,
                &open(waits.len().try_into().unwrap()),
                &Err(Refusal::Later("x".to_owned())),
                PATIENCE,
                at,
            );
            let Settled::Again { next_try, .. } = settled else { break };
            waits.push(next_try.duration_since(at).as_secs());
            (state, at) = (next, next_try);
        }
        assert_eq!(waits, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!((state.failures, state.failing_since), (9, Some(now())));
        let (_, well) = settle(&state, &open(1), &Ok(Arrived::default()), PATIENCE, at);
        assert_eq!((well.failures, well.failing_since, well.not_before), (0, None, None));
    }

    #[test]
    fn a_message_is_given_up_after_the_time_of_the_settings() {
        let later = Err(Refusal::Later("x".to_owned()));
        let after = |hours: u64| {
            let at = now() + Duration::from_hours(hours);
            settle(&ChannelState::default(), &open(2), &later, Duration::from_hours(48), at).0
        };
        assert!(matches!(after(47), Settled::Again { .. }));
        assert!(matches!(after(48), Settled::GivenUp { .. }));
    }

    #[test]
    fn slow_down_is_obeyed_and_is_no_failure() {
        let slow = Err(Refusal::Slow { wait: Some(Duration::from_secs(42)), message: "x".to_owned() });
        let (settled, state) = settle(&ChannelState::default(), &open(0), &slow, PATIENCE, now());
        let until = now() + Duration::from_secs(42);
        assert_eq!(settled, Settled::Again { next_try: until, error: "x".to_owned() });
        assert_eq!((state.failures, state.not_before), (0, Some(until)));
    }

    #[test]
    fn no_service_silences_a_channel_for_longer_than_a_day() {
        for long in [LONGEST + Duration::from_secs(1), Duration::from_hours(87_600), Duration::MAX] {
            let slow = Err(Refusal::Slow { wait: Some(long), message: "x".to_owned() });
            let (settled, state) = settle(&ChannelState::default(), &open(0), &slow, PATIENCE, now());
            assert_eq!(state.not_before, Some(now() + LONGEST));
            assert_eq!(settled, Settled::Again { next_try: now() + LONGEST, error: "x".to_owned() });
            let paused = Ok(Arrived { pause: Some(long) });
            let (_, state) = settle(&ChannelState::default(), &open(0), &paused, PATIENCE, now());
            assert_eq!(state.not_before, Some(now() + LONGEST));
        }
    }

    #[test]
    fn a_stored_wait_that_is_longer_than_a_day_is_ignored() {
        let day = now() + LONGEST;
        assert_eq!(believable(Some(day), now()), Some(day));
        assert_eq!(believable(Some(day + Duration::from_secs(1)), now()), None);
        assert_eq!(believable(None, now()), None);
    }

    #[test]
    fn a_refused_message_is_given_up_and_a_refused_channel_is_left_alone() {
        let rejected = Err(Refusal::Rejected("too odd".to_owned()));
        let (first, state) = settle(&ChannelState::default(), &open(0), &rejected, PATIENCE, now());
        assert!(matches!(first, Settled::Again { .. }) && state.not_before.is_none() && !state.broken);
        assert!(matches!(settle(&state, &open(2), &rejected, PATIENCE, now()).0, Settled::GivenUp { .. }));
        let (_, state) = settle(&state, &open(0), &Err(Refusal::Broken("gone".to_owned())), PATIENCE, now());
        assert!(state.broken);
    }
}
