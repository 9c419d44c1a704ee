//! Turns the posts of a page into records and findings: new posts are joined by thread and judged, and findings of
//! unknown authors need a minimum of followers.

use std::collections::HashMap;

use super::{
    Session,
    call::ApiCall,
    planning::Followed,
    threads::{Thread, link, origin, threads},
};
use crate::{
    detect::{Item, Rules, feedback::Feedback},
    model::{EntryKey, Kind, XPage, XPerson, XPost},
    store::StoreError,
    text::cut::headline,
    visit::{Context, Finding, kept},
    x::{
        Settings,
        api::{self, Page, Post, User},
        plan::{Query, account_key, matching},
    },
};

/// What the posts of a page gave.
pub(super) struct Reading {
    pub posts: Vec<XPost>,
    /// Posts that the store did not have.
    pub new: u64,
    pub found: Vec<Finding>,
    /// Authors that became known.
    pub people: Vec<XPerson>,
    /// The lookups of authors.
    pub lookups: Vec<XPage>,
}

/// A finding and the post it was made from.
struct JudgedThread {
    post: u64,
    author: Option<u64>,
    finding: Finding,
}

type People = HashMap<u64, XPerson>;

impl Session {
    /// Judges the posts of `page` that are new or newly edited.
    pub(super) async fn judge(
        &mut self,
        context: &Context,
        query: &Query,
        page: &Page,
        first_look: bool,
    ) -> Result<Reading, StoreError> {
        let known = context.store.x_known(page.posts.iter().map(Post::first_version).collect()).await?;
        let mut people: People = page.users.iter().map(|user| (user.id, person(user))).collect();
        let authors: Vec<XPerson> = people.values().cloned().collect();
        let may_alert = if first_look { context.settings.catch_up } else { usize::MAX };
        let reader = self.reader(query);
        let posts = reader.relevant_posts(page);
        let is_new = |post: &&&Post| known.get(&post.first_version()).is_none_or(|latest| *latest < post.id);
        let threads = threads(posts.iter().filter(is_new).copied());
        let mut judged: Vec<JudgedThread> = Vec::new();
        for (at, thread) in threads.iter().enumerate() {
            let feedback = context.labels.feedback(&context.store, &context.rules).await;
            judged.extend(reader.judge((&context.rules, feedback), thread, &people, at >= may_alert));
        }
        let (lookups, learned) = self.look_up_authors(context, &judged, &mut people).await?;
        let reader = self.reader(query);
        Ok(Reading {
            new: posts.iter().filter(|post| !known.contains_key(&post.first_version())).count() as u64,
            posts: posts.iter().map(|post| reader.record(post, &people)).collect(),
            found: judged.into_iter().filter_map(|found| reader.accept(found, &people)).collect(),
            people: authors.into_iter().chain(learned).collect(),
            lookups,
        })
    }

    fn reader<'a>(&'a self, query: &'a Query) -> PostReader<'a> {
        PostReader { settings: &self.settings, followed: &self.followed, query }
    }

    /// Adds the followers of authors of `judged` to `people`, from the store or by a lookup.
    async fn look_up_authors(
        &mut self,
        context: &Context,
        judged: &[JudgedThread],
        people: &mut People,
    ) -> Result<(Vec<XPage>, Vec<XPerson>), StoreError> {
        let strangers = |people: &People| {
            let mut ids: Vec<u64> = judged.iter().filter_map(|judged| judged.author).collect();
            ids.retain(|id| {
                self.followed.name_of(*id).is_none()
                    && people.get(id).is_none_or(|person| person.followers.is_none())
            });
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        for person in context.store.x_people(strangers(people)).await? {
            people.insert(person.user, person);
        }
        let mut unknown = strangers(people);
        unknown.truncate(api::LOOKUP);
        if unknown.is_empty() || self.settings.min_followers == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        let (mut lookups, mut learned) = (Vec::new(), Vec::new());
        let together = if context.settings.without_savings { 1 } else { api::LOOKUP };
        for ids in unknown.chunks(together) {
            self.figures.users += ids.len() as u64;
            let Some(lookup) = self.look_up(context, ApiCall::Ids(ids)).await? else { break };
            self.figures.authors_read += ids.len() as u64;
            learned.extend(lookup.page.users.iter().map(person));
            lookups.push(lookup.charge);
        }
        people.extend(learned.iter().map(|person: &XPerson| (person.user, person.clone())));
        Ok((lookups, learned))
    }
}

fn person(user: &User) -> XPerson {
    XPerson { user: user.id, username: user.username.clone(), followers: user.followers }
}

/// Reads the posts that `query` returned. Pure.
struct PostReader<'a> {
    settings: &'a Settings,
    followed: &'a Followed,
    query: &'a Query,
}

