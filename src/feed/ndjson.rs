//! Entries that a program prints, one JSON object a line (docs/guide/programs.md). A line that is wrong costs no other
//! line.

use serde_json::Value;
use url::Url;

use super::{
    Faulty, Feed, FeedError, MOST_ENTRIES, Repair, json,
    plain::{plain, unescaped},
    resolve_link,
};
use crate::{
    model::Entry,
    text::{cut::shown, dates::Orders},
};

/// Characters of a message about a line.
const MESSAGE: usize = 160;

/// Reads the lines of `text`; relative links begin at `base`. Nothing at all is no error: there are no entries.
pub fn read(text: &str, base: &Url) -> Result<Feed, FeedError> {
    let mut faulty = Faulty::default();
    let mut objects = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match json::read(line.trim()) {
            Ok(value) if value.is_object() => objects.push((number + 1, value)),
            Ok(_) => faulty.add(number + 1, "is not a JSON object"),
            Err(error) => faulty.add(number + 1, &format!("is not JSON: {error}")),
        }
    }
    let orders = Orders::of(objects.iter().map(|(_, object)| string(object, TIME)));
    let mut entries: Vec<Entry> = objects
        .iter()
        .filter_map(|(number, object)| entry(object, base, orders, |message| faulty.add(*number, message)))
        .collect();
    if entries.is_empty() && faulty.count > 0 {
        return Err(FeedError::Unreadable(format!("no line of the output is an entry: {}", faulty.first)));
    }
    let mut repairs = Vec::new();
    if faulty.count > 0 {
        repairs.push(Repair::FaultyLines);
    }
    if entries.len() > MOST_ENTRIES {
        // Stable: of undated entries the first ones are the newest.
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.published));
        entries.truncate(MOST_ENTRIES);
        repairs.push(Repair::TooManyEntries);
    }
    Ok(Feed { entries, faulty, repairs, ..Feed::default() })
}

const LINK: [&str; 2] = ["link", "url"];
const TIME: [&str; 2] = ["time", "published"];

/// The entry of a line; `None` without words. `note` gets what is wrong.
fn entry(object: &Value, base: &Url, orders: Orders, mut note: impl FnMut(&str)) -> Option<Entry> {
    let text = |key: &str| json::text(object.get(key));
    let (title, summary, content) =
        (unescaped(&text("title")), plain(&text("summary")), plain(&text("content")));
    if [&title, &summary, &content].iter().all(|text| text.is_empty()) {
        note("has neither title nor summary");
        return None;
    }
    let address = string(object, LINK);
    let link = resolve_link(base, &address);
    if link.is_none() && !address.trim().is_empty() {
        note(&format!("{address:?} is not an http or https address"));
    }
    let time = string(object, TIME);
    let published = orders.read(&time);
    if published.is_none() && !time.trim().is_empty() {
        note(&format!("{time:?} is not a time"));
    }
    Some(Entry {
        title,
        link: link.map(|url| url.to_string()),
        id: Some(text("id")).filter(|id| !id.is_empty()),
        published,
        author: unescaped(&text("author")),
        summary,
        content,
        ..Entry::default()
    })
}

/// The first of `keys` that has a text.
fn string(object: &Value, keys: [&str; 2]) -> String {
    let texts = keys.map(|key| json::text(object.get(key)));
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

impl Faulty {
    fn add(&mut self, line: usize, message: &str) {
        self.count = self.count.saturating_add(1);
        if self.first.is_empty() {
            self.first = format!("line {line} {}", shown(message, MESSAGE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_lines(text: &str) -> Result<Feed, FeedError> {
        read(text, &Url::parse("exec:votes").unwrap())
    }

    #[test]
    fn each_line_is_an_entry_and_a_wrong_one_is_named() {
        let feed = read_lines(
            "{\"title\":\"Vote on the TIDE airdrop\",\"link\":\"https://votes.example/1\",\"id\":7,\"time\":1767607200,\"summary\":\"<b>Now</b>\"}\n\
             \r\n[1]\nnot json\n\
             {\"title\":\"Second\",\"url\":\"https://votes.example/2\",\"published\":\"2026-01-05T10:00:00Z\",\"author\":\"A\"}\n\
             {\"id\":\"3\"}\n\
             {\"title\":\"Third\",\"link\":\"/relative\",\"time\":\"soon\"}",
        )
        .unwrap();
        assert_eq!(feed.entries.len(), 3);
        let [first, second, third] = &feed.entries[..] else { unreachable!() };
        assert_eq!((first.id.as_deref(), first.summary.as_str()), (Some("7"), "Now"));
        assert_eq!(first.published, second.published);
        assert_eq!(first.published.unwrap().to_string(), "2026-01-05T10:00:00Z");
        assert_eq!((second.link.as_deref(), second.author.as_str()), (Some("https://votes.example/2"), "A"));
        assert_eq!((third.link.as_deref(), third.published), (None, None));
        assert_eq!(feed.faulty.count, 5);
        assert_eq!(feed.faulty.first, "line 3 is not a JSON object");
        assert_eq!(feed.repairs, [Repair::FaultyLines]);
    }

    #[test]
    fn nothing_is_no_news_and_only_wrong_lines_are_a_failure() {
        assert_eq!(read_lines("\n \n").unwrap(), Feed::default());
        let error = read_lines("Traceback\u{1b}[2J:\n").unwrap_err().to_string();
        assert!(error.contains("line 1 is not JSON") && !error.contains('\u{1b}'), "{error}");
        let binary: String = String::from_utf8_lossy(&(0..=255).collect::<Vec<u8>>()).into_owned();
        assert!(matches!(read_lines(&binary), Err(FeedError::Unreadable(_))));
    }

    #[test]
    fn of_too_many_the_newest_count() {
        let lines: String = (0..1_500)
            .map(|number| format!("{{\"title\":\"No. {number}\",\"time\":{}}}\n", 1_767_607_200 + number))
            .collect();
        let feed = read_lines(&lines).unwrap();
        assert_eq!((feed.entries.len(), feed.entries[0].title.as_str()), (MOST_ENTRIES, "No. 1499"));
        assert_eq!(feed.repairs, [Repair::TooManyEntries]);
    }
}
