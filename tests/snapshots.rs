//! What people and services get, as a whole: help texts, tables and messages, compared with tests/snapshots.
//!
//! `INSTA_UPDATE=always cargo test --test main snapshots::` accepts changed texts; read the difference before you commit it.

use std::{fs, sync::LazyLock};

use jiff::Timestamp;
use serde_json::Value;

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, Ran, now, ran},
    redact::{redacted, with_single_spaces},
    world::World,
};

/// The time of every snapshot, so that dates are equal in each run.
const NOON: &str = "2026-11-21T12:00:00Z";

fn compare(name: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A feed with two launches and a text about something else, whole texts included.
fn feed() -> Inbox {
    let item = |title: &str, id: &str, hour: u8| {
        let text = format!(
            "{title}. {}",
            "The note says who may take part and where the official page of the claim is. ".repeat(24)
        );
        format!(
            "<item><title>{title}</title><link>http://press.localhost/{id}</link><guid isPermaLink=\"false\">{id}</guid>\
             <pubDate>Sat, 21 Nov 2026 {hour:02}:00:00 GMT</pubDate><content:encoded><![CDATA[<p>{text}</p>]]></content:encoded></item>"
        )
    };
    let items = item("Quorith (QRTH) airdrop claim opens for early users", "quorith", 9)
        + &item("Tambrel token launch: TMB goes live on mainnet on 25 November 2026", "tambrel", 10)
        + &item("Museum opens its map collection", "museum", 8);
    let body = format!(
        "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Notes</title>{items}</channel></rss>"
    );
    Inbox::start(move |_, _| Some(Answer::new(200, &body)))
}

/// Settings with the feed, a watched project, accounts on X without a token, and targets that a slow machine meets.
fn settings(feed: &Inbox, more: &str) -> String {
    format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[x]\naccounts = [\"@zentumo\", \"@harbour\"]\n\
         [targets]\ncycle_time = \"1h\"\nstatement_time = \"1h\"\nmemory = \"1GiB\"\n[detect]\nbuiltin_projects = false\n[[projects]]\nname = \"Tambrel\"\n[[feeds]]\nurl = \"{}\"\nname = \"Notes\"\n{more}",
        feed.url("/feed")
    )
}

/// Seconds by which the clock is shifted, so that the first command runs at noon and later ones do not go back.
static SHIFT: LazyLock<String> =
    LazyLock::new(|| (NOON.parse::<Timestamp>().unwrap().as_second() - now().as_second()).to_string());

/// Runs a command soon after noon, in UTC.
fn run(lab: &Lab, arguments: &[&str]) -> Ran {
    let mut command = lab.command(&["--shift-clock", &SHIFT]);
    ran(command.args(arguments).env("TZ", "UTC").output().unwrap())
}

/// The help of `command` and of its subcommands, depth first.
fn help(lab: &Lab, command: &[&str]) -> String {
    let arguments = [command, &["--help"]].concat();
    let help = lab.run(&arguments);
    assert_eq!(help.code, 0, "{arguments:?}");
    // The flags of every command are shown once.
    let own = help.stdout.split("\nEverywhere:").next().unwrap().trim_end();
    let shown = if command.is_empty() { help.stdout.trim_end() } else { own };
    let mut text = format!("$ tge-scrape {}\n", arguments.join(" "));
    text.extend(shown.lines().map(|line| line.trim_end().to_owned() + "\n"));
    if !command.is_empty() {
        for inner in subcommands(&help.stdout) {
            text += &format!("\n{}", self::help(lab, &[command, &[inner]].concat()));
        }
    }
    text
}

/// Names of the subcommands in a help text.
fn subcommands(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    lines.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

#[test]
fn help_of_every_command_equals_its_snapshot() {
    let lab = Lab::new();
    let all = help(&lab, &[]);
    compare("help", &all);
    let commands = subcommands(&all);
    assert!(commands.len() > 15, "only {commands:?} were found");
    for command in commands {
        compare(&format!("help_{command}"), &help(&lab, &[command]));
    }
}

/// A line of `stats --targets` without the value, where that depends on the machine.
fn without_measurement(line: &str) -> String {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    if ["cycle_time", "memory", "statement_time"].contains(&name) {
        let (_, rest) = rest.split_once(' ').unwrap_or_default();
        return format!("{name} [n] {rest}\n");
    }
    let is_measured = line.starts_with("slow statements ");
    format!("{}\n", if is_measured { "slow statements [n]" } else { line })
}

#[test]
fn tables_equal_their_snapshots() {
    let feed = feed();
    let lab = Lab::new();
    lab.settings(&settings(&feed, ""));
    compare("doctor_before_first_cycle", &redacted(&run(&lab, &["doctor"]).stdout));
    let cycle = run(&lab, &["cycle", "--catch-up", "9"]);
    assert_eq!(cycle.code, 0, "{}", cycle.stderr);
    for (name, arguments) in [
        ("events", &["events"][..]),
        ("events_csv", &["events", "--format", "csv"]),
        ("x_plan", &["x", "plan"]),
        ("x_accounts", &["x", "accounts"]),
        ("project_list", &["project", "list"]),
        ("doctor", &["doctor"]),
    ] {
        let ran = run(&lab, arguments);
        compare(name, &redacted(&ran.stdout));
    }
    for (name, arguments) in [
        ("stats", &["stats"][..]),
        ("stats_figures", &["stats", "--figures"]),
        ("stats_targets", &["stats", "--targets"]),
        ("stats_feeds", &["stats", "--feeds"]),
    ] {
        let ran = run(&lab, arguments);
        let text = with_single_spaces(&redacted(&ran.stdout));
        compare(name, &text.lines().map(without_measurement).collect::<String>());
    }
    // The table breaks the long address at a width of its own.
    let list = run(&lab, &["feed", "list", "--format", "csv"]).stdout;
    compare("feed_list", &redacted(&list));
}

#[test]
fn explanation_equals_its_snapshot() {
    let lab = Lab::new().with_encoder();
    let text = "Quorith (QRTH) airdrop claim opens for early users\nEligible wallets can claim QRTH until 25 November 2026.";
    fs::write(lab.path().join("text"), text).unwrap();
    compare("explain", &run(&lab, &["explain", "text"]).stdout);
}

/// A mail without its date, IDs and boundary.
fn mail(text: &str) -> String {
    let mut text = text.replace("\r\n", "\n");
    if let Some((_, rest)) = text.split_once("boundary=\"") {
        let boundary = rest.split('"').next().unwrap().to_owned();
        text = text.replace(&boundary, "[boundary]");
    }
    let line = |line: &str| {
        let varies = ["Date: ", "Message-ID: "].iter().find(|name| line.starts_with(**name));
        varies.map_or_else(|| line.to_owned(), |name| format!("{name}[…]")) + "\n"
    };
    text.lines().map(line).collect()
}

#[test]
fn alerts_of_every_channel_equal_their_snapshots() {
    let feed = feed();
    let world = World::new(Lab::with_web().with_encoder());
    world.lab.settings(&settings(&feed, &world.channels()));
    let cycle = run(&world.lab, &["cycle", "--catch-up", "9"]);
    assert_eq!(cycle.code, 0, "{}", cycle.stderr);
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap() + "\n";
    for (name, inbox) in [
        ("slack", &world.slack),
        ("discord", &world.discord),
        ("telegram", &world.telegram),
        ("ntfy", &world.ntfy),
        ("webhook", &world.webhook),
    ] {
        let messages: String = inbox.taken().iter().map(|received| pretty(&received.json())).collect();
        compare(&format!("alert_{name}"), &redacted(&messages));
    }
    for (name, file) in [("exec", "exec.ndjson"), ("file", "alerts.ndjson")] {
        let messages: String = world.lines(file).iter().map(pretty).collect();
        compare(&format!("alert_{name}"), &redacted(&messages));
    }
    let mails: String = world.mail.mails().iter().map(|text| mail(text)).collect();
    compare("alert_email", &redacted(&mails));
}
