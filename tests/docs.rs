//! Documents: headings that comments cite and links exist; sentences and pages are short.
//!
//! Comments and messages cite a page as `docs/PATH.md`, or a heading of it as `docs/PATH.md#ANCHOR`, with the anchors of
//! GitHub.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

/// Words that a sentence may have.
const LONGEST_SENTENCE: usize = 35;
/// Lines that a page may have.
const LONGEST_PAGE: usize = 250;
/// Folder of pages that may be longer: dated tables of results.
const MEASUREMENTS: &str = "docs/measurements/";
/// Files and folders whose text may cite a page. This file has made-up citations.
const CITING: [&str; 4] = ["src", "tests", ".ci", "Cargo.toml"];
/// Documents that this repository does not have, as comments named them once.
const ABSENT: [&str; 6] =
    ["(contract, ", "(conventions, ", "feed-fetching", "fact sheet", "facts sheet", "labelling guidelines"];
/// Abbreviations after which a sentence goes on.
const ABBREVIATIONS: [&str; 5] = ["e.g.", "i.e.", "vs.", "approx.", "cf."];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files at `path`, or in the folder `path`, that `wanted` accepts, with their text.
fn files(path: &Path, wanted: &dyn Fn(&Path) -> bool, found: &mut BTreeMap<String, String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            files(&entry.unwrap().path(), wanted, found);
        }
    } else if wanted(path)
        && let Ok(text) = fs::read_to_string(path)
    {
        found.insert(path.strip_prefix(root()).unwrap().display().to_string(), text);
    }
}

/// README and all pages, by their path from the root.
fn pages() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let is_page = |path: &Path| path.extension().is_some_and(|extension| extension == "md");
    files(&root().join("docs"), &is_page, &mut found);
    files(&root().join("README.md"), &is_page, &mut found);
    assert!(found.len() > 10, "there are only {} pages", found.len());
    found
}

/// Lines outside of code blocks, with their numbers.
fn prose(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut code = false;
    page.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        (!code && !fence).then_some((index + 1, line))
    })
}

/// `text` with each code span replaced by a word.
fn without_code(text: &str) -> String {
    text.split('`').enumerate().map(|(index, part)| if index % 2 == 0 { part } else { "Code" }).collect()
}

/// The targets of the links in `line`: `[text](target)`, `![text](target)` and `[name]: target`.
fn targets(line: &str) -> Vec<String> {
    let text = without_code(line);
    let mut found: Vec<String> = text
        .split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0.split_whitespace().next()?.to_owned()))
        .collect();
    if let Some((_, target)) = text.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
        found.push(target.trim().to_owned());
    }
    found
}

/// The anchor of a heading: lower case, spaces as hyphens, without punctuation.
fn anchor(heading: &str) -> String {
    let mut text = heading.trim().to_lowercase();
    while let Some((before, (label, (_, after)))) = text.split_once('[').and_then(|(before, rest)| {
        let (label, rest) = rest.split_once("](")?;
        Some((before, (label, rest.split_once(')')?)))
    }) {
        text = format!("{before}{label}{after}");
    }
    let allowed = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    text.chars().filter(allowed).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The anchors of all headings of `page`; of equal ones the second ends in `-1`.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for (_, line) in prose(page) {
        let heading = line.trim_start_matches('#');
        if heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let anchor = anchor(heading);
        let before = times.entry(anchor.clone()).or_default();
        found.insert(if *before == 0 { anchor } else { format!("{anchor}-{before}") });
        *before += 1;
    }
    found
}

/// The target of a link on `page` as a path from the root, or `None` if it leads out of the repository.
fn resolved(page: &str, target: &str) -> Option<String> {
    let mut path = PathBuf::from(page);
    path.pop();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir if !path.pop() => return None,
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    Some(path.display().to_string())
}

