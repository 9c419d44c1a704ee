//! The API against its description: every path is called, and each answer has the described shape.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::support::{
    lab::Lab,
    served::{Answer, Served},
    world::bulk,
};

const TOKEN: &str = "0123456789abcdef";
/// Their texts change without the database: with the time, or with each request.
const CHANGING: [&str; 3] = ["/", "/metrics", "/api/v1/stats"];

/// The description of a server, with schemas that permit no further fields.
struct Description(Value);

impl Description {
    fn of(served: &Served) -> Self {
        let mut whole = served.json("/openapi.json");
        whole["components"]["schemas"].as_object_mut().unwrap().values_mut().for_each(close);
        Self(whole)
    }

    fn paths(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0["paths"].as_object().unwrap().iter().map(|(path, item)| (path.as_str(), &item["get"]))
    }

    /// What `value` refers to.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        schema["components"] = self.0["components"].clone();
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&schema)
            .unwrap()
    }

    /// Checks `value` against `schema`.
    fn check(&self, schema: &Value, value: &Value, what: &str) {
        let validator = self.validator(schema);
        let errors = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path()));
        let errors: Vec<String> = errors.take(5).collect();
        assert!(errors.is_empty(), "{what}: {}", errors.join("\n"));
    }

    /// Checks that `answer` is one of those of `operation`.
    fn check_answer(&self, operation: &Value, answer: &Answer, what: &str) {
        let status = answer.status.to_string();
        let response = self.resolve(&operation["responses"][&status]);
        assert!(response["description"].is_string(), "{what}: status {status} is not described");
        for header in response["headers"].as_object().unwrap_or(&Map::new()).keys() {
            assert!(answer.headers.contains_key(&header.to_lowercase()), "{what}: no {header}");
        }
        let Some(content) = response["content"].as_object() else { return };
        let (content_type, content) = content.iter().next().unwrap();
        assert_eq!(&answer.headers["content-type"], content_type, "{what}");
        if content_type.contains("json") {
            let value = serde_json::from_str(&answer.body).unwrap();
            self.check(&content["schema"], &value, what);
        }
    }

    fn parameters<'a>(&'a self, operation: &'a Value, place: &str) -> Vec<&'a Value> {
        let all = operation["parameters"].as_array().unwrap().iter().map(|one| self.resolve(one));
        all.filter(|parameter| parameter["in"] == place).collect()
    }
}

