//! The completion scripts, sourced in real shells: they complete flags and values after a command.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::support::lab::Lab;

/// Prints what bash offers for the words `$2…`, of which the last is completed.
const BASH: &str = r#"
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
function=$(complete -p tge-scrape | sed 's/.*-F \([^ ]*\).*/\1/')
"$function" "$1" "${!#}" "${@: -2:1}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// Types the line into an interactive zsh and prints it as the Tab key completes it.
const ZSH: &str = r#"
script=$1; shift
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1='' PROMPT=''; autoload -Uz compinit; compinit -u -D; source ${(q)script}; print rea''dy"
zpty -r shell answer '*ready*'
zpty -w -n shell "$*"$'\t'$'\C-a'"print -r -- line: '"$'\C-e'"'"$'\n'
zpty -r shell answer $'*\nline: *\n*'
print -r -- ${${answer##*$'\n'line: }%%$'\r'*}
zpty -d shell
"#;

/// Prints what fish offers.
const FISH: &str = r#"
source $argv[1]
complete -C (string join -- " " $argv[2..])
"#;

/// What `shell` offers for `line`; `None` if the machine lacks that shell.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn offers(shell: &str, script: &Path, line: &str) -> Option<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let (flags, program): (&[&str], _) = match shell {
        "bash" => (&["--norc", "-c"], BASH),
        "zsh" => (&["-f", "-c"], ZSH),
        _ => (&["--no-config", "-c"], FISH),
    };
    let mut command = Command::new("timeout");
    command.args(["60", shell]).args(flags).arg(program);
    if shell != "fish" {
        command.arg(shell);
    }
    command.arg(script).args(words).stdin(Stdio::null()).env("TERM", "xterm");
    let folder = script.parent().unwrap();
    let output = command
        .env("HOME", folder)
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .output()
        .unwrap();
    // timeout(1) ends with 127 if the program is not found.
    if output.status.code() == Some(127) {
        eprintln!("skipped: {shell} is not installed");
        return None;
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{shell} {line:?}: {out}{err}");
    Some(out.into_owned())
}

fn completes(shell: &str) {
    let lab = Lab::new();
    let script = lab.path().join("script");
    let text = lab.run(&["completions", shell]).stdout;
    for hidden in ["shift-clock", "kill-at", "--naive"] {
        assert!(!text.contains(hidden), "{hidden} is in the script for {shell}");
    }
    std::fs::write(&script, text).unwrap();
    for (line, expected) in [
        ("tge-scrape eve", "events"),
        ("tge-scrape events --min", "--min-score"),
        ("tge-scrape events --event li", "listing"),
        ("tge-scrape events --stage up", "upcoming"),
        ("tge-scrape events --class cri", "critical"),
        ("tge-scrape cycle --only ne", "news"),
        ("tge-scrape feed add --no", "--no-check"),
        ("tge-scrape stats --format pro", "prometheus"),
        ("tge-scrape alerts se", "send"),
    ] {
        let Some(offered) = offers(shell, &script, line) else { return };
        assert!(offered.contains(expected), "{shell} offers {offered:?} for {line:?}");
    }
}

#[test]
fn bash_completes_flags_and_values_after_a_command() {
    completes("bash");
}

#[test]
fn zsh_completes_flags_and_values_after_a_command() {
    completes("zsh");
}

#[test]
fn fish_completes_flags_and_values_after_a_command() {
    completes("fish");
}
