//! The figures of the last cycle as metrics: which field of its report is exported under which name.

mod fields;

use serde_json::Value;

use self::fields::{FAMILIES, Unit};
use super::prometheus::Metric;
use crate::figures::{
    CycleReport, StageName,
    histogram::Times,
    level::{Level, used},
    path::totals,
    targets::{Target, Unit as TargetUnit},
};

fn number(value: &Value, unit: Unit) -> Option<f64> {
    match unit {
        Unit::Plain => value.as_f64().or_else(|| value.as_bool().map(|flag| f64::from(u8::from(flag)))),
        Unit::Milliseconds => Some(value.as_f64()? / 1e3),
        Unit::Dollars => value.as_str()?.parse().ok(),
        Unit::Time => Some(value.as_str()?.parse::<jiff::Timestamp>().ok()?.as_second() as f64),
    }
}

/// The metrics of the last cycle `report`, whose targets have these levels. A figure that was not measured has no series.
pub fn metrics(report: &CycleReport, levels: &[(Target, Level)]) -> Vec<Metric> {
    // Plain data with string keys always serialises.
    let json = serde_json::to_value(report).unwrap_or_default();
    let mut metrics = Vec::new();
    for family in FAMILIES {
        let measured = family.series.iter().filter_map(|(field, label)| {
            let value = number(json.pointer(field)?, family.unit)?;
            Some((family.label.iter().map(|_| (*label).to_owned()).collect(), value))
        });
        metrics.push(Metric {
            name: family.name,
            help: family.help,
            counter: false,
            labels: family.label,
            series: measured.collect(),
        });
    }
    metrics.extend(stages(report));
    metrics.extend(targets(levels));
    let mut slowest = totals(std::iter::once(&report.critical_path[..]));
    for step in &mut slowest {
        step.host.clear();
    }
    let by_phase = totals(std::iter::once(&slowest[..]));
    metrics.push(Metric::many(
        ("critical_path_seconds", &["phase"]),
        false,
        "Phases of the chain of work that decided how long the last cycle took.",
        by_phase.iter().map(|step| (step.part.as_str(), step.ms / 1e3)),
    ));
    let slow = report.database.slow.iter().map(|slow| slow.count).sum::<u64>();
    metrics.push(Metric::one(
        "last_run_slow_statements",
        false,
        "Slow statements of the last cycle.",
        slow as f64,
    ));
    metrics.push(failures(report));
    metrics.retain(|metric| !metric.series.is_empty());
    metrics
}

fn stages(report: &CycleReport) -> [Metric; 2] {
    let measured = |stage: &StageName| match report.stages_ms.get(stage) {
        Some(Times::Measured { count, total, .. }) => (*count as f64, total / 1e3),
        _ => (0.0, 0.0),
    };
    let all = <StageName as strum::VariantArray>::VARIANTS;
    [
        Metric::many(
            ("stage_duration_seconds", &["stage"]),
            false,
            "Time of each stage in the last cycle, all its runs together.",
            all.iter().map(|stage| (stage.as_str(), measured(stage).1)),
        ),
        Metric::many(
            ("stage_runs", &["stage"]),
            false,
            "Runs of each stage in the last cycle.",
            all.iter().map(|stage| (stage.as_str(), measured(stage).0)),
        ),
    ]
}

