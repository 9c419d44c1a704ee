//! Turns a finding into a detection: its identity, its story, its class. Pure.

use jiff::Timestamp;
use url::Url;

use crate::{
    detect::{
        self, Rules,
        story::{NewMention, Stories, signature},
    },
    model::{Detection, DetectionRecord, Event, Outlet, Reason, Source, Stage, StoredFinding, Verdict},
    text::{domain, hash::sha256_hex},
    visit::Finding,
};

/// Characters of a detection's snippet: two lines of a message.
const SNIPPET: usize = 280;

/// Assigns `found`, read in `source`, to one of `stories`.
pub fn assign_story(
    found: Finding,
    source: Option<&Source>,
    rules: &Rules,
    stories: &mut Stories,
    now: Timestamp,
) -> StoredFinding {
    let name = name_of(&found, source);
    let verdict = verdict_of(&found, source);
    let event = verdict.event.unwrap_or(Event::Announcement);
    let stage = verdict.stage.unwrap_or(Stage::Upcoming);
    let signature = signature(&found.title, &found.text);
    let mention = NewMention {
        url: found.about.clone().unwrap_or_else(|| found.url.clone()),
        source: name.clone(),
        title: found.title.clone(),
        stored_title: found.textless.then(|| textless_title(&name)),
        at: found.published,
        event,
        stage,
        // A rumour sets no date for its story.
        event_date: verdict.event_date.clone().filter(|_| !verdict.rumour),
        project: verdict.project.clone(),
        token: verdict.token.clone(),
        signature: signature.clone(),
    };
    let placement = stories.assign(&mention, now);
    let also_at: Vec<Outlet> = placement
        .story
        .mentions
        .iter()
        .filter(|mention| mention.url != found.url)
        // In its story, a post has the address that it links to.
        .filter(|mention| Some(&mention.url) != found.about.as_ref() || mention.source != name)
        .map(|mention| Outlet {
            url: mention.url.clone(),
            source: mention.source.clone(),
            published_at: Some(mention.at),
        })
        .collect();
    let (source_url, entry, silent) = (found.source_url.clone(), found.entry, found.suppress_alerts);
    let about = found.about.clone();
    let head = Head {
        id: id_of(&found),
        story_id: placement.story.id.clone(),
        detected_at: now,
        outlets: placement.independent,
        also_at,
    };
    let detection = detection_of(found, verdict, name, rules, head);
    StoredFinding {
        record: DetectionRecord { detection, source_url, entry, signature, suppress_alerts: silent, about },
        story: placement.story,
        joined: placement.joined,
        absorbed: placement.absorbed,
        alerts: Vec::new(),
        channel_states: Vec::new(),
    }
}

/// One finding for each coin of a text about several. The first is unchanged.
pub fn by_coin(found: Finding) -> Vec<Finding> {
    let mut all = vec![found];
    for coin in std::mem::take(&mut all[0].verdict.also) {
        let first = &all[0];
        let key = coin.token.as_ref().or(coin.project.as_ref()).map(|key| key.to_lowercase());
        let verdict = Verdict {
            project: coin.project,
            token: coin.token,
            watched: coin.watched,
            // The official source of one project is not official for the other projects in the list.
            official: false,
            ..first.verdict.clone()
        };
        let other = Finding { verdict, coin: key, ..first.clone() };
        all.push(other);
    }
    all
}

/// The identity of the detection of `found`.
pub fn id_of(found: &Finding) -> String {
    identity(&found.source_url, &found.identity.0, found.coin.as_deref())
}

/// `was` with the later judgement `found`, under the old identity and story.
pub fn rejudged(was: &Detection, found: Finding, source: Option<&Source>, rules: &Rules) -> Detection {
    let (name, verdict) = (name_of(&found, source), verdict_of(&found, source));
    let head = Head {
        id: was.id.clone(),
        story_id: was.story_id.clone(),
        detected_at: was.detected_at,
        outlets: usize::try_from(was.independent_outlets).unwrap_or(1),
        also_at: was.also_at.clone(),
    };
    Detection { published_at: was.published_at, ..detection_of(found, verdict, name, rules, head) }
}

fn name_of(found: &Finding, source: Option<&Source>) -> String {
    let named = || source.map_or_else(|| found.source_url.clone(), |source| source.name.clone());
    found.source.clone().unwrap_or_else(named)
}

