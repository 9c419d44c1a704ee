//! What kind of report a headline opens: news, or a look back at it; a token's launch, or its listing on an exchange.

use super::min_hash::lower_words;

/// First words of headlines that judge or explain, and labels of opinion pages.
const OPENERS: [&str; 14] = [
    "opinion",
    "editorial",
    "commentary",
    "column",
    "analysis",
    "essay",
    "review",
    "reflections",
    "why",
    "should",
    "did",
    "was",
    "were",
    "recap",
];

/// Words of headlines that look back or give an opinion.
const PHRASES: [&str; 27] = [
    "op ed",
    "retrospective",
    "postmortem",
    "post mortem",
    "in hindsight",
    "looking back",
    "look back",
    "looks back",
    "looked back",
    "recap",
    "lessons from",
    "lessons of",
    "lessons learned",
    "we learned",
    "i learned",
    "went wrong",
    "went right",
    "taught us",
    "tells us about",
    "says about",
    "case for",
    "case against",
    "anatomy of",
    "winners and losers",
    "worth it",
    "my take",
    "anniversary",
];

/// Units of "a year later"; a day later is still the launch.
const SPANS: [&str; 6] = ["week", "weeks", "month", "months", "year", "years"];

/// Verbs of news, after which "a month after its sale" only says when.
const NEWS: [&str; 18] = [
    "sets",
    "opens",
    "lists",
    "launches",
    "announces",
    "confirms",
    "names",
    "unveils",
    "reveals",
    "begins",
    "starts",
    "adds",
    "goes",
    "raises",
    "closes",
    "plans",
    "to",
    "will",
];

/// Words of exchanges' notices.
const LISTING: [&str; 10] =
    ["list", "lists", "listed", "listing", "listings", "trading", "trade", "trades", "spot", "exchange"];

/// Whether a headline looks back at a launch or gives an opinion on it.
pub(super) fn is_commentary(title: &str) -> bool {
    let words = lower_words(title);
    let Some(first) = words.first() else { return false };
    let line = format!(" {} ", words.join(" "));
    let holds = |phrase: &&str| line.contains(&format!(" {phrase} "));
    OPENERS.contains(&first.as_str())
        || words.last().is_some_and(|last| last == "opinion")
        || PHRASES.iter().any(holds)
        || looks_back(&words)
}

/// "A year later", "six months on", "a week after": unless a verb of news follows.
fn looks_back(words: &[String]) -> bool {
    let at = words.windows(2).position(|pair| {
        SPANS.contains(&pair[0].as_str()) && ["later", "on", "after"].contains(&pair[1].as_str())
    });
    at.is_some_and(|at| !words[at..].iter().any(|word| NEWS.contains(&word.as_str())))
}

/// Whether a headline reports that an exchange lists a token, or that it trades.
pub(super) fn is_exchange_listing(title: &str) -> bool {
    lower_words(title).iter().any(|word| LISTING.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_back_and_an_opinion_are_no_news() {
        for title in [
            "Opinion: Quorith's airdrop was a gift to bots",
            "Op-Ed: the Quorith claim shows how not to do it",
            "Six months later, few Quorith claimants hold QRTH",
            "A week after the Quorith claim, users count their losses",
            "Quorith's airdrop in hindsight",
            "Why the Quorith airdrop disappointed its users",
            "Lessons from the Quorith token launch",
            "Was the QRTH airdrop fair?",
            "What the Quorith claim says about airdrops",
            "The Quorith airdrop was a mistake | Opinion",
        ] {
            assert!(is_commentary(title), "{title}");
        }
        for title in [
            "Quorith opens QRTH claim",
            "A month after its sale, Quorith sets a date for the QRTH claim",
            "The day after: Quorith's first hours on the market",
            "How to claim the Quorith airdrop",
            "Quorith airdrop splits opinion but pays out",
            "Claim window is open for two weeks on the portal of Quorith to early users",
            "",
        ] {
            assert!(!is_commentary(title), "{title}");
        }
    }

    #[test]
    fn an_exchange_listing_is_no_token_launch() {
        assert!(is_exchange_listing("Northgate will list Quorith (QRTH)"));
        assert!(is_exchange_listing("QRTH trading starts on Friday"));
        assert!(!is_exchange_listing("Quorith token launch: QRTH goes live"));
    }
}