/// What is wrong with `target`, a path from the root with or without an anchor.
fn missing(target: &str, pages: &BTreeMap<String, String>) -> Option<String> {
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    match (pages.get(path), anchor) {
        (Some(page), Some(anchor)) if !anchors(page).contains(anchor) => {
            Some(format!("{path} has no heading #{anchor}"))
        }
        (None, Some(_)) => Some(format!("there is no page {path}")),
        (None, None) if !root().join(path).exists() => Some(format!("there is no file {path}")),
        _ => None,
    }
}

/// Every `docs/…` in `text` that names a page or folder of this repository, with its line.
fn citations(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (at, _) in line.match_indices("docs/") {
            // Part of a longer path or of an address of another site.
            if line[..at].ends_with(|c: char| c.is_alphanumeric() || "/.-_".contains(c)) {
                continue;
            }
            let end = |c: char| !(c.is_ascii_alphanumeric() || "/.#-_".contains(c));
            let path = line[at..].split(end).next().unwrap_or_default();
            found.push((index + 1, path.trim_end_matches(['.', '-', '#']).to_owned()));
        }
    }
    found
}

/// What follows the mark of a list item.
fn item(line: &str) -> Option<&str> {
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = if digits.len() < line.len() { digits.strip_prefix(". ") } else { None };
    numbered.or_else(|| ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)))
}

/// The texts of `page` in which sentences begin and end: paragraphs, list items, cells of tables. With the number of their
/// first line.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    // Whether the next line goes on with the last block, and the number of the line before.
    let (mut open, mut last) = (false, 0);
    for (number, line) in prose(page) {
        let line = line.trim_start().trim_start_matches("> ");
        open &= number == last + 1 && item(line).is_none();
        last = number;
        if line.starts_with('|') {
            let row = without_code(line).replace("\\|", "/");
            found.extend(row.split('|').map(|cell| (number, cell.to_owned())));
            open = false;
        } else if line.is_empty() || line.starts_with('#') {
            open = false;
        } else if let Some((_, block)) = found.last_mut().filter(|_| open) {
            block.push(' ');
            block.push_str(line);
        } else {
            found.push((number, item(line).unwrap_or(line).to_owned()));
            open = true;
        }
    }
    found
}

/// The sentences of `block`.
fn sentences(block: &str) -> Vec<String> {
    let text = without_code(block);
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = vec![String::new()];
    for (index, word) in words.iter().enumerate() {
        let sentence = found.last_mut().unwrap();
        sentence.push_str(word);
        sentence.push(' ');
        let bare = word.trim_end_matches([')', '"', '”', '*', '_']);
        let ends = bare.ends_with(['.', '!', '?']) && !ABBREVIATIONS.contains(&bare);
        let next =
            words.get(index + 1).map(|next| next.trim_start_matches(['(', '"', '“', '*', '_', '[', '!']));
        let begins =
            |next: &str| next.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '<');
        if ends && next.is_some_and(begins) {
            found.push(String::new());
        }
    }
    found
}

/// Words of `sentence`; targets of links are none.
fn words(sentence: &str) -> usize {
    let mut text = String::new();
    let mut parts = sentence.split("](");
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        text.push_str(part.split_once(')').map_or(part, |(_, after)| after));
    }
    text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

