//! Character references: XML's, HTML's, and those a document declares itself.

use std::{borrow::Cow, cell::Cell, collections::HashMap};

/// Most names that a document may declare. A feed needs no more.
const NAMES: usize = 256;
/// Longest declared value, bytes.
const VALUE: usize = 1024;
/// Bytes that all references to declared values may add to one document: otherwise three bytes of document could become
/// [`VALUE`] bytes of text any number of times.
const EXPANSION: usize = 1024 * 1024;
/// Longest name after an `&`; HTML's longest has 31 letters.
const LONGEST_NAME: usize = 40;

/// The entities of a DOCTYPE.
#[derive(Debug)]
pub struct Declared {
    values: HashMap<String, String>,
    /// What is left of [`EXPANSION`].
    left: Cell<usize>,
}

impl Default for Declared {
    fn default() -> Self {
        Self { values: HashMap::new(), left: Cell::new(EXPANSION) }
    }
}

impl Declared {
    /// Reads the internal subset of `doctype`. References inside values are not resolved.
    pub fn read(&mut self, doctype: &str) {
        for part in doctype.split("<!ENTITY").skip(1) {
            let part = part.trim_start();
            let Some((name, rest)) = part.split_once(char::is_whitespace) else { continue };
            let rest = rest.trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            if let Some(value) = rest[1..].split(quote).next()
                && self.values.len() < NAMES
                && value.len() <= VALUE
            {
                self.values.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// `text` with its references resolved once.
    pub fn resolve<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !text.contains('&') {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        self.resolve_into(text, &mut out);
        Cow::Owned(out)
    }

    /// Appends `text` with its references resolved once; a bare `&` stays. Returns whether there was one.
    pub fn resolve_into(&self, text: &str, out: &mut String) -> bool {
        let (mut rest, mut bare) = (text, false);
        while let Some(at) = rest.find('&') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let name = reference(rest);
            if let Some((pair, length)) = name.and_then(|name| surrogates(name, &rest[name.len() + 1..])) {
                out.push(pair);
                rest = &rest[length..];
            } else if let Some(name) = name.filter(|name| self.push(name, out)) {
                rest = &rest[name.len() + 1..];
            } else {
                bare |= !name.is_some_and(is_name);
                out.push('&');
            }
        }
        out.push_str(rest);
        bare
    }

    /// Appends the value of `name`; returns whether it has one.
    fn push(&self, name: &str, out: &mut String) -> bool {
        if let Some(number) = name.strip_prefix('#') {
            let code = code(number);
            out.extend(code.and_then(character));
            return code.is_some();
        }
        if let Some(value) = self.values.get(name) {
            let left = self.left.get().checked_sub(value.len());
            self.left.set(left.unwrap_or(0));
            out.push_str(left.map_or("", |_| value));
            return true;
        }
        match name {
            "amp" => out.push('&'),
            "lt" => out.push('<'),
            "gt" => out.push('>'),
            "quot" => out.push('"'),
            "apos" => out.push('\''),
            "nbsp" => out.push('\u{a0}'),
            _ if is_name(name) => {
                let whole = format!("&{name};");
                let value = htmlize::unescape(whole.as_str());
                // HTML also knows names without their semicolon: "&nothing;" is not "&not" and "hing;".
                if *value == whole || value.ends_with(';') {
                    return false;
                }
                out.push_str(&value);
            }
            _ => return false,
        }
        true
    }
}

/// The name between an `&` and its semicolon; `text` begins behind the `&`.
fn reference(text: &str) -> Option<&str> {
    text.bytes().take(LONGEST_NAME).position(|byte| byte == b';').map(|end| &text[..end])
}

/// The number of a numeric reference, without its `#`.
fn code(number: &str) -> Option<u32> {
    match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    }
}

/// The character that the reference `name` and the one right behind it write together, as the two halves of UTF-16,
/// and how long both are without the first `&`.
fn surrogates(name: &str, behind: &str) -> Option<(char, usize)> {
    let high = code(name.strip_prefix('#')?).filter(|code| (0xd800..0xdc00).contains(code))?;
    let second = reference(behind.strip_prefix("&#")?)?;
    let low = code(second).filter(|code| (0xdc00..0xe000).contains(code))?;
    let pair = char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
    Some((pair, name.len() + 1 + "&#".len() + second.len() + 1))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The character of a number: 128 to 159 mean windows-1252 (HTML standard, "numeric
/// character reference end state"); half a UTF-16 pair and control characters other than white space have none.
fn character(code: u32) -> Option<char> {
    if let (0x80..=0x9f, Ok(byte)) = (code, u8::try_from(code)) {
        return encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next();
    }
    char::from_u32(code).filter(|c| !c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(declared: &Declared, text: &str) -> String {
        declared.resolve(text).into_owned()
    }

    #[test]
    fn references_are_resolved_once_and_unknown_ones_stay() {
        let mut declared = Declared::default();
        declared.read("<!DOCTYPE x [<!ENTITY org \"ACME\"><!ENTITY two '&org;'>]>");
        for (text, meant) in [
            ("&org; &two; &amp;amp; &apos;", "ACME &org; &amp; '"),
            ("&eacute;&#233;&#xE9;", "ééé"),
            ("&#150;&#0;&#8;a&#x110000;&#11;b", "–a\u{b}b"),
            ("&#55357;&#56960; &#xD83D;&#xde80; &#55357;&#xDE80;", "🚀 🚀 🚀"),
            ("a&#xD83D;b &#xDE80;c &#xD83D;&#xD83D;&#xDE80; &#55357; &#56960;", "ab c 🚀  "),
            ("&#55357;&amp; &#55357;&#56960", "& &#56960"),
            ("R&D; AT&T & &nothing; &", "R&D; AT&T & &nothing; &"),
        ] {
            assert_eq!(resolved(&declared, text), meant, "{text}");
        }
        let bare = |text: &str| declared.resolve_into(text, &mut String::new());
        assert!(bare("AT&T") && bare("a & b; c") && !bare("&nothing; &amp;"));
    }

    #[test]
    fn a_small_document_cannot_grow_without_end() {
        let mut declared = Declared::default();
        declared.read(&format!("<!DOCTYPE x [<!ENTITY a \"{}\">]>", "x".repeat(VALUE)));
        assert_eq!(resolved(&declared, &"&a;".repeat(9000)).len(), EXPANSION);
    }
}
