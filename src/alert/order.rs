//! The order of launches in the messages of a channel, and how many of them one source may have. Pure.
//!
//! Class comes first, then evidence: the watch list, an official source, the tier of the source. The score comes last,
//! because any stranger's text can raise it.

use std::{cmp::Reverse, collections::HashMap};

use crate::model::{Alert, Body, Class, Detection};

/// Alerts that share one position in a message: the coins of one notice, or a single launch.
pub(super) type Group = Vec<Alert>;

/// What decides before the score: class, watched, official, tier.
type Priority = (Class, bool, bool, Reverse<u8>);

/// `alerts` in the order in which a channel reports them. Launches of one priority alternate between sources.
pub(super) fn ordered(mut alerts: Vec<Alert>) -> Vec<Group> {
    alerts.sort_by(|a, b| {
        let key = |alert: &Alert| Reverse((priority(alert), score(alert)));
        (key(a), a.created_at, &a.id).cmp(&(key(b), b.created_at, &b.id))
    });
    let mut rounds: HashMap<(Priority, String), usize> = HashMap::new();
    let mut groups: Vec<(Reverse<Priority>, usize, Group)> = Vec::new();
    for group in by_notice(alerts) {
        let priority = priority(&group[0]);
        let round = rounds.entry((priority, source(&group).to_owned())).or_default();
        groups.push((Reverse(priority), *round, group));
        *round += 1;
    }
    // Stable: within a round the score decides.
    groups.sort_by_key(|(priority, round, _)| (*priority, *round));
    groups.into_iter().map(|(.., group)| group).collect()
}

/// The groups for `places` positions, and the rest, both in order. One source gets at most half while others wait.
pub(super) fn share(groups: Vec<Group>, places: usize) -> (Vec<Group>, Vec<Group>) {
    let most = places.div_ceil(2);
    let mut had: HashMap<String, usize> = HashMap::new();
    let mut chosen: Vec<bool> = Vec::with_capacity(groups.len());
    let mut taken = 0;
    for group in &groups {
        let had = had.entry(source(group).to_owned()).or_default();
        let fits = taken < places && *had < most;
        *had += usize::from(fits);
        taken += usize::from(fits);
        chosen.push(fits);
    }
    for chosen in &mut chosen {
        if taken < places && !*chosen {
            *chosen = true;
            taken += 1;
        }
    }
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for (group, chosen) in groups.into_iter().zip(chosen) {
        if chosen { first.push(group) } else { rest.push(group) }
    }
    (first, rest)
}

/// Groups the coins of one notice at the position of the first.
fn by_notice(alerts: Vec<Alert>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<(String, String, String), usize> = HashMap::new();
    for alert in alerts {
        let Some(found) = first_report(&alert) else {
            groups.push(vec![alert]);
            continue;
        };
        let notice = (found.url.clone(), found.title.clone(), found.source.clone());
        let place = *known.entry(notice).or_insert(groups.len());
        let coin = |found: &Detection| (found.project.clone(), found.token.clone());
        match groups.get_mut(place) {
            Some(group) if group.iter().filter_map(first_report).all(|other| coin(other) != coin(found)) => {
                group.push(alert);
            }
            _ => groups.push(vec![alert]),
        }
    }
    groups
}

/// The detection of a launch that is reported for the first time.
fn first_report(alert: &Alert) -> Option<&Detection> {
    match &alert.body {
        Body::News { detection, change: None, .. } => Some(detection),
        _ => None,
    }
}

fn priority(alert: &Alert) -> Priority {
    match &alert.body {
        Body::News { detection, tier, .. } => {
            (alert.class, detection.watched, detection.official, Reverse(*tier))
        }
        _ => (alert.class, false, false, Reverse(u8::MAX)),
    }
}

fn score(alert: &Alert) -> u8 {
    if let Body::News { detection, .. } = &alert.body { detection.score } else { 0 }
}

fn source(group: &[Alert]) -> &str {
    match group.first().map(|alert| &alert.body) {
        Some(Body::News { detection, .. }) => &detection.source,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::{self, detection};

    fn alert(id: &str, tier: u8, found: Detection) -> Alert {
        let body = Body::News { detection: Box::new(found.clone()), change: None, tier };
        Alert { body, ..samples::alert(id, found) }
    }

    fn launch(source: &str, number: usize, score: u8) -> Detection {
        Detection {
            project: Some(format!("{source} {number}")),
            title: format!("{source} {number} opens its claim"),
            url: format!("https://{source}.example/{number}"),
            source: source.to_owned(),
            watched: false,
            score,
            ..detection()
        }
    }

    fn ids(groups: &[Group]) -> Vec<Vec<&str>> {
        groups.iter().map(|group| group.iter().map(|alert| alert.id.as_str()).collect()).collect()
    }

    #[test]
    fn evidence_comes_before_the_score() {
        let base = launch("one", 1, 76);
        let alerts = vec![
            alert("scored", 3, launch("two", 1, 100)),
            alert("tier", 2, launch("three", 1, 90)),
            alert("official", 3, Detection { official: true, ..base.clone() }),
            alert("watched", 3, Detection { watched: true, ..launch("four", 1, 75) }),
            alert("critical", 3, Detection { class: Class::Critical, ..launch("five", 1, 80) }),
        ];
        assert_eq!(ids(&ordered(alerts)).concat(), ["critical", "watched", "official", "tier", "scored"]);
    }

    #[test]
    fn sources_of_one_priority_alternate() {
        let mut alerts: Vec<Alert> =
            (0..5).map(|number| alert(&format!("a{number}"), 3, launch("a", number, 99))).collect();
        alerts.push(alert("b", 3, launch("b", 1, 80)));
        alerts.push(alert("c", 3, launch("c", 1, 78)));
        assert_eq!(ids(&ordered(alerts)).concat(), ["a0", "b", "c", "a1", "a2", "a3", "a4"]);
    }

    #[test]
    fn no_source_gets_all_positions_while_another_waits() {
        let critical = |number| Detection { class: Class::Critical, ..launch("a", number, 99) };
        let mut alerts: Vec<Alert> =
            (0..300).map(|number| alert(&format!("a{number:03}"), 2, critical(number))).collect();
        alerts.push(alert("b", 3, launch("b", 1, 80)));
        let (first, rest) = share(ordered(alerts.clone()), 3);
        assert_eq!((ids(&first).concat(), rest.len()), (vec!["a000", "a001", "b"], 298));
        // A single source gets all positions.
        alerts.pop();
        assert_eq!(share(ordered(alerts), 3).0.len(), 3);
        assert!(share(Vec::new(), 3).0.is_empty() && share(vec![vec![]], 0).0.is_empty());
    }

    #[test]
    fn the_coins_of_one_notice_stay_together() {
        let coin = |token: &str, watched| Detection {
            token: Some(token.to_owned()),
            project: None,
            watched,
            ..launch("venue", 1, 90)
        };
        let alerts = vec![
            alert("k", 2, coin("KSTL", false)),
            alert("other", 2, launch("else", 1, 95)),
            alert("o", 2, coin("ORN", true)),
            alert("again", 2, coin("ORN", true)),
        ];
        assert_eq!(ids(&ordered(alerts)), [vec!["again", "k"], vec!["o"], vec!["other"]]);
    }
}
