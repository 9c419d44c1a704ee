//! Secrets, shells, file modes and SQL statements. The real binary runs with a secret in every setting that takes one, and
//! everything that it writes is searched for them.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tge_scrape::fixture_web::x::{self, Content};

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, ran},
    mail::MailServer,
    world::AT_ONCE,
    x::x_lab,
};

const SLACK: &str = "slack-path-5ecret";
const DISCORD: &str = "discord-path-5ecret";
const TELEGRAM: &str = "4711:telegram-5ecret-token";
const NTFY: &str = "tk_ntfy5ecrettoken";
/// Base64 of 32 bytes.
const WEBHOOK: &str = "d2ViaG9va3NlY3JldHdlYmhvb2tzZWNyZXR3ZWJob29r";
/// The password of the mail server.
const MAIL: &str = "hunter2";
/// The same as it is sent (RFC 4616).
const LOGIN: &str = "AG1lAGh1bnRlcjI=";
const FEED: &str = "feed-header-5ecret";
const PING: &str = "ping-path-5ecret";
const ALL: [&str; 10] = [SLACK, DISCORD, TELEGRAM, NTFY, WEBHOOK, MAIL, LOGIN, FEED, PING, x::TOKEN];

/// A service for all channels and a feed. While `refuses` is set, it answers 403 and quotes the request.
fn service(refuses: Arc<AtomicBool>) -> Inbox {
    let feed = "<rss version=\"2.0\"><channel><title>F</title><item><guid>1</guid><title>Zorblax opens claims for its ZORB \
                airdrop</title><link>http://127.0.0.1:9/claim</link><description>Zorblax said eligible users can claim the ZORB \
                token from 25 December 2026.</description></item></channel></rss>";
    Inbox::start(move |received, _| {
        Some(if received.path == "/feed" {
            Answer::new(200, feed)
        } else if refuses.load(Ordering::Relaxed) {
            let quoted = format!("no {} for {:?}", received.path, received.header("authorization"));
            Answer::new(403, &serde_json::json!({"ok": false, "description": quoted}).to_string())
        } else {
            Answer::new(200, "{\"ok\":true}")
        })
    })
}

/// Settings with every secret, or with the name of its variable, for the sources of `lab`.
fn settings(lab: &Lab, inbox: &Inbox, mail: &MailServer) -> String {
    fs::write(lab.path().join("telegram.token"), TELEGRAM).unwrap();
    let rows = [
        format!("kind = \"slack\"\nurl = \"{}\"", inbox.url(&format!("/services/T/B/{SLACK}"))),
        "kind = \"discord\"\nurl_env = \"DISCORD\"".to_owned(),
        format!("kind = \"telegram\"\nserver = \"{}\"\ntoken_file = \"telegram.token\"\nchat = \"-100\"", inbox.url("")),
        format!("kind = \"ntfy\"\nurl = \"{}\"\ntoken_env = \"NTFY\"", inbox.url("/launches")),
        format!("kind = \"webhook\"\nurl = \"{}\"\nsecret = \"whsec_{WEBHOOK}\"", inbox.url("/in")),
        format!(
            "kind = \"email\"\nhost = \"localhost\"\nport = {}\nusername = \"me\"\npassword = \"{MAIL}\"\nfrom = \"a@a.example\"\n\
             to = [\"you@b.example\"]\nca_file = \"{}\"",
            mail.port,
            mail.authority.display()
        ),
        "kind = \"exec\"\ncommand = [\"/bin/sh\", \"-c\", \"cat > /dev/null; env > exec.env; tr '\\\\0' ' ' < /proc/$$/cmdline > exec.argv\"]"
            .to_owned(),
        "kind = \"file\"\npath = \"alerts.ndjson\"".to_owned(),
    ];
    let channels = rows.map(|row| format!("\n[[channels]]\n{row}\n{AT_ONCE}")).concat();
    let looking = "[\"/bin/sh\", \"-c\", \"cat > hook.json; env > hook.env; cat /proc/$PPID/cmdline > parent.argv; cp -r state seen\"]";
    format!(
        "{}\n[[feeds]]\nurl = \"{}\"\nname = \"F\"\nheaders_env = {{ Authorization = \"FEED\" }}\n{channels}\n[hooks]\nafter_cycle = {looking}\n\
         [metrics]\ntextfile = \"figures.prom\"\nhealthcheck_url_env = \"PING\"\n[outputs]\natom = \"tge.atom\"\n[log]\nfile = \"run.log\"\n",
        fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap(),
        inbox.url("/feed")
    )
}

