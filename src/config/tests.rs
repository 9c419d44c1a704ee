use std::path::Path;

use super::*;

fn mistakes(text: &str) -> Vec<String> {
    from_text(text, Path::new("state"))
        .unwrap_err()
        .0
        .into_iter()
        .map(|m| format!("{}: {}", m.place, m.says))
        .collect()
}

fn loaded(dir: &Path, file: &str, pairs: &[(&str, &str)], flags: &Flags) -> Settings {
    let path = dir.join("settings.toml");
    fs::write(&path, file).unwrap();
    let mut all = vec![("TGE_SCRAPE_CONFIG", path.to_str().unwrap())];
    all.extend(pairs);
    load(flags, &Environment::of(&all)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn the_built_in_settings_have_no_mistakes() {
    let settings = from_text("", Path::new("state")).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(settings.http.concurrency, 128);
    assert_eq!(settings.cache.feed_ttl, Duration::from_mins(10));
    assert!(settings.sources.len() > 50 && settings.detect.projects.len() > 50);
    assert!(settings.sources.iter().all(|source| !source.name.is_empty()));
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_what_is_built_in() {
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
fn a_variable_with_one_underscore_too_few_is_a_slip() {
    let told =
        |name| load(&Flags::default(), &Environment::of(&[(name, "x")])).map_err(|told| told.to_string());
    let slip = told("TGE_SCRAPE_HTTP_PROXY").unwrap_err();
    assert!(slip.contains("did you mean TGE_SCRAPE_HTTP__PROXY?"), "{slip}");
    assert!(told("TGE_SCRAPE_STATE_DIR").is_ok() && told("TGE_SCRAPE_CHANNEL").is_ok());
}

#[test]
fn an_empty_list_of_feeds_is_none_and_no_list_is_the_starter_set() {
    let dir = tempfile::tempdir().unwrap();
    let feeds = |file| loaded(dir.path(), file, &[], &Flags::default()).sources.len();
    assert_eq!(feeds("feeds = []\n"), 0);
    assert!(feeds("[cycle]\ntimeout = \"10s\"\n") > 5);
}

#[test]
fn every_mistake_is_told_at_once_with_its_line_and_the_nearest_key() {
    let told = mistakes(
        "[htpp]\nconcurrency = 1\n[http]\nconcurency = 1\nmax_redirects = 99\nidle_timeout = \"10\"\n[cycle]\nmax_failed_ratio = \"half\"\n\
         [[feeds]]\nurl = \"ftp://x.example\"\n[[feeds]]\nurl = \"https://x.example/feed\"\ntier = 7\n[[feeds]]\nurl = \"http://www.x.example/feed/\"\n\
         [[feeds]]\nurl = \"https://y.example\"\nheaders_env = { Token = \"NOT_SET\" }\nkind = \"json\"\n\
         [[projects]]\naliases = [\"a\"]\n[[projects]]\nname = \"A\"\npriority = \"top\"\n[[channels]]\nkind = \"pigeon\"\n",
    );
    for wanted in [
        "settings:1: unknown key htpp; did you mean http?",
        "settings:4: unknown key http.concurency; did you mean http.concurrency?",
        "settings:5: http.max_redirects: should lie between 0 and 20, is 99",
        "settings:6: http.idle_timeout: \"10\" is not a duration",
        "settings:8: cycle.max_failed_ratio: should be a number, is a text",
        "settings:10: url: \"ftp://x.example\" is not an http or https address",
        "settings:13: tier: should be 1, 2 or 3, is a whole number",
        "settings:15: url: this feed stands already at settings:12",
        "headers_env: the environment variable named for Token is not set",
        "kind: a json source needs a mapping or a preset",
        "name: a project needs a name",
        "priority: should be high, normal or low, is \"top\"",
        "kind: should be one of slack",
    ] {
        assert!(told.iter().any(|line| line.contains(wanted)), "{wanted:?} is missing in {told:#?}");
    }
    assert_eq!(told.len(), 13, "{told:#?}");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let told = mistakes("[http]\nconcurrency = = 3\n");
    assert!(told.len() == 1 && told[0].starts_with("settings:2: not TOML"), "{told:?}");
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
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md")).unwrap();
    for (key, (value, _)) in Layers::built_in().values {
        let row = format!("| `{key}` | `{}` |", value.show());
        assert!(page.contains(&row), "docs/configuration.md lacks a row that begins {row}");
    }
}

#[test]
fn limits_under_which_nothing_can_work_are_mistakes() {
    let zero = "[cycle]\ntimeout = \"0s\"\n[http]\nconnect_timeout = \"0s\"\nidle_timeout = \"0ms\"\ntotal_timeout = \"0s\"\n\
                feed_body_limit = \"0B\"\npage_body_limit = \"1023B\"\n[alerts]\ndelivery_timeout = \"0s\"\n[hooks]\ntimeout = \"0s\"\n\
                [targets]\ncycle_time = \"0s\"\nmemory = \"0B\"\nstatement_time = \"0s\"\n[cache]\narticle_ttl = \"99999d\"\n";
    let told = mistakes(zero);
    for wanted in [
        "settings:2: cycle.timeout: nothing is done within no time",
        "settings:4: http.connect_timeout: nothing",
        "settings:7: http.feed_body_limit: should lie between 1KiB and 256MiB, is 0B",
        "settings:8: http.page_body_limit: should lie between 1KiB and 256MiB, is 1023B",
        "settings:18: cache.article_ttl: should be at most 36500d, is 99999d",
    ] {
        assert!(told.iter().any(|line| line.starts_with(wanted)), "{wanted:?} is missing in {told:#?}");
    }
    assert_eq!(told.len(), 12, "{told:#?}");
    let off = "[http]\nper_host_interval = \"0s\"\n[cache]\nmemory_limit = \"0B\"\nfeed_ttl = \"0s\"\narticle_ttl = \"0s\"\n";
    assert!(from_text(off, Path::new("state")).is_ok());
    assert_eq!(mistakes("[http]\nidle_timeout = \"soon\"\n").len(), 1);
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
fn secrets_that_pass_in_clear_text_are_named_without_being_shown() {
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
