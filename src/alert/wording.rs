//! The words of a message, before a channel formats them. Pure.
//!
//! All texts from feeds and posts pass through here: control and bidirectional characters are removed, texts are cut,
//! links show their real host. The result is plain text, which each channel escapes for itself.

pub use crate::text::cut::shown;

use super::{
    message::{Form, Item, Message, Update},
    summary,
};
use crate::{
    model::{Class, Notice, Phase, Severity},
    text::{link::Link, quantity::plural},
};

/// Characters of a project's or outlet's name.
const NAME: usize = 60;
/// Characters of the strongest signal's words.
const WHY: usize = 100;
/// Coins named in a heading.
const COINS: usize = 4;
/// Outlets named for one launch.
const OUTLETS: usize = 4;

/// One launch in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// `Caldera $ERA: airdrop live`.
    pub heading: String,
    pub title: String,
    /// `high, score 91, 2026-11-25`.
    pub facts: String,
    /// What changed since the last alert; empty for the first.
    pub change: String,
    /// The words of the strongest signal; may be empty.
    pub why: String,
    /// `Ledgerline and 2 more: Block Courier, …`.
    pub carried: String,
    /// Link to the article.
    pub link: Link,
}

impl Words {
    /// The lines between heading and link, escaped. Lines without content are empty.
    pub fn lines(&self, escape: impl Fn(&str) -> String) -> Vec<String> {
        [&self.title, &self.change, &self.facts, &self.why, &self.carried].map(|line| escape(line)).to_vec()
    }
}

/// The markup of a service whose messages are text.
pub struct Markup {
    /// Makes escaped text bold.
    pub bold: fn(&str) -> String,
    pub escape: fn(&str) -> String,
    pub link: fn(&Link) -> String,
}

/// The paragraphs of `message`: its subject, each launch, each update, each notice, and the number of alerts that wait.
pub fn paragraphs(message: &Message, limit: usize, markup: &Markup) -> Vec<String> {
    let Markup { bold, escape, link } = markup;
    let mut paragraphs = Vec::new();
    if message.form != Form::Single {
        paragraphs.push(bold(&escape(&subject(message))));
    }
    if message.form == Form::Sample {
        paragraphs.push(SAMPLE.to_owned());
    }
    for item in &message.items {
        let words = words(item, limit);
        let mut lines = words.lines(escape);
        lines.insert(0, format!("{} {}", sign(item.detection.class), bold(&escape(&words.heading))));
        lines.push(link(&words.link));
        lines.retain(|line| !line.is_empty());
        paragraphs.push(lines.join("\n"));
    }
    for changed in &message.updates {
        let (line, to) = update(changed, limit);
        paragraphs.push(format!("{} {}", escape(&line), link(&to)));
    }
    for notified in &message.notices {
        let (text, hint) = notice(notified, limit * 2);
        paragraphs.push(escape(&format!("{text}\n{hint}")).trim_end().to_owned());
    }
    for section in message.summary.iter().flat_map(|summary| summary::sections(summary, limit)) {
        let line = |line: &summary::Line| match &line.link {
            Some(to) => format!("• {} {}", escape(&line.text), link(to)),
            None => format!("• {}", escape(&line.text)),
        };
        let mut lines = vec![bold(&escape(&section.title))];
        lines.extend(section.lines.iter().map(line));
        paragraphs.push(lines.join("\n"));
    }
    paragraphs.push(waiting(message));
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// `item` in words, its headline cut to `limit` characters.
pub fn words(item: &Item, limit: usize) -> Words {
    let found = &item.detection;
    let date = found.event_date.as_deref().map(|date| shown(date, 20));
    let mut facts = vec![found.class.as_str().to_owned(), format!("score {}", found.score)];
    facts.extend(date.clone());
    facts.extend(found.rumour.then(|| "rumour".to_owned()));
    facts.extend(found.official.then(|| "official".to_owned()));
    facts.extend(found.watched.then(|| "watched".to_owned()));
    let mut change = Vec::new();
    if let Some(was_sent) = &item.change {
        change.extend(
            was_sent.class_was.map(|was| format!("now {}, was {}", found.class.as_str(), was.as_str())),
        );
        change.extend(was_sent.date_was.as_ref().map(|was| match (was.is_empty(), &date) {
            (true, Some(date)) => format!("now dated {date}"),
            (false, Some(date)) => format!("now on {date}, was {}", shown(was, 20)),
            (_, None) => "no longer dated".to_owned(),
        }));
    }
    // Of the strongest signals, the one with the most words.
    let strongest =
        found.reasons.iter().filter(|reason| reason.weight > 0 && !reason.text.is_empty()).take(4);
    let why = strongest.max_by_key(|reason| reason.text.split_whitespace().take(9).count());
    Words {
        heading: format!("{}: {} {}", coins(item), found.event.as_str(), found.stage.as_str()),
        title: shown(&found.title, limit),
        facts: facts.join(", "),
        change: change.join("; "),
        why: why.map_or_else(String::new, |reason| format!("“{}”", shown(&reason.text, WHY.min(limit)))),
        carried: carried(item),
        link: Link::read(&found.url),
    }
}

/// Projects and tickers: "Kestrel $KSTL, Orrin $ORN and 2 more".
fn coins(item: &Item) -> String {
    let mut names: Vec<String> = item.detections().take(COINS).map(whose).collect();
    let more = (1 + item.also.len()).saturating_sub(COINS);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        last => last.unwrap_or_default(),
    }
}

