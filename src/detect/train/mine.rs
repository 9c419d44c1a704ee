//! Which words are of the language and the trade, and so no names: those that running text writes small.

use std::{collections::BTreeMap, error::Error, fs, path::Path};

use tge_scrape::text::normal::{Case, Shape, normal};

use crate::data::Corpus;

/// A word counts as common from so many small spellings on.
const SMALL: u32 = 6;
/// At most so many large spellings for each small one, headlines aside.
const LARGE: u32 = 3;

pub fn common_words(corpus: &Corpus, file: &Path) -> Result<(), Box<dyn Error>> {
    let mut counts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for item in corpus.items.iter().chain(&corpus.rest).filter(|item| !item.post) {
        for text in [&item.title, &item.text] {
            let normal = normal(text, 2_000);
            let words: Vec<usize> = (0..normal.tokens.len())
                .filter(|&index| normal.tokens[index].shape == Shape::Word && normal.word(index).len() > 1)
                .collect();
            let small = words.iter().filter(|&&index| normal.tokens[index].case == Case::Lower).count();
            // A headline in title case, or a text all small, says nothing about how a word is written.
            let distinctive = small * 10 > words.len() * 4 && small < words.len();
            for &index in &words {
                let count = counts.entry(normal.word(index).to_owned()).or_default();
                if normal.tokens[index].case == Case::Lower {
                    count.0 += u32::from(distinctive || small * 10 <= words.len() * 4);
                } else if distinctive {
                    count.1 += 1;
                }
            }
        }
    }
    let mut lines = String::from(
        "# Words that running text writes small: no names. Mined from the unlabelled corpus by the train example.\n",
    );
    for (word, (small, large)) in counts {
        if small >= SMALL && large <= small * LARGE && !word.contains('.') {
            lines.push_str(&word);
            lines.push('\n');
        }
    }
    println!("{} words", lines.lines().count() - 1);
    fs::write(file, lines)?;
    Ok(())
}
