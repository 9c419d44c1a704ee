//! Other languages than English: their vocabulary, and which one a text is in.

mod identify;

pub(super) use identify::{is_english, language};

/// The vocabulary of each other language of Latin script, in the form of `data/phrases.tsv`, with these additions: `*` at
/// the end of a phrase stands for any ending; `word` lists words that only part a text without spaces; `common` lists
/// words that are no names, and `latin` those that are none in a text of another script.
pub(super) const LATIN_PACKS: [&str; 8] = [
    include_str!("de.tsv"),
    include_str!("es.tsv"),
    include_str!("fr.tsv"),
    include_str!("id.tsv"),
    include_str!("it.tsv"),
    include_str!("pt.tsv"),
    include_str!("tr.tsv"),
    include_str!("vi.tsv"),
];

/// The same for languages of other scripts.
pub(super) const OTHER_SCRIPT_PACKS: [&str; 5] = [
    include_str!("ja.tsv"),
    include_str!("ko.tsv"),
    include_str!("ru.tsv"),
    include_str!("uk.tsv"),
    include_str!("zh.tsv"),
];
