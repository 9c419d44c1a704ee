use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::Lab,
};

const HEAD: &str = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[x]\nenabled = false\n";
const TITLES: [&str; 3] = [
    "Tidefall (TIDE) airdrop claim opens for early users",
    "Fenwick announces public token sale of FEN on 5 December",
    "Korrin takes snapshot for KOR token airdrop",
];

/// Proposals with ids from `from` down, as many as `count`.
fn proposals(from: usize, count: usize) -> Value {
    let proposal = |id: usize| {
        let at = 1_767_600_000 + id * 3600;
        json!({"id": format!("0x{id}"), "title": TITLES[id % 3], "created": at, "body": "The team confirmed the token launch. ".repeat(60)})
    };
    json!((0..count).map(|at| proposal(from - at)).collect::<Vec<_>>())
}

fn failure(lab: &Lab) -> String {
    let report = lab.run(&["cycle", "--format", "json"]).report();
    report.sources[0].failure.clone().unwrap_or_default()
}

#[test]
fn graphql_is_posted_page_by_page_while_all_is_new() {
    let web = Inbox::start(|received: &Received, _| {
        let variables = received.json()["variables"].clone();
        let list = match (variables["space"].as_str(), variables["before"].as_u64()) {
            (Some("tide.eth"), None) => proposals(2, 1),
            (Some("tide.eth"), Some(1_767_607_200)) => proposals(1, 1),
            (Some("tide.eth"), Some(_)) => json!([]),
            _ => proposals(0, 1),
        };
        let answer = json!({"data": {"proposals": list}}).to_string();
        Some(Answer::new(200, &answer).with("ETag", "\"1\"").with("Content-Type", "application/json"))
    });
    let lab = Lab::new();
    let row = |name: &str, space: &str| {
        let url = web.url(&format!("/graphql#!{name}"));
        format!(
            "[[feeds]]\nurl = \"{url}\"\nname = \"{name}\"\ntier = 1\nmethod = \"POST\"\npages = 5\n\
             cursor = {{ path = \"data.proposals.-1.created\", body = \"variables.before\" }}\n\
             mapping = {{ items = \"data.proposals\", title = \"title\", id = \"id\", time = \"created\", summary = \"body\", link = \"{}{{id}}\" }}\n\
             headers = {{ X-Key = \"k\" }}\n\
             [feeds.body]\nquery = \"\"\"\nquery($space: String) {{\n  proposals {{ id }}\n}}\"\"\"\nvariables = {{ space = \"{space}\" }}\n",
            web.url("/proposal/")
        )
    };
    lab.settings(&format!("{HEAD}{}{}", row("Tide", "tide.eth"), row("Fen", "fen.eth")));
    let report = lab.cycle();
    assert_eq!((report.entries.new, report.stories.new), (3, 3), "{report:?}");
    let first = web.all();
    assert!(first.iter().all(|received| received.method == "POST" && received.path == "/graphql"));
    assert!(first.iter().all(|received| received.header("content-type") == "application/json"));
    assert!(first.iter().all(|received| received.header("x-key") == "k"));
    assert_eq!(first[0].json()["query"], "query($space: String) {\n  proposals { id }\n}");
    // Tide: two pages and an empty third one. Fen: its second page repeats the first, up to the limit.
    let of =
        |space: &str| first.iter().filter(|received| received.json()["variables"]["space"] == space).count();
    assert_eq!((of("tide.eth"), of("fen.eth")), (3, 5));
    let links: Vec<String> = lab.events().into_iter().map(|event| event.url).collect();
    assert!(links.contains(&web.url("/proposal/0x2")), "{links:?}");

    // An equal answer is unchanged: no page after it, no validator, nothing stored.
    let again = lab.cycle();
    assert_eq!((again.entries.read, again.entries.new, again.stories.new), (0, 0, 0));
    let later = &web.all()[first.len()..];
    assert_eq!(later.len(), 2);
    assert!(later.iter().all(|received| received.header("if-none-match").is_empty()));

    let checked = lab.run(&["feed", "check", "Tide"]);
    assert!(checked.code == 0 && checked.stdout.contains(TITLES[2]), "{}{}", checked.stdout, checked.stderr);
}

