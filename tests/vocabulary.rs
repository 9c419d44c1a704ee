//! Vocabulary: words that this project once used in a private sense do not come back.
//!
//! Identifiers, comments and prose count everywhere. String literals count where they are messages. Literals of tests,
//! of the fixture web and of the detector do not count: they are texts that are served or judged. In Markdown, code
//! does not count: it repeats names that are checked where they are defined.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The old words; docs/glossary.md has the terms that replace them. Old words with an ordinary use, such as mark, part,
/// place, round, silent, step and turn, are not listed.
const OLD_WORDS: &str = "told tell tells telling tellings retold home homes leave leaves leaving lie lies glance glances \
    shelf shelves shelved desk desks tally tallies matter matters room rooms house houses door doors \
    mishap mishaps goodbye rider riders parcel parcels receipt receipts trail trails admission guarded \
    loud loudness sift sifts sifted sighted aging naive rehearsal shield shielded mistake mistakes lay \
    lays trouble troubles noticed clue clues rhythm whoever";

/// Files and folders that are read.
const PLACES: [&str; 7] = ["src", "tests", "docs", ".ci", "README.md", "fixtures/README.md", "Cargo.toml"];
/// Kinds of files with code or prose. Others are data: word lists, recorded inputs, migrations.
const EXTENSIONS: [&str; 4] = ["rs", "md", "toml", ""];
/// Folders of data and of build results inside the places.
const DATA: [&str; 7] = [
    "src/detect/data",
    "tests/fuzz/seeds",
    "tests/fuzz/regressions",
    "tests/fuzz/corpus",
    "tests/fuzz/artifacts",
    "tests/fuzz/target",
    "tests/snapshots",
];
/// Folders whose string literals are texts that are served or judged.
const TEXTS: [&str; 3] = ["tests/", "src/fixture_web/", "src/detect/"];

/// A use of an old word that stays.
struct Exception {
    word: &'static str,
    /// Start of the paths it is for.
    path: &'static str,
    /// What stands in its line.
    line: &'static str,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    exception("told", "src/store/sqlite/statements.rs", "", "name of a table, `told_at` of a column"),
    exception("matters", "src/store/sqlite/statements.rs", "", "name of a table"),
    exception("trouble", "src/store/sqlite/statements.rs", "", "name of a column"),
    exception("trouble", "src/cli/x.rs", "\"trouble\"", "JSON key and column of `x accounts`"),
    exception("home", "src/config/", "HOME", "environment variable"),
    exception("home", ".ci/path", "HOME", "environment variable"),
    exception("home", "src/config/presets.toml", "prepareHomePage", "address of a publisher"),
    exception("home", "src/feed/json_feed.rs", "home_page_url", "field of JSON Feed"),
    exception("matter", "src/config/starter.toml", "Matter Labs", "name of a company"),
    exception("desk", "src/config/starter.toml", "CoinDesk", "name of an outlet"),
    exception("naive", "src/cli/cycle.rs", "naive", "flag `--naive`"),
    exception("naive", "src/figures/", "rename = \"naive\"", "JSON key"),
    exception("naive", "src/figures/", "calls_naive", "JSON key"),
    exception("naive", "src/render/last_run/fields.rs", "/calls/naive", "JSON key"),
    exception("naive", "src/x/plan.rs", "`calls.naive`", "JSON key"),
    exception("lie", ".ci/cases", "\"lie.xml\"", "name of a file in the field cases"),
    exception("told", ".ci/browse", "\"told", "name of a table and of a column"),
    exception("told", ".ci/cases", "told.ndjson", "name of a file in the field cases"),
];

const fn exception(
    word: &'static str,
    path: &'static str,
    line: &'static str,
    reason: &'static str,
) -> Exception {
    Exception { word, path, line, reason }
}

/// Where an old word stands.
#[derive(Debug, PartialEq, Eq)]
struct Use {
    path: String,
    number: usize,
    word: String,
    line: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(path: PathBuf, found: &mut BTreeMap<String, String>) {
    let name = path.strip_prefix(root()).unwrap().display().to_string();
    if path.is_dir() {
        if !DATA.contains(&name.as_str()) {
            for entry in fs::read_dir(path).unwrap() {
                files(entry.unwrap().path(), found);
            }
        }
    } else if EXTENSIONS.contains(&path.extension().map_or("", |extension| extension.to_str().unwrap())) {
        found.insert(name, fs::read_to_string(&path).unwrap());
    }
}

/// `text` without its string literals, with as many lines as before.
fn without_literals(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let hashes = rest.strip_prefix('r').map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
        let raw = format!("r{}\"", "#".repeat(hashes));
        let length = if rest.starts_with("//") {
            let length = rest.find('\n').unwrap_or(rest.len());
            kept.push_str(&rest[..length]);
            length
        } else if rest.starts_with(&raw)
            && !kept.trim_end_matches('b').ends_with(|c: char| c.is_alphanumeric() || c == '_')
        {
            let end = format!("\"{}", "#".repeat(hashes));
            rest[raw.len()..].find(&end).map_or(rest.len(), |at| raw.len() + at + end.len())
        } else if c == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |at| at + 2)
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("'\\\"'") {
            4
        } else {
            kept.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        if !rest.starts_with("//") {
            kept.extend(rest[..length].chars().filter(|c| *c == '\n'));
        }
        rest = &rest[length..];
    }
    kept
}

