//! One text in, one verdict out.

use super::{
    Item, Rules, bait,
    early::passes,
    facts::{
        self, Notice,
        coins::{self, Listed},
        date, notice, project, token, venue,
    },
    feedback::{Candidate, Feedback},
    groups::{Group, Groups},
    languages::language,
    lexicon::{Lexicon, month},
    reading::Reading,
    rules::Compiled,
    signals::{Span, signals},
    watch,
    weights::{EVENTS, Fired, STAGES, Sums, Weights},
};
use jiff::Timestamp;
use tge_scrape_encoder::Encoder;

use crate::model::{Coin, Kind, Reason, Verdict, event_date::day_of};
use crate::text::normal::readable;

/// Name of the encoder's part among the reasons.
pub(super) const ENCODER: &str = "encoder";
/// Most reasons of a verdict.
const REASONS: usize = 8;
/// Tokens between a hedge and the noun it hedges.
const HEDGE_WINDOW: usize = 7;

/// Words before "may" that make it a permission: "who may take part".
const PERMITTED: [&str; 6] = ["who", "you", "users", "holders", "participants", "wallets"];
/// Words before the name of a month.
const MONTH_HEADS: [&str; 8] = ["in", "for", "on", "by", "until", "this", "late", "early"];

/// A verdict with what it was drawn from.
#[derive(Default)]
pub(super) struct Judged<'a> {
    pub verdict: Verdict,
    pub reading: Reading<'a>,
    pub sums: Sums,
    /// Log-odds of a launch, before the user's own phrases.
    pub log_odds: f32,
    /// Points on the 0–100 scale that a raw point is worth here.
    pub points: f32,
    /// Points of the encoder, if it read the text.
    pub encoder_points: Option<f32>,
    /// Score from which this text counts as a launch.
    pub threshold: u8,
    /// How many of the verdict's first reasons are the user's own rules and labels.
    pub own_reasons: usize,
}

/// Judges `item`, read at `now` where that is known, with the labels of `feedback`.
pub(super) fn judge<'a>(
    rules: &Rules,
    item: &Item<'a>,
    now: Option<Timestamp>,
    feedback: &Feedback,
) -> Judged<'a> {
    let Compiled { lexicon, weights } = rules.compiled();
    let settings = &rules.settings;
    let reading = lexicon.read(item.title, item.text, item.published.map(month));
    let own = own_rules(rules, &reading);
    let wanted = own.iter().any(|rule| rule.weight > 0);
    // A post is short: less is asked of it.
    let complete = item.kind == Kind::News && !item.text.trim().is_empty();
    if own.iter().any(|rule| rule.mute) || !wanted && !passes(reading.seen(), complete) {
        return Judged { reading, threshold: settings.threshold, ..Judged::default() };
    }
    let limited = !settings.languages.is_empty();
    let lang = if limited { language(item.title, item.text) } else { None };
    if lang.is_some_and(|lang| !settings.languages.contains(&lang)) {
        let verdict = Verdict { lang, excluded: true, ..Verdict::default() };
        return Judged { verdict, reading, threshold: settings.threshold, ..Judged::default() };
    }
    let dates = date::event_dates(&reading, item.published);
    let notice = notice(lexicon, &reading);
    let relation = dates.relation();
    let mut adder = weights.start();
    signals(lexicon, (item.kind, item.author), &reading, relation, notice.as_ref(), &mut adder);
    let mut sums = adder.sums;
    let raw = sums.columns[0];
    let encoded =
        (settings.encoder && weights.is_open(raw)).then(|| Encoder::shared().read(item.title, item.text));
    if let Some(encoded) = &encoded {
        weights.add_facts(&mut sums.columns, encoded);
    }
    let log_odds = weights.log_odds(raw, encoded.as_ref());
    let exact = weights.score(log_odds);
    let added: i16 = own.iter().map(|rule| rule.weight).sum();
    let score = exact + f32::from(added);
    let only = notice.as_ref().and_then(Notice::coin);
    let token = only.and_then(|coin| coin.token.clone()).or_else(|| token::token(lexicon, &reading));
    let project = project::project(lexicon, item.kind, item.author, &reading, token.as_deref());
    let exchange = only.and_then(|_| venue::venue(&reading, None));
    let project = if exchange.is_some() && project == exchange { token.clone() } else { project };
    let today = item.published.or(now).map(day_of);
    let (events, stages) = sums.columns[EVENTS..].split_at(STAGES - EVENTS);
    let mut facts = facts::settle(events, stages, &dates, &reading, notice.as_ref(), today);
    let by_clock = notice
        .as_ref()
        .zip(facts.date.as_deref())
        .zip(item.published)
        .and_then(|((notice, date), published)| notice.stage_by_clock(&reading, date, published));
    facts.stage = by_clock.unwrap_or(facts.stage);
    let mut verdict = Verdict {
        score: whole_score(score),
        rumour: hedged(&reading),
        event: Some(facts.event),
        stage: Some(facts.stage),
        token: token.as_deref().map(readable),
        project: project.as_deref().map(readable),
        event_date: facts.date,
        paid: paid(lexicon, item, &reading),
        ..Verdict::default()
    };
    let found = (verdict.project.clone(), verdict.token.clone());
    let threshold = name_watched(rules, item, &reading, &mut verdict);
    let labelled = labelled(rules, feedback, item, &verdict);
    if let Some((points, dismissed, _)) = labelled {
        verdict.score = whole_score(score + points);
        verdict.rumour &= !dismissed;
    }
    verdict.tge = verdict.score >= threshold && (verdict.watched || !settings.watched_only);
    if verdict.tge {
        // Finding the language takes longer than the judgement: only launches need it.
        verdict.lang = lang.or_else(|| language(item.title, item.text));
        name_others(rules, coins::coins(lexicon, &reading), &found, &mut verdict);
    }
    verdict.venue = venue::venue(&reading, verdict.project.as_deref());
    verdict.chain = venue::chain(&reading, verdict.project.as_deref());
    verdict.cautions = bait::cautions(&settings.projects, item, &reading, verdict.official);
    let (slope, part) =
        (weights.slope(encoded.is_some()), encoded.as_ref().map(|encoded| weights.part(encoded)));
    let raised = slope * (raw - weights.bias()) + part.unwrap_or(0.0);
    let base = weights.score(log_odds - raised);
    let unit = if raised.abs() < 0.05 { 0.0 } else { (exact - base) / raised };
    let points = slope * unit;
    let encoder_points = part.map(|part| part * unit);
    let mut own_reasons: Vec<Reason> = own
        .iter()
        .filter(|rule| rule.weight != 0)
        .map(|rule| Reason {
            signal: format!("user:{}", rule.text),
            weight: i32::from(rule.weight),
            text: quote(&reading, rule.span),
        })
        .chain(labelled.map(|(.., reason)| reason))
        .collect();
    let count = own_reasons.len();
    own_reasons.extend(reasons(weights, &reading, &sums.fired, points, encoder_points));
    verdict.reasons = own_reasons;
    Judged { verdict, reading, sums, log_odds, points, encoder_points, threshold, own_reasons: count }
}

