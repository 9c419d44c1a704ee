//! The document of a summary, made from what the database has of its time. Pure.

use std::{cmp::Reverse, collections::HashMap};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    alert::wording::shown,
    figures::{
        report::Usd,
        sources::{Attention, attention},
    },
    model::{
        ClassCounts, CycleFacts, CyclesInTime, FirstReporter, Listed, Machine, Percentiles, SilentFeed,
        SourceState, Summary, SummaryFacts, SummaryStory, XSpending, event_date::event_days,
    },
};

/// Items of one list that are stored with a message.
const LISTED: usize = 40;
/// Characters of a headline.
const TITLE: usize = 200;
/// Characters of a name.
const NAME: usize = 60;
/// Characters of an address.
const ADDRESS: usize = 600;

/// The first and the last of the days for which launches are due after `to`.
pub fn dated_days(to: Timestamp, zone: &TimeZone) -> (Date, Date) {
    let first = to.to_zoned_datetime(zone.clone()).date();
    (first, first.saturating_add(jiff::Span::new().days(6)))
}

/// The summary of the time from `from` to `to`. `names` gives the name of a feed of the settings by its address;
/// `before` is the size of the database at the last summary. `is_ops`: with the state of the program.
pub fn build(
    facts: SummaryFacts,
    (from, to): (Timestamp, Timestamp),
    states: &[SourceState],
    names: &dyn Fn(&str) -> Option<String>,
    budget_usd: f64,
    is_ops: bool,
    before: Option<u64>,
) -> Summary {
    let mut launches = ClassCounts::default();
    let mut first: HashMap<&str, usize> = HashMap::new();
    for story in &facts.stories {
        launches.add(story.class);
        *first.entry(story.source.as_str()).or_default() += 1;
    }
    let mut first: Vec<FirstReporter> = first
        .into_iter()
        .map(|(source, stories)| FirstReporter { source: shown(source, NAME), stories })
        .collect();
    first.sort_by(|a, b| (Reverse(a.stories), &a.source).cmp(&(Reverse(b.stories), &b.source)));
    let machine = is_ops.then(|| Machine {
        cycle_ms: percentiles(&facts.cycles),
        failures: Listed::of(facts.failures.clone(), LISTED),
        database_bytes: facts.database_bytes,
        database_bytes_before: before,
    });
    let (mut stories, mut due) = (facts.stories, facts.due);
    stories.sort_by(|a, b| {
        (Reverse(a.class), Reverse(a.score), &a.story_id).cmp(&(
            Reverse(b.class),
            Reverse(b.score),
            &b.story_id,
        ))
    });
    due.sort_by(|a, b| {
        let day = |story: &SummaryStory| story.event_date.as_deref().and_then(event_days);
        (day(a), Reverse(a.class), &a.story_id).cmp(&(day(b), Reverse(b.class), &b.story_id))
    });
    let listed = |stories: Vec<SummaryStory>| {
        let Listed { items, more } = Listed::of(stories, LISTED);
        Listed { items: items.into_iter().map(harmless).collect(), more }
    };
    Summary {
        from,
        to,
        launches,
        stories: listed(stories),
        due: listed(due),
        first: Listed::of(first, LISTED),
        silent: Listed::of(silent(states, names, (from, to)), LISTED),
        alerts: Listed::of(facts.alerts, LISTED),
        x: spending(&facts.cycles, budget_usd),
        cycles: cycles(&facts.cycles, facts.had_cycles_before, (from, to)),
        machine,
    }
}

fn harmless(story: SummaryStory) -> SummaryStory {
    SummaryStory {
        title: shown(&story.title, TITLE),
        url: shown(&story.url, ADDRESS),
        source: shown(&story.source, NAME),
        project: story.project.map(|name| shown(&name, NAME)),
        token: story.token.map(|name| shown(&name, NAME)),
        event_date: story.event_date.map(|date| shown(&date, 20)),
        ..story
    }
}

/// Feeds that fell silent in the time or were removed in it, and those that fail at its end.
fn silent(
    states: &[SourceState],
    names: &dyn Fn(&str) -> Option<String>,
    (from, to): (Timestamp, Timestamp),
) -> Vec<SilentFeed> {
    let mut silent: Vec<SilentFeed> = states
        .iter()
        .filter_map(|state| {
            let name = names(&state.url)?;
            let is_new = match attention(state, to)? {
                Attention::Silent => attention(state, from) != Some(Attention::Silent),
                Attention::Gone => state.gone_at.is_some_and(|at| at >= from),
                Attention::Failing => true,
                Attention::Slow | Attention::NeverYields => false,
            };
            let reason = attention(state, to)?.as_str().to_owned();
            is_new.then(|| SilentFeed { feed: shown(&name, NAME), reason, since: state.changed_at })
        })
        .collect();
    silent.sort_by(|a, b| a.feed.cmp(&b.feed));
    silent
}

fn cycles(facts: &[CycleFacts], had_before: bool, (from, to): (Timestamp, Timestamp)) -> CyclesInTime {
    // Before the first cycle of all nothing was missed.
    let starts = had_before.then_some(from).into_iter().chain(facts.iter().map(|cycle| cycle.started_at));
    let starts: Vec<Timestamp> = starts.chain((!facts.is_empty() || had_before).then_some(to)).collect();
    let gap = |pair: &[Timestamp]| pair[1].duration_since(pair[0]).as_secs();
    CyclesInTime {
        all: facts.len(),
        ok: facts.iter().filter(|cycle| cycle.exit_code == Some(0)).count(),
        timed_out: facts.iter().filter(|cycle| cycle.deadline_hit).count(),
        longest_gap_s: starts.windows(2).map(gap).max(),
    }
}

