use super::*;
use crate::{model::EntryMarks, store::Words};

const DAY: u32 = 20_800;

fn entry(id: Option<&str>, link: Option<&str>, title: &str, summary: &str) -> Entry {
    let (id, link) = (id.map(str::to_owned), link.map(|link| format!("https://news.example/{link}")));
    let marks = feed::marks(id.as_deref(), link.as_deref(), title, summary);
    Entry { id, link, title: title.to_owned(), summary: summary.to_owned(), marks, ..Entry::default() }
}

/// `entry` as stored under `key`: dropped, like most.
fn kept(entry: &Entry, key: EntryKey) -> KnownEntry {
    KnownEntry {
        key,
        state: KnownState::Dropped { by_other_rules: false },
        is_stale: false,
        marks: Some(entry.marks.into()),
        rewordings: Rewordings::default(),
        words: None,
    }
}

/// The same, classified: its words are stored.
fn judged(entry: &Entry, key: EntryKey) -> KnownEntry {
    let words = Words { title: entry.title.clone(), link: entry.link.clone(), text: entry.summary.clone() };
    KnownEntry { state: KnownState::Judged, words: Some(words), ..kept(entry, key) }
}

fn sights(entries: &[Entry], known: &[KnownEntry]) -> Vec<Sight> {
    recognise(entries, &lookups(entries), known, DAY)
}

/// The positions in `before`, once stored, of the entries of a document with `after`; `None` for new ones.
fn places(before: &[Entry], after: &[Entry]) -> Vec<Option<usize>> {
    let mut known = Vec::new();
    for (entry, sight) in before.iter().zip(sights(before, &[])) {
        let Sight::New { key, .. } = sight else { panic!("{sight:?}") };
        known.push(kept(entry, key));
    }
    let place = |key: EntryKey| known.iter().position(|known| known.key == key);
    let seen = sights(after, &known).into_iter().filter_map(|sight| match sight {
        Sight::New { .. } => Some(None),
        Sight::Known { key, .. } | Sight::Reworded { key, .. } | Sight::Reopened { key } => Some(place(key)),
        Sight::Double => None,
    });
    seen.collect()
}

#[test]
fn one_part_that_changes_does_not_make_an_entry_new() {
    let was = entry(Some("g1"), Some("a"), "Harbour opens", "The harbour opens its gates in spring.");
    for is in [
        entry(Some("g1"), Some("a?utm_source=feed#top"), &was.title, &was.summary),
        entry(Some("g1"), Some("other-slug"), &was.title, &was.summary),
        entry(Some("g1"), Some("other-slug"), "Harbour to open", &was.summary),
        entry(Some("g2"), Some("a"), &was.title, "Other words."),
        entry(Some("g2"), Some("a"), "Other title", &was.summary),
        entry(Some("g2"), Some("b"), &was.title, &was.summary),
        entry(None, Some("a"), "Other title", "Other words."),
        entry(None, None, &was.title, &was.summary),
        entry(Some("g1"), None, "Other title", "Other words."),
    ] {
        assert_eq!(places(std::slice::from_ref(&was), std::slice::from_ref(&is)), [Some(0)], "{is:?}");
    }
}

#[test]
fn what_is_shared_identifies_nothing() {
    let one = entry(Some("g"), Some("a"), "Harbour opens", "The harbour opens its gates.");
    for other in [
        entry(Some("g"), Some("b"), "Bridge closes", "The bridge is closed for repair."),
        entry(Some("g2"), Some("a"), "Bridge closes", "The bridge is closed for repair."),
        entry(Some("g2"), Some("b"), "Harbour opens", "The harbour of another town opens."),
        entry(Some("g"), Some("b"), "Bridge closes", ""),
    ] {
        let both = [one.clone(), other.clone()];
        assert_eq!(places(&both[..1], &both), [Some(0), None], "{other:?}");
        assert_eq!(places(&both[..1], &both[1..]), [None], "{other:?}");
        assert_eq!(places(&both, &both), [Some(0), Some(1)], "{other:?}");
        assert_eq!(places(&both, &both[1..]), [Some(1)], "{other:?}");
    }
}

