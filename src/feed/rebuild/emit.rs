//! Drafts to well-formed Atom 1.0.

use super::draft::{Draft, Piece};
use crate::feed::plain::fold;

pub fn atom(title: Option<&Piece>, entries: &[Draft]) -> String {
    let mut out = String::from("<feed xmlns=\"http://www.w3.org/2005/Atom\">");
    element(&mut out, "title", " type=\"text\"", &title.map(Piece::line).unwrap_or_default());
    for draft in entries {
        entry(&mut out, draft);
    }
    out.push_str("</feed>");
    out
}

fn entry(out: &mut String, draft: &Draft) {
    out.push_str("<entry>");
    element(out, "title", " type=\"text\"", &draft.headline());
    let address = draft.address();
    // An identifier that was no address must not become one in the second pass.
    let opaque = if address.is_some() { "" } else { " isPermaLink=\"false\"" };
    if let Some(address) = address {
        out.push_str("<link rel=\"alternate\" href=\"");
        escape(out, &address);
        out.push_str("\"/>");
    }
    for (name, attributes, value) in [
        ("id", opaque, draft.identifier().as_deref()),
        ("published", "", draft.published().map(|at| at.to_string()).as_deref()),
        ("updated", "", draft.updated().map(|at| at.to_string()).as_deref()),
    ] {
        if let Some(value) = value {
            element(out, name, attributes, value);
        }
    }
    if let Some(name) = &draft.author {
        // Not in Atom: keeps the second pass from reading the name as markup.
        out.push_str("<author type=\"text\">");
        element(out, "name", "", name);
        out.push_str("</author>");
    }
    for (name, piece) in [("summary", &draft.summary), ("content", &draft.content)] {
        let text = piece.as_ref().map(Piece::line).unwrap_or_default();
        if !text.is_empty() {
            element(out, name, " type=\"text\"", &text);
        }
    }
    for label in &draft.categories {
        out.push_str("<category term=\"");
        escape(out, label);
        out.push_str("\"/>");
    }
    out.push_str("</entry>");
}

fn element(out: &mut String, name: &str, attributes: &str, text: &str) {
    out.push('<');
    out.push_str(name);
    out.push_str(attributes);
    out.push('>');
    escape(out, text);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Escapes what XML 1.0 reserves; `fold` has removed what it forbids (section 2.2).
fn escape(out: &mut String, text: &str) {
    debug_assert_eq!(text, fold(text), "a text that was not folded");
    out.push_str(&htmlize::escape_attribute(text));
}
