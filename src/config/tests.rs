mod places;

use std::{fs, path::Path, time::Duration};

use super::*;
use crate::error::Error;

/// The errors in `text`, those in secrets last.
pub(super) fn errors_of(text: &str) -> Vec<String> {
    let inspected = inspect_text(Path::new("settings"), text, &Flags::default(), &Environment::default());
    let errors = inspected.errors.0.into_iter().chain(inspected.settings.missing_secrets.0);
    errors.map(|error| format!("{}: {}", error.place, error.message)).collect()
}

fn loaded(dir: &Path, file: &str, pairs: &[(&str, &str)], flags: &Flags) -> Settings {
    let path = dir.join("settings.toml");
    fs::write(&path, file).unwrap();
    let mut all = vec![("TGE_SCRAPE_CONFIG", path.to_str().unwrap())];
    all.extend(pairs);
    load(flags, &Environment::of(&all)).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn the_built_in_settings_have_no_errors() {
    let settings = from_text("", Path::new("state")).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(settings.http.concurrency, 512);
    assert_eq!(settings.cache.feed_ttl, Duration::from_mins(10));
    assert!(settings.sources.len() > 50 && settings.detect.projects.len() > 50);
    assert!(settings.sources.iter().all(|source| !source.name.is_empty()));
}

#[test]
fn a_flag_overrides_the_environment_the_file_and_the_built_in_value() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[http]\nconcurrency = 2\nper_host_interval = \"5s\"\n[state]\ndir = \"from-file\"\n";
    let environment = [("TGE_SCRAPE_HTTP__CONCURRENCY", "3"), ("TGE_SCRAPE_STATE_DIR", "from-environment")];
    let settings = loaded(dir.path(), file, &environment, &Flags::default());
    assert_eq!((settings.http.concurrency, settings.http.per_host_interval), (3, Duration::from_secs(5)));
    assert_eq!(settings.state_dir, Path::new("from-environment"));
    let flags = Flags { state_dir: Some("from-flag".into()), ..Flags::default() };
    assert_eq!(loaded(dir.path(), file, &environment, &flags).state_dir, Path::new("from-flag"));
    let systemd = [("STATE_DIRECTORY", "/var/lib/x:/var/lib/y")];
    assert_eq!(loaded(dir.path(), "", &systemd, &Flags::default()).state_dir, Path::new("/var/lib/x"));
    assert_eq!(loaded(dir.path(), file, &systemd, &Flags::default()).state_dir, Path::new("from-file"));
}

#[test]
fn a_variable_with_one_underscore_too_few_is_an_error() {
    let errors =
        |name| load(&Flags::default(), &Environment::of(&[(name, "x")])).map_err(|errors| errors.to_string());
    let slip = errors("TGE_SCRAPE_HTTP_PROXY").unwrap_err();
    assert!(slip.contains("did you mean TGE_SCRAPE_HTTP__PROXY?"), "{slip}");
    assert!(errors("TGE_SCRAPE_STATE_DIR").is_ok() && errors("TGE_SCRAPE_CHANNEL").is_ok());
}

