//! Venues without feeds: hosts under `.localhost` that list launches as pages, scripts, sitemaps and JSON.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    inbox::{Answer, Inbox, Received},
    lab::now,
};

/// A venue: its host, the rest of its `[[feeds]]` table, the path of its list, and its launches.
struct Venue {
    host: &'static str,
    settings: &'static str,
    path: &'static str,
    launches: &'static [(&'static str, &'static str)],
}

const VENUES: [Venue; 12] = [
    Venue {
        host: "plain",
        settings: "kind = \"page\"\nselect = { item = \"li.card\", time = \"time@datetime\" }",
        path: "/news",
        launches: &[("Tidefall", "TIDE"), ("Korrin", "KOR")],
    },
    Venue {
        host: "paged",
        settings: "kind = \"page\"\npages = 3\nselect = { item = \"tr.row\", title = \"td.what\", link = \"a\", time = \"td.when\", next = \"a.next\" }",
        path: "/list",
        launches: &[("Fenwick", "FEN"), ("Oldmoor", "OLM"), ("Brackwater", "BRKW")],
    },
    Venue {
        host: "redesign",
        settings: "kind = \"page\"\nselect.item = \"article.post\"",
        path: "/blog/",
        launches: &[("Quillnet", "QLN"), ("Marlstone", "MRL")],
    },
    Venue {
        host: "relative",
        settings: "kind = \"page\"\nselect = { item = \"div.entry\", time = \".age\" }",
        path: "/",
        launches: &[("Pellinor", "PELL"), ("Wexcombe", "WEXC")],
    },
    Venue {
        host: "terms",
        settings: "kind = \"page\"\nselect = { item = \"dl > div\", title = \"dt\", summary = \"dd\" }",
        path: "/terms",
        launches: &[("Dunmere", "DUNM")],
    },
    Venue {
        host: "script",
        settings: "kind = \"page\"\nselect = { script = \"script#__NEXT_DATA__\" }\nmapping = { items = \"props.pageProps.list\", title = \"name\", link = \"url\", time = \"at\" }",
        path: "/launches",
        launches: &[("Halvard", "HALV"), ("Yarrowind", "YRW")],
    },
    Venue {
        host: "linked",
        settings: "kind = \"page\"",
        path: "/news",
        launches: &[("Zephyrine", "ZPHR"), ("Corvane", "CRVN")],
    },
    Venue {
        host: "map",
        settings: "kind = \"sitemap\"",
        path: "/news-sitemap.xml",
        launches: &[("Larkspire", "LRKS")],
    },
    Venue {
        host: "index",
        settings: "kind = \"sitemap\"",
        path: "/sitemap.xml",
        launches: &[("Mossgate", "MSGT"), ("Nettleby", "NTTL")],
    },
    Venue {
        host: "list",
        settings: "kind = \"json\"\nmapping = { items = \"data.0.rows\", title = \"headline\", link = \"path\", id = \"id\", time = \"ms\" }",
        path: "/api/announcements?lang=en",
        launches: &[("Ostwick", "OSTW"), ("Ravenholt", "RVNH")],
    },
    Venue {
        host: "object",
        settings: "kind = \"json\"\nmapping = { items = \"result\", title = \"{name}\", link = \"/a/{@key}\", id = \"@key\", time = \"at\" }",
        path: "/api/launches",
        launches: &[("Thornwick", "THRN")],
    },
    Venue {
        host: "votes",
        settings: "method = \"POST\"\npages = 5\ncursor = { path = \"data.proposals.-1.created\", body = \"variables.before\" }\n\
                   mapping = { items = \"data.proposals\", title = \"title\", link = \"link\", id = \"link\", time = \"created\" }\n\
                   body = { query = \"query($before: Int) { proposals { title link created } }\", variables = {} }",
        path: "/graphql",
        launches: &[("Umberlin", "UMBR"), ("Vexleigh", "VXLG")],
    },
];
/// Hosts whose answers have no validator.
const WITHOUT_VALIDATOR: [&str; 3] = ["relative", "list", "votes"];
/// An entry of each list that is no launch.
const OTHER: &str = "Maintenance of the matching engine is complete";

/// The hosts, until they are dropped.
pub struct Venues {
    web: Inbox,
    tick: Arc<AtomicU32>,
}

impl Venues {
    pub fn start() -> Self {
        let tick = Arc::new(AtomicU32::new(0));
        let (ours, started) = (Arc::clone(&tick), now());
        let web = Inbox::start(move |received: &Received, _| {
            Some(answer(received, ours.load(Ordering::SeqCst), started))
        });
        Self { web, tick }
    }