/// Every file below `folder` except those that the test wrote secrets to.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files(&path, found);
        } else if !["tge-scrape.toml", "telegram.token"].contains(&name.as_str()) {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn leaked(text: &[u8]) -> Vec<&'static str> {
    ALL.into_iter()
        .filter(|secret| text.windows(secret.len()).any(|part| part == secret.as_bytes()))
        .collect()
}

#[test]
fn secrets_appear_in_no_log_output_file_or_process() {
    let lab = x_lab(Content::Written, "");
    let refuses = Arc::new(AtomicBool::new(false));
    let inbox = service(Arc::clone(&refuses));
    let mail = MailServer::start(lab.path(), false, |before| {
        if before < 2 { "250 taken" } else { "554 not for hunter2, sent as AG1lAGh1bnRlcjI=" }
    });
    let settings = settings(&lab, &inbox, &mail);
    lab.settings(&settings);
    let run = |arguments: &[&str]| {
        let mut command = lab.command(arguments);
        command
            .env("DISCORD", inbox.url(&format!("/api/webhooks/1/{DISCORD}")))
            .env("NTFY", NTFY)
            .env("FEED", format!("Bearer {FEED}"))
            .env("PING", inbox.url(&format!("/{PING}")))
            .env("X_BEARER_TOKEN", x::TOKEN)
            .env("PATH", "/usr/bin:/bin");
        ran(command.output().unwrap())
    };
    let looks: [&[&str]; 16] = [
        &["cycle", "-vv", "--catch-up", "1"],
        &["cycle", "-vv", "--log-format", "json", "--format", "json"],
        &["alerts", "test", "-vv"],
        &["alerts", "test", "-vv", "--log-format", "json", "--format", "json"],
        &["alerts", "list", "--all", "--format", "json"],
        &["alerts", "flush", "--all", "-vv"],
        &["config", "show"],
        &["config", "show", "--format", "json"],
        &["config", "check"],
        &["doctor"],
        &["feed", "list", "--format", "json"],
        &["x", "plan"],
        &["x", "accounts", "--format", "json"],
        &["stats", "--format", "json"],
        &["report", "-o", "page.html"],
        &["db", "backup", "copy.db"],
    ];
    let mut refused = String::new();
    for refusing in [false, true] {
        refuses.store(refusing, Ordering::Relaxed);
        for arguments in looks {
            let ran = run(arguments);
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(leaked(all.as_bytes()), Vec::<&str>::new(), "{arguments:?}: {all}");
            if refusing && arguments.starts_with(&["alerts", "test"]) {
                refused = all;
            }
        }
        let _ = fs::remove_file(lab.path().join("copy.db"));
    }
    // The secrets were used, and services quoted them.
    let asked = inbox.all();
    let paths: String = asked.iter().map(|received| format!("{}\n", received.path)).collect();
    for secret in [SLACK, DISCORD, TELEGRAM, PING] {
        assert!(paths.contains(secret), "{secret} was not used: {paths}");
    }
    for secret in [NTFY, FEED] {
        assert!(asked.iter().any(|received| received.header("authorization").contains(secret)), "{secret}");
    }
    assert!(asked.iter().any(|received| !received.header("webhook-signature").is_empty()));
    assert!(mail.mails().len() >= 2 && !lab.web().x().unwrap().calls(0).is_empty());
    assert!(refused.contains("••••") && refused.contains("403"), "{refused}");
    assert!(refused.contains("not for ••••, sent as ••••"), "{refused}");

    run(&["db", "backup", "copy.db"]);
    let mut written = Vec::new();
    files(lab.path(), &mut written);
    let names: Vec<&String> = written.iter().map(|(name, _)| name).collect();
    let expected = [
        "copy.db",
        "tge-scrape.db",
        "alerts.ndjson",
        "page.html",
        "hook.env",
        "exec.env",
        "parent.argv",
        "exec.argv",
    ];
    for name in expected {
        assert!(names.iter().any(|path| path.ends_with(name)), "{name} is missing: {names:?}");
    }
    for (name, text) in &written {
        assert_eq!(leaked(text), Vec::<&str>::new(), "in {name}");
    }
}

