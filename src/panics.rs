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
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let previous_hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                previous_hook(info);
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
        assert_eq!(catch_panic(|| 7), Some(7));
        assert_eq!(catch_panic(|| catch_panic(|| -> u8 { panic!("odd") })), Some(None));
        assert_eq!(catch_panic(|| -> u8 { panic!("odd") }), None);
        assert!(!QUIET.get());
    }
}
