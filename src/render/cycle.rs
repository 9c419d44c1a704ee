//! A finished cycle in a few lines: what it found, what failed and why, whom it notified.

use std::collections::BTreeMap;

use super::{plain, report, style::Style, updates};
use crate::{
    figures::{CycleReport, report::SourceFigures},
    model::{FailureKind, SourceStatus},
    store::StoryUpdate,
};

/// New stories shown at a terminal; more are counted.
const NEW: usize = 10;
/// Changed stories shown at a terminal.
const CHANGED: usize = 5;
/// Failing sources that are named in one sentence; more are counted by cause.
const NAMED: usize = 3;

/// A finished cycle and what is shown of it.
#[derive(Debug)]
pub struct Summary<'a> {
    pub report: &'a CycleReport,
    /// Stories that the cycle found or changed, most important first.
    pub updates: &'a [StoryUpdate],
    /// Alerts delivered, by channel.
    pub sent: &'a BTreeMap<String, u64>,
    /// Messages that failed and that were given up.
    pub unsent: (u64, u64),
    /// Names of sources by address.
    pub names: &'a BTreeMap<String, String>,
    /// Sentences of failed sources by address.
    pub failures: &'a BTreeMap<String, String>,
    /// Whether each new story is of the first fetch of a source, which sends no alerts.
    pub first_look: bool,
    pub dry_run: bool,
}

fn failing(report: &CycleReport) -> Vec<&SourceFigures> {
    let failed = |source: &&SourceFigures| match source.outcome {
        SourceStatus::Failed => true,
        // It is not asked because it failed lately, or the cycle ended first.
        SourceStatus::Waiting => source.failure.is_some(),
        _ => false,
    };
    report.sources.iter().filter(failed).collect()
}

fn kind_of(source: &SourceFigures) -> FailureKind {
    FailureKind::from(source.failure.as_deref().unwrap_or_default())
}

/// Why sources failed, in one sentence; `None` if none did. A single one has its sentence of `failures`, which names a
/// setting to change.
pub fn failure_sentence(
    report: &CycleReport,
    names: &BTreeMap<String, String>,
    failures: &BTreeMap<String, String>,
) -> Option<String> {
    let failing = failing(report);
    let total = report.sources.len();
    if failing.is_empty() {
        return None;
    }
    let mut causes: BTreeMap<String, usize> = BTreeMap::new();
    let mut network = 0;
    for source in &failing {
        let kind = kind_of(source);
        network += usize::from(is_network(&kind));
        *causes.entry(cause(&kind)).or_default() += 1;
    }
    let mut causes: Vec<(String, usize)> = causes.into_iter().collect();
    causes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let counted: Vec<String> = causes.iter().map(|(cause, number)| format!("{cause} {number}")).collect();
    let counted = counted.join(", ");
    let number = failing.len();
    let feeds = if total == 1 { "feed" } else { "feeds" };
    let all_wait = failing.iter().all(|source| source.outcome == SourceStatus::Waiting);
    let failed = if all_wait { "wait after failures" } else { "failed" };
    Some(if number == total && network == number {
        format!("no network? {number} of {total} {feeds} {failed}: {counted}. Try: doctor --online")
    } else if number <= NAMED {
        let name = |source: &&SourceFigures| {
            let kind = kind_of(source);
            let name = names.get(&source.url).map_or(source.url.as_str(), String::as_str);
            let own = failures.get(&source.url).filter(|_| number == 1);
            format!("{}: {}", plain(name), own.map_or_else(|| cause(&kind), |sentence| plain(sentence)))
        };
        let named: Vec<String> = failing.iter().map(name).collect();
        format!("{number} of {total} {feeds} {failed}: {}. See: feed list --failing", named.join("; "))
    } else {
        format!("{number} of {total} {feeds} {failed}: {counted}. See: feed list --failing")
    })
}

/// Whether a missing network fails like this.
fn is_network(kind: &FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Dns
            | FailureKind::Connect
            | FailureKind::ConnectTimeout
            | FailureKind::IdleTimeout
            | FailureKind::TotalTimeout
            | FailureKind::Reset
    )
}

/// A failure in a word or two.
pub fn cause(kind: &FailureKind) -> String {
    let words = match kind {
        FailureKind::Dns => "DNS",
        FailureKind::ConnectTimeout | FailureKind::IdleTimeout | FailureKind::TotalTimeout => "timeout",
        FailureKind::Connect => "no connection",
        FailureKind::Tls => "TLS",
        FailureKind::Gone => "removed (410)",
        FailureKind::NotFound => "not found (404)",
        FailureKind::RateLimited => "rate limit (429)",
        FailureKind::Unavailable => "unavailable (503)",
        FailureKind::HostPaused => "host paused",
        FailureKind::Challenge => "challenge page",
        FailureKind::Status => "error status",
        FailureKind::NotAFeed => "not a feed",
        FailureKind::Other(name) if name.is_empty() => "unknown",
        other => return plain(&other.as_ref().replace('_', " ")),
    };
    words.to_owned()
}

