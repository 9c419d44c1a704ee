//! Stories for people: a line each on a wide terminal, else two.

use jiff::civil::Date;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::{
    Style,
    style::Look,
    table::{Cell, Spec, Table},
    times::Times,
};
use crate::{
    model::{Class, Detection, Language, event_date::days_between},
    text::cut::{Unit, cut_middle},
};

/// From this width on, a story is one line.
pub const WIDE: u16 = 120;

/// A column that `--columns` selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum StoryColumn {
    Id,
    Heard,
    Published,
    Class,
    Score,
    What,
    Date,
    Watched,
    Whose,
    Headline,
    Source,
    Outlets,
    Venue,
    Chain,
    Lang,
    Url,
}

use StoryColumn as Col;

const ONE_LINE: [Col; 9] = [
    Col::Id,
    Col::Heard,
    Col::Class,
    Col::What,
    Col::Date,
    Col::Watched,
    Col::Whose,
    Col::Headline,
    Col::Outlets,
];

/// How stories are listed.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    pub style: Style,
    pub times: &'a Times,
    /// One line each on a narrow terminal too.
    pub one_line: bool,
    /// In this order; empty for the usual ones.
    pub columns: &'a [Col],
    /// Whether the stories are in the order of the shown times, so that days can be marked.
    pub by_day: bool,
}

impl<'a> Listing<'a> {
    /// The usual columns, newest first.
    pub fn new(style: Style, times: &'a Times) -> Self {
        Self { style, times, one_line: false, columns: &[], by_day: true }
    }
}

/// The stories as a table.
pub fn table(stories: &[Detection], listing: &Listing<'_>) -> String {
    if stories.is_empty() {
        return "no stories\n".to_owned();
    }
    let is_one_line = listing.one_line || !listing.columns.is_empty() || listing.style.width >= WIDE;
    let mut table = if is_one_line { one_line(stories, listing) } else { two_lines(stories, listing) };
    if listing.times.is_relative() {
        let number = stories.len();
        let stories = if number == 1 { "story" } else { "stories" };
        let zone = listing.times.zone_name();
        table.remark(&format!("{number} {stories}, {zone}"));
        table.remark(&zone);
    }
    table.render(listing.style)
}

fn one_line(stories: &[Detection], listing: &Listing<'_>) -> Table {
    let columns = if listing.columns.is_empty() { &ONE_LINE } else { listing.columns };
    let mut table = Table::new(columns.iter().map(|column| column.spec()).collect());
    let mut days = Days::new(listing);
    for story in stories {
        if let Some(heading) = days.of(story).and_then(NewDay::heading) {
            table.heading(heading);
        }
        table.row(columns.iter().map(|column| column.cell(story, listing.times)).collect());
    }
    table
}

fn two_lines(stories: &[Detection], listing: &Listing<'_>) -> Table {
    let upper = &ONE_LINE[..7];
    let specs: Vec<Spec> = upper.iter().map(|column| column.spec()).collect();
    let mut table = Table::new(specs);
    let mut days = Days::new(listing);
    for story in stories {
        table.row(upper.iter().map(|column| column.cell(story, listing.times)).collect());
        let day = days.of(story).map(|_| listing.times.day_name(listing.times.day(story.heard_at())));
        let margin = Cell::new(day.unwrap_or_default(), Look::DIM);
        let headline = Col::Headline.cell(story, listing.times);
        table.below(3, margin, headline, Cell::new(cut_outlet(&outlet_of(story)), Look::DIM));
    }
    table
}

/// The outlet that represents a story, and the number of others.
pub fn outlet_of(story: &Detection) -> String {
    match story.outlets() {
        0 | 1 => story.source.clone(),
        outlets => format!("{} +{}", story.source, outlets - 1),
    }
}

/// The name of an outlet, short enough for a line with a headline.
pub fn cut_outlet(outlet: &str) -> String {
    cut_middle(outlet, 20, Unit::Cells)
}

/// Finds where a day begins in a list in the order of its times.
struct Days<'a> {
    listing: &'a Listing<'a>,
    last: Option<Date>,
}

/// The first story of a day.
#[derive(Debug, Clone, Copy)]
struct NewDay {
    /// Days ago.
    age: i32,
    /// Age of the day before it in the list.
    last: Option<i32>,
}

