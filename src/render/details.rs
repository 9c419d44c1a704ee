//! One thing in lines of name and value, as `feed show` and `project show` print it.

use super::{Style, plain, style::Look, table::wrapped};
use crate::text::cut::Unit;

/// `heading`, then a line for each value that is not empty; long values go on in further lines.
pub fn text(heading: &str, values: &[(&str, String)], style: Style) -> String {
    let names = values.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.len());
    let column = names.max().unwrap_or_default() + 4;
    let width = usize::from(style.width).saturating_sub(column).max(20);
    let mut text = style.paint(&style.isolate(&plain(heading)), Look::BOLD) + "\n";
    for (name, value) in values {
        let value = plain(value);
        for (at, line) in wrapped(&value, width).iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            let name = if at == 0 { format!("  {name}") } else { String::new() };
            let pad = column - Unit::Cells.length(&name);
            let name = style.paint(&name, Look::DIM);
            text.push_str(&format!("{name}{:pad$}{}\n", "", style.isolate(line)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_stand_in_two_columns() {
        let values = [
            ("address", "https://a.example/feed".to_owned()),
            ("tags", String::new()),
            ("hint", "raise http.feed_body_limit or \x1b[31mremove the feed".to_owned()),
        ];
        assert_eq!(
            text("Ledger Post", &values, Style::pipe(40)),
            "Ledger Post\n  address  https://a.example/feed\n  hint     raise http.feed_body_limit or\n           [31mremove the feed\n"
        );
    }
}