/// The verdict; also official if the text is on the site of a source of tier 1, such as an exchange's own notices.
fn verdict_of(found: &Finding, source: Option<&Source>) -> Verdict {
    let own = |source: &Source| {
        source.tier == 1 && found.read_at.as_deref().is_none_or(|page| same_site(page, &source.url))
    };
    Verdict { official: found.verdict.official || source.is_some_and(own), ..found.verdict.clone() }
}

/// Hosts that serve the feeds of other sites.
const FEED_HOSTS: [&str; 4] = ["medium.com", "feedburner.com", "mirror.xyz", "rss.app"];

/// Whether a page belongs to the site of the feed that links to it.
fn same_site(page: &str, feed: &str) -> bool {
    let host = |address: &str| Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
    let (Some(page), Some(feed)) = (host(page), host(feed)) else { return false };
    domain::same_owner(&page, &feed)
        || domain::registrable(&feed).is_some_and(|host| FEED_HOSTS.contains(&host))
}

/// The fields of a detection that its text does not give.
struct Head {
    id: String,
    story_id: String,
    detected_at: Timestamp,
    outlets: usize,
    also_at: Vec<Outlet>,
}

fn detection_of(found: Finding, verdict: Verdict, source: String, rules: &Rules, head: Head) -> Detection {
    let priority = verdict.project.as_deref().and_then(|project| rules.priority(project));
    Detection {
        class: detect::class(&verdict, priority, head.outlets),
        id: head.id,
        story_id: head.story_id,
        kind: found.kind,
        event: verdict.event.unwrap_or(Event::Announcement),
        stage: verdict.stage.unwrap_or(Stage::Upcoming),
        rumour: verdict.rumour,
        score: verdict.score,
        project: verdict.project,
        token: verdict.token,
        watched: verdict.watched,
        event_date: verdict.event_date,
        snippet: if found.textless { String::new() } else { snippet(&found.text) },
        title: if found.textless { textless_title(&source) } else { found.title },
        url: found.url,
        source,
        author: found.author,
        published_at: Some(found.published),
        detected_at: head.detected_at,
        official: verdict.official,
        paid: verdict.paid,
        independent_outlets: u32::try_from(head.outlets).unwrap_or(u32::MAX),
        venue: verdict.venue,
        chain: verdict.chain,
        lang: verdict.lang,
        cautions: verdict.cautions,
        reasons: verdict.reasons.into_iter().map(|reason| quoted(reason, found.textless)).collect(),
        also_at: head.also_at,
        heard_at: None,
    }
}

/// The title of a post whose text is not stored.
fn textless_title(source: &str) -> String {
    format!("A post by {source}")
}

/// `reason` without quotes from the text, where the text is not stored.
fn quoted(reason: Reason, textless: bool) -> Reason {
    if textless { Reason { text: String::new(), ..reason } } else { reason }
}

/// The same entry gives the same identity in every run, so a repeated visit reports nothing twice. A further coin adds
/// its name; the first has the identity of version 0.1.0, when an entry gave one detection only.
fn identity(source_url: &str, key: &[u8; 16], coin: Option<&str>) -> String {
    sha256_hex::<10>([source_url.as_bytes(), &[0], key, coin.unwrap_or_default().as_bytes()].concat())
}

/// The opening of `text` on one line, cut at a word.
fn snippet(text: &str) -> String {
    let mut opening = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let more = word.chars().count() + 1;
        if length + more > SNIPPET {
            // A first word longer than a snippet is cut where it stands.
            if opening.is_empty() {
                opening.extend(word.chars().take(SNIPPET));
            }
            opening.push('…');
            break;
        }
        if length > 0 {
            opening.push(' ');
        }
        opening.push_str(word);
        length += more;
    }
    opening
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_ends_at_a_word_and_within_its_length() {
        assert_eq!(snippet("one\n two  three"), "one two three");
        let long = snippet(&"word ".repeat(200));
        assert!(long.ends_with("word…") && long.chars().count() <= SNIPPET + 1, "{long}");
        assert_eq!(snippet(&"x".repeat(1000)).chars().count(), SNIPPET + 1);
    }

    #[test]
    fn an_identity_depends_on_source_and_entry_only() {
        let (one, other) = (
            identity("https://a.example/feed", &[1; 16], None),
            identity("https://b.example/feed", &[1; 16], None),
        );
        assert_ne!(one, other);
        // As computed by 0.1.0: databases of that version must find their detections again.
        assert_eq!(one, "b6ec0089e9125d10d8f9");
        let second = identity("https://a.example/feed", &[1; 16], Some("orn"));
        assert_ne!(one, second);
        assert_ne!(second, identity("https://a.example/feed", &[1; 16], Some("vlq")));
    }
}
