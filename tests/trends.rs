//! `stats --by`, `--against` and `--cycles` over a generated year, compared with sums made here.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::support::{
    lab::{Lab, Ran, now, ran},
    year::{self, CHANGES, CYCLES, Cycle, YEAR},
};

fn lab() -> Lab {
    let lab = Lab::new();
    lab.settings("[x]\nenabled = false\n");
    year::copy_to(&lab.state());
    lab
}

/// Runs `stats` at the end of the year.
fn stats(lab: &Lab, arguments: &[&str]) -> Ran {
    let shift = year::END.parse::<Timestamp>().unwrap().as_second() - now().as_second();
    let mut command = lab.command(&["--shift-clock", &shift.to_string(), "stats"]);
    let ran = ran(command.args(arguments).env("COLUMNS", "80").output().unwrap());
    assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
    ran
}

/// The rows of a CSV, each as its cells by header.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |row: csv::StringRecord| header.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row[name].parse().unwrap_or_else(|_| panic!("{name}: {:?}", row[name]))
}

/// The sum of a field of `cycles`.
fn total(cycles: &[Cycle], of: fn(&Cycle) -> u64) -> f64 {
    cycles.iter().map(of).sum::<u64>() as f64
}

/// Figures of `cycles` by name, added up without the program.
fn expected(cycles: &[Cycle]) -> BTreeMap<&'static str, f64> {
    let largest = |of: fn(&Cycle) -> u64| cycles.iter().map(of).max().unwrap() as f64;
    let share = |part: f64, whole: f64| (part / whole * 1e4).round() / 1e4;
    let number = cycles.len() as f64;
    let degraded = total(cycles, |cycle| cycle.is_degraded.into());
    BTreeMap::from([
        ("cycles", number),
        ("cycle.degraded", degraded),
        ("cycle.settings_changed", total(cycles, |cycle| cycle.changed.into())),
        ("cycle.duration_ms", total(cycles, |cycle| cycle.duration_ms)),
        ("cycle.longest_ms", largest(|cycle| cycle.duration_ms)),
        ("cycle.success_ratio", share(number - degraded, number)),
        ("http.requests", total(cycles, |cycle| cycle.requests)),
        ("http.bytes_received", total(cycles, |cycle| cycle.bytes)),
        ("entries.new", total(cycles, |cycle| cycle.new)),
        ("stories.new", total(cycles, |cycle| cycle.stories)),
        ("detections.high", total(cycles, |cycle| cycle.high)),
        ("cache.hit_ratio", share(total(cycles, |cycle| cycle.hits), total(cycles, |cycle| cycle.lookups))),
        ("feeds.total", cycles.last().unwrap().feeds as f64),
        ("memory.peak_rss_bytes", largest(|cycle| cycle.memory)),
        ("x.cost_usd", total(cycles, |cycle| cycle.cost_micros) / 1e6),
    ])
}

/// The cycles of the year by the period that `name` gives.
fn grouped(name: &str) -> BTreeMap<String, Vec<Cycle>> {
    let mut groups: BTreeMap<String, Vec<Cycle>> = BTreeMap::new();
    for cycle in YEAR.iter() {
        let zoned = TimeZone::UTC.to_datetime(cycle.at);
        groups.entry(zoned.strftime(name).to_string()).or_default().push(*cycle);
    }
    groups
}

#[test]
fn periods_equal_the_sums_of_their_cycles() {
    let lab = lab();
    for (by, name) in [("month", "%Y-%m"), ("week", "%G-W%V"), ("day", "%Y-%m-%d")] {
        let groups = grouped(name);
        let rows = rows(&stats(&lab, &["--by", by, "--since", "1y", "--format", "csv"]).stdout);
        let names: Vec<&String> = rows.iter().map(|row| &row["period"]).collect();
        assert_eq!(names, groups.keys().collect::<Vec<_>>());
        for (row, cycles) in rows.iter().zip(groups.values()) {
            for (figure, wanted) in expected(cycles) {
                let value = number(row, figure);
                assert!(
                    (value - wanted).abs() < 1e-6,
                    "{by} {}: {figure} {value}, not {wanted}",
                    row["period"]
                );
            }
            assert_eq!(row["http.by_purpose.x"], "", "no cycle measured it");
            let mut durations: Vec<u64> = cycles.iter().map(|cycle| cycle.fetch_ms).collect();
            durations.sort_unstable();
            let middle = durations[(durations.len() - 1) / 2] as f64;
            let p50 = number(row, "stages_ms.feed_fetch.p50");
            assert!((p50 - middle).abs() <= middle * 0.002, "{p50}, not {middle}");
            assert_eq!(row["stages_ms.judge.p50"], "");
        }
    }
}

