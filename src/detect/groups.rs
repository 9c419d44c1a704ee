//! Groups of words, and the named sets of them that judgement asks about.

use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::model::Event;

/// A group of words, by its name in `data/phrases.tsv`. The groups after `Official` are made by shape and lists.
///
/// The order decides in which order signals are added up, so it decides the last bits of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Group {
    Airdrop,
    Airdropped,
    Claim,
    Snapshot,
    Presale,
    TokenSale,
    Sell,
    Ido,
    Launchpad,
    Stage,
    Tge,
    TokenLaunch,
    NewToken,
    Token,
    Governance,
    List,
    Trading,
    Debut,
    Mainnet,
    Tokenomics,
    Supply,
    Distribution,
    Record,
    Tag,
    Sets,
    Reveals,
    Upcoming,
    Quarter,
    Opens,
    Launches,
    Gives,
    Join,
    Ended,
    Raised,
    Funding,
    PriceMove,
    PriceTalk,
    Prediction,
    Percent,
    Ahead,
    After,
    Recap,
    Education,
    Plural,
    Digest,
    Cancel,
    Postponed,
    Hedge,
    Suppose,
    Farm,
    Question,
    Reaction,
    Wrong,
    Nft,
    Points,
    Stablecoin,
    Cbdc,
    Stock,
    Rwa,
    FanToken,
    Memecoin,
    Restaking,
    Product,
    TradeContest,
    Perp,
    Contest,
    Unlock,
    Migration,
    Testnet,
    Infrastructure,
    Phone,
    Game,
    Tool,
    Third,
    OldListing,
    Wire,
    Advert,
    Reward,
    Instruct,
    Praise,
    Bait,
    Lure,
    Retweet,
    Tutorial,
    Official,
    Name,
    Old,
    Venue,
    Exchange,
    Press,
    Cashtag,
    Money,
}

impl Group {
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Groups(u128);

impl Groups {
    const fn of(groups: &[Group]) -> Self {
        let (mut set, mut index) = (0, 0);
        while index < groups.len() {
            set |= 1 << groups[index] as u8;
            index += 1;
        }
        Self(set)
    }

    const fn and(self, groups: &[Group]) -> Self {
        Self(self.0 | Self::of(groups).0)
    }

    /// Whether one of `groups` is in the set.
    pub(crate) fn any(self, groups: impl Into<Self>) -> bool {
        self.0 & groups.into().0 != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Group> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let group = Group::VARIANTS.get(rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(*group)
        })
    }
}

/// Sets that more than one file asks about.
impl Groups {
    /// Nouns of a launch that hardly ever mean anything else.
    pub(crate) const LAUNCH: Self = Self::of(&[
        Group::Airdrop,
        Group::Airdropped,
        Group::Claim,
        Group::Presale,
        Group::TokenSale,
        Group::Ido,
        Group::Launchpad,
        Group::Tge,
        Group::TokenLaunch,
    ]);
    const TRADED: Self = Self::LAUNCH.and(&[
        Group::NewToken,
        Group::List,
        Group::Trading,
        Group::Tokenomics,
        Group::Sell,
        Group::Distribution,
        Group::Debut,
    ]);
    /// Nouns of an event.
    pub(crate) const EVENT: Self = Self::TRADED.and(&[Group::Snapshot]);
    /// Nouns beside which the facts of a launch stand.
    pub(crate) const TRADE: Self = Self::TRADED.and(&[Group::Token]);
    pub(crate) const AIRDROP: Self = Self::of(&[Group::Airdrop, Group::Airdropped]);
    pub(crate) const SALE: Self = Self::of(&[Group::Presale, Group::TokenSale, Group::Ido]);
    pub(crate) const LISTING: Self = Self::of(&[Group::List, Group::Trading]);
    /// Established tokens, exchanges and other institutions, and outlets.
    pub(crate) const KNOWN: Self = Self::of(&[Group::Old, Group::Venue, Group::Press]);
    pub(crate) const VENUE_OR_PRESS: Self = Self::of(&[Group::Venue, Group::Press]);
    /// Every name: known ones, and words that are no common ones.
    pub(crate) const NAMED: Self = Self::KNOWN.and(&[Group::Name]);
}

