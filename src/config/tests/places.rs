//! Line and column of settings errors.

use super::errors_of;

/// Stands in a case where the error is expected.
const MARK: char = '▸';
const FEED: &str = "[[feeds]]\nurl = \"https://a.example/f\"\n";

/// Each case has one error, at its mark, with this message.
fn assert_marked(cases: &[(&str, &str)]) {
    for (case, message) in cases {
        let (before, _) = case.split_once(MARK).unwrap();
        let line = before.split('\n').count();
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let text = case.replace(MARK, "");
        let errors = errors_of(&text);
        let expected = format!("settings:{line}:{column}: {message}");
        assert!(errors.len() == 1 && errors[0].starts_with(&expected), "{text}\n{expected}\n{errors:#?}");
    }
}

/// The same for lines of a feed.
fn assert_marked_in_feed(cases: &[(&str, &str)]) {
    for (case, message) in cases {
        assert_marked(&[(&format!("{FEED}{case}"), message)]);
    }
}

#[test]
fn a_wrong_value_is_named_where_it_begins() {
    assert_marked(&[
        ("[http]\nconcurrency = ▸\"a\"\n", "http.concurrency: should be a whole number"),
        ("http.max_redirects   =   ▸99", "http.max_redirects: should be"),
        ("http = { concurrency = 3, max_redirects = ▸99 }", "http.max_redirects: should be"),
        ("[http]\n\t\tmax_redirects\t=\t▸99 # a comment", "http.max_redirects: should be"),
        ("[http]\r\nconcurrency = 3\r\nmax_redirects = ▸99\r\n", "http.max_redirects: should be"),
        ("http = { user_agent = \"日本🚀e\u{301}\", max_redirects = ▸99 }", "http.max_redirects: should be"),
        (
            "http = { user_agent = \"\"\"a\\\n  b\"\"\", max_redirects = ▸99 }",
            "http.max_redirects: should be",
        ),
        ("[http]\nidle_timeout = ▸\"\"\"\\\n  soon\"\"\"\n", "http.idle_timeout: \"soon\" is not a duration"),
        ("[http]\nidle_timeout = ▸'''soon'''\n", "http.idle_timeout: \"soon\" is not a duration"),
        (
            "[x]\naccounts = [\n  \"@a\", # one\n  ▸3,\n]\n",
            "x.accounts: should be a list of texts, has a whole",
        ),
        ("[x]\naccounts = ▸\"@a\"\n", "x.accounts: should be a list of texts"),
        (
            "targets = { cycle_time = { warning = \"1m\", critical = ▸\"soon\" } }",
            "targets.cycle_time.critical",
        ),
        ("[targets.cycle_time]\nwarning = ▸\"soon\"\n", "targets.cycle_time.warning: \"soon\" is not"),
        (
            "feeds = [{ url = \"https://a.example\" }, { url = \"https://b.example\", tier = ▸7 }]",
            "tier: should",
        ),
        ("[[channels]]\nkind = ▸\"pigeon\"\n", "kind: should be one of slack"),
    ]);
    assert_marked_in_feed(&[
        ("tags = [\"日本\", ▸false]", "tags: should be a list of texts, has true or false"),
        ("tags = [\"a\", ▸\" \"]", "tags: should be a list of texts, has an empty one"),
        ("headers = { A = \"1\", B = ▸2 }", "headers.B: should be a text, is a whole number"),
        ("every = ▸\"1s\"", "every: should be between"),
    ]);
}

#[test]
fn a_wrong_selector_is_named_where_its_value_begins() {
    assert_marked_in_feed(&[
        ("select = { item = \"li\", title = ▸\"h2[\" }", "select.title"),
        ("select = { item = \"li\", time = ▸'time@', summary = \"p\" }", "select.time"),
        ("[feeds.select]\n\titem = ▸\"li:has(\"\n", "select.item"),
        ("select.item = \"li\"\nselect.link = ▸\"a[href=\"\n", "select.link"),
        ("select = { item = \"li\", title = ▸3 }", "select.title: should be a text"),
        ("select = ▸\"li\"", "select: should be a table of texts"),
    ]);
}

#[test]
fn an_unknown_key_is_named_where_it_stands() {
    assert_marked(&[
        ("[▸htpp]\nconcurrency = 1\n", "unknown key htpp"),
        ("[http]\n\t▸concurency = 1\n", "unknown key http.concurency"),
        ("http.▸concurency = 1\n", "unknown key http.concurency"),
        ("http = { \"user_agent\" = \"é\", ▸\"concurency\" = 1 }\n", "unknown key http.concurency"),
        ("[[▸feed]]\nurl = \"https://a.example\"\n", "unknown key feed;"),
        ("targets.cycle_time = { ▸warn = \"1m\", warning = \"1m\" }", "unknown key targets.cycle_time.warn"),
    ]);
    assert_marked_in_feed(&[
        ("▸tiers = 3", "unknown key tiers"),
        ("select = { item = \"li\", ▸tilte = \"h2\" }", "unknown key select.tilte"),
    ]);
}

#[test]
fn what_is_missing_is_named_at_its_table() {
    assert_marked(&[
        ("[[projects]]\n  ▸tokens = [\"A\"]\n", "name: a project needs a name"),
        ("[[projects]]\nname = \"A\"\n\n▸[[projects]]\n", "name: a project needs a name"),
        ("projects = [{ name = \"A\" }, ▸{}]\n", "name: a project needs a name"),
        ("▸feeds = 3\n", "feeds is a list of tables"),
        ("feeds = [ ▸3 ]\n", "feeds is a list of tables"),
        ("▸http = 3\n", "http is a section"),
    ]);
}

#[test]
fn a_syntax_error_and_a_byte_order_mark_have_their_column() {
    assert_marked(&[("[http]\nuser_agent = \"日本\" ▸x\n", "not TOML")]);
    let errors = errors_of("\u{feff}http.max_redirects = 99\n");
    assert!(errors[0].starts_with("settings:1:22: http.max_redirects"), "{errors:?}");
    let errors = errors_of("\u{feff}\nhttp.max_redirects = 99\n");
    assert!(errors[0].starts_with("settings:2:22: http.max_redirects"), "{errors:?}");
}

#[test]
fn columns_of_long_lines_are_counted_from_their_start() {
    for length in [0, 1, 200, 254, 255, 256, 257, 512, 10_000] {
        let text = format!(
            "{}http = {{ user_agent = \"{}\", max_redirects = ▸99 }}\n",
            "\n".repeat(length % 7),
            "é".repeat(length)
        );
        assert_marked(&[(&text, "http.max_redirects: should be")]);
    }
}
