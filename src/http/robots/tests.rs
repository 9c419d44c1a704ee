use proptest::prelude::*;

use super::*;

fn allowed(file: &str, path: &str) -> bool {
    let url = Url::parse("https://news.example").unwrap().join(path).unwrap();
    Rules::parse(file, "tge-scrape/1.0 (feed monitor)").allow(&url)
}

fn forbids(rule: &str, path: &str) -> bool {
    !allowed(&format!("User-agent: *\nDisallow: {rule}\n"), path)
}

#[test]
fn the_group_that_names_us_counts_and_the_one_for_all_only_where_there_is_none() {
    let file = "User-agent: *\nDisallow: /\n\nUser-agent: TGE-Scrape/2\nUser-agent: other\nCrawl-delay: 5\nDisallow: /private\n\
        User-agent: third\nDisallow: /a\nuser-agent: tge-scrape\nallow: /private/open\n";
    for (path, expected) in [("/a", true), ("/private/x", false), ("/private/open", true)] {
        assert_eq!(allowed(file, path), expected, "{path}");
    }
    assert!(!allowed("\u{feff}User-Agent : *\r\nDISALLOW : /a # why\r", "/a"));
    assert!(allowed("User-agent: tge-scrape\nDisallow:\nUser-agent: *\nDisallow: /", "/a"));
    assert!(allowed("User-agent: tge\nDisallow: /\nUser-agent: tge-scraper\nDisallow: /", "/a"));
    assert!(allowed("Disallow: /\nUser-agent: *\n<html>\nAllow", "/a"), "a rule of no group");
    assert!(allowed("User-agent: *\nDisallow: /", "/robots.txt"));
}

#[test]
fn the_longest_pattern_decides_and_of_two_as_long_the_one_that_allows() {
    let file = "User-agent: *\nDisallow: /page\nAllow: /p\nAllow: /folder\nDisallow: /folder\nDisallow: /*.htm\nAllow: /page.html";
    for (path, expected) in
        [("/page", false), ("/p", true), ("/folder/x", true), ("/x.htm", false), ("/page.html", true)]
    {
        assert_eq!(allowed(file, path), expected, "{path}");
    }
}

#[test]
fn stars_and_ends_are_read_as_the_standard_has_them() {
    for (rule, path) in [
        ("/fish", "/fish.html"),
        ("/fish*", "/fish"),
        ("/*.php", "/a/b.php?x"),
        ("/*.php$", "/a.php"),
        ("/fish*.php", "/fishheads/a.php?p"),
        ("/a$", "/a"),
        ("/*?", "/a?b"),
        ("*", "/"),
        ("/x*y*z$", "/xyzyz"),
        ("/x*ab$", "/xaab"),
        ("private", "/private/a"),
        ("/a**b", "/aXb"),
        ("/$x", "/$x"),
    ] {
        assert!(forbids(rule, path), "{rule} {path}");
    }
    for (rule, path) in [
        ("/fish", "/Fish"),
        ("/fish", "/catfish"),
        ("/*.php$", "/a.php?x"),
        ("/a$", "/ab"),
        ("/ab*b$", "/ab"),
        ("", "/"),
        ("/x*y", "/yx"),
    ] {
        assert!(!forbids(rule, path), "{rule} {path}");
    }
}

#[test]
fn one_letter_has_one_spelling() {
    for (rule, path) in [
        ("/caf\u{e9}", "/caf%c3%a9"),
        ("/caf%c3%A9", "/caf\u{e9}"),
        ("/%7Euser", "/~user"),
        ("/~user", "/%7euser"),
        ("/a%2fb", "/a%2Fb"),
        ("/%2A", "/*"),
        ("/100%", "/100%"),
    ] {
        assert!(forbids(rule, path), "{rule} {path}");
    }
    assert!(!forbids("/a%2fb", "/a/b"));
    assert!(!forbids("/%2A", "/x"));
}

#[test]
fn what_is_kept_of_a_file_is_bounded_and_reads_the_same_again() {
    let star = format!("User-agent: *\nDisallow: /{}$\nDisallow: /last\n", "*a".repeat(245_000));
    let rules = Rules::parse(&star, "tge-scrape");
    assert!(rules.weight() < 200, "{}", rules.weight());
    assert!(!rules.allow(&"https://news.example/last".parse().unwrap()));
    let many = format!("User-agent: *\n{}", "Disallow: /abcdefgh*ijklmnop\n".repeat(100_000));
    let rules = Rules::parse(&many, "tge-scrape");
    assert!(rules.to_text().len() < 2 * MOST_BYTES && rules.weight() < 8 * MOST_BYTES);
    assert_eq!(Rules::parse(&rules.to_text(), "anybody"), rules);
}

/// What a pattern means, tried out letter by letter.
fn backtracking_match(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => true,
        [b'$'] => path.is_empty(),
        [b'*', rest @ ..] => (0..=path.len()).any(|at| backtracking_match(rest, &path[at..])),
        [letter, rest @ ..] => path.first() == Some(letter) && backtracking_match(rest, &path[1..]),
    }
}

proptest! {
    /// The matcher agrees with the plain meaning of a pattern.
    #[test]
    fn patterns_mean_what_they_say(pattern in "/[ab*]{0,9}[$]?", path in "/[ab]{0,12}") {
        let text = normal_pattern(&pattern);
        prop_assert_eq!(matches(&text, &path), backtracking_match(pattern.as_bytes(), path.as_bytes()), "{}", text);
    }

    /// Any file is read within bounds, and what is stored reads back as the same rules.
    #[test]
    fn any_file_is_read(file in "((?i:user-agent|disallow|allow): ?[/*$%a-c\u{e9}]{0,8}[\r\n#]|\\PC){0,40}") {
        let rules = Rules::parse(&file, "a/1");
        prop_assert_eq!(Rules::parse(&rules.to_text(), "b"), rules);
    }
}
