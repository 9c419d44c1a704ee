//! Facts that a text states about a launch: whose, which ticker, when. Chosen from a reading; nothing is guessed
//! that does not stand there.

pub(super) mod coins;
pub(super) mod date;
pub(super) mod notice;
pub(super) mod project;
mod settle;
mod stage;
pub(super) mod token;
pub(super) mod venue;

pub use date::{DateRelation, event_dates};
pub use notice::{Notice, PRIORS as NOTICE_PRIORS, notice};
pub use settle::{Settled, settle};
pub(super) use stage::registers;

use super::{groups::Groups, lexicon::Lexicon, reading::Part};
use crate::text::normal::{Case, Shape};

/// "Korvex lists Caldera", "OKX will list", "Meridian adds Kite": who does that is a venue. What "lists on" one is not.
fn lists(part: &Part, after: usize) -> bool {
    let is_verb = |at| matches!(part.word(at), "lists" | "list" | "listing" | "adds" | "add");
    (after..after + 3)
        .take_while(|&at| is_verb(at) || matches!(part.word(at), "will" | "to" | "is"))
        .any(|at| is_verb(at) && !matches!(part.word(at + 1), "on" | "at" | "in" | "by"))
}

/// Whether token `index` looks like a ticker: two to ten capitals or digits.
fn is_ticker(lexicon: &Lexicon, part: &Part, index: usize) -> bool {
    let word = part.word(index);
    part.is(index, Shape::Word)
        && part.normal.tokens[index].case == Case::Upper
        && (2..=10).contains(&word.len())
        // Capitals of other scripts are abbreviations.
        && word.is_ascii()
        && !part.tags[index].any(Groups::KNOWN)
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
