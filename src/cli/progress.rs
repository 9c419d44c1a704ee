//! The progress of a cycle, on a terminal's stderr.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use tokio::{runtime::Runtime, task::JoinHandle};

use crate::{
    clock::{Clock, SystemClock},
    cycle::{Progress, VisitKind},
    model::Detection,
    store::RunningCycle,
};

/// Interval of the line, so that a waiting time advances without news.
const TICK: Duration = Duration::from_millis(250);
/// A visit that runs for longer is named.
const LONG: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    counts: Arc<Mutex<Counts>>,
}

/// What the line says.
#[derive(Debug, Default)]
struct Counts {
    feeds: usize,
    feeds_done: usize,
    pages: usize,
    calls: usize,
    new: usize,
    /// Hosts of running visits with their start.
    running: Vec<(String, Instant)>,
}

impl Bar {
    /// A line on stderr, hidden if not `visible`; removed when dropped.
    pub fn new(visible: bool) -> Self {
        let counts = Arc::new(Mutex::new(Counts::default()));
        let shown = Arc::clone(&counts);
        let style = ProgressStyle::with_template("{counts}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("counts", move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                // The line is redrawn, so a failed write is not worth a word.
                let _ = out.write_str(&lock(&shown).line(Instant::now()));
            });
        let bar = if visible { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let bar = bar.with_style(style);
        if visible {
            bar.enable_steady_tick(TICK);
        }
        Self { bar, counts }
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes the counts of a cycle into its state folder, from its third second on, so that it costs short cycles nothing.
#[derive(Debug)]
pub struct StatusFile {
    dir: PathBuf,
    task: JoinHandle<()>,
}

impl StatusFile {
    /// Writes each second until dropped, then removes the file.
    pub fn start(runtime: &Runtime, dir: &Path, bar: &Bar) -> Self {
        let (folder, counts) = (dir.to_owned(), Arc::clone(&bar.counts));
        let started_at = SystemClock.now();
        let task = runtime.spawn(async move {
            SystemClock.sleep(LONG).await;
            loop {
                let running = lock(&counts).running(started_at, SystemClock.now(), Instant::now());
                running.write(&folder);
                SystemClock.sleep(Duration::from_secs(1)).await;
            }
        });
        Self { dir: dir.to_owned(), task }
    }
}

impl Drop for StatusFile {
    fn drop(&mut self) {
        self.task.abort();
        RunningCycle::remove(&self.dir);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Counts {
    /// `Fetching 37/40 feeds, 12 pages, 8 new, waiting for 127.0.1.11 (9 s)`.
    fn line(&self, now: Instant) -> String {
        let mut text = format!("Fetching {}/{} feeds", self.feeds_done, self.feeds);
        let pages = if self.pages == 1 { "page" } else { "pages" };
        for (number, word) in [(self.pages, pages), (self.calls, "calls to X"), (self.new, "new")] {
            if number > 0 {
                text.push_str(&format!(", {number} {word}"));
            }
        }
        if let Some((time, host)) = self.longest_wait(now) {
            text.push_str(&format!(", waiting for {host} ({} s)", time.as_secs()));
        }
        text
    }

    /// The host that is waited for longest, if for long.
    fn longest_wait(&self, now: Instant) -> Option<(Duration, String)> {
        let waited =
            |(host, start): &(String, Instant)| (now.saturating_duration_since(*start), host.clone());
        self.running.iter().map(waited).max().filter(|(time, _)| *time >= LONG)
    }

    fn running(&self, started_at: Timestamp, written_at: Timestamp, now: Instant) -> RunningCycle {
        let wait = self.longest_wait(now);
        RunningCycle {
            started_at,
            written_at,
            feeds: self.feeds,
            feeds_done: self.feeds_done,
            pages: self.pages,
            x_calls: self.calls,
            new: self.new,
            waiting_s: wait.as_ref().map_or(0, |(time, _)| time.as_secs()),
            waiting_for: wait.map(|(_, host)| host),
        }
    }
}

impl Progress for Bar {
    fn planned(&self, visit: VisitKind) {
        lock(&self.counts).feeds += usize::from(visit == VisitKind::Feed);
    }

    fn started(&self, host: &str) {
        lock(&self.counts).running.push((host.to_owned(), Instant::now()));
    }

    fn finished(&self, visit: VisitKind, host: &str) {
        let mut counts = lock(&self.counts);
        if let Some(at) = counts.running.iter().position(|(running, _)| running == host) {
            counts.running.swap_remove(at);
        }
        match visit {
            VisitKind::Feed => counts.feeds_done += 1,
            VisitKind::Page => counts.pages += 1,
            VisitKind::X => counts.calls += 1,
        }
    }

    fn found(&self, _: &Detection, joined: bool) {
        lock(&self.counts).new += usize::from(!joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_counts_and_names_the_longest_wait() {
        let bar = Bar::new(false);
        for _ in 0..3 {
            bar.planned(VisitKind::Feed);
        }
        bar.started("a.example");
        bar.started("127.0.1.11");
        bar.finished(VisitKind::Feed, "a.example");
        bar.planned(VisitKind::Page);
        bar.started("a.example");
        let now = lock(&bar.counts).running[0].1;
        assert_eq!(lock(&bar.counts).line(now), "Fetching 1/3 feeds");
        bar.finished(VisitKind::Page, "a.example");
        let later = now + Duration::from_secs(9);
        assert_eq!(lock(&bar.counts).line(later), "Fetching 1/3 feeds, 1 page, waiting for 127.0.1.11 (9 s)");
        let start = Timestamp::UNIX_EPOCH;
        let running = lock(&bar.counts).running(start, start, later);
        assert_eq!((running.feeds, running.feeds_done, running.pages), (3, 1, 1));
        assert_eq!((running.waiting_for.as_deref(), running.waiting_s), (Some("127.0.1.11"), 9));
        bar.finished(VisitKind::Feed, "127.0.1.11");
        assert_eq!(lock(&bar.counts).line(later), "Fetching 2/3 feeds, 1 page");
    }
}