fn percentiles(facts: &[CycleFacts]) -> Option<Percentiles> {
    let mut took: Vec<u64> = facts.iter().filter_map(|cycle| cycle.duration_ms).collect();
    took.sort_unstable();
    // The nearest rank.
    let at = |percent: usize| took.get((took.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    Some(Percentiles { p50: at(50)?, p95: at(95)?, p99: at(99)?, max: *took.last()? })
}

fn spending(facts: &[CycleFacts], budget_usd: f64) -> Option<XSpending> {
    let usd = |text: &Option<String>| Usd::try_from(text.clone()?).ok();
    let cost =
        Usd { micros: facts.iter().filter_map(|cycle| usd(&cycle.x_cost_usd)).map(|usd| usd.micros).sum() };
    let month = facts.iter().rev().find_map(|cycle| usd(&cycle.x_month_cost_usd)).unwrap_or_default();
    (cost.micros > 0 || month.micros > 0).then(|| XSpending {
        cost_usd: cost.into(),
        month_cost_usd: month.into(),
        budget_usd: format!("{budget_usd:.6}"),
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{
        alert::samples::{facts, hostile, now, summary_story},
        model::Class,
    };

    fn week() -> (Timestamp, Timestamp) {
        (now() - SignedDuration::from_hours(7 * 24), now())
    }

    fn built(facts: SummaryFacts) -> Summary {
        build(facts, week(), &[], &|_| None, 5.0, true, Some(1_000))
    }

    #[test]
    fn launches_are_counted_by_class_and_the_rest_of_a_long_list_is_counted() {
        let summary = built(facts(50));
        assert_eq!(
            (summary.launches.high, summary.stories.items.len(), summary.stories.more),
            (50, LISTED, 10)
        );
        let critical = SummaryStory { class: Class::Critical, score: 80, ..summary_story(99) };
        let summary =
            built(SummaryFacts { stories: vec![summary_story(1), critical], ..SummaryFacts::default() });
        assert_eq!(summary.stories.items[0].class, Class::Critical);
        assert_eq!(summary.first.items.iter().map(|first| first.stories).sum::<usize>(), 2);
    }

    #[test]
    fn what_is_due_comes_in_the_order_of_its_dates() {
        let dated =
            |date: &str, number| SummaryStory { event_date: Some(date.to_owned()), ..summary_story(number) };
        let due = vec![dated("2026-11-27", 1), dated("2026-11-22", 2)];
        let summary = built(SummaryFacts { due, ..SummaryFacts::default() });
        assert_eq!(summary.due.items[0].event_date.as_deref(), Some("2026-11-22"));
        assert_eq!(dated_days(now(), &TimeZone::UTC).1.to_string(), "2026-11-27");
    }

    #[test]
    fn cycles_in_time_are_counted_with_their_longest_gap() {
        let cycles = built(facts(1)).cycles;
        // Cycles each hour; the last but one failed, and three hours passed before the last.
        assert_eq!(
            (cycles.all, cycles.ok, cycles.timed_out, cycles.longest_gap_s),
            (8, 7, 1, Some(3 * 3600))
        );
        assert_eq!(built(SummaryFacts::default()).cycles.longest_gap_s, None);
        let asleep = SummaryFacts { had_cycles_before: true, ..SummaryFacts::default() };
        assert_eq!(built(asleep).cycles.longest_gap_s, Some(7 * 86_400));
    }

    #[test]
    fn the_machine_has_percentiles_and_x_its_money() {
        let summary = built(facts(1));
        let machine = summary.machine.unwrap();
        assert_eq!(machine.cycle_ms, Some(Percentiles { p50: 400, p95: 800, p99: 800, max: 800 }));
        assert_eq!((machine.database_bytes, machine.database_bytes_before), (4_000_000, Some(1_000)));
        assert_eq!(summary.x.unwrap().cost_usd, "0.080000");
        assert_eq!(built(SummaryFacts::default()).x, None);
    }

    #[test]
    fn a_feed_is_named_in_the_week_in_which_it_fell_silent() {
        let days = |days: i64| Some(now() - SignedDuration::from_hours(24 * days));
        let state = |url: &str, changed| SourceState {
            url: url.to_owned(),
            changed_at: changed,
            ..SourceState::default()
        };
        let mut states =
            vec![state("a", days(1)), state("b", days(8)), state("c", days(30)), state("off", days(8))];
        states.push(SourceState { failures: 4, ..state("d", days(1)) });
        let names = |url: &str| (url != "off").then(|| url.to_uppercase());
        let listed = silent(&states, &names, week());
        let listed: Vec<_> = listed.iter().map(|feed| (feed.feed.as_str(), feed.reason.as_str())).collect();
        assert_eq!(listed, [("B", "silent"), ("D", "failing")]);
    }

    #[test]
    fn no_text_of_a_feed_steers_or_fills_a_summary() {
        for text in hostile() {
            let story = SummaryStory {
                title: text.clone(),
                source: text.clone(),
                project: Some(text),
                ..summary_story(1)
            };
            let summary = built(SummaryFacts { stories: vec![story], ..SummaryFacts::default() });
            let json = serde_json::to_string(&summary).unwrap();
            assert!(json.chars().count() < 3_000 && !json.contains(['\u{202E}', '\u{2066}']), "{json}");
        }
    }
}