#[test]
fn json_of_periods_equals_their_csv() {
    let lab = lab();
    let arguments = ["--by", "month", "--since", "12w", "--format"];
    let csv = rows(&stats(&lab, &[&arguments[..], &["csv"]].concat()).stdout);
    let json = stats(&lab, &[&arguments[..], &["json"]].concat()).json();
    let lines = stats(&lab, &[&arguments[..], &["ndjson"]].concat()).stdout;
    let periods = json["periods"].as_array().unwrap();
    assert_eq!((periods.len(), lines.lines().count()), (csv.len(), csv.len()));
    assert_eq!(csv.len(), 4);
    for (document, row) in periods.iter().zip(&csv) {
        let figures = document["figures"].as_object().unwrap();
        assert!(figures.len() > 60);
        for (name, value) in figures {
            let shown = if value.is_null() { String::new() } else { value.to_string() };
            assert_eq!(shown, row[name], "{name}");
        }
        assert_eq!(document["stages_ms"]["feed_fetch"]["p95"].to_string(), row["stages_ms.feed_fetch.p95"]);
    }
    assert_eq!((&periods[2]["complete"], &periods[3]["complete"]), (&true.into(), &false.into()));
}

#[test]
fn table_of_periods_fits_and_names_the_last_change_of_settings() {
    let lab = lab();
    for by in ["day", "week", "month"] {
        let text = stats(&lab, &["--by", by, "--since", "1y"]).stdout;
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("http.requests") && !text.contains("http.outcomes.429"), "{text}");
        let at = YEAR[CHANGES[2]].at.strftime("%Y-%m-%d %H:%M UTC");
        assert!(text.contains(&format!("settings changed 3 times in this time, last {at}")), "{text}");
    }
}

/// The mean of 24 hours, or of a cycle, in the window of `days` that ends `back` days before the end of the year.
fn window(days: i64, back: i64) -> Vec<Cycle> {
    let end = year::END.parse::<Timestamp>().unwrap().as_second() - back * 86_400;
    let within = |cycle: &&Cycle| (end - days * 86_400..end).contains(&cycle.at.as_second());
    YEAR.iter().filter(within).copied().collect()
}

#[test]
fn comparison_equals_the_cycles_of_both_times() {
    let lab = lab();
    let text = stats(&lab, &["--since", "7d", "--against", "7d", "--format", "csv"]).stdout;
    let rows = rows(&text);
    let row = |name: &str| rows.iter().find(|row| row["figure"] == name).unwrap();
    let (now, before) = (expected(&window(7, 0)), expected(&window(7, 7)));
    assert_eq!((now["cycles"], before["cycles"]), (1_008.0, 1_008.0));
    for name in ["http.requests", "entries.new", "detections.high", "x.cost_usd"] {
        let (now, before) = (now[name] / 7.0, before[name] / 7.0);
        assert_eq!(row(name)["per"], "day");
        // The clock of the program runs on for some seconds.
        assert!((number(row(name), "now") - now).abs() < now * 1e-3, "{name}: {:?}, not {now}", row(name));
        assert!((number(row(name), "before") - before).abs() < before * 1e-3, "{name}: {:?}", row(name));
        let change = (now / before - 1.0) * 100.0;
        assert!(
            (number(row(name), "change_percent") - change).abs() < 0.2,
            "{name}: {:?}, not {change}",
            row(name)
        );
    }
    let duration = row("cycle.duration_ms");
    assert!(
        (number(duration, "now") - now["cycle.duration_ms"] / now["cycles"]).abs() < 1e-6,
        "{duration:?}"
    );
    let share = number(row("cache.hit_ratio"), "before");
    assert!((share - before["cache.hit_ratio"]).abs() < 1e-9, "{share}");
}

