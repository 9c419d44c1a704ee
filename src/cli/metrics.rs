//! The metrics for the textfile collector of Prometheus' node exporter.

use std::collections::BTreeMap;

use crate::{
    error::Error,
    figures::{CycleReport, checks::Judged, sources::Attention},
    model::AlertState,
    render::{last_run, prometheus::Metric},
    store::Store,
    text::quantity::show_duration,
};

use super::history::History;

pub async fn gauges(store: &Store, history: &History) -> Result<Vec<Metric>, Error> {
    let health = store.health().await?;
    let all = &history.all;
    let count = |value: u64| value as f64;
    let mut metrics = vec![
        Metric::many(
            ("build_info", &["version"]),
            false,
            "1, labelled with the version.",
            [(env!("CARGO_PKG_VERSION"), 1.0)],
        ),
        Metric::one("state_bytes", false, "Size of the database.", count(health.bytes)),
        Metric::one("state_free_bytes", false, "Size of its free pages.", count(health.free)),
        Metric::one("sources_due", false, "Sources that are due now.", history.due_since.len() as f64),
        Metric::one(
            "source_oldest_due_timestamp_seconds",
            false,
            "Since when the longest waiting source is due; 0 if none is.",
            history.due_since.iter().min().map_or(0.0, |at| at.as_second() as f64),
        ),
        Metric::many(
            ("items_total", &["result"]),
            true,
            "Entries read from feeds.",
            [
                ("new", count(all.entries_new)),
                ("duplicate", count(all.entries_read.saturating_sub(all.entries_new))),
                ("rejected", count(all.entries_dropped)),
            ],
        ),
        Metric::many(
            ("detections_total", &["class"]),
            true,
            "Stories reported by cycles, opened or joined.",
            [
                ("critical", count(all.critical)),
                ("high", count(all.high)),
                ("medium", count(all.medium)),
                ("low", count(all.low)),
            ],
        ),
        Metric::many(
            ("http_requests_total", &["code"]),
            true,
            "Answers by kind.",
            [
                ("2xx", count(all.success)),
                ("304", count(all.not_modified)),
                ("4xx", count(all.client_error)),
                ("429", count(all.too_many)),
                ("5xx", count(all.server_error)),
                ("error", count(all.error)),
            ],
        ),
        Metric::one("http_received_bytes_total", true, "Body bytes received.", count(all.bytes_received)),
        Metric::one(
            "http_connections_opened_total",
            true,
            "Connections opened.",
            count(all.connections_opened),
        ),
        Metric::one("x_posts_read_total", true, "Posts read on X.", count(all.x_posts)),
        Metric::one(
            "x_budget_month_dollars",
            false,
            "What X may cost in a calendar month.",
            history.x_budget_usd,
        ),
    ];
    metrics.extend(of_channels(store, history).await?);
    metrics.extend(of_checks(&history.checks));
    if let Some(last) = history.reports.first() {
        metrics.extend(of_last(last, history));
    }
    if let Some(at) = store.last_success().await? {
        let help = "When the last cycle that ended with 0 began.";
        metrics.push(Metric::one("last_success_timestamp_seconds", false, help, at.as_second() as f64));
    }
    metrics.sort_by_key(|metric| metric.name);
    Ok(metrics)
}

/// Delivered and waiting alerts of each channel.
async fn of_channels(store: &Store, history: &History) -> Result<Vec<Metric>, Error> {
    let totals = store.alert_totals().await?;
    let (mut sent, mut pending, mut oldest) = (Vec::new(), Vec::new(), Vec::new());
    for channel in &history.channels {
        for result in [AlertState::Delivered, AlertState::GivenUp] {
            let known = totals.iter().find(|total| total.channel == *channel && total.result == result);
            let labels = vec![channel.clone(), result.as_str().to_owned()];
            sent.push((labels, known.map_or(0.0, |total| total.number as f64)));
        }
        pending.push((channel.as_str(), store.waiting(vec![channel.clone()]).await? as f64));
        let due = store.oldest_due(vec![channel.clone()]).await?;
        oldest.push((channel.as_str(), due.map_or(0.0, |due| due.as_second() as f64)));
    }
    if history.channels.is_empty() {
        return Ok(Vec::new());
    }
    let help = "Since when the oldest alert that has not arrived is due; 0 where none waits.";
    Ok(vec![
        Metric {
            name: "alerts_total",
            help: "Alerts by how they ended.",
            counter: true,
            labels: &["channel", "result"],
            series: sent,
        },
        Metric::many(("outbox_pending", &["channel"]), false, "Alerts that have not arrived.", pending),
        Metric::many(("outbox_oldest_timestamp_seconds", &["channel"]), false, help, oldest),
    ])
}

/// Checks that could be judged; of several with the same labels one that is missed counts.
fn of_checks(checks: &[Judged]) -> Option<Metric> {
    let mut missed: BTreeMap<[String; 3], bool> = BTreeMap::new();
    for check in checks {
        let Some(ok) = check.ok else { continue };
        let labels = [check.figure.to_owned(), show_duration(check.over), check.level.as_str().to_owned()];
        *missed.entry(labels).or_default() |= !ok;
    }
    (!missed.is_empty()).then(|| Metric {
        name: "check_missed",
        help: "1 where a check of the settings is missed, 0 where it holds.",
        counter: false,
        labels: &["figure", "over", "level"],
        series: missed
            .into_iter()
            .map(|(labels, missed)| (labels.to_vec(), f64::from(u8::from(missed))))
            .collect(),
    })
}

fn of_last(last: &CycleReport, history: &History) -> Vec<Metric> {
    let count = |value: u64| value as f64;
    let stale =
        history.sources.iter().filter(|source| source.attention == Some(Attention::Silent)).count() as u64;
    let mut metrics = last_run::metrics(last, &history.levels());
    metrics.push(Metric::many(
        ("sources", &["state"]),
        false,
        "Sources by their state after the last cycle.",
        [
            ("ok", count(last.feeds.fetched + last.feeds.fresh)),
            ("not_modified", count(last.feeds.not_modified)),
            ("failed", count(last.feeds.failed)),
            ("backoff", count(last.feeds.waiting)),
            ("stale", count(stale)),
        ],
    ));
    metrics
}
