//! Why an alert was not sent at once. Pure.

use super::ChannelPolicy;
use crate::store::HeldAlert;

/// What held an alert back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The channel was notified of the story within `cool_down`.
    CoolDown,
    /// The text was older than `max_age`, so the alert went into a digest.
    Age,
}

/// What held `alert` back in the channel of `policy`, if it was one of these.
#[must_use]
pub fn held_by(policy: &ChannelPolicy, alert: &HeldAlert) -> Option<Held> {
    let is_old = alert.published_at.is_some_and(|at| at + policy.max_age < alert.created_at);
    if policy.instant.is_some() && !alert.is_instant && is_old {
        Some(Held::Age)
    } else if alert.is_change && alert.is_instant && alert.due_at > alert.created_at {
        Some(Held::CoolDown)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    #[test]
    fn a_change_waits_for_the_cool_down_and_an_old_text_for_the_digest() {
        let policy = ChannelPolicy::new("phone");
        let at: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let alert = HeldAlert {
            channel: "phone".to_owned(),
            created_at: at,
            due_at: at + SignedDuration::from_hours(3),
            is_instant: true,
            is_change: true,
            published_at: Some(at),
        };
        assert_eq!(held_by(&policy, &alert), Some(Held::CoolDown));
        assert_eq!(held_by(&policy, &HeldAlert { due_at: at, ..alert.clone() }), None);
        let old = HeldAlert {
            is_instant: false,
            is_change: false,
            published_at: Some(at - SignedDuration::from_hours(7)),
            ..alert
        };
        assert_eq!(held_by(&policy, &old), Some(Held::Age));
        assert_eq!(held_by(&policy, &HeldAlert { published_at: Some(at), ..old }), None);
    }
}
