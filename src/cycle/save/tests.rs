//! Stories and commits against a model: whatever is found in whatever visits, with refused visits, restarts and
//! repeated work between, the database has what the model has, and so have the stories in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    alert::{self, Channel, ChannelKind, ChannelPolicy},
    http::{self, Poster},
    model::{Class, EntryKey, Event, Kind, Mention, Stage, Story, Verdict},
};

/// Examples of a usual run; `STORY_CASES` asks for more.
const CASES: u32 = 200;

/// A text on a launch, made of few parts so that texts often share pages, names, words and entries.
#[derive(Debug, Clone)]
struct Text {
    outlet: u8,
    entry: u8,
    page: u8,
    names: usize,
    form: usize,
    event: usize,
    date: usize,
    hours: u8,
    silent: bool,
    /// The outlet whose page a post points at.
    about: Option<u8>,
    textless: bool,
    /// Whether the database refuses it.
    refused: bool,
}

/// What is done: visits that come in together, after a restart of the process or not.
#[derive(Debug, Clone)]
struct Step {
    restart: bool,
    visits: Vec<Vec<Text>>,
}

const NAMES: [(Option<&str>, Option<&str>); 7] = [
    (Some("Quorith"), Some("QRT")),
    (Some("Quorith"), None),
    (None, Some("QRT")),
    (Some("Quorith Network"), None),
    (Some("Tambrel"), Some("TMB")),
    (None, Some("TMB")),
    (None, None),
];
const FORMS: [&str; 5] = [
    "NAME token claim opens for early users",
    "NAME airdrop: the claim portal is live",
    "Season 2 of the NAME airdrop",
    "NAME postpones its token claim",
    "A claim opens for early users today",
];
const RELEASE: &str = "The foundation opens the claim portal on Monday for everyone who took part in the test network, \
     ran a node or held a badge, and asks holders to use no address but the one on its own page.";

fn base() -> Timestamp {
    "2026-11-21T06:30:00.25Z".parse().unwrap()
}

