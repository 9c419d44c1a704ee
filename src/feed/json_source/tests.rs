use serde_json::json;

use super::*;
use crate::model::{CursorPlace, JsonCursor, JsonSource};

fn base() -> Url {
    Url::parse("https://www.venue.example/api/list?page_size=2").unwrap()
}

fn mapping(pairs: &[(&str, &str)]) -> JsonMapping {
    let mut mapping = JsonMapping::default();
    for (key, path) in pairs {
        let slot = match *key {
            "items" => &mut mapping.items,
            "title" => &mut mapping.title,
            "link" => &mut mapping.link,
            "id" => &mut mapping.id,
            "time" => &mut mapping.time,
            "zone" => &mut mapping.zone,
            _ => &mut mapping.summary,
        };
        (*path).clone_into(slot);
    }
    mapping
}

fn sentence(value: &Value, pairs: &[(&str, &str)]) -> String {
    read(value, &mapping(pairs), &base()).unwrap_err().to_string()
}

#[test]
fn items_of_an_object_have_their_keys() {
    let value = json!({"sales": {"tide-1": {"t": "Tidefall sale"}, "fen-2": {"t": "Fenwick sale"}}});
    let fields =
        [("items", "sales"), ("title", "t"), ("id", "@key"), ("link", "https://pad.example/sale/{@key}")];
    let feed = read(&value, &mapping(&fields), &base()).unwrap();
    let found: Vec<_> = feed
        .entries
        .iter()
        .map(|entry| (entry.title.as_str(), entry.id.as_deref(), entry.link.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("Tidefall sale", Some("tide-1"), Some("https://pad.example/sale/tide-1")),
            ("Fenwick sale", Some("fen-2"), Some("https://pad.example/sale/fen-2")),
        ]
    );
    let texts = json!(["Tidefall sale"]);
    let feed = read(&texts, &mapping(&[("title", "@value"), ("id", "@key")]), &base()).unwrap();
    assert_eq!((feed.entries[0].title.as_str(), feed.entries[0].id.as_deref()), ("Tidefall sale", Some("0")));
}

#[test]
fn templates_escape_what_they_insert() {
    let value =
        json!([{"id": "a/b c?", "slug": "news/tide fall", "name": "Tidefall", "coin": "TIDE", "n": 7}]);
    let link = |template: &str| {
        let feed =
            read(&value, &mapping(&[("title", "{name} ({coin})"), ("link", template)]), &base()).unwrap();
        assert_eq!(feed.entries[0].title, "Tidefall (TIDE)");
        feed.entries[0].link.clone().unwrap()
    };
    assert_eq!(link("https://venue.example/s/{id}?n={n}"), "https://venue.example/s/a%2Fb%20c%3F?n=7");
    assert_eq!(link("/{+slug}"), "https://www.venue.example/news/tide%20fall");
    for (template, message) in [
        ("https://v.example/{id", "is no template"),
        ("https://v.example/id}", "is no template"),
        ("https://v.example/{}", "is no template"),
        ("https://v.example/{a{b}}", "is no template"),
        ("https://v.example/{a..b}", "is no path"),
        ("@name", "is no path"),
    ] {
        let (key, found) = check_mapping(&mapping(&[("link", template)])).unwrap_err();
        assert!(key == "link" && found.contains(message), "{template}: {found}");
    }
    assert!(check_mapping(&mapping(&[("items", "data. list")])).is_err());
}

#[test]
fn times_are_read_in_every_unit_and_in_the_zone_of_the_list() {
    let first = |time: Value, zone: &str| {
        let value = json!([{"t": "Tidefall", "at": time}]);
        let feed = read(&value, &mapping(&[("title", "t"), ("time", "at"), ("zone", zone)]), &base());
        feed.unwrap().entries[0].published.unwrap().to_string()
    };
    for time in [
        json!(1_767_607_200_i64),
        json!(1_767_607_200.5),
        json!("1767607200"),
        json!(1_767_607_200_000_i64),
        json!(1_767_607_200_000_000_i64),
        json!(1_767_607_200_000_000_000_i64),
        json!("2026-01-05T10:00:00Z"),
        json!("2026-01-05T19:00:00+09:00"),
    ] {
        for zone in ["", "+09:00"] {
            assert_eq!(first(time.clone(), zone), "2026-01-05T10:00:00Z", "{time} {zone}");
        }
    }
    assert_eq!(first(json!("2026-01-05 19:00:00"), "KST"), "2026-01-05T10:00:00Z");
    assert_eq!(first(json!("2026-01-05 19:00:00"), "+09:00"), "2026-01-05T10:00:00Z");
    assert_eq!(first(json!("2026-01-05 19:00:00"), ""), "2026-01-05T19:00:00Z");
    assert!(
        zone_is_known("+09:00")
            && zone_is_known("KST")
            && !zone_is_known("Venue")
            && !zone_is_known("+99:00")
    );
}

