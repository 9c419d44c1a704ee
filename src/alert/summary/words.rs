//! The words of a summary, before a channel formats them. Pure.

use jiff::SignedDuration;

use crate::{
    alert::wording::{coin, shown},
    model::{ClassCounts, CyclesInTime, Listed, Machine, Summary, SummaryStory},
    text::{
        link::Link,
        markdown,
        measure::{bytes, count, rough, seconds},
        quantity::plural,
    },
};

/// Characters of a headline for each item of a list: a message with short headlines has short lists.
const CHARACTERS_PER_ITEM: usize = 8;
/// Causes of failures in one line.
const CAUSES: usize = 6;

/// A heading and what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub title: String,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub link: Option<Link>,
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self { text, link: None }
    }
}

/// `summary 2026-11-23 to 2026-11-30: 20 launches, 3 due`.
pub fn title(summary: &Summary) -> String {
    let ClassCounts { critical, high, medium, low } = summary.launches;
    let launches = plural(critical + high + medium + low, "launch", "launches");
    let day = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
    let due = summary.due.count();
    format!("summary {} to {}: {launches}, {due} due", day(summary.from), day(summary.to))
}

/// The sections of `summary`, headlines cut to `limit` characters and lists in proportion; each list ends with the
/// number of items that are cut off.
pub fn sections(summary: &Summary, limit: usize) -> Vec<Section> {
    let most = (limit / CHARACTERS_PER_ITEM).max(1);
    let ClassCounts { critical, high, medium, low } = summary.launches;
    let counts = [(critical, "critical"), (high, "high"), (medium, "medium"), (low, "low")];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, class)| format!("{count} {class}"))
        .collect();
    let launches = if counts.is_empty() {
        "Launches: none".to_owned()
    } else {
        format!("Launches: {}", counts.join(", "))
    };
    let mut sections = vec![
        Section {
            title: launches,
            lines: lines(&summary.stories, most, |story| Line {
                text: format!("{}: {}", story.class.as_str(), launch(story, limit)),
                link: Some(Link::read(&story.url)),
            }),
        },
        Section {
            title: "Due in the next seven days".to_owned(),
            lines: lines(&summary.due, most, |story| Line {
                text: format!("{}: {}", story.event_date.as_deref().unwrap_or("–"), launch(story, limit)),
                link: Some(Link::read(&story.url)),
            }),
        },
        Section {
            title: "First reporters".to_owned(),
            lines: lines(&summary.first, most, |first| {
                format!("{}: first with {}", first.source, plural(first.stories, "launch", "launches")).into()
            }),
        },
        Section {
            title: "Feeds that fell silent".to_owned(),
            lines: lines(&summary.silent, most, |feed| {
                let since = feed
                    .since
                    .map_or_else(String::new, |at| format!(", last new entry {}", at.strftime("%Y-%m-%d")));
                format!("{}: {}{since}", feed.feed, feed.reason).into()
            }),
        },
        Section {
            title: "Alerts".to_owned(),
            lines: lines(&summary.alerts, most, |alerts| {
                let mut text = format!("{}: {} sent, {} held back", alerts.channel, alerts.sent, alerts.held);
                if alerts.given_up > 0 {
                    text.push_str(&format!(", {} given up", alerts.given_up));
                }
                text.into()
            }),
        },
    ];
    if let Some(x) = &summary.x {
        let text = format!("{} USD; this month {} of {} USD", x.cost_usd, x.month_cost_usd, x.budget_usd);
        sections.push(Section { title: "X".to_owned(), lines: vec![text.into()] });
    }
    sections.push(Section { title: "Cycles".to_owned(), lines: vec![cycles(&summary.cycles).into()] });
    if let Some(machine) = &summary.machine {
        sections.push(Section { title: "Program".to_owned(), lines: program(machine) });
    }
    sections.retain(|section| !section.lines.is_empty() || section.title.starts_with("Launches"));
    sections
}

