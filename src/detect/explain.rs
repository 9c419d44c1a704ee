//! Why a text scores as it does, and what would change that. Rendering is pure: text in, text out.

use std::fmt::Write as _;

use jiff::Timestamp;
use tge_scrape_encoder::Encoder;

use super::{
    Item, Rules,
    feedback::Feedback,
    judge::{ENCODER, Judged, judge, quote, whole, whole_score},
    reading::Part,
    weights::Weights,
};
use crate::model::{Coin, Verdict};

/// One signal that counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name.
    pub signal: String,
    /// Points on the 0–100 scale.
    pub points: i32,
    /// The words that fired it; empty for one about the text as a whole.
    pub text: String,
}

/// A verdict taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The verdict.
    pub verdict: Verdict,
    /// Score from which a text counts as a launch.
    pub threshold: u8,
    /// The title, words of signals in `[…]`.
    pub title: String,
    /// The opening that was read, marked in the same way.
    pub opening: String,
    /// Every signal that moved the score by half a point or more, strongest first.
    pub lines: Vec<Line>,
    /// Signals whose absence alone would turn the verdict, and what is missing otherwise.
    pub change: Vec<String>,
}

impl Explanation {
    pub(super) fn new(rules: &Rules, item: &Item, now: Option<Timestamp>, feedback: &Feedback) -> Self {
        let Judged { verdict, reading, sums, log_odds, points, encoder_points, threshold, own_reasons } =
            judge(rules, item, now, feedback);
        let weights = &rules.compiled().weights;
        let slope = weights.slope(encoder_points.is_some());
        let mut lines: Vec<(f32, Line)> = sums
            .fired
            .iter()
            .map(|fired| {
                let line = Line {
                    signal: weights.name(fired.row).to_owned(),
                    points: whole(fired.gain * points),
                    text: fired.span.map_or_else(String::new, |span| quote(&reading, span)),
                };
                (fired.gain * slope, line)
            })
            .collect();
        if let Some(points) = encoder_points {
            let encoder = Encoder::shared();
            let launch = encoder.read(item.title, item.text);
            let words = encoder.moving_words(item.title, item.text);
            let line = Line { signal: ENCODER.to_owned(), points: whole(points), text: words.join(", ") };
            lines.push((weights.part(&launch), line));
        }
        lines.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let change = change(weights, &verdict, threshold, log_odds, &lines);
        let mut lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
        lines.extend(verdict.reasons[..own_reasons].iter().map(|reason| Line {
            signal: reason.signal.clone(),
            points: reason.weight,
            text: reason.text.clone(),
        }));
        lines.sort_by_key(|line| std::cmp::Reverse(line.points.abs()));
        Self {
            title: marked(&reading.title),
            opening: marked(&reading.body),
            lines: lines.into_iter().filter(|line| line.points != 0).collect(),
            change,
            threshold,
            verdict,
        }
    }

    /// The explanation as text for people, without colour.
    #[must_use]
    pub fn render(&self) -> String {
        let verdict = &self.verdict;
        let mut out = String::new();
        let word = if verdict.tge { "a token launch" } else { "no token launch" };
        let _ = writeln!(out, "{word}: score {} (threshold {})", verdict.score, self.threshold);
        let facts = [
            ("event", verdict.event.map(|event| event.as_str().to_owned())),
            ("stage", verdict.stage.map(|stage| stage.as_str().to_owned())),
            ("project", verdict.project.clone()),
            ("token", verdict.token.clone()),
            (
                "also",
                (!verdict.also.is_empty())
                    .then(|| verdict.also.iter().map(coin).collect::<Vec<_>>().join(", ")),
            ),
            ("date", verdict.event_date.clone()),
            ("rumour", verdict.rumour.then(|| "yes".to_owned())),
            ("watched", verdict.watched.then(|| "yes".to_owned())),
            ("venue", verdict.venue.clone()),
            ("chain", verdict.chain.clone()),
            ("language", verdict.lang.map(|lang| lang.as_str().to_owned())),
            ("official", verdict.official.then(|| "yes".to_owned())),
            ("paid placement", verdict.paid.then(|| "yes".to_owned())),
            (
                "caution",
                (!verdict.cautions.is_empty()).then(|| {
                    verdict.cautions.iter().map(|caution| caution.as_str()).collect::<Vec<_>>().join(", ")
                }),
            ),
        ];
        for (name, value) in facts {
            if let Some(value) = value {
                let _ = writeln!(out, "  {name:<15}{value}");
            }
        }
        for (name, text) in [("title", &self.title), ("text", &self.opening)] {
            if !text.trim().is_empty() {
                let _ = writeln!(out, "\n{name}\n  {}", text.trim().replace('\n', "\n  "));
            }
        }
        if !self.lines.is_empty() {
            let _ = writeln!(out, "\nsignals (points)");
            for line in &self.lines {
                let _ = writeln!(out, "  {:>+4}  {:<36} {}", line.points, line.signal, line.text);
            }
        }
        let _ = writeln!(out, "\nwhat would change the verdict");
        for line in &self.change {
            let _ = writeln!(out, "  {line}");
        }
        out
    }
}

fn coin(coin: &Coin) -> String {
    match (&coin.project, &coin.token) {
        (Some(project), Some(token)) => format!("{project} {token}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    }
}

/// Signals without which the verdict would be the other one.
fn change(
    weights: &Weights,
    verdict: &Verdict,
    threshold: u8,
    log_odds: f32,
    lines: &[(f32, Line)],
) -> Vec<String> {
    if let Some(lang) = verdict.lang.filter(|_| verdict.excluded) {
        let lang = lang.as_str();
        return vec![format!("{lang:?} in detect.languages: texts in other languages are not judged")];
    }
    if lines.is_empty() {
        return vec!["any vocabulary of launches: the text has none, and so was not weighed".to_owned()];
    }
    let above = |log_odds: f32| whole_score(weights.score(log_odds)) >= threshold;
    let turning: Vec<String> = lines
        .iter()
        .filter(|(gain, _)| above(log_odds) != above(log_odds - gain))
        .take(5)
        .map(|(_, line)| {
            let place = if line.text.is_empty() { String::new() } else { format!(" (“{}”)", line.text) };
            format!("without {}{place}", line.signal)
        })
        .collect();
    if turning.is_empty() {
        let gap = i32::from(verdict.score) - i32::from(threshold);
        let side = if gap >= 0 { "above" } else { "below" };
        return vec![format!("no single signal: it stands {} points {side} the threshold", gap.abs())];
    }
    turning
}

/// The text as far as it was read, words of the vocabulary in brackets.
fn marked(part: &Part) -> String {
    let text = part.text;
    let mut out = String::new();
    let mut at = 0;
    let mut index = 0;
    while index < part.normal.tokens.len() {
        let token = part.normal.tokens[index];
        let longest =
            part.hits.iter().filter(|hit| hit.first as usize == index).map(|hit| hit.last as usize).max();
        if let Some(last) = longest {
            let end = part.normal.tokens[last].end as usize;
            out.push_str(text.get(at..token.start as usize).unwrap_or_default());
            out.push('[');
            out.push_str(text.get(token.start as usize..end).unwrap_or_default());
            out.push(']');
            at = end;
            index = last + 1;
        } else {
            index += 1;
        }
    }
    let end = part.normal.tokens.last().map_or(0, |token| token.end as usize).max(at);
    out.push_str(text.get(at..end).unwrap_or_default());
    // Control characters would play tricks on a terminal.
    out.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
