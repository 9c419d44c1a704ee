//! The user's rules for the article pages of a host, used before the extractors (docs/guide/sites.md).

use std::collections::HashSet;

use jiff::Timestamp;
use scraper::{ElementRef, Html};
use url::Url;

use super::{published, strip::strip};
use crate::{
    model::SiteRules,
    text::{
        cut::shown,
        dates, host,
        markup::{
            guard,
            selector::{Selected, SelectorError, time_attributes},
        },
    },
};

/// Characters of a taken text that a report shows.
const SHOWN: usize = 80;

/// Rules that do not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {error}")]
pub(crate) struct SiteError {
    /// The key within `[[sites]]`.
    pub key: &'static str,
    error: SelectorError,
}

/// The rules of one host, compiled.
#[derive(Debug)]
pub(crate) struct Site {
    host: String,
    content: Option<Selected>,
    remove: Vec<(String, Selected)>,
    title: Option<Selected>,
    time: Option<Selected>,
    rules: SiteRules,
}

/// The rules of all hosts.
#[derive(Debug, Default)]
pub struct Sites(Vec<Site>);

/// What the rules took from a page.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Empty if `content` is not set or matches nothing.
    pub text: String,
    /// Empty as `text`.
    pub title: String,
    pub published: Option<Timestamp>,
    /// The page without what `remove` matches, where `content` gives no text and something was removed.
    pub rest: Option<String>,
    pub uses: Vec<RuleUse>,
}

/// What one rule took.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct RuleUse {
    /// `content`, `remove`, `title` or `time`.
    pub rule: &'static str,
    pub selector: String,
    /// Elements that match.
    pub elements: usize,
    /// The beginning of what was taken; empty if nothing was.
    pub taken: String,
}

impl SiteError {
    /// The error without its key.
    pub(crate) fn reason(&self) -> String {
        self.error.to_string()
    }
}

impl Sites {
    /// Compiles `rules`; those that do not compile are left out, because `config check` reports them.
    #[must_use]
    pub fn new(rules: &[SiteRules]) -> Self {
        let mut sites: Vec<Site> = rules.iter().filter_map(|rules| Site::new(rules).ok()).collect();
        sites.sort_by_key(|site| std::cmp::Reverse(site.host.len()));
        Self(sites)
    }

    /// The rules for the page at `url`: those of its host, else of the nearest domain above it.
    pub(crate) fn of(&self, url: &Url) -> Option<&Site> {
        if self.0.is_empty() {
            return None;
        }
        let name = url.host_str()?;
        self.0.iter().find(|site| host::is_within(name, &site.host))
    }
}

impl Site {
    /// Compiles `rules`.
    ///
    /// # Errors
    /// The first selector that is none.
    pub(crate) fn new(rules: &SiteRules) -> Result<Self, SiteError> {
        let one = |key, text: &str| match text.trim() {
            "" => Ok(None),
            text => Selected::new(text).map(Some).map_err(|error| SiteError { key, error }),
        };
        let mut remove = Vec::new();
        for text in &rules.remove {
            remove.extend(one("remove", text)?.map(|selected| (text.clone(), selected)));
        }
        Ok(Self {
            host: rules.host.trim_start_matches("www.").to_owned(),
            content: one("content", &rules.content)?,
            remove,
            title: one("title", &rules.title)?,
            time: one("time", &rules.time)?,
            rules: rules.clone(),
        })
    }

    /// Applies the rules to `html`, which is parsed once; nothing is taken from a page that the guard refuses.
    pub(super) fn take(&self, html: &str, now: Timestamp) -> Taken {
        let mut taken = Taken::default();
        if !guard::admits(html) {
            return taken;
        }
        let mut page = Html::parse_document(html);
        // Before anything is removed: the time is often in a line that is no text of the article.
        if let Some(title) = &self.title {
            let texts: Vec<String> =
                title.elements(page.root_element()).map(|element| text(title, element)).collect();
            taken.title = texts.iter().find(|text| !text.is_empty()).cloned().unwrap_or_default();
            taken.add("title", &self.rules.title, texts.len());
        }
        if let Some(time) = &self.time {
            let elements: Vec<ElementRef<'_>> = time.elements(page.root_element()).collect();
            let texts = elements.iter().flat_map(|element| times(time, *element));
            taken.published =
                texts.filter_map(|text| dates::read(&text)).find(|at| published::believable(*at, now));
            let count = elements.len();
            taken.add("time", &self.rules.time, count);
        }
        let removed = self.remove(&mut page, &mut taken);
        if let Some(content) = &self.content {
            let elements = outermost(content.elements(page.root_element()).collect());
            let texts: Vec<String> = elements.iter().map(|element| text(content, *element)).collect();
            texts.join("\n").trim().clone_into(&mut taken.text);
            taken.add("content", &self.rules.content, texts.len());
        }
        if taken.text.is_empty() && removed {
            taken.rest = Some(page.html());
        }
        taken
    }

    /// Removes what `remove` matches; returns whether that was anything.
    fn remove(&self, page: &mut Html, taken: &mut Taken) -> bool {
        let mut removed = false;
        for (text, selected) in &self.remove {
            let found: Vec<_> = selected.elements(page.root_element()).map(|element| element.id()).collect();
            for id in &found {
                if let Some(mut node) = page.tree.get_mut(*id) {
                    node.detach();
                }
            }
            removed |= !found.is_empty();
            taken.add("remove", text, found.len());
        }
        removed
    }
}

