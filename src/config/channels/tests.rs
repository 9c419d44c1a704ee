use std::fs;

use super::*;
use crate::config::{Flags, Settings, load, shown, tests::errors_of};

fn loaded(text: &str, pairs: &[(&str, &str)]) -> Settings {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.toml");
    fs::write(&path, text).unwrap();
    let flags = Flags { config: Some(path), ..Flags::default() };
    load(&flags, &Environment::of(pairs)).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_kind_is_read_with_its_keys() {
    let settings = loaded(
        "[[channels]]\nkind = \"slack\"\nurl_env = \"SLACK\"\nquiet = \"22:00-07:00\"\nquiet_break = \"critical\"\ntime_zone = \"Europe/Berlin\"\n\
         [[channels]]\nkind = \"discord\"\nurl = \"https://discord.example/api/webhooks/1/t\"\nevents = [\"sale\"]\n\
         [[channels]]\nkind = \"telegram\"\ntoken_env = \"BOT\"\nchat = -100123\ndigest_at = [\"08:30\", \"18:00\"]\n\
         [[channels]]\nkind = \"email\"\nhost = \"mail.example\"\nfrom = \"Me <me@mail.example>\"\nto = [\"you@mail.example\"]\ntls = \"tls\"\n\
         [[channels]]\nkind = \"ntfy\"\nurl = \"https://ntfy.example/sub/my-topic\"\n\
         [[channels]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/x\"\nallow_private_address = true\nsecret_env = \"HOOK\"\n\
         [[channels]]\nkind = \"exec\"\ncommand = [\"notify\", \"me\"]\nenvironment = [\"EXTRA\"]\n\
         [[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\ntopics = [\"news\", \"ops\"]\nmin_class = \"low\"\ninstant = \"never\"\n",
        &[
            ("SLACK", "https://hooks.example/hunter2"),
            ("BOT", "123:hunter2"),
            ("HOOK", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            ("PATH", "/bin"),
            ("EXTRA", "1"),
            ("OTHER", "2"),
        ],
    );
    let channels = &settings.alerts.channels;
    let kinds: Vec<&str> = channels.iter().map(|channel| channel.kind.kind()).collect();
    assert_eq!(kinds, KINDS.map(|(name, _)| name));
    assert!(channels[0].policy.quiet.is_some() && channels[0].interval == Duration::from_secs(1));
    assert_eq!((channels[2].interval, channels[2].policy.digest_at.len()), (Duration::from_secs(3), 2));
    let ChannelKind::Email(email) = &channels[3].kind else { panic!() };
    assert_eq!((email.port, email.security), (465, Security::Tls));
    let ChannelKind::Ntfy(ntfy) = &channels[4].kind else { panic!() };
    assert_eq!((ntfy.server.as_str(), ntfy.topic.as_str()), ("https://ntfy.example/sub/", "my-topic"));
    let ChannelKind::Exec(exec) = &channels[6].kind else { panic!() };
    assert_eq!(exec.program.environment.len(), 2, "PATH and EXTRA only");
    assert!(channels[7].policy.ops && channels[7].policy.instant.is_none());
    let all = format!("{:?}{:?}", settings.alerts, shown(&settings));
    assert!(!all.contains("hunter2") && !all.contains("MfKQ"), "{all}");
}

#[test]
fn every_error_is_reported_with_its_line_and_no_secret() {
    let errors = errors_of(
        "[[channels]]\nkind = \"slack\"\n[[channels]]\nkind = \"discord\"\nurl_env = \"NOT_SET\"\nurll = 1\n\
         [[channels]]\nkind = \"webhook\"\nurl = \"hunter2\"\nsecret = \"hunter2\"\n\
         [[channels]]\nkind = \"email\"\nhost = \"h.example\"\nfrom = \"nobody\"\nto = []\ntls = \"no\"\n\
         [[channels]]\nkind = \"file\"\nname = \"slack\"\npath = \"x\"\n\
         [[channels]]\nkind = \"exec\"\ncommand = []\nquiet = \"10-11\"\ntime_zone = \"Mars/Olympus\"\nmin_class = \"top\"\ndigest_at = [\"9\"]\n",
    );
    for wanted in [
        "settings:2:1: url: needs url, url_env or url_file",
        "settings:5:11: url_env: the environment variable NOT_SET is not set",
        "settings:6:1: unknown key urll; did you mean url?",
        "settings:9:7: url: is not an http or https address",
        "settings:10:10: secret: should be whsec_ and base64",
        "settings:14:8: from: \"nobody\" is not a mail address",
        "settings:15:6: to: needs at least one receiver",
        "settings:16:7: tls: should be starttls or tls",
        "settings:19:8: name: duplicate of the channel in settings:2:1",
        "settings:23:11: command: needs the program",
        "settings:24:9: quiet: should be two times",
        "settings:25:13: time_zone: \"Mars/Olympus\" is no time zone",
        "settings:26:13: min_class: should be one of low, medium, high, critical",
        "settings:27:13: digest_at: should be a time such as 09:00",
    ] {
        assert!(errors.iter().any(|line| line.contains(wanted)), "{wanted:?} is missing in {errors:#?}");
    }
    assert_eq!(errors.len(), 14, "{errors:#?}");
    assert!(!errors.concat().contains("hunter2"), "{errors:#?}");
}

#[test]
fn other_settings_or_secrets_give_another_fingerprint() {
    let print = |secret: &str| {
        let text = "[[channels]]\nkind = \"slack\"\nurl_env = \"SLACK\"\n";
        loaded(text, &[("SLACK", secret)]).alerts.channels[0].fingerprint.clone()
    };
    assert_eq!(print("https://a.example/1"), print("https://a.example/1"));
    assert_ne!(print("https://a.example/1"), print("https://a.example/2"));
}