#[test]
fn a_post_follows_only_redirects_that_keep_it_on_its_host() {
    let target = Arc::new(Mutex::new((307, String::new())));
    let script = Arc::clone(&target);
    let web = Inbox::start(move |received: &Received, _| {
        if received.path == "/old" {
            let (status, to) = script.lock().unwrap().clone();
            return Some(Answer::new(status, "").with("Location", &to));
        }
        Some(Answer::new(200, &json!([{"t": TITLES[0]}]).to_string()))
    });
    let other = Inbox::start(|_, _| Some(Answer::new(200, "[]")));
    let lab = Lab::new();
    lab.settings(&format!(
        "{HEAD}[[feeds]]\nurl = \"{}\"\nmethod = \"POST\"\nbody = {{ key = \"s3cret\" }}\nmapping = {{ title = \"t\" }}\n",
        web.url("/old")
    ));
    let redirect = |status: u16, to: String| *target.lock().unwrap() = (status, to);
    redirect(307, web.url("/new"));
    assert_eq!(failure(&lab), "");
    let sent: Vec<_> = web.all().iter().map(|received| (received.method.clone(), received.json())).collect();
    assert_eq!(sent, vec![("POST".to_owned(), json!({"key": "s3cret"})); 2]);
    for (status, to) in [(301, web.url("/new")), (302, web.url("/new")), (303, web.url("/new"))] {
        redirect(status, to);
        let before = web.all().len();
        std::fs::remove_dir_all(lab.state()).unwrap();
        assert_eq!(failure(&lab), "bad_redirect", "{status}");
        assert_eq!(web.all().len(), before + 1, "{status}");
    }
    redirect(308, other.url("/new").replace("127.0.0.1", "localhost"));
    std::fs::remove_dir_all(lab.state()).unwrap();
    assert_eq!(failure(&lab), "bad_redirect");
    assert_eq!(other.all().len(), 0);
}

#[test]
fn headers_of_a_source_go_to_no_other_host_with_its_next_page() {
    let other = Inbox::start(|_, _| Some(Answer::new(200, &json!({"rows": [{"t": TITLES[1]}]}).to_string())));
    let next = other.url("/2");
    let web = Inbox::start(move |_, _| {
        Some(Answer::new(200, &json!({"rows": [{"t": TITLES[0]}], "next": next}).to_string()))
    });
    let lab = Lab::new();
    lab.settings(&format!(
        "{HEAD}[[feeds]]\nurl = \"{}\"\nmapping = {{ items = \"rows\", title = \"t\" }}\ncursor = {{ path = \"next\" }}\npages = 2\n\
         headers = {{ Authorization = \"s3cret\" }}\n",
        web.url("/1")
    ));
    assert_eq!(lab.cycle().entries.new, 2);
    assert_eq!(web.all()[0].header("authorization"), "s3cret");
    assert_eq!((other.all().len(), other.all()[0].header("authorization")), (1, ""));
}

#[test]
fn a_renamed_field_is_a_failure_and_its_path_is_named() {
    let body = Arc::new(Mutex::new(json!({"list": [{"title": TITLES[0], "code": "a-1"}]})));
    let script = Arc::clone(&body);
    let web = Inbox::start(move |_, _| Some(Answer::new(200, &script.lock().unwrap().to_string())));
    let lab = Lab::new();
    lab.settings(&format!(
        "{HEAD}[[feeds]]\nurl = \"{}\"\nname = \"Venue\"\nmapping = {{ items = \"list\", title = \"title\", link = \"https://venue.example/support/{{code}}\" }}\n",
        web.url("/list")
    ));
    assert_eq!(failure(&lab), "");
    *body.lock().unwrap() = json!({"list": [{"title": TITLES[1], "slug": "a-2"}]});
    assert_eq!(failure(&lab), "mapping");
    let checked = lab.run(&["feed", "check", "Venue"]);
    assert!(checked.stdout.contains("no item has a link at \"code\""), "{}", checked.stdout);
}