impl NewDay {
    /// At most one heading for yesterday and one for all earlier days, because the column "heard" has the age. A list
    /// that begins with today needs none for it.
    fn heading(self) -> Option<&'static str> {
        match (self.age, self.last) {
            (0, None) => None,
            (0, _) => Some("today"),
            (1, _) => Some("yesterday"),
            (_, Some(2..)) => None,
            _ => Some("earlier"),
        }
    }
}

impl<'a> Days<'a> {
    fn new(listing: &'a Listing<'a>) -> Self {
        Self { listing, last: None }
    }

    fn of(&mut self, story: &Detection) -> Option<NewDay> {
        let times = self.listing.times;
        if !self.listing.by_day || !times.is_relative() {
            return None;
        }
        let day = times.day(story.heard_at());
        let last = self.last.replace(day);
        let age = |day| days_between(day, times.day(times.now)).max(0);
        (last != Some(day)).then(|| NewDay { age: age(day), last: last.map(age) })
    }
}

impl Col {
    pub fn spec(self) -> Spec {
        match self {
            Self::Id => Spec::new("id"),
            Self::Heard => Spec::new("heard").right(),
            Self::Published => Spec::new("published").right().rank(3),
            Self::Class => Spec::new("class"),
            Self::Score => Spec::new("score").right().rank(3),
            Self::What => Spec::new("what").cut(8),
            Self::Date => Spec::new("date").rank(5).optional(),
            Self::Watched => Spec::new("").optional(),
            Self::Whose => Spec::new("whose").cut(9),
            Self::Headline => Spec::new("headline").cut(16),
            Self::Source => Spec::new("source").cut(10).rank(3),
            Self::Outlets => Spec::new("outlets").right().rank(2),
            Self::Venue => Spec::new("venue").cut(8).rank(1),
            Self::Chain => Spec::new("chain").cut(8).rank(1),
            Self::Lang => Spec::new("lang").rank(1),
            Self::Url => Spec::new("url").middle(20).rank(1),
        }
    }

    pub fn cell(self, story: &Detection, times: &Times) -> Cell {
        match self {
            Self::Id => Cell::new(story.short_id(), Look::DIM),
            Self::Heard => times.short(story.heard_at()).into(),
            Self::Published => story.published_at.map_or_else(String::new, |at| times.short(at)).into(),
            Self::Class => Cell::new(story.class.as_str(), of_class(story.class)),
            Self::Score => story.score.to_string().into(),
            Self::What => what(story).into(),
            Self::Date => {
                story.event_date.as_deref().map_or_else(String::new, |date| times.event_date(date)).into()
            }
            Self::Watched => (if story.watched { "*" } else { "" }).into(),
            Self::Whose => whose(story).into(),
            Self::Headline => Cell::new(&story.title, Look::BOLD).link(&story.url),
            Self::Source => story.source.as_str().into(),
            Self::Outlets => story.outlets().to_string().into(),
            Self::Venue => story.venue.as_deref().unwrap_or_default().into(),
            Self::Chain => story.chain.as_deref().unwrap_or_default().into(),
            Self::Lang => story.lang.map_or("", Language::as_str).into(),
            Self::Url => Cell::from(story.url.as_str()).link(&story.url),
        }
    }
}

/// The event and its stage, `listing upcoming`; `rumour: listing` for a rumour.
pub fn what(story: &Detection) -> String {
    if story.rumour {
        return format!("rumour: {}", story.event.as_str());
    }
    format!("{} {}", story.event.as_str(), story.stage.as_str())
}

/// The project and its ticker.
pub fn whose(story: &Detection) -> String {
    match (story.project.as_deref(), story.token.as_deref()) {
        (Some(project), Some(token)) => format!("{project} ${token}"),
        (Some(project), None) => project.to_owned(),
        (None, Some(token)) => format!("${token}"),
        (None, None) => "?".to_owned(),
    }
}

pub fn of_class(class: Class) -> Look {
    match class {
        Class::Critical => Look::ALARM,
        Class::High => Look::BOLD,
        Class::Medium => Look::PLAIN,
        Class::Low => Look::DIM,
    }
}
