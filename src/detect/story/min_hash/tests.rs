use proptest::prelude::*;

use super::{MinHash, OPENING_BYTES, signature};

const RELEASE: &str = "Storage start-up Tidewall today announced that the community round of its TIDE token will \
    open on 1 December on its own portal. The round offers four percent of the supply at a fixed price of nine \
    cents and closes when it is filled or after ten days. Buyers pass an identity check and receive a third of \
    their tokens at launch, the rest over six months. Tidewall stores large files across thousands of machines \
    and pays them from fees, and says that the network holds two petabytes of customer data already.";

fn min_hash(title: &str, text: &str) -> MinHash {
    MinHash::unpack(&signature(title, text))
}

/// What is stored must be readable by every later release: change the layout's first byte before this.
#[test]
fn the_layout_stays_as_it_is() {
    let bytes = signature("Fluent (BLEND) opens", "Fluent lets users of Harbour claim BLEND").0;
    let written = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    assert_eq!(
        written,
        "010005030214b7201606cf521fb682293492c568db8fc91fe71fc057239a3fb7daf0c4b3e71fc0572364fc9092"
    );
}

#[test]
fn case_punctuation_and_possessives_change_nothing() {
    assert_eq!(min_hash("Caldera's claim", "").title, min_hash("CALDERA’S  claim!", "").title);
    assert_eq!(min_hash("", RELEASE).runs, min_hash("", &RELEASE.replace(',', " –").to_uppercase()).runs);
}

#[test]
fn cut_and_prefaced_copies_overlap_and_other_texts_do_not() {
    let whole = min_hash("", RELEASE);
    let opening: String = RELEASE.split_inclusive(' ').take(30).collect();
    let prefaced =
        format!("Partner content: the editors had no part in this text and do not endorse it. {RELEASE}");
    let other = RELEASE.replace("Tidewall", "Kelpforge").replace("TIDE", "KELP");
    assert!(whole.overlap(&min_hash("", &opening)) > 0.8);
    assert!(whole.overlap(&min_hash("", &prefaced)) > 0.7);
    assert!(whole.names_agree(&min_hash("", &opening)) && whole.names_agree(&min_hash("", &prefaced)));
    assert!(!whole.names_agree(&min_hash("", &other)), "copied terms on another token");
    assert!(
        whole.overlap(&min_hash("", "Another firm entirely sells its own token in the coming week, it said"))
            < 0.1
    );
}

#[test]
fn a_short_phrase_in_common_is_no_overlap() {
    let phrase = min_hash("", "the claim is now live");
    assert!(phrase.overlap(&phrase).abs() < f64::EPSILON);
}

#[test]
fn names_are_capitals_within_a_sentence_and_tickers_anywhere() {
    let read = min_hash("Something opens", "The claim by edgeX and Fluent opened. Users of ERA wait.");
    for name in ["fluent", "edgex", "era"] {
        assert!(read.mentions(&[name.to_owned()]), "{name}");
    }
    for word in ["users", "the", "wait"] {
        assert!(!read.mentions(&[word.to_owned()]), "{word}");
    }
    assert!(!read.mentions(&[]));
}

#[test]
fn damaged_fingerprints_read_as_empty() {
    let whole = signature("Title", RELEASE);
    for length in [0, 1, 4, 5, whole.0.len() - 1] {
        assert_eq!(MinHash::unpack(&crate::model::Signature(whole.0[..length].to_vec())), MinHash::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_text_packs_and_unpacks(title in "\\PC{0,200}", text in "(\\PC|\n){0,3000}") {
        let packed = signature(&title, &text);
        prop_assert!(packed.0.len() <= 485);
        prop_assert_eq!(MinHash::unpack(&packed).pack(), packed);
    }

    #[test]
    fn nothing_behind_the_opening_is_read(tail in "\\PC{0,50}") {
        let opening = "é".repeat(OPENING_BYTES);
        prop_assert_eq!(signature("", &opening), signature("", &format!("{opening}{tail}")));
    }
}
