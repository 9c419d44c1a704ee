//! The calendar: dated stories of the next 14 days, and less exact dates below.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};

use super::{html::text, story::Story};
use crate::model::{Class, event_date::event_days};

pub const DAYS: i32 = 14;
/// Stories of a day or period that are shown at once, and at most.
const SHOWN: usize = 6;
const MOST: usize = 30;
/// Less exact dates are shown if they may be within so many days.
const AHEAD: i32 = 120;

/// Whether the story has an exact date in the calendar of `today`.
pub fn is_due(story: &Story, today: Date) -> bool {
    let end = today.saturating_add(DAYS.days());
    story.day().is_some_and(|day| day >= today && day < end)
}

pub fn section(stories: &[Story], today: Date, body: &mut String) {
    body.push_str("<section id=\"dates\" aria-labelledby=\"dates-title\"><h2 id=\"dates-title\" tabindex=\"-1\">Next 14 days</h2>");
    let mut days: BTreeMap<Date, Vec<&Story>> = BTreeMap::new();
    for story in stories.iter().filter(|story| is_due(story, today)) {
        days.entry(story.day().unwrap_or(today)).or_default().push(story);
    }
    if days.is_empty() {
        body.push_str("<p class=\"empty\">No story has a date in the next 14 days. Dates appear here when an outlet names the day of a launch.</p>");
    } else {
        body.push_str("<ol class=\"days\" tabindex=\"0\" aria-labelledby=\"dates-title\">");
        for number in 0..DAYS {
            let day = today.saturating_add(number.days());
            cell(day, number == 0, days.remove(&day).unwrap_or_default(), body);
        }
        body.push_str("</ol>");
    }
    vague(stories, today, body);
    body.push_str("</section>");
}

/// Best first.
pub fn sort(stories: &mut [&Story]) {
    stories.sort_by_key(|story| std::cmp::Reverse((story.watched, story.class, story.score)));
}

fn cell(day: Date, is_today: bool, mut stories: Vec<&Story>, body: &mut String) {
    sort(&mut stories);
    let class = if is_today {
        "day today"
    } else if stories.is_empty() {
        "day none"
    } else {
        "day"
    };
    let name = day.strftime(if is_today || day.day() == 1 { "%a %-d %b" } else { "%a %-d" });
    body.push_str(&format!(
        "<li class=\"{class}\" data-day=\"{day}\"><h3><time datetime=\"{day}\">{name}</time></h3>"
    ));
    if stories.is_empty() {
        body.push_str("<p class=\"note\">none</p></li>");
        return;
    }
    chips(&stories[..stories.len().min(SHOWN)], body);
    if let Some(more) = stories.get(SHOWN..).filter(|more| !more.is_empty()) {
        folded(&format!("{} more", more.len()), more, &day.to_string(), body);
    }
    body.push_str("</li>");
}

/// The best of `stories` behind a summary, with a link to all of them.
fn folded(summary: &str, stories: &[&Story], date: &str, body: &mut String) {
    body.push_str(&format!("<details><summary>{summary}</summary>"));
    chips(&stories[..stories.len().min(MOST)], body);
    if stories.len() > MOST {
        body.push_str(&format!("<a href=\"#on={}\">all of this date</a>", text(date)));
    }
    body.push_str("</details>");
}

fn chips(stories: &[&Story], body: &mut String) {
    body.push_str("<ul>");
    for story in stories {
        let (star, spoken) = if story.watched { (" *", ", watched") } else { ("", "") };
        // The border is dashed unless the project or venue itself named the date.
        let (border, sure) = if story.official { ("", "") } else { (" unsure", ", date not official") };
        body.push_str(&format!(
            "<li><a class=\"chip {class}{border}\" href=\"#story={id}\" data-id=\"{id}\"><b>{name}{star}</b> \
             <span>{event}, {class}</span><span class=\"hidden\">{spoken}{sure}</span></a></li>",
            class = story.class.as_str(),
            id = story.short_id,
            name = text(&story.name()),
            event = story.event.as_str(),
        ));
    }
    body.push_str("</ul>");
}

/// Months, quarters and years that may begin within [`AHEAD`] days.
fn vague(stories: &[Story], today: Date, body: &mut String) {
    let end = today.saturating_add(AHEAD.days());
    let mut periods: BTreeMap<(Date, &str), Vec<&Story>> = BTreeMap::new();
    for story in stories.iter().filter(|story| story.day().is_none() && story.class > Class::Low) {
        let Some(date) = story.date.as_deref() else { continue };
        let Some((first, last)) = event_days(date) else { continue };
        if last >= today && first <= end {
            periods.entry((last, date)).or_default().push(story);
        }
    }
    if periods.is_empty() {
        return;
    }
    body.push_str("<div class=\"vague\"><h3>Less exact dates</h3>");
    for ((_, date), mut stories) in periods {
        sort(&mut stories);
        folded(&format!("{}: {}", period(date), stories.len()), &stories, date, body);
    }
    body.push_str("</div>");
}

/// `2026-12` as `December 2026`, `2026-Q4` as `Q4 2026`.
fn period(date: &str) -> String {
    match (date.split_once('-'), event_days(date)) {
        (Some((year, quarter)), _) if quarter.starts_with('Q') => format!("{} {}", text(quarter), text(year)),
        (Some(_), Some((first, _))) => first.strftime("%B %Y").to_string(),
        _ => text(date),
    }
}
