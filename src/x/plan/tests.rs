use proptest::prelude::*;

use super::*;

const PRICES: Prices = Prices { post: 5_000, user: 10_000 };

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> u64 {
    id_at(now() - SignedDuration::from_mins(minutes))
}

fn account(user: u64, name: &str, head: Option<u64>) -> Account {
    let state = XSource { key: account_key(user), head, ..XSource::default() };
    Account { user, username: name.to_owned(), replies: false, state }
}

fn search(query: &str, head: Option<u64>) -> Search {
    let state = XSource { key: search_key(query), head, ..XSource::default() };
    Search { query: query.to_owned(), state }
}

fn inputs<'a>(accounts: &'a [Account], searches: &'a [Search]) -> Inputs<'a> {
    Inputs {
        accounts,
        searches,
        lookback: SignedDuration::from_hours(24),
        now: now(),
        budget: 5_000_000,
        spent: 0,
        prices: PRICES,
        paid_authors: false,
    }
}

fn queries(plan: &Plan) -> Vec<&str> {
    plan.queries
        .iter()
        .filter_map(|query| match &query.endpoint {
            Endpoint::Search(query) => Some(query.as_str()),
            Endpoint::Timeline { .. } => None,
        })
        .collect()
}

#[test]
fn a_hundred_accounts_and_twenty_topics_are_at_most_nine_calls() {
    // The longest handles there are, and searches of 80 characters.
    let accounts: Vec<Account> =
        (0..100).map(|n| account(n, &format!("account_name_{n:02}"), Some(ago(10)))).collect();
    let searches: Vec<Search> = (0..20)
        .map(|n| {
            search(
                &format!(
                    "\"token generation event {n:02}\" (airdrop OR snapshot OR claim OR presale) has:links"
                ),
                None,
            )
        })
        .collect();
    assert!(searches.iter().all(|search| (60..=80).contains(&search.query.len())));
    let plan = plan(&inputs(&accounts, &searches));
    assert!(plan.queries.len() <= 9, "{}", plan.queries.len());
    assert!(plan.left_out.is_empty() && plan.lost.is_empty());
}

#[test]
fn queries_are_grouped_by_how_far_they_reach_back() {
    let accounts = [
        account(1, "new", None),
        account(2, "a", Some(ago(10))),
        account(3, "b", Some(ago(50))),
        account(4, "behind", Some(ago(300))),
    ];
    let plan = plan(&inputs(&accounts, &[]));
    assert_eq!(
        queries(&plan),
        [
            "(from:new) -is:retweet -is:reply",
            "(from:behind) -is:retweet -is:reply",
            "(from:a OR from:b) -is:retweet -is:reply"
        ]
    );
    let together = &plan.queries[2].progress;
    assert_eq!(together.bounds, Bounds::Ids { since: low(&accounts[2].state).unwrap(), until: None });
    assert_eq!(plan.queries[0].progress.bounds, Bounds::From(now() - SignedDuration::from_hours(24)));
}

#[test]
fn posts_beyond_search_are_read_from_the_timeline_or_reported_as_lost() {
    let old = ago(60 * 24 * 9);
    let plan = plan(&inputs(&[account(7, "asleep", Some(old))], &[search("$ABC airdrop", Some(old))]));
    assert_eq!(plan.queries[0].endpoint, Endpoint::Timeline { user: 7, replies: false });
    assert_eq!(queries(&plan), ["(($ABC airdrop)) -is:retweet lang:en"]);
    assert_eq!(plan.lost.len(), 1);
    assert_eq!(
        plan.queries[1].progress.bounds,
        Bounds::Ids { since: oldest_searchable_id(now()), until: None }
    );
}

#[test]
fn gaps_come_last_newest_first_and_together_where_they_were_left_together() {
    let gap = |owner, low, high| XGap { owner, low: ago(low), high: ago(high) };
    let with = |mut account: Account, gaps: &[XGap]| {
        account.state.gaps = gaps.to_vec();
        account
    };
    let shared = gap(5, 200, 100);
    let accounts = [
        with(account(1, "a", Some(ago(5))), &[shared, gap(6, 60, 40)]),
        with(account(2, "b", Some(ago(5))), &[shared]),
        with(account(3, "c", Some(ago(5))), &[gap(2, 60 * 24 * 9, 60 * 24 * 8)]),
    ];
    let mut searches = [search("x", Some(ago(5)))];
    searches[0].state.gaps = vec![gap(9, 60 * 24 * 9, 60 * 24 * 8)];
    let plan = plan(&inputs(&accounts, &searches));
    let repairs: Vec<&Query> = plan.queries.iter().filter(|query| query.progress.repair).collect();
    assert_eq!(plan.queries.len() - repairs.len(), 2);
    assert_eq!(repairs[0].endpoint, Endpoint::Search("(from:a) -is:retweet -is:reply".into()));
    assert_eq!(repairs[1].endpoint, Endpoint::Search("(from:a OR from:b) -is:retweet -is:reply".into()));
    assert_eq!(repairs[1].progress.bounds, Bounds::Ids { since: shared.low, until: Some(shared.high) });
    assert_eq!(repairs[2].endpoint, Endpoint::Timeline { user: 3, replies: false });
    assert_eq!((plan.dropped.len(), plan.lost.len()), (1, 1));
}

