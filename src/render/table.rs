//! The one renderer of tables: no lines between rows, no word or address split, the least needed columns left out.

use super::{
    plain,
    style::{Look, Style},
};
use crate::text::cut::{Unit, cut, cut_middle};

/// Cells between two columns.
const GAP: usize = 2;
/// Cells that a second line has at least for its text.
const LEAST_BELOW: usize = 30;
/// A text of more cells may be continued in further lines.
const LONG_TEXT: usize = 24;

/// What happens to a text that is wider than its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// The column is as wide as its widest text.
    Whole,
    /// Cut at a word.
    End,
    /// Cut in the middle, as suits an address.
    Middle,
    /// Continued in further lines; a word that is too long stays whole.
    Wrap,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Spec {
    header: String,
    right: bool,
    fit: Fit,
    least: usize,
    rank: u8,
    optional: bool,
}

impl Spec {
    /// A column that is never cut and never left out.
    pub fn new(header: &str) -> Self {
        Self {
            header: header.to_owned(),
            right: false,
            fit: Fit::Whole,
            least: 0,
            rank: u8::MAX,
            optional: false,
        }
    }

    /// Aligned to the right, as suits numbers.
    pub fn right(self) -> Self {
        Self { right: true, ..self }
    }

    /// Cut at a word, to not less than `least` cells.
    pub fn cut(self, least: usize) -> Self {
        Self { fit: Fit::End, least, ..self }
    }

    /// Cut in the middle, to not less than `least` cells.
    pub fn middle(self, least: usize) -> Self {
        Self { fit: Fit::Middle, least, ..self }
    }

    /// Continued in further lines, of not less than `least` cells.
    pub fn wrap(self, least: usize) -> Self {
        Self { fit: Fit::Wrap, least, ..self }
    }

    /// Left out on a narrow screen; columns of a lower `rank` go first.
    pub fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    /// Left out where each of its cells is empty.
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// One value.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    look: Look,
    address: Option<String>,
}

impl Cell {
    pub fn new(text: impl AsRef<str>, look: Look) -> Self {
        Self { text: plain(text.as_ref()), look, address: None }
    }

    /// With a link to `address`.
    pub fn link(self, address: &str) -> Self {
        Self { address: Some(address.to_owned()), ..self }
    }

    fn shown(&self, text: &str, style: Style) -> String {
        let text = style.paint(&style.isolate(text), self.look);
        self.address.as_deref().map_or_else(|| text.clone(), |address| style.link(&text, address))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text, Look::PLAIN)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text, Look::PLAIN)
    }
}

#[derive(Debug, Clone)]
enum Row {
    Cells(Vec<Cell>),
    Heading(Cell),
    Below { column: usize, margin: Cell, text: Cell, end: Cell },
}

/// Columns, rows, and lines between them.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Spec>,
    rows: Vec<Row>,
    remarks: Vec<String>,
}