/// Sets of the early filter.
impl Groups {
    /// One of these lets a text through.
    pub(super) const STRONG: Self =
        Self::LAUNCH.and(&[Group::List, Group::Trading, Group::NewToken, Group::Tag, Group::Governance]);
    /// Two of these do, or one where the body is missing.
    pub(super) const WEAK: Self = Self::of(&[
        Group::Snapshot,
        Group::Tokenomics,
        Group::Distribution,
        Group::Debut,
        Group::Token,
        Group::Sell,
        Group::Supply,
        Group::Gives,
    ]);
}

/// Sets of the signals.
impl Groups {
    /// Groups that make no pairs.
    pub(super) const UNPAIRED: Self = Self::of(&[
        Group::Exchange,
        Group::Ahead,
        Group::Lure,
        Group::Quarter,
        Group::Third,
        Group::Instruct,
        Group::Praise,
        Group::Tutorial,
        Group::Percent,
        Group::Record,
    ]);
    /// Groups that only facts and headline patterns ask about.
    pub(super) const SILENT: Self = Self::of(&[Group::Exchange, Group::Lure, Group::Ahead]);
    /// What a headline may be about.
    pub(super) const SUBJECT: Self = Self::of(&[Group::Name, Group::Old, Group::Venue]);
}

/// Sets of the headline patterns.
impl Groups {
    pub(super) const LAUNCHPAD_SALE: Self = Self::SALE.and(&[Group::Launchpad]);
    /// What is launched and is no token.
    pub(super) const OTHER_OBJECT: Self =
        Self::of(&[Group::Nft, Group::Cbdc, Group::Stock, Group::Stablecoin, Group::Rwa]);
    pub(super) const HEDGE: Self = Self::of(&[Group::Hedge, Group::Farm]);
    /// What speaks against a plain announcement.
    pub(super) const BLEMISH: Self = Self::OTHER_OBJECT.and(&[
        Group::Wrong,
        Group::Plural,
        Group::Cancel,
        Group::Reaction,
        Group::TradeContest,
        Group::Perp,
        Group::PriceMove,
        Group::Hedge,
        Group::Farm,
        Group::Recap,
        Group::Tool,
        Group::OldListing,
    ]);
    pub(super) const NO_NOTICE: Self =
        Self::of(&[Group::Perp, Group::TradeContest, Group::OldListing, Group::Cancel]);
    /// What follows is a cause or a background.
    pub(super) const CAUSE: Self = Self::of(&[Group::After, Group::Ahead]);
    /// What may stand between a move of the price and the event that moved it.
    pub(super) const PRICE_CAUSE: Self = Self::of(&[Group::After, Group::Upcoming]);
    pub(super) const SETS: Self = Self::of(&[Group::Sets, Group::Reveals]);
    pub(super) const FUNDING: Self = Self::of(&[Group::Funding, Group::Raised]);
    pub(super) const OWN_LAUNCH: Self = Self::of(&[Group::TokenLaunch, Group::Tge, Group::Airdrop]);
    pub(super) const NEW_TOKEN: Self = Self::of(&[Group::Tge, Group::TokenLaunch, Group::NewToken]);
    pub(super) const TOKEN: Self =
        Self::of(&[Group::Token, Group::Cashtag, Group::NewToken, Group::Governance]);
    pub(super) const DEBUT: Self = Self::of(&[Group::Debut, Group::Launches]);
    pub(super) const LAUNCHED: Self = Self::of(&[Group::Launches, Group::Opens]);
    pub(super) const RAISED: Self = Self::of(&[Group::Raised, Group::Ended]);
    pub(super) const LISTED_OR_LAUNCHED: Self = Self::LAUNCH.and(&[Group::List, Group::Trading]);
}

