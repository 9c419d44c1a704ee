//! A population made from a seed: accounts to follow, strangers, topics, and a fortnight of posts.

use super::world::{Account, Draft, List, Reference, Standing, World};
use crate::fixture_web::random::Row;

/// How many there are and what they do.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// Accounts worth following.
    pub accounts: usize,
    /// Topics people talk about.
    pub topics: usize,
    /// Days of posts before the clock's start.
    pub days_before: u32,
    /// Days of posts after it.
    pub days_after: u32,
    /// Posts of its own, per account and day.
    pub originals: f64,
    /// Answers, per account and day.
    pub replies: f64,
    /// Reposts, per account and day.
    pub reposts: f64,
    /// Posts on topics by strangers, per day.
    pub on_topics: f64,
    /// Share of posts that search learns of late.
    pub late: f64,
    /// How late at most, milliseconds.
    pub late_ms: u64,
    /// Share of posts that are deleted within two days.
    pub deleted: f64,
    /// Share of own posts that are edited.
    pub edited: f64,
}

impl Default for Population {
    /// The model of docs/reference/x-api.md#ways-to-follow-accounts: 100 accounts, 20 topics.
    fn default() -> Self {
        Self {
            accounts: 100,
            topics: 20,
            days_before: 8,
            days_after: 8,
            originals: 5.0,
            replies: 10.0,
            reposts: 3.0,
            on_topics: 500.0,
            late: 0.02,
            late_ms: 100_000,
            deleted: 0.01,
            edited: 0.02,
        }
    }
}

/// Number of the list of all accounts worth following.
pub const LIST: u64 = 1_730_000_000_000_000_001;
const DAY_MS: u64 = 24 * 3600 * 1000;
const SYLLABLES: [&str; 16] =
    ["ka", "lo", "ri", "zen", "tu", "mo", "vex", "al", "no", "dri", "fa", "qua", "be", "sol", "ith", "pra"];
const QUIET: [&str; 8] = [
    "Our engineers fixed the slow start of the explorer this morning.",
    "Thank you to everyone who came to the meetup by the harbour.",
    "The second part of our guide to running a node is online.",
    "We are looking for a writer who likes long documents.",
    "Maintenance of the bridge is over, transfers run again.",
    "A recording of yesterday's community call is available.",
    "New examples in the developer documentation, with tests.",
    "Good morning to those who read release notes first.",
];
const SHOUTED: [&str; 6] = [
    "{} airdrop claim opens tomorrow, check whether you are eligible.",
    "{} token launch is set for next week, tokenomics inside.",
    "Snapshot for the {} airdrop was taken, the claim follows.",
    "{} token generation event goes live on Friday.",
    "Public sale of the {} token starts at noon UTC.",
    "{} will be listed for spot trading, deposits are open.",
];
const FILLING: &str = "What it means for holders, builders and validators is told below at the length it deserves, with the dates that are fixed, the ones that are not, and the questions that came up most often in the last weeks of the test network.";

/// A name nobody else in this population has.
fn name(number: usize) -> String {
    let pick = |shift: usize| SYLLABLES[(number.wrapping_mul(2_654_435_761) >> shift) % 16];
    format!("{}{}{}", pick(4), pick(8), SYLLABLES[number % 16]) + SYLLABLES[number / 16 % 16]
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

/// Query of topic `number`, as somebody would write it into the settings.
pub fn topic(number: usize) -> String {
    let name = name(number + 160);
    format!("\"{name} airdrop\" OR \"{name} token\" OR ${}", ticker(number))
}

fn ticker(number: usize) -> String {
    let first = char::from(b'A' + u8::try_from(number % 26).unwrap_or(0));
    format!("{first}{}", &name(number + 160).to_uppercase()[..3])
}

/// Handle of followed account `number`: at most 15 characters, of all lengths.
fn handle(number: usize) -> String {
    let name = name(number + 17);
    let handle = match number % 4 {
        0 => name,
        1 => format!("{}_xyz", &name[..name.len().min(11)]),
        2 => format!("{}HQ", capital(&name)),
        _ => name[..name.len().min(5)].to_owned() + &number.to_string(),
    };
    handle.chars().take(15).collect()
}

enum Act {
    Say,
    Answer,
    Repeat,
    Topic,
}

/// Makes the population; its present is `now` (Unix milliseconds).
pub fn world(seed: u64, now: i64, plan: &Population) -> World {
    let mut row = Row::new(seed);
    let mut world = World::default();
    let followed = accounts(&mut world, &mut row, plan.accounts, now, true);
    let strangers = accounts(&mut world, &mut row, plan.topics * 10, now, false);
    world.lists.push(List { id: LIST, name: "Worth following".to_owned(), members: followed.clone() });
    let from = now - i64::from(plan.days_before) * 86_400_000;
    let days = f64::from(plan.days_before + plan.days_after);
    let span = u64::try_from(i64::from(plan.days_before + plan.days_after) * 86_400_000).unwrap_or(0);
    let mut acts: Vec<(i64, Act, u64)> = Vec::new();
    let mut add = |row: &mut Row, per_day: f64, author: u64, act: fn() -> Act| {
        let wanted = per_day * days;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of posts, small and positive"
        )]
        let count = wanted as u64 + u64::from(row.happens(wanted.fract()));
        for _ in 0..count {
            acts.push((from + i64::try_from(row.below(span)).unwrap_or(0), act(), author));
        }
    };
    for author in &followed {
        add(&mut row, plan.originals, *author, || Act::Say);
        add(&mut row, plan.replies, *author, || Act::Answer);
        add(&mut row, plan.reposts, *author, || Act::Repeat);
    }
    for author in &strangers {
        add(&mut row, plan.on_topics / strangers.len() as f64, *author, || Act::Topic);
    }
    acts.sort_by_key(|(at, _, author)| (*at, *author));
    let mut last: Vec<u64> = Vec::new();
    let mut edits: Vec<(u64, i64)> = Vec::new();
    for (at, act, author) in acts {
        let draft = draft(&mut row, plan, &act, &last);
        let id = world.publish(Draft { author, at_ms: at, ..draft });
        if matches!(act, Act::Say | Act::Topic) {
            if row.happens(plan.edited) {
                edits.push((id, at + 20_000 + i64::try_from(row.below(1_700_000)).unwrap_or(0)));
            }
            last.push(id);
            if last.len() > 200 {
                last.remove(0);
            }
        }
    }
    for (id, at) in edits {
        let text = world.posts.get(&id).map(|post| format!("{} (Corrected.)", post.text)).unwrap_or_default();
        world.edit(id, at, text);
    }
    world
}