/// What the user's labels add to the score, whether they dismiss a rumour, and why.
fn labelled(
    rules: &Rules,
    feedback: &Feedback,
    item: &Item,
    verdict: &Verdict,
) -> Option<(f32, bool, Reason)> {
    if feedback.is_empty() {
        return None;
    }
    let candidate = Candidate {
        vector: &rules.vector(item.title, item.text, item.kind),
        project: verdict.project.as_deref(),
        token: verdict.token.as_deref(),
        watched: verdict.watched,
    };
    let adjustment = feedback.adjustment(&candidate)?;
    Some((adjustment.points, adjustment.dismisses(), adjustment.reason()))
}

/// A rule of the user's that matched.
struct Own<'a> {
    text: &'a str,
    weight: i16,
    mute: bool,
    span: Span,
}

/// The user's rules that `reading` matches, each once.
fn own_rules<'a>(rules: &'a Rules, reading: &Reading) -> Vec<Own<'a>> {
    let settings = &rules.settings;
    let mut found: Vec<(u16, Own)> = Vec::new();
    for (part, in_title) in [(&reading.title, true), (&reading.body, false)] {
        for &(index, first, last) in &part.rules {
            if found.iter().any(|(known, _)| *known == index) {
                continue;
            }
            let span = Span { in_title, first, last };
            let at = usize::from(index);
            let own = match settings.phrases.get(at) {
                Some(phrase) => Own { text: &phrase.text, weight: phrase.weight, mute: false, span },
                None => match settings.mute.get(at - settings.phrases.len()) {
                    Some(text) => Own { text, weight: 0, mute: true, span },
                    None => continue,
                },
            };
            found.push((index, own));
        }
    }
    found.into_iter().map(|(_, own)| own).collect()
}

/// Whether somebody paid for the text: a wire of press releases, a label that says so, or a presale beside talk of
/// other coins' prices.
fn paid(lexicon: &Lexicon, item: &Item, reading: &Reading) -> bool {
    let seen = reading.seen();
    seen.any(Group::Wire)
        || lexicon.is_wire(item.source)
        || item.kind == Kind::News && seen.any(Groups::SALE) && reading.title.seen.any(Groups::ADVERT)
}

/// Puts the watch list's spelling in place of what the text was found to name; gives the threshold that applies.
fn name_watched(rules: &Rules, item: &Item, reading: &Reading, verdict: &mut Verdict) -> u8 {
    let projects = &rules.settings.projects;
    let usual = rules.settings.threshold;
    if projects.is_empty() {
        return usual;
    }
    let speaker = watch::speaker(projects, item.origin);
    let trade = reading.seen().any(Groups::VOCABULARY);
    let found = (verdict.project.as_deref(), verdict.token.as_deref());
    let lexicon = &rules.compiled().lexicon;
    let named = speaker.or_else(|| watch::watched(lexicon, projects, reading, found, trade));
    let Some(index) = named else { return usual };
    let known = &projects[index];
    verdict.watched = true;
    verdict.project = Some(known.name.clone());
    verdict.token =
        known.tokens.first().filter(|_| known.tokens.len() == 1).cloned().or_else(|| verdict.token.take());
    verdict.official = speaker == Some(index);
    known.threshold.unwrap_or(usual)
}

