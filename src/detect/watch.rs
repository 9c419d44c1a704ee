//! The watch list against a reading: which watched project a text is about.

use url::Url;

use super::{
    Origin, Project,
    bait::is_own,
    lexicon::Lexicon,
    reading::{Part, Reading, Watched},
};
use crate::{
    model::Coin,
    text::normal::{Case, Shape, fold},
};

/// Every sign of the watch list, for the automaton.
pub fn signs(projects: &[Project]) -> Vec<(u16, Watched, String)> {
    let mut signs = Vec::new();
    for (index, project) in projects.iter().enumerate() {
        let Ok(index) = u16::try_from(index) else { break };
        let mut add = |what, text: String| signs.push((index, what, text));
        for name in std::iter::once(&project.name).chain(&project.aliases) {
            add(Watched::Name, name.clone());
            // "#ZetaChain" names ZetaChain, "#LayerZero" Layer Zero.
            add(Watched::Name, format!("#{}", fold(name).replace(' ', "")));
        }
        for token in &project.tokens {
            add(Watched::Ticker, token.clone());
            add(Watched::Ticker, format!("${token}"));
            add(Watched::Ticker, format!("#{token}"));
        }
        for handle in &project.handles {
            add(Watched::Handle, format!("@{}", handle.trim_start_matches('@')));
        }
        for phrase in &project.exclude {
            add(Watched::Exclusion, phrase.clone());
        }
    }
    signs
}

/// The watched project a text is about: one named in the title, or the one `found` in it.
/// `trade`: whether vocabulary of the trade stands in the text; without it an ambiguous name means nothing.
pub fn watched(
    lexicon: &Lexicon,
    projects: &[Project],
    reading: &Reading,
    found: (Option<&str>, Option<&str>),
    trade: bool,
) -> Option<usize> {
    let in_title = believable(lexicon, &reading.title, trade);
    let in_body = believable(lexicon, &reading.body, trade);
    let (project, token) = found;
    let mut all = in_title.iter().chain(&in_body).map(|mention| mention.project);
    let same = |index: &usize| {
        let known = &projects[*index];
        let names =
            std::iter::once(&known.name).chain(&known.aliases).chain(&known.handles).map(|name| plain(name));
        let named =
            project.map(plain).is_some_and(|project| names.into_iter().any(|name| alike(&name, &project)));
        named || token.is_some_and(|token| known.tokens.iter().any(|known| known.eq_ignore_ascii_case(token)))
    };
    let first = |mentions: &[Mention]| {
        // "Kestrel opens its claim on the Base network" is about Kestrel.
        mentions.iter().find(|mention| project.is_none() || !mention.as_place).map(|mention| mention.project)
    };
    all.find(same)
        .or_else(|| first(&in_title))
        .or_else(|| (project.is_none() || reading.title.tags.is_empty()).then(|| first(&in_body)).flatten())
}

/// A watched project that a part names.
struct Mention {
    /// Index into the watch list.
    project: usize,
    /// Whether it is only named as the place where something happens.
    as_place: bool,
}

/// Platforms where each page has another owner: as a project's domain, the bare name proves nothing.
const SHARED: &[&str] = &[
    "github.com",
    "gitlab.com",
    "medium.com",
    "mirror.xyz",
    "paragraph.xyz",
    "substack.com",
    "notion.site",
    "gitbook.io",
    "wordpress.com",
    "blogspot.com",
    "reddit.com",
    "x.com",
    "twitter.com",
    "t.me",
    "discord.com",
    "youtube.com",
    "linktr.ee",
    "google.com",
    "facebook.com",
    "linkedin.com",
];
/// First labels of hosts, and parts of paths, under which anyone may write on a project's own domain.
const OPEN_TO_ALL: &[&str] = &[
    "forum",
    "forums",
    "community",
    "discuss",
    "discussion",
    "discussions",
    "discourse",
    "talk",
    "gov",
    "governance",
    "ideas",
    "feedback",
    "answers",
    "questions",
    "wiki",
    "t",
    "u",
    "user",
    "users",
    "profile",
    "profiles",
    "member",
    "members",
    "thread",
    "threads",
    "comments",
];