#[test]
fn comparison_of_times_whose_cycles_are_deleted_uses_whole_days() {
    let lab = lab();
    let json = stats(&lab, &["--since", "180d", "--against", "90d", "--format", "json"]).json();
    let midnight = |days: i64| {
        let at = year::END.parse::<Timestamp>().unwrap().as_second() - days * 86_400;
        Timestamp::from_second(at - at.rem_euclid(86_400)).unwrap()
    };
    assert_eq!(json["now"]["from"], midnight(180).to_string());
    assert_eq!(
        (&json["before"]["from"], &json["before"]["to"]),
        (&midnight(270).to_string().into(), &json["now"]["from"])
    );
    let number = YEAR.iter().filter(|cycle| cycle.at >= midnight(180)).count();
    assert_eq!(json["now"]["cycles"], number);
    let rows = json["figures"].as_array().unwrap();
    let changes: Vec<f64> =
        rows.iter().filter_map(|row| row["change"].as_f64()).map(|change| change.ln_1p().abs()).collect();
    assert!(changes.len() > 10 && changes.is_sorted_by(|a, b| *a >= *b - 2e-4), "{changes:?}");
}

#[test]
fn comparison_as_a_table_fits_and_says_what_it_compares() {
    let lab = lab();
    let text = stats(&lab, &["--since", "7d", "--against", "7d"]).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.starts_with("now: 2026-11-14 12:05 to 2026-11-21 12:05 UTC in 1008 cycles"), "{text}");
    assert!(text.contains("settings changed once in this time, "), "{text}");
}

#[test]
fn cycles_as_csv_have_every_figure() {
    let lab = lab();
    let rows = rows(&stats(&lab, &["--cycles", "--last", "200", "--format", "csv"]).stdout);
    assert_eq!(rows.len(), 200);
    for (row, cycle) in rows.iter().zip(YEAR.iter().rev()) {
        assert_eq!(row["started_at"], cycle.at.to_string());
        for (name, wanted) in expected(&[*cycle]) {
            assert!((number(row, name) - wanted).abs() < 1e-6, "{name}: {}, not {wanted}", row[name]);
        }
    }
    let json = stats(&lab, &["--by", "day", "--format", "json"]).json();
    let names = json["periods"][0]["figures"].as_object().unwrap();
    assert!(names.keys().all(|name| rows[0].contains_key(name)));
}

#[test]
fn a_slow_cycle_and_a_change_of_settings_are_marked_among_the_cycles() {
    let lab = lab();
    let slow = YEAR.iter().rposition(|cycle| cycle.duration_ms == 9_000).unwrap();
    let last = (CYCLES - slow + 20).to_string();
    let text = stats(&lab, &["--cycles", "--last", &last]).stdout;
    let marked: Vec<&str> = text.lines().filter(|line| line.contains("× median")).collect();
    let at = YEAR[slow].at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    assert!(marked.len() == 1 && marked[0].starts_with(&at), "{marked:?}");
    let last = (CYCLES - CHANGES[2] + 5).min(500).to_string();
    assert!(!stats(&lab, &["--cycles", "--last", &last]).stdout.contains("settings changed"));
    let csv = rows(&stats(&lab, &["--cycles", "--since", "7d", "--format", "csv"]).stdout);
    let changed: Vec<&String> =
        csv.iter().filter(|row| row["cycle.settings_changed"] == "1").map(|row| &row["started_at"]).collect();
    assert_eq!(changed, [&YEAR[CHANGES[2]].at.to_string()]);
}

#[test]
fn first_screen_says_how_many_cycles_went_well() {
    let lab = lab();
    let text = stats(&lab, &[]).stdout;
    let kept = window(30, 0);
    let ok = kept.iter().filter(|cycle| !cycle.is_degraded).count() as f64;
    let line = text.lines().find(|line| line.starts_with("30 days")).unwrap_or_else(|| panic!("{text}"));
    let share = format!("{:.1} % of 4 320 cycles ok, 0 late, longest gap 10 min", ok / 43.20);
    let line = line.replace('\u{202f}', " ");
    assert!(line.contains(&share), "{line}, not {share}");
    let availability: Value = stats(&lab, &["--format", "json"]).json()["availability"].take();
    assert_eq!((&availability["cycles"], &availability["late"]), (&4_320.into(), &0.into()));
}
