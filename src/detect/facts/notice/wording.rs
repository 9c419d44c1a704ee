//! The words by which exchanges say what a notice offers. One table of phrases for all of them, so that a notice of an
//! exchange that nobody has read before is understood too.

use std::ops::{BitOr, BitOrAssign};

use crate::{detect::reading::Part, text::normal::Shape};

/// Tokens of a headline, or of the first sentence of a post, that are read.
const READ: usize = 40;
/// A full stop ends what is read once so many tokens stand before it.
const SENTENCE: usize = 3;

/// What the wording of a notice says, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cues(u32);

impl Cues {
    pub const DELISTING: Self = Self(1);
    pub const MAINTENANCE: Self = Self(1 << 1);
    pub const RENAMING: Self = Self(1 << 2);
    pub const AIRDROP: Self = Self(1 << 3);
    pub const POOL: Self = Self(1 << 4);
    pub const SALE: Self = Self(1 << 5);
    pub const PREMARKET: Self = Self(1 << 6);
    pub const PERPETUAL: Self = Self(1 << 7);
    pub const MARGIN: Self = Self(1 << 8);
    pub const EARN: Self = Self(1 << 9);
    pub const CONVERT: Self = Self(1 << 10);
    pub const PAIRS: Self = Self(1 << 11);
    pub const BOT: Self = Self(1 << 12);
    pub const CONTEST: Self = Self(1 << 13);
    /// A verb or a noun of listing.
    pub const LISTING: Self = Self(1 << 14);
    /// "Will launch X", "adds X": a listing only where an exchange says so and a ticker stands there.
    pub const ADDING: Self = Self(1 << 15);
    /// The spot market by name, or one that only has spot trading.
    pub const SPOT: Self = Self(1 << 16);
    /// The coin trades nowhere else yet.
    pub const FIRST: Self = Self(1 << 17);
    /// Trading, or what else is offered, is open.
    pub const OPEN: Self = Self(1 << 18);
    /// It opens later.
    pub const AHEAD: Self = Self(1 << 19);
    /// An airdrop that is introduced is open: who held coins gets it. What is locked or bought opens later.
    pub const INTRODUCING: Self = Self(1 << 21);
    /// What is listed is no token, or is listed on a price site.
    pub const OTHER: Self = Self(1 << 22);
    /// A later wave of the same: "second round".
    pub const AGAIN: Self = Self(1 << 20);

