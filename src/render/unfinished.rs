//! Hosts whose visits did not finish, for people.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Style,
    format::count,
    plain,
    table::{Spec, Table},
};
use crate::figures::CycleReport;

/// Each host with its unfinished visits in the cycles of `reports`, most first; empty without such visits.
pub fn table(reports: &[CycleReport], style: Style) -> String {
    let mut hosts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for unfinished in reports.iter().flat_map(|report| &report.unfinished) {
        let (cycles, visits) = hosts.entry(&unfinished.host).or_default();
        (*cycles, *visits) = (*cycles + 1, *visits + unfinished.visits);
    }
    if hosts.is_empty() {
        return String::new();
    }
    let mut hosts: Vec<_> = hosts.into_iter().collect();
    hosts.sort_by_key(|(host, (_, visits))| (Reverse(*visits), *host));
    let mut table = Table::new(vec![Spec::new("host"), Spec::new("cycles"), Spec::new("visits each")]);
    for (host, (cycles, visits)) in hosts {
        let each = visits.div_ceil(cycles);
        table.row(vec![plain(host).into(), count(cycles as f64).into(), count(each as f64).into()]);
    }
    let head = "\nvisits that did not finish before the end of a cycle; the next cycle begins with them:\n";
    let hint = "  one host is asked once per http.per_host_interval: a longer cycle.timeout reaches more of its feeds\n";
    format!("{head}{}{hint}", table.render(style))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Unfinished;

    #[test]
    fn unfinished_visits_are_summed_by_host() {
        let report = |hosts: &[(&str, u64)]| CycleReport {
            unfinished: hosts
                .iter()
                .map(|(host, visits)| Unfinished { host: (*host).to_owned(), visits: *visits })
                .collect(),
            ..CycleReport::default()
        };
        let style = Style::pipe(100);
        assert_eq!(table(&[CycleReport::default()], style), "");
        let text = table(
            &[report(&[("small.example", 3), ("busy.example", 975)]), report(&[("busy.example", 951)])],
            style,
        );
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(lines.contains(&vec!["busy.example", "2", "963"]), "{text}");
        assert!(text.find("busy.example") < text.find("small.example"), "{text}");
    }
}
