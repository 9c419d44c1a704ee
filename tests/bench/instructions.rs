//! Instructions of the pure stages, compared with `instructions.toml`. They do not depend on how busy the
//! machine is, so this can fail a check where seconds cannot.
//!
//! Each stage runs under valgrind's callgrind a few times and many times. The difference is the stage alone.
//! `-- --write` prints a new budget. Counts hold for a build without link-time optimisation, as the check makes it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

mod stages;

use std::process::Command;

/// Instructions of one run of each stage.
const BUDGET: &str = include_str!("instructions.toml");
/// A stage may cost this share of its budget: compilers, libraries and processors differ, and one that became much
/// cheaper has a budget that guards nothing.
const BOUNDS: std::ops::RangeInclusive<f64> = 0.6..=1.3;
/// Numbers of runs. Their difference is the work without the start of the program.
const FEW: u32 = 2;
const MANY: u32 = 12;

/// Instructions of this program while it runs the stage at `index` so often.
fn counted(index: usize, runs: u32) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["--stage", &index.to_string(), &runs.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let total = said.lines().find_map(|line| line.split_once("Collected : ")).unwrap().1;
    total.trim().parse().unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, index, runs] = &arguments[..]
        && flag == "--stage"
    {
        let stage = stages::all().into_iter().nth(index.parse().unwrap()).unwrap();
        (0..runs.parse::<u32>().unwrap()).for_each(|_| (stage.work)());
        return;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: valgrind is not here");
        return;
    }
    let budget: toml_edit::DocumentMut = BUDGET.parse().unwrap();
    let mut wrong = Vec::new();
    for (index, stage) in stages::all().into_iter().enumerate() {
        let each = (counted(index, MANY) - counted(index, FEW)) / u64::from(MANY - FEW);
        let held = budget.get(stage.name).and_then(toml_edit::Item::as_integer).unwrap_or(0);
        println!("\"{}\" = {each}", stage.name);
        if !BOUNDS.contains(&(each as f64 / held as f64)) {
            wrong.push(format!("{}: {each} instructions, budget {held}", stage.name));
        }
    }
    let writes = arguments.iter().any(|argument| argument == "--write");
    assert!(
        writes || wrong.is_empty(),
        "left their budget (cargo bench --bench instructions -- --write):\n{}",
        wrong.join("\n")
    );
}
