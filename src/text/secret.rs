//! Secrets masked in texts that come from outside: a service that refuses may quote what it was asked, whole or in
//! part, as it was or encoded. Pure.

use std::{borrow::Cow, collections::HashSet, ops::Range};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// Characters in a row from which a part of a secret is masked. Shorter secrets are masked only whole.
pub const SHORTEST: usize = 8;
/// What is shown in place of a secret.
const DOTS: &str = "••••";
/// Layers of encoding that are looked through, such as JSON in JSON.
const LAYERS: usize = 3;
/// Bits of [`Secrets::filter`].
const FILTER_BITS: u32 = 14;

/// Secrets, with every form in which they are recognised.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Every part of [`SHORTEST`] characters.
    parts: HashSet<u64>,
    /// Forms that are shorter than that.
    short: Vec<Vec<u8>>,
    /// One bit for each hash of a part: most texts hold none of them.
    filter: Vec<u64>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(••••)")
    }
}

/// A character of a text after decoding, and the bytes of the text it was written with.
#[derive(Clone)]
struct Unit {
    byte: u8,
    at: Range<usize>,
}

impl Secrets {
    /// Masks `secrets`, each also percent-encoded, percent-decoded, escaped as in JSON or HTML, in base64 (both
    /// alphabets, also within a longer text), in other case, and with spaces between its characters.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self { filter: vec![0; 1 << (FILTER_BITS - 6)], ..Self::default() };
        for secret in secrets {
            let mut units = characters(secret);
            for _ in 0..=LAYERS {
                let plain: Vec<u8> = units.iter().map(|unit| unit.byte).collect();
                all.add(folded(&plain));
                for form in base64_forms(&plain) {
                    all.add(form);
                }
                match layer(&units) {
                    Some(next) => units = next,
                    None => break,
                }
            }
        }
        all.short.retain(|short| !short.is_empty());
        all.short.sort();
        all.short.dedup();
        all
    }

    fn add(&mut self, form: Vec<u8>) {
        if form.len() < SHORTEST {
            self.short.push(form);
            return;
        }
        for part in form.windows(SHORTEST).map(key) {
            self.parts.insert(part);
            let bit = hash(part);
            self.filter[bit / 64] |= 1 << (bit % 64);
        }
    }

    /// `text` with dots in place of the secrets and of their parts.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.parts.is_empty() && self.short.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut units = characters(text);
        for _ in 0..=LAYERS {
            found.extend(self.found(&units));
            match layer(&units) {
                Some(next) => units = next,
                None => break,
            }
        }
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_by_key(|run| run.start);
        let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
        for run in found {
            if run.start > copied || copied == 0 {
                out.push_str(&text[copied..run.start]);
                out.push_str(DOTS);
            }
            copied = copied.max(run.end);
        }
        out.push_str(&text[copied..]);
        Cow::Owned(out)
    }

    /// The same for bytes that should be text.
    #[must_use]
    pub fn mask_bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self.mask(&String::from_utf8_lossy(bytes)) {
            Cow::Owned(masked) => Some(masked.into_bytes()),
            Cow::Borrowed(_) => None,
        }
    }

    /// The bytes of the text that `units` were written with and that belong to secrets.
    fn found(&self, units: &[Unit]) -> Vec<Range<usize>> {
        let units: Vec<Unit> = units
            .iter()
            .filter_map(|unit| Some(Unit { byte: fold(unit.byte)?, at: unit.at.clone() }))
            .collect();
        let mut found = Vec::new();
        let mut add = |from: usize, to: usize| found.push(units[from].at.start..units[to - 1].at.end);
        let mut window = 0_u64;
        for (at, unit) in units.iter().enumerate() {
            window = window << 8 | u64::from(unit.byte);
            let bit = hash(window);
            if at + 1 >= SHORTEST
                && self.filter[bit / 64] & 1 << (bit % 64) != 0
                && self.parts.contains(&window)
            {
                add(at + 1 - SHORTEST, at + 1);
            }
        }
        for short in &self.short {
            let same = |at: &usize| units[*at..].iter().zip(short).all(|(unit, byte)| unit.byte == *byte);
            let starts = 0..(units.len() + 1).saturating_sub(short.len());
            starts.filter(same).for_each(|at| add(at, at + short.len()));
        }
        found
    }
}

