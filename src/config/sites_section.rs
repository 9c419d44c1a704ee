//! `[[sites]]`: rules for the article pages of one host.

use std::collections::HashMap;

use url::Host;

use super::{
    errors::ConfigErrors,
    layers::{Place, Row},
    rows::Reader,
};
use crate::{article::Site, model::SiteRules};

const KEYS: [&str; 5] = ["host", "content", "remove", "title", "time"];

pub fn sites(rows: &[Row], errors: &mut ConfigErrors) -> Vec<SiteRules> {
    let mut known: HashMap<String, Place> = HashMap::new();
    rows.iter().filter_map(|row| site(&mut Reader { row, errors }, &mut known)).collect()
}

fn site(reader: &mut Reader<'_>, known: &mut HashMap<String, Place>) -> Option<SiteRules> {
    reader.known(&KEYS);
    let text = reader.text("host");
    // In the form in which addresses have it.
    let host = match Host::parse(text.trim_start_matches("www.")) {
        Ok(host) if !text.is_empty() => host.to_string(),
        _ => {
            reader.wrong("host", format!("{text:?} is no host; write it as example.org"));
            return None;
        }
    };
    if let Some(first) = known.insert(host.clone(), reader.row.place.clone()) {
        reader.wrong("host", format!("duplicate of the rules in {first}"));
        return None;
    }
    let rules = SiteRules {
        host,
        content: reader.text("content"),
        remove: reader.texts("remove"),
        title: reader.text("title"),
        time: reader.text("time"),
    };
    if rules == (SiteRules { host: rules.host.clone(), ..SiteRules::default() }) {
        reader.wrong("host", "needs a rule: content, remove, title or time");
    }
    // Each key alone, so that one error hides no other.
    let none = || SiteRules { host: rules.host.clone(), ..SiteRules::default() };
    let keys = [
        SiteRules { content: rules.content.clone(), ..none() },
        SiteRules { title: rules.title.clone(), ..none() },
        SiteRules { time: rules.time.clone(), ..none() },
    ];
    for error in keys.iter().filter_map(|rules| Site::new(rules).err()) {
        reader.wrong(error.key, error.reason());
    }
    for (index, selector) in rules.remove.iter().enumerate() {
        if let Err(error) = Site::new(&SiteRules { remove: vec![selector.clone()], ..none() }) {
            reader.wrong_element(error.key, index, error.reason());
        }
    }
    Some(rules)
}