#[test]
fn end_of_the_budget_makes_pages_smaller_and_then_omits_calls() {
    let accounts = [account(1, "a", None)];
    let with = |spent| plan(&Inputs { spent, ..inputs(&accounts, &[]) });
    assert_eq!(with(0).queries[0].most, 100);
    assert_eq!(with(4_900_000).queries[0].most, 20);
    let poor = with(4_960_000);
    assert!(poor.queries.is_empty() && poor.left_out[0].1.contains("budget"));
}

#[test]
fn a_post_is_attributed_to_the_topic_whose_words_it_has() {
    let searches = [search("\"snapshot date\" OR tge", None), search("$ABC airdrop lang:en", None)];
    let sources: Vec<String> = searches.iter().map(|search| search.state.key.clone()).collect();
    let found = |text: &str| matching(&searches, &sources, text).map(|search| search.query.as_str());
    assert_eq!(found("The $abc AIRDROP is live"), Some("$ABC airdrop lang:en"));
    assert_eq!(found("our TGE"), Some("\"snapshot date\" OR tge"));
    assert_eq!(found("nothing of it"), None);
}

proptest! {
    /// Every source is asked for exactly once, in a query that X takes, from no later than where it stands.
    #[test]
    fn every_source_is_in_exactly_one_query_within_the_limit(
        handles in proptest::collection::btree_map("[a-z_0-9]{1,15}", proptest::option::of(0_i64..9_000), 0..130),
        words in proptest::collection::btree_map("[a-zäö$# ]{1,90}", proptest::option::of(0_i64..9_000), 0..25),
    ) {
        let accounts: Vec<Account> = handles.iter().zip(1..)
            .map(|((name, head), user)| account(user, name, head.map(ago))).collect();
        let mut searches: Vec<Search> = words.iter().filter(|(query, _)| !query.trim().is_empty())
            .map(|(query, head)| search(query, head.map(ago))).collect();
        // Spaces make no other search.
        searches.sort_by(|a, b| a.state.key.cmp(&b.state.key));
        searches.dedup_by(|a, b| a.state.key == b.state.key);
        let plan = plan(&inputs(&accounts, &searches));
        let mut asked: Vec<&String> =
            plan.queries.iter().flat_map(|query| &query.progress.sources).collect();
        asked.sort();
        let mut all: Vec<&String> =
            accounts.iter().map(|a| &a.state.key).chain(searches.iter().map(|t| &t.state.key)).collect();
        all.sort();
        prop_assert_eq!(asked, all);
        for query in queries(&plan) {
            prop_assert!(query.chars().count() <= QUERY_LIMIT);
        }
        for query in &plan.queries {
            for key in &query.progress.sources {
                let state = accounts.iter().map(|a| &a.state).chain(searches.iter().map(|t| &t.state))
                    .find(|state| state.key == *key).unwrap();
                if let Some(own) = low(state) {
                    prop_assert!(query.progress.bounds.low() <= own.max(oldest_searchable_id(now())));
                }
            }
        }
    }
}

#[test]
fn without_savings_every_account_and_search_is_a_question_of_its_own() {
    let accounts: Vec<Account> = (0..30).map(|n| account(n, &format!("name_{n}"), Some(ago(10)))).collect();
    let searches = [search("airdrop OR claim", None), search("$ERA", Some(ago(20)))];
    let plan = plan_unbatched(&inputs(&accounts, &searches));
    assert_eq!(plan.queries.len(), 32);
    assert!(plan.queries.iter().all(|query| query.progress.sources.len() == 1));
    assert_eq!(queries(&plan), ["(airdrop OR claim) -is:retweet lang:en", "$ERA -is:retweet lang:en"]);
    let poor = Inputs { budget: 0, ..inputs(&accounts, &searches) };
    assert_eq!((plan_unbatched(&poor).queries.len(), plan_unbatched(&poor).left_out.len()), (0, 32));
}
