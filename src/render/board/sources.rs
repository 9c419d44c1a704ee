//! The sources: what each reported first, and which fail.

use std::collections::BTreeMap;

use super::html::{ROWS, link, text};
use crate::{
    figures::sources::{Attention, SourceView},
    render::sources::by_attention,
};

/// For each source its cycles: `true` for a body, `false` for a failure.
pub type Health = BTreeMap<String, BTreeMap<i64, bool>>;

/// Number of sources that do not work.
pub fn failing(sources: &[SourceView]) -> usize {
    let fails = |source: &&SourceView| matches!(source.attention, Some(Attention::Gone | Attention::Failing));
    sources.iter().filter(fails).count()
}

/// `grid`: the newest cycles, oldest first.
pub fn section(sources: &[SourceView], grid: &[i64], health: &Health, body: &mut String) {
    body.push_str(
        "<section id=\"sources\" aria-labelledby=\"sources-title\"><h2 id=\"sources-title\">Sources</h2>",
    );
    if sources.is_empty() {
        body.push_str(
            "<p class=\"empty\">No source was read yet. Run <code>tge-scrape cycle</code>.</p></section>",
        );
        return;
    }
    let bad = failing(sources);
    let failures =
        if bad == 0 { "none fails".to_owned() } else { format!("{bad} failing or gone, listed first") };
    body.push_str(&format!(
        "<p class=\"note\">{} {}, {failures}. Marks are the last {} cycles, oldest first: <code>●</code> new body, \
         <code>✕</code> failed, <code>·</code> nothing new or not requested.</p>\
         <details id=\"source-list\" open><summary>All sources</summary><ul class=\"sources\">",
        sources.len(),
        if sources.len() == 1 { "source" } else { "sources" },
        grid.len()
    ));
    let sorted = by_attention(sources);
    for source in sorted.iter().take(ROWS) {
        line(source, grid, health.get(&source.url), body);
    }
    body.push_str("</ul></details>");
    if let Some(more) = sorted.len().checked_sub(ROWS).filter(|more| *more > 0) {
        body.push_str(&format!("<p class=\"note\">{more} more: <code>tge-scrape stats --feeds</code></p>"));
    }
    body.push_str("</section>");
}

fn line(source: &SourceView, grid: &[i64], cycles: Option<&BTreeMap<i64, bool>>, body: &mut String) {
    let mark = |cycle: &i64| match cycles.and_then(|cycles| cycles.get(cycle)) {
        Some(true) => '●',
        Some(false) => '✕',
        None => '·',
    };
    let marks: String = grid.iter().map(mark).collect();
    let count = |came: bool| cycles.map_or(0, |cycles| cycles.values().filter(|one| **one == came).count());
    let state = match source.attention {
        Some(attention) => {
            let why = source.failure.as_deref().filter(|_| source.failures > 0);
            let why = why.map_or_else(String::new, |why| format!(": {}", text(why)));
            format!("<strong>{}</strong>{why}", attention.as_str())
        }
        None => "ok".to_owned(),
    };
    let address: String = url::form_urlencoded::byte_serialize(source.name.as_bytes()).collect();
    body.push_str(&format!(
        "<li><span class=\"name\">{}</span><code role=\"img\" aria-label=\"{} new bodies, {} failures\">{marks}</code>\
         <span>{state}</span><span>first with {}</span><span><a href=\"#source={address}\">{} of {} entries are launches</a></span></li>\n",
        link(&source.url, &source.name),
        count(true),
        count(false),
        source.first,
        source.detections,
        source.entries,
    ));
}
