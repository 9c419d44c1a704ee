//! Whether two mentions are about one project, from what was read as its name and ticker.
//!
//! Owns the comparison of names; knows nothing of texts, events or time.

use super::min_hash::lower_words;

/// Words that projects wear or drop at will: "Pyth" is "Pyth Network".
const DRESS: [&str; 16] = [
    "network",
    "protocol",
    "labs",
    "lab",
    "foundation",
    "finance",
    "dao",
    "token",
    "coin",
    "chain",
    "blockchain",
    "exchange",
    "app",
    "xyz",
    "io",
    "official",
];

/// Coins whose tickers stand in launch news as price talk or as the other half of a pair: the oldest
/// large coins and the currencies that sales are paid in. Never a launch's own.
const MONEY: [&str; 14] =
    ["btc", "eth", "usdt", "bnb", "xrp", "usdc", "sol", "trx", "doge", "ada", "usd", "eur", "usd1", "dai"];

/// A project's names in comparable form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::detect) struct Names {
    /// Lower-case words of the project's name without its dress; empty if unknown.
    pub project: Vec<String>,
    /// Those words as one: "Collab.Land" is "Collab Land".
    pub key: String,
    /// Lower-case ticker, as a list of no or one word.
    pub token: Vec<String>,
}

/// What two pairs of names say about each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) enum Relation {
    /// One project.
    Same,
    /// One name holds the other, or the names agree and the tickers do not.
    Nested,
    /// The names differ, but a ticker is shared, or is the other's name.
    Crossed,
    /// At least one side has no name, or nothing comparable.
    Unknown,
    /// Two projects.
    Different,
}

impl Names {
    /// Names as a detection gives them.
    pub fn new(project: Option<&str>, token: Option<&str>) -> Self {
        let mut project = lower_words(project.unwrap_or_default());
        let dressed = project.iter().rev().take_while(|word| DRESS.contains(&word.as_str())).count();
        // A project called "Token Protocol" keeps its only words.
        if dressed < project.len() {
            project.truncate(project.len() - dressed);
        }
        let token = lower_words(token.unwrap_or_default()).into_iter().take(1);
        Self {
            key: project.concat(),
            project,
            token: token.filter(|token| !MONEY.contains(&token.as_str())).collect(),
        }
    }

    /// Whether neither name nor ticker is known.
    pub fn is_empty(&self) -> bool {
        self.project.is_empty() && self.token.is_empty()
    }

    /// Whether the two are about one project.
    pub fn relation(&self, other: &Self) -> Relation {
        let tokens = Agreement::of(self.token.first(), other.token.first());
        let crossed = tokens == Agreement::Equal || self.crosses(other) || other.crosses(self);
        if self.project.is_empty() || other.project.is_empty() {
            return match tokens {
                _ if crossed => Relation::Same,
                Agreement::Unlike => Relation::Different,
                _ => Relation::Unknown,
            };
        }
        let (equal, nested) = (self.key == other.key, self.within(other) || other.within(self));
        match tokens {
            Agreement::Equal if nested => Relation::Same,
            Agreement::Unlike if equal => Relation::Nested,
            _ if equal => Relation::Same,
            _ if crossed => Relation::Crossed,
            _ if nested => Relation::Nested,
            _ => Relation::Different,
        }
    }

    /// Whether what one side read as the project is the other's ticker.
    fn crosses(&self, other: &Self) -> bool {
        other.token.first().is_some_and(|token| *token == self.key)
    }

    /// Whether every word of this project's name is in the other's.
    fn within(&self, other: &Self) -> bool {
        self.project.iter().all(|word| other.project.contains(word))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Agreement {
    Missing,
    Equal,
    /// One holds the other: venues prefix tickers that are taken.
    Within,
    Unlike,
}

impl Agreement {
    fn of(one: Option<&String>, other: Option<&String>) -> Self {
        match (one, other) {
            (Some(one), Some(other)) if one == other => Self::Equal,
            (Some(one), Some(other)) if one.contains(other.as_str()) || other.contains(one.as_str()) => {
                Self::Within
            }
            (Some(_), Some(_)) => Self::Unlike,
            _ => Self::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(one: (&str, &str), other: (&str, &str)) -> Relation {
        let [one, other] = [one, other].map(|(project, token)| Names::new(Some(project), Some(token)));
        assert_eq!(one.relation(&other), other.relation(&one), "{one:?} and {other:?}");
        one.relation(&other)
    }

    #[test]
    fn spellings_of_one_project_are_the_same() {
        for (one, other) in [
            (("Pyth", ""), ("Pyth Network", "PYTH")),
            (("Collab.Land", ""), ("Collab Land", "")),
            (("Caldera", "ERA"), ("", "era")),
            (("Pyth", ""), ("", "PYTH")),
            (("Heroes of Mavia", "MAVIA"), ("Mavia", "MAVIA")),
            (("Gensyn", "AI"), ("Gensyn", "AIGENSYN")),
            (("Pepelift", "PLIFT"), ("Pepelift", "BTC")),
            (("Token Protocol", ""), ("token protocol", "")),
        ] {
            assert_eq!(relation(one, other), Relation::Same, "{one:?} and {other:?}");
        }
    }

    #[test]
    fn doubt_is_no_difference() {
        for (one, other, expected) in [
            (("Caldera", "ERA"), ("Huma", "HUMA"), Relation::Different),
            (("Spark", ""), ("SparkLayer", ""), Relation::Different),
            (("Fluent", "BLEND"), ("", "ERA"), Relation::Different),
            (("Gensyn", "AI"), ("Sleepless AI", "AI"), Relation::Crossed),
            (("Anchorpay", "KEEL"), ("Keel", ""), Relation::Crossed),
            (("Orbit", ""), ("Bedrock Orbit", ""), Relation::Nested),
            (("Northgate", "ERA"), ("Northgate", "HUMA"), Relation::Nested),
            (("Caldera", "ERA"), ("", ""), Relation::Unknown),
            (("Caldera", ""), ("", "ERA"), Relation::Unknown),
            (("", ""), ("", ""), Relation::Unknown),
        ] {
            assert_eq!(relation(one, other), expected, "{one:?} and {other:?}");
        }
    }
}
