//! The coins of a notice that is about several: "OKX will list Kestrel (KSTL), Orrin (ORN) and Velquay (VLQ)".
//!
//! Only coins that stand in one list count, each with a ticker: names alone may be partners, products, or one project.

use super::{NO_TICKERS, is_ticker, project};
use crate::{
    detect::{
        groups::{Group, Groups},
        lexicon::Lexicon,
        reading::{Part, Reading},
    },
    model::Coin,
    text::normal::{Case, Shape, readable},
};

/// Coins of one notice that are kept: the longest listing notices of exchanges have six or seven.
const MOST: usize = 10;
/// Tokens beside a list in which a noun or a verb of the trade must stand.
const REACH: usize = 5;
/// Bytes between two coins of a list: ", as well as ".
const GAP: usize = 24;
/// What coins are traded for: "KSTL/USDT" is KSTL.
const QUOTES: &[&str] = &[
    "usdt", "usdc", "usd", "usd1", "fdusd", "tusd", "dai", "btc", "eth", "bnb", "sol", "eur", "krw", "try",
    "jpy", "brl", "trx", "xrp",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub coin: Coin,
    /// Whether it has traded for long: no launch, unless the user watches it.
    pub established: bool,
}

/// A coin and the tokens it takes.
#[derive(Debug)]
struct Place {
    coin: Listed,
    first: usize,
    last: usize,
    /// Whether it is a bare ticker: a word that must be believed.
    bare: bool,
}

/// The coins of `reading`, in the order of the text, each once; empty where it names one or none.
pub fn coins(lexicon: &Lexicon, reading: &Reading) -> Vec<Listed> {
    let in_title = places(lexicon, &reading.title, usize::MAX);
    let listed = list(&reading.title, &in_title);
    if listed.len() > 1 {
        return listed;
    }
    // A headline that names one coin is about that one.
    if in_title.iter().any(|place| !place.bare) {
        return Vec::new();
    }
    let in_body = places(lexicon, &reading.body, usize::MAX);
    let listed = list(&reading.body, &in_body);
    if listed.len() > 1 { listed } else { Vec::new() }
}

/// The first list of two coins or more among `places`.
fn list(part: &Part, places: &[Place]) -> Vec<Listed> {
    let mut from = 0;
    while from < places.len() {
        let mut to = from;
        while to + 1 < places.len()
            && places[to].bare == places[to + 1].bare
            && joined(part, &places[to], &places[to + 1])
        {
            to += 1;
        }
        let found = distinct(&places[from..=to]);
        if found.len() > 1 && in_the_trade(part, places[from].first, places[to].last) {
            return found;
        }
        from = to + 1;
    }
    Vec::new()
}

/// The coins of `places`, each once: "KSTL/USDT, KSTL/BTC" is one.
fn distinct(places: &[Place]) -> Vec<Listed> {
    let mut found: Vec<Listed> = Vec::new();
    for Place { coin, .. } in places {
        let same = |known: &Listed| {
            let (known, coin) = (&known.coin, &coin.coin);
            known.token == coin.token || known.project.is_some() && known.project == coin.project
        };
        if !found.iter().any(same) && found.len() < MOST {
            found.push(coin.clone());
        }
    }
    found
}

/// Whether nothing but a comma, "and" or the like stands between two places.
fn joined(part: &Part, one: &Place, other: &Place) -> bool {
    let tokens = &part.normal.tokens;
    let between = part.text.get(tokens[one.last].end as usize..tokens[other.first].start as usize);
    let Some(between) = between.filter(|between| between.len() <= GAP) else { return false };
    // "KSTL/ORN" without a name is a pair.
    let bare = one.bare;
    let separates = |c: char| {
        matches!(c, ',' | '&' | '+' | ';' | '|' | '•' | '·' | '、' | '，' | '；' | '＆') || c == '/' && !bare
    };
    let mut parted = false;
    let words = between
        .split(|c: char| {
            parted |= separates(c);
            separates(c) || c.is_whitespace()
        })
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>();
    match words.as_slice() {
        [] => parted,
        ["and" | "AND" | "And" | "und" | "y" | "e" | "et" | "plus" | "及" | "和" | "与"]
        | ["as", "well", "as"] => true,
        _ => false,
    }
}

/// Whether the list at `first..=last` stands beside a word of the trade, and not beside talk of prices.
fn in_the_trade(part: &Part, first: usize, last: usize) -> bool {
    let around = first.saturating_sub(REACH)..(last + 1 + REACH).min(part.tags.len());
    let listing = around
        .clone()
        .any(|at| matches!(part.word(at), "list" | "lists" | "listed" | "listing" | "listings" | "trading"));
    let tags: Groups = part.tags[around].iter().collect();
    (listing || tags.any(Groups::TRADE)) && !tags.any(Groups::PRICE_TALK)
}

