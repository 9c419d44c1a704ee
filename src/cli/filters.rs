//! The filters of `events` and `upcoming`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use strum::VariantNames;

use super::moment::{Moment, moment};
use crate::{
    model::{Class, Event, Stage, event_date::day_of},
    render::times::Times,
    store::EventFilter,
};

#[derive(Debug, Clone, clap::Args)]
pub struct Filters {
    /// Only stories heard of since then: 24h, 7d, today, yesterday, 2026-11-26
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Moment>,
    /// Only stories heard of until then, written as for --since
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Moment>,
    /// Only these projects; part of a name or ticker suffices
    #[arg(long = "project", value_name = "NAME,…", value_delimiter = ',')]
    projects: Vec<String>,
    /// Only these events
    #[arg(long = "event", value_name = "EVENT,…", value_delimiter = ',', value_parser = words::<Event>())]
    events: Vec<Event>,
    /// Only these stages
    #[arg(long = "stage", value_name = "STAGE,…", value_delimiter = ',', value_parser = words::<Stage>())]
    stages: Vec<Stage>,
    /// Only these classes
    #[arg(long = "class", value_name = "CLASS,…", value_delimiter = ',', value_parser = words::<Class>())]
    classes: Vec<Class>,
    /// Only stories that these sources carry; part of a name suffices
    #[arg(long = "source", value_name = "NAME,…", value_delimiter = ',')]
    sources: Vec<String>,
    /// Only scores from here up
    #[arg(long, value_name = "0-100", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_score: Option<u8>,
    /// Only projects of the watch list
    #[arg(long)]
    watched: bool,
}

/// The names of an enum as values: clap completes them and suggests the nearest to a wrong one.
fn words<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantNames
        + std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>
        + Clone
        + Send
        + Sync
        + 'static,
{
    PossibleValuesParser::new(T::VARIANTS).try_map(|name| name.parse::<T>())
}

impl Filters {
    /// What they select, newest first, of the present day's stages.
    pub fn filter(self, times: &Times) -> EventFilter {
        EventFilter {
            since: self.since.map(|since| since.start(times)),
            until: self.until.map(|until| until.end(times)),
            projects: self.projects,
            events: self.events,
            stages: self.stages,
            classes: self.classes,
            sources: self.sources,
            min_score: self.min_score,
            watched: self.watched,
            today: Some(day_of(times.now)),
            ..EventFilter::default()
        }
    }
}