/// The project that speaks, as far as `origin` proves it: by its account, or on a page of its own domain.
pub fn speaker(projects: &[Project], origin: Origin) -> Option<usize> {
    match origin {
        Origin::Unproven => None,
        Origin::Account(account) => {
            let account = plain_handle(account);
            let own = |handle: &String| plain_handle(handle).eq_ignore_ascii_case(account);
            let found = || projects.iter().position(|project| project.handles.iter().any(own));
            (!account.is_empty()).then(found).flatten()
        }
        Origin::Address(address) => {
            let url = Url::parse(address).ok()?;
            let host = url.host_str().filter(|host| !SHARED.contains(host) && !open_to_all(&url, host))?;
            projects.iter().position(|project| is_own(project, host))
        }
    }
}

fn plain_handle(handle: &str) -> &str {
    handle.trim().trim_start_matches('@')
}

/// Whether `url` is where anyone may write: a forum, a profile, a comment.
fn open_to_all(url: &Url, host: &str) -> bool {
    let label = host.split('.').next().unwrap_or_default();
    let path = url.path_segments().into_iter().flatten().map(str::to_ascii_lowercase);
    OPEN_TO_ALL.contains(&label) || path.into_iter().any(|part| OPEN_TO_ALL.contains(&part.as_str()))
}

/// The watched project whose coin `coin` is: its name fits, or its ticker where no other name is given.
pub fn coin<'a>(projects: &'a [Project], coin: &Coin) -> Option<&'a Project> {
    let name = coin.project.as_deref().map(plain);
    projects.iter().find(|known| {
        let mut names = std::iter::once(&known.name).chain(&known.aliases).map(|name| plain(name));
        let ticker = coin
            .token
            .as_deref()
            .is_some_and(|token| known.tokens.iter().any(|known| known.eq_ignore_ascii_case(token)));
        match &name {
            Some(name) => names.any(|known| known == *name || ticker && alike(&known, name)),
            None => ticker,
        }
    })
}

fn believable(lexicon: &Lexicon, part: &Part, trade: bool) -> Vec<Mention> {
    let excluded = |project: u16, first: u32, last: u32| {
        part.signs.iter().any(|sign| {
            sign.project == project
                && sign.what == Watched::Exclusion
                && sign.first <= first
                && sign.last >= last
        })
    };
    let small =
        part.normal.tokens.iter().all(|token| token.shape != Shape::Word || token.case == Case::Lower);
    let as_place = |first: usize| {
        let word = |back: usize| first.checked_sub(back).map_or("", |at| part.word(at));
        let before = if word(1) == "the" { word(2) } else { word(1) };
        matches!(before, "on" | "via" | "at")
    };
    let mut found: Vec<Mention> = Vec::new();
    for sign in &part.signs {
        let index = usize::from(sign.project);
        let token = part.normal.tokens[sign.first as usize];
        let marked = matches!(token.shape, Shape::Cashtag | Shape::Hashtag | Shape::Handle);
        let fits = match sign.what {
            Watched::Exclusion => false,
            Watched::Handle => true,
            Watched::Ticker => {
                marked
                    || token.case == Case::Upper && (trade && part.normal.word(sign.first as usize).len() > 1)
            }
            Watched::Name => {
                let word = part.normal.word(sign.first as usize);
                let ambiguous = sign.first == sign.last && (lexicon.is_common(word) || word.len() < 4);
                // A name in small letters is one only where nothing is written large.
                let written = token.case != Case::Lower || small && trade;
                marked || written && (trade || !ambiguous)
            }
        };
        if fits && !excluded(sign.project, sign.first, sign.last) {
            let as_place = as_place(sign.first as usize);
            match found.iter_mut().find(|mention| mention.project == index) {
                Some(mention) => mention.as_place &= as_place,
                None => found.push(Mention { project: index, as_place }),
            }
        }
    }
    found
}

fn plain(name: &str) -> String {
    fold(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn alike(a: &str, b: &str) -> bool {
    !a.is_empty() && (a == b || a.len().min(b.len()) >= 4 && (a.starts_with(b) || b.starts_with(a)))
}
