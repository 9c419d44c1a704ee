use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::{
    figures::{CycleReport, sources::SourceView, sums::Sums},
    model::{AlertState, Caution, Class, Detection, Stage, samples::now},
    render::samples::{detection, hostile, row},
    store::StoryRow,
};

/// What else is on the page.
#[derive(Default)]
struct More {
    renewal: Option<Renewal>,
    projects: Vec<String>,
    deliveries: Vec<Delivery>,
    sources: Vec<SourceView>,
    grid: Vec<i64>,
    health: Health,
}

fn page(stories: &[Story], more: &More) -> String {
    html(&Board {
        now: now(),
        renewal: more.renewal.unwrap_or(Renewal::Never),
        stories,
        projects: &more.projects,
        deliveries: &more.deliveries,
        figures: Figures {
            reports: &[],
            days: &[],
            levels: &[],
            sources: &more.sources,
            grid: &more.grid,
            health: &more.health,
            all: &Sums::default(),
            x_budget_usd: 5.0,
        },
    })
}

/// The text between `start` and `end`.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{start} is missing"));
    rest.split_once(end).unwrap().0
}

fn data(page: &str) -> Value {
    serde_json::from_str(between(page, "id=\"data\">", "</script>")).unwrap()
}

fn stories(count: usize, change: impl Fn(usize, &mut Detection)) -> Vec<Story> {
    let story = |number: usize| {
        let id: String =
            Sha256::digest(number.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut head = Detection { id, ..row().detection };
        change(number, &mut head);
        let row = StoryRow { event_date: head.event_date.clone(), detection: head.clone(), ..row() };
        Story::new(row, vec![head])
    };
    let mut stories: Vec<Story> = (0..count).map(story).collect();
    shorten_ids(&mut stories);
    stories
}

/// A story with three mentions whose date moved, one with cautions, and one that is only dated by month.
fn three() -> Vec<Story> {
    let at = |hours: i64| now() - jiff::SignedDuration::from_hours(hours);
    let mention = |id: &str, source: &str, hours: i64, date: &str| Detection {
        id: id.to_owned(),
        source: source.to_owned(),
        url: format!("https://{}.example/{id}", source.to_lowercase()),
        title: format!("Caldera names its day, says {source}"),
        event_date: Some(date.to_owned()),
        published_at: Some(at(hours)),
        detected_at: at(hours),
        ..crate::model::samples::detection()
    };
    let mentions = vec![
        mention("a1b2c3d4e5", "Ledgerline", 30, "2026-11-24"),
        mention("b1b2c3d4e5", "Courier", 20, "2026-11-24"),
        mention("c1b2c3d4e5", "Quill", 2, "2026-11-25"),
    ];
    let head = Detection { heard_at: Some(at(2)), ..Detection::head(mentions.clone()).unwrap() };
    let moved = StoryRow {
        dates: vec![(at(30), "2026-11-24".to_owned()), (at(2), "2026-11-25".to_owned())],
        event_date: Some("2026-11-25".to_owned()),
        opened_at: at(30),
        changed_at: at(2),
        revision: 1,
        official: true,
        detection: head,
    };
    let doubtful = Detection {
        id: "d1b2c3d4e5".to_owned(),
        title: "Claim your $INK".to_owned(),
        url: "https://ink.example@evil.example/".to_owned(),
        cautions: vec![Caution::Bait],
        class: Class::Low,
        project: None,
        watched: false,
        event_date: None,
        ..detection()
    };
    let monthly = Detection { id: "e1b2c3d4e5".to_owned(), stage: Stage::Upcoming, ..detection() };
    let single = |head: Detection, date: Option<&str>| {
        let row = StoryRow { event_date: date.map(str::to_owned), detection: head.clone(), ..row() };
        Story::new(row, vec![head])
    };
    let mut all = vec![Story::new(moved, mentions), single(doubtful, None), single(monthly, Some("2026-12"))];
    shorten_ids(&mut all);
    all
}

#[test]
fn page_equals_its_snapshot() {
    let sent = |state, detection: &str| Delivery {
        detection: detection.to_owned(),
        channel: "phone".to_owned(),
        state,
        at: now(),
    };
    let source = SourceView {
        url: "https://ledgerline.example/feed".to_owned(),
        name: "Ledgerline".to_owned(),
        entries: 40,
        detections: 3,
        first: 2,
        ..SourceView::default()
    };
    let more = More {
        renewal: Some(Renewal::Reload(60)),
        projects: vec!["Caldera".to_owned(), "Ink".to_owned()],
        deliveries: vec![sent(AlertState::Delivered, "a1b2c3d4e5"), sent(AlertState::Queued, "zzz")],
        grid: vec![1, 2, 3],
        health: [(source.url.clone(), [(1, true), (3, false)].into())].into(),
        sources: vec![source],
    };
    let shown = page(&three(), &more);
    let fixed = [STYLE, SCRIPT, FILTERS, FOOT].iter().fold(shown, |page, part| page.replace(part, "[…]"));
    let fixed = fixed.replace(&policy(Renewal::Never), "[policy]").replace("><", ">\n<");
    let mut settings = insta::Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
    settings.bind(|| insta::assert_snapshot!("page", fixed));
}

#[test]
fn an_empty_page_says_what_to_do() {
    let shown = page(&[], &More::default());
    for wanted in [
        "No story yet. Run <code>tge-scrape cycle</code>",
        "No story has a date",
        "tge-scrape project add NAME",
        "No source was read yet",
        "No cycle has finished yet",
        "X was not read",
    ] {
        assert!(shown.contains(wanted), "{wanted}");
    }
    assert!(!shown.contains("NaN") && !shown.contains("<svg") && !shown.contains("http-equiv=\"refresh\""));
}

#[test]
fn policy_permits_only_the_style_and_the_script_of_the_page() {
    let shown = page(&three(), &More::default());
    let policy = between(&shown, "Content-Security-Policy\" content=\"", "\"");
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let style = hash(between(&shown, "<style>", "</style>"));
    let script = hash(between(&shown, "<script>", "</script>"));
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(
        policy.contains(&format!("style-src {style};")) && policy.contains(&format!("script-src {script};"))
    );
    assert!(!policy.contains("unsafe"));
    let markup = shown.replace(STYLE, "").replace(SCRIPT, "");
    for forbidden in [" style=", " onclick=", " onload=", " src=", "@import"] {
        assert!(!markup.contains(forbidden), "{forbidden}");
    }
    assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("eval(") && !SCRIPT.contains("fetch("));
}

