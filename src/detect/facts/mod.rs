//! Facts that a text states about a launch: whose, which ticker, when. Chosen from a reading; nothing is guessed
//! that does not stand there.

pub mod coins;
pub mod date;
pub mod project;
pub mod stage;
pub mod token;
pub mod venue;

pub use date::{DateRelation, event_dates};

use super::lexicon::{Lexicon, Part};
use crate::text::normal::{Case, Shape};

/// The groups that the search for facts asks about.
#[derive(Debug, Clone, Copy)]
pub struct FactGroups {
    /// Nouns of an event.
    pub core: u128,
    /// Verbs whose subject is a project.
    pub verbs: u128,
    /// "to list", "trading for": their object is the token.
    pub listing: u128,
    /// Price talk: its subject is seldom the news.
    pub price: u128,
    /// Nouns after which no project is named: NFT, stablecoin and the like.
    pub name: u128,
    /// Established tokens.
    pub old: u128,
    /// Exchanges, funds, chains.
    pub venue: u128,
    /// Of those, where something trades.
    pub exchange: u128,
    /// Outlets.
    pub press: u128,
    /// `token`, `tokens`, `coin`.
    pub token: u128,
}

impl FactGroups {
    /// Looks up the groups by name.
    #[must_use]
    pub fn new(lexicon: &Lexicon) -> Self {
        Self {
            core: lexicon.mask(&[
                "airdrop",
                "airdropped",
                "presale",
                "tokensale",
                "ido",
                "launchpad",
                "tge",
                "tokenlaunch",
                "newtoken",
                "list",
                "trading",
                "tokenomics",
                "sell",
                "distribution",
                "token",
                "claim",
                "debut",
            ]),
            verbs: lexicon.mask(&[
                "sets",
                "reveals",
                "opens",
                "launches",
                "gives",
                "raised",
                "upcoming",
                "ended",
                "postponed",
            ]),
            listing: lexicon.mask(&["list", "trading"]),
            price: lexicon.mask(&["pricetalk", "prediction"]),
            name: lexicon.mask(&["name"]),
            old: lexicon.mask(&["old"]),
            venue: lexicon.mask(&["venue"]),
            exchange: lexicon.mask(&["exchange"]),
            press: lexicon.mask(&["press"]),
            token: lexicon.mask(&["token"]),
        }
    }
}

/// The original words of tokens `first..=last` of `part`, which was read from `text`.
#[must_use]
pub fn words<'a>(text: &'a str, part: &Part, first: usize, last: usize) -> &'a str {
    let (Some(first), Some(last)) = (part.normal.tokens.get(first), part.normal.tokens.get(last)) else {
        return "";
    };
    text.get(first.start as usize..last.end as usize).unwrap_or_default()
}

/// "Korvex lists Caldera", "OKX will list", "Meridian adds Kite": who does that is a venue. What "lists on" one is not.
fn lists(part: &Part, after: usize) -> bool {
    let word = |at: usize| part.normal.tokens.get(at).map_or("", |_| part.normal.word(at));
    (after..after + 3)
        .take_while(|&at| {
            matches!(word(at), "will" | "to" | "is" | "lists" | "list" | "listing" | "adds" | "add")
        })
        .any(|at| {
            matches!(word(at), "lists" | "list" | "listing" | "adds" | "add")
                && !matches!(word(at + 1), "on" | "at" | "in" | "by")
        })
}

/// The next token that is not a quotation mark, from `index` on.
fn skip_quotes(part: &Part, mut index: usize) -> usize {
    while part.normal.tokens.get(index).is_some_and(|token| token.shape == Shape::Quote) {
        index += 1;
    }
    index
}

/// Whether token `index` looks like a ticker: two to ten capitals or digits.
fn is_ticker(lexicon: &Lexicon, groups: &FactGroups, part: &Part, index: usize) -> bool {
    let token = part.normal.tokens[index];
    let word = part.normal.word(index);
    token.shape == Shape::Word
        && token.case == Case::Upper
        && (2..=10).contains(&word.len())
        && part.tags[index] & (groups.old | groups.venue | groups.press) == 0
        && !(lexicon.is_common(word) && word.len() > 3)
        && !NO_TICKERS.contains(&word)
}

/// Capitals that are no ticker.
const NO_TICKERS: &[&str] = &[
    "ico", "ido", "ieo", "ceo", "cto", "cfo", "coo", "nft", "nfts", "dao", "daos", "defi", "tge", "ama",
    "dex", "cex", "etf", "etfs", "sec", "us", "usa", "uk", "eu", "uae", "ipo", "utc", "est", "api", "l2",
    "l1", "evm", "zk", "rwa", "tvl", "fdv", "apy", "apr", "pm", "am", "faq", "kyc", "cbdc", "bsc", "erc20",
    "erc", "bep20", "gamefi", "web3", "p2e", "usd", "fintech", "dyor", "new", "tv", "tldr", "vc", "ath",
    "ai", "gm", "mpc", "sdk", "rt",
];
