//! Words that make, end or forbid a project's name.

/// Words that end a name although they are common ones.
pub(super) const TAILS: &[&str] = &[
    "foundation",
    "studios",
    "studio",
    "protocol",
    "network",
    "finance",
    "labs",
    "games",
    "dao",
    "chain",
    "wallet",
    "tech",
    "ai",
    "inu",
    "swap",
    "money",
    "coin",
    "project",
    "trade",
    "markets",
    "capital",
    "world",
    "land",
    "combat",
    "pay",
    "bridge",
    "exchange",
];

/// Those of them that make a name of any word before them: "Ink Foundation".
pub(super) const PROPER_TAILS: &[&str] = &["foundation", "protocol", "network", "labs", "finance", "dao"];

/// Common words that never are a name, even beside the noun.
pub(super) const NO_NAMES: &[&str] = &[
    "crypto",
    "token",
    "tokens",
    "the",
    "a",
    "an",
    "its",
    "their",
    "new",
    "first",
    "second",
    "native",
    "governance",
    "community",
    "gaming",
    "public",
    "private",
    "massive",
    "retrospective",
    "upcoming",
    "latest",
    "potential",
    "this",
    "that",
    "your",
    "our",
    "of",
    "to",
    "and",
    "for",
    "from",
    "in",
    "on",
    "with",
    "meme",
    "nft",
    "game",
    "defi",
    "free",
    "exclusive",
    "big",
    "major",
    "final",
    "initial",
    "official",
    "network",
    "protocol",
    "blockchain",
    "mainnet",
    "launch",
    "ico",
    "ido",
    "social",
    "fan",
    "next",
    "layer",
    "play",
    "global",
    "today",
    "all",
    "utc",
    "q1",
    "q2",
    "q3",
    "q4",
    "web3",
    "more",
    "biggest",
    "million",
    "billion",
    "firm",
    "company",
    "startup",
    "exchange",
    "platform",
    "project",
    "team",
    "users",
    "traders",
    "investors",
    "developer",
    "founder",
    "ceo",
    "giant",
    "maker",
    "studio",
    "who",
    "what",
    "how",
    "why",
    "when",
    "where",
    "is",
    "are",
    "join",
    "buy",
    "get",
    "earn",
    "good",
    "great",
    "telegram",
    "usdt",
    "usdc",
    "season",
    "test",
    "need",
    "collectors",
    "iconic",
    "curated",
    "channel",
    "framing",
    "paywall",
    "shielded",
];

/// Words of grammar that the list of common words lacks.
pub(super) fn is_grammar(word: &str) -> bool {
    matches!(
        word,
        "none"
            | "nobody"
            | "nothing"
            | "neither"
            | "either"
            | "each"
            | "every"
            | "everyone"
            | "everybody"
            | "everything"
            | "several"
            | "many"
            | "most"
            | "much"
            | "some"
            | "someone"
            | "somebody"
            | "something"
            | "any"
            | "anyone"
            | "anybody"
            | "anything"
            | "both"
            | "few"
            | "such"
            | "same"
            | "these"
            | "those"
            | "they"
            | "them"
            | "we"
            | "us"
            | "it"
            | "he"
            | "she"
            | "you"
            | "mine"
            | "ours"
            | "yours"
            | "hers"
            | "theirs"
            | "whom"
            | "whose"
            | "which"
            | "here"
            | "there"
            | "then"
            | "though"
            | "although"
            | "however"
            | "yet"
            | "but"
            | "if"
            | "unless"
            | "until"
            | "while"
            | "whilst"
            | "since"
            | "because"
            | "as"
            | "so"
            | "at"
            | "by"
            | "during"
            | "despite"
            | "instead"
            | "meanwhile"
            | "moreover"
            | "furthermore"
            | "nevertheless"
            | "nonetheless"
            | "therefore"
            | "hence"
            | "thus"
            | "also"
            | "again"
            | "sometimes"
            | "besides"
            | "beside"
            | "shall"
            | "yes"
            | "no"
            | "not"
            | "indeed"
            | "onwards"
            | "whatever"
            | "whoever"
            | "wherever"
            | "whenever"
            | "whichever"
            | "tonight"
            | "tomorrow"
            | "yesterday"
            | "now"
            | "only"
            | "another"
            | "others"
            | "other"
            | "one"
            | "two"
            | "three"
    )
}

/// Tags that name a crowd, a chain or a hope, never a project.
pub(super) const GENERIC_TAGS: &[&str] = &[
    "airdrop",
    "listing",
    "crypto",
    "gem",
    "giveaway",
    "bsc",
    "nft",
    "defi",
    "binance",
    "bitcoin",
    "ethereum",
    "blockchain",
    "altcoin",
    "token",
    "presale",
    "launch",
    "ico",
    "ido",
    "moon",
    "hodl",
    "pump",
    "web3",
    "p2e",
    "playto",
    "xto",
    "toearn",
    "gamefi",
    "dao",
    "bounty",
    "invest",
    "trading",
    "btc",
    "eth",
    "bnb",
    "100x",
];
