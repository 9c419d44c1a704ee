//! Wall time, processor time and peak memory of a process, as the kernel counts them.
//!
//! Bash measures time to the millisecond, GNU time measures memory. Both cost little beside the measured process.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

/// What one run cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Wall time.
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// Peak resident size, bytes.
    pub peak: u64,
}

/// The last two lines of stderr have the memory in KiB, and the seconds of wall, user and system time.
const LAUNCHER: &str = r#"TIMEFORMAT='%3R %3U %3S'; time command time -q -f %M "$@" >/dev/null"#;

/// Runs `command` with further variables, which must succeed, and returns its cost.
pub fn measure(command: &[&str], variables: Vec<(&'static str, String)>) -> Cost {
    let output = Command::new("bash")
        .args(["-c", LAUNCHER, "bash"])
        .args(command)
        .env("LC_ALL", "C")
        .envs(variables)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    let figures: Vec<f64> =
        said.split_whitespace().rev().take(4).map(|figure| figure.parse().unwrap()).collect();
    let [system, user, wall, kib] = figures[..] else { panic!("{command:?}: {said}") };
    Cost {
        wall: Duration::from_secs_f64(wall),
        cpu: Duration::from_secs_f64(user + system),
        peak: format!("{kib:.0}").parse::<u64>().unwrap() * 1024,
    }
}

/// The median of each figure on its own.
pub fn median(costs: &[Cost]) -> Cost {
    fn middle<T: Ord + Copy>(values: impl Iterator<Item = T>) -> T {
        let mut values: Vec<T> = values.collect();
        values.sort_unstable();
        values[values.len() / 2]
    }
    Cost {
        wall: middle(costs.iter().map(|cost| cost.wall)),
        cpu: middle(costs.iter().map(|cost| cost.cpu)),
        peak: middle(costs.iter().map(|cost| cost.peak)),
    }
}
