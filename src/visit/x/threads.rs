//! Joins the posts of a thread into one text, and finds what a thread refers to. Pure.

use std::collections::BTreeMap;

use url::Url;

use crate::{
    detect::Origin,
    model::XAccount,
    text::address::{self, LONGEST_LINK},
    x::api::{Post, Relation},
};

/// Posts of one author in one conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Thread<'a> {
    /// The oldest of the posts.
    pub head: &'a Post,
    /// The texts of all, one below the other.
    pub text: String,
    links: Vec<&'a str>,
}

/// Groups posts by thread, newest first, without reposts.
pub(super) fn threads<'a>(posts: impl Iterator<Item = &'a Post>) -> Vec<Thread<'a>> {
    let mut threads: BTreeMap<(Option<u64>, u64), Vec<&Post>> = BTreeMap::new();
    for post in posts {
        if post.refers.iter().any(|(relation, _)| *relation == Relation::Repost) {
            continue;
        }
        let thread = post.author.and(post.conversation).unwrap_or(post.id);
        threads.entry((post.author, thread)).or_default().push(post);
    }
    let mut threads: Vec<Thread> = threads
        .into_values()
        .filter_map(|mut posts| {
            posts.sort_by_key(|post| post.id);
            posts.dedup_by_key(|post| post.id);
            let text = posts.iter().map(|post| post.text.as_str()).collect::<Vec<_>>().join("\n");
            let links = posts.iter().flat_map(|post| &post.links).map(String::as_str).collect();
            Some(Thread { head: posts.first()?, text, links })
        })
        .collect();
    threads.sort_by_key(|thread| std::cmp::Reverse(thread.head.id));
    threads
}

impl Thread<'_> {
    /// Address of the article it links to, of the post it quotes, or of the thread it continues.
    pub fn about(&self, handle: Option<&str>) -> Option<String> {
        let own = self.head.id.to_string();
        for text in &self.links {
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
        let first = self.head.conversation.filter(|id| *id != self.head.id);
        first
            .filter(|_| self.head.refers.iter().any(|(relation, _)| *relation == Relation::Reply))
            .map(|id| link(handle, id))
    }
}

/// Address of a post; X redirects the form without a handle.
pub(super) fn link(handle: Option<&str>, id: u64) -> String {
    match handle.filter(|handle| !handle.is_empty()) {
        Some(handle) => format!("https://x.com/{handle}/status/{id}"),
        None => format!("https://x.com/i/web/status/{id}"),
    }
}

/// Who posted: a followed account by its id, whatever its handle is now; any other account by its handle. A stranger
/// with a handle that a followed account has or had is unproven.
pub(super) fn origin<'a>(accounts: &'a [XAccount], author: Option<u64>, handle: &'a str) -> Origin<'a> {
    let followed = || accounts.iter().filter(|account| account.user.is_some());
    if let Some(known) = followed().find(|account| account.user == author) {
        return Origin::Account(&known.handle);
    }
    let taken = followed().any(|account| {
        [&account.handle, &account.username].into_iter().any(|name| name.eq_ignore_ascii_case(handle))
    });
    if taken || author.is_none() { Origin::Unproven } else { Origin::Account(handle) }
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
    fn posts_of_a_thread_are_joined_and_reposts_dropped() {
        let mut repost = post(9, 1, 9, "RT @b: again");
        repost.refers.push((Relation::Repost, 3));
        let posts = [post(7, 1, 5, "second"), post(5, 1, 5, "first"), post(6, 2, 5, "an answer"), repost];
        let threads = threads(posts.iter());
        let texts: Vec<&str> = threads.iter().map(|thread| thread.text.as_str()).collect();
        assert_eq!(texts, ["an answer", "first\nsecond"]);
        assert_eq!(threads[1].head.id, 5);
    }

    #[test]
    fn a_thread_is_about_the_article_or_post_that_it_links_to() {
        let with = |links: &[&str]| {
            let mut one = post(7, 1, 7, "x");
            one.links = links.iter().map(|link| (*link).to_owned()).collect();
            threads([one].iter()).remove(0).about(Some("me"))
        };
        assert_eq!(with(&["https://news.example/a?utm_source=x"]).unwrap(), "https://news.example/a");
        assert_eq!(
            with(&["https://twitter.com/Project/status/55"]).unwrap(),
            "https://x.com/Project/status/55"
        );
        assert_eq!(with(&["https://x.com/me/status/7/photo/1", "https://project.example/"]), None);
    }

    #[test]
    fn an_account_is_recognised_by_its_id() {
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