    /// The venue `redesign` has another layout in tick 1 and its old one from tick 2.
    pub fn advance(&self) {
        self.tick.fetch_add(1, Ordering::SeqCst);
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}.localhost:{}{path}", self.web.port)
    }

    /// The tables of the venues.
    pub fn settings(&self) -> String {
        let table = |venue: &Venue| {
            let url = self.url(venue.host, venue.path);
            format!("[[feeds]]\nurl = \"{url}\"\nname = \"{}\"\ntier = 1\n{}\n", venue.host, venue.settings)
        };
        VENUES.iter().map(table).collect()
    }

    pub fn count() -> usize {
        VENUES.len()
    }

    /// Names of all launches.
    pub fn launches() -> Vec<&'static str> {
        VENUES.iter().flat_map(|venue| venue.launches.iter().map(|(name, _)| *name)).collect()
    }

    /// For each request of a list after the first `skipped` requests: its host, and whether it was conditional.
    pub fn lists_after(&self, skipped: usize) -> Vec<(String, bool)> {
        let asked = self.web.all().into_iter().skip(skipped).filter_map(|received| {
            let venue = venue(&received)?;
            (received.path == venue.path).then(|| {
                let tagged = !received.header("if-none-match").is_empty();
                (venue.host.to_owned(), tagged || !received.header("if-modified-since").is_empty())
            })
        });
        asked.collect()
    }

    pub fn requests(&self) -> usize {
        self.web.all().len()
    }

    pub fn has_validator(host: &str) -> bool {
        !WITHOUT_VALIDATOR.contains(&host)
    }
}

fn venue(received: &Received) -> Option<&'static Venue> {
    let host = received.header("host").split('.').next().unwrap_or_default().to_owned();
    VENUES.iter().find(|venue| venue.host == host)
}

fn answer(received: &Received, tick: u32, started: Timestamp) -> Answer {
    let Some(venue) = venue(received) else { return Answer::new(404, "") };
    let Some((kind, body)) = document(venue, received, tick, started) else {
        return Answer::new(404, "");
    };
    let answer = Answer::new(200, &body).with("Content-Type", kind);
    if WITHOUT_VALIDATOR.contains(&venue.host) {
        return answer;
    }
    let tag = format!("\"{tick}-{}\"", body.len());
    if received.header("if-none-match") == tag {
        return Answer::new(304, "").with("ETag", &tag);
    }
    answer.with("ETag", &tag)
}

fn title((name, token): (&str, &str)) -> String {
    format!("{name} ({token}) airdrop claim opens for early users")
}

fn slug((name, _): (&str, &str)) -> String {
    format!("{}-airdrop-claim-opens", name.to_lowercase())
}

/// An entry of a list.
struct Row {
    title: String,
    link: String,
    at: Timestamp,
}

/// The launches of a venue, the newest first, and an entry that is none.
fn rows(venue: &Venue, started: Timestamp) -> Vec<Row> {
    let at = |hours| started - SignedDuration::from_hours(hours);
    let launches = venue.launches.iter().zip(1..).map(|(launch, hours)| Row {
        title: title(*launch),
        link: format!("/a/{}", slug(*launch)),
        at: at(hours),
    });
    let other = Row { title: OTHER.to_owned(), link: "/a/maintenance".to_owned(), at: at(9) };
    launches.chain([other]).collect()
}

/// Content type and body of a path.
fn document(
    venue: &Venue,
    received: &Received,
    tick: u32,
    started: Timestamp,
) -> Option<(&'static str, String)> {
    let path = received.path.as_str();
    if let Some(wanted) = path.strip_prefix("/a/") {
        let launch = venue.launches.iter().find(|launch| slug(**launch) == wanted)?;
        return Some(("text/html", article(&title(*launch))));
    }
    let rows = rows(venue, started);
    let html = list_page(venue.host, path, tick, (rows.as_slice(), started))
        .or_else(|| script(venue.host, path, &rows));
    html.map(|body| ("text/html; charset=utf-8", page(&body)))
        .or_else(|| Some(("application/xml", sitemap(venue.host, path, &rows)?)))
        .or_else(|| Some(("application/json", json(venue.host, received, &rows)?.to_string())))
}

fn each(rows: &[Row], one: impl Fn(&Row) -> String) -> String {
    rows.iter().map(one).collect()
}

/// The list of a page in HTML.
fn list_page(host: &str, path: &str, tick: u32, (rows, started): (&[Row], Timestamp)) -> Option<String> {
    Some(match (host, path) {
        ("plain", "/news") => each(rows, |Row { title, link, at }| {
            format!(
                "<li class=card><a href={link}><h3>{title}</h3></a><time datetime={at}>lately</time></li>"
            )
        }),
        ("paged", path) => {
            let number = path.strip_prefix("/list?page=").map_or(Some(1), |number| number.parse().ok())?;
            let Row { title, link, at } = rows.get(number - 1)?;
            let when = at.strftime("%d %b %Y, %H:%M UTC");
            let row = format!(
                "<tr class=row><td class=what>{title}<td class=when>{when}<td><a href={link}>Read</a>"
            );
            let next = format!("<a class=next href='/list?page={}'>Older</a>", number + 1);
            format!("<table>{row}</table>{}", if number < 3 { next.as_str() } else { "" })
        }
        ("redesign", "/blog/") if tick == 1 => {
            "<section><h2 class=tile-title>A new look for our blog</h2></section>".to_owned()
        }
        ("redesign", "/blog/") => each(rows, |Row { title, link, at }| {
            format!(
                "<article class=post><h2><a href={link}>{title}</a></h2><time datetime={at}></time></article>"
            )
        }),
        ("relative", "/") => each(rows, |Row { title, link, at }| {
            let hours = started.duration_since(*at).as_hours();
            format!(
                "<div class=entry><a href={link}>{title}</a> <span class=age>{hours} hours ago</span></div>"
            )
        }),
        ("terms", "/terms") => {
            let terms = "The team confirmed the terms of the token airdrop.";
            let list = each(rows, |row| format!("<div><dt>{}</dt><dd>{terms}</dd></div>", row.title));
            format!("<dl>{list}</dl>")
        }
        _ => return None,
    })
}

