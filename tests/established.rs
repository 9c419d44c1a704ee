//! The script that renews the list of established coins from public ticker files.

use std::{fs, process::Command};

const RENEW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/detect/data/renew.py");

#[test]
fn the_list_of_established_coins_is_renewed_from_ticker_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let list = path("established.tsv");
    let hand = "# Tokens that trade.\nBTC 2009-01 Bitcoin|Bitcoin Core\n";
    fs::write(&list, format!("{hand}## generated\nOLD 2020-01 Old Coin\n")).unwrap();
    let dated = "Ticker,Name,Date_Added\nqln,Quillnet,2025-03-04T00:00:00Z\nQLN,Quillnet,2024-11-30\n\
                 BTC,Bitcoin,2013-04-28\nORB,Orbita,1767225600\n";
    fs::write(path("dated.csv"), dated).unwrap();
    fs::write(path("undated.json"), r#"{"data":[{"symbol":"TSL","name":"Tessel"}]}"#).unwrap();
    let renew = |files: &[String]| {
        let run = Command::new("python3").arg(RENEW).args(["--output", &list]).args(files).output().unwrap();
        (run.status.success(), String::from_utf8_lossy(&run.stderr).into_owned())
    };
    let (done, message) = renew(&[path("dated.csv"), path("undated.json") + "@2024-04"]);
    assert!(done, "{message}");
    let text = fs::read_to_string(&list).unwrap();
    let generated = text.strip_prefix(hand).unwrap();
    let lines: Vec<&str> = generated.lines().skip(1).collect();
    // The earlier date counts, what is written by hand stands once, and lines of before stay.
    assert_eq!(
        lines,
        ["OLD 2020-01 Old Coin", "ORB 2026-01 Orbita", "QLN 2024-11 Quillnet", "TSL 2024-04 Tessel"]
    );
    // Coins without a date are refused, and the list stays as it was.
    let (done, message) = renew(&[path("undated.json")]);
    assert!(!done && message.contains("1 coins without a date"), "{message}");
    assert_eq!(fs::read_to_string(&list).unwrap(), text);
}
