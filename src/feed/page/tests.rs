use super::*;
use crate::model::JsonMapping;

fn read_page(html: &str, selectors: &PageSelectors) -> Result<Feed, FeedError> {
    let url = Url::parse("https://venue.example/news/").unwrap();
    read(html, selectors, &url, "2026-11-28T12:00:00Z".parse().unwrap())
}

fn selectors(item: &str) -> PageSelectors {
    PageSelectors { item: item.to_owned(), pages: 1, ..PageSelectors::default() }
}

fn shown(feed: &Feed) -> Vec<(&str, &str, String)> {
    let shown = feed.entries.iter().map(|entry| {
        let at = entry.published.map_or_else(String::new, |at| at.to_string());
        (entry.title.as_str(), entry.link.as_deref().unwrap_or_default(), at)
    });
    shown.collect()
}

const CARDS: &str = "<html><head><title>Venue &amp; news</title></head><body>
  <nav><ul><li><a href=/home>Home</a></li><li><a href=/markets>Markets</a></li></ul></nav>
  <main>
    <article class=card><a href='/n/1'><h3>Tidefall <b>claim</b> opens</h3></a>
      <time datetime='2026-11-27T10:00:00Z'>yesterday</time><p class=lead>The claim runs for a week.</p></article>
    <article class=card><a href='https://venue.example/n/2'><h3>Snapshot taken</h3></a>
      <time>2 hours ago</time></article>
    <article class=card><h3>No link here</h3><span class=d>Nov 26</span></article>
  </main><a class=next href='?page=2'>Older</a></body></html>";

#[test]
fn usual_places_are_read_without_further_selectors() {
    let feed = read_page(CARDS, &selectors("article.card")).unwrap();
    assert_eq!(feed.title, "Venue & news");
    assert_eq!(
        shown(&feed),
        [
            ("Tidefall claim opens", "https://venue.example/n/1", "2026-11-27T10:00:00Z".to_owned()),
            ("Snapshot taken", "https://venue.example/n/2", "2026-11-28T10:00:00Z".to_owned()),
            ("No link here", "", String::new()),
        ]
    );
    assert_eq!(feed.further, []);
}

#[test]
fn each_selector_names_its_place() {
    let page = "<base href='https://cdn.example/x/'><div class=row data-url='a?id=1&amp;x=2' data-at='1764151200'>
        <span class=t title='Whole title of the sale'>Whole ti…</span><p>Words</p></div><a rel=next href=p2>more</a>";
    let all = PageSelectors {
        title: ".t@title".to_owned(),
        link: "@data-url".to_owned(),
        time: "@data-at".to_owned(),
        summary: "p".to_owned(),
        next: "a[rel=next]@href".to_owned(),
        ..selectors("div.row")
    };
    let feed = read_page(page, &all).unwrap();
    let link = "https://cdn.example/x/a?id=1&x=2";
    assert_eq!(shown(&feed), [("Whole title of the sale", link, "2025-11-26T10:00:00Z".to_owned())]);
    assert_eq!(feed.entries[0].summary, "Words");
    assert_eq!(feed.further[0].url.as_str(), "https://cdn.example/x/p2");
}

#[test]
fn a_changed_layout_is_distinguished_from_scripts() {
    let error = read_page(CARDS, &selectors("article.post")).unwrap_err();
    assert_eq!(error, FeedError::NothingSelected("select.item matches nothing".to_owned()));
    let shell = "<html><body><div id=app></div><script src=app.js></script>
        <script id=__NEXT_DATA__ type='application/json'>{\"list\":[]}</script></body></html>";
    let error = read_page(shell, &selectors("article")).unwrap_err();
    assert_eq!(error.kind().as_ref(), "script_only");
    assert!(error.to_string().ends_with("data for select.script in script#__NEXT_DATA__"), "{error}");
}

#[test]
fn json_in_a_script_is_read_by_its_mapping() {
    let page = "<div id=app></div><script id=__NEXT_DATA__ type='application/json'>
        {\"props\":{\"list\":[{\"t\":\"Kelp sale &amp; claim\",\"u\":\"/k\",\"at\":1764151200}]}}</script>";
    let mapping = JsonMapping {
        items: "props.list".to_owned(),
        title: "t".to_owned(),
        link: "u".to_owned(),
        time: "at".to_owned(),
        ..JsonMapping::default()
    };
    let script = PageSelectors {
        script: "script#__NEXT_DATA__".to_owned(),
        mapping: Some(mapping),
        ..PageSelectors::default()
    };
    let feed = read_page(page, &script).unwrap();
    let link = "https://venue.example/k";
    assert_eq!(shown(&feed), [("Kelp sale & claim", link, "2025-11-26T10:00:00Z".to_owned())]);
}

#[test]
fn a_list_in_json_ld_needs_no_selector() {
    let page = r#"<script type="application/ld+json">{"@type":"BreadcrumbList","itemListElement":[{"name":"Home"}]}</script>
        <script type="application/ld+json">{"@type":"ItemList","itemListElement":[
          {"@type":"ListItem","position":1,"item":{"headline":"Fenwick lists","url":"/f","datePublished":"2026-11-20"}},
          {"@type":"ListItem","position":2,"name":"Rill claim","url":"https://venue.example/r"}]}</script>"#;
    let feed = read_page(page, &PageSelectors::default()).unwrap();
    assert_eq!(
        shown(&feed),
        [
            ("Fenwick lists", "https://venue.example/f", "2026-11-20T00:00:00Z".to_owned()),
            ("Rill claim", "https://venue.example/r", String::new()),
        ]
    );
    assert!(matches!(read_page(CARDS, &PageSelectors::default()), Err(FeedError::NothingSelected(_))));
}

#[test]
fn of_many_items_the_newest_thousand_are_taken() {
    let row = |at: usize| {
        let day = 1 + at % 28;
        format!("<li><a href=/{at}>Item {at}</a> <time>2026-{:02}-{day:02}</time>", 1 + at / 100)
    };
    let page: String = (0..1100).map(row).collect();
    let feed = read_page(&page, &selectors("li")).unwrap();
    assert_eq!(
        (feed.entries.len(), feed.repairs.as_slice()),
        (MOST_ENTRIES, [Repair::TooManyEntries].as_slice())
    );
    assert!(
        feed.entries.iter().all(|entry| entry.published >= Some("2026-01-28T00:00:00Z".parse().unwrap()))
    );
}

#[test]
fn hostile_pages_are_bounded() {
    assert!(matches!(read_page(&"<div>".repeat(600_000), &selectors("div")), Err(FeedError::Unreadable(_))));
    let items = "<li><a href=/x>x</a></li>".repeat(100_000);
    let feed = read_page(&items, &selectors("li:has(a[href])")).unwrap();
    assert_eq!(feed.entries.len(), MOST_ENTRIES);
    assert!(feed.repairs.contains(&Repair::TooManyEntries));
}
