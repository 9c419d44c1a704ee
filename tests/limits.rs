//! Odd values on the command line and limits of the system: an error message and an exit code, never a panic.

use std::{collections::BTreeSet, ffi::OsString, fs};

use crate::support::{
    lab::{Lab, Ran, ran},
    world,
};

/// Values that no flag expects.
fn odd_values() -> Vec<OsString> {
    let mut values: Vec<OsString> = [
        "",
        "0",
        "-1",
        "18446744073709551615",
        "99999999999999999999",
        "-9223372036854775808",
        "NaN",
        "1e400",
        "0s",
        "106751991168d",
        "18446744073709551615ms",
        "a\nb\u{202e}",
    ]
    .map(OsString::from)
    .to_vec();
    values.push("9".repeat(5000).into());
    #[cfg(unix)]
    values.push(std::os::unix::ffi::OsStringExt::from_vec(b"\xff\xfe".to_vec()));
    values
}

/// Subcommands, flags and arguments of a command, read from `--help`.
struct Help {
    commands: Vec<String>,
    flags: BTreeSet<String>,
    /// Whether each argument is required.
    arguments: Vec<bool>,
}

fn help(lab: &Lab, command: &[String]) -> Help {
    let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    let text = lab.run(&arguments).stdout;
    let section = |name: &str| -> Vec<String> {
        let lines = text.lines().skip_while(|line| *line != name).skip(1);
        lines.take_while(|line| line.is_empty() || line.starts_with(' ')).map(str::to_owned).collect()
    };
    let name = |line: &String| {
        let word =
            line.strip_prefix("  ").filter(|word| !word.starts_with(' '))?.split_whitespace().next()?;
        Some(word.to_owned())
    };
    let flag = |line: &str| {
        let spec = line.trim_start();
        let (flag, value) = spec.starts_with('-').then(|| spec.get(spec.find("--")?..))??.split_once(' ')?;
        value.starts_with('<').then(|| flag.to_owned())
    };
    Help {
        commands: section("Commands:").iter().filter_map(name).filter(|name| name != "help").collect(),
        flags: text.lines().filter_map(flag).collect(),
        arguments: section("Arguments:").iter().filter_map(name).map(|word| word.starts_with('<')).collect(),
    }
}

/// Adds every command without subcommands, with its help.
fn collect_commands(lab: &Lab, command: Vec<String>, found: &mut Vec<(Vec<String>, Help)>) {
    let help = help(lab, &command);
    for inner in &help.commands {
        collect_commands(lab, [command.clone(), vec![inner.clone()]].concat(), found);
    }
    if help.commands.is_empty() {
        found.push((command, help));
    }
}

fn ends_well(ran: &Ran, arguments: &[OsString]) {
    assert!((0..=75).contains(&ran.code), "{} after {arguments:?}: {}", ran.code, ran.stderr);
    // The message of a panic names a line of a source file.
    assert!(!ran.stderr.contains(".rs:"), "{arguments:?}: {}", ran.stderr);
    assert!(
        ran.code == 0 || !ran.stderr.is_empty() || !ran.stdout.is_empty(),
        "{arguments:?} prints nothing"
    );
}

