//! `feed check URL --suggest` against sites on loopback.

use std::io::Write as _;

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::{Lab, Ran, ran},
};

const HEAD: &str = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[x]\nenabled = false\n[cycle]\nbuiltin_feeds = false\n";
const LAUNCHES: [(&str, &str); 4] = [
    ("tidefall", "Tidefall (TIDE) airdrop claim opens for early users"),
    ("fenwick", "Fenwick announces public token sale of FEN on 5 December"),
    ("korrin", "Korrin takes snapshot for KOR token airdrop"),
    ("oldmoor", "Oldmoor token generation event set for Tuesday"),
];
const FEED: &str = "<rss version='2.0'><channel><title>Venue news</title><item><title>Claim opens</title><link>/a/claim</link></item></channel></rss>";

/// A page with a menu and a list.
fn list() -> String {
    let card = |(slug, title): &(&str, &str)| {
        format!("<li class=card><a href=/news/{slug}><h3>{title}</h3></a><time>2 hours ago</time></li>")
    };
    let cards: String = LAUNCHES.iter().map(card).collect();
    let menu = "<nav><ul><li><a href=/home>Home</a></li><li><a href=/markets>Token sale calendar</a></li><li><a href=/help>Help for customers</a></li></ul></nav>";
    format!("<html><title>Venue announcements</title><body>{menu}<ul>{cards}</ul></body></html>")
}