impl Table {
    pub fn new(columns: Vec<Spec>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// A table of texts: numbers to the right, long texts continued in further lines. On a narrow screen the last columns
    /// are left out.
    pub fn of_texts(header: &[&str], rows: Vec<Vec<String>>) -> Self {
        let spec = |(at, header): (usize, &&str)| {
            let texts = || rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
            let widest = texts().map(|text| Unit::Cells.length(text)).max().unwrap_or_default();
            let rank = u8::MAX - u8::try_from(at).unwrap_or(u8::MAX);
            let spec = Spec::new(header).rank(rank);
            if texts().any(|text| text.starts_with(|c: char| c.is_ascii_digit())) && texts().all(is_number) {
                spec.right()
            } else if widest > LONG_TEXT {
                spec.wrap(LONG_TEXT / 2)
            } else {
                spec
            }
        };
        let columns = header.iter().enumerate().map(spec).collect();
        let mut table = Self::new(columns);
        for row in rows {
            table.row(row.into_iter().map(Cell::from).collect());
        }
        table
    }

    /// A short text for the right end of the header's line. Of several, the first that fits is shown.
    pub fn remark(&mut self, text: &str) {
        self.remarks.push(plain(text));
    }

    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row::Cells(cells));
    }

    /// A line of its own above the rows that follow.
    pub fn heading(&mut self, text: &str) {
        self.rows.push(Row::Heading(Cell::new(text, Look::DIM)));
    }

    /// A second line of the row before: `text` from `column` on, `end` at the right edge, `margin` at the left.
    pub fn below(&mut self, column: usize, margin: Cell, text: Cell, end: Cell) {
        self.rows.push(Row::Below { column, margin, text, end });
    }

    /// The table, its lines not wider than the screen, unless a single word is.
    pub fn render(&self, style: Style) -> String {
        let width = usize::from(style.width);
        let visible = self.visible(width);
        let widths = self.widths(&visible, width);
        let mut out = String::new();
        if self.columns.iter().any(|spec| !spec.header.is_empty()) {
            out.push_str(&self.header(&visible, &widths, style));
        }
        let latest = self.latest_start(width);
        for row in &self.rows {
            match row {
                Row::Cells(cells) => out.push_str(&self.line(cells, &visible, &widths, style)),
                Row::Heading(cell) => {
                    out.push_str(&cell.shown(&cut(&cell.text, width, Unit::Cells), style));
                    out.push('\n');
                }
                Row::Below { column, margin, text, end } => {
                    let before = visible.iter().zip(&widths).take_while(|(at, _)| **at < *column);
                    let start = before.map(|(_, width)| width + GAP).sum::<usize>().min(latest);
                    let margin_text = cut(&margin.text, start.saturating_sub(GAP), Unit::Cells);
                    let end_width = Unit::Cells.length(&end.text);
                    let shown = cut(&text.text, width.saturating_sub(start + end_width + GAP), Unit::Cells);
                    let pad = start - Unit::Cells.length(&margin_text);
                    let (margin, text) = (margin.shown(&margin_text, style), text.shown(&shown, style));
                    out.push_str(&format!("{margin}{:pad$}{text}", ""));
                    if end_width > 0 {
                        let pad = (width - end_width).saturating_sub(start + Unit::Cells.length(&shown));
                        out.push_str(&format!("{:pad$}{}", "", end.shown(&end.text, style)));
                    }
                    out.push('\n');
                }
            }
        }
        out
    }

    /// Where second lines begin at the latest: with enough cells for their texts.
    fn latest_start(&self, width: usize) -> usize {
        let below = self.rows.iter().filter_map(|row| match row {
            Row::Below { margin, end, .. } => Some((margin, end)),
            _ => None,
        });
        let (mut before, mut after) = (0, 0);
        for (margin, end) in below {
            before = before.max(Unit::Cells.length(&margin.text));
            after = after.max(Unit::Cells.length(&end.text));
        }
        width.saturating_sub(LEAST_BELOW + GAP + after).max(before + GAP)
    }

    fn cells(&self) -> impl Iterator<Item = &Vec<Cell>> {
        self.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => Some(cells),
            _ => None,
        })
    }

    /// Width of a column in which nothing is cut.
    fn natural(&self, at: usize) -> usize {
        let texts = self.cells().filter_map(|cells| cells.get(at)).map(|cell| Unit::Cells.length(&cell.text));
        texts.max().unwrap_or_default().max(Unit::Cells.length(&self.columns[at].header))
    }

    fn least(&self, at: usize) -> usize {
        let spec = &self.columns[at];
        let natural = self.natural(at);
        if spec.fit == Fit::Whole {
            natural
        } else {
            natural.min(spec.least.max(Unit::Cells.length(&spec.header)))
        }
    }

    /// The columns that fit: those of the lowest rank are left out first, and of these the last.
    fn visible(&self, width: usize) -> Vec<usize> {
        let is_empty =
            |at: usize| self.cells().all(|cells| cells.get(at).is_none_or(|cell| cell.text.is_empty()));
        let mut visible: Vec<usize> =
            (0..self.columns.len()).filter(|at| !(self.columns[*at].optional && is_empty(*at))).collect();
        let least: Vec<usize> = (0..self.columns.len()).map(|at| self.least(at)).collect();
        while visible.iter().map(|at| least[*at] + GAP).sum::<usize>() > width + GAP {
            let lowest = visible.iter().copied().filter(|at| self.columns[*at].rank < u8::MAX);
            let Some(dropped) = lowest.min_by_key(|at| (self.columns[*at].rank, std::cmp::Reverse(*at)))
            else {
                break;
            };
            visible.retain(|at| *at != dropped);
        }
        visible
    }

    /// Widths of the visible columns: the widest that may be cut give first.
    fn widths(&self, visible: &[usize], width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = visible.iter().map(|at| self.natural(*at)).collect();
        let least: Vec<usize> = visible.iter().map(|at| self.least(*at)).collect();
        let space = width.saturating_sub(GAP * visible.len().saturating_sub(1));
        while widths.iter().sum::<usize>() > space {
            let shrinkable = (0..widths.len()).filter(|at| widths[*at] > least[*at]);
            let Some(widest) = shrinkable.max_by_key(|at| widths[*at]) else { break };
            widths[widest] -= 1;
        }
        widths
    }

    fn header(&self, visible: &[usize], widths: &[usize], style: Style) -> String {
        let cells: Vec<Cell> = self.columns.iter().map(|spec| Cell::from(spec.header.as_str())).collect();
        let line = self.line(&cells, visible, widths, Style { color: false, terminal: false, ..style });
        let line = line.trim_end();
        let space = usize::from(style.width).saturating_sub(Unit::Cells.length(line));
        let fitting = |remark: &&String| Unit::Cells.length(remark) + GAP <= space;
        let line = match self.remarks.iter().find(fitting) {
            Some(remark) => format!("{line}{:1$}{remark}", "", space - Unit::Cells.length(remark)),
            None => line.to_owned(),
        };
        style.paint(&line, Look::DIM) + "\n"
    }

    fn line(&self, cells: &[Cell], visible: &[usize], widths: &[usize], style: Style) -> String {
        let none = Cell::default();
        let parts: Vec<(&Cell, Vec<String>)> = visible
            .iter()
            .zip(widths)
            .map(|(at, width)| {
                let cell = cells.get(*at).unwrap_or(&none);
                let lines = match self.columns[*at].fit {
                    Fit::Whole => vec![cell.text.clone()],
                    Fit::End => vec![cut(&cell.text, *width, Unit::Cells)],
                    Fit::Middle => vec![cut_middle(&cell.text, *width, Unit::Cells)],
                    Fit::Wrap => wrapped(&cell.text, *width),
                };
                (cell, lines)
            })
            .collect();
        let height = parts.iter().map(|(_, lines)| lines.len()).max().unwrap_or(1);
        let mut out = String::new();
        for number in 0..height {
            // Spaces are written before the next text only, so that no line ends with them.
            let mut spaces = 0;
            for (((cell, lines), width), at) in parts.iter().zip(widths).zip(visible) {
                let text = lines.get(number).map_or("", String::as_str);
                let blank = width.saturating_sub(Unit::Cells.length(text));
                let (left, right) = if self.columns[*at].right { (blank, 0) } else { (0, blank) };
                if text.is_empty() {
                    spaces += width + GAP;
                    continue;
                }
                out.push_str(&format!("{:1$}{2}", "", spaces + left, cell.shown(text, style)));
                spaces = right + GAP;
            }
            out.push('\n');
        }
        out
    }
}

/// `text` in lines of `width` cells, broken between words.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let needed = Unit::Cells.length(word);
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if Unit::Cells.length(line) + 1 + needed <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Whether `text` is a number with a unit, or stands for one that is missing.
fn is_number(text: &str) -> bool {
    let number = text.trim_start_matches(['-', '–', '+', '$']);
    let rest = number.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\u{202F}'));
    let unit = rest.strip_prefix(' ').unwrap_or(rest);
    matches!(unit, "" | "%" | "s" | "ms" | "min" | "h" | "days" | "B" | "KiB" | "MiB")
}
