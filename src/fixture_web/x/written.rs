//! The accounts and posts written in `fixtures/x/accounts.toml`, for the demonstration.

use std::{collections::HashMap, io};

use serde::Deserialize;

use super::{
    generate::LIST,
    world::{Account, Draft, List, Reference, Standing, World},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    topics: Vec<String>,
    accounts: Vec<Who>,
    posts: Vec<Said>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    username: String,
    name: String,
    id: u64,
    followers: u64,
    description: String,
    #[serde(default)]
    stranger: bool,
}

/// A post as it is written down.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    by: String,
    /// Age in minutes at the start.
    #[serde(default)]
    minutes: i64,
    /// The tick it appears in; 0 from the start.
    #[serde(default)]
    tick: u32,
    #[serde(default)]
    text: String,
    /// A name others refer to it by.
    #[serde(default)]
    key: String,
    #[serde(default)]
    reposts: String,
    #[serde(default)]
    quotes: String,
    #[serde(default)]
    answers: String,
    /// Becomes this ten minutes later.
    #[serde(default)]
    edited: String,
    #[serde(default)]
    likes: u64,
    /// The verdict of a careful reader, as in `fixtures/web`.
    #[serde(default)]
    truth: String,
}

/// The verdict of a careful reader on a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPost {
    /// Handle of its author.
    pub by: String,
    /// Its text in the last version; empty for a repost.
    pub text: String,
    /// `event stage story project token`, `-` for none; empty for what is no launch.
    pub truth: String,
    /// The tick it appears in.
    pub tick: u32,
}

/// What is written, published or not.
#[derive(Debug, Default)]
pub struct Written {
    posts: Vec<Said>,
    keys: HashMap<String, u64>,
}

fn file() -> io::Result<File> {
    toml_edit::de::from_str(include_str!("../../../fixtures/x/accounts.toml"))
        .map_err(|error| io::Error::other(format!("fixtures/x/accounts.toml: {error}")))
}

impl Written {
    /// Everything that is there from the start, at `now` (Unix milliseconds).
    ///
    /// # Errors
    /// When the file is broken.
    pub fn world(now: i64) -> io::Result<(World, Self)> {
        let file = file()?;
        let mut world = World::default();
        let followed = file.accounts.iter().filter(|who| !who.stranger).map(|who| who.id).collect();
        world.lists.push(List {
            id: LIST,
            name: "Followed in the demonstration".to_owned(),
            members: followed,
        });
        for who in file.accounts {
            let account = Account {
                id: who.id,
                username: who.username,
                name: who.name,
                description: who.description,
                followers: who.followers,
                created_ms: now - 500 * 86_400_000,
                standing: Standing::Open,
                withheld: Vec::new(),
            };
            world.accounts.insert(account.id, account);
        }
        let mut written = Self { posts: file.posts, keys: HashMap::new() };
        // Oldest first: a post is there before others refer to it.
        written.posts.sort_by_key(|said| (said.tick, std::cmp::Reverse(said.minutes)));
        written.publish(&mut world, 0, now);
        Ok((world, written))
    }

    /// Queries of the demonstration.
    pub fn topics() -> Vec<String> {
        file().map(|file| file.topics).unwrap_or_default()
    }

    /// Publishes what is written for `tick`; ages count from `at` (Unix milliseconds).
    pub fn publish(&mut self, world: &mut World, tick: u32, at: i64) {
        for said in self.posts.iter().filter(|said| said.tick == tick) {
            let Some(author) = world.account(&said.by).map(|account| account.id) else { continue };
            let kinds = [
                (Reference::Retweeted, &said.reposts),
                (Reference::Quoted, &said.quotes),
                (Reference::RepliedTo, &said.answers),
            ];
            let about = kinds.iter().find_map(|(kind, key)| Some((*kind, *self.keys.get(*key)?)));
            let at_ms = at - said.minutes * 60_000;
            let text = said.text.clone();
            let id =
                world.publish(Draft { author, at_ms, text, about, likes: said.likes, ..Draft::default() });
            if !said.key.is_empty() {
                self.keys.insert(said.key.clone(), id);
            }
            if !said.edited.is_empty() {
                world.edit(id, at_ms + 600_000, said.edited.clone());
            }
        }
    }

    /// What is true of every post written, published or not.
    pub fn sent_posts(&self) -> Vec<SentPost> {
        let sent = |said: &Said| SentPost {
            by: said.by.clone(),
            text: if said.edited.is_empty() { said.text.clone() } else { said.edited.clone() },
            truth: said.truth.clone(),
            tick: said.tick,
        };
        self.posts.iter().map(sent).collect()
    }
}
