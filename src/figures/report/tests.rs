use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::figures::{
    StageHistograms, StageName,
    saved::{Counted, calls},
    targets::{self, Settings},
};

/// docs/reference/outputs.md#cycle-report as a file; numbers are an example's.
const GOLDEN: &str = include_str!("../../../fixtures/golden/cycle.json");

/// The golden report, filled by the code that fills real ones; only the detection is read from the file.
fn report() -> CycleReport {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let mut stages = StageHistograms::default();
    stages.record(StageName::Plan, Duration::from_millis(1));
    let mut report = CycleReport {
        cycle: CycleFigures {
            id: 12,
            started_at: "2026-11-21T07:00:00Z".parse().unwrap(),
            gap_s: Some(600),
            duration_ms: 812,
            ..CycleFigures::default()
        },
        feeds: FeedFigures {
            total: 21,
            fetched: 3,
            not_modified: 17,
            failed: 1,
            bytes: 184_220,
            ..FeedFigures::default()
        },
        entries: EntryFigures { read: 90, new: 9, dropped_early: 6, candidates: 3, waiting: 0 },
        articles: ArticleFigures { fetched: 2, from_feed: 1, bytes: 96_400, ..ArticleFigures::default() },
        x: XFigures {
            calls: 9,
            posts_read: 12,
            posts_new: 12,
            cost_usd: Usd { micros: 60_000 },
            month_cost_usd: Some(Usd { micros: 1_230_000 }),
            rate_limit_violations: Some(0),
            month_forecast_usd: Some(Usd { micros: 1_760_000 }),
            ..XFigures::default()
        },
        detections: serde_json::from_value(golden["detections"].clone()).unwrap(),
        detections_by_class: ClassFigures { high: 1, ..ClassFigures::default() },
        stories: StoryFigures { new: 1, updated: 0 },
        http: HttpFigures {
            requests: 31,
            connections_opened: 21,
            bytes_received: 60_112,
            origins: 21,
            by_purpose: Purposes {
                feeds: Some(21),
                pages: Some(2),
                robots: Some(0),
                x: Some(8),
                channels: Some(1),
            },
            bytes_encoded: Some(60_000),
            bytes_decoded: Some(280_620),
            outcomes: Outcomes { success: 5, not_modified: 25, server_error: 1, ..Outcomes::default() },
            ..HttpFigures::default()
        }
        .with_ratios(),
        cache: CacheFigures {
            memory_pages: Some(2),
            memory_bytes: Some(21_044),
            memory_evictions: Some(0),
            robots_hits: Some(1),
            ..CacheFigures::new(2, 25, 3)
        },
        calls: calls(&Counted {
            requests: 31,
            dropped_early: 120,
            articles_from_cache: 2,
            articles_from_feed: 10,
            articles_shared: 4,
            x_calls: 9,
            x_accounts: 25,
            x_searches: 6,
            ..Counted::default()
        }),
        stages_ms: stages.times(),
        database: DatabaseFigures { bytes: Some(4 << 20), ..DatabaseFigures::default() },
        memory: MemoryFigures { peak_rss_bytes: Some(31_457_280) },
        sources: vec![SourceFigures {
            url: "https://ledgerline.example/feed.xml".to_owned(),
            outcome: SourceStatus::Fetched,
            failure: None,
            status: Some(200),
            entries: 30,
            new: 2,
            ms: Some(61),
        }],
        ..CycleReport::default()
    };
    report.targets = targets::judge(&Settings::default(), &report, targets::Recent::default());
    report.targets.truncate(1);
    report
}

/// Every key with its path, in the order written; of a list, its first item stands for all.
fn keys(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                found.push(format!("{path}.{name}"));
                keys(field, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(items) => items.iter().take(1).for_each(|item| keys(item, &format!("{path}[]"), found)),
        _ => {}
    }
}

fn keys_of(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    keys(value, "", &mut found);
    found
}

#[test]
fn the_report_has_the_contracts_fields_and_figures() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let written = serde_json::to_value(report()).unwrap();
    assert_eq!(keys_of(&written), keys_of(&golden));
    assert_eq!(written, golden);
}

#[test]
fn what_was_not_measured_is_null_and_no_key_is_missing() {
    let stages_ms = StageHistograms::default().times();
    let empty = serde_json::to_value(CycleReport { stages_ms, ..CycleReport::default() }).unwrap();
    let filled = serde_json::to_value(report()).unwrap();
    let list_items = |key: &String| key.contains("[]") || key.starts_with(".stages_ms.plan.");
    let expected: Vec<_> = keys_of(&filled).into_iter().filter(|key| !list_items(key)).collect();
    assert_eq!(keys_of(&empty), expected);
    for figure in [
        "/x/month_cost_usd",
        "/x/rate_limit_violations",
        "/http/connection_reuse",
        "/cache/hit_ratio",
        "/calls/reduction",
        "/memory/peak_rss_bytes",
    ] {
        assert_eq!(empty.pointer(figure), Some(&Value::Null), "{figure}");
    }
    assert_eq!(empty["x"]["cost_usd"], "0.000000");
    assert_eq!(empty["stages_ms"]["judge"], serde_json::json!({}));
}

#[test]
fn a_stored_report_reads_back_whole_and_an_older_one_as_far_as_it_goes() {
    let written = serde_json::to_string(&report()).unwrap();
    assert_eq!(serde_json::from_str::<CycleReport>(&written).unwrap(), report());
    let older: CycleReport = serde_json::from_str(r#"{"schema":1,"feeds":{"total":3}}"#).unwrap();
    assert_eq!((older.feeds.total, older.memory.peak_rss_bytes), (3, None));
}

#[test]
fn money_keeps_every_millionth() {
    for (micros, text) in
        [(0, "0.000000"), (5, "0.000005"), (1_230_000, "1.230000"), (12_000_001, "12.000001")]
    {
        assert_eq!(Usd { micros }.to_string(), text);
        assert_eq!(Usd::try_from(text.to_owned()).unwrap().micros, micros);
    }
    for text in ["", "1", "1.5", "-1.000000", "1.00000x", "99999999999999999999.000000"] {
        assert!(Usd::try_from(text.to_owned()).is_err(), "{text}");
    }
}

#[test]
fn connections_opened_ahead_do_not_make_reuse_negative() {
    let http = HttpFigures { requests: 2, connections_opened: 3, ..HttpFigures::default() };
    assert_eq!(http.with_ratios().connection_reuse, Some(0.0));
}
