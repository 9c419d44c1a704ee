//! The progress bar of a cycle, on a terminal's stderr.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use url::Url;

use crate::cycle::Progress;

#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    slowest: Mutex<Duration>,
}

impl Bar {
    /// A bar on stderr, hidden if not `visible`; removed when dropped.
    pub fn new(visible: bool) -> Self {
        let bar = if visible { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} visits, {elapsed}  {wide_msg}");
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, slowest: Mutex::new(Duration::ZERO) }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn planned(&self, visits: usize) {
        self.bar.inc_length(visits as u64);
    }

    fn visited(&self, name: &str, took: Duration) {
        self.bar.inc(1);
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        if took > *slowest {
            *slowest = took;
            let url = Url::parse(name).ok();
            let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
            self.bar.set_message(format!("slowest {host} {} ms", took.as_millis()));
        }
    }
}
