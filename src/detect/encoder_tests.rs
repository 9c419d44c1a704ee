use tge_scrape_encoder::{Encoder, FILE};

fn launch(title: &str) -> f32 {
    Encoder::shared().read(title, "").launch
}

#[test]
fn the_file_is_the_one_that_the_weights_were_fitted_with() {
    use sha2::{Digest, Sha256};
    let hash: String = Sha256::digest(FILE).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let line = include_str!("weights.tsv").lines().find(|line| line.starts_with("!encoder")).unwrap();
    assert!(line.ends_with(&hash), "retrain the linear model: {hash}");
}

#[test]
fn a_launch_stands_above_other_news_in_several_languages() {
    let pairs = [
        ("Quillnet opens claims for its QLN airdrop", "Quillnet hires a new head of research"),
        ("Quillnet 开放 QLN 空投申领", "比特币价格今日上涨 3%"),
        ("Quillnet 将于今日上线 QLN 代币", "以太坊基金会公布年度报告"),
    ];
    for (yes, no) in pairs {
        assert!(launch(yes) > launch(no) + 1.0, "{yes} {} against {no} {}", launch(yes), launch(no));
    }
}

#[test]
fn texts_of_any_length_and_script_are_read() {
    for text in ["", " ", "\u{200b}", "🚀🚀🚀", "ก็ไม่รู้", &"word ".repeat(5_000), &"漢".repeat(5_000)]
    {
        assert!(Encoder::shared().read(text, text).launch.is_finite(), "{text:.20}");
    }
}

#[test]
fn the_words_that_move_the_encoder_come_from_the_headline() {
    let title = "Quillnet opens claims for its QLN airdrop";
    let words = Encoder::shared().moving_words(title, "Further text.");
    assert_eq!(words.len(), 3);
    assert!(words.iter().all(|word| title.contains(word)), "{words:?}");
}