/// Permits no fields but those of `schema`.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// A path with the query of each parameter's example.
fn examples(path: &str, parameters: &[&Value]) -> Vec<String> {
    let text = |example: &Value| match example {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let with_example = parameters.iter().filter(|parameter| !parameter["example"].is_null());
    with_example
        .map(|parameter| {
            format!("{path}?{}={}", parameter["name"].as_str().unwrap(), text(&parameter["example"]))
        })
        .collect()
}

#[test]
fn every_path_is_described_and_answers_as_described() {
    let lab = Lab::with_web();
    let served = Served::start(&lab, &[]);
    let description = Description::of(&served);
    let readiness = &description.0["paths"]["/readyz"]["get"];
    description.check_answer(readiness, &served.get("/readyz"), "before the first cycle");
    lab.cycle();
    lab.web().advance();
    lab.cycle();
    let id = served.json("/api/v1/stories")["detections"][0]["story_id"].as_str().unwrap().to_owned();
    let name = served.json("/api/v1/projects")["projects"][0]["name"].as_str().unwrap().replace(' ', "%20");
    let mut called = 0;
    for (documented, operation) in description.paths() {
        let path = &documented.replace("{id}", &id).replace("{name}", &name);
        let responses = operation["responses"].as_object().unwrap();
        let check = |answer: &Answer, status: u16, what: &str| {
            assert_eq!(answer.status, status, "{path} {what}: {}", answer.body);
            description.check_answer(operation, answer, &format!("{path} {what}"));
        };
        let query = description.parameters(operation, "query");
        let content = responses.get("200").and_then(|success| success["content"].as_object());
        let is_stream = content
            .is_none_or(|content| content.values().any(|of| of["schema"].get("contentSchema").is_some()));
        if !is_stream {
            let first = served.get(path);
            check(&first, 200, "");
            for path in examples(path, &query) {
                check(&served.get(&path), 200, &path);
            }
            if responses.contains_key("304") && !CHANGING.contains(&documented) {
                let again = served.ask("GET", path, &[("if-none-match", &first.headers["etag"])], "");
                check(&again, 304, "again");
            }
        }
        if responses.contains_key("400") {
            let answer = served.get(&format!("{path}?nonsense=1"));
            check(&answer, 400, "?nonsense=1");
            let problem: Value = serde_json::from_str(&answer.body).unwrap();
            let known = problem["detail"].as_str().unwrap().split_once("Known are: ").unwrap().1;
            let documented: Vec<_> = query.iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(documented.join(", "), known, "parameters of {path}");
        }
        if responses.contains_key("404") {
            let unknown = documented.replace("{id}", "ffffffffffff").replace("{name}", "nobody");
            check(&served.get(&unknown), 404, &unknown);
        }
        check(&served.ask("GET", path, &[("host", "evil.example")], ""), 421, "of another host");
        check(&served.ask("GET", path, &[("sec-fetch-site", "cross-site")], ""), 403, "of another site");
        called += 1;
    }
    assert_eq!(called, 20, "paths");
    for schema in description.0["components"]["schemas"].as_object().unwrap().values() {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{schema}");
    }
    let wrong = json!({ "schema": 1, "detections": [{}], "next": null });
    let page = json!({ "$ref": "#/components/schemas/StoryPage" });
    assert!(!description.validator(&page).is_valid(&wrong), "the check finds nothing");
}

#[test]
fn every_event_of_the_streams_is_described() {
    let lab = Lab::with_web();
    lab.cycle();
    lab.web().advance();
    lab.cycle();
    let served = Served::start(&lab, &[]);
    let description = Description::of(&served);
    let schema = json!({ "$ref": "#/components/schemas/StreamEvent" });
    // Two cycles and a reset.
    let check = |events: &[Value], what: &str| {
        for event in events {
            description.check(&schema, event, what);
        }
        let number = |name: &str| events.iter().filter(|event| event["event"] == name).count();
        assert!(number("hello") == 1 && number("cycle") == 2 && number("story") > 3, "{what}: {events:?}");
        assert!(number("update") > 0, "{what}: {events:?}");
    };
    for (path, prefix) in [("/api/v1/stream", "data: "), ("/api/v1/stream.ndjson", "{")] {
        let mut lines = served.stream(&format!("{path}?after=0"), "").lines().map(Result::unwrap);
        let mut events: Vec<Value> = Vec::new();
        while events.iter().filter(|event| event["event"] == "cycle").count() < 2 {
            let line = lines.next().unwrap();
            if line.starts_with(prefix) {
                events.push(serde_json::from_str(line.trim_start_matches("data: ")).unwrap());
            }
        }
        check(&events, path);
        let mut lines = served.stream(&format!("{path}?after=99999"), "").lines().map(Result::unwrap);
        let reset = lines.find(|line| line.starts_with(prefix) && line.contains("reset")).unwrap();
        description.check(&schema, &serde_json::from_str(reset.trim_start_matches("data: ")).unwrap(), path);
    }
    let url = format!("ws://{}/api/v1/ws?after=0", served.address);
    let mut socket = tungstenite::client(url, served.connect()).unwrap().0;
    let mut text = String::new();
    while text.matches("\"event\":\"cycle\"").count() < 2 {
        text.push_str(socket.read().unwrap().to_text().unwrap());
    }
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    check(&events, "/api/v1/ws");
    let operation = &description.0["paths"]["/api/v1/ws"]["get"];
    description.check_answer(operation, &served.get("/api/v1/ws"), "without an upgrade");
}

#[test]
fn what_needs_a_token_is_described() {
    let lab = Lab::with_web();
    lab.cycle();
    let served = Served::start_with(&lab, &[], &[("TGE_SERVE_TOKEN", TOKEN)]);
    let bearer = [("authorization", &*format!("Bearer {TOKEN}"))];
    let whole = served.ask("GET", "/openapi.json", &bearer, "");
    let description = Description(serde_json::from_str(&whole.body).unwrap());
    for (path, operation) in description.paths() {
        let needs_token = operation.get("security").is_none();
        let path = path.replace(['{', '}'], "");
        let refused = served.get(&path);
        assert_eq!(refused.status == 401, needs_token, "{path}");
        if needs_token {
            description.check_answer(operation, &refused, &path);
        }
    }
    let page = served.ask("GET", "/", &[("accept", "text/html")], "");
    assert_eq!(page.status, 303);
    description.check_answer(&description.0["paths"]["/"]["get"], &page, "/");
    let login = &description.0["paths"]["/login"]["post"];
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (token, status) in [(TOKEN, 303), ("wrong", 401)] {
        let answer = served.ask("POST", "/login", &form, &format!("token={token}"));
        assert_eq!(answer.status, status);
        description.check_answer(login, &answer, "/login");
    }
    let cookie = description.0["components"]["securitySchemes"]["session"]["name"].as_str().unwrap();
    let answer = served.ask("POST", "/login", &form, &format!("token={TOKEN}"));
    assert!(answer.headers["set-cookie"].starts_with(cookie));
}

/// The first block of `language` in docs/guide/live.md that has `part`.
fn block<'a>(guide: &'a str, language: &str, part: &str) -> &'a str {
    let fence = format!("```{language}\n");
    let mut blocks = guide.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.find(|block| block.contains(part)).unwrap()
}