fn key(part: &[u8]) -> u64 {
    part.iter().fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// Fibonacci hashing: the upper bits of a product.
fn hash(key: u64) -> usize {
    usize::try_from(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS)).unwrap_or(0)
}

/// What two forms are compared by: no case, one alphabet of base64; `None` for what may stand between the
/// characters of a quoted secret.
fn fold(byte: u8) -> Option<u8> {
    match byte {
        0..=b' ' | 0x7f => None,
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        other => Some(other.to_ascii_lowercase()),
    }
}

fn folded(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().filter_map(|byte| fold(*byte)).collect()
}

/// `secret` in base64 as it stands at the beginning of a text and at the two other places it may have within one:
/// only characters that the secret alone decides.
fn base64_forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let at = |before: usize| {
        let mut padded = vec![0; before];
        padded.extend_from_slice(secret);
        let text = STANDARD_NO_PAD.encode(&padded);
        // Six bits a character: the first ones hold bits of what stands before, the last of what follows.
        let (from, to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        folded(text.as_bytes().get(from..to).unwrap_or_default())
    };
    let whole = folded(STANDARD_NO_PAD.encode(secret).as_bytes());
    let within = (0..3).map(at).filter(|form| form.len() >= SHORTEST);
    within.chain([whole]).collect()
}

/// The bytes of `text` but for what is not seen: it would join the parts of a secret once it is left out.
fn characters(text: &str) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let unseen = !c.is_ascii()
            && (c.is_control()
                || c.is_whitespace()
                // A soft hyphen, marks of direction, joiners.
                || matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                    | '\u{2060}'..='\u{2069}' | '\u{FEFF}'));
        if !unseen {
            let end = at + c.len_utf8();
            units.extend(text.as_bytes()[at..end].iter().map(|byte| Unit { byte: *byte, at: at..end }));
        }
    }
    units
}

/// `units` with percent signs, escapes of JSON and references of HTML read once; `None` where there are none.
fn layer(units: &[Unit]) -> Option<Vec<Unit>> {
    if !units.iter().any(|unit| matches!(unit.byte, b'%' | b'\\' | b'&')) {
        return None;
    }
    let mut out = Vec::with_capacity(units.len());
    let mut at = 0;
    while at < units.len() {
        let (bytes, length) = escape(&units[at..]).unwrap_or_else(|| (vec![units[at].byte], 1));
        let span = units[at].at.start..units[at + length - 1].at.end;
        out.extend(bytes.into_iter().map(|byte| Unit { byte, at: span.clone() }));
        at += length;
    }
    Some(out).filter(|out| out.len() != units.len())
}

