//! `[targets]`: each value is a limit, or `{ warning = …, critical = … }`.

use std::time::Duration;

use super::{layers::Layers, raw::RawValue};
use crate::figures::targets::{Limit, Settings};

/// Keys of a limit with two levels.
const LEVELS: [&str; 2] = ["warning", "critical"];

pub fn targets(layers: &mut Layers) -> Settings {
    let share =
        |layers: &mut Layers, key: &str| minimum(layers, key, |layers, path| layers.number(path, 0.0..=1.0));
    let time = |layers: &mut Layers, key: &str| maximum(layers, key, Layers::time_limit);
    Settings {
        cycle_time: time(layers, "cycle_time"),
        call_reduction: share(layers, "call_reduction"),
        cache_hit_ratio: share(layers, "cache_hit_ratio"),
        connection_reuse: share(layers, "connection_reuse"),
        rate_limit_violations: maximum(layers, "rate_limit_violations", |layers, path| {
            u64::try_from(layers.whole(path, 0..=i64::MAX)).unwrap_or(0)
        }),
        memory: maximum(layers, "memory", |layers, path| layers.size_limit(path, 1 << 20, u64::MAX)),
        error_ratio: maximum(layers, "error_ratio", |layers, path| layers.number(path, 0.0..=1.0)),
        statement_time: time(layers, "statement_time"),
        cycle_success: share(layers, "cycle_success"),
        max_gap: Some(maximum(layers, "max_gap", Layers::duration))
            .filter(|limit| *limit != Limit::from(Duration::ZERO)),
    }
}

fn maximum<T: PartialOrd>(layers: &mut Layers, key: &str, read: impl Fn(&mut Layers, &str) -> T) -> Limit<T> {
    limit(layers, key, read, |warning, critical| critical > warning)
}

fn minimum<T: PartialOrd>(layers: &mut Layers, key: &str, read: impl Fn(&mut Layers, &str) -> T) -> Limit<T> {
    limit(layers, key, read, |warning, critical| critical < warning)
}

/// The limit under `key`, with `is_worse(warning, critical)` for its two levels.
fn limit<T>(
    layers: &mut Layers,
    key: &str,
    read: impl Fn(&mut Layers, &str) -> T,
    is_worse: impl Fn(&T, &T) -> bool,
) -> Limit<T> {
    let path = format!("targets.{key}");
    let (value, origin) = layers.values[&path].clone();
    let RawValue::Table(pairs) = value else { return read(layers, &path).into() };
    let (mut found, errors) = ([None, None], layers.errors.0.len());
    for (name, at, value) in pairs {
        let own = format!("{path}.{name}");
        let Some(slot) = LEVELS.iter().position(|level| *level == name) else {
            let known = LEVELS.map(|level| format!("{path}.{level}"));
            layers.errors.unknown(&origin.at(at.key).show(), &own, known.iter().map(String::as_str));
            continue;
        };
        // Read as a value of its own, so that its errors name it.
        layers.values.insert(own.clone(), (value, origin.at(at.value)));
        found[slot] = Some(read(layers, &own));
        layers.values.remove(&own);
    }
    let [warning, critical] = found;
    let Some(warning) = warning else {
        layers.wrong(&path, "needs warning, such as { warning = …, critical = … }");
        // Settings with errors are used by `doctor` and `config show`.
        return read(&mut Layers::built_in(), &path).into();
    };
    if layers.errors.0.len() == errors
        && critical.as_ref().is_some_and(|critical| !is_worse(&warning, critical))
    {
        layers.wrong(&path, "critical should be worse than warning");
    }
    Limit { warning, critical }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_text;

    fn targets(text: &str) -> Result<Settings, String> {
        let settings = from_text(&format!("[targets]\n{text}\n"), std::path::Path::new("state"));
        settings.map(|settings| settings.targets).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_target_is_one_limit_or_two() {
        let read = targets(
            "cycle_time = { warning = \"90s\", critical = \"3m\" }\nmemory = { warning = \"80MiB\" }\n\
             cycle_success = { warning = 0.95, critical = 0.5 }\nmax_gap = \"30m\"",
        )
        .unwrap();
        let time = Limit { warning: Duration::from_secs(90), critical: Some(Duration::from_mins(3)) };
        assert_eq!((read.cycle_time, read.memory), (time, (80 << 20).into()));
        assert_eq!(read.cycle_success, Limit { warning: 0.95, critical: Some(0.5) });
        assert_eq!(read.max_gap, Some(Duration::from_mins(30).into()));
        assert_eq!(targets("").unwrap(), Settings::default());
    }

    #[test]
    fn wrong_limits_are_named_with_their_line() {
        for (text, expected) in [
            (
                "cycle_time = { warning = \"soon\" }",
                "settings:2:26: targets.cycle_time.warning: \"soon\" is not",
            ),
            ("cycle_time = { critical = \"90s\" }", "settings:2:14: targets.cycle_time: needs warning"),
            (
                "cycle_time = { warn = \"90s\" }",
                "unknown key targets.cycle_time.warn; did you mean targets.cycle_time.warning?",
            ),
            (
                "cycle_time = { warning = \"2m\", critical = \"1m\" }",
                "settings:2:14: targets.cycle_time: critical should be worse than warning",
            ),
            (
                "error_ratio = { warning = 0.1, critical = 1.5 }",
                "targets.error_ratio.critical: should be between 0 and 1",
            ),
            ("cache_hit_ratio = { warning = 0.5, critical = 0.7 }", "critical should be worse than warning"),
            (
                "[targets.memory]\nwarning = \"90MiB\"\ncritical = 7",
                "settings:4:12: targets.memory.critical: should be a text",
            ),
        ] {
            let errors = targets(text).unwrap_err();
            assert!(errors.contains(expected), "{text}: {errors}");
        }
    }
}