impl PostReader<'_> {
    /// Where accounts were asked for, only their posts: a handle may have been taken over by somebody else.
    fn relevant_posts<'p>(&self, page: &'p Page) -> Vec<&'p Post> {
        let is_followed = |author| self.followed.name_of(author).is_some();
        let is_relevant = |post: &&Post| self.query.for_searches || post.author.is_none_or(is_followed);
        page.posts.iter().filter(is_relevant).collect()
    }

    fn handle(&self, author: Option<u64>, people: &People) -> Option<String> {
        let author = author?;
        let followed = self.followed.name_of(author).map(str::to_owned);
        followed.or_else(|| people.get(&author).map(|person| person.username.clone()))
    }

    fn record(&self, post: &Post, people: &People) -> XPost {
        let sources = &self.query.progress.sources;
        let followed = post.author.filter(|author| self.followed.name_of(*author).is_some());
        let source = match followed {
            Some(author) if !self.query.for_searches => account_key(author),
            _ => matching(&self.followed.searches, sources, &post.text).map_or_else(
                || sources.first().cloned().unwrap_or_default(),
                |search| search.state.key.clone(),
            ),
        };
        XPost {
            id: post.first_version(),
            latest: post.id,
            author: post.author,
            source,
            posted_at: post.posted_at,
            text: if self.keeps_text(post) { kept(&post.text).to_owned() } else { String::new() },
            url: link(self.handle(post.author, people).as_deref(), post.id),
        }
    }

    /// The text of a post that is withheld somewhere is not stored (docs/reference/x-api.md#posts).
    fn keeps_text(&self, post: &Post) -> bool {
        self.settings.keep_text && !post.withheld
    }

    /// The finding of a thread that is a launch, or a rumour of one with a project's name.
    fn judge(
        &self,
        (rules, feedback): (&Rules, &Feedback),
        thread: &Thread,
        people: &People,
        suppress_alerts: bool,
    ) -> Option<JudgedThread> {
        let post = thread.head;
        let handle = self.handle(post.author, people);
        let url = link(handle.as_deref(), post.id);
        let about = thread.about(handle.as_deref());
        let source = match (&handle, self.query.for_searches) {
            (Some(handle), false) => format!("@{handle}"),
            _ => matching(&self.followed.searches, &self.query.progress.sources, &thread.text)
                .map_or_else(|| "X search".to_owned(), |search| format!("X search {}", search.query)),
        };
        let author = handle.unwrap_or_default();
        let item = Item {
            kind: Kind::Post,
            title: "",
            text: kept(&thread.text),
            author: &author,
            source: &source,
            url: &url,
            published: Some(post.posted_at),
            origin: origin(&self.followed.known, post.author, &author),
        };
        let verdict = rules.judge_with(&item, feedback);
        let is_named_rumour = verdict.rumour && verdict.project.is_some();
        if !verdict.tge && !is_named_rumour {
            return None;
        }
        let key = EntryKey::of_post(post.first_version());
        let source_url = if self.query.for_searches { "https://x.com/search" } else { "https://x.com" };
        let finding = Finding {
            source_url: source_url.to_owned(),
            entry: key,
            identity: key,
            suppress_alerts,
            verdict,
            title: headline(&thread.text),
            text: kept(&thread.text).to_owned(),
            about,
            url,
            author,
            published: post.posted_at,
            kind: Kind::Post,
            source: Some(source),
            textless: !self.keeps_text(post),
            read_at: None,
            coin: None,
        };
        Some(JudgedThread { post: post.id, author: post.author, finding })
    }

    /// The finding of `judged`, with its author's handle, if its author is followed or has enough followers. Where
    /// the followers are unknown, a watched project is enough.
    fn accept(&self, judged: JudgedThread, people: &People) -> Option<Finding> {
        let JudgedThread { post, author, mut finding } = judged;
        let least = self.settings.min_followers;
        if least > 0 && author.is_none_or(|author| self.followed.name_of(author).is_none()) {
            let followers = author.and_then(|author| people.get(&author)?.followers);
            if !followers.map_or(finding.verdict.watched, |followers| followers >= least) {
                return None;
            }
        }
        if finding.author.is_empty()
            && let Some(handle) = self.handle(author, people)
        {
            finding.url = link(Some(&handle), post);
            finding.author = handle;
        }
        Some(finding)
    }
}
