//! Headline patterns: classes of texts that a few groups in a certain relation make recognisable.
//!
//! Training starts from `PRIORS`, set by hand, and corrects them by the labels, so that rare classes are judged sensibly
//! before there are many examples of them.

use super::{
    facts::registers,
    groups::{Group, Groups},
    reading::{Part, Reading},
    signals::Sink,
};
use crate::{model::Kind, text::normal::Shape};

/// The patterns by name, with the raw points that training starts from.
pub const PRIORS: &[(&str, f32)] = &[
    ("frame:clean headline", 1.2),
    ("frame:listing notice", 3.0),
    ("frame:sale advert", 1.5),
    ("frame:airdrop with tasks", 1.5),
    ("frame:presale placement", 2.0),
    ("frame:ahead of a launch", 1.5),
    ("frame:new token on a venue", 1.5),
    ("frame:other object", -1.5),
    ("frame:wrongdoing", -1.5),
    ("frame:price led", -1.2),
    ("frame:price led by an old token", -1.2),
    ("frame:trading contest", -2.5),
    ("frame:derivative", -2.5),
    ("frame:old token only", -1.2),
    ("frame:in general", -1.5),
    ("frame:lesson", -0.8),
    ("frame:recap", -1.2),
    ("frame:called off", -1.5),
    ("frame:reaction", -0.8),
    ("frame:handout of another coin", -2.0),
    ("frame:praise", -1.5),
    ("frame:price site", -2.5),
    ("frame:supposed", -2.0),
    ("frame:rumour", -3.0),
    ("frame:question to readers", -2.5),
    ("frame:platform", -1.2),
    ("frame:unlock", -4.5),
];

/// What a headline says of the event and its time, by the order of docs/reference/labelling.md#order-of-events.
/// Name, column of the weights, and the raw points that training starts from.
pub const FACT_PRIORS: &[(&str, usize, f32)] = &[
    ("headline:announcement", 1, 4.0),
    ("headline:snapshot", 2, 4.0),
    ("headline:sale", 3, 4.0),
    ("headline:airdrop", 4, 4.0),
    ("headline:listing", 5, 4.0),
    ("headline:tokenomics", 6, 4.0),
    ("headline:upcoming", 7, 1.5),
    ("headline:live", 8, 1.5),
    ("headline:past", 9, 1.5),
];

/// Tokens between a hedge, or a coin, and the noun it belongs to.
const NEAR: usize = 6;

/// Reports every headline pattern of `reading` to `sink`.
pub(super) fn signals(kind: Kind, reading: &Reading, sink: &mut impl Sink) {
    facts(kind, reading, sink);
    let head = reading.head();
    let seen = head.seen;
    let mut report = |name: &str| sink.signal(&["frame:", name], 1.0, None);
    let fresh = has_new_name(head);
    if kind == Kind::News && seen.any(Groups::LAUNCH) && fresh && !seen.any(Groups::BLEMISH) {
        report("clean headline");
    }
    let listed = seen.any(Group::List) && (seen.any(Group::Trading) || reading.body.seen.any(Group::Trading));
    if listed && fresh && !seen.any(Groups::NO_NOTICE) {
        report("listing notice");
    }
    if kind == Kind::Post {
        post(head, fresh, &mut report);
    } else {
        news(reading, fresh, &mut report);
    }
    if seen.any(Group::TradeContest) {
        report("trading contest");
    }
    if seen.any(Group::Perp) {
        report("derivative");
    }
    if seen.any(Group::OldListing) {
        report("price site");
    }
    if near(head, Groups::LAUNCH | Group::List, Groups::HEDGE) {
        report("supposed");
    }
    if seen.any(Group::Suppose) && seen.any(Groups::LAUNCH | Group::List | Groups::TOKEN) {
        report("rumour");
    }
    if follows(head, Groups::AIRDROP, Group::Third | Group::Cbdc) {
        report("handout of another coin");
    }
}

