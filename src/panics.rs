//! Catches panics of libraries on unexpected input: they cost one document, not the run.
//!
//! Their messages are not printed, because they may quote the input with terminal control characters.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}
static HOOK: Once = Once::new();

/// Runs `work`; `None`, and nothing on stderr, where it panics. Other panics go to the previous hook.
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
    fn a_panic_gives_none_and_later_panics_are_reported() {
        assert_eq!(catch_panic(|| 7), Some(7));
        assert_eq!(catch_panic(|| catch_panic(|| -> u8 { panic!("odd") })), Some(None));
        assert_eq!(catch_panic(|| -> u8 { panic!("odd") }), None);
        assert!(!QUIET.get());
    }
}
