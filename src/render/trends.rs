//! Figures by period, and of two times side by side: `stats --by` and `stats --against`.

use jiff::civil::Date;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use strum::VariantArray;

use super::{
    Style, csv_rows,
    format::{count, figure, or_dash, percent_tenths},
    stats::spark,
    style::Look,
    table::{Cell, Spec, Table},
};
use crate::{
    figures::{
        StageName,
        catalog::{Figure, figures},
        compare::{Comparison, Window, biggest_first},
        histogram::Times,
        periods::{Length, PeriodFigures},
        stages::StageTimes,
        sums::Sums,
        trend::median,
    },
    text::quantity::plural,
};

/// How often the settings changed, in words; `last` says when for the last time.
fn settings_changes(changes: u64, last: Option<&str>) -> String {
    match (changes, last) {
        (0, _) => String::new(),
        (_, None) => format!("settings changed {} in this time\n", times(changes)),
        (1, Some(last)) => format!("settings changed once in this time, {last}\n"),
        (_, Some(last)) => format!("settings changed {} in this time, last {last}\n", times(changes)),
    }
}

fn times(number: u64) -> String {
    if number == 1 { "once".to_owned() } else { format!("{} times", count(number as f64)) }
}

/// A value as a number of JSON, whole where it is.
pub fn number(value: Option<f64>) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "below 2^53 every whole f64 is an exact i64")]
    value.map_or(Value::Null, |value| {
        if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
            (value as i64).into()
        } else {
            value.into()
        }
    })
}

/// A value as a number of CSV; empty where it was not measured.
pub fn cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Names of the columns with the percentiles of each stage.
pub fn stage_columns() -> impl Iterator<Item = String> {
    let of = |stage: &StageName| ["p50", "p95"].map(|share| format!("stages_ms.{}.{share}", stage.as_str()));
    StageName::VARIANTS.iter().flat_map(of)
}

/// The cells of [`stage_columns`].
pub fn stage_cells(stages: &StageTimes) -> impl Iterator<Item = String> {
    StageName::VARIANTS.iter().flat_map(|stage| percentiles(stages.get(stage)))
}

fn percentiles(times: Option<&Times>) -> [String; 2] {
    match times {
        Some(Times::Measured { p50, p95, .. }) => [cell(Some(*p50)), cell(Some(*p95))],
        _ => [String::new(), String::new()],
    }
}

/// A row for each figure that is not always zero: its value in the last period, its median, its trend.
pub fn table(periods: &[PeriodFigures], changed: Option<&str>, style: Style) -> String {
    let Some(last) = periods.last() else { return "no cycle in this time\n".to_owned() };
    let middle = format!("median of {}", periods.len());
    let mut table = Table::new(vec![
        Spec::new("figure"),
        Spec::new(&last.period.name).right(),
        Spec::new(&middle).right(),
        Spec::new("trend").rank(1),
    ]);
    let width = usize::from(style.width).saturating_sub(62).clamp(8, 60);
    for known in figures() {
        let values: Vec<Option<f64>> = periods.iter().map(|period| known.value(&period.sums)).collect();
        if values.iter().flatten().all(|value| *value == 0.0) {
            continue;
        }
        let shown = |value: Option<f64>| or_dash(value, |value| figure(known.unit, value));
        table.row(vec![
            known.name.into(),
            shown(values.last().copied().flatten()).into(),
            shown(median(values.iter().flatten().copied())).into(),
            Cell::new(spark(&values, width), Look::DIM),
        ]);
    }
    let first = &periods[0].period;
    let open = if last.is_complete { "" } else { ", the last one so far" };
    let mut text = table.render(style);
    text += &format!("{} from {} to {}{open}\n", periods.len(), first.name, last.period.name);
    text + &settings_changes(changes(periods), changed)
}

fn changes(periods: &[PeriodFigures]) -> u64 {
    periods.iter().filter_map(|period| period.sums.settings_changed).sum()
}

/// A row for each period with every figure as a plain number.
pub fn csv(periods: &[PeriodFigures]) -> String {
    let header: Vec<String> = ["period", "first_day", "last_day"]
        .into_iter()
        .map(str::to_owned)
        .chain(figures().map(|figure| figure.name.to_owned()))
        .chain(["cycle_ms.p50", "cycle_ms.p95"].map(str::to_owned))
        .chain(stage_columns())
        .collect();
    let rows = periods.iter().map(|PeriodFigures { period, sums, stages, whole, .. }| {
        let days = [period.name.clone(), period.first.to_string(), period.last.to_string()];
        let values = figures().map(|figure| cell(figure.value(sums)));
        let whole = percentiles(Some(whole));
        days.into_iter().chain(values).chain(whole).chain(stage_cells(stages)).collect()
    });
    csv_rows(header.iter().map(String::as_str), rows)
}