impl Summary<'_> {
    /// At a terminal without `-v`: at most 25 lines.
    pub fn short(&self, style: Style) -> String {
        let (new, changed): (Vec<StoryUpdate>, Vec<StoryUpdate>) =
            self.updates.iter().cloned().partition(|update| update.is_new);
        let mut shown: Vec<StoryUpdate> = new.iter().take(NEW).cloned().collect();
        shown.extend(changed.iter().take(CHANGED).cloned());
        let mut text = updates::lines(&shown, 1, style);
        let more = self.updates.len() - shown.len();
        if more > 0 && !self.dry_run {
            text.push_str(&format!(" {more} more: events\n"));
        } else if more > 0 {
            text.push_str(&format!(" {more} more: cycle --dry-run -v\n"));
        }
        text + &self.sent_line(" ") + &self.closing()
    }

    /// With `-v`: every failure and every story.
    pub fn long(&self, style: Style) -> String {
        let (feeds, entries, report) = (&self.report.feeds, &self.report.entries, self.report);
        let mut parts = vec![format!("{} new", feeds.fetched), format!("{} unchanged", feeds.not_modified)];
        for (number, word) in [(feeds.fresh, "not due"), (feeds.waiting, "waiting"), (feeds.failed, "failed")]
        {
            parts.extend((number > 0).then(|| format!("{number} {word}")));
        }
        let http = &report.http;
        let mut text = format!(
            " Fetched   {} feeds: {}; {} over {}\n Read      {} ({}, {} of them dropped before)\n",
            feeds.total,
            parts.join(", "),
            count(http.requests, "request", "requests"),
            count(http.connections_opened, "connection", "connections"),
            count(report.articles.fetched, "page", "pages"),
            count(entries.new, "new entry", "new entries"),
            entries.dropped_early,
        );
        for source in failing(report) {
            let name = self.names.get(&source.url).map_or(source.url.as_str(), String::as_str);
            let kind = kind_of(source);
            let sentence = self.failures.get(&source.url).cloned().unwrap_or_else(|| cause(&kind));
            text.push_str(&format!("   FAIL    {}  {}\n", plain(name), plain(&sentence)));
        }
        text + &updates::lines(self.updates, 3, style) + &self.sent_line("   ") + &self.closing()
    }

    /// Whom the cycle notified, in one line; nothing where it notified nobody.
    fn sent_line(&self, margin: &str) -> String {
        let mut parts: Vec<String> =
            self.sent.iter().map(|(channel, number)| format!("{} {number}", plain(channel))).collect();
        let (failed, given_up) = self.unsent;
        parts.extend((failed > 0).then(|| format!("{failed} messages failed and are sent again")));
        parts.extend((given_up > 0).then(|| format!("{given_up} messages given up")));
        if parts.is_empty() { String::new() } else { format!("{margin}SENT    {}\n", parts.join(", ")) }
    }

    /// The last line, as cargo has one; X in lines of its own.
    fn closing(&self) -> String {
        let report = self.report;
        let stories = count(report.stories.new, "new story", "new stories");
        let changed = self.updates.iter().filter(|update| !update.is_new).count() as u64;
        let mut parts = vec![stories];
        parts.extend((changed > 0).then(|| format!("{changed} changed")));
        if !self.dry_run {
            let alerts = count(self.sent.values().sum(), "alert", "alerts");
            let why = if self.first_look { " (first look)" } else { "" };
            parts.push(format!("{alerts}{why}"));
        }
        parts.push(format!("{} failing", failing(report).len()));
        let late = if report.cycle.deadline_hit { ", out of time" } else { "" };
        let (word, end) = if self.dry_run { ("Dry run of", "; nothing saved") } else { ("Finished", "") };
        let text = format!(
            " {word} {} in {}{late}: {}{end}\n",
            count(report.feeds.total, "feed", "feeds"),
            took(report.cycle.duration_ms),
            parts.join(", ")
        );
        let x: String = report::x_lines(report).iter().map(|line| format!(" {line}\n")).collect();
        text + &x
    }
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `0.8 s`, `15.0 s`, `2 min 5 s`.
fn took(ms: u64) -> String {
    match ms {
        0..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        figures::report::{CycleFigures, FeedFigures, StoryFigures},
        render::samples,
    };

    fn report(failures: &[(SourceStatus, &str)], healthy: usize) -> CycleReport {
        let failed = failures.iter().map(|(outcome, failure)| (*outcome, Some((*failure).to_owned())));
        let sources = failed.chain((0..healthy).map(|_| (SourceStatus::Fetched, None)));
        let source = |(at, (outcome, failure)): (usize, (SourceStatus, Option<String>))| SourceFigures {
            url: format!("https://f{at}.example/"),
            outcome,
            failure,
            ..SourceFigures::default()
        };
        let sources: Vec<SourceFigures> = sources.enumerate().map(source).collect();
        CycleReport {
            cycle: CycleFigures { duration_ms: 845, ..CycleFigures::default() },
            feeds: FeedFigures { total: sources.len() as u64, ..FeedFigures::default() },
            stories: StoryFigures { new: 80, updated: 9 },
            sources,
            ..CycleReport::default()
        }
    }

    fn sentence(failures: &[(SourceStatus, &str)], healthy: usize) -> String {
        let names = BTreeMap::from([("https://f0.example/".to_owned(), "Ledger Post".to_owned())]);
        let too_large = "the body is larger than http.feed_body_limit (5MiB) allows";
        let said = match failures {
            [(_, "too_large")] => BTreeMap::from([("https://f0.example/".to_owned(), too_large.to_owned())]),
            _ => BTreeMap::new(),
        };
        failure_sentence(&report(failures, healthy), &names, &said).unwrap_or_default()
    }

    #[test]
    fn failures_are_grouped_by_cause() {
        use SourceStatus::{Failed, Waiting};
        let (dns, slow) = ((Failed, "dns"), (Failed, "idle_timeout"));
        assert_eq!(sentence(&[], 3), "");
        assert_eq!(
            sentence(&[dns, dns, slow, (Failed, "total_timeout"), dns], 0),
            "no network? 5 of 5 feeds failed: DNS 3, timeout 2. Try: doctor --online"
        );
        assert_eq!(
            sentence(&[(Waiting, "dns"); 4], 0),
            "no network? 4 of 4 feeds wait after failures: DNS 4. Try: doctor --online"
        );
        assert_eq!(
            sentence(&[dns, dns, dns, (Failed, "not_found")], 6),
            "4 of 10 feeds failed: DNS 3, not found (404) 1. See: feed list --failing"
        );
        assert_eq!(
            sentence(&[(Failed, "gone")], 1),
            "1 of 2 feeds failed: Ledger Post: removed (410). See: feed list --failing"
        );
        assert_eq!(
            sentence(&[(Failed, "too_large")], 1),
            "1 of 2 feeds failed: Ledger Post: the body is larger than http.feed_body_limit (5MiB) allows. See: feed list --failing"
        );
        assert_eq!(
            sentence(&[(Failed, "not_a_feed"), (Failed, "of_a_later_version")], 0),
            "2 of 2 feeds failed: Ledger Post: not a feed; https://f1.example/: of a later version. See: feed list --failing"
        );
    }

    #[test]
    fn a_first_cycle_is_at_most_25_lines() {
        let update = |number: usize| StoryUpdate {
            detection: samples::row().detection,
            is_new: number < 80,
            event_date: None,
            class: None,
            outlets: 1,
        };
        let updates: Vec<StoryUpdate> = (0..90).map(update).collect();
        let sent = (0..30).map(|number| (format!("channel {number}"), 2)).collect();
        let none = BTreeMap::new();
        let report = report(&[(SourceStatus::Failed, "dns")], 39);
        let summary = Summary {
            report: &report,
            updates: &updates,
            sent: &sent,
            unsent: (1, 0),
            names: &none,
            failures: &none,
            first_look: false,
            dry_run: false,
        };
        for width in [60, 80, 160] {
            let text = summary.short(Style::pipe(width));
            assert!(text.lines().count() <= 23, "with the lines on stderr more than 25: {text}");
            assert_eq!(text.lines().filter(|line| line.starts_with(" NEW ")).count(), 10);
            assert!(text.contains("\n 75 more: events\n"), "{text}");
            let end = " Finished 40 feeds in 0.8 s: 80 new stories, 10 changed, 60 alerts, 1 failing\n";
            assert!(text.ends_with(end), "{text}");
        }
        let long = summary.long(Style::pipe(100));
        assert!(long.contains("   FAIL    https://f0.example/  DNS\n"), "{long}");
        assert_eq!(long.lines().filter(|line| line.trim_start().starts_with("NEW ")).count(), 80);
    }
}
