//! One text in, one verdict out.

use super::{
    Item, Rules,
    facts::{date, project, token},
    lexicon::{Lexicon, Part, Reading, month},
    signals::Span,
    watch,
    weights::{EVENTS, Fired, STAGES, Sums},
};
use crate::model::{Event, Reason, Stage, Verdict};

/// Reasons told in a verdict.
const REASONS: usize = 8;
/// Tokens between a hedge and the noun it hedges.
const HEDGE_WINDOW: usize = 7;

/// Words before the name of a month.
const MONTH_HEADS: [&str; 8] = ["in", "for", "on", "by", "until", "this", "late", "early"];

/// Groups that the verdict asks about beside the weights.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    hedge: u128,
    hedged: u128,
    wire: u128,
    trade: u128,
}

impl Marks {
    /// Looks up the groups by name.
    #[must_use]
    pub fn new(lexicon: &Lexicon) -> Self {
        Self {
            hedge: lexicon.mask(&["hedge", "suppose"]),
            hedged: lexicon.mask(&[
                "airdrop",
                "airdropped",
                "tokenlaunch",
                "tokensale",
                "presale",
                "tge",
                "newtoken",
                "list",
                "ido",
            ]),
            wire: lexicon.mask(&["wire"]),
            trade: lexicon.mask(&[
                "airdrop",
                "airdropped",
                "claim",
                "presale",
                "tokensale",
                "ido",
                "launchpad",
                "tge",
                "tokenlaunch",
                "newtoken",
                "token",
                "trading",
                "list",
                "mainnet",
                "testnet",
                "tokenomics",
                "nft",
                "stablecoin",
                "third",
                "old",
                "cashtag",
                "venue",
            ]),
        }
    }
}

/// A verdict with what it was drawn from.
pub(super) struct Judged {
    pub verdict: Verdict,
    pub reading: Reading,
    pub sums: Sums,
    /// Points on the 0–100 scale that a raw point is worth here.
    pub points: f32,
}

/// Judges `item`.
pub(super) fn judge(rules: &Rules, item: &Item) -> Judged {
    let reading = rules.lexicon.read(item.title, item.text, item.published.map(month));
    let seen = reading.title.seen | reading.body.seen;
    if !rules.gate.passes(seen, !item.text.trim().is_empty()) {
        return Judged { verdict: Verdict::default(), reading, sums: Sums::default(), points: 0.0 };
    }
    let when = date::event_date(&reading, rules.clues.core, item.published);
    let mut adder = rules.weights.start();
    rules.frames.signals(
        &rules.lexicon,
        item.kind,
        &reading,
        when.as_ref().and_then(|when| when.lies),
        &mut adder,
    );
    let sums = adder.sums;
    let exact = rules.weights.score(sums.columns[0]);
    let score = whole_score(exact);
    let token = token::token(&rules.lexicon, &rules.clues, &reading, item.title, item.text);
    let project = project::project(
        &rules.lexicon,
        &rules.clues,
        item.kind,
        &reading,
        item.title,
        item.text,
        token.as_deref(),
    );
    let mut verdict = Verdict {
        score,
        rumour: hedged(rules.marks, &reading),
        event: Some(Event::ALL[best(&sums.columns[EVENTS..STAGES])]),
        stage: Some(Stage::ALL[best(&sums.columns[STAGES..])]),
        token,
        project,
        event_date: when.map(|when| when.date),
        paid: seen & rules.marks.wire != 0 || rules.lexicon.is_wire(item.source),
        ..Verdict::default()
    };
    name_watched(rules, item, &reading, &mut verdict);
    verdict.tge = score >= rules.settings.threshold && (verdict.watched || !rules.settings.watched_only);
    let raised = sums.columns[0] - rules.weights.bias();
    let base = rules.weights.score(rules.weights.bias());
    let points = if raised.abs() < 0.05 { 0.0 } else { (exact - base) / raised };
    verdict.reasons = reasons(rules, item, &reading, &sums.fired, points);
    Judged { verdict, reading, sums, points }
}

/// Puts the watch list's spelling in place of what the text was found to name.
fn name_watched(rules: &Rules, item: &Item, reading: &Reading, verdict: &mut Verdict) {
    let projects = &rules.settings.projects;
    if projects.is_empty() {
        return;
    }
    let trade = (reading.title.seen | reading.body.seen) & rules.marks.trade != 0;
    let found = (verdict.project.as_deref(), verdict.token.as_deref());
    if let Some(index) = watch::watched(&rules.lexicon, projects, reading, item.author, found, trade) {
        let known = &projects[index];
        verdict.watched = true;
        verdict.project = Some(known.name.clone());
        verdict.token = known
            .tokens
            .first()
            .filter(|_| known.tokens.len() == 1)
            .cloned()
            .or_else(|| verdict.token.take());
        verdict.official = watch::speaker(projects, item.author) == Some(index);
    }
}

/// Whether the headline, or the post, only supposes: a hedge near the noun it hedges.
fn hedged(marks: Marks, reading: &Reading) -> bool {
    let part = if reading.title.tags.is_empty() { &reading.body } else { &reading.title };
    // "in May" is a month.
    let month = |at: usize| {
        at > 0 && part.normal.word(at) == "may" && MONTH_HEADS.contains(&part.normal.word(at - 1))
    };
    let hedges = part.tags.iter().enumerate().filter(|(at, tags)| **tags & marks.hedge != 0 && !month(*at));
    hedges.map(|(at, _)| at).any(|at| {
        let window = at.saturating_sub(HEDGE_WINDOW)..(at + HEDGE_WINDOW + 1).min(part.tags.len());
        part.tags[window].iter().any(|tags| tags & marks.hedged != 0)
    })
}

fn best(values: &[f32]) -> usize {
    (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0–100 fits")]
pub(super) fn whole_score(exact: f32) -> u8 {
    exact.clamp(0.0, 100.0).round() as u8
}

/// What moved the score, strongest first: the gains of signals that stand at one place are told as one, under the
/// name of the strongest.
fn reasons(rules: &Rules, item: &Item, reading: &Reading, fired: &[Fired], points: f32) -> Vec<Reason> {
    let mut places: Vec<(Option<Span>, f32, Fired)> = Vec::new();
    for one in fired {
        match places.iter_mut().find(|(span, _, _)| *span == one.span && span.is_some()) {
            Some((_, gain, strongest)) => {
                *gain += one.gain;
                if one.gain.abs() > strongest.gain.abs() {
                    *strongest = *one;
                }
            }
            None => places.push((one.span, one.gain, *one)),
        }
    }
    places.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    places
        .into_iter()
        .take(REASONS)
        .map(|(span, gain, strongest)| Reason {
            signal: rules.weights.name(strongest.row).to_owned(),
            weight: whole(gain * points),
            text: span.map_or_else(String::new, |span| stands(item, reading, span)),
        })
        .filter(|reason| reason.weight != 0)
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "gains are small")]
pub(super) fn whole(points: f32) -> i32 {
    points.round() as i32
}

/// The words of a span as they stand in the text, in one line.
pub(super) fn stands(item: &Item, reading: &Reading, span: Span) -> String {
    let (part, text): (&Part, &str) =
        if span.title { (&reading.title, item.title) } else { (&reading.body, item.text) };
    super::facts::words(text, part, span.first as usize, span.last as usize)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