/// A site that answers these paths and 404 for all others.
fn site(pages: Vec<(&'static str, String)>) -> Inbox {
    Inbox::start(move |received: &Received, _| {
        if let Some((_, body)) = pages.iter().find(|(path, _)| *path == received.path) {
            return Some(Answer::new(200, body));
        }
        let launch = LAUNCHES.iter().find(|(slug, _)| received.path == format!("/news/{slug}"));
        let Some((_, title)) = launch else { return Some(Answer::new(404, "")) };
        let text = "The team confirmed the token launch and its terms today. ".repeat(12);
        Some(Answer::new(
            200,
            &format!("<html><title>{title}</title><article><h1>{title}</h1><p>{text}</p></article></html>"),
        ))
    })
}

fn suggest(web: &Inbox, further: &[&str]) -> (Lab, Ran) {
    let lab = Lab::new();
    lab.settings(HEAD);
    let url = web.url("/news");
    let ran = lab.run(&[&["feed", "check", url.as_str(), "--suggest"], further].concat());
    (lab, ran)
}

fn paths(web: &Inbox) -> Vec<String> {
    web.all().into_iter().map(|received| received.path).collect()
}

#[test]
fn a_feed_comes_first() {
    let named =
        list().replace("<body>", "<link rel=alternate type=application/rss+xml href=/named.xml><body>");
    let web = site(vec![("/news", named), ("/named.xml", FEED.to_owned())]);
    let (_, ran) = suggest(&web, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let url = web.url("");
    assert_eq!(
        ran.stdout,
        format!("[[feeds]]\nurl = \"{url}/named.xml\"\nname = \"Venue news\"\nsite = \"{url}/news\"\n")
    );
    assert_eq!(paths(&web), ["/news", "/robots.txt", "/named.xml"]);
    // At a usual address that robots.txt allows.
    let web = site(vec![
        ("/news", list()),
        ("/robots.txt", "User-agent: *\nDisallow: /news/\nDisallow: /feed\n".to_owned()),
        ("/rss.xml", FEED.to_owned()),
    ]);
    let (_, ran) = suggest(&web, &[]);
    assert!(
        ran.stdout.contains("/rss.xml\"\n") && ran.stderr.contains("proposal: a feed; 1 entry"),
        "{}",
        ran.stderr
    );
    assert_eq!(paths(&web), ["/news", "/robots.txt", "/rss.xml"]);
}

#[test]
fn a_sitemap_of_news_comes_before_selectors() {
    let row = |(slug, title): &(&str, &str)| {
        format!(
            "<url><loc>/news/{slug}</loc><n:news><n:publication_date>2026-11-27</n:publication_date><n:title>{title}</n:title></n:news></url>"
        )
    };
    let rows: String = LAUNCHES.iter().map(row).collect();
    let web = site(vec![
        ("/news", list()),
        ("/robots.txt", "Sitemap: /map.xml\n".to_owned()),
        ("/map.xml", "<sitemapindex><sitemap><loc>/pages.xml</loc></sitemap><sitemap><loc>/news-map.xml</loc></sitemap></sitemapindex>".to_owned()),
        ("/news-map.xml", format!("<urlset>{rows}</urlset>")),
    ]);
    let (_, ran) = suggest(&web, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let found = ran.json();
    assert_eq!((found["method"].as_str(), found["entries"].as_u64()), (Some("sitemap"), Some(4)));
    assert_eq!(found["source"], web.url("/news-map.xml"));
    assert!(found["toml"].as_str().unwrap().contains("kind = \"sitemap\"\n"), "{found}");
    assert!(paths(&web).len() <= 16 && !paths(&web).contains(&"/pages.xml".to_owned()), "{:?}", paths(&web));
}

#[test]
fn selectors_are_proposed_added_and_read() {
    let web = site(vec![("/news", list())]);
    let (lab, piped) = suggest(&web, &[]);
    assert_eq!(piped.code, 0, "{}", piped.stderr);
    let url = web.url("/news");
    assert_eq!(
        piped.stdout,
        format!(
            "[[feeds]]\nurl = \"{url}\"\nname = \"Venue announcements\"\nkind = \"page\"\n\n[feeds.select]\nitem = \"li.card\"\n"
        )
    );
    for said in [
        "proposal: selectors; 4 entries, 4 dated, 4 may be launches",
        "no feed or sitemap at /news/feed",
        LAUNCHES[0].1,
    ] {
        assert!(piped.stderr.contains(said), "{said}: {}", piped.stderr);
    }
    let file = || std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    assert_eq!(file(), HEAD);
    // What was printed can be appended to the settings, and `--yes` writes the same.
    let mut appended =
        std::fs::OpenOptions::new().append(true).open(lab.path().join("tge-scrape.toml")).unwrap();
    appended.write_all(piped.stdout.as_bytes()).unwrap();
    assert_eq!(lab.run(&["config", "check"]).code, 0);
    lab.settings(HEAD);
    let added = lab.run(&["feed", "check", &url, "--suggest", "--yes"]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    assert!(added.stderr.contains("added to ") && file().contains("item = \"li.card\""), "{}", file());
    assert_eq!(lab.run(&["config", "check"]).code, 0);
    let report = lab.run(&["cycle", "--format", "json"]).report();
    assert_eq!((report.entries.new, report.stories.new), (4, 4), "{report:?}");
    let again = lab.run(&["feed", "check", &url, "--suggest", "--yes"]);
    assert!(again.stdout.contains("has it already"), "{}{}", again.stdout, again.stderr);
}

#[test]
fn lists_in_json_are_proposed() {
    let rows: Vec<_> = LAUNCHES
        .iter()
        .map(|(slug, title)| serde_json::json!({"title": title, "url": format!("/news/{slug}"), "publishedAt": "2026-11-27T10:00:00Z"}))
        .collect();
    let data = serde_json::json!({"props": {"menu": [{"title": "Home", "url": "/"}], "list": rows}});
    let page = format!(
        "<html><title>Pad</title><div id=app></div><script id=__NEXT_DATA__ type=application/json>{data}</script></html>"
    );
    let web = site(vec![("/news", page)]);
    let (lab, ran) = suggest(&web, &["--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("the JSON of a script in the page; 4 entries, 4 dated"), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("[feeds.mapping]\nitems = \"props.list\"\ntitle = \"title\"\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(lab.run(&["config", "check"]).code, 0);
    assert_eq!(lab.run(&["cycle", "--format", "json"]).report().stories.new, 4);
}

#[test]
fn where_nothing_can_be_proposed_the_reason_is_printed() {
    let shell = "<html><div id=app></div><script src=/app.js></script></html>".to_owned();
    let web = site(vec![("/news", shell)]);
    let (lab, ran) = suggest(&web, &["--yes"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("nothing to propose: this page has no list of its own, its scripts fetch it"),
        "{}",
        ran.stdout
    );
    assert_eq!(std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap(), HEAD);
    let menu = "<html><nav><a href=/a>Markets</a><a href=/b>Trade</a><a href=/c>Earn</a></nav><p>Words of a page.</p></html>";
    let web = site(vec![("/news", menu.to_owned())]);
    let (_, ran) = suggest(&web, &["--format", "json"]);
    assert_eq!((ran.code, ran.json()["ok"].as_bool()), (1, Some(false)));
    assert!(
        ran.json()["sentence"]
            .as_str()
            .unwrap()
            .starts_with("no list of links with titles stands out; describe"),
        "{}",
        ran.stdout
    );
    let gone = site(Vec::new());
    assert!(suggest(&gone, &[]).1.stdout.contains("404"), "{:?}", paths(&gone));
    assert_eq!(Lab::new().run(&["feed", "check", "https://venue.example/", "--yes"]).code, 2);
}

/// Answers the question on a terminal; skipped where the machine lacks `script`.
#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_the_proposal_is_added_after_yes_only() {
    let web = site(vec![("/news", list())]);
    for (answer, is_added) in [("\n", false), ("n\n", false), ("y\n", true)] {
        let lab = Lab::new();
        lab.settings(HEAD);
        let program = lab.command(&[]).get_program().to_owned();
        let line = format!("'{}' feed check {} --suggest", program.to_str().unwrap(), web.url("/news"));
        let mut command = std::process::Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(lab.path());
        let pipe = std::process::Stdio::piped;
        let Ok(mut child) = command.stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn() else { return };
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let ran = ran(child.wait_with_output().unwrap());
        assert!(ran.code == 0 && ran.stdout.contains("add it? [y/N]"), "{}{}", ran.stdout, ran.stderr);
        let file = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
        assert_eq!(file.contains("li.card"), is_added, "{answer:?}: {file}");
    }
}
