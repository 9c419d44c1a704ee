//! Other languages than English: their vocabulary, and which one a text is in.

mod identify;

pub(super) use identify::language;

/// The vocabulary of each language, in the form of `data/phrases.tsv`, with these additions: `*` at the end of a phrase
/// stands for any ending; `word` lists words that only part a text without spaces; `common` lists words that are no
/// names, and `latin` those that are none in a text of another script.
pub(super) const PACKS: [&str; 13] = [
    include_str!("de.tsv"),
    include_str!("es.tsv"),
    include_str!("fr.tsv"),
    include_str!("id.tsv"),
    include_str!("it.tsv"),
    include_str!("ja.tsv"),
    include_str!("ko.tsv"),
    include_str!("pt.tsv"),
    include_str!("ru.tsv"),
    include_str!("tr.tsv"),
    include_str!("uk.tsv"),
    include_str!("vi.tsv"),
    include_str!("zh.tsv"),
];