    pub fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Cues {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Cues {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// How many tokens of `part` are read: the first sentence.
pub(super) fn reach(part: &Part) -> usize {
    let count = part.normal.tokens.len().min(READ);
    (SENTENCE..count).find(|&at| part.is(at, Shape::Mark) && part.word(at) == ".").unwrap_or(count)
}

/// What the first `count` tokens of `part` say.
pub(super) fn cues(part: &Part, count: usize) -> Cues {
    let mut found = Cues::default();
    for at in 0..count {
        let word = part.word(at);
        found |= if word.is_ascii() {
            one(word) | several(word, part.word(at + 1), part.word(at + 2))
        } else {
            korean(part.words(at, at), part.words(at + 1, at + 1))
        };
    }
    found
}

/// What a word says alone.
fn one(word: &str) -> Cues {
    match word {
        "delist" | "delists" | "delisted" | "delisting" | "delistings" | "removal" | "cease" | "ceases"
        | "ceasing" | "termination" | "discontinue" | "discontinues" => Cues::DELISTING,
        "maintenance" | "suspension" | "suspend" | "suspends" | "resumption" | "resume" | "resumes" => {
            Cues::MAINTENANCE
        }
        "rebranding" | "rebrand" | "rebrands" | "redenomination" | "migration" | "renaming" => Cues::RENAMING,
        "megadrop" | "candydrop" | "booster" | "kickstarter" => Cues::AIRDROP,
        "launchpool" | "poolx" | "jumpstart" | "gempool" | "launchpools" => Cues::POOL,
        "launchpad" | "ieo" => Cues::SALE,
        "premarket" => Cues::PREMARKET,
        "perpetual" | "perpetuals" | "perp" | "perps" | "futures" | "margined" => Cues::PERPETUAL,
        "margin" | "loan" | "loans" | "collateral" => Cues::MARGIN,
        "earn" | "savings" | "staking" | "apr" | "apy" => Cues::EARN,
        "convert" | "fiat" => Cues::CONVERT,
        "bot" | "bots" | "grid" | "p2p" | "c2c" => Cues::BOT,
        "competition" | "contest" | "carnival" | "giveaway" | "leaderboard" | "candybomb" | "vouchers"
        | "bonus" => Cues::CONTEST,
        "lists" | "#newlisting" => Cues::LISTING,
        "spot" | "alpha" => Cues::SPOT,
        "premiere" => Cues::FIRST,
        "introducing" => Cues::INTRODUCING,
        "opens" | "opened" | "launches" => Cues::OPEN,
        "nasdaq" | "nyse" | "etp" | "etps" | "etf" | "etfs" | "shares" | "coinmarketcap" | "coingecko"
        | "nft" | "nfts" => Cues::OTHER,
        "will" | "soon" | "upcoming" => Cues::AHEAD,
        _ => Cues::default(),
    }
}

/// What a word and the two after it say together.
fn several(word: &str, next: &str, third: &str) -> Cues {
    match (word, next, third) {
        ("monitoring", "tag", _) | ("investment", "warning", _) | ("end", "of", "support") => Cues::DELISTING,
        ("network" | "system" | "wallet", "upgrade", _) | ("hard", "fork", _) => Cues::MAINTENANCE,
        ("token" | "contract", "swap", _) | ("ticker" | "name", "change", _) => Cues::RENAMING,
        ("hodler" | "holder" | "alpha", "airdrop" | "airdrops", _)
        | ("alpha", "points" | "box", _)
        | ("on", "boost", _) => Cues::AIRDROP,
        ("launch", "pool", _) => Cues::POOL,
        ("prime" | "token", "sale", _) | ("pre" | "wallet", "tge", _) => Cues::SALE,
        ("pre", "market", _) => Cues::PREMARKET,
        ("new" | "fiat", "trading", "pair" | "pairs") => Cues::PAIRS,
        ("copy", "trading", _) => Cues::BOT,
        ("prize", "pool" | "pools", _)
        | ("share", "of", _)
        | ("token", "splash", _)
        | ("trade", _, "and")
        | ("trade", "and", _) => Cues::CONTEST,
        ("to" | "will", "list", _)
        | ("gets" | "get" | "getting", "listed", _)
        | ("will", "be", "listed" | "listing")
        | ("market" | "trading", "support", _)
        | ("will" | "to", "add", "support")
        | ("trading", "starts" | "begins" | "opens", _)
        | ("opens" | "starts" | "begins", "trading", _)
        | ("deposit", "now", _)
        | ("be", "available", "on") => Cues::LISTING | Cues::AHEAD,
        ("is" | "are" | "now", "available", "for")
        | ("available", "for", "trading")
        | ("now", "listed" | "trading", _)
        | ("has" | "have", "listed", _)
        | ("is", "now", "listed")
        | ("trading", "live", _)
        | ("trading", "is", "live" | "open")
        | ("started", "trading", _) => Cues::LISTING | Cues::OPEN,
        ("initial" | "primary", "listing", _) | ("first", "platform", _) | ("first", "to", "list") => {
            Cues::LISTING | Cues::FIRST
        }
        ("adds" | "adding" | "added", "support", _)
        | ("new" | "spot" | "official", "listing" | "listings", _)
        | ("listing", ":" | "of" | "on", _)
        | ("is" | "are" | "were", "listing", _) => Cues::LISTING,
        ("available" | "live", "on", _) => Cues::ADDING | Cues::OPEN,
        ("will" | "to", "launch" | "add" | "support", _) | ("will", "be", "adding") => {
            Cues::ADDING | Cues::AHEAD
        }
        ("seed", "tag", _) | ("global", "debut" | "launch", _) => Cues::FIRST,
        ("is" | "are" | "now", "live" | "open" | "available", _) => Cues::OPEN,
        (
            "second" | "third" | "2nd" | "3rd" | "fourth",
            "round" | "wave" | "phase" | "batch" | "season",
            _,
        )
        | ("phase" | "round" | "wave", "2" | "3" | "4" | "ii" | "iii", _) => Cues::AGAIN,
        _ => Cues::default(),
    }
}

/// What a Korean word and the one after it say: Upbit and Bithumb write so.
fn korean(word: &str, next: &str) -> Cues {
    if word.contains("종료") || word.contains("유의") || next.contains("종료") {
        Cues::DELISTING
    } else if word.contains("점검") || word.contains("중단") || word.contains("일시") {
        Cues::MAINTENANCE
    } else if word.contains("거래지원")
        || word.contains("상장")
        || word.contains("마켓") && next.contains("추가")
    {
        Cues::LISTING | Cues::AHEAD
    } else {
        Cues::default()
    }
}
