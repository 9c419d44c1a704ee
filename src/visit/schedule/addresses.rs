//! The addresses of a source with mirrors: which one is requested, and how an answer changes their stored states. Pure.
//!
//! The rules: docs/guide/mirrors.md.

use jiff::Timestamp;

use super::{PollBounds, SLACK, back_off};
use crate::model::{AddressState, FailureKind, Source, SourceState};

/// The addresses of `source` with their stored states, in the order in which they are tried. The first one of a source
/// that had no mirrors so far has the validators of the source.
pub fn addresses(source: &Source, state: &SourceState) -> Vec<AddressState> {
    let known = |url: &String| state.addresses.iter().find(|address| address.url == *url).cloned();
    let new = |url: &String| AddressState { url: url.clone(), ..AddressState::default() };
    let first = || match state.addresses.as_slice() {
        [] => AddressState { failures: 0, last_failure: None, ..AddressState::of(&source.url, state) },
        _ => new(&source.url),
    };
    let first = known(&source.url).unwrap_or_else(first);
    let mirrors = source.addresses().skip(1).map(|url| known(url).unwrap_or_else(|| new(url)));
    [first].into_iter().chain(mirrors).collect()
}

/// When one of the addresses may be requested, given the pause of the host of each; `None` for now or before.
pub fn next_address(
    source: &Source,
    state: &SourceState,
    pause: impl Fn(&str) -> Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let waits = addresses(source, state).into_iter().filter(|address| !address.is_gone());
    let waits = waits.map(|address| address.wait(now).max(pause(&address.url)).filter(|until| *until > now));
    waits.min().flatten()
}

impl AddressState {
    /// The part of `state` that belongs to the address that was requested, which is `url`.
    fn of(url: &str, state: &SourceState) -> Self {
        Self {
            url: url.to_owned(),
            validators: state.validators.clone(),
            validators_url: state.validators_url.clone(),
            rules: state.rules,
            body_hash: state.body_hash,
            unmodified_since: state.unmodified_since,
            plain_get_at: state.plain_get_at,
            answered_at: state.succeeded_at,
            not_before: None,
            due_at: None,
            failures: state.failures,
            last_failure: state.last_failure.clone(),
        }
    }

    /// Whether it answered 410: it is not requested again.
    pub fn is_gone(&self) -> bool {
        self.last_failure == Some(FailureKind::Gone)
    }

    /// Until when it is not requested: the wait that its server asked for, or the delay after failures.
    pub fn wait(&self, now: Timestamp) -> Option<Timestamp> {
        let delay = self.due_at.filter(|at| *at > now + SLACK);
        self.not_before.max(delay).filter(|until| *until > now)
    }

    /// The state of the source as a visit of this address sees it. A source that was forgotten has no validators.
    pub fn view(&self, source: &SourceState) -> SourceState {
        let own = if source.first_read_at.is_some() { self.clone() } else { Self::default() };
        SourceState {
            validators: own.validators,
            validators_url: own.validators_url,
            rules: own.rules,
            body_hash: own.body_hash,
            unmodified_since: own.unmodified_since,
            plain_get_at: own.plain_get_at,
            failures: self.failures,
            last_failure: self.last_failure.clone(),
            addresses: Vec::new(),
            ..source.clone()
        }
    }

    /// After a visit of this address that ended with `after`.
    pub fn answered(&mut self, after: &SourceState) {
        *self = Self::of(&self.url, after);
    }

    /// The same for a failure: the validators stay.
    pub fn failed(&mut self, after: &SourceState) {
        self.failures = after.failures;
        self.last_failure.clone_from(&after.last_failure);
        (self.not_before, self.due_at) = (after.not_before, after.due_at);
    }
}

/// The state of a source one of whose addresses answered: that of the visit, `after`. Only a move of the first address
/// concerns the settings.
pub fn one_answered(
    before: &SourceState,
    after: SourceState,
    is_first: bool,
    addresses: Vec<AddressState>,
) -> SourceState {
    let (moved_to, moved_seen) = if is_first {
        (after.moved_to.clone(), after.moved_seen)
    } else {
        (before.moved_to.clone(), before.moved_seen)
    };
    SourceState { moved_to, moved_seen, addresses, ..after }
}