/// The coins that the first `count` tokens of `part` state with their tickers, each once.
pub(super) fn stated(lexicon: &Lexicon, part: &Part, count: usize) -> Vec<Listed> {
    distinct(&places(lexicon, part, count))
}

/// Every coin that the first `count` tokens of `part` state with its ticker.
fn places(lexicon: &Lexicon, part: &Part, count: usize) -> Vec<Place> {
    let mut found: Vec<Place> = Vec::new();
    let mut index = 0;
    while index < part.normal.tokens.len().min(count) {
        let taken = found.last().map_or(0, |place| place.last + 1);
        match place(lexicon, part, index, taken) {
            Some(place) => {
                index = place.last + 1;
                found.push(place);
            }
            None => index += 1,
        }
    }
    found
}

/// The coin whose ticker, or whose bracket, is at token `index`; its name does not reach back before `taken`.
fn place(lexicon: &Lexicon, part: &Part, index: usize, taken: usize) -> Option<Place> {
    let tokens = &part.normal.tokens;
    let word = |at: usize| part.word(at);
    let ticker = |at: usize| may_be_ticker(part, at);
    let coin = |project: Option<String>, at: usize| {
        let Listed { coin, established } = bare(part, at);
        Listed { coin: Coin { project, ..coin }, established }
    };
    // "Sidekick (K)", "Tenset (10SET)": after a name.
    let lone = |at: usize| {
        tokens.get(at).is_some_and(|token| {
            token.case == Case::Title && token.to - token.at == 1
                || token.case == Case::Upper && token.shape == Shape::Number
        })
    };
    if ticker(index) && word(index + 1) == "(" {
        // "KSTL (Kestrel)"
        let close = (index + 3..index + 7).find(|&at| word(at) == ")");
        if let Some(close) = close
            && project::run(lexicon, part, index + 2) == Some(close - 1)
            && !ticker(index + 2)
        {
            let name = readable(part.words(index + 2, close - 1));
            return Some(Place { coin: coin(Some(name), index), first: index, last: close, bare: false });
        }
    }
    if word(index) == "(" && (ticker(index + 1) || lone(index + 1)) && word(index + 2) == ")" && index > taken
    {
        // "Kestrel (KSTL)"
        let first = name_before(lexicon, part, index, taken)?;
        let name = readable(part.words(first, index - 1));
        return Some(Place { coin: coin(Some(name), index + 1), first, last: index + 2, bare: false });
    }
    if tokens[index].shape == Shape::Cashtag && ticker(index) {
        let first = name_before(lexicon, part, index, taken);
        let name = first.map(|first| readable(part.words(first, index - 1)));
        return Some(Place {
            coin: coin(name, index),
            first: first.unwrap_or(index),
            last: index,
            bare: false,
        });
    }
    let pair = ticker(index) && QUOTES.contains(&word(index + 1)) && {
        let between = part.text.get(tokens[index].end as usize..tokens[index + 1].start as usize);
        matches!(between, Some("/" | "-" | "_" | " / "))
    };
    if pair {
        return Some(Place { coin: coin(None, index), first: index, last: index + 1, bare: false });
    }
    let believed = is_ticker(lexicon, part, index) && ticker(index) && word(index + 1) != "(";
    believed.then(|| {
        // "Kestrel KSTL"
        let first = (index.saturating_sub(3).max(taken)..index)
            .find(|&first| project::run(lexicon, part, first) == Some(index - 1))
            .filter(|&first| !part.tags[first].any(Groups::VENUE_OR_PRESS));
        let name = first.map(|first| readable(part.words(first, index - 1)));
        Place { coin: coin(name, index), first: first.unwrap_or(index), last: index, bare: true }
    })
}

/// Whether token `at` is written as a ticker is, and is neither a venue nor what coins are traded for.
pub(super) fn may_be_ticker(part: &Part, at: usize) -> bool {
    part.token(at).is_some_and(|token| {
        let word = part.word(at);
        let cashtag = token.shape == Shape::Cashtag;
        let written = token.shape == Shape::Word && token.case == Case::Upper;
        (cashtag || written && (2..=10).contains(&word.len()) && !NO_TICKERS.contains(&word))
            && !part.tags[at].any(Groups::VENUE_OR_PRESS)
            && !word.trim_start_matches('$').starts_with("usd")
            && !QUOTES.contains(&word.trim_start_matches('$'))
    })
}

