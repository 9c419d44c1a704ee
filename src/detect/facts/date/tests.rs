//! Dates of invented texts.

use super::*;
use crate::detect::lexicon::Lexicon;

/// The dates of a title that was published on a Friday.
fn dates(title: &str) -> Dates {
    static LEXICON: std::sync::LazyLock<Lexicon> = std::sync::LazyLock::new(|| Lexicon::new(&[], &[]));
    let published = "2026-11-20T08:00:00Z".parse().unwrap();
    event_dates(&LEXICON.read(title, "", None), Some(published))
}

fn date_of(text: &str) -> Option<String> {
    dates(text).best(worth).map(|when| when.date.clone())
}

#[test]
fn dates_are_read_in_the_forms_of_the_trade() {
    for (text, date) in [
        ("Claims open on 25 November", "2026-11-25"),
        ("Trading starts November 25th, 10:00 UTC", "2026-11-25"),
        ("Deposits open May 6, 2027", "2027-05-06"),
        ("Snapshot on 2026-12-01", "2026-12-01"),
        ("Airdrop set for January", "2027-01"),
        ("Token launch planned for Q1 2027", "2027-Q1"),
        ("Token launch in Q4", "2026-Q4"),
        ("Token sale opens tomorrow", "2026-11-21"),
        ("Token goes live on Monday", "2026-11-23"),
        ("Claims open on Dec. 5", "2026-12-05"),
        ("Claims open on December the 5th", "2026-12-05"),
        ("Claims open on the 5th of December", "2026-12-05"),
        ("Trading starts on 05.12.2026", "2026-12-05"),
        ("Trading starts on 2026/12/05", "2026-12-05"),
        // One of the two readings is half a year away.
        ("Trading starts on 05/12/2026", "2026-12-05"),
        ("Trading starts on 12/05/2026", "2026-12-05"),
        ("Token launch in the first quarter of 2027", "2027-Q1"),
        ("Token launch in 2027 Q2", "2027-Q2"),
        ("Token launch set for H1 2027", "2027"),
        ("Token launch in the second half of 2027", "2027"),
        ("Token launch at the end of January", "2027-01"),
        ("Token launch in early 2027", "2027"),
    ] {
        assert_eq!(date_of(text).as_deref(), Some(date), "{text}");
    }
}

#[test]
fn the_end_of_a_claim_is_not_its_date() {
    assert_eq!(date_of("Claims are open until 20 December"), None);
    assert_eq!(
        date_of("Airdrop claim opens on 25 November and closes on 20 December").as_deref(),
        Some("2026-11-25")
    );
    assert_eq!(date_of("The claim portal is open as of today").as_deref(), Some("2026-11-20"));
}

#[test]
fn a_weekday_goes_with_the_tense_of_its_verb() {
    assert_eq!(date_of("Caldera opened the claim for its airdrop on Friday").as_deref(), Some("2026-11-20"));
    assert_eq!(date_of("Caldera opened the claim for its airdrop on Tuesday").as_deref(), Some("2026-11-17"));
    assert_eq!(date_of("Caldera opens the claim for its airdrop on Tuesday").as_deref(), Some("2026-11-24"));
}

#[test]
fn the_date_of_a_press_release_is_not_the_event_s() {
    assert_eq!(
        date_of("Rotterdam, 19 November 2026: Driftloop will hold its token sale on 26 November").as_deref(),
        Some("2026-11-26")
    );
}

#[test]
fn a_word_that_only_looks_like_a_month_is_no_date() {
    assert_eq!(date_of("The team may launch a token"), None);
    assert_eq!(date_of("Users march on"), None);
}

#[test]
fn relative_dates_count_from_the_day_of_publication() {
    for (text, date) in [
        ("Token sale opens the day after tomorrow", Some("2026-11-22")),
        ("Trading opens at 10:00 UTC tomorrow", Some("2026-11-21")),
        ("Claims opened yesterday for the airdrop", Some("2026-11-19")),
        ("The airdrop goes live in two weeks", Some("2026-12-04")),
        ("Token sale starts within the next 48 hours", Some("2026-11-22")),
        ("Airdrop claims open next Tuesday", Some("2026-11-24")),
        ("Airdrop claims open next Friday", Some("2026-11-27")),
        ("Orrin to launch its token Wednesday", Some("2026-11-25")),
        ("Orrin launched its token last Tuesday", Some("2026-11-17")),
        ("Token listing on the 24th", Some("2026-11-24")),
        ("Token sale opens Monday, 30 November", Some("2026-11-30")),
        ("Orrin token launch planned for later this month", Some("2026-11")),
        ("Orrin token launch planned for next quarter", Some("2027-Q1")),
        ("Orrin token launch planned for next year", Some("2027")),
        ("The team said in two weeks of testing no fault was found", None),
        ("The sale sold out in 3 hours", None),
    ] {
        assert_eq!(date_of(text).as_deref(), date, "{text}");
    }
}