#[test]
fn links_and_anchors_of_all_pages_exist() {
    let pages = pages();
    let mut wrong = Vec::new();
    let mut links = 0;
    for (page, text) in &pages {
        for (number, line) in prose(text) {
            for target in targets(line) {
                if target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                links += 1;
                let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
                let path = if path.is_empty() { Some(page.clone()) } else { resolved(page, path) };
                let whole =
                    path.map(|path| if anchor.is_empty() { path } else { format!("{path}#{anchor}") });
                let problem =
                    whole.map_or_else(|| Some("it leads out".to_owned()), |whole| missing(&whole, &pages));
                wrong.extend(problem.map(|problem| format!("{page}:{number}: {target}: {problem}")));
            }
        }
    }
    assert!(links > 50, "there are only {links} links");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pages_and_headings_cited_by_code_exist() {
    let pages = pages();
    let mut texts = BTreeMap::new();
    let is_ours = |path: &Path| {
        path != root().join(file!()) && !path.components().any(|part| part.as_os_str() == "target")
    };
    for place in CITING {
        files(&root().join(place), &is_ours, &mut texts);
    }
    let mut wrong = Vec::new();
    let (mut cited, mut headings) = (0, 0);
    for (file, text) in &texts {
        for (number, target) in citations(text) {
            cited += 1;
            headings += usize::from(target.contains('#'));
            wrong.extend(missing(&target, &pages).map(|problem| format!("{file}:{number}: {problem}")));
        }
        let absent = ABSENT.iter().filter(|name| text.contains(**name));
        wrong.extend(absent.map(|name| format!("{file} cites {name:?}, which is not in the repository")));
    }
    assert!(cited > 100 && headings > 80, "only {cited} citations were found, {headings} of headings");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sentences_of_all_pages_are_short() {
    let mut long = Vec::new();
    for (page, text) in pages() {
        for (line, block) in blocks(&text) {
            let too_long = |sentence: &String| words(sentence) > LONGEST_SENTENCE;
            for sentence in sentences(&block).into_iter().filter(too_long) {
                long.push(format!("{page}:{line}: {} words: {sentence}", words(&sentence)));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn pages_are_short_except_measurements() {
    let long: Vec<String> = pages()
        .iter()
        .filter(|(page, text)| !page.starts_with(MEASUREMENTS) && text.lines().count() > LONGEST_PAGE)
        .map(|(page, text)| format!("{page}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn anchors_equal_those_of_github() {
    let page = "# `[[feeds]]`\n## What's 1.5 × 2?\n```\n# no heading\n```\n### See [this page](other.md)\n## What's 1.5 × 2?\n#no";
    let found: Vec<String> = anchors(page).into_iter().collect();
    assert_eq!(found, ["feeds", "see-this-page", "whats-15--2", "whats-15--2-1"]);
}

#[test]
fn missing_pages_and_headings_are_found() {
    let pages = BTreeMap::from([("docs/a.md".to_owned(), "# One\n".to_owned())]);
    let problem = |target| missing(target, &pages);
    assert_eq!(problem("docs/a.md"), None);
    assert_eq!(problem("docs/a.md#one"), None);
    assert_eq!(problem("docs/a.md#two").unwrap(), "docs/a.md has no heading #two");
    assert_eq!(problem("docs/none.md#one").unwrap(), "there is no page docs/none.md");
    assert_eq!(problem("docs/none.md").unwrap(), "there is no file docs/none.md");
    assert_eq!(resolved("docs/guide/x.md", "../a.md").as_deref(), Some("docs/a.md"));
    assert_eq!(resolved("README.md", "../a.md"), None);
    assert_eq!(targets("see [a](b.md#c), `[d](e)` and ![f](g.svg \"h\")"), ["b.md#c", "g.svg"]);
}

#[test]
fn citations_are_recognised_in_comments_and_messages() {
    let text = "/// 24 h (docs/a.md#b-c).\n\"https://x.com/en/docs/overview\"\n// `docs/d.md`; see ../docs/e.md and docs/f.";
    let wanted = [(1, "docs/a.md#b-c"), (3, "docs/d.md"), (3, "docs/f")];
    assert_eq!(citations(text), wanted.map(|(line, path)| (line, path.to_owned())));
}

#[test]
fn sentences_are_counted_by_cell_item_and_paragraph() {
    let page = "# Title of any length\nOne two (RFC 9110, e.g. Retry-After) `a b c`. Three\n[four](five.md)! No 2.5 on X. End.\n\
                - item\n  goes on\n1. `x` next\n\n| a `b|c` | d \\| e |\n|---|---|\n```\ncode code\n```\nlast";
    let counted: Vec<usize> = blocks(page)
        .iter()
        .flat_map(|(_, block)| sentences(block))
        .map(|sentence| words(&sentence))
        .filter(|count| *count > 0)
        .collect();
    assert_eq!(counted, [7, 2, 4, 1, 3, 2, 2, 2, 1]);
}
