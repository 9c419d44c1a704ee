//! The query language of recent search: read, refused where X refuses, matched against posts.

use std::cell::OnceCell;

use super::{
    entities::{self, Entities},
    world::{Post, Reference, World},
};

/// A query as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// All of these.
    All(Vec<Query>),
    /// One of these.
    Any(Vec<Query>),
    /// Not this.
    Not(Box<Query>),
    /// A word or an operator.
    Term(Term),
}

/// What a post is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// Words in a row; one for a keyword.
    Words(Vec<String>),
    /// `$TAG`
    Cashtag(String),
    /// `#tag`
    Hashtag(String),
    /// `@name`
    Mention(String),
    /// `name:value`
    Operator(String, String),
}

/// Operators that may stand alone.
const ALONE: [&str; 6] = ["from", "to", "url", "list", "conversation_id", "retweets_of"];
/// Operators that need another beside them.
const BESIDE: [&str; 6] = ["lang", "is", "has", "min_likes", "min_replies", "min_reposts"];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Or,
    Not,
    Term(Term),
}

/// Reads a query of at most `limit` characters.
///
/// # Errors
/// A sentence like X's own.
pub fn parse(text: &str, limit: usize) -> Result<Query, String> {
    let length = text.chars().count();
    if length > limit {
        return Err(format!(
            "Invalid 'query':'{text}'. 'query' must be at most {limit} characters, this one has {length}."
        ));
    }
    let tokens = tokens(text)?;
    let mut at = 0;
    let query = any(&tokens, &mut at)?;
    if at < tokens.len() {
        return Err("There were errors processing your request: extraneous input ')'.".to_owned());
    }
    if alone(&query) {
        Ok(query)
    } else {
        Err("There were errors processing your request: a query must include at least one stand-alone operator, and a negated or conjunction-required operator is none.".to_owned())
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            c if c.is_whitespace() => at += 1,
            '(' => {
                tokens.push(Token::Open);
                at += 1;
            }
            ')' => {
                tokens.push(Token::Close);
                at += 1;
            }
            '-' => {
                tokens.push(Token::Not);
                at += 1;
            }
            '"' => {
                let (phrase, after) = quoted(&chars, at)?;
                tokens.push(Token::Term(Term::Words(entities::words(&phrase))));
                at = after;
            }
            _ => {
                let start = at;
                while at < chars.len() && !chars[at].is_whitespace() && !"()\"".contains(chars[at]) {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                if word.ends_with(':') && chars.get(at) == Some(&'"') {
                    let (value, after) = quoted(&chars, at)?;
                    tokens.push(Token::Term(term(&format!("{word}{value}"))?));
                    at = after;
                } else if word == "OR" {
                    tokens.push(Token::Or);
                } else if ["and", "AND", "or"].contains(&word.as_str()) {
                    return Err(format!(
                        "There were errors processing your request: Ambiguous use of {word} as a keyword."
                    ));
                } else {
                    tokens.push(Token::Term(term(&word)?));
                }
            }
        }
    }
    Ok(tokens)
}

fn quoted(chars: &[char], at: usize) -> Result<(String, usize), String> {
    let length = chars[at + 1..].iter().position(|c| *c == '"');
    let length =
        length.ok_or("There were errors processing your request: a quotation mark is not closed.")?;
    Ok((chars[at + 1..at + 1 + length].iter().collect(), at + length + 2))
}

fn term(word: &str) -> Result<Term, String> {
    let tail = |text: &str| text[1..].to_lowercase();
    match word.chars().next() {
        Some('$') => return Ok(Term::Cashtag(tail(word))),
        Some('#') => return Ok(Term::Hashtag(tail(word))),
        Some('@') => return Ok(Term::Mention(tail(word))),
        _ => {}
    }
    let Some((name, value)) = word.split_once(':').filter(|(name, _)| !name.starts_with("http")) else {
        return Ok(Term::Words(entities::words(word)));
    };
    let bad = |what: &str| Err(format!("There were errors processing your request: {what} '{word}'."));
    let fine = match name {
        "from" | "to" | "retweets_of" => {
            value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && (1..=15).contains(&value.len())
        }
        "is" => ["retweet", "reply", "quote", "verified"].contains(&value),
        "has" => ["links", "hashtags", "cashtags", "mentions"].contains(&value),
        "lang" => (2..=3).contains(&value.len()),
        "list" | "conversation_id" | "min_likes" | "min_replies" | "min_reposts" => {
            !value.is_empty() && value.chars().all(|c| c.is_ascii_digit())
        }
        "url" => !value.is_empty(),
        _ => return bad("Reference to invalid operator"),
    };
    if fine { Ok(Term::Operator(name.to_owned(), value.to_lowercase())) } else { bad("Invalid value of") }
}

fn any(tokens: &[Token], at: &mut usize) -> Result<Query, String> {
    let mut branches = vec![all(tokens, at)?];
    while tokens.get(*at) == Some(&Token::Or) {
        *at += 1;
        branches.push(all(tokens, at)?);
    }
    Ok(if branches.len() == 1 { branches.remove(0) } else { Query::Any(branches) })
}