#[test]
fn notices_of_one_page_are_distinguished_by_their_words() {
    let notice = |title: &str, text: &str| entry(None, Some("status"), title, text);
    let three =
        [notice("Pump rests", "It is oiled."), notice("Gate shut", "Wind."), notice("Gate open", "Calm.")];
    assert_eq!(places(&three, &three), [Some(0), Some(1), Some(2)]);
    let later = [
        notice("Crane moved", "To the north."),
        three[0].clone(),
        notice("Gate shut", "Wind, and later rain."),
    ];
    assert_eq!(places(&three, &later), [None, Some(0), Some(1)]);
}

#[test]
fn a_copied_guid_flips_nothing() {
    let note = |guid: usize, number: usize| {
        let link = format!("note-{number}");
        entry(
            Some(&guid.to_string()),
            Some(&link),
            &format!("Note {number} on boats"),
            &format!("Boat {number} sails."),
        )
    };
    let ten: Vec<Entry> = (0..10).map(|number| note(number, number)).collect();
    let copied: Vec<Entry> = std::iter::once(note(3, 99)).chain(ten.clone()).collect();
    let known: Vec<Option<usize>> = (0..10).map(Some).collect();
    assert_eq!(places(&ten, &copied), [&[None], known.as_slice()].concat());
    assert_eq!(places(&copied, &ten), (1..11).map(Some).collect::<Vec<_>>());
}

#[test]
fn equal_titles_without_text_count_only_without_useful_guids_and_links() {
    let bare = |id: &str, link: &str, title: &str| entry(Some(id), Some(link), title, "");
    let before = [bare("1", "a", "Weekly review"), bare("2", "b", "Harbour opens its gates")];
    let made_anew = [bare("3", "c", "Weekly review"), bare("4", "d", "Harbour opens its gates")];
    assert_eq!(places(&before, &made_anew), [Some(0), Some(1)]);
    let next_week = [bare("3", "c", "Weekly review"), before[1].clone()];
    assert_eq!(places(&before, &next_week), [None, Some(1)]);
    let standing =
        |id: &str, link: &str, title: &str| entry(Some(id), Some(link), title, "Read more on our site");
    let before = [standing("1", "a", "Weekly review"), standing("2", "b", "Harbour opens")];
    let next_week = [standing("3", "c", "Weekly review"), before[1].clone()];
    assert_eq!(places(&before, &next_week), [None, Some(1)]);
}

#[test]
fn a_double_counts_once() {
    let one = entry(Some("1"), Some("a"), "Harbour opens", "The harbour opens.");
    let again = entry(Some("2"), Some("a"), "Harbour opens", "The harbour opens.");
    let other = entry(Some("3"), Some("b"), "Harbour opens", "The harbour opens.");
    let seen = sights(&[one.clone(), one.clone(), again, other], &[]);
    assert_eq!(seen.iter().filter(|sight| **sight == Sight::Double).count(), 2, "{seen:?}");
}

