//! How text looks on a terminal: width, colour and links.

use url::Url;

/// What the reader's screen can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: u16,
    pub color: bool,
    /// Whether a terminal reads it: then links and marks of direction may be written.
    pub terminal: bool,
}

impl Style {
    /// Text for a pipe.
    #[cfg(test)]
    pub fn pipe(width: u16) -> Self {
        Self { width, color: false, terminal: false }
    }

    /// `text` with `look`; unchanged where there is no colour.
    pub fn paint(self, text: &str, look: Look) -> String {
        let mut codes: Vec<&str> = Vec::new();
        codes.extend(look.bold.then_some("1"));
        codes.extend(look.dim.then_some("2"));
        codes.extend(look.color.map(Color::code));
        if !self.color || codes.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        format!("\x1b[{}m{text}\x1b[0m", codes.join(";"))
    }

    /// `text` as a link to `address` (OSC 8), on a terminal and for an address of the web.
    pub fn link(self, text: &str, address: &str) -> String {
        let web = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        match web {
            // A parsed address is printable ASCII.
            Some(url) if self.terminal && !text.is_empty() => {
                format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\")
            }
            _ => text.to_owned(),
        }
    }

    /// `text` in marks that keep its writing direction to itself (UAX #9, FSI and PDI), where a terminal needs them.
    pub fn isolate(self, text: &str) -> String {
        if self.terminal && text.chars().any(is_right_to_left) {
            format!("\u{2068}{text}\u{2069}")
        } else {
            text.to_owned()
        }
    }
}

/// Letters of scripts that are written from right to left: Hebrew to Arabic Extended-A, their presentation forms, and
/// the supplementary blocks (Unicode 16, `DerivedBidiClass`, R and AL).
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

/// Of the eight base colours, those that are readable on black and on white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    Red,
    Green,
}

impl Color {
    fn code(self) -> &'static str {
        match self {
            Self::Red => "31",
            Self::Green => "32",
        }
    }
}

/// Weight and colour of a text. Colour repeats what a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    pub bold: bool,
    pub dim: bool,
    pub color: Option<Color>,
}

impl Look {
    pub const PLAIN: Self = Self { bold: false, dim: false, color: None };
    pub const BOLD: Self = Self { bold: true, ..Self::PLAIN };
    pub const DIM: Self = Self { dim: true, ..Self::PLAIN };
    pub const RED: Self = Self { color: Some(Color::Red), ..Self::PLAIN };
    pub const GREEN: Self = Self { color: Some(Color::Green), ..Self::PLAIN };
    pub const ALARM: Self = Self { bold: true, ..Self::RED };
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Style = Style { width: 80, color: true, terminal: true };

    #[test]
    fn colour_and_links_are_for_terminals() {
        assert_eq!(TERMINAL.paint("BAD", Look::ALARM), "\x1b[1;31mBAD\x1b[0m");
        assert_eq!(Style::pipe(80).paint("BAD", Look::ALARM), "BAD");
        assert_eq!(
            TERMINAL.link("read", "https://a.example/é"),
            "\x1b]8;;https://a.example/%C3%A9\x1b\\read\x1b]8;;\x1b\\"
        );
        for unsafe_address in ["javascript:alert(1)", "file:///etc/passwd", "no address", "https://"] {
            assert_eq!(TERMINAL.link("read", unsafe_address), "read");
        }
        assert_eq!(Style::pipe(80).link("read", "https://a.example/"), "read");
        let steered = TERMINAL.link("read", "https://a.example/\x1b\\\u{9b}2J\u{202E}");
        assert_eq!(steered.matches('\x1b').count(), 4, "{steered:?}");
    }

    #[test]
    fn text_from_right_to_left_is_isolated() {
        assert_eq!(TERMINAL.isolate("claim מטבע"), "\u{2068}claim מטבע\u{2069}");
        assert_eq!(TERMINAL.isolate("claim"), "claim");
        assert_eq!(Style::pipe(80).isolate("مرحبا"), "مرحبا");
    }
}