impl Taken {
    fn add(&mut self, rule: &'static str, selector: &str, elements: usize) {
        let taken = match rule {
            "content" => shown(&self.text, SHOWN),
            "title" => shown(&self.title, SHOWN),
            "time" => self.published.map(crate::model::stamp::text).unwrap_or_default(),
            _ => String::new(),
        };
        self.uses.push(RuleUse { rule, selector: selector.to_owned(), elements, taken });
    }
}

/// The attribute or the text of `element`, a line per block.
fn text(selected: &Selected, element: ElementRef<'_>) -> String {
    match &selected.attribute {
        Some(name) => element.attr(name).map(strip).unwrap_or_default(),
        None => strip(&element.inner_html()),
    }
}

/// The texts in which `element` may state a time, the most exact first.
fn times(selected: &Selected, element: ElementRef<'_>) -> Vec<String> {
    match &selected.attribute {
        Some(name) => element.attr(name).map(str::to_owned).into_iter().collect(),
        None => time_attributes(element).map(str::to_owned).chain([strip(&element.inner_html())]).collect(),
    }
}

/// `elements` without those within another one, so that no text is taken twice.
fn outermost(elements: Vec<ElementRef<'_>>) -> Vec<ElementRef<'_>> {
    let mut within = HashSet::new();
    let mut found = Vec::new();
    for element in elements {
        let is_within = element.ancestors().any(|node| within.contains(&node.id()));
        if !is_within {
            within.insert(element.id());
            found.push(element);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        article::{Effort, Page, read_with},
        model::{Article, Method},
    };

    const PAGE: &str = "<html><head><title>Site - wrong</title></head><body><nav>Home Markets</nav>\
        <div class=post><h2 class=t>Tidefall opens its claim</h2><span class=d>5 January 2026 10:00 UTC</span>\
        <section class=body><p>The claim opens today.</p><aside>Buy now</aside><section class=body><p>Nested.</p></section></section></div>\
        <footer>Imprint</footer></body></html>";

    fn rules() -> SiteRules {
        SiteRules {
            host: "venue.example".to_owned(),
            content: "section.body".to_owned(),
            remove: vec!["aside".to_owned()],
            title: "h2.t".to_owned(),
            time: ".d".to_owned(),
        }
    }

    fn article(rules: &SiteRules, url: &str, html: &str) -> Article {
        let url = Url::parse(url).unwrap();
        let now = "2026-11-21T06:30:00Z".parse().unwrap();
        let page = Page { bytes: html.as_bytes(), content_type: Some("text/html"), url: &url, now };
        let sites = Sites::new(std::slice::from_ref(rules));
        read_with(&page, Effort::AsNeeded, sites.of(&url)).unwrap().0
    }

    #[test]
    fn rules_take_content_title_and_time() {
        let found = article(&rules(), "https://www.venue.example/a", PAGE);
        assert_eq!(
            (found.title.as_str(), found.text.as_str()),
            ("Tidefall opens its claim", "The claim opens today.\nNested.")
        );
        assert_eq!(found.published.unwrap().to_string(), "2026-01-05T10:00:00Z");
        assert_eq!((found.method, found.published_guessed), (Method::Site, false));
        let other = article(&rules(), "https://othervenue.example/a", PAGE);
        assert_ne!(other.method, Method::Site);
    }

    #[test]
    fn the_nearest_domain_counts() {
        let of = |host: &str| SiteRules { host: host.to_owned(), ..rules() };
        let sites = Sites::new(&[of("example.org"), of("blog.example.org")]);
        let host = |url: &str| sites.of(&Url::parse(url).unwrap()).map(|site| site.host.clone());
        assert_eq!(host("https://example.org/a").as_deref(), Some("example.org"));
        assert_eq!(host("https://news.example.org/a").as_deref(), Some("example.org"));
        assert_eq!(host("https://a.blog.example.org/a").as_deref(), Some("blog.example.org"));
        assert_eq!(host("https://badexample.org/a"), None);
    }

    #[test]
    fn a_page_in_which_rules_find_nothing_is_read_by_the_extractors() {
        let gone = SiteRules { content: ".gone".to_owned(), ..rules() };
        let found = article(&gone, "https://venue.example/a", PAGE);
        assert_ne!(found.method, Method::Site);
        assert!(
            found.text.contains("The claim opens today.") && !found.text.contains("Buy now"),
            "{found:?}"
        );
        assert_eq!(found.title, "Tidefall opens its claim");
        let future = PAGE.replace("2026", "2036");
        assert_eq!(article(&rules(), "https://venue.example/a", &future).published, None);
    }

    #[test]
    fn a_wrong_selector_is_named_and_hostile_pages_are_refused() {
        let wrong = SiteRules { remove: vec!["p".to_owned(), "li[".to_owned()], ..rules() };
        let error = Site::new(&wrong).unwrap_err();
        assert!(error.key == "remove" && error.to_string().contains("\"li[\""), "{error}");
        let deep = format!("<html><body><section class=body>{}x</section>", "<div>".repeat(200));
        assert_eq!(article(&rules(), "https://venue.example/a", &deep).method, Method::Strip);
    }
}
