//! The explanation of a verdict, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::style::{Look, Style};
use crate::{
    detect::{Explanation, Marked, WordedReason},
    model::{Coin, Verdict},
    text::lines,
};

/// Characters of the text that are shown: some lines of a terminal.
const OPENING: usize = 300;
/// Reasons shown for and against.
const SHOWN: usize = 5;

/// The explanation for people; `all` adds every signal of the model.
pub fn text(explanation: &Explanation, all: bool, style: Style) -> String {
    let verdict = &explanation.verdict;
    let mut out = format!("{}\n", headline(explanation));
    for (name, value) in facts(verdict) {
        let _ = writeln!(out, "  {name:<15}{}", lines(&value));
    }
    for (name, part) in [("title", &explanation.title), ("text", &explanation.opening)] {
        if !part.text.trim().is_empty() {
            let limit = if all { usize::MAX } else { OPENING };
            let shown = marked(part, limit, style);
            let _ = writeln!(out, "\n{name}\n  {}", shown.trim().replace('\n', "\n  "));
        }
    }
    let (pro, contra): (Vec<&WordedReason>, Vec<&WordedReason>) =
        explanation.reasons.iter().partition(|reason| reason.points > 0);
    for (name, reasons) in [("for", &pro), ("against", &contra)] {
        if !reasons.is_empty() {
            let _ = writeln!(out, "\n{name} (points)");
        }
        for reason in reasons.iter().take(if all { usize::MAX } else { SHOWN }) {
            let quoted = if reason.text.is_empty() {
                String::new()
            } else {
                format!("  “{}”", lines(&reason.text))
            };
            let _ = writeln!(out, "  {:>+4}  {}{quoted}", reason.points, lines(&reason.words));
        }
    }
    if all && !explanation.lines.is_empty() {
        let _ = writeln!(out, "\nsignals of the model (points)");
        for line in &explanation.lines {
            let _ = writeln!(out, "  {:>+4}  {:<36} {}", line.points, lines(&line.signal), lines(&line.text));
        }
    }
    let _ = writeln!(out, "\nwhat would change the verdict");
    for line in &explanation.change {
        let _ = writeln!(out, "  {}", lines(line));
    }
    let more = pro.len().saturating_sub(SHOWN) + contra.len().saturating_sub(SHOWN);
    if more > 0 && !all {
        let _ = writeln!(out, "{more} more reasons and every signal: --all");
    }
    // No line ends in spaces where a signal has no words.
    out.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The verdict in one line.
pub fn headline(explanation: &Explanation) -> String {
    let word = if explanation.verdict.tge { "a token launch" } else { "no token launch" };
    format!("{word}: score {} (threshold {})", explanation.verdict.score, explanation.threshold)
}

fn facts(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let yes = |is: bool| is.then(|| "yes".to_owned());
    let list = |values: Vec<String>| (!values.is_empty()).then(|| values.join(", "));
    let facts = [
        ("event", verdict.event.map(|event| event.as_str().to_owned())),
        ("stage", verdict.stage.map(|stage| stage.as_str().to_owned())),
        ("project", verdict.project.clone()),
        ("token", verdict.token.clone()),
        ("also", list(verdict.also.iter().map(coin).collect())),
        ("date", verdict.event_date.clone()),
        ("rumour", yes(verdict.rumour)),
        ("watched", yes(verdict.watched)),
        ("venue", verdict.venue.clone()),
        ("chain", verdict.chain.clone()),
        ("language", verdict.lang.map(|lang| lang.as_str().to_owned())),
        ("official", yes(verdict.official)),
        ("paid placement", yes(verdict.paid)),
        ("caution", list(verdict.cautions.iter().map(|caution| caution.as_str().to_owned()).collect())),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn coin(coin: &Coin) -> String {
    match (&coin.project, &coin.token) {
        (Some(project), Some(token)) => format!("{project} {token}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    }
}

/// The first `limit` characters of `part`, its words of the vocabulary in bold; without colour in brackets.
fn marked(part: &Marked, limit: usize, style: Style) -> String {
    let mut out = String::new();
    let mut left = limit;
    for (text, is_marked) in part.pieces() {
        let text = lines(&text);
        let shown: String = if is_marked { text.clone() } else { text.chars().take(left).collect() };
        left = left.saturating_sub(shown.chars().count());
        out.push_str(&match is_marked {
            false => shown.clone(),
            true if style.color => style.paint(&shown, Look::BOLD),
            true => format!("[{shown}]"),
        });
        if shown.len() < text.len() || left == 0 {
            out.push('…');
            break;
        }
    }
    out
}

/// The explanation for programs.
pub fn document(explanation: &Explanation) -> Value {
    let verdict = &explanation.verdict;
    let spans = |part: &Marked| part.spans.iter().map(|(from, to)| json!([from, to])).collect::<Vec<_>>();
    let reasons: Vec<Value> = explanation
        .reasons
        .iter()
        .map(|reason| json!({ "words": reason.words, "weight": reason.points, "text": reason.text }))
        .collect();
    let signals: Vec<Value> = explanation
        .lines
        .iter()
        .map(|line| json!({ "signal": line.signal, "weight": line.points, "text": line.text }))
        .collect();
    json!({
        "schema": 1,
        "tge": verdict.tge, "rumour": verdict.rumour, "score": verdict.score, "threshold": explanation.threshold,
        "event": verdict.event, "stage": verdict.stage, "project": verdict.project, "token": verdict.token,
        "watched": verdict.watched, "event_date": verdict.event_date, "paid": verdict.paid,
        "official": verdict.official, "venue": verdict.venue, "chain": verdict.chain,
        "lang": verdict.lang, "excluded_language": verdict.excluded, "cautions": verdict.cautions, "also": verdict.also,
        "title": explanation.title.text, "title_spans": spans(&explanation.title),
        "text": explanation.opening.text, "text_spans": spans(&explanation.opening),
        "reasons": reasons, "signals": signals, "change": explanation.change,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        detect::{Item, Origin, Rules, Settings},
        model::Kind,
    };

    fn explanation() -> Explanation {
        Rules::compile(&Settings::default()).explain(&Item {
            kind: Kind::News,
            title: "Überall: Quillon sets QLN token airdrop for May",
            text: "Claims open soon.",
            author: "",
            source: "",
            url: "",
            published: None,
            origin: Origin::Unproven,
        })
    }

    #[test]
    fn marked_words_are_bold_or_in_brackets_and_offsets_in_json() {
        let explanation = explanation();
        let plain = text(&explanation, false, Style::pipe(80));
        assert!(plain.contains("[airdrop]"), "{plain}");
        let bold = text(&explanation, false, Style { width: 80, color: true, terminal: true });
        assert!(bold.contains("\x1b[1mairdrop\x1b[0m") && !bold.contains("[airdrop]"), "{bold}");
        let document = document(&explanation);
        let title: Vec<char> = document["title"].as_str().unwrap().chars().collect();
        let spans = document["title_spans"].as_array().unwrap().iter();
        let words: Vec<String> = spans
            .map(|span| {
                let [from, to] =
                    [&span[0], &span[1]].map(|at| usize::try_from(at.as_u64().unwrap()).unwrap());
                title[from..to].iter().collect()
            })
            .collect();
        assert!(words.contains(&"airdrop".to_owned()), "{words:?}");
        assert!(!title.contains(&'['));
    }

    #[test]
    fn five_reasons_each_are_shown_and_all_on_request() {
        let explanation = explanation();
        let reasons =
            |text: &str| text.lines().filter(|line| line.trim_start().starts_with(['+', '-'])).count();
        let style = Style::pipe(80);
        let short = text(&explanation, false, style);
        assert!(reasons(&short) <= 10 && short.contains("--all"), "{short}");
        assert!(!short.contains("t:airdrop"), "{short}");
        let all = text(&explanation, true, style);
        assert_eq!(reasons(&all), explanation.reasons.len() + explanation.lines.len(), "{all}");
    }
}
