//! The systemd units that users copy, and the guide that shows them.

use std::{fs, path::Path, process::Command};

/// Highest rating of `systemd-analyze security`; 0 is the least exposed, 10 the most.
const EXPOSURE: f64 = 3.0;

fn guide() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide"))
}

/// Pages with the files that they show.
const SHOWN: [(&str, &str, &[&str]); 4] = [
    ("scheduling.md", "ini", &["systemd/tge-scrape.service", "systemd/tge-scrape.timer"]),
    ("server.md", "ini", &["systemd/tge-scrape-serve.service", "systemd/tge-scrape-serve.socket"]),
    ("server.md", "nginx", &["proxy/nginx.conf"]),
    ("server.md", "", &["proxy/Caddyfile"]),
];

#[test]
fn the_guide_shows_the_files_to_copy() {
    for (page, language, paths) in SHOWN {
        let text = fs::read_to_string(guide().join(page)).unwrap();
        for path in paths {
            let file = fs::read_to_string(guide().join(path)).unwrap();
            let (_, name) = path.split_once('/').unwrap();
            let shown = text.split_once(&format!("[{name}]({path})")).map(|(_, rest)| rest);
            let block = format!("```{language}\n{file}```\n");
            let is_next = shown.and_then(|rest| rest.find("```").map(|at| rest[at..].starts_with(&block)));
            assert_eq!(is_next, Some(true), "{page} does not show {path} as it is");
        }
    }
}

#[test]
fn both_services_use_the_same_user_and_state() {
    let unit = |name: &str| fs::read_to_string(guide().join("systemd").join(name)).unwrap();
    let (cycle, serve) = (unit("tge-scrape.service"), unit("tge-scrape-serve.service"));
    for line in ["DynamicUser=yes", "StateDirectory=tge-scrape", "StateDirectoryMode=0700"] {
        for unit in [&cycle, &serve] {
            assert!(unit.lines().any(|other| other == line), "{line}");
        }
    }
    // Without User= it is the name of the unit.
    assert!(!cycle.contains("\nUser=") && serve.contains("\nUser=tge-scrape\n"));
}

#[test]
fn systemd_accepts_the_units() {
    let units = tempfile::tempdir().unwrap();
    let names =
        ["tge-scrape.service", "tge-scrape.timer", "tge-scrape-serve.service", "tge-scrape-serve.socket"];
    let paths = names.map(|name| units.path().join(name));
    for (name, path) in names.iter().zip(&paths) {
        let unit = fs::read_to_string(guide().join("systemd").join(name)).unwrap();
        // The program is not installed here.
        fs::write(path, unit.replace("/usr/local/bin/tge-scrape", env!("CARGO_BIN_EXE_tge-scrape"))).unwrap();
    }
    let mut verify = Command::new("systemd-analyze");
    verify
        .args(["verify", "--man=no"])
        .args(&paths)
        .env("SYSTEMD_UNIT_PATH", format!("{}:", units.path().display()));
    let Ok(output) = verify.output() else {
        eprintln!("skipped: systemd-analyze is not installed");
        return;
    };
    let found = String::from_utf8_lossy(&output.stderr);
    let about_ours: Vec<&str> = found.lines().filter(|line| line.contains("tge-scrape")).collect();
    assert!(about_ours.is_empty(), "{about_ours:#?}");
}

#[test]
fn the_services_are_hardened() {
    for name in ["tge-scrape.service", "tge-scrape-serve.service"] {
        let unit = guide().join("systemd").join(name);
        let ran = Command::new("systemd-analyze")
            .args(["security", "--offline=yes", "--no-pager"])
            .arg(&unit)
            .output();
        let Ok(output) = ran else {
            eprintln!("skipped: systemd-analyze is not installed");
            return;
        };
        let (text, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let rating =
            text.lines().find_map(|line| line.split_once("Overall exposure level for ")?.1.split(' ').nth(1));
        let rating: f64 =
            rating.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{text}{errors}"));
        assert!(rating < EXPOSURE, "{name}: {rating}: {text}");
    }
}
