//! What X finds in a text: addresses, tags, tickers, names.

/// A stretch of text, in characters, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// First character.
    pub start: usize,
    /// Character after the last.
    pub end: usize,
    /// Without its mark.
    pub value: String,
}

/// Everything found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entities {
    /// Addresses.
    pub urls: Vec<Span>,
    /// `#tag`
    pub hashtags: Vec<Span>,
    /// `$TAG`
    pub cashtags: Vec<Span>,
    /// `@name`
    pub mentions: Vec<Span>,
}

/// Finds everything in `text`.
pub fn find(text: &str) -> Entities {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Entities::default();
    let mut at = 0;
    while at < chars.len() {
        let first = at == 0 || !(chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
        let run = |from: usize, wanted: fn(char) -> bool| {
            chars[from..].iter().position(|c| !wanted(*c)).map_or(chars.len(), |length| from + length)
        };
        let rest: String = chars[at..chars.len().min(at + 8)].iter().collect();
        if first && (rest.starts_with("https://") || rest.starts_with("http://")) {
            let mut end = run(at, |c| !c.is_whitespace());
            while end > at && ".,;:!?)".contains(chars[end - 1]) {
                end -= 1;
            }
            found.urls.push(Span { start: at, end, value: chars[at..end].iter().collect() });
            at = end;
            continue;
        }
        let end = run(at + 1, |c| c.is_alphanumeric() || c == '_');
        if first && end > at + 1 && "#$@".contains(chars[at]) {
            let span = Span { start: at, end, value: chars[at + 1..end].iter().collect() };
            match chars[at] {
                '#' => found.hashtags.push(span),
                '$' if chars[at + 1].is_alphabetic() => found.cashtags.push(span),
                '@' => found.mentions.push(span),
                _ => {}
            }
            at = end;
            continue;
        }
        at += 1;
    }
    found
}

/// The words of a text in lower case, without marks.
pub fn words(text: &str) -> Vec<String> {
    let word = |text: &str| text.trim_matches('\'').to_lowercase();
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '\''))
        .map(word)
        .filter(|word| !word.is_empty())
        .collect()
}