impl Text {
    fn found(&self) -> Finding {
        let (project, token) = NAMES[self.names];
        let name = match (project, token) {
            (Some(project), Some(token)) => format!("{project} ({token})"),
            (project, token) => project.or(token).unwrap_or("the").to_owned(),
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let words = if self.form.is_multiple_of(2) { RELEASE } else { "Little is known so far." };
        let refused = if self.refused { " refused" } else { "" };
        Finding {
            source_url: format!("https://outlet-{}.example/feed", self.outlet),
            entry: EntryKey([self.entry; 16]),
            identity: EntryKey([self.entry; 16]),
            coin: None,
            read_at: None,
            suppress_alerts: self.silent,
            verdict: Verdict {
                tge: true,
                score: 80,
                event: Some([Event::Airdrop, Event::Announcement, Event::Snapshot][self.event]),
                stage: Some(if self.form == 1 { Stage::Live } else { Stage::Upcoming }),
                project: owned(project),
                token: owned(token),
                event_date: owned([None, Some("2026-11-24"), Some("2027-01-15")][self.date]),
                ..Verdict::default()
            },
            title: FORMS[self.form].replace("NAME", &name),
            text: format!("{words} {name}{refused}"),
            url: format!("https://outlet-{}.example/{}", self.outlet, self.page),
            author: String::new(),
            published: base() + SignedDuration::from_hours(self.hours.into()),
            kind: if self.about.is_some() { Kind::Post } else { Kind::News },
            source: Some(format!("Outlet {}", self.outlet)),
            about: self.about.map(|outlet| format!("https://outlet-{outlet}.example/{}", self.page)),
            textless: self.textless,
        }
    }
}

fn texts() -> impl Strategy<Value = Text> {
    let place = (0_u8..4, 0_u8..12, 0_u8..5, 0_u8..60);
    let words = (0..NAMES.len(), 0..FORMS.len(), prop_oneof![4 => Just(0), 1 => 1..3_usize], 0..3_usize);
    let manner = (
        any::<bool>(),
        prop_oneof![3 => Just(None), 1 => (0_u8..4).prop_map(Some)],
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.08),
    );
    (place, words, manner).prop_map(|(place, words, (silent, about, textless, refused))| {
        let (outlet, entry, page, hours) = place;
        let (names, form, event, date) = words;
        let textless = textless && about.is_some() && !refused;
        Text { outlet, entry, page, names, form, event, date, hours, silent, about, textless, refused }
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let visits = prop::collection::vec(prop::collection::vec(texts(), 0..5), 0..5);
    let step = (prop::bool::weighted(0.3), visits).prop_map(|(restart, visits)| Step { restart, visits });
    prop::collection::vec(step, 1..8)
}

fn notifier(speaks: bool) -> Notifier {
    let policy = ChannelPolicy {
        min_class: Class::Low,
        instant: Some(Class::Low),
        digest_at: Vec::new(),
        ..ChannelPolicy::new("a")
    };
    let channel = Channel {
        policy,
        kind: ChannelKind::File(alert::channels::File { path: "nowhere".into() }),
        interval: Duration::ZERO,
        timeout: Duration::ZERO,
        allow_private: false,
        fingerprint: String::new(),
    };
    let channels = if speaks { vec![channel] } else { Vec::new() };
    let settings = alert::Settings { channels, ..alert::Settings::default() };
    Notifier {
        settings: Arc::new(settings),
        post: Arc::new(Poster::new(http::Settings::for_tests())),
        state_dir: ".".into(),
    }
}

/// What the database should have.
#[derive(Default)]
struct Model {
    /// Each detection's story and what the story knows of it.
    detections: BTreeMap<String, (String, Mention)>,
    /// Each story without its mentions.
    fields: BTreeMap<String, Story>,
    stories: Stories,
}

impl Model {
    /// Takes a visit, unless the database refuses it.
    fn take(&mut self, visit: &[Text], rules: &Rules, now: Timestamp) -> bool {
        let mut seen = BTreeSet::new();
        let new = |text: &&Text| {
            let id = id_of(&text.found());
            !self.detections.contains_key(&id) && seen.insert(id)
        };
        if visit.iter().filter(new).any(|text| text.refused) {
            return false;
        }
        let mut repeated = false;
        for text in visit {
            let found = text.found();
            let (id, url) = (id_of(&found), found.about.clone().unwrap_or_else(|| found.url.clone()));
            let finding = assign_story(found, None, rules, &mut self.stories, now);
            let known = self.detections.contains_key(&id);
            repeated |= known;
            if known && !(finding.joined && self.fields.contains_key(&finding.story.id)) {
                continue;
            }
            let StoredFinding { record, story, absorbed, .. } = finding;
            let into = story.id.clone();
            self.fields.insert(into.clone(), Story { mentions: Vec::new(), ..story });
            if !known {
                let mention = Mention {
                    url,
                    source: record.detection.source,
                    title: record.detection.title,
                    at: second(record.detection.published_at.unwrap()),
                    signature: record.signature,
                };
                self.detections.insert(id, (into.clone(), mention));
            }
            for story in absorbed {
                self.fields.remove(&story);
                let theirs = self.detections.values_mut().filter(|(of, _)| *of == story);
                theirs.for_each(|(of, _)| of.clone_from(&into));
            }
        }
        if repeated {
            self.stories = Stories::new(self.whole());
        }
        true
    }

    /// The stories with their detections as mentions.
    fn whole(&self) -> Vec<Story> {
        let mut stories = self.fields.clone();
        for (story, mention) in self.detections.values() {
            stories.get_mut(story).unwrap().mentions.push(mention.clone());
        }
        stories.into_values().collect()
    }
}

fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap()
}

/// Stories by id, mentions in order.
fn snapshot(stories: &Stories) -> BTreeMap<String, Story> {
    stories.iter().map(|story| (story.id.clone(), story.clone())).collect()
}

async fn check(saver: &Saver, model: &Model) -> Result<(), TestCaseError> {
    let store = &saver.store;
    let expected: Vec<String> =
        model.detections.iter().map(|(id, (story, _))| format!("{id} {story}")).collect();
    prop_assert_eq!(store.column("SELECT id || ' ' || story FROM detections ORDER BY id").await, expected);
    let ids: Vec<String> = model.fields.keys().cloned().collect();
    prop_assert_eq!(store.column("SELECT id FROM stories ORDER BY id").await, ids);
    let saved = snapshot(&Stories::new(store.recent_stories(Timestamp::UNIX_EPOCH).await.unwrap()));
    prop_assert_eq!(&saved, &snapshot(&Stories::new(model.whole())));
    prop_assert_eq!(&saved, &snapshot(&model.stories), "what was never read again is the same");
    if let Some(stories) = &saver.stories {
        prop_assert_eq!(&saved, &snapshot(stories), "memory and database agree");
    }
    let shown = store.stories(crate::store::EventFilter { limit: 999, ..Default::default() }).await.unwrap();
    let shown: BTreeSet<String> = shown.into_iter().map(|row| row.detection.story_id).collect();
    prop_assert_eq!(shown, model.fields.keys().cloned().collect::<BTreeSet<_>>(), "each story is an event");
    let lost = "SELECT story FROM outbox WHERE message IS NULL AND story NOT IN (SELECT id FROM stories)
        UNION SELECT story FROM told WHERE story NOT IN (SELECT id FROM stories)";
    prop_assert_eq!(store.column(lost).await, Vec::<String>::new(), "alerts of a story that is no more");
    let twice = "SELECT story FROM outbox WHERE message IS NULL AND topic = 'news' GROUP BY story HAVING count(*) > 1";
    prop_assert_eq!(store.column(twice).await, Vec::<String>::new(), "a story reported twice");
    Ok(())
}

async fn run(steps: Vec<Step>, speaks: bool, rules: &Arc<Rules>) -> Result<(), TestCaseError> {
    let store = Store::open_in_memory().unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON detections WHEN NEW.document LIKE '%refused%'
        BEGIN SELECT RAISE(ABORT, 'refused'); END";
    store.column(refuse).await;
    let begin = |now: Timestamp| {
        let names = Arc::new(SourceIndex::default());
        Saver::new(store.clone(), Arc::clone(rules), names, notifier(speaks), (now, now), true)
    };
    let (mut saver, mut model, mut now) = (begin(base()), Model::default(), base());
    for step in steps {
        now += SignedDuration::from_mins(10);
        if step.restart {
            saver = begin(now);
        }
        let visits = step.visits.iter().map(|texts| Unsaved {
            commit: Commit::default(),
            found: texts.iter().map(Text::found).collect(),
        });
        let saved = saver.save(visits.collect()).await.unwrap();
        let mut refused: Vec<usize> = saved.refused.iter().map(|refused| refused.at).collect();
        refused.sort_unstable();
        let mut expected = Vec::new();
        for (at, visit) in step.visits.iter().enumerate() {
            if !model.take(visit, rules, saver.now) {
                expected.push(at);
            }
        }
        prop_assert_eq!(refused, expected, "what is refused fails alone");
        check(&saver, &model).await?;
    }
    prop_assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    prop_assert_eq!(
        saver.reported.iter().map(|detection| &detection.id).collect::<BTreeSet<_>>().len(),
        saver.reported.len()
    );
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "how many examples a run has is no setting of the program")]
fn cases() -> u32 {
    std::env::var("STORY_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn the_database_the_model_and_the_stories_in_memory_agree(steps in steps(), speaks in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let rules = Arc::new(Rules::compile(&crate::detect::Settings::default()));
        runtime.block_on(run(steps, speaks, &rules))?;
    }
}

