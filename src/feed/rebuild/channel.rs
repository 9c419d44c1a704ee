//! The elements of a channel.

use std::time::Duration;

use super::{Pass, draft::Piece, resolve_link};
use crate::text::dates;

/// A channel-level element whose text is used, such as `ttl`, and its depth.
#[derive(Debug)]
pub(super) struct Note {
    pub name: String,
    pub depth: usize,
    pub kind: Option<String>,
    pub text: String,
}

impl Pass {
    /// Takes a channel's `<link href="…">` as the address of its site, if it is an alternate link.
    pub(super) fn take_website(&mut self, href: Option<String>, rel: Option<&str>) {
        let alternate = rel.is_none_or(|rel| rel.is_empty() || rel.eq_ignore_ascii_case("alternate"));
        if let Some(website) =
            href.filter(|_| alternate && self.in_channel()).and_then(|href| resolve_link(self.base(), &href))
        {
            self.out.feed.website.get_or_insert(website.to_string());
        }
    }

    fn in_channel(&self) -> bool {
        let parent = self.open.last().map_or("", |open| open.name.as_str());
        matches!(parent, "channel" | "feed" | "rss")
    }

    /// A channel's own elements: title, link, lifetime, skipped hours and days.
    pub(super) fn channel(&mut self, local: &str, depth: usize, empty: bool, kind: Option<String>) {
        let parent = self.open.last().map_or("", |open| open.name.as_str());
        let of_channel = self.in_channel();
        let noted = match local {
            "title" => of_channel && self.title.is_none(),
            "link" => of_channel && self.out.feed.website.is_none(),
            "ttl" | "pubdate" | "lastbuilddate" | "updated" | "modified" | "date" => of_channel,
            "hour" => parent == "skiphours",
            "day" => parent == "skipdays",
            _ => false,
        };
        if noted && !empty {
            self.note = Some(Note { name: local.to_owned(), depth, kind, text: String::new() });
        }
    }

    pub(super) fn noted(&mut self, Note { name, kind, text, .. }: Note) {
        let text = text.trim();
        match name.as_str() {
            "title" => self.title = Some(Piece { kind, ..Piece::of_text(text, &self.page) }),
            "link" => self.out.feed.website = resolve_link(self.base(), text).map(|url| url.to_string()),
            "ttl" => {
                let minutes = text.parse::<u64>().ok();
                self.out.feed.ttl = minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
            }
            "pubdate" | "lastbuilddate" | "updated" | "modified" | "date" => {
                self.orders.note(dates::readings(text));
            }
            "hour" => self.out.feed.skip_hours.extend(text.parse::<u8>().ok().map(|hour| hour % 24)),
            "day" => {
                let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
                let day = names.iter().position(|day| text.to_ascii_lowercase().starts_with(day));
                self.out.feed.skip_days.extend(day.and_then(|day| u8::try_from(day + 1).ok()));
            }
            _ => {}
        }
    }
}
