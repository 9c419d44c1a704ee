use std::sync::{Arc, Mutex};

use tge_scrape::figures::CycleReport;

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::Lab,
};

const HEAD: &str = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[x]\nenabled = false\n";
const LAUNCHES: [(&str, &str); 4] = [
    ("tidefall", "Tidefall (TIDE) airdrop claim opens for early users"),
    ("fenwick", "Fenwick announces public token sale of FEN on 5 December"),
    ("korrin", "Korrin takes snapshot for KOR token airdrop"),
    ("oldmoor", "Oldmoor token generation event set for Tuesday"),
];

fn card((slug, title): (&str, &str)) -> String {
    format!("<li class=card><a href=/a/{slug}><h3>{title}</h3></a><time>2 hours ago</time></li>")
}

fn page(cards: &[(&str, &str)], next: &str) -> String {
    let cards: String = cards.iter().copied().map(card).collect();
    let menu = "<nav><a href=/home>Home</a><a href=/markets>Token sale calendar</a></nav>";
    format!("<html><title>Venue</title><body>{menu}<ul>{cards}</ul>{next}</body></html>")
}

/// A site with a list of two pages; the first has a validator.
fn site(first: &Arc<Mutex<String>>) -> Inbox {
    let first = Arc::clone(first);
    Inbox::start(move |received: &Received, _| {
        let body = match received.path.as_str() {
            "/news" => first.lock().unwrap().clone(),
            "/news?page=2" => page(&LAUNCHES[2..], ""),
            path => {
                let slug = path.strip_prefix("/a/").unwrap_or_default();
                let Some((_, title)) = LAUNCHES.iter().find(|(known, _)| *known == slug) else {
                    return Some(Answer::new(404, ""));
                };
                let text = "The team confirmed the token launch and its terms today. ".repeat(12);
                format!(
                    "<html><title>{title}</title><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
                )
            }
        };
        let tag = format!("\"{}\"", body.len());
        if received.header("if-none-match") == tag {
            return Some(Answer::new(304, "").with("ETag", &tag));
        }
        Some(Answer::new(200, &body).with("ETag", &tag).with("Content-Type", "text/html"))
    })
}

/// Runs a cycle, which may fail.
fn cycle(lab: &Lab) -> CycleReport {
    lab.run(&["cycle", "--format", "json"]).report()
}

#[test]
fn a_page_of_several_pages_is_read_asked_conditionally_and_its_new_layout_named() {
    let first = Arc::new(Mutex::new(page(&LAUNCHES[..2], "<a class=next href='/news?page=2'>older</a>")));
    let web = site(&first);
    let lab = Lab::new();
    let source = "kind = \"page\"\npages = 3\nselect = { item = \"li.card\", next = \"a.next@href\" }\n";
    lab.settings(&format!(
        "{HEAD}[[feeds]]\nurl = \"{}\"\nname = \"Venue\"\ntier = 1\n{source}",
        web.url("/news")
    ));
    let report = cycle(&lab);
    assert_eq!((report.entries.new, report.stories.new), (4, 4), "{report:?}");
    let again = cycle(&lab);
    assert_eq!((again.feeds.not_modified, again.entries.new, again.stories.new), (1, 0, 0));
    assert_eq!(web.all().iter().filter(|received| received.path == "/news?page=2").count(), 1);

    first
        .lock()
        .unwrap()
        .replace_range(.., &page(&[("new", "Markets rest")], "<a class=next href='/news?page=2'>older</a>"));
    let news = cycle(&lab);
    // The new entry is the only one of the first page, so the second is read as well; its entries are known.
    assert_eq!((news.entries.new, news.stories.new), (1, 0));

    first
        .lock()
        .unwrap()
        .replace_range(.., "<html><body><main><div class=tile>New design</div></main></body></html>");
    let changed = cycle(&lab);
    assert_eq!(changed.sources[0].failure.as_deref(), Some("selectors_found_nothing"));
    let checked = lab.run(&["feed", "check", "Venue"]);
    assert_eq!(checked.code, 1);
    assert!(checked.stdout.contains("select.item matches nothing"), "{}{}", checked.stdout, checked.stderr);
}

#[test]
fn an_index_of_sitemaps_is_followed_and_only_changed_sitemaps_are_read_again() {
    let web = Inbox::start(|received: &Received, _| {
        let url = |slug: &str| format!("<url><loc>/a/{slug}</loc><lastmod>2026-11-27</lastmod></url>");
        let body = match received.path.as_str() {
            "/sitemap.xml" => {
                "<sitemapindex><sitemap><loc>/new.xml</loc><lastmod>2099-01-01</lastmod></sitemap>
                <sitemap><loc>/old.xml</loc><lastmod>2020-01-01</lastmod></sitemap></sitemapindex>"
                    .to_owned()
            }
            "/new.xml" => format!("<urlset>{}</urlset>", url("tidefall-airdrop-claim-opens")),
            "/old.xml" => format!("<urlset>{}</urlset>", url("korrin-announces-token-sale-of-kor")),
            path => {
                let title = path.strip_prefix("/a/").unwrap_or_default().replace('-', " ");
                let text = "The team confirmed the token launch and its terms today. ".repeat(12);
                format!("<html><title>{title}</title><article><h1>{title}</h1><p>{text}</p></article></html>")
            }
        };
        Some(Answer::new(200, &body))
    });
    let lab = Lab::new();
    lab.settings(&format!("{HEAD}[[feeds]]\nurl = \"{}\"\nkind = \"sitemap\"\n", web.url("/sitemap.xml")));
    let report = cycle(&lab);
    assert_eq!((report.entries.new, report.stories.new), (2, 2), "{report:?}");
    cycle(&lab);
    let reads = |path: &str| web.all().iter().filter(|received| received.path == path).count();
    assert_eq!((reads("/sitemap.xml"), reads("/old.xml")), (2, 1));
}

#[test]
fn wrong_selectors_are_named_with_their_line() {
    let lab = Lab::new();
    for (row, line, message) in [
        ("[feeds.select]\nitem = \"li[\"", 5, "select.item: \"li[\" is no CSS selector"),
        ("[feeds.select]\nitem = \"li\"\ntilte = \"h3\"", 6, "unknown key select.tilte"),
        ("kind = \"page\"\npages = 2\nselect = { item = \"li\" }", 5, "pages: needs select.next"),
        ("kind = \"feed\"\nselect = { item = \"li\" }", 4, "a feed takes neither mapping, preset nor select"),
        ("kind = \"page\"\nselect = { script = \"script\" }", 5, "script needs a mapping"),
        ("kind = \"page\"\nselect = { item = 3 }", 5, "select.item: should be a text, is 3"),
        ("kind = \"website\"", 4, "should be feed, json, page, sitemap or exec"),
    ] {
        lab.settings(&format!("# mine\n[[feeds]]\nurl = \"https://venue.example/news\"\n{row}\n"));
        let check = lab.run(&["config", "check"]);
        assert_eq!(check.code, 3, "{row}");
        assert!(check.stderr.contains(message), "{message}: {}", check.stderr);
        assert!(check.stderr.contains(&format!("tge-scrape.toml:{line}")), "{line}: {}", check.stderr);
    }
}