#[test]
fn an_article_joins_the_post_that_points_at_it_in_a_later_process_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rules = Arc::new(Rules::compile(&crate::detect::Settings::default()));
    // The post names nobody, so that nothing but the address ties the two.
    let post = Text {
        outlet: 0,
        entry: 0,
        page: 3,
        names: 6,
        form: 0,
        event: 0,
        date: 0,
        hours: 0,
        silent: false,
        about: Some(1),
        textless: false,
        refused: false,
    };
    let article = Text { outlet: 1, entry: 1, names: 0, form: 0, about: None, ..post.clone() };
    let stories = |about: Option<u8>, restart: bool| {
        runtime.block_on(async {
            let store = Store::open_in_memory().unwrap();
            let begin = || {
                let (names, at) = (Arc::new(SourceIndex::default()), (base(), base()));
                Saver::new(store.clone(), Arc::clone(&rules), names, notifier(false), at, true)
            };
            let mut saver = begin();
            for text in [Text { about, ..post.clone() }, article.clone()] {
                if restart {
                    saver = begin();
                }
                let mut found = text.found();
                found.text = format!("{} {}", found.title, found.url);
                saver.save(vec![Unsaved { commit: Commit::default(), found: vec![found] }]).await.unwrap();
            }
            store.column("SELECT id FROM stories").await.len()
        })
    };
    assert_eq!(stories(None, false), 2, "without the address they are two");
    assert_eq!((stories(Some(1), false), stories(Some(1), true)), (1, 1));
}