/// `stats --by` as JSON.
#[derive(Serialize)]
pub struct Document<'a> {
    schema: u32,
    by: &'static str,
    settings_changed_last: Option<String>,
    periods: Vec<PeriodDocument<'a>>,
}

impl<'a> Document<'a> {
    /// The figures of `periods`; `changed` says when the settings changed for the last time.
    pub fn new(by: Length, periods: &'a [PeriodFigures], changed: Option<String>) -> Self {
        Self { schema: 1, by: by.as_str(), settings_changed_last: changed, periods: documents(periods) }
    }
}

/// A period with every figure by name, `null` where it was not measured.
#[derive(Serialize)]
pub struct PeriodDocument<'a> {
    period: &'a str,
    first_day: Date,
    last_day: Date,
    complete: bool,
    #[serde(serialize_with = "by_name")]
    figures: &'a Sums,
    cycle_ms: &'a Times,
    stages_ms: &'a StageTimes,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field by reference")]
fn by_name<S: Serializer>(sums: &&Sums, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(figures().map(|figure| (figure.name, number(figure.value(sums)))))
}

/// Each period as a document of its own.
pub fn documents(periods: &[PeriodFigures]) -> Vec<PeriodDocument<'_>> {
    let documents = periods.iter().map(|figures| PeriodDocument {
        period: &figures.period.name,
        first_day: figures.period.first,
        last_day: figures.period.last,
        complete: figures.is_complete,
        figures: &figures.sums,
        cycle_ms: &figures.whole,
        stages_ms: &figures.stages,
    });
    documents.collect()
}

fn per(compared: &Comparison) -> &'static str {
    compared.per.as_str()
}

fn change(compared: &Comparison) -> String {
    match (compared.change(), compared.now, compared.before) {
        (Some(change), ..) if change > 0.0 => format!("+{}", percent_tenths(change)),
        (Some(change), ..) => percent_tenths(change),
        (None, Some(now), Some(_)) if now > 0.0 => "new".to_owned(),
        _ => "–".to_owned(),
    }
}

/// Every figure that is not zero in both windows, the biggest change first.
pub fn comparison(now: &Window, before: &Window, changed: Option<&str>, style: Style) -> String {
    if now.sums.cycles == 0 || before.sums.cycles == 0 {
        let which = if now.sums.cycles == 0 { now } else { before };
        return format!("no cycle {}; there is nothing to compare\n", which.words());
    }
    let mut table = Table::new(vec![
        Spec::new("figure"),
        Spec::new("per").rank(1),
        Spec::new("now").right(),
        Spec::new("before").right(),
        Spec::new("change").right(),
    ]);
    for compared in biggest_first(now, before).iter().filter(|compared| !compared.is_zero()) {
        let shown = |value: Option<f64>| or_dash(value, |value| figure(compared.figure.unit, value));
        table.row(vec![
            compared.figure.name.into(),
            Cell::new(per(compared), Look::DIM),
            shown(compared.now).into(),
            shown(compared.before).into(),
            change(compared).into(),
        ]);
    }
    let cycles = |window: &Window| plural(window.sums.cycles, "cycle", "cycles");
    let heads = format!(
        "now: {} in {}\nbefore: {} in {}\n",
        now.words(),
        cycles(now),
        before.words(),
        cycles(before)
    );
    let changes = [now, before].iter().filter_map(|window| window.sums.settings_changed).sum();
    heads + &table.render(style) + &settings_changes(changes, changed)
}

/// A row for each figure, in the order of the catalog, with plain numbers.
pub fn comparison_csv(now: &Window, before: &Window) -> String {
    let header = ["figure", "unit", "per", "now", "before", "change_percent"];
    let rows = figures().map(|figure| {
        let compared = Comparison::of(figure, now, before);
        let percent = compared.change().map(|change| (change * 1e5).round() / 1e3);
        vec![
            figure.name.to_owned(),
            figure.unit.as_str().to_owned(),
            per(&compared).to_owned(),
            cell(compared.now),
            cell(compared.before),
            cell(percent),
        ]
    });
    csv_rows(header.into_iter(), rows)
}

/// Every figure of both windows, the biggest change first.
pub fn comparison_rows(now: &Window, before: &Window) -> Vec<Value> {
    let row = |compared: &Comparison| {
        let Figure { name, unit, .. } = compared.figure;
        json!({
            "figure": name, "unit": unit.as_str(), "per": compared.per.as_str(),
            "now": number(compared.now), "before": number(compared.before),
            "change": compared.change().map(|change| (change * 1e4).round() / 1e4),
        })
    };
    biggest_first(now, before).iter().map(row).collect()
}
