//! The compiled rules: vocabulary, weights and watch list, ready to judge.

use std::sync::OnceLock;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    Early, Item, Origin, Priority, Settings,
    early::{Headline, early},
    explain::Explanation,
    feedback::{self, Feedback, Vector},
    judge,
    lexicon::Lexicon,
    watch,
    weights::Weights,
};
use crate::model::{Kind, Verdict};

/// Everything a judgement needs; shared by all threads. Compiled when the first text is read: most cycles find nothing
/// new, and need no more than the fingerprint.
#[derive(Debug)]
pub struct Rules {
    pub(super) settings: Settings,
    compiled: OnceLock<Compiled>,
    fingerprint: u64,
}

/// Vocabulary, weights and watch list, ready to judge.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) lexicon: Lexicon,
    pub(super) weights: Weights,
}

impl Compiled {
    fn new(settings: &Settings) -> Self {
        let phrases = settings.phrases.iter().map(|phrase| phrase.text.as_str());
        let own: Vec<&str> = phrases.chain(settings.mute.iter().map(String::as_str)).collect();
        let lexicon = Lexicon::new(&watch::signs(&settings.projects), &own);
        Self { lexicon, weights: Weights::compiled() }
    }
}

impl Rules {
    /// The rules of `settings`: vocabulary, weights and watch list.
    #[must_use]
    pub fn compile(settings: &Settings) -> Self {
        Self { fingerprint: fingerprint(settings), settings: settings.clone(), compiled: OnceLock::new() }
    }

    /// Compiles what the first text would have to wait for.
    pub fn prepare(&self) {
        self.compiled();
    }

    pub(super) fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| Compiled::new(&self.settings))
    }

    /// A number that changes with anything that may change a verdict: vocabulary, weights, threshold, watch list.
    /// The same in every process of the same program.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Score from which a text counts as a launch.
    #[must_use]
    pub fn threshold(&self) -> u8 {
        self.settings.threshold
    }

    /// The priority of the watched project of that name; `None` if it is not watched.
    #[must_use]
    pub fn priority(&self, project: &str) -> Option<Priority> {
        self.settings.projects.iter().find(|watched| watched.name == project).map(|watched| watched.priority)
    }

    /// Whether the page at `address` is a watched project's own, where nobody else writes.
    #[must_use]
    pub fn is_own_page(&self, address: &str) -> bool {
        watch::speaker(&self.settings.projects, Origin::Address(address)).is_some()
    }

    /// Whether an entry may be a launch, by title and summary; never drops what [`Rules::judge`] would call a launch from
    /// the same words.
    #[must_use]
    pub fn early(&self, headline: &Headline) -> Early {
        early(&self.compiled().lexicon, &self.settings, headline)
    }

    /// Judges one text. Reads the title and the opening of the text, in time linear in what it reads.
    #[must_use]
    pub fn judge(&self, item: &Item) -> Verdict {
        judge::judge(self, item, None, &Feedback::default()).verdict
    }

    /// As [`Rules::judge`], with the user's labels on similar texts.
    #[must_use]
    pub fn judge_with(&self, item: &Item, feedback: &Feedback) -> Verdict {
        judge::judge(self, item, None, feedback).verdict
    }

    /// Judges one text that is read at `now`: dates count from that day where `item` has none.
    #[must_use]
    pub fn judge_at(&self, item: &Item, now: Timestamp) -> Verdict {
        judge::judge(self, item, Some(now), &Feedback::default()).verdict
    }

    /// The text as a vector, for comparison with labelled texts. A post has no `title`.
    #[must_use]
    pub fn vector(&self, title: &str, text: &str, _: Kind) -> Vector {
        feedback::vector(title, text)
    }

    /// Judges one text and says why.
    #[must_use]
    pub fn explain(&self, item: &Item) -> Explanation {
        Explanation::new(self, item, None, &Feedback::default())
    }

    /// As [`Rules::explain`], for a text that is read at `now`, with the user's labels on similar texts.
    #[must_use]
    pub fn explain_at(&self, item: &Item, now: Timestamp, feedback: &Feedback) -> Explanation {
        Explanation::new(self, item, Some(now), feedback)
    }
}

fn fingerprint(settings: &Settings) -> u64 {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(text.as_bytes());
    };
    // A change of the code that reads them comes with a new version.
    add(env!("CARGO_PKG_VERSION"));
    Lexicon::sources().chain([Weights::source()]).for_each(&mut add);
    add(&format!("{} {} {}", settings.threshold, settings.watched_only, settings.encoder));
    add(&format!("{:?} {:?} {:?}", settings.phrases, settings.mute, settings.languages));
    for project in &settings.projects {
        add(&format!("{project:?}"));
    }
    hash.finalize().iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
}
