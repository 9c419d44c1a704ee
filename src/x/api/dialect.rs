//! The two dialects of the API (docs/reference/x-api.md#two-dialects). Pure.

use strum::{AsRefStr, EnumString, IntoStaticStr};

/// How fields are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, AsRefStr, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Dialect {
    /// `tweet.fields`.
    #[default]
    Tweet,
    /// `post.fields`; the author's id needs an expansion.
    Post,
}

impl Dialect {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Tweet => Self::Post,
            Self::Post => Self::Tweet,
        }
    }

    /// The parameter that names the fields of posts.
    #[must_use]
    pub fn fields(self) -> &'static str {
        match self {
            Self::Tweet => "tweet.fields",
            Self::Post => "post.fields",
        }
    }

    /// Whether responses contain the author as a charged object.
    #[must_use]
    pub fn expands_authors(self) -> bool {
        self == Self::Post
    }
}