fn accounts(world: &mut World, row: &mut Row, count: usize, now: i64, followed: bool) -> Vec<u64> {
    let mut ids = Vec::new();
    for number in 0..count {
        // Old accounts have short numbers, new ones long: text order is not number order.
        let id = if row.happens(0.5) {
            100_000_000 + row.below(900_000_000)
        } else {
            1_500_000_000_000_000_000 + row.below(200_000_000_000_000_000)
        };
        let username =
            if followed { handle(number) } else { format!("{}_{number}", &name(number + 9000)[..5]) };
        let account = Account {
            id,
            name: capital(&username),
            description: format!("Building {username}. Docs first."),
            username,
            followers: if followed { 5_000 + row.below(400_000) } else { 5 + row.below(20_000) },
            created_ms: now - 400 * 86_400_000 - i64::try_from(row.below(1000)).unwrap_or(0) * 86_400_000,
            standing: Standing::Open,
            withheld: Vec::new(),
        };
        ids.push(id);
        world.accounts.insert(id, account);
    }
    ids
}

fn draft(row: &mut Row, plan: &Population, act: &Act, last: &[u64]) -> Draft {
    let number = usize::try_from(row.below(1_000_000)).unwrap_or(0);
    let target = (!last.is_empty()).then(|| *row.pick(last));
    let late = row.happens(plan.late);
    let index_delay_ms = i64::try_from(if late { row.below(plan.late_ms.max(1)) } else { row.below(12_000) });
    let lives = row.happens(plan.deleted).then(|| 60_000 + row.below(2 * DAY_MS));
    let mut draft = Draft {
        index_delay_ms: index_delay_ms.unwrap_or(0),
        lives_ms: lives.and_then(|lives| i64::try_from(lives).ok()),
        likes: row.below(900),
        ..Draft::default()
    };
    match act {
        Act::Repeat if target.is_some() => draft.about = target.map(|id| (Reference::Retweeted, id)),
        Act::Answer if target.is_some() => {
            draft.text = format!("That is right, and part {number} of the answer is in the documentation.");
            draft.about = target.map(|id| (Reference::RepliedTo, id));
        }
        Act::Topic => {
            let topic = number % plan.topics.max(1);
            let name = name(topic + 160);
            let said = [
                format!("Anyone ready for the {name} airdrop? Wallet {number} is."),
                format!("The {name} token could open higher than most think, says reader {number}."),
                format!("${} again, for the {number}th time today.", ticker(topic)),
            ];
            draft.text.clone_from(row.pick(&said));
            if row.happens(0.1) {
                (*row.pick(&["es", "tr", "ja"])).clone_into(&mut draft.lang);
            }
            if row.happens(0.1) {
                draft.about = target.map(|id| (Reference::Quoted, id));
            }
        }
        _ => {
            let subject = capital(&name(number));
            draft.text = if row.happens(0.2) {
                row.pick(&SHOUTED).replace("{}", &subject)
            } else {
                format!("{} ({number})", row.pick(&QUIET))
            };
            if row.happens(0.08) {
                draft.text = format!("{} {FILLING} {FILLING}", draft.text);
            }
            if row.happens(0.4) {
                draft.text = format!("{} https://blog.example/{number}", draft.text);
            }
            if row.happens(0.1) {
                draft.about = target.map(|id| (Reference::Quoted, id));
            }
        }
    }
    draft
}