#[test]
fn wrong_keys_of_a_json_list_are_named_with_their_line() {
    let lab = Lab::new();
    for (row, line, message) in [
        (
            "mapping = { items = \"a\", titel = \"t\" }",
            4,
            "unknown key mapping.titel; did you mean mapping.title",
        ),
        ("mapping = { items = \"a\", link = \"u\" }", 4, "mapping: needs title"),
        ("[feeds.mapping]\nitems = \"a..b\"\ntitle = \"t\"", 5, "mapping.items: \"a..b\" is no path"),
        (
            "[feeds.mapping]\ntitle = \"t\"\nlink = \"https://v.example/{id\"",
            6,
            "mapping.link: \"https://v.example/{id\" is no template",
        ),
        (
            "mapping = { title = \"t\", time = \"at\", zone = \"Moon\" }",
            4,
            "mapping.zone: \"Moon\" is no zone",
        ),
        ("mapping = { title = \"t\", zone = \"KST\" }", 4, "zone is the zone of time"),
        ("mapping = { title = \"t\" }\nmethod = \"PUT\"", 5, "method: should be GET or POST"),
        ("mapping = { title = \"t\" }\nbody = { a = 1 }", 5, "body: is sent with POST only"),
        ("mapping = { title = \"t\" }\nmethod = \"POST\"\nbody = \"{ a }\"", 6, "body: is no JSON"),
        (
            "mapping = { title = \"t\" }\nmethod = \"POST\"\nbody = 3",
            6,
            "body: should be a table or JSON in a text, is 3",
        ),
        ("mapping = { title = \"t\" }\ncursor = { path = \"n\", query = \"c\" }", 5, "cursor: needs pages"),
        ("mapping = { title = \"t\" }\npages = 2", 5, "pages: needs cursor"),
        ("mapping = { title = \"t\" }\npages = 2\ncursor = { query = \"c\" }", 6, "cursor: needs path"),
        (
            "mapping = { title = \"t\" }\npages = 2\ncursor = { path = \"n\", body = \"c\" }",
            6,
            "cursor: body needs method",
        ),
        ("kind = \"feed\"\nmethod = \"POST\"", 5, "method: POST is for sources of kind json"),
        (
            "kind = \"page\"\nselect = { item = \"li\" }\ncursor = { path = \"n\" }",
            6,
            "cursor: is for sources of kind json",
        ),
        ("kind = \"json\"\nmapping = { title = \"t\" }\npreset = \"okx\"", 4, "either a mapping or a preset"),
    ] {
        lab.settings(&format!("# mine\n[[feeds]]\nurl = \"https://venue.example/news\"\n{row}\n"));
        let check = lab.run(&["config", "check"]);
        assert_eq!(check.code, 3, "{row}");
        assert!(check.stderr.contains(message), "{message}: {}", check.stderr);
        assert!(check.stderr.contains(&format!("tge-scrape.toml:{line}")), "{line}: {}", check.stderr);
    }
    let row = |name: &str| {
        format!(
            "[[feeds]]\nurl = \"https://venue.example/graphql{name}\"\nmethod = \"POST\"\nbody = {{ token = \"s3cret\" }}\nmapping = {{ title = \"t\" }}\n"
        )
    };
    lab.settings(&format!("{}{}", row(""), row("")));
    let check = lab.run(&["config", "check"]);
    assert!(
        check.stderr.contains("duplicate of the feed in") && check.stderr.contains("#!second"),
        "{}",
        check.stderr
    );
    lab.settings(&format!("{}{}", row(""), row("#!second")));
    assert_eq!(lab.run(&["config", "check"]).code, 0);
    let shown = lab.run(&["config", "show", "feeds"]).stdout;
    assert!(shown.contains("POST") && !shown.contains("s3cret"), "{shown}");
}