/// What the escape at the beginning of `units` stands for, and its length; `None` where there is none.
fn escape(units: &[Unit]) -> Option<(Vec<u8>, usize)> {
    let hex = |from: usize, to: usize| {
        let digits: String = units.get(from..to)?.iter().map(|unit| char::from(unit.byte)).collect();
        u32::from_str_radix(&digits, 16)
            .ok()
            .filter(|_| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let utf8 = |code: u32| char::from_u32(code).map_or_else(Vec::new, |c| c.to_string().into_bytes());
    match (units.first()?.byte, units.get(1)?.byte) {
        (b'%', _) => Some((vec![u8::try_from(hex(1, 3)?).ok()?], 3)),
        (b'\\', b'u') => Some((utf8(hex(2, 6)?), 6)),
        (b'\\', b'x') => Some((vec![u8::try_from(hex(2, 4)?).ok()?], 4)),
        (b'\\', b'b' | b'f' | b'n' | b'r' | b't') => Some((vec![b' '], 2)),
        (b'\\', other) => Some((vec![other], 2)),
        (b'&', _) => {
            let end = units.iter().take(10).position(|unit| unit.byte == b';')?;
            let name: String = units[1..end].iter().map(|unit| char::from(unit.byte)).collect();
            let code = match name.strip_prefix('#') {
                Some(digits) => match digits.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => digits.parse().ok()?,
                },
                None => u32::from(match name.as_str() {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => return None,
                }),
            };
            Some((utf8(code), end + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "AAAAbbb%2BCCCddd/eee%3DfffGGG123";

    fn masked(text: &str) -> String {
        Secrets::new([TOKEN]).mask(text).into_owned()
    }

    #[test]
    fn a_secret_is_masked_in_every_form_it_can_be_quoted_in() {
        let plain = "AAAAbbb+CCCddd/eee=fffGGG123";
        let percent: String = plain.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let json: String = plain.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        let html: String = plain.chars().map(|c| format!("&#{};", u32::from(c))).collect();
        let forms = [
            TOKEN.to_owned(),
            plain.to_owned(),
            percent.replace('%', "%25"),
            percent,
            json.replace('\\', "\\\\"),
            json,
            html,
            TOKEN.replace('/', "\\/"),
            TOKEN.to_lowercase(),
            TOKEN.chars().map(String::from).collect::<Vec<_>>().join(" "),
            TOKEN.chars().map(String::from).collect::<Vec<_>>().join("\u{200b}"),
            STANDARD.encode(TOKEN).trim_end_matches('=').to_owned(),
            URL_SAFE.encode(plain).trim_end_matches('=').to_owned(),
        ];
        for form in forms {
            let text = masked(&format!("no <{form}> here"));
            assert_eq!(text, "no <••••> here", "{form}");
        }
    }

    #[test]
    fn parts_are_masked_from_eight_characters_on() {
        assert_eq!(masked("begins AAAAbbb%2BCCC ..."), "begins •••• ...");
        assert_eq!(masked("ends GG123 fff"), "ends GG123 fff");
        assert_eq!(masked("CCCddd/e"), "••••");
        assert_eq!(masked("CCCddd/"), "CCCddd/");
        for before in ["", "a", "ab", "Bearer "] {
            let quoted = STANDARD.encode(format!("{before}{TOKEN} and more"));
            let text = masked(&quoted);
            assert!(text.contains("••••") && text.len() < quoted.len() - 20, "{quoted} {text}");
        }
    }

    #[test]
    fn a_short_secret_is_masked_whole() {
        let short = Secrets::new(["hunter2"]);
        assert_eq!(short.mask("535 hunter2 (aHVudGVyMg==), no Hunter2!"), "535 •••• (••••==), no ••••!");
        assert_eq!(short.mask("a hunter 3"), "a hunter 3");
        assert_eq!(Secrets::new([]).mask("x"), "x");
        assert_eq!(Secrets::new([""]).mask("x"), "x");
        assert!(!format!("{short:?}").contains("hunter"));
    }

    #[test]
    fn what_holds_no_secret_stays_as_it_is() {
        let text = r#"{"title":"a \"b\" &amp; c %41","id":"1989000000000000000"} größer 日本"#;
        assert!(matches!(Secrets::new([TOKEN]).mask(text), Cow::Borrowed(_)));
        assert_eq!(Secrets::new([TOKEN]).mask_bytes(b"\xff\xfe"), None);
    }

    proptest! {
        /// Whatever stands around a secret, it is gone, and JSON stays JSON.
        #[test]
        fn nothing_of_it_is_left(before in "\\PC{0,12}", after in "\\PC{0,12}") {
            let said = serde_json::to_string(&format!("{before}{TOKEN}{after}")).unwrap();
            let text = masked(&said);
            prop_assert!(!text.contains("AAAAbbb%"), "{text}");
            prop_assert!(serde_json::from_str::<String>(&text).is_ok(), "{text}");
        }
    }
}
