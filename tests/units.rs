//! The systemd units that users copy, and the guide that shows them.

use std::{fs, path::Path, process::Command};

/// Highest rating of `systemd-analyze security`; 0 is the least exposed, 10 the most.
const EXPOSURE: f64 = 3.0;

fn guide() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide"))
}

#[test]
fn the_guide_shows_the_unit_files() {
    let page = fs::read_to_string(guide().join("scheduling.md")).unwrap();
    for name in ["tge-scrape.service", "tge-scrape.timer"] {
        let unit = fs::read_to_string(guide().join("systemd").join(name)).unwrap();
        let block = format!("[{name}](systemd/{name}):\n\n```ini\n{unit}```\n");
        assert!(page.contains(&block), "scheduling.md does not show {name} as it is");
    }
}

#[test]
fn the_service_is_hardened() {
    let unit = guide().join("systemd/tge-scrape.service");
    let ran =
        Command::new("systemd-analyze").args(["security", "--offline=yes", "--no-pager"]).arg(&unit).output();
    let Ok(output) = ran else {
        eprintln!("skipped: systemd-analyze is not installed");
        return;
    };
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let rating =
        text.lines().find_map(|line| line.split_once("Overall exposure level for ")?.1.split(' ').nth(1));
    let rating: f64 = rating.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{text}{errors}"));
    assert!(rating < EXPOSURE, "{rating}: {text}");
}
