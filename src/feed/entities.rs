//! Character references: XML's, HTML's, and those a document declares itself.

use std::{borrow::Cow, collections::HashMap};

/// Names a document may declare, and how long a value may be: a feed needs no more, an attack does.
const NAMES: usize = 256;
/// See [`NAMES`].
const VALUE: usize = 1024;

/// What a DOCTYPE declares.
#[derive(Debug, Default)]
pub struct Declared(HashMap<String, String>);

impl Declared {
    /// Reads the internal subset of `doctype`; values are taken as they are, one level deep.
    pub fn read(&mut self, doctype: &str) {
        for part in doctype.split("<!ENTITY").skip(1) {
            let part = part.trim_start();
            let Some((name, rest)) = part.split_once(char::is_whitespace) else { continue };
            let rest = rest.trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            if let Some(value) = rest[1..].split(quote).next()
                && self.0.len() < NAMES
                && value.len() <= VALUE
            {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// `text` with its references resolved once; a bare `&` stays. The flag tells whether one was bare.
    pub fn resolve<'a>(&self, text: &'a str) -> (Cow<'a, str>, bool) {
        if !text.contains('&') {
            return (Cow::Borrowed(text), false);
        }
        let (mut out, mut bare) = (String::with_capacity(text.len()), false);
        let mut rest = text;
        while let Some(at) = rest.find('&') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = rest.bytes().take(40).position(|byte| byte == b';');
            let name = end.map(|end| &rest[1..end]);
            if let Some(value) = name.and_then(|name| self.value(name)) {
                out.push_str(&value);
                rest = &rest[end.unwrap_or(0) + 1..];
            } else {
                bare |= !name.is_some_and(is_name);
                out.push('&');
                rest = &rest[1..];
            }
        }
        out.push_str(rest);
        (Cow::Owned(out), bare)
    }

    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(number) = name.strip_prefix('#') {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            return Some(Cow::Owned(character(code).to_string()));
        }
        if let Some(value) = self.0.get(name) {
            return Some(Cow::Borrowed(value));
        }
        match name {
            "amp" => Some(Cow::Borrowed("&")),
            "lt" => Some(Cow::Borrowed("<")),
            "gt" => Some(Cow::Borrowed(">")),
            "quot" => Some(Cow::Borrowed("\"")),
            "apos" => Some(Cow::Borrowed("'")),
            _ if is_name(name) => {
                let whole = format!("&{name};");
                let value = htmlize::unescape(whole.as_str()).into_owned();
                (value != whole).then_some(Cow::Owned(value))
            }
            _ => None,
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The character a number stands for: numbers 128 to 159 are meant as windows-1252 (HTML standard, "numeric
/// character reference end state"); what cannot be a character becomes a space.
fn character(code: u32) -> char {
    if let (0x80..=0x9f, Ok(byte)) = (code, u8::try_from(code)) {
        return encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(&[byte])
            .0
            .chars()
            .next()
            .unwrap_or(' ');
    }
    char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r')).unwrap_or(' ')
}