fn all(tokens: &[Token], at: &mut usize) -> Result<Query, String> {
    let mut parts = Vec::new();
    loop {
        match tokens.get(*at) {
            Some(Token::Term(term)) => {
                *at += 1;
                parts.push(Query::Term(term.clone()));
            }
            Some(Token::Not) => {
                let Some(Token::Term(term)) = tokens.get(*at + 1) else {
                    return Err(
                        "There were errors processing your request: only a single operator can be negated."
                            .to_owned(),
                    );
                };
                *at += 2;
                parts.push(Query::Not(Box::new(Query::Term(term.clone()))));
            }
            Some(Token::Open) => {
                *at += 1;
                parts.push(any(tokens, at)?);
                if tokens.get(*at) != Some(&Token::Close) {
                    return Err("There were errors processing your request: missing ')'.".to_owned());
                }
                *at += 1;
            }
            Some(Token::Close | Token::Or) | None => break,
        }
    }
    match parts.len() {
        0 => Err("There were errors processing your request: an operand is missing.".to_owned()),
        1 => Ok(parts.remove(0)),
        _ => Ok(Query::All(parts)),
    }
}

/// Whether every way to match includes an operator that may stand alone.
fn alone(query: &Query) -> bool {
    match query {
        Query::All(parts) => parts.iter().any(alone),
        Query::Any(branches) => branches.iter().all(alone),
        Query::Not(_) => false,
        Query::Term(Term::Operator(name, _)) => {
            debug_assert!(ALONE.contains(&name.as_str()) || BESIDE.contains(&name.as_str()));
            ALONE.contains(&name.as_str())
        }
        Query::Term(_) => true,
    }
}

/// A post with what a query asks about, worked out once and only when asked.
pub struct Subject<'a> {
    world: &'a World,
    post: &'a Post,
    author: &'a str,
    entities: OnceCell<Entities>,
    words: OnceCell<Vec<String>>,
}

impl<'a> Subject<'a> {
    /// Looks at a post.
    pub fn new(world: &'a World, post: &'a Post) -> Self {
        let author = world.accounts.get(&post.author).map_or("", |author| author.username.as_str());
        Self { world, post, author, entities: OnceCell::new(), words: OnceCell::new() }
    }

    fn entities(&self) -> &Entities {
        self.entities.get_or_init(|| entities::find(&self.post.text))
    }

    fn words(&self) -> &[String] {
        self.words.get_or_init(|| entities::words(&self.post.text))
    }

    /// Whether the query finds it.
    pub fn matches(&self, query: &Query) -> bool {
        match query {
            Query::All(parts) => parts.iter().all(|part| self.matches(part)),
            Query::Any(branches) => branches.iter().any(|branch| self.matches(branch)),
            Query::Not(part) => !self.matches(part),
            Query::Term(term) => self.has(term),
        }
    }

    fn has(&self, term: &Term) -> bool {
        // Since May 2026 words do not find reposts (docs/reference/x-api.md#queries).
        let own_words = !self.post.is(Reference::Retweeted);
        let any = |found: &[entities::Span], wanted: &str| {
            found.iter().any(|span| span.value.eq_ignore_ascii_case(wanted))
        };
        match term {
            Term::Words(wanted) => {
                own_words && !wanted.is_empty() && self.words().windows(wanted.len()).any(|row| row == wanted)
            }
            Term::Cashtag(tag) => own_words && any(&self.entities().cashtags, tag),
            Term::Hashtag(tag) => own_words && any(&self.entities().hashtags, tag),
            Term::Mention(name) => own_words && any(&self.entities().mentions, name),
            Term::Operator(name, value) => self.is(name, value, own_words),
        }
    }

    fn is(&self, name: &str, value: &str, own_words: bool) -> bool {
        let named = |account: u64| {
            self.world.accounts.get(&account).is_some_and(|a| a.username.eq_ignore_ascii_case(value))
        };
        let number = value.parse::<u64>().unwrap_or(u64::MAX);
        match (name, value) {
            ("from", _) => self.author.eq_ignore_ascii_case(value),
            ("to", _) => self.post.in_reply_to.is_some_and(named),
            ("retweets_of", _) => self.post.references.iter().any(|(kind, id)| {
                *kind == Reference::Retweeted && self.world.posts.get(id).is_some_and(|p| named(p.author))
            }),
            ("list", _) => {
                let list = self.world.lists.iter().find(|list| list.id == number);
                list.is_some_and(|list| list.members.contains(&self.post.author))
            }
            ("conversation_id", _) => self.post.conversation == number,
            ("url", _) => {
                own_words && self.entities().urls.iter().any(|span| span.value.to_lowercase().contains(value))
            }
            ("lang", _) => self.post.lang == value,
            ("is", "retweet") => self.post.is(Reference::Retweeted),
            ("is", "reply") => self.post.is(Reference::RepliedTo),
            ("is", "quote") => self.post.is(Reference::Quoted),
            ("is", _) => self.world.accounts.get(&self.post.author).is_some_and(|a| a.followers >= 10_000),
            ("has", "links") => !self.entities().urls.is_empty(),
            ("has", "hashtags") => !self.entities().hashtags.is_empty(),
            ("has", "cashtags") => !self.entities().cashtags.is_empty(),
            ("has", _) => !self.entities().mentions.is_empty(),
            ("min_likes", _) => self.post.likes >= number,
            ("min_replies", _) => self.post.likes / 8 >= number,
            ("min_reposts", _) => self.post.likes / 4 >= number,
            _ => false,
        }
    }
}
