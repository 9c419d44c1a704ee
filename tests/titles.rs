//! Feeds with hostile titles.

use std::fs;

use crate::support::{
    inbox::{Answer, Inbox},
    lab::Lab,
    world::{World, missing},
};

/// A feed of launches with hostile titles.
fn hostile_feed() -> Inbox {
    let long = "x".repeat(10_000);
    let marks = [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "=cmd()",
        "@everyone &lt;!channel&gt;",
        long.as_str(),
        "\u{202E}gnp.exe\u{202C}",
        "*a* [b](https://evil.example) &lt;a href=\"https://evil.example\"&gt;c&lt;/a&gt;",
    ];
    let names = ["Zorblax", "Quendar", "Mivotel", "Hurbani", "Dextolo", "Falwick"];
    let item = |(mark, name): (&&str, &&str)| {
        format!(
            "<item><guid>{name}</guid><link>https://{0}.example/claim</link><title>{mark} {name} opens airdrop claim for its {1} token</title>\
             <description>{name} said eligible users can claim the {1} token from 25 December 2026; the claim stays open for 30 days. {mark}</description></item>",
            name.to_lowercase(),
            name[..4].to_uppercase()
        )
    };
    let items: String = marks.iter().zip(names.iter()).map(item).collect();
    let feed = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>=evil()</title>{items}</channel></rss>"
    );
    Inbox::start(move |received, _| {
        Some(if received.path == "/feed" { Answer::new(200, &feed) } else { Answer::new(404, "") })
    })
}

#[test]
fn hostile_titles_are_harmless_in_every_channel_and_output() {
    let feed = hostile_feed();
    let mut world = World::new(Lab::with_web());
    let outputs =
        "[outputs]\natom = \"out/tge.atom\"\njson_feed = \"out/tge.json\"\ncalendar = \"out/tge.ics\"\n";
    world.lab.settings(&format!(
        "[http]\nallow_private_addresses = true\n[cache]\nfeed_ttl = \"0s\"\n[detect]\nthreshold = 20\n{outputs}[[feeds]]\nurl = \"{}\"\nname = \"=evil()\"\n{}",
        feed.url("/feed"),
        world.channels()
    ));
    for _ in 0..4 {
        world.lab.run(&["cycle", "--catch-up", "100"]);
    }
    let found = world.lab.events();
    assert!(found.len() >= 5, "{found:#?}");
    for (name, sent) in world.notifications() {
        assert_eq!(missing(&sent, &found), Vec::<String>::new(), "{name}");
        assert!(!sent.contains(['\u{202E}', '\u{0}']), "{name}");
        assert!(!sent.contains(&"x".repeat(1_000)), "{name}");
    }
    for inbox in [&world.slack, &world.discord, &world.telegram, &world.ntfy, &world.webhook] {
        assert_eq!(
            inbox.all().len(),
            inbox.taken().len(),
            "{:?}",
            inbox.all().iter().find(|r| r.status != 200)
        );
    }
    let output = |format: &str| world.lab.run(&["events", "--format", format]).stdout;
    let csv = output("csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for cell in reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t']), "{cell}");
    }
    for format in ["table", "atom", "ics"] {
        let text = output(format);
        assert!(!text.contains("<script") && !text.contains('\u{202E}') && !text.contains('\x1b'), "{text}");
    }
    let read = |name: &str| fs::read_to_string(world.lab.path().join("out").join(name)).unwrap();
    assert_eq!(read("tge.atom"), output("atom"));
    assert!(
        read("tge.ics").contains("DTSTART;VALUE=DATE:20261225") && read("tge.json").contains("jsonfeed.org")
    );
    world.webhook = Inbox::start(|_, _| None);
}