#[test]
fn only_other_words_are_looked_at_again_and_not_for_ever() {
    let was = entry(Some("g"), Some("a"), "Harbour opens", "The harbour opens.");
    let key = feed::keys(&was)[0];
    let see = |is: &Entry, known: KnownEntry| sights(std::slice::from_ref(is), &[known])[0];
    let known = Sight::Known { key, is_stale: false, is_changed: false };
    assert_eq!(see(&was, judged(&was, key)), known);
    let shouted = entry(Some("g"), Some("a"), "UPDATE: HARBOUR OPENS!", "The harbour opens (12).");
    assert_eq!(see(&shouted, judged(&was, key)), known);
    let counted = entry(Some("g"), Some("a"), "Harbour opens", "The harbour opens. 12 comments, 3 hours ago");
    assert_eq!(see(&counted, judged(&was, key)), Sight::Known { key, is_stale: false, is_changed: true });
    let slip = entry(Some("g"), Some("a"), "Harbuor opens", "The harbour opens.");
    assert_eq!(see(&slip, judged(&was, key)), Sight::Known { key, is_stale: false, is_changed: true });
    let once = Rewordings { day: DAY, on_day: 1, total: 1 };
    let reworded = Sight::Reworded { key, rewordings: once };
    let closes = entry(Some("g"), Some("a"), "Harbour closes", "The harbour opens.");
    let goes_on = entry(Some("g"), Some("a"), "Harbour opens", "The harbour opens. Boats are sold.");
    for is in [&closes, &goes_on] {
        assert_eq!(see(is, judged(&was, key)), reworded);
        assert_eq!(see(is, kept(&was, key)), reworded);
    }
    let often = Rewordings { day: DAY, on_day: Rewordings::A_DAY, total: 3 };
    let tired = KnownEntry { rewordings: often, ..judged(&was, key) };
    assert_eq!(see(&closes, tired), Sight::Known { key, is_stale: false, is_changed: true });
    let reopened = KnownEntry { state: KnownState::Dropped { by_other_rules: true }, ..kept(&was, key) };
    assert_eq!(see(&closes, reopened), Sight::Reopened { key });
}

#[test]
fn entries_of_an_older_version_are_known_and_merged_ones_send_no_alerts() {
    let old = |entry: &Entry, key: EntryKey| KnownEntry { marks: None, ..kept(entry, key) };
    let one = entry(Some("g"), Some("a"), "Harbour opens", "The harbour opens.");
    for key in feed::keys(&one)[..2].iter().copied() {
        let seen = sights(std::slice::from_ref(&one), &[old(&one, key)]);
        assert_eq!(seen, [Sight::Known { key, is_stale: false, is_changed: true }]);
    }
    let words = entry(None, None, "", "Only words, no title.");
    let titled = Entry {
        marks: feed::marks(None, None, "Only words,", &words.summary),
        title: "Only words,".to_owned(),
        ..words.clone()
    };
    let key = feed::keys(&words)[0];
    let seen = sights(&[titled], &[old(&words, key)]);
    assert_eq!(seen, [Sight::Known { key, is_stale: false, is_changed: true }]);
    // Three notices of one link were one.
    let notices =
        ["Pump rests", "Gate shut", "Gate open"].map(|title| entry(None, Some("status"), title, "Wind."));
    let key = notices[1].marks.link.unwrap();
    let merged = KnownEntry { marks: None, ..judged(&notices[1], key) };
    let seen = sights(&notices, &[merged]);
    assert!(matches!(seen[1], Sight::Known { .. }), "{seen:?}");
    for at in [0, 2] {
        assert!(matches!(seen[at], Sight::New { perhaps_known: true, .. }), "{seen:?}");
    }
    let fresh = entry(Some("new"), Some("new"), "Crane moved", "To the north.");
    let seen = sights(&[fresh], &[old(&one, feed::keys(&one)[0])]);
    assert!(matches!(seen[0], Sight::New { perhaps_known: false, .. }), "{seen:?}");
}

#[test]
fn new_entries_never_get_a_key_that_is_taken() {
    let one = entry(Some("g"), None, "Harbour opens", "The harbour opens.");
    let keys = feed::keys(&one);
    let other = entry(Some("x"), Some("y"), "Bridge closes", "For repair.");
    // Both of its keys belong to entries that say something else by now.
    let known = [kept(&other, keys[0])];
    let Sight::New { key, .. } = sights(std::slice::from_ref(&one), &known)[0] else { panic!() };
    assert_eq!(key, keys[1]);
    assert!(one.marks != EntryMarks::default() && !known.iter().any(|known| known.key == key));
}
