use super::*;

/// Product, newness, stage and coins of a headline; empty where it is no notice.
fn read(title: &str) -> String {
    let lexicon = Lexicon::new(&[], &[]);
    let Some(found) = notice(&lexicon, &lexicon.read(title, "", None)) else { return String::new() };
    let coins: Vec<String> = found
        .coins
        .iter()
        .map(|listed| &listed.coin)
        .map(|coin| {
            format!("{}/{}", coin.project.as_deref().unwrap_or(""), coin.token.as_deref().unwrap_or(""))
        })
        .collect();
    let (product, newness): (&str, &str) = (found.product.into(), found.newness.into());
    format!("{product} {newness} {} {}", found.stage.map_or("-", Stage::as_str), coins.join(" "))
}

#[test]
fn a_listing_is_read_in_the_wording_of_every_exchange() {
    for (title, found) in [
        ("Binance Will List Plimsoll (PLIM) with Seed Tag Applied", "spot first upcoming Plimsoll/PLIM"),
        ("Plimsoll (PLIM) Will Be Available on Binance Alpha", "spot new upcoming Plimsoll/PLIM"),
        ("Plimsoll (PLIM) is available for trading!", "spot new live Plimsoll/PLIM"),
        ("PLIM is available for trading!", "spot new live /PLIM"),
        // A word of the language may be a ticker.
        ("GROVE is available for trading!", "spot new live /GROVE"),
        ("PLIM trading starts November 26 - deposit now", "spot new upcoming /PLIM"),
        ("Coinbase will add support for Plimsoll (PLIM) on Base", "spot new upcoming Plimsoll/PLIM"),
        ("Market Support for Plimsoll(PLIM) (KRW, BTC, USDT Market)", "spot new upcoming Plimsoll/PLIM"),
        ("Plimsoll(PLIM) 신규 거래지원 안내 (KRW, BTC, USDT 마켓)", "spot new upcoming Plimsoll/PLIM"),
        ("New Listing: Plimsoll (PLIM) — Deposit, Trade and Stake PLIM", "spot new - Plimsoll/PLIM"),
        ("New listing: PLIM/USDT", "spot new - /PLIM"),
        ("OKX to list Plimsoll (PLIM) for spot trading", "spot new upcoming Plimsoll/PLIM"),
        ("Plimsoll (PLIM) Gets Listed on KuCoin! World Premiere!", "spot new upcoming Plimsoll/PLIM"),
        ("[Initial Listing] Bitget Will List Plimsoll (P)", "spot first upcoming Plimsoll/P"),
        ("HTX Will Launch PLIM (Plimsoll) on November 24", "spot new upcoming Plimsoll/PLIM"),
        // An exchange that no list has.
        ("Korvex will list Plimsoll (PLIM)", "spot new upcoming Plimsoll/PLIM"),
        (
            "Binance Will List Plimsoll (PLIM) and Sabelle (SBL)",
            "spot new upcoming Plimsoll/PLIM Sabelle/SBL",
        ),
    ] {
        assert_eq!(read(title), found, "{title}");
    }
}

#[test]
fn other_products_are_distinguished() {
    for (title, product) in [
        ("Introducing Plimsoll (PLIM) on Binance HODLer Airdrops!", "airdrop new live"),
        ("Introducing Plimsoll (PLIM) on Binance Launchpool! Farm PLIM", "launchpool new upcoming"),
        ("Bitget PoolX is listing Plimsoll (PLIM): Stake BTC to mine PLIM", "launchpool new upcoming"),
        ("Binance Wallet to host the Pre-TGE of Plimsoll (PLIM)", "launchpad new -"),
        ("Bitget pre-market trading: Plimsoll (PLIM) is set to launch soon", "premarket new -"),
        ("OKX to list perpetual futures for PLIM", "perpetual new -"),
        ("PLIMUSDT now launched for Bitget futures trading", "perpetual new -"),
        ("Binance Will Add Plimsoll (PLIM) on Earn, Convert and Margin", "margin new -"),
        ("Binance Will Delist PLIM and SBL on 30 November", "delisting new -"),
        ("Notice of Removal of Binance Spot Trading Pairs", "delisting nothing -"),
        ("Binance Completes the Plimsoll (PLIM) Rebranding", "renaming new -"),
        ("Binance Adds SBL/USDC and More New Trading Pairs", "pairs new -"),
        ("Trade Plimsoll (PLIM) on Bybit and win a prize pool", "contest new -"),
        ("KuCoin wallet maintenance for Plimsoll (PLIM)", "maintenance new -"),
    ] {
        assert!(read(title).starts_with(product), "{title}: {}", read(title));
    }
}

#[test]
fn a_coin_that_trades_is_not_new() {
    for (title, newness) in [
        ("Bitget Will List Dogecoin (DOGE)", "old"),
        ("Market Support for Arcblock(ABT) (KRW Market)", "old"),
        ("Upbit adds market support for Plimsoll", "new"),
        ("New Listing: ABT/USDT", "taken"),
        ("Bitget Will List Plimsoll (ABT)", "new"),
        ("Binance Will List Dogecoin (DOGE) and Plimsoll (PLIM)", "new"),
    ] {
        assert_eq!(read(title).split(' ').nth(1), Some(newness), "{title}: {}", read(title));
    }
}

#[test]
fn everyday_news_is_no_notice() {
    for title in [
        "Bitcoin slides as traders weigh inflation data",
        "Plimsoll raises $5M to build a margin engine",
        "Startup wins hackathon contest",
        "Plimsoll token sale opens on Monday",
    ] {
        assert_eq!(read(title), "", "{title}");
    }
}

#[test]
fn the_clock_decides_on_the_day_itself() {
    let lexicon = Lexicon::new(&[], &[]);
    let body = "Trading opens at 2026-11-28 18:00 KST.";
    let reading = lexicon.read("Korvex will list Plimsoll (PLIM)", body, None);
    let found = notice(&lexicon, &reading).unwrap();
    let stage = |now: &str| found.stage_by_clock(&reading, "2026-11-28", now.parse().unwrap());
    assert_eq!(stage("2026-11-28T08:59:00Z"), Some(Stage::Upcoming));
    assert_eq!(stage("2026-11-28T09:00:00Z"), Some(Stage::Live));
    assert_eq!(stage("2026-11-27T09:00:00Z"), None);
}