#[test]
fn a_day_without_a_year_is_the_one_that_its_verb_means() {
    for (text, date) in [
        ("Claims open on 10 January", "2027-01-10"),
        ("The token sale took place on 5 March", "2026-03-05"),
        ("The token sale will open on 5 March", "2027-03-05"),
        ("The token sale will open on 20 September", "2027-09-20"),
        ("The token sale opened on 20 September", "2026-09-20"),
    ] {
        assert_eq!(date_of(text).as_deref(), Some(date), "{text}");
    }
}

#[test]
fn a_time_with_its_zone_may_shift_the_day() {
    for (text, date) in [
        ("Trading opens 5 December 2026, 8 PM PT", "2026-12-06"),
        ("Trading opens at 06:00 (KST) on 5 December 2026", "2026-12-04"),
        ("Trading opens 2026-12-05 02:00 (UTC+8)", "2026-12-04"),
        ("Trading opens 2026-12-05 10:00 (UTC)", "2026-12-05"),
        ("Trading opens on December 5 at 9AM ET", "2026-12-05"),
    ] {
        assert_eq!(date_of(text).as_deref(), Some(date), "{text}");
    }
}

#[test]
fn of_several_dates_each_event_gets_its_own() {
    let text = "Orrin: token sale 10–12 May 2027, airdrop claim 20 May 2027, listing 1 June 2027";
    let of = |text: &str, event| dates(text).of(event).map(|when| when.date.clone());
    assert_eq!(of(text, Event::Sale).as_deref(), Some("2027-05-10"));
    assert_eq!(of(text, Event::Airdrop).as_deref(), Some("2027-05-20"));
    assert_eq!(of(text, Event::Listing).as_deref(), Some("2027-06-01"));
    let text = "On 20 May 2027 the airdrop claim opens. On 1 June 2027, trading starts";
    assert_eq!(of(text, Event::Airdrop).as_deref(), Some("2027-05-20"));
    assert_eq!(of(text, Event::Listing).as_deref(), Some("2027-06-01"));
    let text = "ORN deposits will open at 05:00 UTC on 6 December. ORN trading will open on 7 December";
    assert_eq!(of(text, Event::Listing).as_deref(), Some("2026-12-07"));
    let text = "Registration opens on 2 December. Airdrop claims go live on 4 December";
    assert_eq!(of(text, Event::Airdrop).as_deref(), Some("2026-12-04"));
}

#[test]
fn the_later_date_of_what_is_put_off_holds() {
    for text in [
        "Orrin token launch delayed from 5 December to 12 December",
        "Orrin moves token launch from December 5 to December 12",
        "Orrin postpones token launch until 12 December",
        "Orrin token launch, originally planned for 5 December, is now set for 12 December",
    ] {
        assert_eq!(date_of(text).as_deref(), Some("2026-12-12"), "{text}");
    }
}

#[test]
fn a_range_has_an_end() {
    for (text, first, last) in [
        ("Token sale 5–12 December", "2026-12-05", "2026-12-12"),
        ("Token sale from 28 December to 5 January", "2026-12-28", "2027-01-05"),
        ("Token sale between 5 December and 12 December", "2026-12-05", "2026-12-12"),
        ("Token sale between 5 and 12 December", "2026-12-05", "2026-12-12"),
        ("Token sale: 2026-12-05 10:00 (UTC) - 2026-12-12 10:00 (UTC)", "2026-12-05", "2026-12-12"),
        ("Token sale opens 5 December and runs until the end of January", "2026-12-05", "2027-01-31"),
    ] {
        let found = dates(text);
        assert_eq!(found.best(worth).map(|when| when.date.as_str()), Some(first), "{text}");
        assert_eq!(found.end.map(|day| day.to_string()).as_deref(), Some(last), "{text}");
    }
}