#[test]
fn hostile_texts_and_addresses_stay_text() {
    for text in hostile() {
        let stories = stories(1, |_, found| {
            found.title.clone_from(&text);
            found.project = Some(text.clone());
            found.token = Some(text.clone());
            found.source.clone_from(&text);
            found.snippet.clone_from(&text);
            found.url = format!("javascript:alert('{text}')");
        });
        let source =
            SourceView { url: "javascript:alert(1)".to_owned(), name: text.clone(), ..SourceView::default() };
        let more = More { projects: vec![text.clone()], sources: vec![source], ..More::default() };
        let shown = page(&stories, &more);
        // One is the data, one the program.
        assert_eq!(shown.matches("<script").count(), 2, "{text:?}");
        assert_eq!(shown.matches("</script").count(), 2, "{text:?}");
        assert!(!between(&shown, "id=\"data\">", "</script>").contains('<'), "{text:?}");
        let hrefs: BTreeSet<&str> =
            shown.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let is_safe = |href: &&str| href.starts_with('#') || href.starts_with("http") || *href == "data:,";
        assert!(hrefs.iter().all(is_safe), "{hrefs:?}");
        let row = &data(&shown)["rows"][0];
        assert!(row[12].is_array(), "the address is a link: {}", row[12]);
        assert!(!shown.replace(SCRIPT, "").contains('\u{202E}'), "{text:?}");
    }
}