#[test]
fn a_field_that_no_item_has_is_named() {
    let value = json!({"code": 0, "data": {"items": [
        {"name": "Tidefall", "url": "/a", "uid": 1, "at": "soon", "text": ""},
        {"name": "Fenwick", "url": "/b", "uid": 2, "at": null, "text": null},
    ]}});
    let good =
        [("items", "data.items"), ("title", "name"), ("link", "url"), ("id", "uid"), ("summary", "text")];
    assert_eq!(read(&value, &mapping(&good), &base()).unwrap().entries.len(), 2);
    for (key, path, message) in [
        ("items", "data.list", "no list or object at \"data.list\"; \"data\" has the keys items"),
        ("items", "data.items.0.name", "no list or object at \"data.items.0.name\""),
        (
            "title",
            "title",
            "no item has a title at \"title\"; the first item has the keys name, url, uid, at, text",
        ),
        ("title", "{name} {coin}", "no item has a title at \"coin\""),
        ("link", "https://v.example/{slug}", "no item has a link at \"slug\""),
        ("id", "id", "no item has a id at \"id\""),
        ("summary", "body", "no item has a summary at \"body\""),
        ("time", "time", "no item has a time at \"time\""),
        ("time", "at", "no item has a time that can be read at \"at\"; there is \"soon\""),
    ] {
        let mut fields: Vec<_> = good.iter().copied().filter(|(known, _)| *known != key).collect();
        fields.push((key, path));
        let found = sentence(&value, &fields);
        assert!(found.contains(message), "{message}: {found}");
    }
    let refused = json!({"errors": [{"message": "space is unknown"}], "data": null});
    let found = sentence(&refused, &[("items", "data.proposals"), ("title", "title")]);
    assert!(found.contains("\"data\" is null; the answer says \"space is unknown\""), "{found}");
    // A list without items is no failure.
    for empty in
        [json!({"data": {"items": []}}), json!({"data": {"items": null}}), json!({"data": {"items": {}}})]
    {
        assert_eq!(read(&empty, &mapping(&good), &base()).unwrap().entries.len(), 0);
    }
}

#[test]
fn the_next_page_has_the_cursor_where_it_belongs() {
    let request = |answer: &Value, path: &str, into: CursorPlace| {
        let source = JsonSource {
            body: Some(json!({"query": "q", "variables": {"space": "tide.eth"}}).to_string())
                .filter(|_| matches!(into, CursorPlace::Body(_))),
            cursor: Some(JsonCursor { path: path.to_owned(), into }),
            ..JsonSource::from(JsonMapping::default())
        };
        next(answer, &source, &base()).map(|next| (next.url.to_string(), next.body))
    };
    let answer =
        json!({"next": "c&1", "link": "?page=2", "rows": [{"at": 9}, {"at": 5}], "last": "", "no": null});
    let query = || CursorPlace::Query("page_size".to_owned());
    let (url, body) = request(&answer, "next", query()).unwrap();
    assert_eq!((url.as_str(), body), ("https://www.venue.example/api/list?page_size=c%261", None));
    let (url, _) = request(&answer, "rows.-1.at", CursorPlace::Query("before".to_owned())).unwrap();
    assert_eq!(url, "https://www.venue.example/api/list?page_size=2&before=5");
    let (url, _) = request(&answer, "link", CursorPlace::Address).unwrap();
    assert_eq!(url, "https://www.venue.example/api/list?page=2");
    let (_, body) = request(&answer, "rows.-1.at", CursorPlace::Body("variables.before".to_owned())).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&body.unwrap()).unwrap(),
        json!({"query": "q", "variables": {"space": "tide.eth", "before": 5}})
    );
    for end in ["last", "no", "absent", "rows", "rows.-3.at"] {
        assert_eq!(request(&answer, end, query()), None, "{end}");
    }
}
