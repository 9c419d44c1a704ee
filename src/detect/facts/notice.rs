//! Notices of exchanges: what is offered, for which coins, and whether it is open. A grammar, not a table of exchanges:
//! a notice of an exchange that nobody has read before is understood too.

mod moment;
mod wording;

use jiff::Timestamp;
use strum::IntoStaticStr;

use super::coins::{self, Listed};
use crate::{
    detect::{
        groups::{Group, Groups},
        lexicon::Lexicon,
        reading::{Part, Reading},
        signals::Sink,
    },
    model::{Coin, Event, Stage, event_date::day_of},
    text::normal::{Case, Shape},
};
use wording::{Cues, cues, reach};

/// What a notice offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Product {
    /// Trading on the spot market.
    Spot,
    /// A share of a new coin for coins that are locked: launchpool and the like.
    Launchpool,
    /// A sale on a launchpad or in a wallet.
    Launchpad,
    /// An airdrop of a new coin to holders or users of the exchange.
    Airdrop,
    /// Trading before the coin exists.
    PreMarket,
    Perpetual,
    Margin,
    Earn,
    Convert,
    /// Further pairs of coins that trade there already.
    Pairs,
    Bot,
    /// Prizes for trading or deposits.
    Contest,
    Delisting,
    Maintenance,
    Renaming,
}

/// How new the coins of a notice are, by what the notice says and by the list of established ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Newness {
    /// The notice says that the coin trades nowhere else yet.
    First,
    /// No coin is known to trade.
    New,
    /// A ticker without a name, and one established coin has that ticker.
    Taken,
    /// Every coin trades already.
    Old,
    /// No coin is named.
    Nothing,
}

/// What a notice of an exchange says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    product: Product,
    newness: Newness,
    /// The coins it names, each once.
    coins: Vec<Listed>,
    /// Whether product and coin are named so clearly that event and stage follow.
    certain: bool,
    stage: Option<Stage>,
    again: bool,
}

/// Name, column of the weights (0: the score), and the raw points that training starts from.
pub const PRIORS: &[(&str, usize, f32)] = &[
    ("notice spot&first", 0, 3.0),
    ("notice spot&new", 0, 2.0),
    ("notice spot&taken", 0, -1.0),
    ("notice spot&old", 0, -2.5),
    ("notice spot&nothing", 0, -1.0),
    ("notice launchpool&new", 0, 2.0),
    ("notice launchpool&old", 0, -2.0),
    ("notice launchpad&new", 0, 2.0),
    ("notice launchpad&old", 0, -2.0),
    ("notice airdrop&new", 0, 2.0),
    ("notice airdrop&old", 0, -2.0),
    ("notice premarket", 0, -2.5),
    ("notice perpetual", 0, -2.5),
    ("notice margin", 0, -2.0),
    ("notice earn", 0, -2.0),
    ("notice convert", 0, -2.0),
    ("notice pairs", 0, -2.0),
    ("notice bot", 0, -2.0),
    ("notice contest", 0, -1.5),
    ("notice delisting", 0, -3.0),
    ("notice maintenance", 0, -2.0),
    ("notice renaming", 0, -2.0),
    ("notice again", 0, -2.0),
    ("notice spot", 5, 4.0),
    ("notice launchpool", 3, 4.0),
    ("notice launchpad", 3, 4.0),
    ("notice airdrop", 4, 4.0),
    ("notice upcoming", 7, 2.0),
    ("notice live", 8, 2.0),
];

/// Currencies in the tickers of stablecoins.
const PEGS: [&str; 2] = ["USD", "EUR"];
/// Words before a ticker that stands alone.
const BEFORE_COIN: [&str; 13] =
    ["list", "lists", "listing", "for", ":", ".", "of", "support", "adds", "add", "launch", "]", "("];

