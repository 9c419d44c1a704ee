//! Where it happens: the exchange or launchpad, and the chain.

use crate::{
    detect::{
        groups::Group,
        reading::{Part, Reading},
    },
    text::normal::{Case, Shape},
};

/// Chains as texts write them, folded; where two spellings mean one, the second column has the name that is shown.
const CHAINS: &[(&str, &str)] = &[
    ("abstract", "Abstract"),
    ("algorand", "Algorand"),
    ("aptos", "Aptos"),
    ("arbitrum", "Arbitrum"),
    ("avalanche", "Avalanche"),
    ("base", "Base"),
    ("berachain", "Berachain"),
    ("bitcoin", "Bitcoin"),
    ("blast", "Blast"),
    ("bnb chain", "BNB Chain"),
    ("bnb smart chain", "BNB Chain"),
    ("binance smart chain", "BNB Chain"),
    ("bsc", "BNB Chain"),
    ("bep20", "BNB Chain"),
    ("cardano", "Cardano"),
    ("celestia", "Celestia"),
    ("cosmos", "Cosmos"),
    ("erc 20", "Ethereum"),
    ("erc20", "Ethereum"),
    ("ethereum", "Ethereum"),
    ("hedera", "Hedera"),
    ("hyperevm", "HyperEVM"),
    ("hyperliquid", "Hyperliquid"),
    ("immutable", "Immutable"),
    ("injective", "Injective"),
    ("kaspa", "Kaspa"),
    ("linea", "Linea"),
    ("mantle", "Mantle"),
    ("megaeth", "MegaETH"),
    ("monad", "Monad"),
    ("near", "NEAR"),
    ("optimism", "Optimism"),
    ("plasma", "Plasma"),
    ("polkadot", "Polkadot"),
    ("polygon", "Polygon"),
    ("ronin", "Ronin"),
    ("scroll", "Scroll"),
    ("sei", "Sei"),
    ("solana", "Solana"),
    ("sonic", "Sonic"),
    ("starknet", "Starknet"),
    ("stellar", "Stellar"),
    ("sui", "Sui"),
    ("tezos", "Tezos"),
    ("ton", "TON"),
    ("tron", "TRON"),
    ("unichain", "Unichain"),
    ("xrp ledger", "XRP Ledger"),
    ("zksync", "zkSync"),
];
/// Words before a chain on which something happens.
const ON: &[&str] = &["on", "across", "onto", "via"];
/// Words after it.
const KIND: &[&str] = &["based", "network", "blockchain", "chain", "mainnet", "token", "memecoin"];

/// The exchange or launchpad of `reading`, as written: a known one, or the one that "will list" something.
pub fn venue(reading: &Reading, project: Option<&str>) -> Option<String> {
    let venue = reading.parts().into_iter().find_map(|part| lister(part).or_else(|| known(part)))?;
    project.is_none_or(|project| !venue.eq_ignore_ascii_case(project)).then(|| venue.to_owned())
}

fn known<'a>(part: &Part<'a>) -> Option<&'a str> {
    let named = |at: &usize| part.groups(*at).any(Group::Exchange);
    let first = (0..part.tags.len()).find(named)?;
    let last = (first..part.tags.len()).take_while(named).last()?;
    Some(part.words(first, last))
}

/// The name before "will list" or "adds": an exchange by what it does.
fn lister<'a>(part: &Part<'a>) -> Option<&'a str> {
    let named = |at: &usize| {
        part.is(*at, Shape::Word)
            && part.normal.tokens[*at].case != Case::Lower
            && part.tags[*at].any(Group::Name | Group::Venue)
            && !part.tags[*at].any(Group::Press)
    };
    let last = (0..part.tags.len()).find(|at| named(at) && super::lists(part, at + 1))?;
    let first = (0..=last).rev().take_while(named).last()?;
    Some(part.words(first, last))
}

/// The chain that `reading` says it happens on, by its usual name; never the project itself.
pub fn chain(reading: &Reading, project: Option<&str>) -> Option<String> {
    reading.parts().into_iter().find_map(|part| {
        (0..part.tags.len()).find_map(|at| {
            let (name, length) = chain_at(part, at)?;
            let before = at.checked_sub(1).is_some_and(|before| ON.contains(&part.word(before)));
            let after = KIND.contains(&part.word(at + length));
            let standard = part.word(at).starts_with("erc") || part.word(at).starts_with("bep");
            let other = project.is_none_or(|project| !project.eq_ignore_ascii_case(name));
            ((before || after || standard) && other).then(|| name.to_owned())
        })
    })
}

/// The longest chain's name that starts at token `at`, and its length in tokens.
fn chain_at(part: &Part, at: usize) -> Option<(&'static str, usize)> {
    let token = part.normal.tokens[at];
    if token.shape != Shape::Word || token.case == Case::Lower {
        return None;
    }
    CHAINS
        .iter()
        .filter_map(|(spelled, shown)| {
            let length = spelled.split(' ').count();
            let fits = spelled.split(' ').enumerate().all(|(offset, word)| part.word(at + offset) == word);
            fits.then_some((*shown, length))
        })
        .max_by_key(|found| found.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::lexicon::Lexicon;

    fn read(title: &str, body: &str) -> (Option<String>, Option<String>) {
        let lexicon = Lexicon::new(&[], &[]);
        let reading = lexicon.read(title, body, None);
        (venue(&reading, Some("Quillon")), chain(&reading, Some("Quillon")))
    }

    fn venue_and_chain(venue: &str, chain: &str) -> (Option<String>, Option<String>) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (some(venue), some(chain))
    }

    #[test]
    fn the_venue_is_a_known_one_or_who_lists() {
        assert_eq!(
            read("Binance Launchpad opens Quillon (QLN) sale", ""),
            venue_and_chain("Binance Launchpad", "")
        );
        assert_eq!(read("Korvex lists Quillon (QLN)", "Trading opens soon."), venue_and_chain("Korvex", ""));
        assert_eq!(read("Quillon lists on Kraken", ""), venue_and_chain("Kraken", ""));
        assert_eq!(read("Quillon raises $4M from Pantera Capital", ""), venue_and_chain("", ""));
    }

    #[test]
    fn the_chain_is_named_where_the_text_says_so() {
        assert_eq!(read("Quillon token goes live on Solana", ""), venue_and_chain("", "Solana"));
        assert_eq!(
            read("Quillon airdrop", "The BEP20 token is claimable."),
            venue_and_chain("", "BNB Chain")
        );
        assert_eq!(read("Quillon beats Solana in volume", ""), venue_and_chain("", ""));
    }
}
