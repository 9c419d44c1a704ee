//! Posts to findings: what is new is folded into statements, judged, and held against the follower floor.

use std::collections::{BTreeMap, HashMap};

use url::Url;

use super::{Session, call::ApiCall};
use crate::{
    detect::{Item, Origin},
    model::{EntryKey, Kind, XAccount, XPage, XPerson, XPost},
    store::StoreError,
    text::{
        address::{self, LONGEST_LINK},
        cut::headline,
    },
    visit::{Context, Finding, kept},
    x::{
        api::{self, Page, Post, Relation},
        plan::{Query, matching},
    },
};

/// What the posts of a page came to.
pub struct Read {
    /// To be kept.
    pub posts: Vec<XPost>,
    /// What was found.
    pub found: Vec<Finding>,
    /// Posts never seen before.
    pub new: u64,
    /// Authors learned of.
    pub people: Vec<XPerson>,
    /// The lookup of authors, if one was needed.
    pub lookup: Option<XPage>,
}

impl Session {
    /// Judges the posts of `page` that are new, or newly edited.
    pub(super) async fn judge(
        &mut self,
        context: &Context,
        question: &Query,
        page: &Page,
        first_look: bool,
    ) -> Result<Read, StoreError> {
        let ids = page.posts.iter().map(key_of).collect();
        let known = context.store.x_known(ids).await?;
        // A handle may have been taken over: what its new owner writes is not what is followed.
        let own =
            |post: &&Post| question.topics || post.author.is_none_or(|author| self.name_of(author).is_some());
        let posts: Vec<&Post> = page.posts.iter().filter(own).collect();
        let fresh = |post: &&&Post| known.get(&key_of(post)).is_none_or(|latest| *latest < post.id);
        let mut people: HashMap<u64, XPerson> = page
            .users
            .iter()
            .map(|user| {
                let person =
                    XPerson { user: user.id, username: user.username.clone(), followers: user.followers };
                (user.id, person)
            })
            .collect();
        let authors: Vec<XPerson> = people.values().cloned().collect();
        let statements = fold(posts.iter().filter(fresh).copied());
        let mut found: Vec<(u64, Finding)> = Vec::new();
        let mut alertable = if first_look { self.catch_up } else { usize::MAX };
        for statement in &statements {
            let silent = alertable == 0;
            alertable = alertable.saturating_sub(1);
            if let Some(one) = self.statement(context, question, statement, &people, silent) {
                found.push((statement.head.author.unwrap_or(0), one));
            }
        }
        let (lookup, learned) = self.authors(context, &found, &mut people).await?;
        let found = found.into_iter().filter(|(author, one)| self.counts(*author, one, &people));
        let found = found.map(|(author, one)| self.named(author, one, &people)).collect();
        let new = posts.iter().filter(|post| !known.contains_key(&key_of(post))).count() as u64;
        let posts = posts.iter().map(|post| self.record_of(question, post, &people)).collect();
        Ok(Read { posts, found, new, people: authors.into_iter().chain(learned).collect(), lookup })
    }

    /// What an account is called, if it is followed.
    fn name_of(&self, user: u64) -> Option<&str> {
        self.accounts.iter().find(|account| account.user == user).map(|account| account.username.as_str())
    }

    fn handle(&self, author: Option<u64>, people: &HashMap<u64, XPerson>) -> Option<String> {
        let author = author?;
        let followed = self.name_of(author).map(str::to_owned);
        followed.or_else(|| people.get(&author).map(|person| person.username.clone()))
    }

    fn record_of(&self, question: &Query, post: &Post, people: &HashMap<u64, XPerson>) -> XPost {
        let handle = self.handle(post.author, people);
        let followed = post.author.filter(|author| self.name_of(*author).is_some());
        let source = match followed {
            Some(author) if !question.topics => crate::x::plan::account_key(author),
            _ => {
                let topic = matching(&self.topics, &question.progress.sources, &post.text);
                let first = || question.progress.sources.first().cloned().unwrap_or_default();
                topic.map_or_else(first, |topic| topic.state.key.clone())
            }
        };
        XPost {
            id: key_of(post),
            latest: post.id,
            author: post.author,
            source,
            posted_at: post.posted_at,
            text: if self.keeps_text(post) { kept(&post.text).to_owned() } else { String::new() },
            url: link(handle.as_deref(), post.id),
        }
    }

    /// Whether a post's text may be stored: not where it is withheld somewhere (docs/reference/x-api.md#posts).
    fn keeps_text(&self, post: &Post) -> bool {
        self.settings.keep_text && !post.withheld
    }

