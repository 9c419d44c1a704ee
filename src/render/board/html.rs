//! Building blocks of the page: escaped text, safe links, tables, charts.

use htmlize::escape_attribute as escape;

use crate::{
    render::{charts::Chart, plain},
    text::link::Link,
};

/// Rows shown of a table at most; its caption has their full number.
pub const ROWS: usize = 500;

pub fn text(text: &str) -> String {
    escape(plain(text)).into_owned()
}

/// A link to `address`, if it shows where it leads; else the words and the address as plain text.
pub fn link(address: &str, words: &str) -> String {
    match Link::read(address) {
        Link::Open { href, .. } => {
            format!(
                "<a rel=\"noreferrer noopener\" target=\"_blank\" href=\"{}\">{}</a>",
                escape(href),
                text(words)
            )
        }
        Link::Odd(shown) => format!("{} (<code>{}</code>)", text(words), text(&shown)),
        Link::Missing => text(words),
    }
}

/// The chart with a legend, and its figures in words.
pub fn figure(chart: &Chart, body: &mut String) {
    let Some(svg) = chart.svg() else {
        body.push_str(&format!("<p class=\"note\">{}: nothing measured yet.</p>", escape(&chart.title)));
        return;
    };
    let keys: String = chart
        .series
        .iter()
        .enumerate()
        .map(|(at, (name, _))| {
            format!("<span class=\"key key{at}\" aria-hidden=\"true\"></span>{}", escape(*name))
        })
        .collect();
    let title = escape(&chart.title);
    body.push_str(&format!(
        "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">{svg}</div>\
         <figcaption>{title}{keys}</figcaption></figure>"
    ));
}

/// A table of the first [`ROWS`] of `all` rows.
pub fn table<const N: usize>(
    (caption, all): (&str, usize),
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
    body: &mut String,
) {
    if all == 0 {
        body.push_str(&format!("<p class=\"note\">{caption}: none yet.</p>"));
        return;
    }
    let header: String = header.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    let more = if all > ROWS { format!(" (the first {ROWS} of {all})") } else { String::new() };
    body.push_str(&format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption class=\"note\">{caption}{more}</caption><thead><tr>{header}</tr></thead><tbody>"
    ));
    for row in rows.take(ROWS) {
        body.push_str("<tr>");
        for cell in &row {
            body.push_str(&format!("<td>{cell}</td>"));
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</tbody></table></div>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_hides_its_target_is_no_link() {
        assert_eq!(
            link("https://a.example/x?a=1&b=2", "A & B"),
            "<a rel=\"noreferrer noopener\" target=\"_blank\" href=\"https://a.example/x?a=1&amp;b=2\">A &amp; B</a>"
        );
        for odd in [
            "http://bank.example@evil.example/",
            "http://xn--80ak6aa92e.example/",
            "http://203.0.113.9/claim",
            "javascript:alert(1)",
        ] {
            let shown = link(odd, "<b>Bank");
            let is_text = !shown.contains("<script") && shown.starts_with("&lt;b&gt;Bank (<code>");
            assert!(is_text && !shown.contains("href") && !shown.contains("http:"), "{shown}");
        }
        assert!(link("http://bank.example@evil.example/", "").contains("bank[.]example[at]evil[.]example"));
        assert_eq!(link("", "Words"), "Words");
    }
}
