use jiff::{SignedDuration, tz::TimeZone};

use super::{
    agenda,
    listing::{Listing, StoryColumn, table},
    samples::detection,
    style::Style,
    times::Times,
};
use crate::{
    model::{Class, Detection, Event, Outlet, Stage, samples::now},
    text::cut::Unit,
};

fn times() -> Times {
    Times::relative(now(), TimeZone::get("Europe/Berlin").unwrap())
}

/// A terminal without colour.
fn screen(width: u16) -> Style {
    Style { width, color: false, terminal: false }
}

fn story(number: u32, hours: i64, title: &str, project: &str) -> Detection {
    let id = format!("{number:06x}aa");
    let at = now() - SignedDuration::from_mins(hours * 60 + 2);
    let also_at = (0..number % 4).map(|other| Outlet {
        url: format!("https://outlet-{other}.example/{number}"),
        source: format!("Outlet {other}"),
        published_at: None,
    });
    Detection {
        id,
        title: title.to_owned(),
        project: Some(project.to_owned()),
        token: number.is_multiple_of(2).then(|| "ERA".to_owned()),
        watched: number.is_multiple_of(3),
        class: [Class::Critical, Class::High, Class::Medium, Class::Low][number as usize % 4],
        event: [Event::Airdrop, Event::Listing, Event::Announcement][number as usize % 3],
        stage: [Stage::Live, Stage::Upcoming][number as usize % 2],
        rumour: number % 4 == 3,
        event_date: (number % 2 == 1).then(|| ["2026-12-01", "2026-12"][number as usize / 2 % 2].to_owned()),
        detected_at: at,
        also_at: also_at.collect(),
        ..detection()
    }
}

fn stories() -> Vec<Detection> {
    [
        (
            0,
            "TreasureDAO claim portal opens for $MAGIC tokens: everything that holders should know",
            "TreasureDAO",
        ),
        (3, "Fhenix to list on three exchanges", "Fhenix"),
        (
            11,
            "日本の暗号資産プロジェクトがトークンを発行、上場は十二月一日を予定していると発表",
            "日本プロジェクト",
        ),
        (26, "مشروع جديد يطلق عملته الرقمية الأسبوع المقبل", "مشروع"),
        (30, "🚀🚀 Launch day 👨‍👩‍👧‍👦 for everyone", "Rocket 🚀"),
        (100, "Oakenledger starts airdrop", "Oakenledger"),
    ]
    .into_iter()
    .zip(0..)
    .map(|((hours, title, project), number)| story(number, hours, title, project))
    .collect()
}

fn compare(name: &str, text: &str) {
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../../tests/snapshots"}, {
        insta::assert_snapshot!(name, text);
    });
}

fn at_each_width(show: impl Fn(Style) -> String) -> String {
    [60, 80, 100, 120, 160]
        .map(|width| format!("{}\n{}\n", "-".repeat(width.into()), show(screen(width))))
        .concat()
}

#[test]
fn stories_at_five_widths() {
    let times = times();
    compare("stories_widths", &at_each_width(|style| table(&stories(), &Listing::new(style, &times))));
    let pipe = Times::absolute(now());
    compare("stories_pipe", &at_each_width(|style| table(&stories(), &Listing::new(style, &pipe))));
    let mut dated = stories();
    dated.retain(|story| story.event_date.is_some());
    compare("agenda_widths", &at_each_width(|style| agenda::table(&dated, &Listing::new(style, &times))));
}

/// 82 stories of two days, as the first cycle of a new user may find.
fn many() -> Vec<Detection> {
    let names = ["Korvex", "TreasureDAO", "A project with a name of many words", "日本プロジェクト"];
    (0..82)
        .map(|number| {
            story(
                number,
                i64::from(number) / 2,
                &"Airdrop claim opens for early users ".repeat(4),
                names[number as usize % 4],
            )
        })
        .collect()
}

#[test]
fn stories_of_a_day_fit_few_lines() {
    for times in [times(), Times::absolute(now())] {
        for (width, lines) in [(60, 165), (80, 165), (100, 165), (120, 85), (160, 85)] {
            let text = table(&many(), &Listing::new(screen(width), &times));
            assert!(text.lines().count() <= lines, "{} lines at {width}\n{text}", text.lines().count());
            let widest = text.lines().map(|line| Unit::Cells.length(line)).max().unwrap();
            assert!(widest <= usize::from(width), "{widest} cells at {width}\n{text}");
        }
    }
}

#[test]
fn one_line_and_columns_are_as_asked() {
    let times = times();
    let listing = Listing { one_line: true, ..Listing::new(screen(80), &times) };
    assert!(table(&many(), &listing).lines().count() <= 85);
    let columns = [StoryColumn::Score, StoryColumn::Url, StoryColumn::Id];
    let text = table(&many()[..1], &Listing { columns: &columns, ..listing });
    assert_eq!(
        text,
        "score  url                  id      1 story, Berlin time\n   91  https://a.example/1  000000\n"
            .replace("id      1", &format!("id{}1", " ".repeat(80 - 30 - 20)))
    );
}

#[test]
fn days_are_marked_only_in_the_order_of_time() {
    let times = times();
    let listing = Listing::new(screen(80), &times);
    let text = table(&stories(), &listing);
    assert!(text.contains("\nyesterday") && text.contains("\nTue 17 Nov"), "{text}");
    let by_score = table(&stories(), &Listing { by_day: false, ..listing });
    assert!(!by_score.contains("yesterday"), "{by_score}");
    assert_eq!(table(&[], &listing), "no stories\n");
}

#[test]
fn the_class_is_a_word_and_colour_repeats_it() {
    let times = times();
    let color = Style { width: 120, color: true, terminal: true };
    let text = table(&stories(), &Listing::new(color, &times));
    assert!(
        text.contains("\x1b[1;31mcritical\x1b[0m")
            && text.contains("\x1b[1mhigh\x1b[0m")
            && text.contains("  medium"),
        "{text}"
    );
    assert!(text.contains("\x1b]8;;https://a.example/1\x1b\\\x1b[1mFhenix"), "{text}");
    let plain = table(&stories(), &Listing::new(screen(120), &times));
    assert!(!plain.contains('\x1b') && plain.contains("critical") && plain.contains("low"), "{plain}");
}
