//! The watch list: each project with its mentions of the last days as a sparkline, and its next or newest story.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{days::is_due, html::text, story::Story};
use crate::model::event_date::{day_of, days_between};

/// Days of a sparkline.
const DAYS: usize = 14;
/// Height of its highest bar.
const HEIGHT: usize = 16;
/// Width of a bar with its gap.
const STEP: usize = 6;

pub fn section(projects: &[String], stories: &[Story], today: Date, body: &mut String) {
    body.push_str(
        "<section id=\"watch\" aria-labelledby=\"watch-title\"><h2 id=\"watch-title\">Watch list</h2>",
    );
    let mut of: HashMap<&str, Vec<&Story>> = HashMap::new();
    for story in stories.iter().filter(|story| story.watched) {
        if let Some(project) = &story.project {
            of.entry(project).or_default().push(story);
        }
    }
    let (mut found, quiet): (Vec<&String>, Vec<&String>) =
        projects.iter().partition(|project| of.contains_key(project.as_str()));
    if projects.is_empty() {
        body.push_str("<p class=\"empty\">The watch list is empty. Add a project: <code>tge-scrape project add NAME</code></p></section>");
        return;
    }
    if found.is_empty() {
        body.push_str("<p class=\"empty\">No story is about a project of the watch list yet.</p>");
    } else {
        // Those with a date ahead first, then the newest.
        let order = |project: &&String| {
            let stories = &of[project.as_str()];
            let due =
                stories.iter().filter(|story| is_due(story, today)).filter_map(|story| story.day()).min();
            (due.is_none(), due, std::cmp::Reverse(stories.iter().map(|story| story.heard).max()))
        };
        found.sort_by_key(order);
        body.push_str("<ul class=\"watched\">");
        for project in found {
            line(project, &of[project.as_str()], today, body);
        }
        body.push_str("</ul>");
    }
    if !quiet.is_empty() {
        let names: Vec<String> = quiet.iter().map(|name| text(name)).collect();
        body.push_str(&format!(
            "<details><summary>{} without a story</summary><p class=\"note\">{}</p></details>",
            quiet.len(),
            names.join(", ")
        ));
    }
    body.push_str("</section>");
}

fn line(project: &str, stories: &[&Story], today: Date, body: &mut String) {
    let due = stories.iter().filter(|story| is_due(story, today)).min_by_key(|story| story.day());
    let Some(story) = due.or_else(|| stories.iter().max_by_key(|story| story.heard)) else { return };
    let when = match &story.date {
        Some(date) => text(date),
        None => story.stage.as_str().to_owned(),
    };
    let address: String = url::form_urlencoded::byte_serialize(project.as_bytes()).collect();
    body.push_str(&format!(
        "<li><a class=\"name\" href=\"#project={address}\">{}</a>{}<a href=\"#story={}\">{} {when}, {}</a>\
         <span class=\"note\">{} {}</span></li>",
        text(project),
        sparkline(&counts(stories, today)),
        story.short_id,
        story.event.as_str(),
        story.class.as_str(),
        stories.len(),
        if stories.len() == 1 { "story" } else { "stories" },
    ));
}

/// Mentions on each of the last [`DAYS`] days, the last of which is `today`.
fn counts(stories: &[&Story], today: Date) -> [usize; DAYS] {
    let mut counts = [0; DAYS];
    for mention in stories.iter().flat_map(|story| &story.mentions) {
        let age = usize::try_from(days_between(day_of(mention.at), today)).unwrap_or(DAYS);
        if let Some(count) = counts.iter_mut().rev().nth(age) {
            *count += 1;
        }
    }
    counts
}

fn sparkline(counts: &[usize; DAYS]) -> String {
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    let bars: String = counts
        .iter()
        .enumerate()
        .map(|(at, count)| {
            // A day without a mention has a line of one unit.
            let height = (count * HEIGHT).div_ceil(most).max(1);
            let faint = if *count == 0 { " class=\"faint\"" } else { "" };
            format!(
                "<rect{faint} x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"/>",
                at * STEP,
                HEIGHT - height,
                STEP - 1
            )
        })
        .collect();
    let words: Vec<String> = counts.iter().map(ToString::to_string).collect();
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {} {HEIGHT}\" role=\"img\" aria-label=\"Mentions on each of the last {DAYS} days: {}\">{bars}</svg>",
        DAYS * STEP,
        words.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_with_the_mentions_of_a_day() {
        let mut counts = [0; DAYS];
        counts[DAYS - 2] = 1;
        counts[DAYS - 1] = 4;
        let drawn = sparkline(&counts);
        assert!(drawn.contains("x=\"72\" y=\"12\" width=\"5\" height=\"4\""), "{drawn}");
        assert!(drawn.contains("x=\"78\" y=\"0\" width=\"5\" height=\"16\""), "{drawn}");
        assert_eq!(drawn.matches("<rect").count(), DAYS);
        assert!(drawn.contains("last 14 days: 0 0 0 0 0 0 0 0 0 0 0 0 1 4\""), "{drawn}");
    }
}