#[test]
fn own_lists_replace_the_built_in_ones_or_add_to_them() {
    let dir = tempfile::tempdir().unwrap();
    let settings = |file: &str| loaded(dir.path(), file, &[], &Flags::default());
    let built_in = settings("");
    assert!(built_in.sources.len() > 100 && built_in.detect.projects.len() > 100);
    assert_eq!(built_in.built_in.note(), None);
    let own = "[[feeds]]\nurl = \"https://own.example/feed\"\n[[feeds]]\nurl = \"http://www.ambcrypto.com/feed\"\ntier = 3\n\
               [[projects]]\nname = \"Zorblax\"\n[[projects]]\nname = \"caldera\"\npriority = \"high\"\n";
    let set = |word: &str| {
        settings(&format!("[cycle]\nbuiltin_feeds = {word}\n[detect]\nbuiltin_projects = {word}\n{own}"))
    };
    let both = set("true");
    assert_eq!(both.sources.len(), built_in.sources.len() + 1);
    assert_eq!((both.sources[1].tier, both.sources[1].name.as_str()), (3, "AMBCrypto"));
    assert_eq!(both.detect.projects.len(), built_in.detect.projects.len() + 1);
    assert_eq!(both.detect.projects[1].tokens, ["ERA"]);
    assert_eq!(both.built_in.note(), None);
    // As in version 0.1, with a note.
    let only = settings(own);
    assert_eq!((only.sources.len(), only.detect.projects.len()), (2, 2));
    let (message, hint) = only.built_in.note().unwrap();
    assert!(message.starts_with("the built-in feeds and projects do not apply"), "{message}");
    assert!(hint.contains("cycle.builtin_feeds and detect.builtin_projects = true"), "{hint}");
    let asked = set("false");
    assert_eq!((asked.sources.len(), asked.built_in.note()), (2, None));
    assert!(settings("feeds = []\n").sources.is_empty());
    let switched_off = "[[feeds]]\nurl = \"https://ambcrypto.com/feed/\"\nenabled = false\n[[projects]]\nname = \"Caldera\"\nenabled = false\n";
    let fewer = settings(switched_off);
    assert_eq!(fewer.sources.len(), built_in.sources.len() - 1);
    assert_eq!(fewer.detect.projects.len(), built_in.detect.projects.len() - 1);
}

#[test]
fn missing_secrets_are_no_error_of_the_settings() {
    let dir = tempfile::tempdir().unwrap();
    let settings = loaded(
        dir.path(),
        "[x]\nbearer_token_file = \"nowhere\"\n[metrics]\nhealthcheck_url_env = \"PING\"\n\
         [[feeds]]\nurl = \"https://a.example/f\"\nheaders_env = { Key = \"FEED_KEY\" }\n\
         [[channels]]\nkind = \"slack\"\nurl_env = \"HOOK\"\n\
         [[channels]]\nkind = \"ntfy\"\nurl_file = \"nowhere\"\n\
         [[channels]]\nkind = \"discord\"\nurl_env = \"WORD\"\n",
        &[("WORD", "no address")],
        &Flags::default(),
    );
    let missing: Vec<&str> = settings.missing_secrets.0.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(missing.len(), 5, "{missing:#?}");
    for wanted in [
        "bearer_token_file: nowhere cannot",
        "variable FEED_KEY is not set",
        "variable HOOK is not set",
        "url_file: nowhere cannot",
        "url_env: is not an http",
    ] {
        assert!(
            missing.iter().any(|message| message.contains(wanted)),
            "{wanted} is missing in {missing:#?}"
        );
    }
    assert_eq!(settings.metrics.unset_variable.as_deref(), Some("PING"));
    assert!(settings.alerts.channels.is_empty());
    let message = Error::from(settings.missing_secrets).message;
    assert!(message.starts_with("5 secrets are missing or wrong:"), "{message}");
}

#[test]
fn broken_settings_are_inspected_as_far_as_they_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.toml");
    let flags = Flags { config: Some(path.clone()), ..Flags::default() };
    let inspected = inspect(&flags, &Environment::default());
    let error = Error::from(inspected.errors).message;
    assert_eq!(error, format!("no such file: {}", path.display()));
    fs::write(&path, "[cycle]\ntimeout = = 3\n").unwrap();
    let inspected = inspect(&flags, &Environment::default());
    assert_eq!((inspected.errors.0.len(), inspected.settings.sources.len() > 100), (1, true));
    fs::write(&path, "[x]\nmin_followers = -1\n[state]\ndir = \"elsewhere\"\n[cycle]\ntimeout = \"soon\"\n")
        .unwrap();
    let inspected = inspect(&flags, &Environment::default());
    let places: Vec<&str> =
        inspected.errors.0.iter().map(|error| error.place.split_once(':').unwrap().1).collect();
    assert_eq!(places, ["2:17", "6:11"]);
    assert_eq!(inspected.settings.state_dir, Path::new("elsewhere"));
}

