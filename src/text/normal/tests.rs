//! The normal form: folding, shapes, places.

use proptest::prelude::*;

use super::*;

#[test]
fn words_are_folded_and_parted_from_their_possessive() {
    assert_eq!(fold("Kamino\u{2019}s KMNO Airdrop"), "kamino 's kmno airdrop");
    assert_eq!(fold("don't pre-sale Collab.Land's"), "dont pre sale collab.land 's");
}

#[test]
fn disguised_letters_become_plain() {
    assert_eq!(fold("\u{1d400}irdrop ＡＩＲ\u{200b}drop Schrödinger"), "airdrop airdrop schrodinger");
}

#[test]
fn a_name_is_readable_without_what_disguises_it() {
    for name in ["Plim\u{ad}soll", "Ｐｌｉｍｓｏｌｌ", "𝗣𝗹𝗶𝗺𝘀𝗼𝗹𝗹", "Plim\u{200b}soll", "Plimsoll"]
    {
        assert_eq!(readable(name), "Plimsoll");
    }
    assert_eq!(readable("Schrödinger Ł2 長城"), "Schrödinger Ł2 長城");
}

#[test]
fn sigils_links_and_amounts_keep_their_shape() {
    let text = "$PYTH raised $3.8M #Airdrop @pyth_net https://a.example/x?y (soon)";
    let normal = normal(text, 500);
    let shapes: Vec<_> = normal.tokens.iter().map(|token| token.shape).collect();
    assert_eq!(
        shapes,
        [
            Shape::Cashtag,
            Shape::Word,
            Shape::Money,
            Shape::Hashtag,
            Shape::Handle,
            Shape::Link,
            Shape::Mark,
            Shape::Word,
            Shape::Mark
        ]
    );
    assert_eq!(normal.folded, " $pyth raised $3.8m #airdrop @pyth_net http ( soon ) ");
    assert_eq!(normal.tokens[0].case, Case::Upper);
}

#[test]
fn a_wide_sigil_before_ascii_letters_is_read_as_the_usual_one() {
    let text = "日本 ＠Official ＄ERA";
    let normal = normal(text, 500);
    assert!(normal.folded.ends_with(" @official $era "), "{}", normal.folded);
    let last = normal.tokens.last().unwrap();
    assert_eq!((last.shape, &text[last.start as usize..]), (Shape::Cashtag, "＄ERA"));
}

#[test]
fn a_token_remembers_its_place() {
    let text = "“Apeiron” begins 1,000-day airdrop!";
    let normal = normal(text, 500);
    for (index, token) in normal.tokens.iter().enumerate().filter(|(_, token)| token.shape == Shape::Word) {
        let original = &text[token.start as usize..token.end as usize];
        assert_eq!(original.to_lowercase(), normal.word(index));
    }
    let airdrop = normal.folded.find("airdrop").unwrap();
    assert_eq!(normal.word(normal.token_at(airdrop)), "airdrop");
}

proptest! {
    #[test]
    fn any_text_is_read_within_its_bounds(text in "\\PC{0,300}|[\\x00-\\x7f\u{200b}\u{301}\u{fdfa}]{0,300}", limit in 0_usize..200) {
        let normal = normal(&text, limit);
        let mut last = 0;
        for (index, token) in normal.tokens.iter().enumerate() {
            prop_assert!(token.start >= last && token.end >= token.start);
            prop_assert!(text.get(token.start as usize..token.end as usize).is_some());
            prop_assert!(!normal.word(index).contains(' '));
            last = token.end;
        }
    }
}

#[test]
fn scripts_without_spaces_are_parted_into_characters_and_joined_to_words() {
    let mut normal = normal("Fabric 將於今日開放ROBO代幣エアドロ에어드랍을", 100);
    assert_eq!(normal.word(1), "将");
    let at = |text: &str| (0..normal.tokens.len()).find(|&at| normal.word(at) == text).unwrap();
    let mut words = vec![(at("今"), at("日")), (at("开"), at("放")), (at("代"), at("币"))];
    normal.join(&mut words);
    let words: Vec<&str> = (0..normal.tokens.len()).map(|at| normal.word(at)).collect();
    assert_eq!(words[..8], ["fabric", "将", "于", "今 日", "开 放", "robo", "代 币", "エ ア ト ロ"]);
    assert_eq!(words.len(), 9);
}

#[test]
fn an_apostrophe_parts_articles_and_endings_from_the_word() {
    assert_eq!(fold("l'airdrop dell'asta"), "l airdrop dell asta");
    assert_eq!(fold("Quillnet'nin QLN'yi Binance'den"), "quillnet 's qln binance");
}

#[test]
fn plain_phrases_fold_as_in_a_text() {
    for phrase in ["airdrop", " token  generation event ", "was ist", "http www", "can t", ""] {
        assert_eq!(fold(phrase), normal(phrase, usize::MAX).folded.trim(), "{phrase}");
    }
}

#[test]
fn words_of_ascii_are_read_as_others_are() {
    for text in [
        "Kamino sets KMNO airdrop, edgeX v2.0: 1,000 $TIA #Fast_Lane @a_b 3x",
        "launch. Next: 12:30 U.S. x.y a,b it's don't `quoted' end",
        "word\u{301} tail caf\u{e9} 9 Z",
    ] {
        // A zero-width joiner at the end of each word means nothing, and takes the other way.
        let marked: String = text
            .split_inclusive(|c: char| !c.is_ascii_alphanumeric())
            .map(|word| match word.chars().last() {
                Some(last) if !last.is_ascii_alphanumeric() && word.len() > 1 && last.is_ascii() => {
                    format!("{}\u{200d}{last}", &word[..word.len() - 1])
                }
                _ => word.to_owned(),
            })
            .collect();
        let (plain, other) = (normal(text, usize::MAX), normal(&marked, usize::MAX));
        assert_eq!(plain.folded, other.folded, "{text}");
        let looks = |of: &Normal| of.tokens.iter().map(|token| (token.shape, token.case)).collect::<Vec<_>>();
        assert_eq!(looks(&plain), looks(&other), "{text}");
    }
}
