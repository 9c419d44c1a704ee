//! Targets proposed from stored cycles, as TOML. Pure.

use strum::VariantArray;

use super::{
    CycleReport,
    targets::{CHANCES, TargetName, Unit},
};

/// Share of the cycles that meet a proposed target.
const SHARE: f64 = 0.99;
/// What is added to their worst value, or to what is missing to 1, so that the next cycle meets the target too.
const MARGIN: f64 = 1.2;

/// A section `[targets]` that 99 % of the cycles of `reports` meet, with a fifth to spare.
#[must_use]
pub fn suggest(reports: &[CycleReport]) -> String {
    let mut text = format!(
        "# From {} cycles: the value that 99 % of them do not exceed, and a fifth more.\n[targets]\n",
        reports.len()
    );
    for name in TargetName::VARIANTS {
        let mut values: Vec<f64> = reports.iter().filter_map(|report| measured(*name, report)).collect();
        if (values.len() as u64) < CHANCES {
            text.push_str(&format!("# {name}: measured in {} cycles, {CHANCES} are needed\n", values.len()));
            continue;
        }
        if name.is_minimum() {
            for value in &mut values {
                *value = 1.0 - *value;
            }
        }
        values.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below the number of values"
        )]
        let place = (values.len() as f64 * SHARE).ceil() as usize;
        let worst = values[place.clamp(1, values.len()) - 1];
        text.push_str(&format!("{name} = {}\n", limit(*name, worst * MARGIN)));
    }
    text
}

/// The value of a target in one cycle; the gap also where no target judges it.
fn measured(name: TargetName, report: &CycleReport) -> Option<f64> {
    if name == TargetName::MaxGap {
        return report.cycle.gap_s.map(|gap| gap as f64);
    }
    report.targets.iter().find(|target| target.name == name)?.value
}

/// As the settings take it, rounded to the tolerant side; for a minimum `value` is what is missing to 1.
fn limit(name: TargetName, value: f64) -> String {
    match name.unit() {
        Unit::Seconds => format!("\"{}s\"", value.ceil().max(1.0)),
        Unit::Milliseconds => format!("\"{}ms\"", value.ceil().max(1.0)),
        Unit::Mebibytes => format!("\"{}MiB\"", value.ceil().max(1.0)),
        Unit::Count => value.ceil().to_string(),
        Unit::Ratio if name.is_minimum() => {
            format!("{:.2}", ((1.0 - value.min(1.0)) * 100.0).floor() / 100.0)
        }
        Unit::Ratio => format!("{:.2}", (value.min(1.0) * 100.0).ceil() / 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::targets::{Recent, Settings, judge};

    #[test]
    fn suggested_targets_are_met_by_all_but_the_worst_cycle_of_a_hundred() {
        let mut reports = Vec::new();
        for number in 1..=100_u64 {
            let mut report = CycleReport::default();
            report.cycle.duration_ms = number * 100;
            report.cycle.gap_s = Some(600);
            report.memory.peak_rss_bytes = Some(50 << 20);
            report.targets = judge(&Settings::default(), &report, Recent { cycles: 200, ok: 199 });
            reports.push(report);
        }
        assert_eq!(
            suggest(&reports),
            "# From 100 cycles: the value that 99 % of them do not exceed, and a fifth more.\n[targets]\n\
             cycle_time = \"12s\"\n\
             # call_reduction: measured in 0 cycles, 20 are needed\n\
             # cache_hit_ratio: measured in 0 cycles, 20 are needed\n\
             # connection_reuse: measured in 0 cycles, 20 are needed\n\
             # rate_limit_violations: measured in 0 cycles, 20 are needed\n\
             memory = \"60MiB\"\n\
             # error_ratio: measured in 0 cycles, 20 are needed\n\
             # statement_time: measured in 0 cycles, 20 are needed\n\
             cycle_success = 0.99\n\
             max_gap = \"720s\"\n"
        );
    }
}
