use super::{
    style::{Look, Style},
    table::{Cell, Spec, Table},
};
use crate::text::cut::Unit;

fn feeds() -> Table {
    let mut table = Table::new(vec![
        Spec::new("feed").cut(12),
        Spec::new("state").rank(4),
        Spec::new("entries").right().rank(2),
        Spec::new("trouble").optional(),
        Spec::new("address").middle(20).rank(1),
    ]);
    for (name, state, entries, address) in [
        ("Ledger Post", "ok", "54", "https://ledger.example/feeds/all/2026/news.xml"),
        ("日本の暗号資産ニュース", "failing", "1203", "https://jp.example/f"),
        ("أخبار العملات", "ok", "7", "https://ar.example/rss"),
        ("Launches 🚀👨‍👩‍👧‍👦 daily", "ok", "0", "https://emoji.example/"),
        ("A name of a feed that is rather long, as some are", "ok", "3", "https://long.example/feed/"),
    ] {
        table.row(vec![name.into(), state.into(), entries.into(), "".into(), address.into()]);
    }
    table
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| Unit::Cells.length(line)).max().unwrap_or_default()
}

#[test]
fn columns_are_cut_and_left_out_by_rank() {
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../../tests/snapshots"}, {
        let at = |width: u16| format!("{}\n{}\n", "-".repeat(width.into()), feeds().render(Style::pipe(width)));
        insta::assert_snapshot!("table_widths", [40, 60, 80, 100, 120, 160].map(at).concat());
    });
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for width in 20..200 {
        let text = feeds().render(Style::pipe(width));
        assert!(widest(&text) <= usize::from(width), "{width}\n{text}");
        assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
    }
}

#[test]
fn columns_stand_below_each_other_in_any_script() {
    let text = feeds().render(Style::pipe(80));
    let starts = text.lines().skip(1).map(|line| {
        let at = line.rfind("  https").unwrap();
        Unit::Cells.length(&line[..at])
    });
    let starts: Vec<usize> = starts.collect();
    assert!(starts.iter().all(|at| *at == starts[0]), "{starts:?}\n{text}");
}

#[test]
fn a_word_or_an_address_is_never_split() {
    let mut table = Table::new(vec![Spec::new("key"), Spec::new("value").wrap(10)]);
    let address = "https://very.long.example/with/a/path/that/does/not/fit";
    table.row(vec!["http.proxy".into(), format!("first second third {address} fourth").into()]);
    let text = table.render(Style::pipe(40));
    assert_eq!(
        text,
        format!(
            "key         value\nhttp.proxy  first second third\n            {address}\n            fourth\n"
        )
    );
}

#[test]
fn controls_of_a_terminal_are_removed_and_looks_are_added() {
    let mut table = Table::new(vec![Spec::new("title").cut(9)]);
    table.row(vec![Cell::new("\x1b[31mred\u{202E} \u{9b}2J مرحبا", Look::BOLD).link("https://a.example/")]);
    assert_eq!(table.render(Style::pipe(80)), "title\n[31mred 2J مرحبا\n");
    let terminal = table.render(Style { width: 80, color: true, terminal: true });
    let link = "\x1b]8;;https://a.example/\x1b\\\x1b[1m\u{2068}[31mred 2J مرحبا\u{2069}\x1b[0m\x1b]8;;\x1b\\";
    assert_eq!(terminal, format!("\x1b[2mtitle\x1b[0m\n{link}\n"));
}

#[test]
fn second_lines_and_headings_keep_to_the_columns() {
    let mut table = Table::new(vec![Spec::new("id"), Spec::new("class"), Spec::new("what")]);
    table.remark("1 story");
    table.heading("yesterday");
    table.row(vec!["6044aa".into(), "critical".into(), "airdrop live".into()]);
    table.below(2, "today".into(), "A headline that goes on and on".into(), "Post +7".into());
    let expected = "id      class     what                               1 story\nyesterday\n6044aa  critical  airdrop live\ntoday             A headline that goes on and on     Post +7\n";
    assert_eq!(table.render(Style::pipe(60)), expected);
}

#[test]
fn numbers_stand_to_the_right() {
    let rows = vec![
        vec!["a".into(), "1\u{202F}203".into()],
        vec!["b".into(), "–".into()],
        vec!["c".into(), "12 ms".into()],
    ];
    let table = Table::of_texts(&["name", "size"], rows);
    assert_eq!(table.render(Style::pipe(80)), "name   size\na     1 203\nb         –\nc     12 ms\n");
}