/// Data in a script of a page that shows nothing without it.
fn script(host: &str, path: &str, rows: &[Row]) -> Option<String> {
    let (attributes, data) = match (host, path) {
        ("script", "/launches") => {
            let one = |row: &Row| json!({"name": row.title, "url": row.link, "at": row.at.as_second()});
            let list: Vec<Value> = rows.iter().map(one).collect();
            ("id=__NEXT_DATA__ type='application/json'", json!({"props": {"pageProps": {"list": list}}}))
        }
        ("linked", "/news") => {
            let one = |row: &Row| {
                let at = row.at.to_string();
                let item = json!({"@type": "NewsArticle", "headline": row.title, "url": row.link, "datePublished": at});
                json!({"@type": "ListItem", "item": item})
            };
            let list: Vec<Value> = rows.iter().map(one).collect();
            ("type='application/ld+json'", json!({"@type": "ItemList", "itemListElement": list}))
        }
        _ => return None,
    };
    Some(format!("<div id=app></div><script {attributes}>{data}</script>"))
}

fn sitemap(host: &str, path: &str, rows: &[Row]) -> Option<String> {
    Some(match (host, path) {
        ("map", "/news-sitemap.xml") => {
            let list = each(rows, |Row { title, link, at }| {
                format!(
                    "<url><loc>{link}</loc><news:news><news:publication_date>{at}</news:publication_date><news:title>{title}</news:title></news:news></url>"
                )
            });
            format!("<urlset xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>{list}</urlset>")
        }
        ("index", "/sitemap.xml") => {
            let part = |number| {
                format!("<sitemap><loc>/part-{number}.xml</loc><lastmod>2020-01-01</lastmod></sitemap>")
            };
            format!("<sitemapindex>{}</sitemapindex>", (0..rows.len()).map(part).collect::<String>())
        }
        ("index", path) => {
            let number: usize = path.strip_prefix("/part-")?.strip_suffix(".xml")?.parse().ok()?;
            let Row { link, at, .. } = rows.get(number)?;
            format!("<urlset><url><loc>{link}</loc><lastmod>{at}</lastmod></url></urlset>")
        }
        _ => return None,
    })
}

fn json(host: &str, received: &Received, rows: &[Row]) -> Option<Value> {
    Some(match (host, received.path.as_str()) {
        ("list", "/api/announcements?lang=en") => {
            let one = |(row, id): (&Row, i32)| {
                let ms = row.at.as_millisecond().to_string();
                json!({"id": id, "headline": row.title, "path": row.link, "ms": ms})
            };
            json!({"code": 0, "data": [{"rows": rows.iter().zip(1..).map(one).collect::<Vec<_>>()}]})
        }
        ("object", "/api/launches") => {
            let one = |row: &Row| {
                let key = row.link.trim_start_matches("/a/").to_owned();
                (key, json!({"name": row.title, "at": row.at.as_second()}))
            };
            json!({"result": rows.iter().map(one).collect::<Map<_, _>>()})
        }
        ("votes", "/graphql") if received.method == "POST" => {
            let asked = received.json();
            let before = asked["variables"]["before"].as_i64().unwrap_or(i64::MAX);
            let older = rows.iter().filter(|row| row.at.as_second() < before);
            let one =
                |row: &Row| json!({"title": row.title, "link": row.link, "created": row.at.as_second()});
            json!({"data": {"proposals": older.take(1).map(one).collect::<Vec<_>>()}})
        }
        _ => return None,
    })
}

/// A page with a menu that is no list of news.
fn page(body: &str) -> String {
    format!(
        "<!doctype html><html><head><title>Venue</title></head><body><nav><ul><li><a href=/home>Home</a></li><li><a href=/sales>Token sale calendar</a></li></ul></nav><main>{body}</main><footer>{}</footer></body></html>",
        "Terms, risks and contact. ".repeat(20)
    )
}

fn article(title: &str) -> String {
    let text = "The team confirmed the token launch and its terms today. ".repeat(12);
    format!(
        "<html><title>{title}</title><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    )
}