/// `text` without code blocks and code spans, with as many lines as before.
fn without_code(text: &str) -> String {
    let mut block = false;
    let line = |line: &str| {
        let fence = line.trim_start().starts_with("```");
        block ^= fence;
        if block || fence { String::new() } else { line.split('`').step_by(2).collect::<Vec<_>>().join(" ") }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The part of the file at `path` whose words count, with as many lines as before.
fn counted(path: &str, text: &str) -> String {
    match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("md") => without_code(text),
        Some("rs") => {
            let test = TEXTS.iter().any(|folder| path.starts_with(folder))
                || ["tests.rs", "/tests/", "/samples.rs"].iter().any(|name| path.contains(name));
            let tests = if test { 0 } else { text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len()) };
            text[..tests].to_owned() + &without_literals(&text[tests..])
        }
        _ => text.to_owned(),
    }
}

/// The words of `line` in lower case; names are split at underscores and capitals.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in line.chars() {
        if !c.is_alphabetic() || (c.is_uppercase() && lower) {
            words.push(String::new());
        }
        if c.is_alphabetic() {
            words.last_mut().unwrap().extend(c.to_lowercase());
        }
        lower = c.is_lowercase();
    }
    words
}

fn uses(path: &str, text: &str) -> Vec<Use> {
    let old_words: BTreeSet<&str> = OLD_WORDS.split(' ').collect();
    let mut found = Vec::new();
    for (index, (line, whole)) in counted(path, text).lines().zip(text.lines()).enumerate() {
        let old = words(line).into_iter().filter(|word| old_words.contains(word.as_str()));
        found.extend(old.map(|word| Use {
            path: path.to_owned(),
            number: index + 1,
            word,
            line: whole.trim().to_owned(),
        }));
    }
    found
}

fn excepts(exception: &Exception, found: &Use) -> bool {
    found.word == exception.word
        && found.path.starts_with(exception.path)
        && found.line.contains(exception.line)
}

#[test]
fn old_words_are_gone() {
    let mut texts = BTreeMap::new();
    for place in PLACES {
        files(root().join(place), &mut texts);
    }
    assert!(texts.len() > 300, "only {} files were read", texts.len());
    let found: Vec<Use> = texts.iter().flat_map(|(path, text)| uses(path, text)).collect();
    let left: Vec<String> = found
        .iter()
        .filter(|found| !EXCEPTIONS.iter().any(|exception| excepts(exception, found)))
        .map(|found| format!("{}:{}: {}: {}", found.path, found.number, found.word, found.line))
        .collect();
    assert!(left.is_empty(), "{} old words:\n{}", left.len(), left.join("\n"));
    for exception in EXCEPTIONS {
        assert!(!exception.reason.is_empty());
        assert!(
            found.iter().any(|found| excepts(exception, found)),
            "no line needs the exception of {:?} in {}",
            exception.word,
            exception.path
        );
    }
}

#[test]
fn old_words_are_found_in_names_comments_and_messages() {
    let of = |path: &str, text: &str| -> Vec<(usize, String)> {
        uses(path, text).into_iter().map(|found| (found.number, found.word)).collect()
    };
    let wanted = |all: &[(usize, &str)]| -> Vec<(usize, String)> {
        all.iter().map(|(line, word)| (*line, (*word).to_owned())).collect()
    };
    let code = "struct NewTelling; // a door\nfn leave_it() { say(\"told\"); }\n#[cfg(test)]\nmod tests { let LOUD = (r#\"a \"tally\" \"#, '\"', \"sh\\\"elf\n\", desk); }";
    let message = [(1, "telling"), (1, "door"), (2, "leave"), (2, "told"), (4, "loud"), (5, "desk")];
    assert_eq!(of("src/a.rs", code), wanted(&message));
    let judged = [(1, "telling"), (1, "door"), (2, "leave"), (4, "loud"), (5, "desk")];
    assert_eq!(of("src/detect/a.rs", code), wanted(&judged));
    assert_eq!(of("tests/a.rs", code), wanted(&judged));
    let page = "# Rooms\n`told` and home\n```\nlies\n```\nhomes, storytelling, homepage";
    assert_eq!(of("page.md", page), wanted(&[(1, "rooms"), (2, "home"), (6, "homes")]));
    assert_eq!(of("Cargo.toml", "# a shield"), wanted(&[(1, "shield")]));
}