/// The first `most` items of `list` as lines, and the number of the rest.
fn lines<T: Clone>(list: &Listed<T>, most: usize, line: impl Fn(&T) -> Line) -> Vec<Line> {
    let Listed { items, more } = list.clone().cut(most);
    let rest = (more > 0).then(|| Line::from(format!("and {more} more")));
    items.iter().map(line).chain(rest).collect()
}

/// `Caldera $ERA: airdrop live. Headline (3 outlets)`.
fn launch(story: &SummaryStory, limit: usize) -> String {
    let coin = coin(story.project.as_deref(), story.token.as_deref());
    let outlets = plural(story.outlets, "outlet", "outlets");
    let title = shown(&story.title, limit);
    format!("{coin}: {} {}. {title} ({outlets})", story.event.as_str(), story.stage.as_str())
}

/// `1 004 of 1 008 cycles ok, 2 out of time, longest gap 41 min`.
fn cycles(cycles: &CyclesInTime) -> String {
    let mut text = format!("{} of {} cycles ok", count(cycles.ok as f64), count(cycles.all as f64));
    if cycles.timed_out > 0 {
        text.push_str(&format!(", {} out of time", cycles.timed_out));
    }
    if let Some(gap) = cycles.longest_gap_s {
        text.push_str(&format!(", longest gap {}", rough(SignedDuration::from_secs(gap))));
    }
    text
}

fn program(machine: &Machine) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(times) = &machine.cycle_ms {
        let [p50, p95, p99, max] = [times.p50, times.p95, times.p99, times.max].map(|ms| seconds(ms as f64));
        lines.push(format!("Duration of a cycle: p50 {p50}, p95 {p95}, p99 {p99}, longest {max}").into());
    }
    let Listed { items, more } = machine.failures.clone().cut(CAUSES);
    if !items.is_empty() {
        let causes =
            items.iter().map(|failure| format!("{} {}", failure.cause, count(failure.number as f64)));
        let rest = (more > 0).then(|| format!("and {more} more causes"));
        let causes: Vec<String> = causes.chain(rest).collect();
        lines.push(format!("Failed fetches: {}", causes.join(", ")).into());
    }
    let size = bytes(machine.database_bytes as f64);
    let grown = machine.database_bytes_before.map_or_else(String::new, |before| {
        let sign = if machine.database_bytes < before { "−" } else { "+" };
        format!(", {sign}{} since the last summary", bytes(machine.database_bytes.abs_diff(before) as f64))
    });
    lines.push(format!("Database: {size}{grown}").into());
    lines
}

/// The whole summary as Markdown.
pub fn markdown(summary: &Summary) -> String {
    let mut text = format!("# {}\n", markdown::escape(&title(summary)));
    for section in sections(summary, usize::MAX) {
        text.push_str(&format!("\n## {}\n\n", markdown::escape(&section.title)));
        for line in section.lines {
            let link = line.link.as_ref().map_or_else(String::new, |link| match link {
                Link::Open { href, host } => format!(" [{}](<{href}>)", markdown::escape(host)),
                other => format!(" {}", markdown::escape(other.text())),
            });
            text.push_str(&format!("- {}{link}\n", markdown::escape(&line.text)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::summary;

    #[test]
    fn a_short_message_says_how_much_it_cut() {
        let whole = sections(&summary(30), 300);
        assert_eq!(whole[0].title, "Launches: 30 high");
        assert_eq!(whole[0].lines.len(), 30);
        let short = sections(&summary(30), 16);
        assert_eq!(short[0].lines.len(), 3);
        assert_eq!(short[0].lines[2].text, "and 28 more");
        assert_eq!(whole.len(), short.len(), "no section is lost");
    }

    #[test]
    fn a_summary_is_markdown_that_no_headline_changes() {
        let mut summary = summary(2);
        summary.stories.items[0].title = "**bold** [x](https://evil.example) <b>".to_owned();
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../../../tests/snapshots"}, {
            insta::assert_snapshot!("summary_markdown", markdown(&summary));
        });
    }
}