fn whose(found: &crate::model::Detection) -> String {
    coin(found.project.as_deref(), found.token.as_deref())
}

/// `Caldera $ERA`.
pub fn coin(project: Option<&str>, token: Option<&str>) -> String {
    let token = token.map(|token| format!("${}", shown(token, 20)));
    let project = project.map(|project| shown(project, NAME));
    match (project, token) {
        (Some(project), Some(token)) => format!("{project} {token}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "Unnamed project".to_owned(),
    }
}

fn carried(item: &Item) -> String {
    let source = shown(&item.detection.source, NAME);
    let more = item.outlets.saturating_sub(1);
    if more == 0 {
        return source;
    }
    let mut names: Vec<String> = Vec::new();
    for outlet in &item.detection.also_at {
        let name = shown(&outlet.source, NAME);
        if name != source && !names.contains(&name) && names.len() < OUTLETS {
            names.push(name);
        }
    }
    let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    format!("{source} and {more} more{names}")
}

/// One line for more outlets, and the newest link.
pub fn update(update: &Update, limit: usize) -> (String, Link) {
    let project = update.project.as_deref().map_or_else(String::new, |name| shown(name, NAME) + ": ");
    let (title, source) = (shown(&update.title, limit), shown(&update.source, NAME));
    (format!("{project}{title} (now at {} outlets, last {source})", update.outlets), Link::read(&update.url))
}

/// A notice's sentence and hint.
pub fn notice(notice: &Notice, limit: usize) -> (String, String) {
    let since = notice.since.strftime("%Y-%m-%d %H:%M UTC");
    let message_text = shown(&notice.message, limit);
    let level = if notice.level == Severity::Critical { "critical: " } else { "" };
    match notice.phase {
        Phase::Raised => (level.to_owned() + &message_text, shown(&notice.hint, limit)),
        Phase::Lasting => {
            (format!("{level}still so since {since}: {message_text}"), shown(&notice.hint, limit))
        }
        Phase::Recovered => (format!("over, it began {since}: {message_text}"), String::new()),
    }
}

/// One line about the message: a subject, a fallback, a notification's title.
pub fn subject(message: &Message) -> String {
    if let Some(summary) = &message.summary {
        return summary::title(summary);
    }
    let count = message.items.iter().flat_map(Item::detections).count();
    match (message.form, message.items.first(), message.notices.first()) {
        (Form::Sample, ..) => "tge-scrape: a test".to_owned(),
        (Form::Single, Some(item), _) => words(item, NAME).heading,
        (Form::More, ..) => {
            format!("and {}", plural(count + message.waiting, "more launch", "more launches"))
        }
        (_, Some(_), _) => format!("digest: {}", plural(count, "launch", "launches")),
        (_, None, Some(first)) if message.notices.len() == 1 => {
            format!("tge-scrape: {}", notice(first, NAME * 2).0)
        }
        (_, None, Some(_)) => format!("tge-scrape: {} notices", message.notices.len()),
        (_, None, None) => {
            format!("digest: more outlets for {}", plural(message.updates.len(), "launch", "launches"))
        }
    }
}

/// Text of the message of `alerts test`.
pub const SAMPLE: &str =
    "This channel works. Alerts will look like this one: what happens, the headline, and where to read it.";

/// The line about launches that did not fit; empty if all did.
pub fn waiting(message: &Message) -> String {
    match message.waiting {
        0 => String::new(),
        more => format!("{} in the next digest", plural(more, "more launch", "more launches")),
    }
}

/// The whole message as text, for channels without markup.
pub fn text(message: &Message, limit: usize) -> String {
    let mut parts: Vec<String> = Vec::new();
    if message.form == Form::Sample {
        parts.push(SAMPLE.to_owned());
    }
    for item in &message.items {
        let words = words(item, limit);
        let mut lines = words.lines(str::to_owned);
        if message.form != Form::Single {
            lines.insert(0, words.heading);
        }
        lines.push(words.link.text().to_owned());
        lines.retain(|line| !line.is_empty());
        parts.push(lines.join("\n"));
    }
    for grown in &message.updates {
        let (line, link) = update(grown, limit);
        parts.push(format!("{line}\n{}", link.text()));
    }
    for change in &message.notices {
        let (message_text, hint) = notice(change, limit * 2);
        parts.push(if hint.is_empty() { message_text } else { format!("{message_text}\n{hint}") });
    }
    for section in message.summary.iter().flat_map(|summary| summary::sections(summary, limit)) {
        let line = |line: &summary::Line| match line.link.as_ref().map(Link::text) {
            Some(to) if !to.is_empty() => format!("• {} {to}", line.text),
            _ => format!("• {}", line.text),
        };
        let mut lines = vec![section.title];
        lines.extend(section.lines.iter().map(line));
        parts.push(lines.join("\n"));
    }
    parts.push(waiting(message));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// Builds a payload with shorter and shorter headlines until it `fits`; the last one is used in any case.
pub fn shrink<T>(build: impl Fn(usize) -> T, fits: impl Fn(&T) -> bool) -> T {
    const LIMITS: [usize; 5] = [300, 160, 80, 40, 16];
    let mut built = build(LIMITS[0]);
    for limit in &LIMITS[1..] {
        if fits(&built) {
            break;
        }
        built = build(*limit);
    }
    built
}

/// Escapes `text` for HTML with the four entities that Telegram supports.
pub fn html(text: &str) -> String {
    htmlize::escape_attribute(text).into_owned()
}

/// A symbol for a class, shown beside its name.
pub fn sign(class: Class) -> &'static str {
    match class {
        Class::Critical => "🔴",
        Class::High => "🟠",
        Class::Medium => "🔵",
        Class::Low => "⚪",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        alert::samples::{detection, hostile, message},
        model::{Change, Detection},
    };

    #[test]
    fn a_launch_has_its_facts_in_words() {
        let item = Item {
            detection: detection(),
            outlets: 3,
            change: Some(Change { class_was: Some(Class::Medium), date_was: Some(String::new()) }),
            also: Vec::new(),
        };
        let words = words(&item, 300);
        assert_eq!(words.heading, "Caldera $ERA: airdrop live");
        assert_eq!(words.facts, "high, score 91, 2026-11-25, watched");
        assert_eq!(words.change, "now high, was medium; now dated 2026-11-25");
        assert_eq!(
            (words.why.as_str(), words.carried.as_str()),
            ("“claim is now live”", "Ledgerline and 2 more: Block Courier")
        );
    }

    #[test]
    fn the_coins_of_one_notice_are_named_together() {
        let coin = |token: &str| Detection { token: Some(token.to_owned()), project: None, ..detection() };
        let item = |tokens: &[&str]| {
            let mut also: Vec<Detection> = tokens.iter().map(|token| coin(token)).collect();
            Item { detection: also.remove(0), outlets: 1, change: None, also }
        };
        for (tokens, heading) in [
            (&["KSTL"][..], "$KSTL: airdrop live"),
            (&["KSTL", "ORN"], "$KSTL and $ORN: airdrop live"),
            (&["A1", "B1", "C1", "D1", "E1", "F1"], "$A1, $B1, $C1, $D1 and 2 more: airdrop live"),
        ] {
            assert_eq!(words(&item(tokens), 300).heading, heading);
        }
        let whole = Message { items: vec![item(&["KSTL", "ORN"])], ..message(Form::Digest, Vec::new()) };
        assert_eq!(subject(&whole), "digest: 2 launches");
    }

    #[test]
    fn no_text_of_a_feed_reverses_or_breaks_a_line() {
        for title in hostile() {
            let found = Detection { title, source: hostile().swap_remove(5), ..detection() };
            let text = text(&message(Form::Digest, vec![found]), 300);
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
            assert!(!text.contains(['\u{202E}', '\u{2066}', '\u{200F}']), "{text:?}");
            assert!(text.chars().count() < 1000 && text.lines().count() == 6, "{text:?}");
        }
    }

    #[test]
    fn a_subject_describes_the_message() {
        let more = Message { waiting: 4, ..message(Form::More, vec![detection(), detection()]) };
        assert_eq!(subject(&more), "and 6 more launches");
        assert_eq!(waiting(&more), "4 more launches in the next digest");
        assert_eq!(subject(&message(Form::Digest, vec![detection()])), "digest: 1 launch");
        assert_eq!(subject(&message(Form::Single, vec![detection()])), "Caldera $ERA: airdrop live");
    }
}