/// Adds those of the `coins` of one notice that the verdict is not about already; none if it is about none of them.
/// `found` is what was named before the watch list put its own spelling in place.
fn name_others(
    rules: &Rules,
    coins: Vec<Listed>,
    found: &(Option<String>, Option<String>),
    verdict: &mut Verdict,
) {
    let projects = &rules.settings.projects;
    let mut coins: Vec<Coin> = coins
        .into_iter()
        .filter_map(|Listed { coin, established }| match watch::coin(projects, &coin) {
            Some(known) => Some(Coin {
                project: Some(known.name.clone()),
                token: known.tokens.first().filter(|_| known.tokens.len() == 1).cloned().or(coin.token),
                watched: true,
            }),
            // A ticker is a project's name only for want of another.
            None => {
                (!established).then(|| Coin { project: coin.project.or_else(|| coin.token.clone()), ..coin })
            }
        })
        .collect();
    let is = |coin: &Coin, project: &Option<String>, token: &Option<String>| {
        token.is_some() && coin.token == *token || project.is_some() && coin.project == *project
    };
    let own = coins.iter().position(|coin| is(coin, &verdict.project, &verdict.token));
    let own = own.or_else(|| {
        (!verdict.watched).then(|| coins.iter().position(|coin| is(coin, &found.0, &found.1))).flatten()
    });
    let Some(own) = own else { return };
    let own = coins.remove(own);
    if !verdict.watched {
        // Name and ticker of one coin, not of two.
        verdict.token = own.token.or_else(|| verdict.token.take());
        let other = |name: &String| {
            name.split_whitespace().any(|word| coins.iter().any(|coin| coin.token.as_deref() == Some(word)))
        };
        let named = own.project.as_ref() != verdict.token.as_ref();
        let known = verdict.project.take().filter(|name| !named && !other(name));
        verdict.project = known.or(own.project);
    }
    coins.retain(|coin| {
        let known = projects.iter().find(|known| coin.watched && coin.project.as_ref() == Some(&known.name));
        let threshold = known.and_then(|known| known.threshold).unwrap_or(rules.settings.threshold);
        verdict.score >= threshold && (coin.watched || !rules.settings.watched_only)
    });
    verdict.also = coins;
}

/// Whether the headline, or the post, only supposes: a hedge near the noun it hedges.
fn hedged(reading: &Reading) -> bool {
    let part = reading.head();
    // "in May" is a month, "who may take part" a permission.
    let month = |at: usize| {
        at > 0 && part.word(at) == "may" && {
            let before = part.word(at - 1);
            MONTH_HEADS.contains(&before) || PERMITTED.contains(&before)
        }
    };
    let hedges = part.tags.iter().enumerate().filter(|(at, tags)| tags.any(Groups::SUPPOSING) && !month(*at));
    hedges.map(|(at, _)| at).any(|at| {
        let window = at.saturating_sub(HEDGE_WINDOW)..(at + HEDGE_WINDOW + 1).min(part.tags.len());
        part.tags[window].iter().any(|tags| tags.any(Groups::SUPPOSED))
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0–100 fits")]
pub(super) fn whole_score(exact: f32) -> u8 {
    exact.clamp(0.0, 100.0).round() as u8
}

/// What moved the score, strongest first. The gains of signals that stand at one place are added up under the name of
/// the strongest.
fn reasons(
    weights: &Weights,
    reading: &Reading,
    fired: &[Fired],
    points: f32,
    encoder_points: Option<f32>,
) -> Vec<Reason> {
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
    let signals = places.into_iter().map(|(span, gain, strongest)| Reason {
        signal: weights.name(strongest.row).to_owned(),
        weight: whole(gain * points),
        text: span.map_or_else(String::new, |span| quote(reading, span)),
    });
    let encoder = encoder_points.map(|points| Reason {
        signal: ENCODER.to_owned(),
        weight: whole(points),
        text: String::new(),
    });
    let mut reasons: Vec<Reason> = signals.chain(encoder).filter(|reason| reason.weight != 0).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.weight.abs()));
    reasons.truncate(REASONS);
    reasons
}

#[expect(clippy::cast_possible_truncation, reason = "gains are small")]
pub(super) fn whole(points: f32) -> i32 {
    points.round() as i32
}

/// The words of a span as they stand in the text, in one line.
pub(super) fn quote(reading: &Reading, span: Span) -> String {
    let part = if span.in_title { &reading.title } else { &reading.body };
    part.words(span.first as usize, span.last as usize).split_whitespace().collect::<Vec<_>>().join(" ")
}