/// Sets of the facts and the verdict.
impl Groups {
    /// Verbs whose subject is a project.
    pub(super) const VERB: Self = Self::of(&[
        Group::Sets,
        Group::Reveals,
        Group::Opens,
        Group::Launches,
        Group::Gives,
        Group::Raised,
        Group::Upcoming,
        Group::Ended,
        Group::Postponed,
    ]);
    /// Price talk: its subject is seldom the news.
    pub(super) const PRICE_TALK: Self = Self::of(&[Group::PriceTalk, Group::Prediction]);
    /// Words that only suppose.
    pub(super) const SUPPOSING: Self = Self::of(&[Group::Hedge, Group::Suppose]);
    /// Nouns that such a word makes a rumour of.
    pub(super) const SUPPOSED: Self = Self::of(&[
        Group::Airdrop,
        Group::Airdropped,
        Group::TokenLaunch,
        Group::TokenSale,
        Group::Presale,
        Group::Tge,
        Group::NewToken,
        Group::List,
        Group::Ido,
    ]);
    /// Nouns beside which the date of an event stands.
    pub(super) const DATED: Self = Self::LAUNCH.and(&[
        Group::Snapshot,
        Group::Record,
        Group::Sell,
        Group::NewToken,
        Group::List,
        Group::Trading,
        Group::Debut,
        Group::Distribution,
        Group::Tokenomics,
    ]);
    pub(super) const ADVERT: Self = Self::of(&[Group::Prediction, Group::Advert]);
    /// Vocabulary that makes an ambiguous name the watched project's.
    pub(super) const VOCABULARY: Self = Self::LAUNCH.and(&[
        Group::NewToken,
        Group::Token,
        Group::Trading,
        Group::List,
        Group::Mainnet,
        Group::Testnet,
        Group::Tokenomics,
        Group::Nft,
        Group::Stablecoin,
        Group::Third,
        Group::Old,
        Group::Cashtag,
        Group::Venue,
    ]);
}

impl Groups {
    /// Nouns beside which the date of `event` stands.
    pub(super) fn dated(event: Event) -> Self {
        match event {
            Event::Sale => Self::LAUNCHPAD_SALE | Group::Sell,
            Event::Airdrop => Self::AIRDROP | Group::Claim | Group::Distribution,
            Event::Snapshot => Group::Snapshot | Group::Record,
            Event::Listing => Self::LISTING | Self::NEW_TOKEN | Group::Debut,
            Event::Tokenomics => Group::Tokenomics.into(),
            Event::Announcement => Self::NEW_TOKEN,
        }
    }
}

impl From<Group> for Groups {
    fn from(group: Group) -> Self {
        Self(1 << group as u8)
    }
}

impl<T: Into<Self>> BitOr<T> for Groups {
    type Output = Self;
    fn bitor(self, other: T) -> Self {
        Self(self.0 | other.into().0)
    }
}

impl<T: Into<Groups>> BitOr<T> for Group {
    type Output = Groups;
    fn bitor(self, other: T) -> Groups {
        Groups::from(self) | other
    }
}

impl<T: Into<Self>> BitOrAssign<T> for Groups {
    fn bitor_assign(&mut self, other: T) {
        self.0 |= other.into().0;
    }
}

impl<T: Into<Self>> BitAnd<T> for Groups {
    type Output = Self;
    fn bitand(self, other: T) -> Self {
        Self(self.0 & other.into().0)
    }
}

impl Not for Groups {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl<'a> FromIterator<&'a Groups> for Groups {
    fn from_iter<I: IntoIterator<Item = &'a Self>>(sets: I) -> Self {
        sets.into_iter().fold(Self::default(), |all, set| all | *set)
    }
}
