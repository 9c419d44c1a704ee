//! Dated stories for people, nearest first.

use super::{
    listing::{Listing, StoryColumn, WIDE, cut_outlet, outlet_of},
    style::Look,
    table::{Cell, Spec, Table},
    times::Times,
};
use crate::model::{
    Detection,
    event_date::{days_between, event_days},
};

/// The stories by date; those whose date names no day come last.
pub fn table(stories: &[Detection], listing: &Listing<'_>) -> String {
    if stories.is_empty() {
        return "no dated stories\n".to_owned();
    }
    let (times, style) = (listing.times, listing.style);
    let is_one_line = listing.one_line || style.width >= WIDE;
    let columns =
        [StoryColumn::Id, StoryColumn::Class, StoryColumn::What, StoryColumn::Watched, StoryColumn::Whose];
    let mut specs = vec![Spec::new("date"), Spec::new("in").right().optional()];
    specs.extend(columns.map(StoryColumn::spec));
    if is_one_line {
        specs.extend([StoryColumn::Headline, StoryColumn::Outlets].map(StoryColumn::spec));
    }
    let mut table = Table::new(specs);
    let (exact, vague): (Vec<&Detection>, Vec<&Detection>) =
        stories.iter().partition(|story| is_exact(story));
    let mut last = None;
    for story in exact.iter().chain(&vague) {
        if last.is_none_or(is_exact) && !is_exact(story) {
            table.heading("without a day");
        }
        // A pipe gets each date, so that each line has its own.
        let is_new =
            !times.is_relative() || last.is_none_or(|last: &Detection| last.event_date != story.event_date);
        last = Some(*story);
        let date = if is_new { story.event_date.as_deref().unwrap_or_default() } else { "" };
        let mut row =
            vec![Cell::new(times.event_date(date), Look::BOLD), days_left(story, times, is_new).into()];
        row.extend(columns.map(|column| column.cell(story, times)));
        let headline = StoryColumn::Headline.cell(story, times);
        if is_one_line {
            row.extend([headline, StoryColumn::Outlets.cell(story, times)]);
            table.row(row);
        } else {
            table.row(row);
            let outlet = Cell::new(cut_outlet(&outlet_of(story)), Look::DIM);
            table.below(4, Cell::default(), headline, outlet);
        }
    }
    table.render(style)
}

fn is_exact(story: &Detection) -> bool {
    story.event_date.as_deref().and_then(event_days).is_some_and(|(first, last)| first == last)
}

/// `today` or `3d`, on a terminal and for the first story of a day.
fn days_left(story: &Detection, times: &Times, is_new: bool) -> String {
    let is_shown = times.is_relative() && is_new && is_exact(story);
    let days = story.event_date.as_deref().and_then(event_days).filter(|_| is_shown);
    match days.map(|(first, _)| days_between(times.day(times.now), first)) {
        Some(0) => "today".to_owned(),
        Some(days @ 1..) => format!("{days}d"),
        _ => String::new(),
    }
}
