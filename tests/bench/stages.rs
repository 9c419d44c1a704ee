//! What the pure stages cost in instructions, held to `stages.toml`. Instructions do not depend on how busy the machine
//! is, so this can fail a check where seconds cannot.
//!
//! Each stage is run under valgrind's callgrind a few times and many times; the difference is the stage alone.
//! `-- --write` prints a new budget. Counts hold for a build without link-time optimisation, as the check makes it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

use std::{hint::black_box, path::Path, process::Command};

use tge_scrape::{
    article::{self, Effort, Page},
    config,
    detect::{Headline, Item, Rules},
    feed::{self, Document},
    model::{Kind, SourceFormat},
};
use url::Url;

/// Instructions of one run of each stage.
const BUDGET: &str = include_str!("stages.toml");
/// A stage may cost this much more than its budget before the check fails: compilers and libraries differ a little.
const CEILING: f64 = 1.15;
/// A stage may cost this much less before the budget is out of date.
const FLOOR: f64 = 0.70;
/// Runs that tell a program's start from its work, and runs to tell it by.
const FEW: u32 = 2;
const MANY: u32 = 12;

/// A stage with what it works on.
type Stage = Box<dyn Fn()>;

fn rss() -> String {
    let item = |number: usize| {
        format!(
            "<item><title>Museum opens its map room to visitors, part {number}</title><link>https://news.example/{number}</link><guid>https://news.example/{number}</guid><pubDate>Sat, 21 Nov 2026 06:{:02}:00 GMT</pubDate><description>A report of &lt;b&gt;two&lt;/b&gt; sentences. It says what the title says &amp; little more.</description></item>",
            number % 60
        )
    };
    let items: String = (0..30).map(item).collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>News</title><link>https://news.example</link>{items}</channel></rss>"
    )
}

fn html() -> String {
    let line = |number: usize| {
        format!(
            "<p>Paragraph {number} of a long report: what was said, who was there, and what the weather was like, told at the length a reader expects.</p>"
        )
    };
    let lines: String = (0..60).map(line).collect();
    format!(
        "<!doctype html><html><head><title>Caldera opens airdrop claim</title></head><body><nav><a href=\"/\">Home</a></nav><article><h1>Caldera opens airdrop claim</h1>{lines}</article><footer>About us</footer></body></html>"
    )
}

fn settings_of(feeds: usize) -> String {
    (0..feeds).map(|feed| format!("[[feeds]]\nurl = \"https://feed-{feed}.example/rss\"\nname = \"Feed {feed}\"\ntags = [\"news\"]\n\n")).collect()
}

fn rules() -> Rules {
    let settings = config::from_text("", Path::new("state")).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    Rules::compile(&settings.detect)
}

/// Every stage by name.
fn stages() -> Vec<(&'static str, Stage)> {
    let url = Url::parse("https://news.example/feed").unwrap();
    let (body, page_url) = (rss(), url.clone());
    let parse = move || {
        let document =
            Document { bytes: body.as_bytes(), content_type: Some("application/rss+xml"), url: &url };
        assert_eq!(black_box(feed::read(&document, &SourceFormat::Feed)).unwrap().entries.len(), 30);
    };
    let page = html();
    let extract = move || {
        let page = Page { bytes: page.as_bytes(), content_type: Some("text/html"), url: &page_url };
        assert!(black_box(article::read(&page, Effort::Quick)).unwrap().text.len() > 1_000);
    };
    let ready = rules();
    let early = move || {
        for title in
            ["Museum opens its map room to visitors", "Caldera opens airdrop claim for its ERA token"]
        {
            let headline =
                Headline { title, summary: "What the feed said of it.", categories: &[], cut_short: false };
            black_box(ready.early(&headline));
        }
    };
    let ready = rules();
    let text =
        "Caldera said eligible users can claim the ERA token from today; the window stays open. ".repeat(14);
    let judge = move || {
        let item = Item {
            kind: Kind::News,
            title: "Caldera opens airdrop claim for its ERA token",
            text: &text,
            author: "",
            source: "News",
            url: "https://news.example/1",
            published: None,
        };
        assert!(black_box(ready.judge(&item)).tge);
    };
    let compile = || rules().prepare();
    let many = settings_of(1_000);
    let settings = move || {
        assert_eq!(black_box(config::from_text(&many, Path::new("state"))).unwrap().sources.len(), 1_000);
    };
    vec![
        ("parse", Box::new(parse) as Stage),
        ("extract", Box::new(extract)),
        ("early", Box::new(early)),
        ("judge", Box::new(judge)),
        ("compile", Box::new(compile)),
        ("settings", Box::new(settings)),
    ]
}

/// Instructions of this program while it runs `stage` so often.
fn counted(stage: &str, runs: u32) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["--stage", stage, &runs.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let total = said.lines().find_map(|line| line.split_once("Collected : ")).unwrap().1;
    total.trim().parse().unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, stage, runs] = &arguments[..]
        && flag == "--stage"
    {
        let (_, work) = stages().into_iter().find(|(name, _)| name == stage).unwrap();
        (0..runs.parse::<u32>().unwrap()).for_each(|_| work());
        return;
    }
    let budget: toml::Table = toml::from_str(BUDGET).unwrap();
    let mut wrong = Vec::new();
    for (name, _) in stages() {
        let each = (counted(name, MANY) - counted(name, FEW)) / u64::from(MANY - FEW);
        let held = budget.get(name).and_then(toml::Value::as_integer).unwrap_or(0);
        println!("{name} = {each}");
        let share = each as f64 / held as f64;
        if !(FLOOR..=CEILING).contains(&share) {
            wrong.push(format!("{name}: {each} instructions, budget {held}"));
        }
    }
    let writes = arguments.iter().any(|argument| argument == "--write");
    assert!(writes || wrong.is_empty(), "left their budget (tests/bench/stages.toml):\n{}", wrong.join("\n"));
}