#[test]
fn every_error_is_reported_with_its_line_and_the_nearest_key() {
    let errors = errors_of(
        "[htpp]\nconcurrency = 1\n[http]\nconcurency = 1\nmax_redirects = 99\nidle_timeout = \"10\"\n[cycle]\nmax_failed_ratio = \"half\"\n\
         [[feeds]]\nurl = \"ftp://x.example\"\n[[feeds]]\nurl = \"https://x.example/feed\"\ntier = 7\n[[feeds]]\nurl = \"http://www.x.example/feed/\"\n\
         [[feeds]]\nurl = \"https://y.example\"\nheaders_env = { Token = \"NOT_SET\" }\nkind = \"json\"\n\
         [[projects]]\naliases = [\"a\"]\n[[projects]]\nname = \"A\"\npriority = \"top\"\n[[channels]]\nkind = \"pigeon\"\n",
    );
    for wanted in [
        "settings:1:2: unknown key htpp; did you mean http?",
        "settings:4:1: unknown key http.concurency; did you mean http.concurrency?",
        "settings:5:17: http.max_redirects: should be between 0 and 20, is 99",
        "settings:6:16: http.idle_timeout: \"10\" is not a duration",
        "settings:8:20: cycle.max_failed_ratio: should be a number, is a text",
        "settings:10:7: url: \"ftp://x.example\" is not an http or https address",
        "settings:13:8: tier: should be a whole number from 1 to 3, is 7",
        "settings:15:7: url: duplicate of the feed in settings:12:1",
        "headers_env: the environment variable NOT_SET is not set",
        "kind: a json source needs a mapping or a preset",
        "name: a project needs a name",
        "priority: should be high, normal or low, is \"top\"",
        "kind: should be one of slack",
    ] {
        assert!(errors.iter().any(|line| line.contains(wanted)), "{wanted:?} is missing in {errors:#?}");
    }
    assert_eq!(errors.len(), 13, "{errors:#?}");
}

#[test]
fn invalid_toml_is_reported_with_its_line() {
    let errors = errors_of("[http]\nconcurrency = = 3\n");
    assert!(errors.len() == 1 && errors[0].starts_with("settings:2:15: not TOML"), "{errors:?}");
}

#[test]
fn secrets_are_shown_as_dots() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[http]\nproxy = \"http://me:hunter2@proxy.example:3128\"\n[[feeds]]\nurl = \"https://x.example/feed\"\nheaders = { Authorization = \"hunter2\" }\n\
                [[channels]]\nkind = \"slack\"\nurl = \"https://hooks.example/hunter2\"\n";
    let settings = loaded(dir.path(), file, &[("X_BEARER_TOKEN", "Bearer hunter2")], &Flags::default());
    assert_eq!(settings.x.token.as_ref().map(crate::x::Token::header).as_deref(), Some("Bearer hunter2"));
    assert_eq!(settings.sources[0].headers, [("Authorization".to_owned(), "hunter2".to_owned())]);
    let all = format!("{:?}{:?}", shown(&settings), settings.x);
    assert!(!all.contains("hunter2") && all.contains("••••"), "{all}");
}

#[test]
fn every_key_is_documented_with_its_built_in_value() {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    for (key, (value, _)) in Layers::built_in().values {
        let page = if key.starts_with("serve.") { "serve.md" } else { "settings.md" };
        let row = format!("| `{key}` | `{}` |", value.show());
        let text = fs::read_to_string(reference.join(page)).unwrap();
        assert!(text.contains(&row), "docs/reference/{page} lacks a row that begins {row}");
    }
}

