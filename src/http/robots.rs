//! robots.txt (RFC 9309): which paths of a site may be read. Pure. Time and memory are linear in the file and the path.

use memchr::memmem;
use url::Url;

/// Longest pattern that is stored, bytes. A matching path is at least as long, and links are shorter than this.
const LONGEST_PATTERN: usize = 2_000;
/// Patterns stored of one file, and their bytes: they are in memory during a cycle and in the database. Further ones are
/// ignored, like text after 500 KiB (section 2.5).
const MOST_PATTERNS: usize = 4_000;
const MOST_BYTES: usize = 64 * 1024;

/// The rules of one file that apply to us.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    patterns: Vec<Pattern>,
    bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    allows: bool,
    /// In normal form, with `*` for any characters and a final `$` for the end of the path.
    text: String,
}

impl Rules {
    /// The rules of `file` for the crawler `user_agent`: those of all groups that name it, else those of all groups for `*`.
    /// Invalid lines are skipped.
    #[must_use]
    pub fn parse(file: &str, user_agent: &str) -> Self {
        let product = product(user_agent);
        let (mut own, mut any) = (Self::default(), Self::default());
        let mut own_named = false;
        // The crawlers of the present group, and whether it has had a rule.
        let (mut for_own, mut for_any, mut in_rules) = (false, false, false);
        for line in file.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match Key::of(key.trim()) {
                Some(Key::UserAgent) => {
                    if in_rules {
                        (for_own, for_any, in_rules) = (false, false, false);
                    }
                    let named = self::product(value);
                    for_any |= named == "*";
                    for_own |= !product.is_empty() && named.eq_ignore_ascii_case(product);
                    own_named |= for_own;
                }
                Some(Key::Rule { allows }) => {
                    in_rules = true;
                    if for_own {
                        own.add(allows, value);
                    }
                    if for_any {
                        any.add(allows, value);
                    }
                }
                None => {}
            }
        }
        if own_named { own } else { any }
    }

    fn add(&mut self, allows: bool, value: &str) {
        // An empty rule forbids nothing (section 2.2.2); one that is too long matches no link.
        if value.is_empty() || value.len() > 3 * LONGEST_PATTERN || self.patterns.len() >= MOST_PATTERNS {
            return;
        }
        let text = normal_pattern(value);
        if text.len() <= LONGEST_PATTERN && self.bytes + text.len() <= MOST_BYTES {
            self.bytes += text.len();
            self.patterns.push(Pattern { allows, text });
        }
    }

    /// Whether `url` may be read: the longest pattern that matches its path and query decides, and of two as long the
    /// one that allows (section 2.2.2).
    #[must_use]
    pub fn allow(&self, url: &Url) -> bool {
        let path = normal_path(url);
        if path == "/robots.txt" {
            return true;
        }
        let matching = self.patterns.iter().filter(|pattern| matches(&pattern.text, &path));
        matching
            .max_by_key(|pattern| (pattern.text.len(), pattern.allows))
            .is_none_or(|pattern| pattern.allows)
    }

    /// The rules as a file for `*`, from which [`Self::parse`] reads the same.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::from("User-agent: *\n");
        for pattern in &self.patterns {
            text.push_str(if pattern.allows { "Allow: " } else { "Disallow: " });
            text.push_str(&pattern.text);
            text.push('\n');
        }
        text
    }

    /// Bytes they hold.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.patterns.iter().map(|pattern| size_of::<Pattern>() + pattern.text.capacity()).sum()
    }
}

/// The keys that are read, in the spellings that other crawlers accept too.
enum Key {
    UserAgent,
    Rule { allows: bool },
}

impl Key {
    fn of(key: &str) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|name| key.eq_ignore_ascii_case(name));
        if is(&["user-agent", "useragent", "user agent"]) {
            Some(Self::UserAgent)
        } else if is(&["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"]) {
            Some(Self::Rule { allows: false })
        } else {
            is(&["allow"]).then_some(Self::Rule { allows: true })
        }
    }
}

/// The name in a user agent, without its version and remarks.
fn product(user_agent: &str) -> &str {
    user_agent.split(['/', ' ', '\t', '(', ';', ',']).next().unwrap_or_default()
}

fn normal_path(url: &Url) -> String {
    let mut path = String::with_capacity(url.path().len());
    let query = url.query().map(|query| ["?", query]).unwrap_or_default();
    for part in [url.path(), query[0], query[1]] {
        normalise(part, &mut path);
    }
    // In a path these are plain characters, which a pattern has escaped (section 2.2.3).
    if path.contains(['*', '$']) { path.replace('*', "%2A").replace('$', "%24") } else { path }
}

fn normal_pattern(value: &str) -> String {
    let (value, ends) = match value.strip_suffix('$') {
        Some(value) => (value, true),
        None => (value, false),
    };
    let mut pattern = String::new();
    // Authors forget the slash; every path begins with one.
    if !value.starts_with(['/', '*']) {
        pattern.push('/');
    }
    normalise(value, &mut pattern);
    pattern = pattern.replace('$', "%24");
    while pattern.contains("**") {
        pattern = pattern.replace("**", "*");
    }
    if ends {
        pattern.push('$');
    } else if pattern.len() > 1 {
        // A pattern matches any end anyway, and its length must not count these stars.
        pattern.truncate(pattern.trim_end_matches('*').len().max(1));
    }
    pattern
}

/// Writes `text` to `out` in normal form: only visible ASCII plain, no unnecessary escapes, escapes in capitals (section
/// 2.2.2).
fn normalise(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = bytes.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(hex);
        at += if escaped.is_some() { 3 } else { 1 };
        match escaped {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(byte.into()),
            Some(byte) => escape(byte, out),
            None if byte.is_ascii_graphic() && byte != b'%' => out.push(byte.into()),
            None => escape(byte, out),
        }
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(digits[at]).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

fn escape(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(DIGITS[usize::from(byte >> 4)].into());
    out.push(DIGITS[usize::from(byte & 15)].into());
}

/// Whether `pattern` matches the beginning of `path`, or all of it where it ends in `$`. Each part
/// between stars is searched for from left to right and taken at its first occurrence, so that most of the path remains.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, ends) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return !ends || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if ends && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(found) = memmem::find(rest.as_bytes(), part.as_bytes()) else { return false };
        rest = &rest[found + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests;