/// The coin whose ticker is token `at`, without a name.
pub(super) fn bare(part: &Part, at: usize) -> Listed {
    let token = readable(part.words(at, at).trim_start_matches(['$', '＄'])).to_uppercase();
    Listed {
        coin: Coin { project: None, token: Some(token), watched: false },
        established: part.tags[at].any(Group::Old),
    }
}

/// Where the name that ends before token `end` begins; at most four words, none of them before `taken`.
fn name_before(lexicon: &Lexicon, part: &Part, end: usize, taken: usize) -> Option<usize> {
    let tokens = &part.normal.tokens;
    let last = end.checked_sub(1)?;
    let named = (end.saturating_sub(4).max(taken)..end)
        .find(|&first| project::run(lexicon, part, first) == Some(last));
    // A common word is a name before a ticker in brackets: "Frame (FRM)".
    let lent = || {
        let token = tokens[last];
        (last >= taken
            && token.shape == Shape::Word
            && token.case != Case::Lower
            && !part.tags[last].any(Groups::VENUE_OR_PRESS | Groups::TRADE | Groups::VERB))
        .then_some(last)
    };
    named
        .or_else(lent)
        .filter(|&first| part.tags[first..end].iter().all(|tags| !tags.any(Groups::VENUE_OR_PRESS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(title: &str, body: &str) -> Vec<String> {
        let lexicon = Lexicon::new(&[], &[]);
        let found = coins(&lexicon, &lexicon.read(title, body, None));
        found
            .into_iter()
            .filter(|listed| !listed.established)
            .map(|listed| listed.coin)
            .map(|coin| format!("{}/{}", coin.project.unwrap_or_default(), coin.token.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn every_coin_of_a_list_is_found() {
        let named = ["Plimsoll/PLIM", "Quorra Network/QRA", "Sabelle/SBL"];
        for title in [
            "Korvex Will List Plimsoll (PLIM), Quorra Network (QRA) and Sabelle (SBL)",
            "Plimsoll (PLIM), Quorra Network (QRA), and Sabelle (SBL) Get Listed on Korvex!",
            "Korvex to list Plimsoll(PLIM), Quorra Network(QRA) & Sabelle(SBL)",
            "Korvex will list Plimsoll（PLIM）、Quorra Network（QRA）、Sabelle（SBL）",
            "New listings: PLIM (Plimsoll), QRA (Quorra Network), SBL (Sabelle)",
            "Airdrop for holders of Plimsoll $PLIM, Quorra Network $QRA and Sabelle $SBL",
            "Korvex lists Plimsoll PLIM, Quorra Network QRA and Sabelle SBL",
        ] {
            assert_eq!(listed(title, ""), named, "{title}");
        }
        for title in [
            "Korvex lists PLIM, QRA and SBL",
            "Spot trading for PLIM/USDT, QRA/USDT and SBL/USDT opens",
            "$PLIM, $QRA & $SBL airdrop claims open",
            "PLIM, QRA, as well as SBL listed on Korvex",
        ] {
            assert_eq!(listed(title, ""), ["/PLIM", "/QRA", "/SBL"], "{title}");
        }
        let body = "Korvex will list Plimsoll (PLIM) and Quorra (QRA).";
        assert_eq!(listed("Two new listings on Korvex", body), ["Plimsoll/PLIM", "Quorra/QRA"]);
    }

    #[test]
    fn one_coin_and_what_only_stands_beside_it_are_no_list() {
        for (title, body) in [
            ("Korvex lists Plimsoll (PLIM)", ""),
            ("Korvex will list Plimsoll (PLIM) and open PLIM/USDT, PLIM/BTC", ""),
            ("Trading of PLIM/USDT and PLIM/USDC opens", ""),
            ("Plimsoll (PLIM) and Plimsoll Labs (PLIM) set token launch", ""),
            ("Plimsoll (PLIM) airdrop for Ethereum (ETH) and Solana (SOL) users", ""),
            ("BTC, ETH and SOL rise after token listing", ""),
            ("Plimsoll and Quorra launch token airdrop", ""),
            ("Korvex lists Plimsoll (PLIM)", "Earlier Korvex listed Quorra (QRA) and Sabelle (SBL)."),
            ("Plimsoll (PLIM), a rival of Quorra (QRA), lists its token", ""),
            ("The weather is fine", ""),
        ] {
            assert_eq!(listed(title, body), Vec::<String>::new(), "{title}");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let list: Vec<String> = (b'A'..=b'Z').map(|c| format!("QX{}", char::from(c))).collect();
        assert_eq!(listed(&format!("Korvex lists {}", list.join(", ")), "").len(), MOST);
    }
}