#[test]
fn limits_under_which_nothing_can_work_are_errors() {
    let zero = "[cycle]\ntimeout = \"0s\"\n[http]\nconnect_timeout = \"0s\"\nidle_timeout = \"0ms\"\ntotal_timeout = \"0s\"\n\
                feed_body_limit = \"0B\"\npage_body_limit = \"1023B\"\n[alerts]\ndelivery_timeout = \"0s\"\n[hooks]\ntimeout = \"0s\"\n\
                [targets]\ncycle_time = \"0s\"\nmemory = \"0B\"\nstatement_time = \"0s\"\n[cache]\narticle_ttl = \"99999d\"\n";
    let errors = errors_of(zero);
    for wanted in [
        "settings:2:11: cycle.timeout: nothing is done within no time",
        "settings:4:19: http.connect_timeout: nothing",
        "settings:7:19: http.feed_body_limit: should be between 1KiB and 256MiB, is 0B",
        "settings:8:19: http.page_body_limit: should be between 1KiB and 256MiB, is 1023B",
        "settings:18:15: cache.article_ttl: should be at most 36500d, is 99999d",
    ] {
        assert!(errors.iter().any(|line| line.starts_with(wanted)), "{wanted:?} is missing in {errors:#?}");
    }
    assert_eq!(errors.len(), 12, "{errors:#?}");
    let off = "[http]\nper_host_interval = \"0s\"\n[cache]\nmemory_limit = \"0B\"\nfeed_ttl = \"0s\"\narticle_ttl = \"0s\"\n";
    assert!(from_text(off, Path::new("state")).is_ok());
    assert_eq!(errors_of("[http]\nidle_timeout = \"soon\"\n").len(), 1);
}

#[test]
fn one_wrong_value_gives_one_error() {
    for (value, message) in [("2e6", "should be between 0 and 1000000"), ("\"much\"", "should be a number")] {
        let errors = errors_of(&format!("[x]\nmonthly_budget_usd = {value}\n"));
        assert!(errors.len() == 1 && errors[0].contains(message), "{errors:?}");
    }
}

#[test]
fn private_hosts_are_names_or_addresses_and_nothing_else() {
    let hosts = |list: &str| from_text(&format!("[http]\nprivate_hosts = {list}\n"), Path::new("state"));
    let read = hosts("[\"RSSHub.lan\", \"192.168.1.5\", \"[fd00::5]\"]").unwrap().http.private_hosts;
    assert_eq!(read, ["rsshub.lan", "192.168.1.5", "[fd00::5]"]);
    for wrong in ["rsshub.lan:1200", "http://rsshub.lan", "rsshub.lan/feed", "me@rsshub.lan", ""] {
        assert!(hosts(&format!("[\"{wrong}\"]")).is_err(), "{wrong}");
    }
}

#[test]
fn secrets_sent_in_clear_text_are_named_but_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[metrics]\nhealthcheck_url_env = \"PING\"\n\
        [[feeds]]\nurl = \"http://paid.example/feed\"\nname = \"Paid\"\nheaders_env = { Authorization = \"KEY\" }\n\
        [[feeds]]\nurl = \"http://free.example/feed\"\n\
        [[feeds]]\nurl = \"http://127.0.0.1:9/feed\"\nheaders_env = { Authorization = \"KEY\" }\n\
        [[channels]]\nname = \"near\"\nkind = \"webhook\"\nurl = \"http://localhost:9/hidden\"\n\
        [[channels]]\nname = \"safe\"\nkind = \"webhook\"\nurl = \"https://hook.example/hidden\"\n\
        [[channels]]\nname = \"far\"\nkind = \"webhook\"\nurl = \"http://hook.example/hidden\"\n";
    let pairs = [("KEY", "hidden"), ("PING", "http://monitor.example/hidden")];
    let found = cleartext(&loaded(dir.path(), file, &pairs, &Flags::default()));
    assert_eq!(
        found,
        [
            "the headers of the feed Paid (http://paid.example)",
            "the channel far (http://hook.example)",
            "the monitor's address in metrics.healthcheck_url_env (http://monitor.example)",
        ]
    );
}