    /// A statement with its verdict, if that is worth telling.
    fn statement(
        &self,
        context: &Context,
        question: &Query,
        statement: &Thread,
        people: &HashMap<u64, XPerson>,
        silent: bool,
    ) -> Option<Finding> {
        let post = statement.head;
        let handle = self.handle(post.author, people);
        let url = link(handle.as_deref(), post.id);
        let author = handle.clone().unwrap_or_default();
        let source = match (&handle, question.topics) {
            (Some(handle), false) => format!("@{handle}"),
            _ => matching(&self.topics, &question.progress.sources, &statement.text)
                .map_or_else(|| "X search".to_owned(), |topic| format!("X search {}", topic.query)),
        };
        let verdict = context.rules.judge(&Item {
            kind: Kind::Post,
            title: "",
            text: kept(&statement.text),
            author: &author,
            source: &source,
            url: &url,
            published: Some(post.posted_at),
            origin: origin(&self.memory.accounts, post.author, &author),
        });
        let rumour = verdict.rumour && verdict.project.is_some();
        if !verdict.tge && !rumour {
            return None;
        }
        Some(Finding {
            source_url: question_source(question),
            entry: EntryKey::of_post(key_of(post)),
            identity: EntryKey::of_post(key_of(post)),
            suppress_alerts: silent,
            verdict,
            title: headline(&statement.text),
            text: kept(&statement.text).to_owned(),
            about: about(statement, handle.as_deref()),
            url,
            author,
            published: post.posted_at,
            kind: Kind::Post,
            source: Some(source),
            textless: !self.keeps_text(post),
            read_at: None,
            coin: None,
        })
    }

    /// Looks up authors of findings whose followers nobody knows yet: one call, only where a floor is set.
    async fn authors(
        &mut self,
        context: &Context,
        found: &[(u64, Finding)],
        people: &mut HashMap<u64, XPerson>,
    ) -> Result<(Option<XPage>, Vec<XPerson>), StoreError> {
        let strangers = |people: &HashMap<u64, XPerson>| {
            let mut ids: Vec<u64> = found.iter().map(|(author, _)| *author).collect();
            ids.retain(|id| {
                *id != 0
                    && self.name_of(*id).is_none()
                    && people.get(id).is_none_or(|person| person.followers.is_none())
            });
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let unknown = strangers(people);
        for person in context.store.x_people(unknown).await? {
            people.insert(person.user, person);
        }
        let unknown: Vec<u64> = strangers(people).into_iter().take(api::LOOKUP).collect();
        if unknown.is_empty() || self.settings.min_followers == 0 {
            return Ok((None, Vec::new()));
        }
        let Some((billed, page, _)) = self.people(context, ApiCall::Ids(unknown)).await? else {
            return Ok((None, Vec::new()));
        };
        let learned: Vec<XPerson> = page
            .users
            .iter()
            .map(|user| XPerson { user: user.id, username: user.username.clone(), followers: user.followers })
            .collect();
        people.extend(learned.iter().map(|person| (person.user, person.clone())));
        Ok((Some(billed), learned))
    }

    /// Whether a finding counts: followed accounts always do, strangers from the follower floor on. Where their
    /// followers could not be learned, a watched project decides.
    fn counts(&self, author: u64, found: &Finding, people: &HashMap<u64, XPerson>) -> bool {
        if self.name_of(author).is_some() || self.settings.min_followers == 0 {
            return true;
        }
        match people.get(&author).and_then(|person| person.followers) {
            Some(followers) => followers >= self.settings.min_followers,
            None => found.verdict.watched,
        }
    }

    /// A finding with its author's name, which may have been learned after the judgement.
    fn named(&self, author: u64, found: Finding, people: &HashMap<u64, XPerson>) -> Finding {
        match self.handle(Some(author), people) {
            Some(handle) if found.author.is_empty() => {
                let id = found.url.rsplit('/').next().and_then(|id| id.parse().ok()).unwrap_or(0);
                Finding { url: link(Some(&handle), id), author: handle, ..found }
            }
            _ => found,
        }
    }
}

/// What proves who posted: the number of a followed account, whatever it is called now; else the handle that X gives for
/// the author. A handle that a followed account had and a stranger uses now proves nothing.
fn origin<'a>(accounts: &'a [XAccount], author: Option<u64>, handle: &'a str) -> Origin<'a> {
    let followed = || accounts.iter().filter(|account| account.user.is_some());
    if let Some(known) = followed().find(|account| account.user == author) {
        return Origin::Account(&known.handle);
    }
    let taken = followed().any(|account| {
        [&account.handle, &account.username].into_iter().any(|name| name.eq_ignore_ascii_case(handle))
    });
    if taken || author.is_none() { Origin::Unproven } else { Origin::Account(handle) }
}

/// One or more posts that say one thing.
#[derive(Debug, PartialEq, Eq)]
struct Thread<'a> {
    /// The post that stands for it.
    head: &'a Post,
    /// The text of all.
    text: String,
    /// Addresses they link to.
    links: Vec<&'a str>,
}

