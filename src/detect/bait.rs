//! What speaks against trusting a text: lures, and names spelled nearly like a watched project's.

use unicode_normalization::UnicodeNormalization;
use url::Url;

use super::{Item, Project, groups::Group, reading::Reading};
use crate::{
    model::{Caution, Kind},
    text::{domain, host::is_within, normal::Shape},
};

/// Words that impostors add to a name: "caldera-claim.example", "@calderaairdrop".
const LURES: &[&str] = &[
    "airdrop",
    "claim",
    "claims",
    "token",
    "drop",
    "reward",
    "rewards",
    "event",
    "app",
    "official",
    "presale",
    "sale",
    "foundation",
    "support",
    "help",
    "get",
    "eligibility",
];
/// Shortest name of which one changed letter still says that it is meant.
const LEAST: usize = 5;

/// Every caution for `item`; `official`: whether the project itself speaks.
pub fn cautions(projects: &[Project], item: &Item, reading: &Reading, official: bool) -> Vec<Caution> {
    let mut found = Vec::new();
    if official {
        return found;
    }
    let lured = reading.seen().any(Group::Lure);
    let links = links(item, reading);
    let linked = !links.is_empty() && item.kind == Kind::Post;
    if lured && linked {
        found.push(Caution::Bait);
    }
    let hosts: Vec<String> = links.iter().filter_map(|link| host(link)).collect();
    let author = item.author.trim().trim_start_matches('@');
    let alike = projects.iter().any(|project| {
        let handle = !author.is_empty() && item.kind == Kind::Post && handle_alike(project, author);
        handle || hosts.iter().any(|host| domain_alike(project, host))
    });
    if alike {
        found.push(Caution::LookAlike);
    }
    found
}

/// Addresses of the text: its own, and those that stand in it.
fn links(item: &Item, reading: &Reading) -> Vec<String> {
    let stands = reading.parts().into_iter().flat_map(|part| {
        (0..part.tags.len()).filter(|&at| part.is(at, Shape::Link)).map(|at| part.words(at, at))
    });
    let own = (item.kind == Kind::News && !item.url.is_empty()).then_some(item.url);
    own.into_iter().chain(stands).map(str::to_owned).collect()
}

fn host(link: &str) -> Option<String> {
    let url = Url::parse(link).or_else(|_| Url::parse(&format!("https://{link}"))).ok()?;
    url.host_str().map(str::to_owned)
}

/// Whether `host` is one of the project's own.
pub fn is_own(project: &Project, host: &str) -> bool {
    project.domains.iter().any(|own| is_within(host, own))
}

fn domain_alike(project: &Project, host: &str) -> bool {
    let Some(name) = label(host) else { return false };
    !is_own(project, host)
        && project.domains.iter().any(|own| {
            label(own).is_some_and(|own_label| {
                // The same name under another ending may be a stranger's good right; with a lure it is not.
                name != own_label && alike(&name, &own_label)
            })
        })
}

fn handle_alike(project: &Project, author: &str) -> bool {
    let own = |handle: &String| handle.eq_ignore_ascii_case(author);
    !project.handles.iter().any(own) && project.handles.iter().any(|handle| alike(author, handle))
}

/// The part of a host that somebody chose: `claim.caldera.xyz` gives `caldera`. In letters, not in punycode.
fn label(host: &str) -> Option<String> {
    let registered = domain::registrable(host)?;
    let label = registered.split('.').next()?;
    Some(idna::domain_to_unicode(label).0)
}

/// Whether `name` may be mistaken for `own`.
fn alike(name: &str, own: &str) -> bool {
    let (name, own) = (skeleton(name), skeleton(own));
    if own.chars().count() < 3 {
        return false;
    }
    let bare: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    if bare == own {
        return true;
    }
    let lure = bare.strip_prefix(&own).or_else(|| bare.strip_suffix(&own));
    lure.is_some_and(|rest| LURES.iter().any(|lure| skeleton(lure) == rest))
        || own.chars().count() >= LEAST && strsim::osa_distance(&bare, &own) == 1
}

/// `name` with letters that look alike made one: small, without accents, Cyrillic and Greek as the Latin letters they
/// resemble, digits as letters (Unicode Technical Standard 39 names the principle; these are the pairs in use).
fn skeleton(name: &str) -> String {
    let plain: String = name
        .nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'а' | 'α' | '@' => 'a',
            'в' | 'β' => 'b',
            'с' | 'ϲ' => 'c',
            'ԁ' => 'd',
            'е' | 'ε' | '3' => 'e',
            'һ' => 'h',
            'і' | 'ι' | 'ı' | '1' | 'l' | '|' => 'i',
            'ј' => 'j',
            'к' | 'κ' => 'k',
            'м' => 'm',
            'η' => 'n',
            'о' | 'ο' | '0' => 'o',
            'р' | 'ρ' => 'p',
            'ѕ' | '5' => 's',
            'т' | 'τ' => 't',
            'υ' | 'ц' => 'u',
            'ѵ' | 'ν' => 'v',
            'ԝ' | 'ω' => 'w',
            'х' | 'χ' => 'x',
            'у' | 'γ' => 'y',
            other => other,
        })
        .collect();
    plain.replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caldera() -> Project {
        Project {
            name: "Caldera".to_owned(),
            handles: vec!["Calderaxyz".to_owned()],
            domains: vec!["caldera.xyz".to_owned()],
            ..Project::default()
        }
    }

    #[test]
    fn a_domain_spelled_nearly_like_a_project_s_is_a_look_alike() {
        for host in
            ["ca1dera.xyz", "caldera-claim.com", "calderra.io", "claim-caldera.xyz", "xn--cldera-4ve.xyz"]
        {
            assert!(domain_alike(&caldera(), host), "{host}");
        }
        for host in ["caldera.xyz", "claim.caldera.xyz", "caldera.org", "calendar.com", "chaindesk.example"] {
            assert!(!domain_alike(&caldera(), host), "{host}");
        }
    }

    #[test]
    fn an_account_spelled_nearly_like_a_project_s_is_a_look_alike() {
        for author in ["CaIderaxyz", "Calderaxyz_", "calderaxyzairdrop", "Ca1deraxyz"] {
            assert!(handle_alike(&caldera(), author), "{author}");
        }
        for author in ["calderaxyz", "CalderaFan", "somebody"] {
            assert!(!handle_alike(&caldera(), author), "{author}");
        }
    }

    #[test]
    fn own_hosts_are_the_domain_and_what_is_under_it() {
        assert!(is_own(&caldera(), "caldera.xyz") && is_own(&caldera(), "blog.caldera.xyz"));
        assert!(!is_own(&caldera(), "notcaldera.xyz"));
    }
}
