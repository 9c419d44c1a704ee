//! A cycle's visits as Chrome trace events, which Perfetto, Speedscope and the browsers' own viewers open.

use std::time::Duration;

use serde_json::{Value, json};

use crate::figures::path::{Lane, Part};

/// A lane for each visit, named by its host, with what it did; times in microseconds from the cycle's start.
#[must_use]
pub fn chrome(lanes: &[Lane]) -> String {
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    let event = |lane: usize, name: &str, start: Duration, took: Duration| -> Value {
        json!({ "name": name, "ph": "X", "pid": 1, "tid": lane + 1, "ts": us(start), "dur": us(took) })
    };
    let mut events = Vec::new();
    for (at, lane) in lanes.iter().enumerate() {
        events.push(json!({
            "name": "thread_name", "ph": "M", "pid": 1, "tid": at + 1, "args": { "name": lane.host }
        }));
        events.push(event(at, "visit", lane.start, lane.saved.saturating_sub(lane.start)));
        events.extend(lane.spans.iter().map(|span| event(at, span.part.as_str(), span.start, span.took)));
        events.push(event(at, Part::Save.as_str(), lane.home, lane.saved.saturating_sub(lane.home)));
    }
    super::json(&json!({ "displayTimeUnit": "ms", "traceEvents": events }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::path::Span;

    #[test]
    fn every_stretch_is_an_event_in_the_lane_of_its_visit() {
        let ms = Duration::from_millis;
        let lane = Lane {
            host: "a.example".to_owned(),
            parent: None,
            start: ms(1),
            home: ms(9),
            saved: ms(10),
            spans: vec![Span { part: Part::Answer, start: ms(2), took: ms(5) }],
        };
        let trace: Value = serde_json::from_str(&chrome(&[lane])).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        let told: Vec<_> = events.iter().map(|event| event["name"].as_str().unwrap()).collect();
        assert_eq!(told, ["thread_name", "visit", "answer", "save"]);
        assert_eq!((events[2]["ts"].as_f64(), events[2]["dur"].as_f64()), (Some(2000.0), Some(5000.0)));
    }
}
