//! The class of a detection (docs/reference/outputs.md#class).

use super::Priority;
use crate::model::{Class, Stage, Verdict};

/// Score from which a detection is high.
const HIGH: u8 = 75;
/// Score from which a watched project's may be critical.
const CRITICAL: u8 = 80;

/// The class of a verdict that `outlets` independent outlets report; `priority` is the watched project's.
#[must_use]
pub fn class(verdict: &Verdict, priority: Option<Priority>, outlets: usize) -> Class {
    let timely = verdict.stage == Some(Stage::Live) || verdict.event_date.is_some();
    let trusted = verdict.official || outlets >= 2;
    let important = verdict.watched && priority != Some(Priority::Low);
    if verdict.rumour || !verdict.cautions.is_empty() {
        Class::Low
    } else if important && verdict.score >= CRITICAL && timely && trusted {
        Class::Critical
    } else if verdict.score >= HIGH && (verdict.watched || !verdict.paid) {
        Class::High
    } else {
        // Paid placement is true by definition and worth little.
        Class::Medium
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict() -> Verdict {
        Verdict { tge: true, score: 90, stage: Some(Stage::Live), ..Verdict::default() }
    }

    #[test]
    fn a_rumour_is_always_low() {
        let rumour = Verdict { rumour: true, watched: true, official: true, ..verdict() };
        assert_eq!(class(&rumour, Some(Priority::High), 5), Class::Low);
    }

    #[test]
    fn paid_placement_stays_medium_unless_watched() {
        assert_eq!(class(&Verdict { paid: true, ..verdict() }, None, 9), Class::Medium);
        assert_eq!(
            class(&Verdict { paid: true, watched: true, ..verdict() }, Some(Priority::Low), 1),
            Class::High
        );
    }

    #[test]
    fn critical_needs_a_watched_project_a_time_and_a_trusted_voice() {
        let watched = Verdict { watched: true, ..verdict() };
        assert_eq!(class(&watched, Some(Priority::High), 1), Class::High);
        assert_eq!(class(&watched, Some(Priority::High), 2), Class::Critical);
        assert_eq!(
            class(&Verdict { official: true, ..watched.clone() }, Some(Priority::Normal), 1),
            Class::Critical
        );
        let undated = Verdict { stage: Some(Stage::Upcoming), ..watched };
        assert_eq!(class(&undated, Some(Priority::High), 3), Class::High);
        assert_eq!(class(&Verdict { score: 70, ..verdict() }, None, 3), Class::Medium);
    }
}
