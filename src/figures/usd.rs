//! Amounts of money.

use std::fmt;

use serde::{Deserialize, Serialize};

/// US dollars, written as a string with six decimals: floating point would round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Usd {
    /// Millionths of a dollar.
    pub micros: u64,
}

impl Usd {
    /// For comparison and display only.
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.micros as f64 / 1e6
    }
}

/// A text that is no amount.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an amount of dollars with six decimals")]
pub struct UsdError(String);

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.micros / 1_000_000, self.micros % 1_000_000)
    }
}

impl From<Usd> for String {
    fn from(usd: Usd) -> Self {
        usd.to_string()
    }
}

impl TryFrom<String> for Usd {
    type Error = UsdError;

    fn try_from(text: String) -> Result<Self, UsdError> {
        let parsed = text.split_once('.').filter(|(_, decimals)| decimals.len() == 6).and_then(
            |(dollars, decimals)| {
                let micros: u64 = decimals.parse().ok()?;
                dollars.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
            },
        );
        parsed.map(|micros| Self { micros }).ok_or(UsdError(text))
    }
}
