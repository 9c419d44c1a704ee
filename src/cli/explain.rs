//! `tge-scrape explain FILE|-`: explains the score of a text.

use std::path::Path;

use url::Url;

use super::{Format, Globals, classify::Line, input, output::Output, request};
use crate::{
    clock::{Clock, SystemClock},
    detect::{Explanation, Item, Origin, Rules, feedback::Feedback},
    error::Error,
    exit::Exit,
    http::{Outcome, Purpose},
    model::{Article, Kind},
    render,
    store::{Access, Store},
    text::{address, lines},
    visit, wiring,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// An address to read, a text (its first line is the title) or one JSON object as `classify` takes it; `-` for
    /// stdin
    #[arg(value_name = "URL|FILE|-")]
    from: String,
    /// Judge the text as a post
    #[arg(long)]
    post: bool,
}

/// Prints the explanation of one text.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let rules = wiring::rules(&settings);
    let feedback = feedback(&settings, &rules)?;
    let address = Url::parse(&args.from).ok().filter(address::on_the_web);
    let explanation = if let Some(url) = address {
        let page = page(&settings, url)?;
        rules.explain_at(
            &Item {
                kind: if args.post { Kind::Post } else { Kind::News },
                title: &page.article.title,
                text: &page.article.text,
                author: &page.article.author,
                source: "",
                url: page.url.as_str(),
                published: page.article.published,
                origin: Origin::Address(page.url.as_str()),
            },
            SystemClock.now(),
            &feedback,
        )
    } else {
        let bytes = input::read(Path::new(&args.from)).map_err(|error| {
            Error::new(
                Exit::Usage,
                format!("{} cannot be read: {error}", args.from),
                "give an address, name a text file, or - for stdin",
            )
        })?;
        explain(&rules, &String::from_utf8_lossy(&bytes), args.post, &feedback)
    };
    match globals.format {
        Some(Format::Json | Format::Ndjson) => output.print(&render::json(&json(&explanation)))?,
        _ => output.print(&lines(&explanation.render()))?,
    }
    Ok(Exit::Success)
}

/// The user's labels; none without a database that can be read.
fn feedback(settings: &crate::config::Settings, rules: &Rules) -> Result<Feedback, Error> {
    if !Store::exists(&settings.state_dir) {
        return Ok(Feedback::default());
    }
    let runtime = wiring::small_runtime()?;
    let read = || {
        let store = Store::open(&settings.state_dir, Access::Read)?;
        runtime.block_on(visit::load_labels(&store, rules, false))
    };
    Ok(read().unwrap_or_else(|error| {
        tracing::warn!("explained without your labels: {error}");
        Feedback::default()
    }))
}

struct Fetched {
    article: Article,
    url: Url,
}

/// Fetches `url` once, without reading or writing state, and extracts its article.
fn page(settings: &crate::config::Settings, url: Url) -> Result<Fetched, Error> {
    let shown = address::shown(&url);
    let client = wiring::client(settings)?;
    let request = request(url, Purpose::Article);
    let answer = wiring::runtime()?.block_on(client.fetch(request, SystemClock.now()));
    let url = answer.stats.final_url;
    let (body, headers) = match answer.outcome {
        Outcome::Fetched { body, headers } => (body, headers),
        Outcome::Failed(failure) => {
            return Err(Error::new(
                Exit::Failure,
                format!("{shown} could not be read: {failure}"),
                "save the page and give the file, or pass its text on stdin",
            ));
        }
        Outcome::NotModified { .. } => {
            return Err(Error::new(Exit::Failure, format!("{shown} gave no page"), "try again later"));
        }
    };
    let article = super::article::extract(body.to_vec(), Some(url.clone()), headers.content_type)?.map_err(
        |error| {
            Error::new(Exit::Failure, format!("{shown} holds no article: {error}"), "pass its text on stdin")
        },
    )?;
    Ok(Fetched { article, url })
}

fn explain(rules: &Rules, text: &str, post: bool, feedback: &Feedback) -> Explanation {
    if text.trim_start().starts_with('{')
        && let Ok(line) = serde_json::from_str::<Line>(text)
    {
        return rules.explain_at(&line.item(), SystemClock.now(), feedback);
    }
    let (title, body) = if post { ("", text) } else { text.split_once('\n').unwrap_or((text, "")) };
    let kind = if post { Kind::Post } else { Kind::News };
    let item = Item {
        kind,
        title,
        text: body,
        author: "",
        source: "",
        url: "",
        published: None,
        origin: Origin::Unproven,
    };
    rules.explain_at(&item, SystemClock.now(), feedback)
}

fn json(explanation: &Explanation) -> serde_json::Value {
    let verdict = &explanation.verdict;
    serde_json::json!({
        "tge": verdict.tge, "rumour": verdict.rumour, "score": verdict.score, "threshold": explanation.threshold,
        "event": verdict.event, "stage": verdict.stage, "project": verdict.project, "token": verdict.token,
        "watched": verdict.watched, "event_date": verdict.event_date, "paid": verdict.paid,
        "official": verdict.official, "venue": verdict.venue, "chain": verdict.chain,
        "lang": verdict.lang, "excluded_language": verdict.excluded, "cautions": verdict.cautions, "also": verdict.also,
        "title": explanation.title, "text": explanation.opening,
        "signals": explanation.lines.iter().map(|line| serde_json::json!({"signal": line.signal, "weight": line.points, "text": line.text})).collect::<Vec<_>>(),
        "change": explanation.change,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Settings;

    #[test]
    fn a_text_and_the_same_text_as_json_are_explained_alike() {
        let (rules, none) = (Rules::compile(&Settings::default()), Feedback::default());
        let text = explain(&rules, "Quillon sets QLN token airdrop for May\nClaims open soon.", false, &none);
        let json = explain(
            &rules,
            r#"{"title":"Quillon sets QLN token airdrop for May","text":"Claims open soon."}"#,
            false,
            &none,
        );
        assert_eq!(text, json);
        assert!(text.render().contains("[airdrop]") && !text.lines.is_empty(), "{}", text.render());
    }
}
