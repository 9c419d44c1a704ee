//! The next page of a JSON list.

use serde_json::Value;
use url::Url;

use super::path;
use crate::{
    feed::{Further, json, resolve_link},
    model::{CursorPlace, JsonSource},
};

/// Longest cursor that is sent, bytes: it must fit into an address.
const LONGEST: usize = 1500;

/// The request of the page after `value`, which came from `url`; `None` on the last page.
pub fn next(value: &Value, source: &JsonSource, url: &Url) -> Option<Further> {
    let cursor = source.cursor.as_ref()?;
    let found = path::at(value, &cursor.path)?;
    let text = json::text(Some(found));
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let mut further = Further { url: url.clone(), changed_at: None, body: source.body.clone() };
    match &cursor.into {
        CursorPlace::Address => {
            further.url = resolve_link(url, &text).filter(|next| next != url)?;
        }
        CursorPlace::Query(name) => set_parameter(&mut further.url, name, &text),
        CursorPlace::Body(place) => {
            let mut body: Value = serde_json::from_str(source.body.as_deref()?).ok()?;
            path::set(&mut body, place, found.clone())?;
            further.body = Some(body.to_string());
        }
    }
    Some(further)
}

/// Sets a parameter of the query; all others stay byte for byte.
fn set_parameter(url: &mut Url, name: &str, value: &str) {
    let query = url.query().unwrap_or_default().to_owned();
    let others = query.split('&').filter(|pair| {
        let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
        !pair.is_empty() && decoded.is_none_or(|(known, _)| known != name)
    });
    let own = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
    let pairs: Vec<&str> = others.chain([own.as_str()]).collect();
    url.set_query(Some(&pairs.join("&")));
}
