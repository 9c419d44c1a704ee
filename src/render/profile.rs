//! A cycle's visits as Chrome trace events, which Perfetto, Speedscope and the browsers' own viewers open.

use std::time::Duration;

use serde_json::{Value, json};

use crate::figures::path::{Phase, VisitTrace};

/// One thread for each visit, named by its host; times in microseconds from the start of the cycle.
pub fn chrome(traces: &[VisitTrace]) -> String {
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    let event = |thread: usize, name: &str, start: Duration, took: Duration| -> Value {
        json!({ "name": name, "ph": "X", "pid": 1, "tid": thread + 1, "ts": us(start), "dur": us(took) })
    };
    let mut events = Vec::new();
    for (at, thread) in traces.iter().enumerate() {
        events.push(json!({
            "name": "thread_name", "ph": "M", "pid": 1, "tid": at + 1, "args": { "name": thread.host }
        }));
        events.push(event(at, "visit", thread.start, thread.saved.saturating_sub(thread.start)));
        events.extend(thread.spans.iter().map(|span| event(at, span.part.as_str(), span.start, span.took)));
        events.push(event(
            at,
            Phase::Save.as_str(),
            thread.completed,
            thread.saved.saturating_sub(thread.completed),
        ));
    }
    super::json(&json!({ "displayTimeUnit": "ms", "traceEvents": events }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::path::Span;

    #[test]
    fn every_span_is_an_event_in_the_thread_of_its_visit() {
        let ms = Duration::from_millis;
        let thread = VisitTrace {
            host: "a.example".to_owned(),
            parent: None,
            start: ms(1),
            completed: ms(9),
            saved: ms(10),
            spans: vec![Span { part: Phase::Answer, start: ms(2), took: ms(5) }],
        };
        let trace: Value = serde_json::from_str(&chrome(&[thread])).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        let names: Vec<_> = events.iter().map(|event| event["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["thread_name", "visit", "answer", "save"]);
        assert_eq!((events[2]["ts"].as_f64(), events[2]["dur"].as_f64()), (Some(2000.0), Some(5000.0)));
    }
}
