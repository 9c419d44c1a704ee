//! The newest stories for a browser without scripts.

use jiff::civil::Date;

use super::{
    days::{is_due, sort},
    html,
    html::text,
    story::Story,
};
use crate::{render::format::minute, text::link::Link};

/// Stories that are shown: the newest, and then the best of the calendar.
const NEWEST: usize = 100;
const DUE: usize = 100;
/// Mentions shown of each.
const MENTIONS: usize = 5;

pub fn section(stories: &[Story], today: Date, body: &mut String) {
    let mut shown: Vec<&Story> = stories.iter().take(NEWEST).collect();
    let mut due: Vec<&Story> = stories.iter().skip(NEWEST).filter(|story| is_due(story, today)).collect();
    sort(&mut due);
    shown.extend(due.into_iter().take(DUE));
    body.push_str(&format!(
        "<p class=\"note\">{} of {} stories. With scripts the page shows all, with filters. Times are UTC.</p><ol class=\"plain\">",
        shown.len(),
        stories.len()
    ));
    for story in shown {
        item(story, body);
    }
    body.push_str("</ol>");
}

fn item(story: &Story, body: &mut String) {
    let date = story.date.as_deref().map_or_else(String::new, |date| format!(", {}", text(date)));
    let star = if story.watched { " *" } else { "" };
    let rumour = if story.rumour { " (rumour)" } else { "" };
    let class = story.class.as_str();
    let address = match &story.link {
        Link::Open { href, .. } => html::link(href, &story.title),
        Link::Odd(shown) => format!("{} (<code>{}</code>)", text(&story.title), text(shown)),
        Link::Missing => text(&story.title),
    };
    body.push_str(&format!(
        "<li id=\"story={id}\"><p><b class=\"class {class}\">{class}</b> {} {}{rumour}{date} <b>{}{star}</b> \
         <span class=\"note\">{}</span></p><p class=\"headline\">{address}</p><details><summary>{} {}</summary><ul>",
        story.event.as_str(),
        story.stage.as_str(),
        text(&story.name()),
        minute(story.heard),
        story.outlets,
        if story.outlets == 1 { "outlet" } else { "outlets" },
        id = story.short_id,
    ));
    for mention in story.mentions.iter().take(MENTIONS) {
        let shown = match &mention.link {
            Link::Open { href, .. } => html::link(href, &mention.source),
            other => format!("{} {}", text(&mention.source), text(other.text())),
        };
        body.push_str(&format!("<li>{} {shown}</li>", minute(mention.at)));
    }
    if let Some(more) = story.mentions.len().checked_sub(MENTIONS).filter(|more| *more > 0) {
        body.push_str(&format!("<li>{more} more</li>"));
    }
    body.push_str(&format!(
        "</ul><p><code>tge-scrape label {} yes</code></p></details></li>\n",
        story.short_id
    ));
}
