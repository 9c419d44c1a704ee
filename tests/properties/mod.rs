//! What must hold whatever comes in. Each is a function of some bytes that panics where it does not hold.
//!
//! The fuzz targets (`tests/fuzz`) call them with bytes of their own making, `regressions` with every input kept.

mod address;
mod article;
mod dates;
mod feed;
mod headers;
mod judgement;
mod settings;
mod x_answers;

pub use address::address;
pub use article::article;
pub use dates::{date, folded};
pub use feed::feed;
pub use headers::headers;
pub use judgement::judgement;
pub use settings::settings;
pub use x_answers::x_answers;

use jiff::Timestamp;

/// An input as a message: lines `name: value` up to an empty line, and what follows. Without such lines it is all body.
struct Message<'a> {
    fields: Vec<(String, &'a [u8])>,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    fn read(input: &'a [u8]) -> Self {
        let (mut fields, mut rest) = (Vec::new(), input);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            if line.is_empty() && !fields.is_empty() {
                return Self { fields, body: after };
            }
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { break };
            let name = &line[..colon];
            if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
                break;
            }
            fields.push((String::from_utf8_lossy(name).to_ascii_lowercase(), line[colon + 1..].trim_ascii()));
            rest = after;
        }
        Self { fields: Vec::new(), body: input }
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.fields.iter().find(|(known, _)| known == name)?;
        std::str::from_utf8(value).ok()
    }
}

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}
