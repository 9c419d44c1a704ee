//! How far a target is missed: levels with hysteresis, so that one noisy cycle changes nothing. Pure.

use serde::Serialize;
use strum::IntoStaticStr;

use super::targets::{Target, TargetName};

/// Share of a limit from which the level is `info`.
const INFO: f64 = 0.75;
/// Multiple of a limit from which a miss is critical, unless the settings give a value.
pub(crate) const CRITICAL: f64 = 1.5;
/// A miss is an emergency from this multiple of the critical one.
const EMERGENCY: f64 = 2.0;
/// Cycles in a row that must be worse before the level rises, and better before it falls.
const RISE: usize = 2;
pub(crate) const FALL: usize = 3;

/// How much of its limit a target uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Level {
    /// Below three quarters.
    #[default]
    Ok,
    /// Up to the limit.
    Info,
    /// Above the limit.
    Warning,
    /// From 1.5 times the limit, or from the critical limit of the settings.
    Critical,
    /// From twice that.
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
    Some(used_by(target, target.value?))
}

/// The same for `value`.
fn used_by(target: &Target, value: f64) -> f64 {
    let (value, limit) =
        if target.name.is_minimum() { (1.0 - value, 1.0 - target.target) } else { (value, target.target) };
    if limit > 0.0 {
        value / limit
    } else if value <= 0.0 {
        0.0
    } else {
        1.0 + value
    }
}

/// The level of one measurement; `None` if there is none.
pub(crate) fn instant_of(target: &Target) -> Option<Level> {
    let critical = target.critical.map_or(CRITICAL, |critical| used_by(target, critical));
    Some(instant(used(target)?, critical))
}

fn instant(used: f64, critical: f64) -> Level {
    match used {
        used if used >= critical * EMERGENCY => Level::Emergency,
        used if used >= critical => Level::Critical,
        used if used > 1.0 => Level::Warning,
        used if used >= INFO => Level::Info,
        _ => Level::Ok,
    }
}

/// The level after `levels`, oldest first: it rises to what the last two measurements both reach and falls to
/// the worst of the last three, if all of those are better.
#[must_use]
pub fn level(levels: &[Level]) -> Level {
    let mut current = Level::Ok;
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
    let levels: Vec<Level> =
        cycles.filter_map(|targets| instant_of(targets.iter().find(|target| target.name == name)?)).collect();
    level(&levels)
}

#[cfg(test)]
mod tests {
    use super::{
        Level::{Critical, Emergency, Warning},
        *,
    };

    fn target(name: TargetName, value: f64, target: f64) -> Target {
        Target { name, value: Some(value), target, unit: name.unit(), ok: None, critical: None }
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
            [0.74, 0.75, 1.0, 1.01, 1.5, 3.0].map(|used| instant(used, CRITICAL).as_str()).to_vec();
        assert_eq!(levels, ["ok", "info", "info", "warning", "critical", "emergency"]);
    }

    #[test]
    fn a_critical_limit_of_the_settings_replaces_the_multiple() {
        let time = |value| Target { critical: Some(120.0), ..target(TargetName::CycleTime, value, 60.0) };
        let levels: Vec<_> =
            [90.0, 119.9, 120.0, 239.9, 240.0].map(time).iter().filter_map(instant_of).collect();
        assert_eq!(levels, [Warning, Warning, Critical, Critical, Emergency]);
        let share = |value| Target { critical: Some(0.9), ..target(TargetName::CycleSuccess, value, 0.99) };
        let levels: Vec<_> = [0.95, 0.9, 0.8].map(share).iter().filter_map(instant_of).collect();
        assert_eq!(levels, [Warning, Critical, Emergency]);
    }

    #[test]
    fn one_noisy_cycle_moves_nothing() {
        let level = |used: &[f64]| {
            let levels: Vec<Level> = used.iter().map(|used| instant(*used, CRITICAL)).collect();
            super::level(&levels)
        };
        assert_eq!(level(&[0.1, 9.0, 0.1]), Level::Ok);
        assert_eq!(level(&[0.1, 1.2, 9.0]), Level::Warning);
        assert_eq!(level(&[9.0, 9.0, 0.1, 0.1]), Level::Emergency);
        assert_eq!(level(&[9.0, 9.0, 0.1, 9.0, 0.1, 0.1]), Level::Emergency);
        assert_eq!(level(&[9.0, 9.0, 0.1, 0.8, 0.1]), Level::Info);
        assert_eq!(level(&[]), Level::Ok);
    }
}
