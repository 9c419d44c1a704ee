//! Times in JSON: RFC 3339 in UTC, whole seconds or three digits, so that texts compare as times do.

use jiff::Timestamp;
use serde::Serializer;

/// `at` as outputs show it.
#[must_use]
pub fn text(at: Timestamp) -> String {
    if at.subsec_nanosecond() / 1_000_000 == 0 { format!("{at:.0}") } else { format!("{at:.3}") }
}

pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*at))
}

/// The same for a time that may be missing.
pub mod option {
    use jiff::Timestamp;
    use serde::Serializer;

    #[expect(clippy::ref_option, reason = "serde passes references")]
    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// A time in the schemas of the API.
#[cfg(test)]
pub struct Time;

#[cfg(test)]
impl schemars::JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_no_fraction_or_three_digits() {
        for (written, shown) in [
            ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
            ("2026-11-21T10:00:04.2305704Z", "2026-11-21T10:00:04.230Z"),
            ("2026-11-21T10:00:34.000569617Z", "2026-11-21T10:00:34Z"),
            ("2026-11-21T10:00:34.9996Z", "2026-11-21T10:00:34.999Z"),
        ] {
            assert_eq!(text(written.parse().unwrap()), shown);
        }
    }
}
