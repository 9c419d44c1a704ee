//! `[[checks]]`.

use std::time::Duration;

use super::{
    errors::{ConfigErrors, nearest},
    layers::{Row, duration},
    raw::RawValue,
    rows::Reader,
};
use crate::{
    figures::{
        catalog::{self, Unit},
        checks::{Bounds, Check, DAY},
    },
    text::quantity,
};

pub(super) const KEYS: [&str; 7] =
    ["figure", "over", "at_least", "at_most", "at_least_of_median", "at_most_of_median", "level"];
/// Bounds of `over`. Cycles are minutes apart; the median of longer times would need years.
const LEAST: Duration = Duration::from_mins(10);
const MOST: Duration = Duration::from_hours(366 * 24);

pub fn checks(rows: &[Row], errors: &mut ConfigErrors) -> Vec<Check> {
    rows.iter().filter_map(|row| check(&mut Reader { row, errors })).collect()
}

fn check(reader: &mut Reader<'_>) -> Option<Check> {
    reader.known(&KEYS);
    let (name, before) = (reader.text("figure"), reader.errors.0.len());
    let Some(figure) = catalog::find(&name) else {
        let near = nearest(&name, catalog::figures().map(|figure| figure.name)).unwrap_or_default();
        reader.wrong("figure", format!("there is no figure {name:?}; did you mean {near}?"));
        return None;
    };
    let over = reader.text("over");
    let over = match duration(&over) {
        Ok(over) if (LEAST..=MOST).contains(&over) => over,
        Ok(_) => {
            let [least, most] = [LEAST, MOST].map(quantity::show_duration);
            reader.wrong("over", format!("should be between {least} and {most}, is {over}"));
            return None;
        }
        Err(message) => {
            reader.wrong("over", message);
            return None;
        }
    };
    let bounds = Bounds {
        at_least: bound(reader, "at_least", figure.unit),
        at_most: bound(reader, "at_most", figure.unit),
        at_least_of_median: bound(reader, "at_least_of_median", Unit::Count),
        at_most_of_median: bound(reader, "at_most_of_median", Unit::Count),
    };
    let is_relative = bounds.at_least_of_median.or(bounds.at_most_of_median).is_some();
    if is_relative && over > DAY && !over.as_secs().is_multiple_of(DAY.as_secs()) {
        reader.wrong(
            "over",
            format!("with a median, should be whole days, is {}", quantity::show_duration(over)),
        );
    }
    let level = reader.severity("level").unwrap_or_default();
    if bounds == Bounds::default() && reader.errors.0.len() == before {
        let keys = KEYS[2..6].join(", ");
        reader.wrong("figure", format!("needs a bound: one of {keys}"));
    }
    for (least, most) in
        [(bounds.at_least, bounds.at_most), (bounds.at_least_of_median, bounds.at_most_of_median)]
    {
        if least > most && most.is_some() {
            reader.wrong("figure", "no value can be at least and at most so much");
        }
    }
    Some(Check { figure, over, bounds, level })
}

/// A number in the unit of the figure; for times and sizes also a text such as `5m` or `100MiB`.
fn bound(reader: &mut Reader<'_>, key: &str, unit: Unit) -> Option<f64> {
    let wanted = match unit {
        Unit::Seconds | Unit::Milliseconds => "a number, or a time such as 5m",
        Unit::Bytes => "a number, or a size such as 100MiB",
        Unit::Count | Unit::Dollars | Unit::Ratio => "a number",
    };
    let time = |text: &str| duration(text).ok().map(|time| time.as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "no bound is anywhere near 2^53")]
    let read = |raw: RawValue| match (raw, unit) {
        (RawValue::Integer(number), _) => Some(number as f64),
        (RawValue::Float(number), _) => Some(number),
        (RawValue::String(text), Unit::Seconds) => time(&text),
        (RawValue::String(text), Unit::Milliseconds) => Some(time(&text)? * 1e3),
        (RawValue::String(text), Unit::Bytes) => quantity::size(&text).ok().map(|bytes| bytes as f64),
        _ => None,
    };
    reader.take(key, wanted, None, |raw| read(raw).filter(|bound| *bound >= 0.0).map(Some))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::{config::from_text, model::Severity};

    fn errors(text: &str) -> String {
        from_text(text, Path::new("state")).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_check_has_a_figure_a_time_and_bounds() {
        let text = "[[checks]]\nfigure = \"stories.new\"\nover = \"24h\"\nat_least = 1\nlevel = \"critical\"\n\
                    [[checks]]\nfigure = \"cycle.longest_ms\"\nover = \"1h\"\nat_most = \"90s\"\n\
                    [[checks]]\nfigure = \"database.bytes\"\nover = \"7d\"\nat_most = \"1GiB\"\nat_most_of_median = 1.5\n";
        let checks = from_text(text, Path::new("state")).unwrap().checks;
        let read: Vec<_> = checks.iter().map(|check| (check.figure.name, check.level)).collect();
        assert_eq!(
            read,
            [
                ("stories.new", Severity::Critical),
                ("cycle.longest_ms", Severity::Warning),
                ("database.bytes", Severity::Warning)
            ]
        );
        assert_eq!(checks[1].bounds.at_most, Some(90_000.0));
        assert_eq!(checks[2].bounds.at_most, Some(f64::from(1 << 30)));
    }

    #[test]
    fn wrong_checks_are_named_with_their_line() {
        let check = |rest: &str| format!("[[checks]]\nfigure = \"stories.new\"\nover = \"24h\"\n{rest}\n");
        for (text, expected) in [
            (
                "[[checks]]\nfigure = \"stories.nw\"\nover = \"1h\"\n".to_owned(),
                "settings:2:10: figure: there is no figure \"stories.nw\"; did you mean stories.new?",
            ),
            (check(""), "settings:2:10: figure: needs a bound"),
            (check("at_least = 3\nat_most = 2"), "no value can be"),
            (check("at_leas = 3"), "settings:4:1: unknown key at_leas; did you mean at_least?"),
            (check("at_least = \"5m\""), "settings:4:12: at_least: should be a number"),
            (check("at_least = -1"), "settings:4:12: at_least: should be a number"),
            (check("at_least = 1\nlevel = \"loud\""), "settings:5:9: level: should be warning or critical"),
            (
                check("at_most_of_median = 3").replace("24h", "36h"),
                "settings:3:8: over: with a median, should be whole days, is 36h",
            ),
            (
                check("at_least = 1").replace("24h", "1s"),
                "settings:3:8: over: should be between 10m and 366d",
            ),
            (
                check("at_least = 1").replace("24h", "a day"),
                "settings:3:8: over: \"a day\" is not a duration",
            ),
        ] {
            let errors = errors(&text);
            assert!(errors.contains(expected), "{text}: {errors}");
        }
    }
}
