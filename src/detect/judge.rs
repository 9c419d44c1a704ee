//! One text in, one verdict out.

use super::{
    Item, Rules, bait,
    facts::{
        coins::{self, Listed},
        date, project, stage, token, venue,
    },
    lexicon::{Lexicon, Part, Reading, month},
    signals::Span,
    watch,
    weights::{EVENTS, Fired, STAGES, Sums},
};
use jiff::Timestamp;
use strum::VariantArray;

use crate::model::{Coin, Event, Kind, Reason, Stage, Verdict, event_date::day_of};
use crate::text::normal::readable;

/// Reasons told in a verdict.
const REASONS: usize = 8;
/// Tokens between a hedge and the noun it hedges.
const HEDGE_WINDOW: usize = 7;

/// Words before "may" that make it a permission: "who may take part".
const PERMITTED: [&str; 6] = ["who", "you", "users", "holders", "participants", "wallets"];
/// Words before the name of a month.
const MONTH_HEADS: [&str; 8] = ["in", "for", "on", "by", "until", "this", "late", "early"];

/// Groups that the verdict asks about beside the weights.
#[derive(Debug, Clone, Copy)]
pub struct VerdictGroups {
    hedge: u128,
    hedged: u128,
    wire: u128,
    lure: u128,
    sale: u128,
    advert: u128,
    trade: u128,
}

impl VerdictGroups {
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
            lure: lexicon.mask(&["lure"]),
            sale: lexicon.mask(&["presale", "tokensale", "ido"]),
            advert: lexicon.mask(&["prediction", "advert"]),
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
    /// Score from which this text counts as a launch.
    pub threshold: u8,
}

/// Judges `item`, read at `now` where that is known.
pub(super) fn judge(rules: &Rules, item: &Item, now: Option<Timestamp>) -> Judged {
    let reading = rules.compiled().lexicon.read(item.title, item.text, item.published.map(month));
    let seen = reading.title.seen | reading.body.seen;
    let own = own_rules(rules, &reading);
    let wanted = own.iter().any(|rule| rule.weight > 0);
    if own.iter().any(|rule| rule.mute)
        || !wanted && !rules.compiled().early_filter.passes(seen, !item.text.trim().is_empty())
    {
        let threshold = rules.settings.threshold;
        return Judged {
            verdict: Verdict::default(),
            reading,
            sums: Sums::default(),
            points: 0.0,
            threshold,
        };
    }
    let dates = date::event_dates(&reading, rules.compiled().fact_groups.core, item.published);
    let mut adder = rules.compiled().weights.start();
    rules.compiled().pair_features.signals(
        &rules.compiled().lexicon,
        item.kind,
        &reading,
        dates.event.as_ref().and_then(|when| when.relation),
        &mut adder,
    );
    let sums = adder.sums;
    let exact = rules.compiled().weights.score(sums.columns[0]);
    let added: i16 = own.iter().map(|rule| rule.weight).sum();
    let score = whole_score(exact + f32::from(added));
    let token = token::token(
        &rules.compiled().lexicon,
        &rules.compiled().fact_groups,
        &reading,
        item.title,
        item.text,
    );
    let project = project::project(
        &rules.compiled().lexicon,
        &rules.compiled().fact_groups,
        item.kind,
        &reading,
        item.title,
        item.text,
        token.as_deref(),
    );
    let event = Event::VARIANTS[best(&sums.columns[EVENTS..STAGES])];
    let said = Stage::VARIANTS[best(&sums.columns[STAGES..])];
    let today = item.published.or(now).map(day_of);
    let (stage, event_date) = stage::settle(said, event, dates, &reading, today);
    let mut verdict = Verdict {
        score,
        rumour: hedged(rules.compiled().marks, &reading),
        event: Some(event),
        stage: Some(stage),
        token: token.as_deref().map(readable),
        project: project.as_deref().map(readable),
        event_date,
        paid: paid(rules, item, &reading),
        ..Verdict::default()
    };
    let found = (verdict.project.clone(), verdict.token.clone());
    let threshold = name_watched(rules, item, &reading, &mut verdict);
    verdict.tge = score >= threshold && (verdict.watched || !rules.settings.watched_only);
    if verdict.tge {
        let compiled = rules.compiled();
        let coins = coins::coins(&compiled.lexicon, &compiled.fact_groups, &reading, item.title, item.text);
        name_others(rules, coins, &found, &mut verdict);
    }
    verdict.venue = venue::venue(
        &rules.compiled().fact_groups,
        &reading,
        item.title,
        item.text,
        verdict.project.as_deref(),
    );
    verdict.chain = venue::chain(&reading, verdict.project.as_deref());
    verdict.cautions = bait::cautions(
        &rules.settings.projects,
        item,
        &reading,
        verdict.official,
        rules.compiled().marks.lure,
    );
    let raised = sums.columns[0] - rules.compiled().weights.bias();
    let base = rules.compiled().weights.score(rules.compiled().weights.bias());
    let points = if raised.abs() < 0.05 { 0.0 } else { (exact - base) / raised };
    verdict.reasons = own
        .iter()
        .filter(|rule| rule.weight != 0)
        .map(|rule| Reason {
            signal: format!("user:{}", rule.text),
            weight: i32::from(rule.weight),
            text: stands(item, &reading, rule.span),
        })
        .chain(reasons(rules, item, &reading, &sums.fired, points))
        .collect();
    Judged { verdict, reading, sums, points, threshold }
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
    for (part, title) in [(&reading.title, true), (&reading.body, false)] {
        for &(index, first, last) in &part.rules {
            if found.iter().any(|(known, _)| *known == index) {
                continue;
            }
            let span = Span { title, first, last };
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
fn paid(rules: &Rules, item: &Item, reading: &Reading) -> bool {
    let (title, seen) = (reading.title.seen, reading.title.seen | reading.body.seen);
    let marks = rules.compiled().marks;
    seen & marks.wire != 0
        || rules.compiled().lexicon.is_wire(item.source)
        || item.kind == Kind::News && seen & marks.sale != 0 && title & marks.advert != 0
}

/// Puts the watch list's spelling in place of what the text was found to name; gives the threshold that applies.
fn name_watched(rules: &Rules, item: &Item, reading: &Reading, verdict: &mut Verdict) -> u8 {
    let projects = &rules.settings.projects;
    let usual = rules.settings.threshold;
    if projects.is_empty() {
        return usual;
    }
    let speaker = watch::speaker(projects, item.origin);
    let trade = (reading.title.seen | reading.body.seen) & rules.compiled().marks.trade != 0;
    let found = (verdict.project.as_deref(), verdict.token.as_deref());
    let named =
        speaker.or_else(|| watch::watched(&rules.compiled().lexicon, projects, reading, found, trade));
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
fn hedged(marks: VerdictGroups, reading: &Reading) -> bool {
    let part = if reading.title.tags.is_empty() { &reading.body } else { &reading.title };
    // "in May" is a month, "who may take part" a permission.
    let month = |at: usize| {
        at > 0 && part.normal.word(at) == "may" && {
            let before = part.normal.word(at - 1);
            MONTH_HEADS.contains(&before) || PERMITTED.contains(&before)
        }
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
            signal: rules.compiled().weights.name(strongest.row).to_owned(),
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