#[test]
fn without_script_each_date_leads_to_its_story() {
    let dated = stories(400, |number, found| found.event_date = Some(format!("2026-11-{}", 21 + number % 9)));
    let shown = page(&dated, &More::default());
    let list = between(&shown, "<ol class=\"plain\">", "</noscript>");
    assert_eq!(list.matches("<li id=\"story=").count(), 200);
    let days = between(&shown, "<ol class=\"days\"", "<div class=\"columns\">");
    // Six of each day are in sight, the others behind a summary.
    assert_eq!(days.matches("<details>").count(), 9);
    for day in days.split("<li class=\"day").skip(1) {
        let first = day.split("<details>").next().unwrap();
        assert!(first.matches("href=\"#story=").count() <= 6, "{first}");
    }
    assert!(days.contains("<a href=\"#on=2026-11-21\">all of this date</a>"));
    let few = page(&three(), &More::default());
    for id in few.split("href=\"#story=").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(few.contains(&format!("<li id=\"story={id}\"")), "{id} leads nowhere");
    }
}

#[test]
fn five_thousand_stories_fit_into_three_megabytes() {
    let long =
        "A headline of an outlet that says in many words what another outlet says in few, and more of it";
    let all = stories(5000, |number, found| {
        found.title = format!("{long} {number}");
        found.url = format!("https://outlet-{}.example/news/2026/11/28/{long}/{number}", number % 90)
            .replace(' ', "-");
        found.project = Some(format!("Project {number}"));
        found.snippet = long.repeat(3);
        found.watched = number == 4999;
        found.event_date = None;
        found.reasons = vec![
            crate::model::Reason {
                signal: "phrase".to_owned(),
                weight: 9,
                text: format!("words {number}")
            };
            5
        ];
    });
    let shown = page(&all, &More::default());
    assert!(shown.len() < 3_000_000, "{} bytes", shown.len());
    let rows = data(&shown)["rows"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 5000);
    let has_details = |at: usize| rows[at].as_array().unwrap().len() == 16;
    assert!(has_details(0) && has_details(1000) && !has_details(4998));
    assert!(has_details(4999), "a watched story has its details whatever its age");
}

#[test]
fn short_ids_are_unique_among_all_mentions() {
    let mut found = three();
    found[1].id = "a1b2c3d9".to_owned();
    shorten_ids(&mut found);
    let ids: Vec<&str> = found.iter().map(|story| story.short_id.as_str()).collect();
    assert_eq!(ids, ["a1b2c3d4", "a1b2c3d9", "e1b2c3"]);
}

#[test]
fn the_usual_interval_is_the_median_gap() {
    let started = |second: i64| {
        let mut report = CycleReport::default();
        report.cycle.started_at = Timestamp::from_second(second).unwrap();
        report
    };
    let reports = [5_000, 1_800, 1_200, 600].map(started);
    let (all, health) = (Sums::default(), Health::new());
    let figures = |reports| Figures {
        reports,
        days: &[],
        levels: &[],
        sources: &[],
        grid: &[],
        health: &health,
        all: &all,
        x_budget_usd: 5.0,
    };
    assert_eq!(figures(&reports).every_s(), Some(600));
    assert_eq!(figures(&reports[..1]).every_s(), None);
}

#[test]
fn only_a_page_of_a_server_may_ask_and_only_its_own_server() {
    for (renewal, asks) in [(Renewal::Never, false), (Renewal::Reload(60), false), (Renewal::Stream, true)] {
        let page = page(&[], &More { renewal: Some(renewal), ..More::default() });
        let policy = between(&page, "Content-Security-Policy\" content=\"", "\">");
        assert_eq!(policy.contains("connect-src 'self'"), asks, "{policy}");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert_eq!(data(&page)["live"], asks);
    }
}
