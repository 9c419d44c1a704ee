//! `tge-scrape article extract FILE`.

use std::{
    path::{Path, PathBuf},
    thread,
};

use clap::Subcommand;
use serde_json::json;
use url::Url;

use super::{Format, Globals, input, output::Output, settings};
use crate::{
    article::{self, ArticleError, Effort, Page, RuleUse, Sites},
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    model::Article,
    text::{inert, plain},
};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: ArticleCommand,
}

#[derive(Debug, Subcommand)]
enum ArticleCommand {
    /// Print the readable part of a saved page as JSON
    Extract(ExtractArgs),
}

#[derive(Debug, clap::Args)]
struct ExtractArgs {
    /// Saved page; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Address of the page; without it, any canonical address is accepted
    #[arg(long)]
    url: Option<Url>,
    /// Content-Type header of the page
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Use the rules of [[sites]] for this host, and print what each took
    #[arg(long, value_name = "HOST")]
    site: Option<String>,
}

/// Runs the inner command.
pub fn run(args: Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let ArticleCommand::Extract(args) = args.command;
    let pretty = match globals.format {
        None | Some(Format::Json) => true,
        Some(Format::Ndjson) => false,
        Some(_) => {
            return Err(Error::new(
                Exit::Usage,
                "article extract prints JSON only",
                "use --format json or --format ndjson",
            ));
        }
    };
    let bytes = read_bytes(&args.file)?;
    let rules = args.site.as_deref().map(|host| rules_for(&settings(globals)?, host)).transpose()?;
    let is_by_rules = rules.is_some();
    let own = || rules.as_ref().map(|(_, url)| url.clone()).or_else(|| "file:///".parse().ok());
    let url = args.url.or_else(own).ok_or_else(failed)?;
    let (result, uses) = match extract_by(bytes, url, args.content_type, rules)? {
        Ok((article, uses)) => (Ok(article), uses),
        Err(error) => (Err(error), Vec::new()),
    };
    let mut shown = shown(&result);
    if is_by_rules {
        shown["rules"] = json!(uses);
    }
    let text = inert(if pretty { format!("{shown:#}\n") } else { format!("{shown}\n") });
    output.print(&text)?;
    match result {
        Ok(_) => Ok(Exit::Success),
        Err(error) => Err(Error::new(Exit::Failure, format!("{}: {error}", args.file.display()), "")),
    }
}

fn read_bytes(file: &Path) -> Result<Vec<u8>, Error> {
    input::read(file).map_err(|error| {
        Error::new(
            Exit::Failure,
            format!("{} cannot be read: {error}", file.display()),
            "name a saved web page, or - for standard input",
        )
    })
}

/// Extracts the article on a thread with the stack that it needs.
pub(super) fn extract(
    bytes: Vec<u8>,
    url: Option<Url>,
    content_type: Option<String>,
) -> Result<Result<Article, ArticleError>, Error> {
    let Some(url) = url.or_else(|| "file:///".parse().ok()) else { return Err(failed()) };
    let read = extract_by(bytes, url, content_type, None)?;
    Ok(read.map(|(article, _)| article))
}

type Extracted = Result<(Article, Vec<RuleUse>), ArticleError>;

/// The same by the rules for the pages of an address.
fn extract_by(
    bytes: Vec<u8>,
    url: Url,
    content_type: Option<String>,
    rules: Option<(Sites, Url)>,
) -> Result<Extracted, Error> {
    let work = move || {
        let content_type = content_type.as_deref();
        let page = Page { bytes: &bytes, content_type, url: &url, now: SystemClock.now() };
        let site = rules.as_ref().and_then(|(sites, of)| sites.of(of));
        article::read_with(&page, Effort::Thorough, site)
    };
    let worker = thread::Builder::new().stack_size(article::STACK_BYTES).spawn(work);
    worker.map_err(|_| failed())?.join().map_err(|_| failed())
}

fn failed() -> Error {
    Error::new(Exit::Failure, "the page could not be worked on", "")
}

/// The rules of the settings, and an address whose pages those for `host` concern.
fn rules_for(settings: &Settings, host: &str) -> Result<(Sites, Url), Error> {
    let sites = Sites::new(&settings.sites);
    let url = Url::parse(&format!("https://{host}/")).ok().filter(|url| sites.of(url).is_some());
    let url = url.ok_or_else(|| {
        let hosts: Vec<&str> = settings.sites.iter().map(|site| site.host.as_str()).collect();
        let known = if hosts.is_empty() {
            "the settings have no [[sites]]".to_owned()
        } else {
            format!("[[sites]] has rules for {}", hosts.join(", "))
        };
        Error::new(Exit::Usage, format!("there are no rules for the host {:?}", plain(host)), known)
    })?;
    Ok((sites, url))
}

/// The article as JSON; without one, `method` is the name of the reason.
fn shown(result: &Result<Article, ArticleError>) -> serde_json::Value {
    let none = Article::default();
    let (article, method) = match result {
        Ok(article) => (article, article.method.as_str().to_owned()),
        Err(error) => (&none, error.kind().to_string()),
    };
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "schema": 1,
        "title": article.title,
        "text": article.text,
        "published": article.published.map(crate::model::stamp::text),
        "published_guessed": article.published_guessed,
        "author": known(&article.author),
        "canonical_url": article.canonical_url,
        "lang": known(&article.lang),
        "method": method,
        "partial": article.partial,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_an_article_is_shown_by_its_reason() {
        let result = extract(b"<title>Just a moment...</title>".to_vec(), None, None).unwrap();
        let shown = shown(&result);
        assert_eq!(shown["method"], "blocked");
        assert_eq!(shown["text"], "");
        assert_eq!(shown["published"], serde_json::Value::Null);
    }

    #[test]
    fn schema_comes_first() {
        let result = extract(b"<title>T</title><p>The claim opens.".to_vec(), None, None).unwrap();
        assert!(shown(&result).to_string().starts_with("{\"schema\":1,\"title\":\"T\""));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read_bytes(Path::new("/nowhere/page.html")).unwrap_err();
        assert_eq!(error.exit, Exit::Failure);
        assert!(error.message.contains("/nowhere/page.html"), "{}", error.message);
    }
}
