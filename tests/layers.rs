//! Modules import only from lower levels. Reads the `crate::` paths of every source file.

use std::{fs, path::Path};

/// Modules by level, lowest first. Modules of level 0 and of levels 4 and above may import from their own level.
const LEVELS: &[&[&str]] = &[
    &["model", "text", "clock", "failpoint", "panics"],
    &["http", "feed", "article", "detect", "x", "store", "figures", "process"],
    &["visit", "render", "alert"],
    &["cycle"],
    &["config", "wiring", "error"],
    &["cli", "serve", "main", "lib"],
];

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|modules| modules.contains(&module))
}

fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The modules named after `crate::` in `text`, also in braces.
fn imports(text: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0_u32;
            let mut word = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && (c.is_alphanumeric() || c == '_') {
                    word.push(c);
                } else if depth == 0 && c == ',' {
                    word.clear();
                } else if !word.is_empty() {
                    modules.push(std::mem::take(&mut word));
                }
            }
            modules.extend((!word.is_empty()).then_some(word));
        } else {
            modules.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    modules
}

#[test]
fn modules_import_only_from_lower_levels() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut offences = Vec::new();
    for (path, text) in &files {
        let inside = path.strip_prefix(&root.display().to_string()).unwrap().trim_start_matches('/');
        let module = inside.split(['/', '.']).next().unwrap();
        for other in imports(text) {
            let Some(theirs) = level(&other) else { continue };
            let allowed = match level(module) {
                // The fixture web imports nothing from the program.
                None => false,
                Some(ours) => {
                    other == module || theirs < ours || (ours == theirs && (ours == 0 || ours >= 4))
                }
            };
            if !allowed {
                offences.push(format!("{inside} uses crate::{other}"));
            }
        }
    }
    assert!(files.len() > 10, "no sources found under {}", root.display());
    assert_eq!(offences, Vec::<String>::new());
}

#[test]
fn imports_are_parsed_with_and_without_braces() {
    let text = "use crate::model::Entry;\nuse crate::{http::{Fetch, Request}, store};";
    assert_eq!(imports(text), ["model", "http", "store"]);
}