#[test]
fn the_bots_of_the_guide_print_what_a_cycle_finds() {
    let guide = std::fs::read_to_string("docs/guide/live.md").unwrap();
    for (program, flag, code) in
        [("python3", "-c", block(&guide, "python", "urllib")), ("sh", "-c", block(&guide, "sh", "while"))]
    {
        let has = |name: &str| Command::new(name).arg("--version").output().is_ok();
        if program == "python3" && !has(program) || program == "sh" && !(has("curl") && has("jq")) {
            println!("skipped: a program that the bot needs is not here");
            continue;
        }
        let lab = bulk(1, 3);
        lab.settings(&(lab.web().settings_toml() + "\n[serve]\nrequests_per_address = 1000000\n"));
        let served = Served::start(&lab, &[]);
        let mut command = Command::new(program);
        command.args([flag, code]).env("BOARD", format!("http://{}", served.address)).stdout(Stdio::piped());
        let mut bot = command.spawn().unwrap();
        while !served.get("/metrics").body.contains("serve_stream_readers 1\n") {
            assert!(bot.try_wait().unwrap().is_none(), "{program} ended");
        }
        lab.cycle();
        let lines = BufReader::new(bot.stdout.take().unwrap()).lines().take(3);
        let printed: BTreeSet<String> =
            lines.map(|line| line.unwrap().rsplit(' ').next().unwrap().to_owned()).collect();
        let found = served.json("/api/v1/stories");
        let found = found["detections"].as_array().unwrap().iter();
        let found: BTreeSet<String> = found.map(|story| story["url"].as_str().unwrap().to_owned()).collect();
        bot.kill().unwrap();
        bot.wait().unwrap();
        assert_eq!((printed.len(), &printed), (3, &found), "{program}");
    }
}

#[test]
fn metrics_of_the_server_count_what_it_does_and_are_documented() {
    let lab = bulk(1, 3);
    lab.cycle();
    let served = Served::start(&lab, &[]);
    served.get("/api/v1/stories");
    served.ask("GET", "/", &[("host", "evil.example")], "");
    let mut stream = served.stream("/api/v1/stream.ndjson?after=0", "").lines().map(Result::unwrap);
    stream.find(|line| line.contains("\"event\":\"cycle\"")).unwrap();
    let text = served.get("/metrics").body;
    let value = |series: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix("tge_scrape_")?.strip_prefix(series));
        line.unwrap_or_else(|| panic!("{series} in {text}")).trim().parse().unwrap()
    };
    for (series, expected) in [
        ("serve_requests_total{code=\"421\"}", 1.0),
        ("serve_requests_refused_total{cause=\"host\"}", 1.0),
        ("serve_requests_refused_total{cause=\"rate\"}", 0.0),
        ("serve_connections_refused_total{limit=\"server\"}", 0.0),
        ("serve_connections_total", 4.0),
        ("serve_events_total{form=\"ndjson\"}", 4.0),
        ("serve_resets_total", 0.0),
        ("serve_refills_total", 1.0),
        ("serve_stream_readers", 1.0),
        ("serve_last_event", 4.0),
        ("serve_log_last_event", 4.0),
    ] {
        assert!((value(series) - expected).abs() < 0.5, "{series}: {}", value(series));
    }
    assert!(value("serve_sent_bytes_total{form=\"document\"}") > 1_000.0);
    assert!(value("serve_sent_bytes_total{form=\"ndjson\"}") > 1_000.0);
    let page = std::fs::read_to_string("docs/reference/metrics.md").unwrap();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE tge_scrape_")) {
        let name = line.split(' ').next().unwrap();
        assert!(page.contains(&format!("`{name}`")), "{name} is not documented");
    }
}
