//! Why a text scores as it does, and what would change that.

use jiff::Timestamp;
use tge_scrape_encoder::Encoder;

use super::{
    Item, Rules,
    feedback::Feedback,
    judge::{ENCODER, Judged, judge, quote, whole, whole_score},
    reading::Part,
    weights::Weights,
    words::{WordedReason, in_words, worded},
};
use crate::model::Verdict;

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

/// A text with the places of words of the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marked {
    /// Without control characters but line breaks.
    pub text: String,
    /// First character of each place and the character after it; they do not overlap.
    pub spans: Vec<(usize, usize)>,
}

impl Marked {
    /// The text in pieces; the bool says whether the piece is marked.
    pub(crate) fn pieces(&self) -> Vec<(String, bool)> {
        let chars: Vec<char> = self.text.chars().collect();
        let piece = |from: usize, to: usize| chars.get(from..to).unwrap_or_default().iter().collect();
        let mut pieces = Vec::new();
        let mut at = 0;
        for (from, to) in &self.spans {
            pieces.push((piece(at, *from), false));
            pieces.push((piece(*from, *to), true));
            at = *to;
        }
        pieces.push((piece(at, chars.len()), false));
        pieces
    }
}

/// A verdict taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The verdict.
    pub verdict: Verdict,
    /// Score from which a text counts as a launch.
    pub threshold: u8,
    /// The title.
    pub title: Marked,
    /// The opening that was read.
    pub opening: Marked,
    /// What moved the score, in words, strongest first.
    pub reasons: Vec<WordedReason>,
    /// Every signal that moved the score by half a point or more, strongest first.
    pub lines: Vec<Line>,
    /// Circumstances whose absence alone would turn the verdict, and what is missing otherwise.
    pub change: Vec<String>,
}

/// A signal with its gain in log-odds and its exact points.
struct Gain {
    log_odds: f32,
    points: f32,
    line: Line,
}

impl Explanation {
    pub(super) fn new(rules: &Rules, item: &Item, now: Option<Timestamp>, feedback: &Feedback) -> Self {
        let Judged { verdict, reading, sums, log_odds, points, encoder_points, threshold, own_reasons } =
            judge(rules, item, now, feedback);
        let weights = &rules.compiled().weights;
        let slope = weights.slope(encoder_points.is_some());
        let gain = |signal: &str, log_odds: f32, points: f32, text: String| {
            let line = Line { signal: signal.to_owned(), points: whole(points), text };
            Gain { log_odds, points, line }
        };
        let mut gains: Vec<Gain> = sums
            .fired
            .iter()
            .map(|fired| {
                let text = fired.span.map_or_else(String::new, |span| quote(&reading, span));
                gain(weights.name(fired.row), fired.gain * slope, fired.gain * points, text)
            })
            .collect();
        if let Some(points) = encoder_points {
            let encoder = Encoder::shared();
            let launch = encoder.read(item.title, item.text);
            let words = encoder.moving_words(item.title, item.text);
            gains.push(gain(ENCODER, weights.part(&launch), points, words.join(", ")));
        }
        let change = change(weights, &verdict, threshold, log_odds, &gains);
        let own = verdict.reasons[..own_reasons].iter();
        // Phrases and labels of the user are points without a share in the model.
        gains.extend(own.map(|reason| {
            let (signal, text) = (reason.signal.as_str(), reason.text.clone());
            #[expect(clippy::cast_precision_loss, reason = "points are within some hundreds")]
            gain(signal, 0.0, reason.weight as f32, text)
        }));
        let all = gains.iter().map(|one| (one.line.signal.as_str(), one.points, one.line.text.as_str()));
        let reasons = worded(all);
        let mut lines: Vec<Line> = gains.into_iter().map(|gain| gain.line).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.points.abs()));
        lines.retain(|line| line.points != 0);
        Self {
            title: marked(&reading.title),
            opening: marked(&reading.body),
            reasons,
            lines,
            change,
            threshold,
            verdict,
        }
    }
}

/// Circumstances without which the verdict would be the other one.
fn change(weights: &Weights, verdict: &Verdict, threshold: u8, log_odds: f32, gains: &[Gain]) -> Vec<String> {
    if let Some(lang) = verdict.lang.filter(|_| verdict.excluded) {
        let lang = lang.as_str();
        return vec![format!("{lang:?} in detect.languages: texts in other languages are not judged")];
    }
    if gains.is_empty() {
        return vec!["a launch word (airdrop, TGE, listing …): without one a text is not scored".to_owned()];
    }
    let above = |log_odds: f32| whole_score(weights.score(log_odds)) >= threshold;
    let mut sums: Vec<(String, f32)> = Vec::new();
    for gain in gains {
        let words = in_words(&gain.line.signal);
        match sums.iter_mut().find(|(known, _)| *known == words) {
            Some((_, sum)) => *sum += gain.log_odds,
            None => sums.push((words, gain.log_odds)),
        }
    }
    sums.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let turning: Vec<String> = sums
        .into_iter()
        .filter(|(_, gain)| above(log_odds) != above(log_odds - gain))
        .take(5)
        .map(|(words, _)| format!("without this: {words}"))
        .collect();
    if turning.is_empty() {
        let gap = i32::from(verdict.score) - i32::from(threshold);
        let side = if gap >= 0 { "above" } else { "below" };
        return vec![format!(
            "no single word decides it: {} points {side} the threshold of {threshold}",
            gap.abs()
        )];
    }
    turning
}

/// The text as far as it was read, with the places of words of the vocabulary.
fn marked(part: &Part) -> Marked {
    // Control characters would play tricks on a terminal.
    let clean = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    let tokens = &part.normal.tokens;
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let longest =
            part.hits.iter().filter(|hit| hit.first as usize == index).map(|hit| hit.last as usize).max();
        if let Some(last) = longest {
            places.push((tokens[index].start as usize, tokens[last].end as usize));
        }
        index = longest.unwrap_or(index) + 1;
    }
    let end = tokens.last().map_or(0, |token| token.end as usize);
    let text = part.text.get(..end).unwrap_or_default();
    let mut spans = Vec::new();
    let mut counted = (0, 0);
    // Places are in order, so each character is counted once.
    let mut chars_to = |to: usize| {
        counted.1 += text.get(counted.0..to).map_or(0, |piece| piece.chars().count());
        counted.0 = to;
        counted.1
    };
    for (from, to) in places {
        let first = chars_to(from);
        spans.push((first, chars_to(to)));
    }
    Marked { text: text.chars().map(clean).collect(), spans }
}
