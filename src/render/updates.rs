//! What happened to stories, a line each: new ones, moved dates, raised classes, further outlets.

use super::{
    listing, plain,
    style::{Look, Style},
    table::{Cell, Spec, Table},
};
use crate::{
    model::{Detection, short_id},
    store::StoryUpdate,
    text::cut::{Unit, cut},
};

const NEW: &str = "NEW";
/// On a narrower screen the stage is left out, because the headline needs the width.
const NARROW: u16 = 100;

/// The word that begins the line of `update`, and what changed, for a story that was known.
fn change(update: &StoryUpdate) -> (&'static str, Option<String>) {
    if update.is_new {
        return (NEW, None);
    }
    if let Some((from, to)) = &update.event_date {
        let from = from.as_deref().map_or_else(|| "no date".to_owned(), plain);
        return ("DATE", Some(format!("{from} → {}", plain(to))));
    }
    if let Some((from, to)) = update.class {
        return ("CLASS", Some(format!("{} → {}", from.as_str(), to.as_str())));
    }
    if update.outlets == 0 {
        return ("", None);
    }
    let outlets = if update.outlets == 1 { "outlet" } else { "outlets" };
    ("MORE", Some(format!("+{} {outlets}", update.outlets)))
}

/// A line for each of `updates`, `margin` cells from the left.
pub fn lines(updates: &[StoryUpdate], margin: u16, style: Style) -> String {
    let mut table = table();
    for update in updates {
        let found = &update.detection;
        let (word, changed) = change(update);
        let (text, more) = match changed {
            Some(changed) => (Cell::new(changed, Look::BOLD), String::new()),
            None => (headline(found), more(found)),
        };
        table.row(row(word, found, text, more, style.width < NARROW));
    }
    let inner = Style { width: style.width.saturating_sub(margin), ..style };
    let indent = " ".repeat(usize::from(margin));
    table.render(inner).lines().map(|line| format!("{indent}{line}\n")).collect()
}

/// The line of one update. Lines that are written one by one have columns of equal width.
pub fn line(update: &StoryUpdate, style: Style) -> String {
    let found = &update.detection;
    let (word, changed) = change(update);
    match changed {
        Some(changed) => fixed(word, found, &changed, "", style),
        None => fixed(word, found, &found.title, &more(found), style),
    }
}

/// The line of a story that was just found.
pub fn found(found: &Detection, style: Style) -> String {
    fixed(NEW, found, &found.title, "", style)
}

fn fixed(word: &str, found: &Detection, text: &str, more: &str, style: Style) -> String {
    const WORD: usize = 5;
    const ID: usize = 6;
    const CLASS: usize = 8;
    const GAP: usize = 2;
    let is_narrow = style.width < NARROW;
    let (wide, whose) = if is_narrow { (12, 16) } else { (21, 22) };
    let padded = |text: &str, width: usize, look: Look| {
        let text = cut(text, width, Unit::Cells);
        let blank = width.saturating_sub(Unit::Cells.length(&text));
        format!("{}{:blank$}", style.paint(&style.isolate(&text), look), "")
    };
    let star = if found.watched { "*" } else { " " };
    let columns = [
        padded(word, WORD, if word == NEW { Look::GREEN } else { Look::PLAIN }),
        padded(short_id(&found.id), ID, Look::DIM),
        padded(found.class.as_str(), CLASS, listing::of_class(found.class)),
        padded(&what(found, is_narrow), wide, Look::PLAIN),
        format!("{star} {}", padded(&listing::whose(found), whose, Look::PLAIN)),
    ];
    let used =
        WORD + ID + CLASS + wide + whose + 2 + 1 + 5 * GAP + more.len() + usize::from(!more.is_empty());
    let space = usize::from(style.width).saturating_sub(used).max(10);
    let text = cut(&plain(text), space, Unit::Cells);
    let text = style.link(&style.paint(&style.isolate(&text), Look::BOLD), &found.url);
    let more = if more.is_empty() { String::new() } else { format!(" {more}") };
    format!(" {}  {text}{more}\n", columns.join("  "))
}

fn table() -> Table {
    Table::new(vec![
        Spec::new(""),
        Spec::new("").rank(1),
        Spec::new(""),
        Spec::new("").cut(8).rank(2),
        Spec::new("").optional(),
        Spec::new("").cut(10),
        Spec::new("").cut(16),
        Spec::new("").optional().rank(3),
    ])
}

fn row(word: &str, found: &Detection, text: Cell, more: String, is_narrow: bool) -> Vec<Cell> {
    vec![
        Cell::new(word, if word == NEW { Look::GREEN } else { Look::PLAIN }),
        Cell::new(short_id(&found.id), Look::DIM),
        Cell::new(found.class.as_str(), listing::of_class(found.class)),
        what(found, is_narrow).into(),
        (if found.watched { "*" } else { "" }).into(),
        listing::whose(found).into(),
        text,
        more.into(),
    ]
}

/// The event, on a wide screen with its stage.
fn what(found: &Detection, is_narrow: bool) -> String {
    if is_narrow { found.event.as_str().to_owned() } else { listing::what(found) }
}

fn headline(found: &Detection) -> Cell {
    Cell::new(&found.title, Look::BOLD).link(&found.url)
}

/// The further outlets of a story.
fn more(found: &Detection) -> String {
    match found.outlets() {
        0 | 1 => String::new(),
        outlets => format!("+{}", outlets - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Class, render::samples};

    fn update() -> StoryUpdate {
        StoryUpdate {
            detection: samples::row().detection,
            is_new: false,
            event_date: None,
            class: None,
            outlets: 0,
        }
    }

    #[test]
    fn lines_that_are_written_one_by_one_are_aligned() {
        let other = StoryUpdate {
            detection: Detection {
                project: Some("A name that is longer than the column of names".to_owned()),
                watched: false,
                ..samples::row().detection
            },
            outlets: 2,
            ..update()
        };
        for width in [80, 120] {
            let style = Style::pipe(width);
            let both = [line(&StoryUpdate { is_new: true, ..update() }, style), line(&other, style)];
            let column = |line: &str, text: &str| line.find(text).map(|at| line[..at].chars().count());
            assert_eq!(column(&both[0], "Caldera opens"), column(&both[1], "+2 outlets"), "{both:?}");
            let is_short = |line: &String| line.trim_end().chars().count() <= usize::from(width);
            assert!(both.iter().all(is_short), "{both:?}");
        }
        assert_eq!(found(&samples::row().detection, Style::pipe(80)).lines().count(), 1);
    }

    #[test]
    fn each_kind_of_update_is_one_line() {
        let updates = [
            StoryUpdate { is_new: true, ..update() },
            StoryUpdate {
                event_date: Some((Some("2026-12-01".to_owned()), "2026-12-03".to_owned())),
                ..update()
            },
            StoryUpdate { event_date: Some((None, "2026-Q4".to_owned())), ..update() },
            StoryUpdate { class: Some((Class::High, Class::Critical)), ..update() },
            StoryUpdate { outlets: 2, ..update() },
        ];
        let text = lines(&updates, 1, Style::pipe(100));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        for (line, (word, end)) in lines.iter().zip([
            ("NEW", "+1"),
            ("DATE", "2026-12-01 → 2026-12-03"),
            ("DATE", "no date → 2026-Q4"),
            ("CLASS", "high → critical"),
            ("MORE", "+2 outlets"),
        ]) {
            assert!(line.starts_with(&format!(" {word} ")) && line.trim_end().ends_with(end), "{line:?}");
        }
        for width in [60, 80, 160] {
            let text = self::lines(&updates, 2, Style::pipe(width));
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{text}");
        }
    }
}
