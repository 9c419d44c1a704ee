//! Arguments that name a story or an entry: an ID, its beginning, or an address.

use url::Url;

use crate::{
    config::Settings,
    error::Error,
    exit::Exit,
    feed,
    model::{Detection, short_id},
    render,
    store::{Access, Candidate, History, Reference, Resolved, Store},
    text::address,
    wiring,
};

/// Candidates printed for an ID with several.
const SHOWN: usize = 8;

/// What `text` names: an address of the web, or an ID in hexadecimal digits.
pub fn reference(text: &str) -> Option<Reference> {
    let text = text.trim();
    if let Some(url) = Url::parse(text).ok().filter(address::on_the_web) {
        return Some(of_url(&url));
    }
    let is_id = !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit());
    is_id.then(|| Reference::Id(text.to_ascii_lowercase()))
}

/// The page at `url`.
pub fn of_url(url: &Url) -> Reference {
    Reference::Address {
        url: address::shown(url),
        // An address always has a mark.
        link: feed::marks(None, Some(url.as_str()), "", "").link.unwrap_or_default(),
        page: address::canonical(url),
    }
}

/// The story or entry of the database that `text` names.
pub fn find_stored(settings: &Settings, text: &str) -> Result<History, Error> {
    let store = Store::open(&settings.state_dir, Access::Read)?;
    wiring::small_runtime()?.block_on(find(&store, text))
}

/// The story or entry that `text` names; an error that lists the candidates or says what is missing.
pub async fn find(store: &Store, text: &str) -> Result<History, Error> {
    let shown = render::plain(text);
    let Some(reference) = reference(text) else {
        let message = format!("{shown:?} is neither an ID nor an address");
        return Err(Error::new(Exit::Usage, message, "`tge-scrape events` shows the IDs"));
    };
    let is_id = matches!(reference, Reference::Id(_));
    match store.resolve(reference).await? {
        Resolved::One(history) => Ok(*history),
        Resolved::Several(candidates) => Err(Error::new(
            Exit::Usage,
            format!("{} IDs begin with {shown}:\n{}", candidates.len(), list(&candidates)),
            "give more digits of the ID",
        )),
        Resolved::Nothing if is_id => Err(Error::new(
            Exit::Usage,
            format!("no story or entry has an ID that begins with {shown}"),
            "`tge-scrape events` shows the IDs",
        )),
        Resolved::Nothing => Err(Error::new(
            Exit::Failure,
            format!("{shown} was in no feed that this state folder has read"),
            "`tge-scrape explain URL` reads the page and scores it",
        )),
    }
}

fn list(candidates: &[Candidate]) -> String {
    // The beginnings must differ: of equal ones the whole ID is printed.
    let short = |candidate: &Candidate| {
        let id = short_id(&candidate.id);
        let same = candidates.iter().filter(|other| short_id(&other.id) == id).count();
        if same > 1 { candidate.id.clone() } else { id.to_owned() }
    };
    let line = |candidate: &Candidate| {
        let title = candidate.title.as_deref().map_or_else(|| "a dropped entry".to_owned(), render::plain);
        format!("  {}  {title}", short(candidate))
    };
    let mut lines: Vec<String> = candidates.iter().take(SHOWN).map(line).collect();
    if candidates.len() > SHOWN {
        lines.push("  …".to_owned());
    }
    lines.join("\n")
}

/// The detection that `text` names.
pub async fn detection(store: &Store, text: &str) -> Result<Detection, Error> {
    find(store, text).await?.detection.ok_or_else(|| {
        let message = format!("{} is no detection: its entry was not judged a launch", render::plain(text));
        Error::new(Exit::Usage, message, "`tge-scrape events` shows the IDs of detections")
    })
}
