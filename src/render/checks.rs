//! The checks of the settings for people.

use super::{
    Style,
    style::Look,
    table::{Cell, Spec, Table},
};
use crate::figures::checks::Judged;

/// Each check with its measured value; empty without checks.
pub fn table(checks: &[Judged], style: Style) -> String {
    if checks.is_empty() {
        return String::new();
    }
    let mut table =
        Table::new(vec![Spec::new("check"), Spec::new("wanted"), Spec::new(""), Spec::new("level").rank(1)]);
    for check in checks {
        let (verdict, look) = match check.ok {
            Some(true) => ("met", Look::PLAIN),
            Some(false) => ("MISSED", Look::ALARM),
            None => ("not judged yet", Look::DIM),
        };
        table.row(vec![
            check.measured().into(),
            check.wanted().into(),
            Cell::new(verdict, look),
            check.level.as_str().into(),
        ]);
    }
    format!("\n{}", table.render(style))
}
