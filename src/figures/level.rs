//! How far a target is missed: levels with hysteresis, so that one noisy cycle changes nothing. Pure.

use strum::IntoStaticStr;

use super::targets::{Target, TargetName};

/// Share of a limit from which the level is `info`.
const INFO: f64 = 0.75;
/// Multiples of a limit from which a miss is critical, and an emergency.
const CRITICAL: f64 = 1.5;
const EMERGENCY: f64 = 3.0;
/// Cycles in a row that must be worse before the level rises, and better before it falls.
const RISE: usize = 2;
pub(crate) const FALL: usize = 3;

/// How much of its limit a target uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Level {
    /// Below three quarters.
    #[default]
    Ok,
    /// Up to the limit.
    Info,
    /// Above the limit.
    Warning,
    /// From 1.5 times the limit.
    Critical,
    /// From three times the limit.
    Emergency,
}

impl Level {
    /// The name used in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Multiple of its limit that a measurement uses; above 1 the target is missed. For a minimum, the limit is the share
/// that may be missing. A limit of zero is exceeded by the first unit.
#[must_use]
pub fn used(target: &Target) -> Option<f64> {
    let value = target.value?;
    let (value, limit) =
        if target.name.is_minimum() { (1.0 - value, 1.0 - target.target) } else { (value, target.target) };
    Some(if limit > 0.0 {
        value / limit
    } else if value <= 0.0 {
        0.0
    } else {
        1.0 + value
    })
}

fn instant(used: f64) -> Level {
    match used {
        used if used >= EMERGENCY => Level::Emergency,
        used if used >= CRITICAL => Level::Critical,
        used if used > 1.0 => Level::Warning,
        used if used >= INFO => Level::Info,
        _ => Level::Ok,
    }
}

/// The level after `history`, oldest first: it rises to what the last two measurements both reach and falls to
/// the worst of the last three, if all of those are better.
#[must_use]
pub fn level(history: &[f64]) -> Level {
    let mut current = Level::Ok;
    let levels: Vec<Level> = history.iter().map(|used| instant(*used)).collect();
    for end in 1..=levels.len() {
        let last = |count: usize| levels[..end].iter().rev().take(count);
        let risen = last(RISE).min().copied().unwrap_or_default();
        let fallen = last(FALL).max().copied().unwrap_or_default();
        if end >= RISE && risen > current {
            current = risen;
        } else if end >= FALL && fallen < current {
            current = fallen;
        }
    }
    current
}

/// The level of target `name` over the targets of several cycles, oldest first; unmeasured ones are skipped.
#[must_use]
pub fn level_of<'a>(name: TargetName, cycles: impl Iterator<Item = &'a [Target]>) -> Level {
    let history: Vec<f64> =
        cycles.filter_map(|targets| used(targets.iter().find(|target| target.name == name)?)).collect();
    level(&history)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: TargetName, value: f64, target: f64) -> Target {
        Target { name, value: Some(value), target, unit: name.unit(), ok: None }
    }

    #[test]
    fn a_limit_is_used_up_from_either_side() {
        let near = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-9);
        assert!(near(used(&target(TargetName::CycleTime, 45.0, 60.0)), 0.75));
        assert!(near(used(&target(TargetName::ConnectionReuse, 0.7, 0.8)), 1.5));
        assert!(near(used(&target(TargetName::ErrorRatio, 0.1, 0.05)), 2.0));
        assert!(near(used(&target(TargetName::RateLimitViolations, 0.0, 0.0)), 0.0));
        assert!(near(used(&target(TargetName::RateLimitViolations, 2.0, 0.0)), 3.0));
        assert_eq!(used(&Target { value: None, ..target(TargetName::Memory, 1.0, 1.0) }), None);
    }

    #[test]
    fn levels_begin_where_they_say() {
        let levels: Vec<_> =
            [0.74, 0.75, 1.0, 1.01, 1.5, 3.0].map(instant).into_iter().map(Level::as_str).collect();
        assert_eq!(levels, ["ok", "info", "info", "warning", "critical", "emergency"]);
    }

    #[test]
    fn one_noisy_cycle_moves_nothing() {
        assert_eq!(level(&[0.1, 9.0, 0.1]), Level::Ok);
        assert_eq!(level(&[0.1, 1.2, 9.0]), Level::Warning);
        assert_eq!(level(&[9.0, 9.0, 0.1, 0.1]), Level::Emergency);
        assert_eq!(level(&[9.0, 9.0, 0.1, 9.0, 0.1, 0.1]), Level::Emergency);
        assert_eq!(level(&[9.0, 9.0, 0.1, 0.8, 0.1]), Level::Info);
        assert_eq!(level(&[]), Level::Ok);
    }
}
