//! The parameters of a request: the filters of `events` under the same names.

use std::str::FromStr;

use strum::VariantNames;

use crate::{
    cli::moment::moment,
    model::{Class, Event, Stage, event_date::day_of},
    render::times::Times,
    store::EventFilter,
};

/// Stories of one answer, unless the request sets a number, and the largest number.
pub const LIMIT: usize = 50;
pub const LARGEST_LIMIT: usize = 500;

/// The filters, and the parameters that are none, as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub filter: EventFilter,
    pub cursor: Option<String>,
    /// Of a stream: the number of the last event that the reader has.
    pub after: Option<i64>,
}

/// Reads `query`, where `names` are the parameters that the path knows. An error is one sentence.
pub fn read(query: &str, names: &[&str], times: &Times) -> Result<Query, String> {
    let mut found = Query {
        filter: EventFilter { today: Some(day_of(times.now)), limit: LIMIT, ..EventFilter::default() },
        ..Query::default()
    };
    let filter = &mut found.filter;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let (name, value) = (&*name, &*value);
        if !names.contains(&name) {
            let hint = names.iter().find(|known| strsim::jaro_winkler(known, name) > 0.85);
            let hint = hint.map_or_else(String::new, |hint| format!(", did you mean {hint}?"));
            return Err(format!("unknown parameter {name:?}{hint} Known are: {}", names.join(", ")));
        }
        let wrong = |message: String| format!("{name}: {message}");
        match name {
            "since" => filter.since = Some(moment(value).map_err(wrong)?.start(times)),
            "until" => filter.until = Some(moment(value).map_err(wrong)?.end(times)),
            "project" => filter.projects.extend(words(value).map(str::to_owned)),
            "source" => filter.sources.extend(words(value).map(str::to_owned)),
            "event" => filter.events.extend(variants::<Event>(value).map_err(wrong)?),
            "stage" => filter.stages.extend(variants::<Stage>(value).map_err(wrong)?),
            "class" => filter.classes.extend(variants::<Class>(value).map_err(wrong)?),
            "watched" => {
                filter.watched =
                    value.parse().map_err(|_| wrong(format!("{value:?} should be true or false")))?;
            }
            "min_score" => filter.min_score = Some(number(value, 0, 100).map_err(wrong)?),
            "limit" => filter.limit = number(value, 1, LARGEST_LIMIT).map_err(wrong)?,
            "after" => found.after = Some(number(value, 0, i64::MAX).map_err(wrong)?),
            _ => found.cursor = Some(value.to_owned()),
        }
    }
    Ok(found)
}

fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn variants<T: FromStr + VariantNames>(value: &str) -> Result<Vec<T>, String> {
    let known = || T::VARIANTS.join(", ");
    words(value).map(|word| word.parse().map_err(|_| format!("{word:?} is none of {}", known()))).collect()
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(value: &str, least: T, most: T) -> Result<T, String> {
    match value.parse() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => Err(format!("{value:?} should be a whole number from {least} to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    const NAMES: [&str; 6] = ["since", "event", "watched", "min_score", "limit", "cursor"];

    fn read(query: &str) -> Result<Query, String> {
        let times = Times::relative("2026-11-27T12:00:00Z".parse().unwrap(), TimeZone::UTC);
        super::read(query, &NAMES, &times)
    }

    #[test]
    fn filters_have_the_names_and_words_of_events() {
        let query = read("since=24h&event=airdrop,sale&event=listing&min_score=80&watched=true&cursor=a%3Ab")
            .unwrap();
        assert_eq!(query.filter.since.unwrap().to_string(), "2026-11-26T12:00:00Z");
        assert_eq!(query.filter.events, [Event::Airdrop, Event::Sale, Event::Listing]);
        assert_eq!(
            (query.filter.min_score, query.filter.watched, query.filter.limit),
            (Some(80), true, LIMIT)
        );
        assert_eq!(query.cursor.as_deref(), Some("a:b"));
        assert_eq!(read("").unwrap().filter.limit, LIMIT);
    }

    #[test]
    fn a_wrong_parameter_gives_one_sentence_with_what_is_known() {
        for (query, part) in [
            ("evnt=sale", "unknown parameter \"evnt\", did you mean event? Known are: since, event"),
            ("event=party", "event: \"party\" is none of announcement, snapshot"),
            ("limit=0", "limit: \"0\" should be a whole number from 1 to 500"),
            ("limit=99999999999999999999", "limit: "),
            ("min_score=101", "min_score: "),
            ("watched=yes", "watched: \"yes\" should be true or false"),
            ("since=soon", "since: write an age such as 24h"),
            ("after=1", "unknown parameter \"after\""),
        ] {
            let error = read(query).unwrap_err();
            assert!(error.starts_with(part), "{query}: {error}");
        }
    }
}
