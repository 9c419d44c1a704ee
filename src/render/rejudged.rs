//! `rescan` for people: the number of changes, and old and new values.

use super::{
    Style,
    listing::{of_class, whose},
    style::Look,
    table::{Cell, Spec, Table},
};
use crate::model::{Class, Detection};

/// Rows that are shown without `--all`.
const ROWS: usize = 20;

/// A detection before and after; one of both is missing for a new one and for one that is none any more.
pub type Pair<'a> = (Option<&'a Detection>, Option<&'a Detection>);

/// `3 new, 20 gone, 92 changed; 746 entries judged`.
pub fn sentence(pairs: &[Pair<'_>], judged: usize) -> String {
    if pairs.is_empty() {
        return format!("nothing changes; {judged} entries judged");
    }
    let count = |is: fn(&Pair<'_>) -> bool| pairs.iter().filter(|pair| is(pair)).count();
    let counts = [
        (count(|pair| pair.0.is_none()), "new"),
        (count(|pair| pair.1.is_none()), "gone"),
        (count(|pair| pair.0.is_some() && pair.1.is_some()), "changed"),
    ];
    let parts = counts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, word)| format!("{number} {word}")).collect();
    format!("{}; {judged} entries judged", parts.join(", "))
}

/// The changes, the highest class first.
pub fn table(pairs: &[Pair<'_>], is_whole: bool, style: Style) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let mut sorted: Vec<&Pair<'_>> = pairs.iter().collect();
    let rank =
        |pair: &Pair<'_>| pair.0.into_iter().chain(pair.1).map(|found| (found.class, found.score)).max();
    sorted.sort_by_key(|pair| std::cmp::Reverse(rank(pair)));
    let mut table = Table::new(vec![
        Spec::new("change"),
        Spec::new("id"),
        Spec::new("class"),
        Spec::new("score").right(),
        Spec::new("what").cut(8),
        Spec::new("whose").cut(8),
        Spec::new("headline").cut(12),
    ]);
    let shown = if is_whole { sorted.len() } else { ROWS };
    for (was, is) in sorted.iter().take(shown) {
        let Some(found) = is.or(*was) else { continue };
        let both = was.zip(*is);
        let arrow = |of: &dyn Fn(&Detection) -> String| match both {
            Some((was, is)) if of(was) != of(is) => format!("{} → {}", of(was), of(is)),
            _ => of(found),
        };
        let (change, look) = match (was, is) {
            (None, _) => ("new", Look::GREEN),
            (_, None) => ("gone", Look::RED),
            _ => ("changed", Look::PLAIN),
        };
        table.row(vec![
            Cell::new(change, look),
            Cell::new(found.short_id(), Look::DIM),
            Cell::new(arrow(&|found| found.class.as_str().to_owned()), of_class(class(*is))),
            arrow(&|found| found.score.to_string()).into(),
            arrow(&|found| format!("{} {}", found.event.as_str(), found.stage.as_str())).into(),
            arrow(&whose).into(),
            Cell::new(&found.title, Look::PLAIN).link(&found.url),
        ]);
    }
    let mut text = table.render(style);
    if sorted.len() > shown {
        text.push_str(&format!("{} more: --all\n", sorted.len() - shown));
    }
    text
}

fn class(found: Option<&Detection>) -> Class {
    found.map_or(Class::Low, |found| found.class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::detection;

    #[test]
    fn old_and_new_values_are_named() {
        let was =
            Detection { score: 78, project: Some("Duck".to_owned()), class: Class::High, ..detection() };
        let is = Detection { score: 91, class: Class::Critical, ..detection() };
        let pairs = [(Some(&was), Some(&is)), (None, Some(&is)), (Some(&was), None)];
        assert_eq!(sentence(&pairs, 746), "1 new, 1 gone, 1 changed; 746 entries judged");
        assert_eq!(sentence(&[], 3), "nothing changes; 3 entries judged");
        let text = table(&pairs, false, Style::pipe(140));
        for wanted in ["high → critical", "78 → 91", "Duck $ERA → Caldera $ERA", "new ", "gone ", "changed "]
        {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
        let many = vec![(None, Some(&is)); 30];
        assert_eq!(table(&many, false, Style::pipe(100)).lines().count(), 22);
        assert!(table(&many, false, Style::pipe(100)).ends_with("\n10 more: --all\n"));
        assert_eq!(table(&many, true, Style::pipe(100)).lines().count(), 31);
    }
}