#[test]
fn commands_run_without_a_shell() {
    let inbox = Inbox::start(|received, _| {
        let words =
            "Zorblax said eligible users can claim the ZORB token from 25 December 2026. '; touch owned; '";
        if received.path != "/feed" {
            let page = format!(
                "<html><title>$(touch owned)</title><article><p>{}</p></article></html>",
                [words; 9].join(" ")
            );
            return Some(Answer::new(200, &page).with("Content-Type", "text/html"));
        }
        let title =
            "`touch owned` $(touch owned) ; touch owned | Zorblax opens airdrop claim for its ZORB token";
        let link = format!("http://{}/claim?$(touch%20owned)", received.header("host"));
        let item = format!(
            "<item><title>{title}</title><link>{link}</link><description>{words}</description></item>"
        );
        let feed =
            format!("<rss version=\"2.0\"><channel><title>$(touch owned)</title>{item}</channel></rss>");
        Some(Answer::new(200, &feed))
    });
    let lab = Lab::new();
    let literal = "$(touch owned); `touch owned` > x";
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[detect]\nthreshold = 20\n[[feeds]]\nurl = \"{}\"\nname = \"$(touch owned)\"\n\
         [[channels]]\nkind = \"exec\"\ncommand = [\"/usr/bin/tee\", \"{literal}\"]\n{AT_ONCE}\
         [hooks]\non_detection = [\"/usr/bin/tee\", \"hook {literal}\"]\n",
        inbox.url("/feed")
    ));
    let ran = lab.run(&["cycle", "--catch-up", "9"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for name in [literal.to_owned(), format!("hook {literal}")] {
        let taken = fs::read_to_string(lab.path().join(&name)).unwrap();
        assert!(taken.contains("$(touch owned)"), "{name}: {taken}");
    }
    assert!(!lab.path().join("owned").exists() && !lab.path().join("x").exists());
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_replaced_not_followed() {
    use std::os::unix::fs::symlink;

    let lab = crate::support::world::bulk(1, 2);
    let outputs = "\n[outputs]\natom = \"pub/o.atom\"\njson_feed = \"pub/o.json\"\ncalendar = \"pub/o.ics\"\n[metrics]\ntextfile = \"pub/o.prom\"\n";
    lab.settings(&(lab.web().settings_toml() + outputs));
    let victim = lab.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    fs::create_dir(lab.path().join("pub")).unwrap();
    let written = ["o.atom", "o.json", "o.ics", "o.prom", "r.html", "trace.json", "tge-scrape-cycle.1"];
    for name in written {
        symlink(&victim, lab.path().join("pub").join(name)).unwrap();
    }
    for arguments in [
        &["cycle", "--catch-up", "9", "--profile", "pub/trace.json"][..],
        &["report", "-o", "pub/r.html"],
        &["man", "pub"],
    ] {
        let ran = lab.run(arguments);
        assert_eq!((ran.code, ran.stderr.contains("cannot")), (0, false), "{arguments:?}: {}", ran.stderr);
    }
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    for name in written {
        let found = fs::symlink_metadata(lab.path().join("pub").join(name)).unwrap();
        assert!(found.is_file() && found.len() > 0, "{name}");
    }
    let mut all = Vec::new();
    files(&lab.path().join("pub"), &mut all);
    assert!(
        all.iter().all(|(name, _)| Path::new(name).extension().is_none_or(|end| end != "tmp")),
        "a temporary file is left"
    );
}

#[cfg(unix)]
#[test]
fn files_are_private_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;

    let lab = crate::support::world::bulk(1, 2);
    let more = format!(
        "\n[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\n{AT_ONCE}\
         [hooks]\nafter_cycle = [\"/bin/sh\", \"-c\", \"stat -c '%a %n' state state/* > modes\"]\n"
    );
    lab.settings(&(lab.web().settings_toml() + &more));
    let open = |arguments: &[&str]| {
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", "umask 000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tge-scrape")]);
        command.args(arguments).current_dir(lab.path()).env_clear().env("PATH", "/usr/bin:/bin");
        let ran = ran(command.output().unwrap());
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
    };
    open(&["cycle", "--catch-up", "9"]);
    open(&["db", "backup", "copy.db"]);
    open(&["config", "init", "fresh.toml"]);
    open(&["feed", "add", "https://a.example/feed", "--no-check", "--config", "fresh.toml"]);
    let mode = |path: &str| fs::metadata(lab.path().join(path)).unwrap().permissions().mode() & 0o777;
    let kept = ["state/tge-scrape.db", "state/lock", "alerts.ndjson", "copy.db", "fresh.toml"];
    for path in kept {
        assert_eq!(mode(path), 0o600, "{path} is {:o}", mode(path));
    }
    assert_eq!(mode("state"), 0o700);
    // During the cycle the write-ahead log and its index contain entries too.
    let modes = fs::read_to_string(lab.path().join("modes")).unwrap();
    assert!(modes.contains("tge-scrape.db-wal"), "{modes}");
    for line in modes.lines() {
        assert!(line.starts_with("700 state") || line.starts_with("600 state/"), "{modes}");
    }
    // The mode of a file that the user changed stays.
    fs::set_permissions(lab.path().join("fresh.toml"), fs::Permissions::from_mode(0o640)).unwrap();
    open(&["feed", "add", "https://b.example/feed", "--no-check", "--config", "fresh.toml"]);
    assert_eq!(mode("fresh.toml"), 0o640);
}

/// The calls in `text` of the store whose SQL is not a constant.
fn built_statements(file: &str, text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for call in
        ["prepare(", "prepare_cached(", "execute_batch(", "connection.execute(", "connection.query_row("]
    {
        for (at, _) in text.match_indices(call) {
            let argument = text[at + call.len()..].trim_start();
            let constant = argument.starts_with('"')
                || argument.starts_with("statements::")
                // A loop over constants. The code below finds statements that are built.
                || argument.starts_with("statement)");
            if !constant {
                found.push(format!("{file}: {call}{}", argument.lines().next().unwrap_or_default()));
            }
        }
    }
    let words = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", " FROM ", " WHERE ", " VALUES ", "PRAGMA "];
    for builder in ["format!(", "push_str(", "write!(", "concat("] {
        for (at, _) in text.match_indices(builder) {
            let rest = &text[at..];
            let argument = &rest[..rest.find(';').unwrap_or(rest.len()).min(200)];
            if words.iter().any(|word| argument.contains(word)) {
                found.push(format!("{file}: {}", argument.lines().next().unwrap_or_default()));
            }
        }
    }
    found
}

#[test]
fn sql_statements_are_constants() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut sources = Vec::new();
    files(&folder, &mut sources);
    let mut offences = Vec::new();
    let mut prepared = 0;
    // The repair names tables and columns of the schema that it has just created. Its values are parameters too.
    let spared = |name: &str| {
        name.ends_with("tests.rs") || name.contains("/sqlite/tests/") || name.ends_with("/repair.rs")
    };
    let is_rust = |name: &str| Path::new(name).extension().is_some_and(|kind| kind == "rs");
    for (name, text) in sources.iter().filter(|(name, _)| is_rust(name) && !spared(name)) {
        let text = String::from_utf8(text.clone()).unwrap();
        prepared += text.matches("prepare_cached(statements::").count();
        offences.extend(built_statements(name, &text));
    }
    assert_eq!(offences, Vec::<String>::new());
    assert!(prepared > 50, "only {prepared} statements found");
    for bad in [
        "connection.prepare(&format!(\"SELECT a FROM t WHERE b = {b}\"))",
        "connection.execute(&sql, [])",
        "let sql = format!(\"DELETE FROM {table}\"); ",
    ] {
        assert!(!built_statements("x", bad).is_empty(), "{bad}");
    }
}

/// Only one place builds HTTP clients, and it uses no proxy but that of the settings.
#[test]
fn http_clients_ignore_proxies_of_the_environment() {
    let mut sources = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    let makes = |text: &str| {
        ["Client::builder()", "Client::new()", "ClientBuilder::new()"].iter().any(|made| text.contains(made))
    };
    let mut offences = Vec::new();
    let mut found = false;
    for (name, text) in sources {
        let text = String::from_utf8_lossy(&text).into_owned();
        // Tests come last in a file and request only loopback addresses.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        if name.contains("/tests") || !makes(text) {
            continue;
        }
        if name.ends_with("http/connections.rs") && text.contains(".no_proxy()") {
            found = true;
        } else {
            offences.push(name);
        }
    }
    assert_eq!((found, offences), (true, Vec::new()));
}
