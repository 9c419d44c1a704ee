//! Foreign code over odd input: a panic there costs what was being read, not the run.
//!
//! Quiet, because what a foreign panic says may quote the input, with whatever steers a terminal in it.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}
static HOOK: Once = Once::new();

/// Has `work` done; `None`, and nothing on stderr, where it panicked.
///
/// Panics outside go on to the hook that was set before the first call.
pub fn shielded<T>(work: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    QUIET.set(before);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_gives_nothing_and_leaves_the_next_one_loud() {
        assert_eq!(shielded(|| 7), Some(7));
        assert_eq!(shielded(|| shielded(|| -> u8 { panic!("odd") })), Some(None));
        assert_eq!(shielded(|| -> u8 { panic!("odd") }), None);
        assert!(!QUIET.get());
    }
}