fn targets(levels: &[(Target, Level)]) -> [Metric; 4] {
    let base = |target: &Target, value: f64| match target.unit {
        TargetUnit::Milliseconds => value / 1e3,
        TargetUnit::Mebibytes => value * f64::from(1_u32 << 20),
        TargetUnit::Seconds | TargetUnit::Ratio | TargetUnit::Count => value,
    };
    let names: Vec<(String, &Target, Level)> =
        levels.iter().map(|(target, level)| (target.name.to_string(), target, *level)).collect();
    [
        Metric::many(
            ("target_value", &["target"]),
            false,
            "Measured value of each target in base units.",
            names.iter().filter_map(|(name, target, _)| Some((name.as_str(), base(target, target.value?)))),
        ),
        Metric::many(
            ("target_limit", &["target"]),
            false,
            "Limit of each target in base units.",
            names.iter().map(|(name, target, _)| (name.as_str(), base(target, target.target))),
        ),
        Metric::many(
            ("target_used_ratio", &["target"]),
            false,
            "Share of its limit that each target uses; above 1 it is missed.",
            names.iter().filter_map(|(name, target, _)| Some((name.as_str(), used(target)?))),
        ),
        Metric::many(
            ("target_level", &["target"]),
            false,
            "Level of each target: 0 ok, 1 info, 2 warning, 3 critical, 4 emergency.",
            names.iter().map(|(name, _, level)| (name.as_str(), f64::from(*level as u8))),
        ),
    ]
}

/// Failed feeds of the last cycle by cause.
fn failures(report: &CycleReport) -> Metric {
    let mut causes: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for cause in report.sources.iter().filter_map(|source| source.failure.as_deref()) {
        *causes.entry(cause).or_default() += 1;
    }
    Metric::many(
        ("failing_feeds", &["cause"]),
        false,
        "Feeds of the last cycle with a failure, by cause.",
        causes.iter().map(|(cause, count)| (*cause, *count as f64)),
    )
}

#[cfg(test)]
mod tests {
    use super::{fields::NOT_EXPORTED, *};
    use crate::figures::report::{XFigures, XUsageFigures};

    /// The JSON pointers of all fields that hold no object.
    fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(parts) if !parts.is_empty() => {
                for (name, value) in parts {
                    fields(value, &format!("{at}/{name}"), found);
                }
            }
            _ => found.push(at.to_owned()),
        }
    }

    #[test]
    fn every_figure_of_the_report_is_exported_or_excluded_with_a_reason() {
        let x = XFigures { usage: Some(XUsageFigures::default()), ..XFigures::default() };
        let json = serde_json::to_value(CycleReport { x, ..CycleReport::default() }).unwrap();
        let mut found = Vec::new();
        fields(&json, "", &mut found);
        let exported: Vec<&str> =
            FAMILIES.iter().flat_map(|family| family.series).map(|(field, _)| *field).collect();
        let is_known = |field: &String| {
            exported.contains(&field.as_str())
                || NOT_EXPORTED
                    .iter()
                    .any(|(prefix, _)| field == prefix || field.starts_with(&format!("{prefix}/")))
        };
        let forgotten: Vec<&String> = found.iter().filter(|field| !is_known(field)).collect();
        assert_eq!(forgotten, Vec::<&String>::new());
        let stale: Vec<&&str> = exported.iter().filter(|field| json.pointer(field).is_none()).collect();
        assert_eq!(stale, Vec::<&&str>::new(), "fields that the report does not have");
        for (prefix, reason) in NOT_EXPORTED {
            assert!(json.pointer(prefix).is_some() && !reason.is_empty(), "{prefix}");
        }
    }

    #[test]
    fn units_are_base_units_and_what_was_not_measured_has_no_series() {
        let mut report = CycleReport::default();
        report.cycle.duration_ms = 1_500;
        report.cpu.user_ms = Some(250);
        report.x.cost_usd.micros = 1_230_000;
        let metrics = metrics(&report, &[]);
        let value = |name: &str, label: &str| {
            let metric = metrics.iter().find(|metric| metric.name == name)?;
            let series =
                metric.series.iter().find(|(labels, _)| labels.iter().all(|value| value == label))?;
            Some(series.1)
        };
        assert_eq!(value("last_run_duration_seconds", ""), Some(1.5));
        assert_eq!(value("last_run_cpu_seconds", "user"), Some(0.25));
        assert_eq!(value("last_run_cpu_seconds", "system"), None);
        assert_eq!(value("last_run_x_cost_dollars", ""), Some(1.23));
        assert_eq!(value("last_run_memory_peak_bytes", ""), None);
    }
}
