//! Every pure reader over inputs that are one repeated token: doubling the input must not cost much more than twice the
//! instructions, so that no feed, page, answer or settings file takes time that grows with the square of its size.
//!
//! Each input is read at three sizes under valgrind's callgrind, one process for each group of readers. Instructions
//! do not depend on how busy the machine is. `-- NAME…` runs the groups whose names contain one of these words and
//! prints the counts of every input; `-- --time GROUP` prints seconds for inputs of a megabyte.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

mod counts;
mod readers;
mod slots;
mod tokens;

use std::{process::Command, sync::Mutex, thread, time::Instant};

use counts::Counts;
use readers::{GROUPS, Group};

/// Most that the instructions may grow by where the size doubles. Linear work gives 2, work that grows with the square 4.
const MOST: f64 = 2.6;
/// Instructions for each byte added below which an input costs nothing worth holding to [`MOST`].
const FREE: f64 = 48.0;

/// The longest input of the readers, as in the program.
const STACK: usize = 64 << 20;

/// Runs every reader of `group` over every token: what valgrind counts.
fn work(group: &Group) {
    for (at, reader) in (group.readers)().iter().enumerate() {
        for (index, token) in tokens::ALL.iter().enumerate() {
            let text = |times: usize| tokens::repeated(token, reader.bytes * times);
            // The first use of a pattern or table prepares it, which is no growth.
            (reader.work)(&text(1));
            for (times, run) in [1, 2, 4].into_iter().zip(slots::three(at, index)) {
                run(&*reader.work, &text(times));
            }
        }
    }
}

/// By how much three counts grow when the size doubles: from the middle size to the largest, and no more than what was added
/// last did. Both are 2 where the counts grow with the size, and 4 where they grow with its square; one of them is more where a
/// short text takes another path than a long one.
fn growth(three: [u64; 3], bytes: usize) -> f64 {
    let [once, twice, fourfold] = three.map(|count| count as f64);
    let added = fourfold - twice;
    if added < FREE * 2.0 * bytes as f64 {
        return 0.0;
    }
    let whole = fourfold / twice;
    if twice > once { whole.min(added / (twice - once)) } else { whole }
}

/// Counts `group` in a process of its own; gives the inputs that grow too fast, and prints all if `verbose`.
fn held(group: &Group, verbose: bool) -> Vec<String> {
    let counts = Counts::of_this_program(&["--group", group.name]);
    let mut wrong = Vec::new();
    for (at, reader) in (group.readers)().iter().enumerate() {
        for (index, token) in tokens::ALL.iter().enumerate() {
            let three = counts.three(at, index);
            let growth = growth(three, reader.bytes);
            let line = format!("{}: {token:?} × {growth:.2}, {three:?}", reader.name);
            if verbose {
                println!("{line}");
            }
            if growth > MOST {
                wrong.push(line);
            }
        }
    }
    wrong
}

/// Prints how long each reader of `group` takes for each token repeated to a quarter of a megabyte, and to four times that: for
/// people, where a growth is suspected that small inputs do not show.
fn time(group: &Group) {
    for reader in (group.readers)() {
        for token in tokens::ALL {
            let [once, fourfold] = [1 << 18, 1 << 20].map(|bytes| {
                let text = tokens::repeated(token, bytes);
                let start = Instant::now();
                (reader.work)(&text);
                start.elapsed().as_secs_f64()
            });
            println!("{}: {token:?} {once:.3} s, {fourfold:.3} s, × {:.1}", reader.name, fourfold / once);
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, name] = &arguments[..]
        && flag == "--group"
    {
        GROUPS.iter().filter(|group| group.name == name).for_each(work);
        return;
    }
    if let [flag, name] = &arguments[..]
        && flag == "--time"
    {
        let work = || GROUPS.iter().filter(|group| group.name == name).for_each(time);
        thread::scope(|scope| {
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).unwrap();
        });
        return;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: valgrind is not here");
        return;
    }
    let chosen =
        |group: &&Group| arguments.is_empty() || arguments.iter().any(|word| group.name.contains(word));
    let waiting = Mutex::new(GROUPS.iter().filter(chosen));
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some(group) = next else { break };
                    let found = held(group, !arguments.is_empty());
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort_unstable();
    assert!(wrong.is_empty(), "these grow faster than their input:\n{}", wrong.join("\n"));
    println!("{} groups of readers, {} tokens", GROUPS.len(), tokens::ALL.len());
}