fn news(reading: &Reading, fresh: bool, report: &mut impl FnMut(&str)) {
    let head = reading.head();
    let seen = head.seen;
    let launch = seen.any(Groups::LAUNCH);
    let placed = reading.body.seen.any(Groups::RAISED | Group::Wire | Group::Stage)
        || seen.any(Groups::RAISED | Group::Prediction | Group::Stage);
    if (seen | reading.body.seen).any(Groups::LAUNCHPAD_SALE) && placed && !seen.any(Group::Wrong) && fresh {
        report("presale placement");
    }
    if launch
        && seen.any(Group::Upcoming)
        && seen.any(Groups::OWN_LAUNCH)
        && seen.any(Groups::FUNDING)
        && fresh
    {
        report("ahead of a launch");
    }
    if seen.any(Group::Venue)
        && seen.any(Groups::TOKEN | Groups::DEBUT)
        && seen.any(Groups::DEBUT | Groups::LAUNCHPAD_SALE | Groups::LISTING)
        && fresh
        && !seen.any(Groups::OTHER_OBJECT | Group::Old)
    {
        report("new token on a venue");
    }
    let patterns = [
        (Groups::OTHER_OBJECT, "other object"),
        (Group::Wrong.into(), "wrongdoing"),
        (Group::Plural.into(), "in general"),
        (Group::Education.into(), "lesson"),
        (Group::Recap.into(), "recap"),
        (Group::Cancel.into(), "called off"),
        (Group::Reaction.into(), "reaction"),
        (Group::Tool.into(), "platform"),
    ];
    if seen.any(Groups::LISTED_OR_LAUNCHED) {
        for (_, name) in patterns.into_iter().filter(|(groups, _)| seen.any(*groups)) {
            report(name);
        }
    }
    let old = seen.any(Group::Old);
    if old && !fresh {
        report("old token only");
    }
    if seen.any(Group::Unlock) && !seen.any(Groups::AIRDROP | Groups::LAUNCHPAD_SALE | Group::Claim) {
        report("unlock");
    }
    if is_price_led(head) {
        report("price led");
        if old {
            report("price led by an old token");
        }
    }
}

fn post(post: &Part, fresh: bool, report: &mut impl FnMut(&str)) {
    let seen = post.seen;
    let has_shape = |shape| post.normal.tokens.iter().any(|token| token.shape == shape);
    let link = has_shape(Shape::Link);
    let named = fresh || has_shape(Shape::Hashtag);
    let advert = Groups::SETS | Group::Opens | Group::Join | Group::Stage | Group::Upcoming;
    if seen.any(Groups::LAUNCHPAD_SALE) && link && named && seen.any(advert) {
        report("sale advert");
    }
    let tasks = Group::Reward | Group::Join;
    if seen.any(Groups::AIRDROP) && link && named && seen.any(tasks) && !seen.any(Group::TradeContest) {
        report("airdrop with tasks");
    }
    if seen.any(Group::Praise) && !(link && seen.any(tasks | Group::Instruct)) {
        report("praise");
    }
    if seen.any(Group::Wrong) && seen.any(Groups::LAUNCH) {
        report("wrongdoing");
    }
    if seen.any(Group::Plural) {
        report("in general");
    }
    if !link && asks_of_launch(post) {
        report("question to readers");
    }
}

/// Whether a question names a launch: "anyone ready for the Kestrel airdrop?"
fn asks_of_launch(post: &Part) -> bool {
    let mut named = false;
    for at in 0..post.tags.len() {
        named |= post.tags[at].any(Groups::LAUNCH | Groups::TOKEN);
        match post.word(at) {
            "?" if named => return true,
            "." | "?" => named = false,
            _ => {}
        }
    }
    false
}

/// The event of the headline, and how far it has come.
fn facts(kind: Kind, reading: &Reading, sink: &mut impl Sink) {
    let title = reading.title.seen;
    let whole = reading.seen();
    let supply = if title.any(Groups::SETS) { title & Group::Supply } else { Groups::default() };
    let events = Groups::LISTED_OR_LAUNCHED | Groups::NEW_TOKEN | Group::Tokenomics | supply;
    let main = before_cause(&reading.title);
    let seen = [main, title].into_iter().find(|seen| seen.any(events)).unwrap_or(whole);
    let has = |groups: Groups| seen.any(groups);
    let ahead = has(Groups::SETS | Group::Upcoming);
    let sale = Groups::LAUNCHPAD_SALE;
    let checker = opens_checker(reading.head());
    let registers = registers(reading.head());
    let event = if has(sale) && (title.any(sale) || !has(Groups::AIRDROP)) {
        "sale"
    } else if checker
        || has(Groups::AIRDROP)
            && seen.any(Group::Record)
            && !(has(Group::Claim | Group::Gives | Group::Upcoming)
                || registers
                || names_claim(reading.head()))
    {
        "snapshot"
    } else if has(Groups::AIRDROP | Group::Claim) && !(seen.any(Group::List) && trades(reading.head())) {
        "airdrop"
    } else if has(Groups::LISTING) {
        "listing"
    } else if title.any(Group::Sell) && has(Groups::LAUNCHED | Groups::RAISED | Group::Join) {
        "sale"
    } else if seen.any(Group::Distribution) && has(Groups::LAUNCHED | Group::Gives) {
        "airdrop"
    } else if has(Groups::NEW_TOKEN) {
        if has(Groups::LAUNCHED) && !plans(reading.head()) || !(ahead || has(Groups::FUNDING)) {
            "listing"
        } else {
            "announcement"
        }
    } else if has(supply | Group::Tokenomics) {
        "tokenomics"
    } else if seen.any(Group::Record) {
        "snapshot"
    } else {
        return;
    };
    sink.signal(&["headline:", event], 1.0, None);
    let open = has(Groups::LAUNCHED | Group::Gives) || kind == Kind::Post && has(Group::Join | Group::Reward);
    let staged = title.any(Group::Stage | Group::Prediction);
    let placed = event == "sale" && (whole.any(Group::Wire) || staged);
    // "Gets listed on": the notice comes before the trading.
    let notice = event == "listing" && title.any(Group::List) && title.any(Group::Exchange);
    let stage = if event == "sale" && title.any(Groups::RAISED) && whole.any(Group::Funding) && !staged {
        "past"
    } else if placed {
        "live"
    } else if registers && matches!(event, "sale" | "airdrop") {
        "upcoming"
    } else if event == "sale" && title.any(Groups::RAISED) || event == "snapshot" && is_taken(reading.head())
    {
        "past"
    } else if checker || open && !(ahead && event == "listing") {
        "live"
    } else if ahead || notice || matches!(event, "announcement" | "tokenomics" | "snapshot") {
        "upcoming"
    } else {
        return;
    };
    sink.signal(&["headline:", stage], 1.0, None);
}