/// The notice that the headline of `reading`, or the first sentence of a post, is; `None` where it is none.
#[must_use]
pub fn notice(lexicon: &Lexicon, reading: &Reading) -> Option<Notice> {
    let head = reading.head();
    let count = reach(head);
    let cues = cues(head, count);
    if cues == Cues::default() || cues.any(Cues::OTHER) {
        return None;
    }
    let seen: Groups = head.tags[..count].iter().collect();
    let exchange = seen.any(Group::Exchange);
    let product = product(cues, exchange)?;
    let mut coins = coins::stated(lexicon, head, count);
    if coins.is_empty() {
        coins.extend(lone_ticker(head, count));
    }
    if let [Listed { coin, .. }] = coins.as_mut_slice()
        && coin.project.is_none()
    {
        let named = coins::stated(lexicon, &reading.body, usize::MAX);
        coin.project = named
            .into_iter()
            .find(|other| other.coin.token == coin.token)
            .and_then(|other| other.coin.project);
    }
    if product == Product::Spot && coins.is_empty() && !(exchange && cues.any(Cues::LISTING)) {
        return None;
    }
    let newness = newness(lexicon, reading, seen, cues, &coins);
    // Other news of a launch beside the notice's own product: the model decides.
    let other = seen & Groups::LAUNCH;
    let certain = !coins.is_empty()
        && match product {
            Product::Spot => other.is_empty(),
            Product::Launchpool | Product::Launchpad | Product::Airdrop => exchange,
            _ => false,
        };
    let stage = stage(product, cues);
    Some(Notice { product, newness, coins, certain, stage, again: cues.any(Cues::AGAIN) })
}

impl Notice {
    /// Reports what the notice is to `sink`.
    pub(crate) fn signals(&self, sink: &mut impl Sink) {
        let product: &str = self.product.into();
        let newness: &str = self.newness.into();
        sink.signal(&["notice ", product], 1.0, None);
        sink.signal(&["notice ", product, "&", newness], 1.0, None);
        if self.again {
            sink.signal(&["notice again"], 1.0, None);
        }
        if let Some(stage) = self.stage {
            sink.signal(&["notice ", stage.as_str()], 1.0, None);
        }
    }

    /// The event that follows from the product, where that is certain.
    pub(crate) fn event(&self) -> Option<Event> {
        let event = match self.product {
            Product::Spot => Event::Listing,
            Product::Launchpool | Product::Launchpad => Event::Sale,
            Product::Airdrop => Event::Airdrop,
            _ => return None,
        };
        self.certain.then_some(event)
    }

    /// Whether a coin that is not known to trade is clearly offered: what else the text speaks of, such as prizes or the
    /// coins it is traded for, is no reason against it.
    pub(crate) fn is_launch(&self) -> bool {
        matches!(self.newness, Newness::First | Newness::New) && self.event().is_some()
    }

    /// The stage that follows from the words, where that is certain.
    pub(crate) fn stage(&self) -> Option<Stage> {
        self.stage.filter(|_| self.certain)
    }

    /// Whether a date in the body is not the event's: an airdrop to holders is dated by the listing after it.
    pub(crate) fn is_undated(&self) -> bool {
        self.certain && self.product == Product::Airdrop && self.stage == Some(Stage::Live)
    }

    /// Whether trading is still to open, by the clock time that is stated beside `date`.
    pub(crate) fn stage_by_clock(
        &self,
        reading: &Reading,
        date: &str,
        published: Timestamp,
    ) -> Option<Stage> {
        let listed = self.certain && self.product == Product::Spot;
        let opening = listed.then(|| moment::opening(reading, date)).flatten()?;
        let today = day_of(opening) == day_of(published);
        today.then_some(if opening > published { Stage::Upcoming } else { Stage::Live })
    }

    /// The only coin.
    pub(crate) fn coin(&self) -> Option<&Coin> {
        match self.coins.as_slice() {
            [only] if self.certain => Some(&only.coin),
            _ => None,
        }
    }
}

