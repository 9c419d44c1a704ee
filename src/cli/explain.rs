//! `tge-scrape explain FILE|-`: why a text scores as it does.

use std::{
    fs,
    io::{self, Read},
};

use super::{Format, classify::Line, output::Output};
use crate::{
    detect::{Explanation, Item, Rules, Settings},
    error::Error,
    exit::Exit,
    model::Kind,
};

/// Most that is read of a text, bytes.
const LIMIT: u64 = 16 << 20;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A text (its first line is the title) or one JSON object as `classify` takes it; `-` for stdin
    #[arg(value_name = "FILE|-")]
    from: String,
    /// Judge the text as a post
    #[arg(long)]
    post: bool,
}

/// Prints the explanation of one text.
pub fn run(args: &Args, format: Option<Format>, output: &mut Output) -> Result<Exit, Error> {
    let text = read(&args.from).map_err(|error| {
        Error::new(
            Exit::Usage,
            format!("{} cannot be read: {error}", args.from),
            "name a text file, or - for stdin",
        )
    })?;
    let rules = Rules::compile(&Settings::default());
    let explanation = explain(&rules, &text, args.post);
    match format {
        Some(Format::Json | Format::Ndjson) => output.print(&format!("{}\n", json(&explanation)))?,
        _ => output.print(&explanation.render())?,
    }
    Ok(Exit::Success)
}

fn read(from: &str) -> io::Result<String> {
    let mut bytes = Vec::new();
    if from == "-" {
        io::stdin().lock().take(LIMIT).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(from)?.take(LIMIT).read_to_end(&mut bytes)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn explain(rules: &Rules, text: &str, post: bool) -> Explanation {
    if text.trim_start().starts_with('{')
        && let Ok(line) = serde_json::from_str::<Line>(text)
    {
        return rules.explain(&line.item());
    }
    let (title, body) = if post { ("", text) } else { text.split_once('\n').unwrap_or((text, "")) };
    let kind = if post { Kind::Post } else { Kind::News };
    rules.explain(&Item { kind, title, text: body, author: "", source: "", url: "", published: None })
}

fn json(explanation: &Explanation) -> serde_json::Value {
    let verdict = &explanation.verdict;
    serde_json::json!({
        "tge": verdict.tge, "rumour": verdict.rumour, "score": verdict.score, "threshold": explanation.threshold,
        "event": verdict.event, "stage": verdict.stage, "project": verdict.project, "token": verdict.token,
        "watched": verdict.watched, "event_date": verdict.event_date, "paid": verdict.paid,
        "title": explanation.title, "text": explanation.opening,
        "signals": explanation.lines.iter().map(|line| serde_json::json!({"signal": line.signal, "weight": line.points, "text": line.text})).collect::<Vec<_>>(),
        "change": explanation.change,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_and_the_same_text_as_json_are_explained_alike() {
        let rules = Rules::compile(&Settings::default());
        let text = explain(&rules, "Quillon sets QLN token airdrop for May\nClaims open soon.", false);
        let json = explain(
            &rules,
            r#"{"title":"Quillon sets QLN token airdrop for May","text":"Claims open soon."}"#,
            false,
        );
        assert_eq!(text, json);
        assert!(text.render().contains("[airdrop]") && !text.lines.is_empty(), "{}", text.render());
    }
}
