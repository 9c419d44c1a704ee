//! How many expired rows a clean-up deletes: as many as came in and more, in small transactions. Pure.

use std::time::Duration;

/// Rows that a clean-up handles although nothing came in, so that a backlog ends.
const AT_LEAST: u64 = 2_000;
/// Rows that a clean-up handles for each row that came in. With one, the backlog of a busy time would stay as long as rows
/// come in; with two, it ends.
const FOR_EACH: u64 = 2;
/// Rows of each kind in the first transaction, before its time is known.
const FIRST_STEP: usize = 500;
/// Bounds of the rows of each kind in one transaction.
const STEPS: (usize, usize) = (50, 5_000);
/// Time that one transaction should take. Other processes wait for it, and so does a signal to stop.
const STEP_TIME: Duration = Duration::from_millis(50);

/// What one transaction of a clean-up did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pruned {
    pub deleted: u64,
    /// Rows that had expired and are kept, because their feed may still contain them.
    pub renewed: u64,
    /// Whether no expired row is left.
    pub is_done: bool,
    pub took: Duration,
}

impl Pruned {
    /// What remains of `inflow`, the rows that came in and are not answered by deletions.
    pub fn unanswered(&self, inflow: u64) -> u64 {
        if self.is_done { 0 } else { inflow.saturating_sub((self.deleted + self.renewed) / FOR_EACH) }
    }
}

/// The rest of a clean-up.
///
/// Rows expire after a fixed age. Let `s` be the last time without expired rows: what has expired since came in during the
/// age before `s`, or since `s`, and the latter is at most half of what was deleted since `s`. So there are never more
/// expired rows than came in during one age, whatever the order of busy and quiet times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CleanUp {
    left: u64,
    step: usize,
}

impl CleanUp {
    /// After `inflow` rows came in since the last clean-up.
    pub fn after(inflow: u64) -> Self {
        Self { left: inflow.saturating_mul(FOR_EACH).max(AT_LEAST), step: FIRST_STEP }
    }

    /// Everything that has expired.
    pub fn of_everything() -> Self {
        Self { left: u64::MAX, step: FIRST_STEP }
    }

    /// The rows of each kind that the next transaction may handle; `None` if there is none.
    pub fn next_step(&self) -> Option<usize> {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        (left > 0).then(|| left.min(self.step))
    }

    /// The transaction is complete.
    pub fn record(&mut self, done: &Pruned) {
        self.left = if done.is_done { 0 } else { self.left.saturating_sub(done.deleted + done.renewed) };
        let (least, most) = STEPS;
        let scaled = self.step as u128 * STEP_TIME.as_micros() / done.took.as_micros().max(1);
        // At most double: the next rows may cost more.
        self.step = usize::try_from(scaled).unwrap_or(usize::MAX).min(self.step * 2).clamp(least, most);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// The expired rows after each clean-up. Cycle by cycle `inflow` rows come in, which expire `age` cycles later; the
    /// cycles whose number is in `killed` end without a clean-up.
    fn backlogs(inflow: &[u64], age: usize, killed: &[usize]) -> Vec<u64> {
        let (mut expired, mut unanswered, mut backlogs) = (0, 0, Vec::new());
        for (cycle, rows) in inflow.iter().enumerate() {
            unanswered += rows;
            expired += cycle.checked_sub(age).map_or(0, |at| inflow[at]);
            if killed.contains(&cycle) {
                continue;
            }
            let mut clean_up = CleanUp::after(unanswered);
            while let Some(step) = clean_up.next_step() {
                let deleted = expired.min(step as u64);
                expired -= deleted;
                let took = Duration::from_micros(10 * deleted);
                let done = Pruned { deleted, renewed: 0, is_done: deleted < step as u64, took };
                unanswered = done.unanswered(unanswered);
                clean_up.record(&done);
            }
            backlogs.push(expired);
        }
        backlogs
    }

    fn most_in_one_age(inflow: &[u64], age: usize) -> u64 {
        (0..inflow.len()).map(|at| inflow[at..(at + age).min(inflow.len())].iter().sum()).max().unwrap_or(0)
    }

    #[test]
    fn after_a_steady_inflow_no_expired_rows_are_left() {
        for rows in [1_900, 100_000, 3_000_000] {
            assert_eq!(backlogs(&vec![rows; 200], 30, &[]), vec![0; 200], "{rows} rows a cycle");
        }
    }

    #[test]
    fn the_rows_of_a_first_cycle_end_beside_a_steady_inflow() {
        // 100,000 feeds of 30 entries, then 11 entries a feed and day, in 144 cycles a day.
        let (age, steady) = (14 * 144, 7_639);
        let inflow: Vec<u64> = [3_000_000].into_iter().chain(vec![steady; 20 * 144]).collect();
        let backlogs = backlogs(&inflow, age, &[]);
        let over = backlogs.iter().skip(age).position(|expired| *expired == 0).unwrap();
        assert_eq!((backlogs[age - 1], over), (0, 391), "2.7 days");
    }

    proptest! {
        #[test]
        fn the_backlog_is_never_more_than_came_in_during_one_age(
            inflow in vec(prop_oneof![3 => Just(0_u64), 3 => 0_u64..5_000, 1 => 0_u64..1_000_000], 1..250),
            age in 1_usize..60,
            killed in vec(0_usize..250, 0..40),
        ) {
            let worst = backlogs(&inflow, age, &killed).into_iter().max().unwrap_or(0);
            let most = most_in_one_age(&inflow, age);
            prop_assert!(worst <= most, "{worst} expired rows, {most} came in during one age");
        }

        #[test]
        fn steps_become_shorter_where_transactions_take_long(took_ms in 0_u64..100_000) {
            let mut clean_up = CleanUp::of_everything();
            let done = Pruned {
                deleted: 500, renewed: 0, is_done: false, took: Duration::from_millis(took_ms),
            };
            clean_up.record(&done);
            let next = clean_up.next_step().unwrap();
            prop_assert!((STEPS.0..=2 * FIRST_STEP).contains(&next));
            prop_assert_eq!(next < FIRST_STEP, took_ms > 50);
        }
    }

    #[test]
    fn a_clean_up_ends_when_nothing_is_left_or_its_share_is_done() {
        let step = |deleted, is_done| Pruned { deleted, renewed: 0, is_done, took: STEP_TIME };
        let mut clean_up = CleanUp::after(0);
        clean_up.record(&step(500, false));
        assert_eq!(clean_up.next_step(), Some(500));
        clean_up.record(&step(1_500, false));
        assert_eq!(clean_up.next_step(), None);
        let mut all = CleanUp::of_everything();
        all.record(&step(1_000_000, false));
        assert_eq!(all.next_step(), Some(500));
        all.record(&step(3, true));
        assert_eq!(all.next_step(), None);
        assert_eq!((step(500, false).unanswered(400), step(500, true).unanswered(400)), (150, 0));
    }
}
