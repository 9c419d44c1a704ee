//! Coins that trade, by ticker and name together, from `data/established.tsv`. A new coin may take the ticker of a small
//! old one, so a ticker alone proves nothing here.

use super::{groups::Group, reading::Part};
use crate::text::normal::{Case, Shape};

/// Words of a name that are compared.
const NAME: usize = 4;
/// Months of grace, as for the other established tokens: "recently launched" is about 30 days.
pub(super) const GRACE: i32 = 2;

/// The coins, by ticker.
#[derive(Debug)]
pub struct Coins(Vec<Coin>);

#[derive(Debug)]
struct Coin {
    ticker: &'static str,
    /// Months since year 0 in which it began to trade.
    since: i32,
    name: &'static str,
}

impl Coins {
    /// The coins of `lines`: ticker, month and names, parted by |.
    pub(super) fn new(lines: impl Iterator<Item = &'static str>) -> Self {
        let fields = |line: &'static str| {
            let (ticker, rest) = line.split_once(' ')?;
            Some((ticker, rest.split_once(' ')?))
        };
        let mut coins: Vec<Coin> = lines
            .filter_map(fields)
            .flat_map(|(ticker, (month, names))| {
                names.split('|').map(move |name| Coin { ticker, since: months(month), name })
            })
            .collect();
        coins.sort_by_key(|coin| coin.ticker);
        Self(coins)
    }

    /// Those with that ticker that trade in `month`; all of them where the month is not known.
    fn with_ticker(&self, ticker: &str, month: Option<i32>) -> impl Iterator<Item = &Coin> {
        let first = self.0.partition_point(|coin| {
            coin.ticker.bytes().lt(ticker.bytes().map(|byte| byte.to_ascii_uppercase()))
        });
        self.0[first..]
            .iter()
            .take_while(move |coin| coin.ticker.eq_ignore_ascii_case(ticker))
            .filter(move |coin| month.is_none_or(|month| month >= coin.since + GRACE))
    }

    /// Whether a coin with that ticker trades in `month`.
    pub(super) fn is_ticker(&self, ticker: &str, month: Option<i32>) -> bool {
        self.with_ticker(ticker, month).next().is_some()
    }

    /// Marks the coins of `part` that stand there with ticker and name: "Clearpool (CPOOL)", "CPOOL (Clearpool)".
    pub(super) fn mark(&self, part: &mut Part, month: Option<i32>) {
        let count = part.normal.tokens.len();
        for open in 1..count {
            if part.word(open) != "(" {
                continue;
            }
            let inside = (open + 1..(open + 2 + NAME).min(count)).find(|&at| part.word(at) == ")");
            let Some(close) = inside.filter(|&close| close > open + 1) else { continue };
            let before = (open.saturating_sub(NAME)..open).map(|first| (open + 1, first, open - 1));
            let after = [(open - 1, open + 1, close - 1)];
            let found = before.filter(|_| close == open + 2).chain(after).find(|&(ticker, first, last)| {
                let token = part.normal.tokens[ticker];
                let written = matches!(token.shape, Shape::Word | Shape::Cashtag | Shape::Number)
                    && token.case != Case::Lower;
                written
                    && self
                        .with_ticker(part.word(ticker).trim_start_matches('$'), month)
                        .any(|coin| is_named(coin.name, part, first, last))
            });
            if let Some((ticker, first, last)) = found {
                for at in (first..=last).chain([ticker]) {
                    part.tags[at] |= Group::Old;
                }
            }
        }
    }
}

/// `2024-04`, or a year, in months since year 0.
pub(super) fn months(text: &str) -> i32 {
    let (year, month) = text.split_once('-').unwrap_or((text, "1"));
    let number = |text: &str| text.parse::<i32>().unwrap_or(0);
    number(year) * 12 + number(month) - 1
}

/// Whether the words `first..=last` are `name`, but for case, spaces and marks.
fn is_named(name: &str, part: &Part, first: usize, last: usize) -> bool {
    let written = (first..=last).flat_map(|at| part.word(at).chars()).filter(|c| c.is_alphanumeric());
    written.eq(name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use crate::detect::lexicon::Lexicon;

    use super::*;

    fn old(title: &str, month: Option<i32>) -> bool {
        Lexicon::new(&[], &[]).read(title, "", month).title.seen.any(Group::Old)
    }

    #[test]
    fn a_small_coin_is_old_where_ticker_and_name_agree() {
        assert!(old("Korvex will list Tenset (10SET)", None));
        assert!(old("Korvex will list PLAYA3ULL GAMES(3ULL)", None));
        assert!(old("Korvex lists ABT (Arcblock)", None));
        // The ticker of a small old coin says nothing of a new one.
        assert!(!old("Korvex will list Alba Bridge (ABT)", None));
        assert!(!old("Korvex will list ABT", None));
    }

    #[test]
    fn it_is_not_old_before_it_traded() {
        let month = |year: i32, month: i32| Some(year * 12 + month - 1);
        assert!(!old("Korvex will list Tenset (10SET)", month(2022, 3)));
        assert!(old("Korvex will list Tenset (10SET)", month(2022, 7)));
    }
}
