//! `feed list` and `feed show` for people.

use jiff::{SignedDuration, Timestamp};

use super::{
    Style, details,
    style::Look,
    table::{Cell, Spec, Table},
    times::{Times, short_span},
};

/// What is wrong with a feed, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeedState {
    Disabled,
    Ok,
    Repaired,
    /// Not fetched yet.
    New,
    Failing,
    /// Removed by its publisher, so it is not requested again.
    Gone,
}

impl FeedState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Ok => "ok",
            Self::Repaired => "repaired",
            Self::New => "new",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    pub fn is_bad(self) -> bool {
        matches!(self, Self::Failing | Self::Gone)
    }
}

/// A feed and its health.
#[derive(Debug, Clone)]
pub struct FeedRow {
    pub name: String,
    pub url: String,
    pub state: FeedState,
    /// The failure in words.
    pub problem: Option<String>,
    pub hint: Option<String>,
    /// In a row.
    pub failures: u32,
    pub moved_to: Option<String>,
    /// Of a feed with mirrors: the address that answered last.
    pub answered_by: Option<String>,
    /// For each of the last cycles, oldest first: whether it failed; `None` if it was not requested.
    pub cycles: Vec<Option<bool>>,
    pub tier: u8,
    pub tags: Vec<String>,
    /// Between two requests, seconds.
    pub every_s: Option<i64>,
    pub last_success: Option<Timestamp>,
    pub last_new: Option<Timestamp>,
    pub next: Option<Timestamp>,
    pub entries: u64,
    pub launches: u64,
}

impl FeedRow {
    /// `•` for an answer, `×` for a failure, `·` where it was not requested.
    fn dots(&self) -> String {
        self.cycles.iter().map(|cycle| cycle.map_or('·', |failed| if failed { '×' } else { '•' })).collect()
    }

    fn problem(&self) -> String {
        match (self.state, &self.problem) {
            (FeedState::Failing, Some(problem)) if self.failures > 1 => {
                format!("{problem}, {} in a row", self.failures)
            }
            (FeedState::Failing | FeedState::Gone, Some(problem)) => problem.clone(),
            (FeedState::Gone, None) => "removed by the publisher".to_owned(),
            (FeedState::Failing, None) => "failing".to_owned(),
            (FeedState::New | FeedState::Disabled | FeedState::Repaired, _) => self.state.as_str().to_owned(),
            (FeedState::Ok, _) if self.moved_to.is_some() => "moved".to_owned(),
            (FeedState::Ok, _) => String::new(),
        }
    }

    fn every(&self) -> String {
        match self.state {
            FeedState::Gone | FeedState::Disabled => "never".to_owned(),
            _ => {
                self.every_s.map(|seconds| short_span(SignedDuration::from_secs(seconds))).unwrap_or_default()
            }
        }
    }
}

/// `40 feeds: 35 ok, 4 failing, 1 gone`.
pub fn sentence(rows: &[FeedRow]) -> String {
    let states = [
        FeedState::Ok,
        FeedState::Repaired,
        FeedState::New,
        FeedState::Failing,
        FeedState::Gone,
        FeedState::Disabled,
    ];
    let counted = states.into_iter().filter_map(|state| {
        let number = rows.iter().filter(|row| row.state == state).count();
        (number > 0).then(|| format!("{number} {}", state.as_str()))
    });
    let counted = counted.collect::<Vec<_>>().join(", ");
    match rows.len() {
        0 => "no feeds".to_owned(),
        1 => format!("1 feed: {counted}"),
        number => format!("{number} feeds: {counted}"),
    }
}

/// The feeds in their order. `is_whole` keeps addresses whole, each in a line of its own where it does not fit.
pub fn table(rows: &[FeedRow], is_whole: bool, times: &Times, style: Style) -> String {
    let address = Spec::new("address");
    let mut table = Table::new(vec![
        Spec::new("").optional(),
        Spec::new("feed").cut(14),
        Spec::new("last cycles").rank(3).optional(),
        Spec::new("every").right().rank(4).optional(),
        Spec::new("new").right().rank(5).optional(),
        Spec::new("launches").right().rank(6),
        Spec::new("problem").cut(24).optional(),
        if is_whole { address } else { address.middle(24).rank(2) },
    ]);
    for row in rows {
        let look = if row.state.is_bad() { Look::RED } else { Look::PLAIN };
        let mark = match row.state {
            FeedState::Gone => "!!",
            FeedState::Failing => "!",
            _ => "",
        };
        table.row(vec![
            Cell::new(mark, Look::ALARM),
            Cell::new(&row.name, if row.state == FeedState::Disabled { Look::DIM } else { Look::PLAIN }),
            row.dots().into(),
            row.every().into(),
            row.last_new.map_or_else(String::new, |at| times.short(at)).into(),
            (if row.entries > 0 { format!("{} of {}", row.launches, row.entries) } else { String::new() })
                .into(),
            Cell::new(row.problem(), look),
            Cell::new(&row.url, Look::DIM).link(&row.url),
        ]);
    }
    table.render(style)
}

