//! Stored inputs and their properties: seeds of fuzzing (`tests/fuzz/seeds`) and inputs of earlier faults
//! (`tests/fuzz/regressions`), in one folder per target.

use std::{fs, panic, path::Path};

use crate::properties;

type Property = fn(&[u8]);

/// The targets of `tests/fuzz`, with the folders of fixtures that are inputs as well.
const TARGETS: [(&str, Property, &[&str]); 7] = [
    ("feed", properties::feed, &["fixtures/entries"]),
    ("article", properties::article, &["fixtures/article"]),
    ("address", properties::address, &[]),
    ("judgement", properties::judgement, &["fixtures/text"]),
    ("x_answers", properties::x_answers, &[]),
    ("settings", properties::settings, &["src/config"]),
    ("headers", properties::headers, &[]),
];

/// Applies `property` to every file of `folder`. Returns the number of files.
fn hold(property: Property, folder: &Path) -> usize {
    let Ok(files) = fs::read_dir(folder) else { return 0 };
    let mut inputs: Vec<_> = files.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect();
    inputs.sort();
    for path in &inputs {
        let input = fs::read(path).unwrap();
        assert!(panic::catch_unwind(|| property(&input)).is_ok(), "{}", path.display());
    }
    inputs.len()
}

#[test]
fn stored_inputs_satisfy_their_properties() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, property, fixtures) in TARGETS {
        let fuzz = root.join("tests/fuzz");
        let kept = ["seeds", "regressions"].map(|folder| hold(property, &fuzz.join(folder).join(name)));
        assert!(kept[0] > 0, "{name} has no seeds");
        for folder in fixtures {
            assert!(hold(property, &root.join(folder)) > 0, "nothing in {folder}");
        }
    }
}

#[test]
fn fuzz_targets_equal_the_tested_properties() {
    let manifest = include_str!("fuzz/Cargo.toml");
    let mut built: Vec<&str> = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\""))
        .collect();
    let mut held = TARGETS.map(|(name, ..)| name);
    built.sort_unstable();
    held.sort_unstable();
    assert_eq!(built, held);
}
