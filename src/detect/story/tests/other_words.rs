//! One event under several names, and texts that only speak of one.

use super::*;

/// A mention of Quorith's launch, read as `event`.
fn quorith(hours: i64, outlet: &str, event: Event, title: &str) -> NewMention {
    NewMention { event, project: known("Quorith"), stage: Stage::Live, ..mention(hours, outlet, title) }
}

fn on(date: &str, mention: NewMention) -> NewMention {
    NewMention { event_date: known(date), stage: Stage::Upcoming, ..mention }
}

/// The number of stories that the mentions become, in their order and in the opposite one.
fn stories_of(mentions: &[NewMention]) -> usize {
    let count = |mentions: &mut dyn Iterator<Item = &NewMention>| {
        let mut stories = Stories::default();
        mentions.for_each(|mention| drop(place(&mut stories, mention)));
        stories.iter().count()
    };
    let (forward, backward) = (count(&mut mentions.iter()), count(&mut mentions.iter().rev()));
    assert_eq!(forward, backward, "the order of reading decides");
    forward
}

#[test]
fn checker_claim_portal_and_token_launch_of_one_day_are_one_story() {
    let live = [
        quorith(1, "chainpost", Event::Snapshot, "Quorith opens its eligibility checker"),
        quorith(2, "ledgerline", Event::Airdrop, "Quorith's claim portal is live"),
        quorith(3, "coinbeat", Event::Listing, "Quorith token launch: QRTH goes live"),
        NewMention {
            token: known("QRTH"),
            ..quorith(4, "mint", Event::Listing, "QRTH launched by Quorith today")
        },
    ];
    assert_eq!(stories_of(&live), 1);
    let dated = [
        on("2026-11-25", quorith(1, "chainpost", Event::Announcement, "Quorith dates its token")),
        on("2026-11-25", quorith(2, "ledgerline", Event::Airdrop, "Quorith to open claim on 25 November")),
        on("2026-11-25", quorith(3, "coinbeat", Event::Listing, "Quorith TGE set for 25 November")),
        on("2026-11-25", quorith(4, "mint", Event::Snapshot, "Quorith opens checker ahead of 25 November")),
    ];
    assert_eq!(stories_of(&dated), 1);
}

#[test]
fn another_day_another_project_and_an_exchange_listing_are_other_stories() {
    let claim =
        on("2026-11-25", quorith(1, "ledgerline", Event::Airdrop, "Quorith to open claim on 25 November"));
    for other in [
        on("2026-11-27", quorith(2, "coinbeat", Event::Listing, "Quorith TGE set for 27 November")),
        on("2026-11-25", quorith(2, "northgate", Event::Listing, "Northgate will list Quorith (QRTH)")),
        on("2026-11-25", quorith(2, "coinbeat", Event::Listing, "QRTH trading starts on 25 November")),
        on("2026-11-25", quorith(2, "orbitpad", Event::Sale, "Quorith public sale on 25 November")),
        on("2026-11-25", quorith(90, "coinbeat", Event::Listing, "Quorith TGE set for 25 November")),
        NewMention {
            project: known("Tambrel"),
            ..on("2026-11-25", quorith(2, "coinbeat", Event::Listing, "Tambrel TGE set for 25 November"))
        },
    ] {
        assert_eq!(stories_of(&[claim.clone(), other.clone()]), 2, "{}", other.title);
    }
}

#[test]
fn a_look_back_or_an_opinion_joins_no_launch() {
    let claim = quorith(1, "ledgerline", Event::Airdrop, "Quorith opens QRTH claim");
    for title in [
        "Opinion: Quorith's claim was a gift to bots",
        "Looking back at the Quorith airdrop",
        "Why the Quorith airdrop disappointed its users",
        "Two weeks later, few hold what Quorith gave away",
        "Lessons from Quorith's QRTH airdrop",
    ] {
        let later = quorith(200, "gazette", Event::Airdrop, title);
        assert_eq!(stories_of(&[claim.clone(), later.clone()]), 2, "{title}");
        let copy = NewMention {
            url: "https://copy.example/1".to_owned(),
            source: "copy".to_owned(),
            ..later.clone()
        };
        let text = "Users of the test network waited for a year, and most of them sold what they were given within a day.";
        let long = |mention: NewMention| NewMention { signature: signature(&mention.title, text), ..mention };
        assert_eq!(stories_of(&[claim.clone(), long(later), long(copy)]), 2, "a copy of {title}");
        let mut stories = Stories::default();
        place(&mut stories, &claim);
        let joined =
            place(&mut stories, &quorith(210, "coinbeat", Event::Airdrop, "QRTH claim of Quorith is open"));
        assert_eq!((joined.joined, joined.independent), (true, 2));
    }
    let opinions = [
        quorith(30, "gazette", Event::Airdrop, "Opinion: Quorith's claim was a gift to bots"),
        quorith(31, "courier", Event::Airdrop, "Why Quorith's claim is the fairest in years"),
    ];
    assert_eq!(stories_of(&opinions), 2, "two opinions are two texts");
}