/// Whether users can see what they get: "the airdrop checker is live", "check your allocation".
fn opens_checker(part: &Part) -> bool {
    let near = |from: usize, wanted: &[&str]| (from..from + NEAR).any(|at| wanted.contains(&part.word(at)));
    (0..part.tags.len()).any(|at| match part.word(at) {
        "checker" => near(at + 1, &["live", "open", "out", "available", "up", "here", "launched"]),
        "check" => {
            part.word(at + 1) != "out"
                && near(at + 1, &["allocation", "allocations", "eligibility", "eligible", "airdrop"])
        }
        _ => false,
    })
}

/// Whether a claim is spoken of, perhaps as a label: "Claim: https://...".
fn names_claim(part: &Part) -> bool {
    (0..part.tags.len()).any(|at| matches!(part.word(at), "claim" | "claims" | "claiming" | "claimable"))
}

/// Whether trading is spoken of: "go live on" is no sign of it after "claims".
fn trades(part: &Part) -> bool {
    part.hits
        .iter()
        .any(|hit| hit.group == Group::Trading && !part.groups(hit.first as usize).any(Group::Claim))
}

/// Whether the new token is only planned: what is set or revealed after it is something else.
fn plans(part: &Part) -> bool {
    part.tags.iter().take_while(|tags| !tags.any(Groups::NEW_TOKEN)).any(|tags| tags.any(Groups::SETS))
}

/// Whether a snapshot is said to be over: "the snapshot has been taken".
fn is_taken(part: &Part) -> bool {
    (0..part.tags.len()).filter(|&at| part.word(at) == "snapshot").any(|at| {
        (at + 1..at + NEAR)
            .any(|at| matches!(part.word(at), "taken" | "completed" | "complete" | "done" | "finished"))
    })
}

/// The groups of a headline up to the word that gives a cause or a background: what stands after "after" is old
/// news, and what stands after "ahead of" is another day's.
fn before_cause(title: &Part) -> Groups {
    title.tags.iter().take_while(|tags| !tags.any(Groups::CAUSE)).collect()
}

/// Whether a name or ticker stands there that is no established token, venue or outlet.
fn has_new_name(part: &Part) -> bool {
    part.tags.iter().any(|tags| tags.any(Group::Name) || tags.any(Group::Cashtag) && !tags.any(Group::Old))
}

/// "X soars after airdrop": the price moves, the event is only its cause.
fn is_price_led(part: &Part) -> bool {
    let first = |groups: Groups, from: usize| (from..part.tags.len()).find(|&at| part.tags[at].any(groups));
    let Some(moved) = first(Group::PriceMove.into(), 0) else { return false };
    let Some(related) = first(Groups::PRICE_CAUSE, moved) else { return false };
    first(Groups::LISTED_OR_LAUNCHED, related).is_some() || !part.seen.any(Groups::LAUNCH)
}

/// Whether a token of `a` stands near one of `b`.
fn near(part: &Part, a: Groups, b: Groups) -> bool {
    (0..part.tags.len()).filter(|&at| part.tags[at].any(b)).any(|at| {
        part.tags[at.saturating_sub(NEAR)..(at + NEAR + 1).min(part.tags.len())]
            .iter()
            .any(|tags| tags.any(a))
    })
}

/// Whether a token of `b` follows soon after one of `a`.
fn follows(part: &Part, a: Groups, b: Groups) -> bool {
    (0..part.tags.len())
        .filter(|&at| part.tags[at].any(a))
        .any(|at| part.tags[at + 1..(at + NEAR + 1).min(part.tags.len())].iter().any(|tags| tags.any(b)))
}