#[test]
fn values_that_would_fail_later_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display().to_string();
    let feed = |more: &str| format!("[[feeds]]\nurl = \"https://a.example/f\"\n{more}\n");
    let channel = |kind: &str, more: &str| format!("[[channels]]\nkind = \"{kind}\"\n{more}\n");
    let mail = "from = \"a@b.example\"\nto = [\"a@b.example\"]\n";
    for (text, message) in [
        (
            "[http]\nuser_agent = \"a\\r\\nX-Evil: 1\"\n".to_owned(),
            "http.user_agent: holds a control character",
        ),
        ("[http]\nproxy = \"ftp://proxy.example\"\n".to_owned(), "http.proxy: is not a usable address"),
        ("[http]\nproxy = \"http://[\"\n".to_owned(), "http.proxy: is not a usable address"),
        ("[outputs]\natom = \"a\\u0000b\"\n".to_owned(), "outputs.atom: holds a control character"),
        (format!("[outputs]\natom = \"{folder}\"\n"), "outputs.atom: "),
        ("[outputs]\ncalendar = \"out/\"\n".to_owned(), "is a folder; name a file"),
        ("[outputs]\natom = \"o\"\njson_feed = \"o\"\n".to_owned(), "outputs.atom writes the same file"),
        ("[outputs]\natom = \"o\"\nboard = \"o\"\n".to_owned(), "outputs.atom writes the same file"),
        ("[outputs]\npublic_url = \"news.example\"\n".to_owned(), "outputs.public_url: should be an http"),
        ("[outputs]\nauthority = \"a b\"\n".to_owned(), "is no domain"),
        ("[metrics]\ntextfile = \"x.prom/\"\n".to_owned(), "is a folder"),
        ("[detect]\nmute = [\"a\\nb\"]\n".to_owned(), "detect.mute: holds a control character"),
        (
            "[detect]\nlanguages = [\"en\", \"xx\"]\n".to_owned(),
            "detect.languages: \"xx\" is no known language",
        ),
        ("[detect]\nlanguages = []\n".to_owned(), "detect.languages: is empty: write [\"*\"]"),
        (
            "[hooks]\nbefore_cycle = [\"a\\u0000\"]\n".to_owned(),
            "hooks.before_cycle: holds a control character",
        ),
        (feed("name = \"a\\nb\""), "name: holds a control character"),
        (feed("tags = [\"a\\tb\"]"), "tags: holds a control character"),
        (feed("headers = { X-Key = \"a\\r\\nb\" }"), "headers: holds a control character"),
        (feed("headers = { \"X Key\" = \"a\" }"), "cannot be sent as a header"),
        ("[[feeds]]\nurl = \"https://a.example/\\u0000\"\n".to_owned(), "url: holds a control character"),
        ("[[projects]]\nname = \"a\\u0007\"\n".to_owned(), "name: holds a control character"),
        (channel("slack", "url_env = \"\""), "url_env: is empty"),
        (channel("slack", "url = \"https://a.example/\"\ntimeout = \"0s\""), "timeout: nothing is done"),
        (
            channel("slack", "url = \"https://a.example/\"\nmax_age = \"99999999d\""),
            "max_age: should be at most",
        ),
        (channel("ntfy", "url = \"https://a.example/t\"\ntoken = \"a b\""), "token: the token found"),
        (channel("ntfy", "url = \"https://a.example/t\"\ntoken = \"é\""), "token: the token found"),
        (channel("telegram", "token = \"1:a/b\"\nchat = 1"), "token: the token found"),
        (
            channel("telegram", "token = \"1:a\"\nchat = 1\nserver = \"ftp://a.example\""),
            "server: should be an http",
        ),
        (channel("email", &format!("host = \"a b\"\n{mail}")), "host: \"a b\" is no host"),
        (
            channel("email", &format!("host = \"a.example\"\n{mail}ca_file = \"/nowhere/ca\"")),
            "ca_file: cannot be read",
        ),
        (channel("file", &format!("path = \"{folder}\"")), "path: needs the file"),
        (channel("exec", "command = [\"a\\u0000\"]"), "command: holds a control character"),
        (channel("slack", &format!("url_file = \"{folder}\"")), "is a folder; name a file"),
    ] {
        let errors = errors_of(&text);
        assert!(
            errors.iter().any(|line| line.contains(message)),
            "{message:?} is missing in {errors:#?} of {text}"
        );
    }
    // The arguments of a program may have lines; a list may name a device.
    let script = "[hooks]\nbefore_cycle = [\"/bin/sh\", \"-c\", \"a\\nb\"]\n[outputs]\natom = \"/dev/null\"\njson_feed = \"/dev/null\"\n";
    assert!(from_text(script, Path::new("state")).is_ok());
}