#[test]
fn odd_argument_values_cause_no_panic() {
    let lab = world::bulk(1, 2);
    lab.cycle();
    lab.settings("feeds = []\nprojects = []\n");
    let mut found = Vec::new();
    collect_commands(&lab, Vec::new(), &mut found);
    assert!(found.len() > 30, "{}", found.len());
    let global: BTreeSet<String> =
        ["--config", "--state-dir", "--format", "--color", "--log-format"].map(str::to_owned).into();
    let (mut tried, values) = (0, odd_values());
    for (command, help) in &found {
        assert!(global.is_subset(&help.flags), "{command:?} takes {:?}", help.flags);
        let needed = || help.arguments.iter().filter(|needed| **needed).map(|_| OsString::from("x"));
        let command_line = || command.iter().map(OsString::from);
        let mut lines: Vec<Vec<OsString>> = Vec::new();
        let all = command == &["events"] || command == &["cycle"];
        for flag in help.flags.iter().filter(|flag| all || !global.contains(*flag)) {
            for value in &values {
                let mut given = OsString::from(format!("{flag}="));
                given.push(value);
                lines.push(command_line().chain([given]).chain(needed()).collect());
            }
        }
        for at in 0..help.arguments.len() {
            for value in &values {
                let before = (0..at).map(|_| OsString::from("x"));
                lines
                    .push(command_line().chain(["--".into()]).chain(before).chain([value.clone()]).collect());
            }
        }
        if all {
            for value in &values {
                let mut given = OsString::from("--shift-clock=");
                given.push(value);
                lines.push(command_line().chain([given]).collect());
            }
        }
        for line in lines {
            let mut command = lab.command(&[]);
            ends_well(&ran(command.args(&line).output().unwrap()), &line);
            tried += 1;
        }
    }
    assert!(tried > 400, "{tried}");
}

/// Runs the program in a shell after `ulimit` with `limit`.
#[cfg(unix)]
fn limited(lab: &Lab, limit: &str, arguments: &[&str]) -> Ran {
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", &format!("ulimit {limit}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_tge-scrape")]);
    command.args(arguments).current_dir(lab.path()).env_clear().env("PATH", "/usr/bin:/bin");
    ran(command.output().unwrap())
}

#[cfg(unix)]
#[test]
fn low_limit_of_open_files_gives_an_error_message() {
    let lab = world::bulk(1, 2);
    lab.cycle();
    for files in [4, 5, 6, 8, 10, 12, 14, 16, 20, 30] {
        for arguments in [
            &["cycle"][..],
            &["events"],
            &["stats"],
            &["report", "-o", "r.html"],
            &["feed", "list"],
            &["doctor"],
        ] {
            let ran = limited(&lab, &format!("-n {files}"), arguments);
            ends_well(&ran, &[format!("-n {files} {arguments:?}").into()]);
        }
    }
    let few = limited(&lab, "-n 6", &["cycle"]);
    assert!(few.code == 1 && few.stderr.contains("ulimit -n"), "{}: {}", few.code, few.stderr);
}

#[cfg(unix)]
#[test]
fn low_limit_of_file_size_gives_an_error_and_no_partial_file() {
    let lab = world::bulk(1, 2);
    lab.cycle();
    fs::remove_dir_all(lab.state()).unwrap();
    for (limit, arguments) in [
        ("-f 8", &["cycle"][..]),
        ("-f 1", &["report", "-o", "r.html"]),
        ("-f 1", &["config", "init", "new.toml"]),
    ] {
        let ran = limited(&lab, limit, arguments);
        assert_eq!(ran.code, 1, "{limit} {arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    }
    let mut names: Vec<_> = fs::read_dir(lab.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["state", "tge-scrape.toml"]);
}

#[cfg(unix)]
#[test]
fn small_stack_is_enough() {
    let lab = world::bulk(1, 2);
    for arguments in [&["cycle"][..], &["stats"], &["config", "show"], &["feed", "export"]] {
        let ran = limited(&lab, "-s 64", arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn invalid_settings_files_are_rejected() {
    let lab = Lab::new();
    fs::write(lab.path().join("utf16.toml"), [0xff, 0xfe, b'a', 0]).unwrap();
    for (path, expected) in
        [("/dev/zero", "longer than 64MiB"), (".", "is a folder"), ("utf16.toml", "UTF-8")]
    {
        let refused = lab.run(&["-c", path, "config", "check"]);
        assert!(refused.code == 3 && refused.stderr.contains(expected), "{path}: {}", refused.stderr);
    }
    assert_eq!(lab.run(&["-c", "/dev/null", "config", "check"]).code, 0);
}
