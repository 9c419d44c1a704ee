//! What callgrind counts.

use std::{collections::HashMap, fs, process::Command};

use super::slots;

/// Instructions by the address of a function in the program's file, those of what it calls included. A program that is
/// measured as it is shipped has no names in it.
pub struct Counts(HashMap<usize, u64>);

impl Counts {
    /// Runs this program with `arguments` under callgrind.
    pub fn of_this_program(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("counts");
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--main-stacksize=67108864"])
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(std::env::current_exe().unwrap())
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::read(&fs::read_to_string(file).unwrap())
    }

    /// Reads callgrind's own format (Callgrind Format Specification, valgrind's manual): a call is a line `cfn=(id) name`,
    /// where the name stands only the first time, a line `calls=`, and a line that ends in what it cost. A function
    /// without a name is named by its address.
    fn read(text: &str) -> Self {
        let (mut addresses, mut counts) = (HashMap::new(), HashMap::new());
        let mut called = "";
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(function) = line.strip_prefix("cfn=").or_else(|| line.strip_prefix("fn=")) {
                let (id, name) = function.split_once(' ').unwrap_or((function, ""));
                if let Some(address) =
                    name.strip_prefix("0x").and_then(|digits| usize::from_str_radix(digits, 16).ok())
                {
                    addresses.insert(id, address);
                }
                called = if line.starts_with('c') { id } else { "" };
            } else if line.starts_with("calls=")
                && let Some(cost) = lines.next().and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
                && let Some(address) = addresses.get(called)
            {
                *counts.entry(*address).or_default() += cost;
            }
        }
        Self(counts)
    }

    /// The counts of a group's reader on a token, smallest size first.
    pub fn three(&self, reader: usize, token: usize) -> [u64; 3] {
        let base = base();
        slots::three(reader, token).map(|run| {
            let address = run as *const () as usize - base;
            *self.0.get(&address).unwrap_or_else(|| panic!("callgrind says nothing of {address:#x}"))
        })
    }
}

/// The address of this program in memory (proc(5), `/proc/PID/maps`: the first line is its beginning).
fn base() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    usize::from_str_radix(maps.split('-').next().unwrap(), 16).unwrap()
}