/// Folds posts: reposts say nothing of their own, a thread is one statement. Newest first.
fn fold<'a>(posts: impl Iterator<Item = &'a Post>) -> Vec<Thread<'a>> {
    let mut threads: BTreeMap<(Option<u64>, u64), Vec<&Post>> = BTreeMap::new();
    for post in posts {
        if post.refers.iter().any(|(relation, _)| *relation == Relation::Repost) {
            continue;
        }
        let thread = post.author.and(post.conversation).unwrap_or(post.id);
        threads.entry((post.author, thread)).or_default().push(post);
    }
    let mut statements: Vec<Thread> = threads
        .into_values()
        .filter_map(|mut posts| {
            posts.sort_by_key(|post| post.id);
            posts.dedup_by_key(|post| post.id);
            let text = posts.iter().map(|post| post.text.as_str()).collect::<Vec<_>>().join("\n");
            let links = posts.iter().flat_map(|post| &post.links).map(String::as_str).collect();
            Some(Thread { head: posts.first()?, text, links })
        })
        .collect();
    statements.sort_by_key(|statement| std::cmp::Reverse(statement.head.id));
    statements
}

/// The first id of a post's chain of edits.
fn key_of(post: &Post) -> u64 {
    post.chain.first().copied().unwrap_or(post.id)
}

/// A post's address; it answers without the author's name too.
fn link(handle: Option<&str>, id: u64) -> String {
    match handle.filter(|handle| !handle.is_empty()) {
        Some(handle) => format!("https://x.com/{handle}/status/{id}"),
        None => format!("https://x.com/i/web/status/{id}"),
    }
}

/// What a statement is about: the article it links to, the post it quotes, or the thread it goes on with.
fn about(statement: &Thread, handle: Option<&str>) -> Option<String> {
    let own = statement.head.id.to_string();
    for text in &statement.links {
        let Ok(url) = Url::parse(text) else { continue };
        let host = url.host_str().unwrap_or_default();
        if matches!(host, "x.com" | "twitter.com" | "www.x.com" | "www.twitter.com" | "t.co") {
            let mut parts = url.path().trim_start_matches('/').split('/');
            if let (Some(name), Some("status"), Some(id)) = (parts.next(), parts.next(), parts.next())
                && id != own
            {
                return Some(format!("https://x.com/{name}/status/{id}"));
            }
        } else if url.path() != "/" && url.as_str().len() <= LONGEST_LINK {
            return Some(address::canonical(&url));
        }
    }
    let began = statement.head.conversation.filter(|id| *id != statement.head.id);
    began
        .filter(|_| statement.head.refers.iter().any(|(relation, _)| *relation == Relation::Reply))
        .map(|id| link(handle, id))
}

/// Under which address the statistics of sources count what a question found.
fn question_source(question: &Query) -> String {
    if question.topics { "https://x.com/search".to_owned() } else { "https://x.com".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x::windows::time_of;

    fn post(id: u64, author: u64, conversation: u64, text: &str) -> Post {
        Post {
            id,
            chain: vec![id],
            text: text.to_owned(),
            author: Some(author),
            posted_at: time_of(id),
            conversation: Some(conversation),
            links: Vec::new(),
            refers: Vec::new(),
            lang: String::new(),
            withheld: false,
        }
    }

    #[test]
    fn a_thread_is_one_statement_and_a_repost_none() {
        let mut repost = post(9, 1, 9, "RT @b: again");
        repost.refers.push((Relation::Repost, 3));
        let posts = [post(7, 1, 5, "second"), post(5, 1, 5, "first"), post(6, 2, 5, "an answer"), repost];
        let folded = fold(posts.iter());
        let texts: Vec<&str> = folded.iter().map(|statement| statement.text.as_str()).collect();
        assert_eq!(texts, ["an answer", "first\nsecond"]);
        assert_eq!(folded[1].head.id, 5);
    }

    #[test]
    fn a_statement_is_about_the_article_or_the_post_it_points_at() {
        let with = |links: &[&str]| {
            let mut one = post(7, 1, 7, "x");
            one.links = links.iter().map(|link| (*link).to_owned()).collect();
            about(&fold([one].iter()).remove(0), Some("me"))
        };
        assert_eq!(with(&["https://news.example/a?utm_source=x"]).unwrap(), "https://news.example/a");
        assert_eq!(
            with(&["https://twitter.com/Project/status/55"]).unwrap(),
            "https://x.com/Project/status/55"
        );
        assert_eq!(with(&["https://x.com/me/status/7/photo/1", "https://project.example/"]), None);
    }

    #[test]
    fn an_account_is_known_by_its_number() {
        let followed = XAccount {
            handle: "plimsoll".to_owned(),
            username: "plimsoll_new".to_owned(),
            user: Some(7),
            ..XAccount::default()
        };
        let of = |author, handle| origin(std::slice::from_ref(&followed), author, handle);
        assert_eq!(of(Some(7), "plimsoll_new"), Origin::Account("plimsoll"));
        assert_eq!(of(Some(8), "somebody"), Origin::Account("somebody"));
        for stranger in [of(Some(8), "Plimsoll"), of(Some(8), "plimsoll_new"), of(None, "somebody")] {
            assert_eq!(stranger, Origin::Unproven);
        }
    }
}
