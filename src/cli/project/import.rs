//! `tge-scrape project import`: the rows of a list as projects.

use url::Url;

use crate::{
    config::{
        BuiltInList,
        edit::{Addition, Document, NewProject, NotAList, Projects},
    },
    feed::Outline,
    render::plain,
};

use super::super::lists::{Columns, Listed, Row};

const PRIORITIES: [&str; 3] = ["high", "normal", "low"];
/// Longest account name of X.
const LONGEST_HANDLE: usize = 15;

impl Listed for NewProject {
    const LIST: BuiltInList = BuiltInList::Projects;
    const COLUMNS: Columns = &[
        ("name", &["name", "project", "projectname", "title"]),
        ("aliases", &["aliases", "alias", "othernames", "aka"]),
        ("tokens", &["tokens", "token", "symbols", "symbol", "tickers", "ticker", "coin"]),
        ("exclude", &["exclude", "excludes", "not"]),
        ("handles", &["handles", "handle", "twitter", "x", "account", "accounts", "username"]),
        ("domains", &["domains", "domain", "website", "site", "homepage", "url"]),
        ("priority", &["priority"]),
        ("threshold", &["threshold"]),
    ];
    type Index<'a> = Projects<'a>;

    fn index(document: &mut Document, known: impl Iterator<Item = String>) -> Result<Projects<'_>, NotAList> {
        Ok(Projects::of(document)?.with_known(known))
    }

    fn from_outline(outline: &Outline) -> Result<Self, String> {
        let name = named(&outline.title)?;
        let domains = domain(&outline.html_url).into_iter().collect();
        Ok(Self { name, domains, ..Self::default() })
    }

    fn from_row(row: &Row<'_>) -> Result<Self, String> {
        if let Some(line) = row.alone() {
            return Ok(Self { name: named(line)?, ..Self::default() });
        }
        let name = named(row.first("name"))?;
        let priority = row.first("priority").to_lowercase();
        let level = PRIORITIES.into_iter().find(|level| *level == priority);
        if level.is_none() && !priority.is_empty() {
            return Err(format!("priority: should be high, normal or low, is {:?}", plain(&priority)));
        }
        let domains = row.split("domains").into_iter();
        let domains = domains.map(|text| {
            domain(&text).ok_or_else(|| format!("{text:?} is no domain; write it as example.org"))
        });
        let handles = row.split("handles").into_iter();
        let handles = handles.map(|text| {
            handle(&text).ok_or_else(|| format!("{text:?} is no account of X; write it as @name"))
        });
        Ok(Self {
            aliases: row.split("aliases"),
            tokens: row.split("tokens"),
            exclude: row.split("exclude"),
            handles: handles.collect::<Result<_, _>>()?,
            domains: domains.collect::<Result<_, _>>()?,
            priority: level,
            threshold: threshold(row.first("threshold"))?,
            name,
        })
    }

    fn is_plain(line: &str) -> bool {
        named(line).is_ok()
    }

    fn add(&self, projects: &mut Projects<'_>) -> Result<Addition, String> {
        Ok(projects.add(self))
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn shown(&self) -> String {
        let tokens: String = self.tokens.iter().map(|token| format!("  {token}")).collect();
        format!("{}{tokens}", self.name)
    }
}

fn named(text: &str) -> Result<String, String> {
    let name = plain(text);
    if name.contains("://") {
        return Err("is an address, not the name of a project".to_owned());
    }
    if name.is_empty() { Err("the row has no name".to_owned()) } else { Ok(name) }
}

/// The host of a domain or an address, without `www.`.
fn domain(text: &str) -> Option<String> {
    let address = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&address).ok()?;
    let host = url.domain().filter(|host| host.contains('.'))?;
    Some(host.trim_start_matches("www.").to_owned())
}

/// The account in `text`: a name, with `@` or not, or its address on X.
fn handle(text: &str) -> Option<String> {
    let path =
        text.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(text, |(_, path)| path);
    let name = path.split(['/', '?']).next().unwrap_or_default().trim_start_matches('@');
    let is_name = !name.is_empty()
        && name.len() <= LONGEST_HANDLE
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| name.to_owned())
}

fn threshold(text: &str) -> Result<Option<u8>, String> {
    match text.parse() {
        Ok(threshold @ 0..=100) => Ok(Some(threshold)),
        _ if text.is_empty() => Ok(None),
        _ => Err(format!("threshold: should be a whole number from 0 to 100, is {:?}", plain(text))),
    }
}
