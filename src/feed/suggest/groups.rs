//! Sets of similar elements, each with the shortest selector that selects it.

use std::collections::{HashMap, HashSet};

use scraper::Selector;

use super::{
    names::{self, Class},
    outline::{Part, Zone, above},
};

/// Elements that are considered as items, at most.
const MOST_CANDIDATES: usize = 6_000;
/// Selectors that are considered, at most: they are in memory together.
const MOST_SELECTORS: usize = 200_000;
/// Length of an item's text, at most, as [`weight`](super::outline::weight) counts.
const LONGEST_ITEM: usize = 4_000;
/// Links in an item, at most.
const MOST_LINKS: usize = 25;
/// Elements of a set, at least.
const FEWEST: usize = 3;
/// Elements around a candidate that may stand in its selector.
const REACH: usize = 7;
/// Classes of an element that are tried.
const CLASSES: usize = 4;
/// Sets that are read, at most.
const MOST_GROUPS: usize = 50;

/// Elements that one selector selects.
#[derive(Debug)]
pub(super) struct Group {
    pub selector: String,
    /// The less, the shorter and the more lasting the selector.
    pub cost: f64,
    /// Indexes of the elements.
    pub members: Vec<usize>,
    /// Estimated before anything is read.
    rank: f64,
}

/// A piece of a selector with its cost.
type Piece = (String, f64);

/// The sets of the page that may be a list, the most promising first.
pub(super) fn groups(parts: &[Part<'_>]) -> Vec<Group> {
    let mut keys: HashMap<String, (f64, Vec<usize>)> = HashMap::new();
    let candidates = candidates(parts);
    let is_cut = candidates.len() == MOST_CANDIDATES;
    for at in candidates {
        let own = own(parts, at);
        let contexts = contexts(parts, at);
        for (name, own_cost) in &own {
            for (context, cost) in &contexts {
                let is_bare = context.is_empty();
                // A usual element alone selects what is added to the page anywhere.
                let bare =
                    if is_bare && !name.contains(['.', '[', '-']) && name != "article" { 3.0 } else { 0.0 };
                let key = format!("{context}{name}");
                if keys.len() < MOST_SELECTORS || keys.contains_key(&key) {
                    keys.entry(key).or_insert_with(|| (own_cost + cost + bare, Vec::new())).1.push(at);
                }
            }
        }
    }
    let mut best: HashMap<Vec<usize>, (f64, String)> = HashMap::new();
    for (key, (cost, members)) in keys {
        if members.len() < FEWEST || is_nested(parts, &members) {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "lengths of selectors")]
        let cost = cost + key.len() as f64 / 60.0;
        match best.get(&members) {
            Some((known, name)) if (*known, name) <= (cost, &key) => {}
            _ => drop(best.insert(members, (cost, key))),
        }
    }
    let mut groups: Vec<Group> = best
        .into_iter()
        .map(|(members, (cost, selector))| Group { rank: rank(parts, &members), selector, cost, members })
        .collect();
    groups.sort_by(|a, b| {
        b.rank.total_cmp(&a.rank).then(a.cost.total_cmp(&b.cost)).then_with(|| a.selector.cmp(&b.selector))
    });
    groups.truncate(MOST_GROUPS);
    groups.retain_mut(|group| settle(parts, group, is_cut));
    groups
}

/// Elements that may be an item: with a link and a text of some length.
fn candidates(parts: &[Part<'_>]) -> Vec<usize> {
    let may_be = |part: &Part<'_>| {
        let is_frame = ["html", "body", "main", "nav", "ul", "ol", "dl", "table", "tbody", "thead"]
            .contains(&part.name());
        !is_frame && (1..=MOST_LINKS).contains(&part.links) && (6..=LONGEST_ITEM).contains(&part.text)
    };
    let all = parts.iter().enumerate().filter(|(_, part)| may_be(part));
    all.map(|(at, _)| at).take(MOST_CANDIDATES).collect()
}