#[test]
fn a_secret_file_that_is_empty_or_endless_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("empty"), " \n").unwrap();
    let errors = errors_of(&format!(
        "[[channels]]\nkind = \"slack\"\nurl_file = \"{}\"\n[[channels]]\nkind = \"discord\"\nurl_file = \"/dev/zero\"\n",
        dir.path().join("empty").display()
    ));
    assert!(
        errors.len() == 2 && errors[0].ends_with("is empty") && errors[1].contains("longer than 1MiB"),
        "{errors:?}"
    );
}

#[test]
fn a_text_is_checked_as_the_file_is() {
    let path = Path::new("some/settings.toml");
    let load = |text: &str| load_text(path, text, &Flags::default(), &Environment::default());
    assert_eq!(load("feeds = []\n").unwrap().file.as_deref(), Some(path));
    let errors = load("[state]\ndir = \"a\\u0000b\"\n").unwrap_err();
    assert!(errors.0[0].message.starts_with("state.dir: holds a control character"), "{errors}");
    let errors = load("[http]\nconcurrency = 0\n").unwrap_err();
    assert_eq!(errors.0[0].place, "some/settings.toml:2:15");
    let long = "#".repeat(65 << 20);
    assert!(load(&long).unwrap_err().to_string().contains("is longer than 64MiB"));
}

#[test]
fn ages_of_deletion_have_bounds() {
    let keep = |text: &str| from_text(&format!("[keep]\n{text}\n"), Path::new("state"));
    let days = |days: u64| std::time::Duration::from_secs(days * 86_400);
    let settings = keep("entries = \"365d\"\ncycles = \"1w\"").unwrap();
    assert_eq!(settings.cycle.retention.entries, days(365));
    assert_eq!(settings.cycle.retention.cycles, days(7));
    assert_eq!(settings.cycle.retention.posts, days(90));
    for (text, message) in [
        ("entries = \"20d\"", "keep.entries: should be between 32d and 3650d, is 20d"),
        ("dropped = \"6d\"", "keep.dropped: should be between 7d and 3650d, is 6d"),
        ("cycles = \"0s\"", "keep.cycles: should be between 3d and 3650d, is 0s"),
        ("posts = \"1h\"", "keep.posts: should be between 7d and 3650d, is 1h"),
        ("messages = \"9999d\"", "keep.messages: should be between 7d and 3650d, is 9999d"),
        ("articles = \"2d\"", "keep.articles: is shorter than cache.article_ttl"),
        ("entrys = \"90d\"", "entries"),
    ] {
        let errors = errors_of(&format!("[keep]\n{text}\n"));
        assert!(errors.len() == 1 && errors[0].contains(message), "{message:?} is missing in {errors:#?}");
    }
}

#[test]
fn the_interval_of_a_feed_has_bounds() {
    let feed = |every: &str| format!("[[feeds]]\nurl = \"https://a.example/feed\"\nevery = \"{every}\"\n");
    let settings = from_text(&feed("2m"), Path::new("state")).unwrap();
    assert_eq!(settings.sources[0].every, Some(Duration::from_mins(2)));
    for (every, message) in [
        ("10s", "settings:3:9: every: should be between 1m and 1d"),
        ("2d", "settings:3:9: every: should be between 1m and 1d"),
        ("often", "settings:3:9: every: \"often\" is not a duration"),
    ] {
        let errors = errors_of(&feed(every));
        assert!(errors.len() == 1 && errors[0].starts_with(message), "{message:?} is missing in {errors:#?}");
    }
}