/// One feed in full.
pub fn show(row: &FeedRow, times: &Times, style: Style) -> String {
    let at = |at: Option<Timestamp>| match at {
        Some(at) if times.is_relative() && at > times.now => times.short(at),
        Some(at) if times.is_relative() => format!("{} ago ({})", times.short(at), times.minute(at)),
        Some(at) => times.minute(at),
        None => String::new(),
    };
    let values = [
        ("state", row.state.as_str().to_owned()),
        ("problem", if row.state.is_bad() { row.problem() } else { String::new() }),
        ("hint", row.hint.clone().unwrap_or_default()),
        ("address", row.url.clone()),
        ("answered by", row.answered_by.clone().unwrap_or_default()),
        ("moved to", row.moved_to.clone().unwrap_or_default()),
        ("last cycles", row.dots()),
        ("asked every", row.every()),
        ("last answer", at(row.last_success)),
        ("last new entry", at(row.last_new)),
        ("next request", if row.state == FeedState::Gone { "never".to_owned() } else { at(row.next) }),
        ("entries", row.entries.to_string()),
        ("launches", row.launches.to_string()),
        ("tier", row.tier.to_string()),
        ("tags", row.tags.join(", ")),
    ];
    details::text(&row.name, &values, style)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{model::samples::now, render::style::Style as Screen};

    fn row(name: &str, state: FeedState, problem: Option<&str>, cycles: &str) -> FeedRow {
        FeedRow {
            name: name.to_owned(),
            url: format!("https://{}.example/feeds/all/news.xml", name.len()),
            state,
            problem: problem.map(str::to_owned),
            hint: None,
            failures: u32::from(problem.is_some()) * 3,
            moved_to: None,
            answered_by: None,
            cycles: cycles.chars().map(|c| (c != '·').then_some(c == '×')).collect(),
            tier: 2,
            tags: vec!["press".to_owned(), "l2".to_owned()],
            every_s: problem.is_none().then_some(240),
            last_success: Some(now() - SignedDuration::from_mins(5)),
            last_new: Some(now() - SignedDuration::from_hours(3)),
            next: Some(now() + SignedDuration::from_mins(4)),
            entries: 54,
            launches: 5,
        }
    }

    fn rows() -> Vec<FeedRow> {
        vec![
            row("The Validator 005", FeedState::Gone, Some("removed by the publisher (410)"), "••·•·×"),
            row("Ledger Post 008", FeedState::Failing, Some("not a feed"), "••·•·×××"),
            row("日本の暗号資産ニュース", FeedState::Ok, None, "••·•·•·•"),
            row("أخبار العملات", FeedState::New, None, ""),
            row("Launches 🚀 daily", FeedState::Disabled, None, ""),
        ]
    }

    #[test]
    fn feeds_at_five_widths() {
        let times = Times::relative(now(), TimeZone::UTC);
        let at = |width: u16| {
            format!("{}\n{}\n", "-".repeat(width.into()), table(&rows(), false, &times, Screen::pipe(width)))
        };
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../../tests/snapshots"}, {
            insta::assert_snapshot!("feeds_widths", [60, 80, 100, 120, 160].map(at).concat());
            insta::assert_snapshot!("feed_show", show(&rows()[1], &times, Screen::pipe(80)));
        });
        assert_eq!(sentence(&rows()), "5 feeds: 1 ok, 1 new, 1 failing, 1 gone, 1 disabled");
    }

    #[test]
    fn failing_feeds_are_red_and_addresses_whole_if_asked() {
        let times = Times::relative(now(), TimeZone::UTC);
        let color = table(&rows(), false, &times, Screen { width: 100, color: true, terminal: true });
        assert!(
            color.contains("\x1b[31mnot a feed, 3 in a row\x1b[0m") && color.contains("\x1b[1;31m!!\x1b[0m"),
            "{color}"
        );
        let whole = table(&rows(), true, &times, Screen::pipe(60));
        assert!(rows().iter().all(|row| whole.contains(&row.url)), "{whole}");
    }
}