/// The names by which an element may be selected.
fn own(parts: &[Part<'_>], at: usize) -> Vec<Piece> {
    let part = &parts[at];
    let (name, value) = (part.name(), part.element.value());
    let mut own = vec![(name.to_owned(), if name.contains('-') || name == "article" { 0.6 } else { 1.2 })];
    for (class, cost) in classes(part) {
        let css = class.css();
        own.push((format!("{name}{css}"), cost + 0.5));
        own.push((css, cost + 0.7));
    }
    if let Some(kind) = value.attr("itemprop").filter(|kind| is_word(kind)) {
        own.push((format!("{name}[itemprop='{kind}']"), 1.0));
    }
    if let Some(role) = value.attr("role").filter(|role| is_word(role)) {
        own.push((format!("{name}[role='{role}']"), 1.0));
    }
    let data = value.attrs().map(|(key, _)| key).filter(|key| key.starts_with("data-") && is_word(key));
    own.extend(data.take(2).map(|key| (format!("{name}[{key}]"), 1.2)));
    let best = own.iter().min_by(|a, b| a.1.total_cmp(&b.1)).cloned();
    let (best, cost) = best.unwrap_or((name.to_owned(), 1.2));
    let within = within(parts, at).into_iter();
    own.extend(within.map(|(test, more)| (format!("{best}{test}"), cost + more)));
    own
}

/// What distinguishes an element from others by what is in it.
fn within(parts: &[Part<'_>], at: usize) -> Vec<Piece> {
    let inner = || parts[at + 1..parts[at].end].iter();
    let mut tests: Vec<Piece> = Vec::new();
    let kinds = ["h1", "h2", "h3", "h4", "h5", "h6", "time", "p", "span"];
    let kinds = kinds.iter().filter(|kind| inner().any(|part| part.name() == **kind));
    tests.extend(kinds.take(3).map(|kind| (format!(":has({kind})"), 0.8)));
    if parts[at].name() == "tr" && inner().filter(|part| part.name() == "td").count() > 1 {
        tests.push((":has(td + td)".to_owned(), 0.8));
    }
    let address = |part: &Part<'_>| part.element.attr("href").and_then(folder);
    if let Some(folder) = address(&parts[at]) {
        tests.push((format!("[href*='{folder}']"), 1.6));
    } else if let Some(folder) = inner().find_map(address) {
        tests.push((format!(":has([href*='{folder}'])"), 2.0));
    }
    tests
}

/// The first folder in the path of `address`, between slashes.
fn folder(address: &str) -> Option<String> {
    let path =
        address.split_once("://").map_or(address, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    let (folder, rest) = path.strip_prefix('/')?.split_once('/')?;
    (is_word(folder) && !rest.is_empty()).then(|| format!("/{folder}/"))
}

/// Its classes for selectors, those that name an item first, each with its cost.
fn classes(part: &Part<'_>) -> Vec<(Class, f64)> {
    let classes = part.element.value().classes();
    let classes = classes.filter_map(|class| Some((names::stable(class)?, names::names_item(class))));
    let mut classes: Vec<(Class, f64)> = classes
        .map(|(class, names_item)| {
            let hashed = matches!(class, Class::Part(_));
            (class, if names_item { 0.0 } else { 0.3 } + if hashed { 0.6 } else { 0.0 })
        })
        .collect();
    classes.sort_by(|a, b| a.1.total_cmp(&b.1));
    classes.truncate(CLASSES);
    classes
}

/// What may stand before the name: nothing, the element around it, one further out.
fn contexts(parts: &[Part<'_>], at: usize) -> Vec<Piece> {
    let mut contexts = vec![(String::new(), 0.0)];
    let mut inner = String::new();
    for name in ["table", "li", "ul"] {
        if above(parts, at).filter(|at| parts[*at].name() == name).count() > 1 {
            contexts.push((format!("{name} {name} "), 1.6));
        }
    }
    for (step, outer) in above(parts, at).enumerate().take(REACH) {
        let part = &parts[outer];
        if ["html", "body"].contains(&part.name()) {
            break;
        }
        let mut tokens: Vec<Piece> = Vec::new();
        if let Some(id) = part.element.value().id().filter(|id| is_id(id)) {
            tokens.push((format!("#{id}"), 0.5));
        }
        tokens.extend(classes(part).into_iter().map(|(class, cost)| (class.css(), cost + 0.9)));
        if ["main", "article", "section", "ul", "ol", "dl", "table", "tbody", "li"].contains(&part.name())
            || part.name().contains('-')
        {
            tokens.push((part.name().to_owned(), if part.name() == "main" { 0.5 } else { 1.3 }));
        }
        #[expect(clippy::cast_precision_loss, reason = "at most REACH")]
        let far = step as f64 * 0.2;
        for (token, cost) in &tokens {
            let next = if step == 0 { " > " } else { " " };
            contexts.push((format!("{token}{next}"), cost + far));
            if (1..=3).contains(&step) {
                contexts.push((format!("{token} > {inner}"), cost + far + 1.0));
            }
        }
        inner = format!("{} > {inner}", part.name());
    }
    contexts
}

/// Whether `text` can stand in a selector without quotes.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether `id` is one that lasts: no number and no hash.
fn is_id(id: &str) -> bool {
    is_word(id)
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.bytes().filter(u8::is_ascii_digit).count() < 3
}

/// Whether one element stands within another one; `members` are in document order.
fn is_nested(parts: &[Part<'_>], members: &[usize]) -> bool {
    members.windows(2).any(|two| two[1] < parts[two[0]].end)
}

/// A first estimate: many elements with one text of some length each, outside of menus.
#[expect(clippy::cast_precision_loss, reason = "counts of elements")]
fn rank(parts: &[Part<'_>], members: &[usize]) -> f64 {
    let count = members.len() as f64;
    let mut texts: Vec<usize> = members.iter().map(|at| parts[*at].text).collect();
    texts.sort_unstable();
    let text = texts[texts.len() / 2] as f64;
    let outside = members.iter().filter(|at| parts[**at].zone == Zone::Content).count() as f64 / count;
    count.min(40.0).sqrt() * (text.min(200.0) / 200.0).sqrt() * (0.15 + outside)
}

/// Makes the selector exact: it selects the members and nothing else. Whether that is possible. If the candidates were
/// cut, elements behind them are selected as well.
fn settle(parts: &[Part<'_>], group: &mut Group, is_cut: bool) -> bool {
    let members: HashSet<_> = group.members.iter().map(|at| parts[*at].element.id()).collect();
    let root = parts[0].element;
    let exact = |selector: &str| {
        let Ok(selector) = Selector::parse(selector) else { return false };
        let mut selected = root.select(&selector);
        let all =
            selected.by_ref().take(members.len()).filter(|element| members.contains(&element.id())).count();
        all == members.len() && (is_cut || selected.next().is_none())
    };
    if exact(&group.selector) {
        return true;
    }
    let linked = format!("{}:has(a[href])", group.selector);
    if exact(&linked) {
        group.selector = linked;
        group.cost += 0.3;
        return true;
    }
    false
}