fn product(cues: Cues, exchange: bool) -> Option<Product> {
    let listing = cues.any(Cues::LISTING);
    let found = [
        (Cues::DELISTING, exchange || listing, Product::Delisting),
        (Cues::MAINTENANCE, exchange, Product::Maintenance),
        (Cues::RENAMING, exchange, Product::Renaming),
        (Cues::PREMARKET, exchange || listing, Product::PreMarket),
        (Cues::PERPETUAL, (exchange || listing) && !cues.any(Cues::SPOT | Cues::AIRDROP), Product::Perpetual),
        (Cues::PAIRS, true, Product::Pairs),
        (Cues::SALE, exchange, Product::Launchpad),
        (Cues::POOL, exchange, Product::Launchpool),
        (Cues::AIRDROP, exchange || listing, Product::Airdrop),
        (Cues::BOT, exchange && !listing, Product::Bot),
        (Cues::MARGIN, exchange && !listing, Product::Margin),
        (Cues::EARN, exchange && !listing, Product::Earn),
        (Cues::CONVERT, exchange && !listing, Product::Convert),
        (Cues::LISTING, true, Product::Spot),
        (Cues::CONTEST, exchange, Product::Contest),
        (Cues::ADDING, exchange, Product::Spot),
    ];
    found.into_iter().find(|(cue, holds, _)| *holds && cues.any(*cue)).map(|(_, _, product)| product)
}

fn newness(lexicon: &Lexicon, reading: &Reading, seen: Groups, cues: Cues, coins: &[Listed]) -> Newness {
    let fresh: Vec<&Listed> =
        coins.iter().filter(|listed| !listed.established && !is_pegged(listed)).collect();
    let taken = |listed: &&Listed| {
        let ticker = listed.coin.token.as_deref().unwrap_or_default();
        listed.coin.project.is_none() && lexicon.coins().is_ticker(ticker, reading.month)
    };
    if coins.is_empty() {
        match (seen.any(Group::Old), seen.any(Group::Name)) {
            (true, false) => Newness::Old,
            (_, true) => Newness::New,
            _ => Newness::Nothing,
        }
    } else if fresh.is_empty() {
        Newness::Old
    } else if cues.any(Cues::FIRST) {
        Newness::First
    } else if fresh.iter().all(taken) {
        Newness::Taken
    } else {
        Newness::New
    }
}

fn stage(product: Product, cues: Cues) -> Option<Stage> {
    let open = cues.any(Cues::OPEN).then_some(Stage::Live);
    let ahead = cues.any(Cues::AHEAD).then_some(Stage::Upcoming);
    match product {
        Product::Airdrop if cues.any(Cues::INTRODUCING) => Some(Stage::Live),
        Product::Airdrop | Product::Launchpad => open.or(ahead),
        Product::Launchpool => open.or(Some(Stage::Upcoming)),
        Product::Spot => ahead.or(open),
        _ => None,
    }
}

/// Whether the coin is named after the currency that it stands for.
fn is_pegged(listed: &Listed) -> bool {
    let ticker = listed.coin.token.as_deref().unwrap_or_default();
    ticker.len() > 3 && PEGS.iter().any(|peg| ticker.starts_with(peg) || ticker.ends_with(peg))
}

/// "GROVE is available for trading!": a word in capitals where a coin stands, a common word too.
fn lone_ticker(part: &Part, count: usize) -> Option<Listed> {
    let upper = |at: &usize| {
        let token = part.normal.tokens[*at];
        token.shape == Shape::Word && token.case == Case::Upper
    };
    let placed = |at: &usize| at.checked_sub(1).is_none_or(|before| BEFORE_COIN.contains(&part.word(before)));
    let shouted = (0..count).filter(upper).count() * 2 > count;
    let mut free = (0..count).filter(upper).filter(placed).filter(|&at| coins::may_be_ticker(part, at));
    let first = free.next()?;
    (!shouted).then(|| coins::bare(part, first))
}

#[cfg(test)]
mod tests;
