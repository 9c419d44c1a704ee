//! `tge-scrape explain ID|URL|FILE|-`: what was done with a text, and why it scores as it does.

use std::{io, path::Path};

use url::Url;

use super::{Format, Globals, classify::Line, input, lookup, output::Output, request};
use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    detect::{Explanation, Item, Origin, Rules, feedback::Feedback},
    error::Error,
    exit::Exit,
    http::{Outcome, Purpose},
    model::{Article, Kind},
    render::{
        self,
        history::{self, Surroundings},
    },
    store::{Access, EntryHistory, History, Resolved, Store},
    text::address,
    visit, wiring,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Beginning of an ID, an address, a text file (its first line is the title) or one JSON object as `classify` takes
    /// it; `-` for stdin
    #[arg(value_name = "ID|URL|FILE|-")]
    from: String,
    /// Judge the text as a post
    #[arg(long)]
    post: bool,
    /// Every reason, and every signal of the model
    #[arg(long)]
    all: bool,
}

/// What is to be explained.
enum Subject {
    /// Something in the database.
    Stored(Box<History>),
    /// A page that no feed has shown.
    Page,
    Text(String),
}

/// Prints what was done with a text, and the explanation of its score.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let rules = wiring::rules(&settings);
    let runtime = wiring::small_runtime()?;
    let store = stored(&settings);
    let feedback = match &store {
        Some(store) => runtime.block_on(visit::load_labels(store, &rules, false)).unwrap_or_else(|error| {
            tracing::warn!("explained without your labels: {error}");
            Feedback::default()
        }),
        None => Feedback::default(),
    };
    let address = Url::parse(&args.from).ok().filter(address::on_the_web);
    let subject = runtime.block_on(subject(args, address.as_ref(), store.as_ref()))?;
    let names = super::show::names(&settings);
    let times = output.times(SystemClock.now(), false);
    let around = Surroundings { names: &names, threshold: settings.detect.threshold, times: &times };
    let history = match &subject {
        Subject::Stored(history) => Some(history.as_ref()),
        _ => None,
    };
    let is_json = matches!(globals.format, Some(Format::Json | Format::Ndjson));
    let shown = history.filter(|_| !is_json);
    if let Some(history) = shown {
        output.print(&format!("{}\n", history::sightings(history, around)))?;
    }
    let kept = match (&store, history) {
        (Some(store), Some(history)) => {
            runtime.block_on(explain_stored(store, history, &rules, &feedback))?
        }
        _ => None,
    };
    let explanation = match (kept, &subject, address) {
        (Some(explanation), ..) => explanation,
        (None, Subject::Text(text), _) => explain(&rules, text, args.post, &feedback),
        (None, Subject::Page | Subject::Stored(_), Some(url)) => {
            explain_page(page(&settings, url)?, &rules, args.post, &feedback)
        }
        (None, ..) => {
            let message = "the words of this entry are not stored, so they cannot be scored";
            return Err(Error::new(Exit::Failure, message, "give the address of its page"));
        }
    };
    if is_json {
        let mut document = render::explain::document(&explanation);
        let history = history.map(|history| history::document(history, around));
        document["history"] = serde_json::to_value(history).unwrap_or_default();
        output.print(&render::json(&document))?;
    } else {
        let remedy = shown.and_then(history::dropped_remedy);
        let page = remedy.map_or_else(String::new, |remedy| {
            format!("the page scores {}; to have such entries read: {remedy}\n\n", explanation.verdict.score)
        });
        output.print(&page)?;
        output.print(&render::explain::text(&explanation, args.all, output.style()))?;
    }
    Ok(Exit::Success)
}

/// The database; `None` without one that can be read.
fn stored(settings: &Settings) -> Option<Store> {
    if !Store::exists(&settings.state_dir) {
        return None;
    }
    Store::open(&settings.state_dir, Access::Read)
        .inspect_err(|error| tracing::warn!("explained without the database: {error}"))
        .ok()
}

async fn subject(args: &Args, address: Option<&Url>, store: Option<&Store>) -> Result<Subject, Error> {
    if let Some(url) = address {
        let found = match store {
            Some(store) => store.resolve(lookup::of_url(url)).await?,
            None => Resolved::Nothing,
        };
        return Ok(match found {
            Resolved::One(history) => Subject::Stored(history),
            _ => Subject::Page,
        });
    }
    let path = Path::new(&args.from);
    let bytes = match (input::read(path), store) {
        (Ok(bytes), _) => bytes,
        (Err(error), Some(store))
            if error.kind() == io::ErrorKind::NotFound && lookup::reference(&args.from).is_some() =>
        {
            return Ok(Subject::Stored(Box::new(lookup::find(store, &args.from).await?)));
        }
        (Err(error), _) => {
            return Err(Error::new(
                Exit::Usage,
                format!("{} cannot be read: {error}", args.from),
                "give an ID, an address, a text file, or - for stdin",
            ));
        }
    };
    Ok(Subject::Text(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The explanation by the stored words; `None` if there are none.
async fn explain_stored(
    store: &Store,
    history: &History,
    rules: &Rules,
    feedback: &Feedback,
) -> Result<Option<Explanation>, Error> {
    let now = SystemClock.now();
    if let Some(entry) = history.entries.iter().find_map(EntryHistory::record) {
        let article = match entry.link.as_deref().and_then(visit::page_key) {
            Some(key) => store.article(key).await?,
            None => None,
        };
        return Ok(Some(visit::explain_kept(rules, &entry, article.as_ref(), now, feedback)));
    }
    // Of a post, the detection has the words.
    let found = history.detection.as_ref().filter(|found| !found.snippet.is_empty());
    Ok(found.map(|found| {
        let item = Item {
            kind: found.kind,
            title: if found.kind == Kind::Post { "" } else { &found.title },
            text: &found.snippet,
            author: &found.author,
            source: &found.source,
            url: &found.url,
            published: found.published_at,
            origin: Origin::Unproven,
        };
        rules.explain_at(&item, now, feedback)
    }))
}

fn explain_page(page: Fetched, rules: &Rules, post: bool, feedback: &Feedback) -> Explanation {
    let Fetched { article, url } = page;
    let item = Item {
        kind: if post { Kind::Post } else { Kind::News },
        title: &article.title,
        text: &article.text,
        author: &article.author,
        source: "",
        url: url.as_str(),
        published: article.published,
        origin: Origin::Address(url.as_str()),
    };
    rules.explain_at(&item, SystemClock.now(), feedback)
}

struct Fetched {
    article: Article,
    url: Url,
}

/// Fetches `url` once, without reading or writing state, and extracts its article.
fn page(settings: &Settings, url: Url) -> Result<Fetched, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect;

    #[test]
    fn a_text_and_the_same_text_as_json_are_explained_alike() {
        let (rules, none) = (Rules::compile(&detect::Settings::default()), Feedback::default());
        let text = explain(&rules, "Quillon sets QLN token airdrop for May\nClaims open soon.", false, &none);
        let json = explain(
            &rules,
            r#"{"title":"Quillon sets QLN token airdrop for May","text":"Claims open soon."}"#,
            false,
            &none,
        );
        assert_eq!(text, json);
        assert!(!text.title.spans.is_empty() && !text.lines.is_empty(), "{text:?}");
    }
}