/// The state of a source none of whose addresses answered; `after` is that of the first one that was requested. It waits
/// as after any failure, and is gone when all of them are.
pub fn none_answered(
    before: &SourceState,
    after: &SourceState,
    addresses: Vec<AddressState>,
    bounds: PollBounds,
    now: Timestamp,
) -> SourceState {
    let failures = before.failures.saturating_add(1);
    SourceState {
        checked_at: Some(now),
        status: after.status,
        mean_ms: after.mean_ms,
        failures,
        last_failure: after.last_failure.clone(),
        not_before: None,
        due_at: Some(now + back_off(bounds.min(), failures, &before.url)),
        gone_at: addresses.iter().all(AddressState::is_gone).then_some(now),
        addresses,
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::model::{Validators, samples};

    fn now() -> Timestamp {
        "2026-11-21T06:30:00Z".parse().unwrap()
    }

    fn source() -> Source {
        Source {
            also: vec!["https://mirror.example/feed".to_owned()],
            every: Some(Duration::from_mins(10)),
            ..samples::source("https://news.example/feed", "News")
        }
    }

    fn state() -> SourceState {
        SourceState {
            url: source().url,
            validators: Validators { etag: Some(b"\"a\"".to_vec()), last_modified: None },
            first_read_at: Some(now()),
            ..SourceState::default()
        }
    }

    #[test]
    fn each_address_has_its_own_validators() {
        let mut found = addresses(&source(), &state());
        assert_eq!(found[0].validators, state().validators, "those of the time before the mirror");
        assert!(found[1].view(&state()).validators.is_empty());
        let etag = Validators { etag: Some(b"\"m\"".to_vec()), last_modified: None };
        let after = SourceState {
            validators: etag.clone(),
            moved_to: Some("x".to_owned()),
            moved_seen: 3,
            ..state()
        };
        found[1].answered(&after);
        let after = one_answered(&state(), after, false, found);
        assert_eq!(
            (after.moved_to.clone(), after.moved_seen),
            (None, 0),
            "a mirror's move is not the source's"
        );
        let again = addresses(&source(), &after);
        assert_eq!((&again[0].validators, &again[1].validators), (&state().validators, &etag));
        let forgotten = SourceState { first_read_at: None, ..after };
        assert!(again[1].view(&forgotten).validators.is_empty());
    }

    #[test]
    fn a_source_waits_only_while_all_addresses_wait() {
        let later = now() + SignedDuration::from_hours(1);
        let mut state = state();
        state.addresses = addresses(&source(), &state);
        let next = |state: &SourceState, paused: &str| {
            next_address(&source(), state, |url| url.contains(paused).then_some(later), now())
        };
        state.addresses[0].not_before = Some(later);
        assert_eq!(next(&state, "nobody"), None);
        assert_eq!(next(&state, "mirror"), Some(later));
        state.addresses[1].last_failure = Some(FailureKind::Gone);
        assert_eq!(next(&state, "nobody"), Some(later), "a mirror that is gone is no way out");
        state.addresses[0].not_before = None;
        state.addresses[0].due_at = Some(now() + SLACK);
        assert_eq!(next(&state, "nobody"), None, "due within a minute is due now");
    }

    #[test]
    fn a_source_is_gone_when_all_its_addresses_are() {
        let bounds = PollBounds::of(&source(), &super::super::tests::settings());
        let after = SourceState { last_failure: Some(FailureKind::Gone), failures: 1, ..state() };
        let mut rows = addresses(&source(), &state());
        rows[0].failed(&after);
        let one = none_answered(&state(), &after, rows.clone(), bounds, now());
        assert_eq!((one.gone_at, one.failures), (None, 1));
        assert!(one.due_at > Some(now()));
        rows[1].failed(&after);
        assert_eq!(none_answered(&state(), &after, rows, bounds, now()).gone_at, Some(now()));
    }
}
