//! The description as a page of the documents.

use serde_json::Value;

const HEAD: &str = "# API

Generated from the description that the [server](serve.md) answers at `/openapi.json` (OpenAPI 3.1). Fields may be added; none is
renamed or removed within `/api/v1`.

```sh
curl -s http://127.0.0.1:8787/openapi.json | jq '.paths | keys'
```
";
const WIDTH: usize = 120;

/// The text of docs/reference/api.md.
pub fn page(document: &Value) -> String {
    let mut text = HEAD.to_owned();
    text += "\n## Paths\nGET on each. Errors are `Problem` documents; 401, 403, 421 and 429 are answered by every path that needs a token.\n\n";
    text += "| path | answers | parameters | statuses |\n|---|---|---|---|\n";
    for (path, item) in object(&document["paths"]) {
        let get = &item["get"];
        let (status, types) = answer(get);
        let parameters: Vec<String> = list(&get["parameters"])
            .iter()
            .map(|parameter| format!("`{}`", name(parameter)))
            .filter(|name| name != "`If-None-Match`")
            .collect();
        let special = object(&get["responses"]).map(|(status, _)| status.as_str());
        let special: Vec<&str> =
            special.filter(|other| !["401", "403", "421", "429", &status].contains(other)).collect();
        let statuses = [&[&*status], &special[..]].concat().join(", ");
        let summary = get["summary"].as_str().unwrap_or_default();
        text += &format!("| `{path}` | {summary}: {types} | {} | {statuses} |\n", parameters.join(", "));
    }
    text += "\n`POST /login` takes a form with `token` and answers 303 with a cookie, or 401.\n";
    text += "\n## Parameters\n| name | in | meaning | values |\n|---|---|---|---|\n";
    for (name, parameter) in object(&document["components"]["parameters"]) {
        let place = parameter["in"].as_str().unwrap_or_default();
        let meaning = parameter["description"].as_str().unwrap_or_default();
        text += &format!("| `{name}` | {place} | {meaning} | {} |\n", values(&parameter["schema"]));
    }
    text += "\nLists are separated by commas.\n\n## Types\n`?` after a type marks what may be null, after a name what may be missing. Times are RFC 3339. [Output formats](outputs.md) describes the fields.\n\n```text\n";
    for (name, schema) in object(&document["components"]["schemas"]) {
        text += &wrapped(&format!("{name} = {}", shape(schema)));
    }
    text + "```\n"
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The last part of a reference.
fn name(value: &Value) -> &str {
    value["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default()
}

/// Status of success with what is answered.
fn answer(get: &Value) -> (String, String) {
    let success = object(&get["responses"]).find(|(status, _)| *status == "200" || *status == "101");
    let Some((status, response)) = success else { return (String::new(), String::new()) };
    let types = object(&response["content"]).map(|(content_type, content)| {
        let schema = &content["schema"];
        match (name(schema), name(&schema["contentSchema"])) {
            ("", "") => format!("`{content_type}`"),
            ("", of) | (of, _) => format!("`{of}` as `{content_type}`"),
        }
    });
    let types: Vec<String> = types.collect();
    let types = if types.is_empty() {
        "`StreamEvent` in each line of a message".to_owned()
    } else {
        types.join(", ")
    };
    (status.clone(), types)
}

/// The values of a parameter in words.
fn values(schema: &Value) -> String {
    let bounds = match (&schema["minimum"], &schema["maximum"]) {
        (Value::Null, _) => String::new(),
        (least, Value::Null) => format!(" from {least}"),
        (least, most) => format!(" from {least} to {most}"),
    };
    match schema["type"].as_str() {
        Some("array") if name(&schema["items"]).is_empty() => "texts".to_owned(),
        Some("array") => format!("`{}`", name(&schema["items"])),
        Some("integer") => format!("whole number{bounds}"),
        Some(other) => other.replace("boolean", "`true`, `false`").replace("string", "text"),
        None => String::new(),
    }
}

/// A type in one line.
fn shape(schema: &Value) -> String {
    if schema.get("$ref").is_some() {
        return name(schema).to_owned();
    }
    if let Some(word) = schema.get("const") {
        return word.to_string();
    }
    if let Some(words) = schema.get("enum") {
        return list(words).iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(kinds) = schema.get(key) {
            let known: Vec<&Value> = list(kinds).iter().filter(|kind| kind["type"] != "null").collect();
            let mark = if known.len() < list(kinds).len() { "?" } else { "" };
            return known.into_iter().map(shape).collect::<Vec<_>>().join(" | ") + mark;
        }
    }
    if let Some(types) = schema["type"].as_array() {
        let mut one = schema.clone();
        let known = types.iter().find(|kind| *kind != "null").cloned().unwrap_or_default();
        one["type"] = known;
        return shape(&one) + "?";
    }
    match schema["type"].as_str() {
        Some("object") if schema.get("additionalProperties").is_some_and(Value::is_object) => {
            format!("{{ [name]: {} }}", shape(&schema["additionalProperties"]))
        }
        Some("object") => {
            let field = |(name, field): (&String, &Value)| {
                let mark = if list(&schema["required"]).iter().any(|one| one == name) { "" } else { "?" };
                format!("{name}{mark}: {}", shape(field))
            };
            let fields: Vec<String> = object(&schema["properties"]).map(field).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Some("array") if schema.get("prefixItems").is_some() => {
            format!("[{}]", list(&schema["prefixItems"]).iter().map(shape).collect::<Vec<_>>().join(", "))
        }
        Some("array") => format!("{}[]", shape(&schema["items"])),
        Some("string") if schema["format"] == "date-time" => "time".to_owned(),
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    }
}

/// `line` in lines of at most [`WIDTH`] characters.
fn wrapped(line: &str) -> String {
    let (mut text, mut width) = (String::new(), 0);
    for word in line.split(' ') {
        if width > 0 && width + 1 + word.len() > WIDTH {
            text.push_str("\n ");
            width = 1;
        } else if width == 0 {
            text.push_str(word);
            width = word.len();
            continue;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + word.len();
    }
    text + "\n"
}
