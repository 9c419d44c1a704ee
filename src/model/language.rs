//! The languages that launches are looked for in.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

/// A language, by its code in ISO 639-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[expect(missing_docs, reason = "the codes are those of the standard")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Language {
    De,
    En,
    Es,
    Fr,
    Id,
    It,
    Ja,
    Ko,
    Pt,
    Ru,
    Tr,
    Uk,
    Vi,
    Zh,
}

impl Language {
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}
