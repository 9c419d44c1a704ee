//! A text's fingerprint: which three-word runs open it, which words its headline has, which names it drops.
//!
//! Packs into [`Signature`] and compares. Knows nothing of stories, projects or time. Bytes are the same on
//! every machine and in every release of this layout; another layout takes another first byte, and a layout
//! this code does not know compares as an empty text.

use crate::model::Signature;

/// First byte of the layout below: version, whether `runs` was cut, lengths of `runs`, `title` and `names`,
/// then those hashes as little-endian `u32`.
const LAYOUT: u8 = 1;

/// Words of a text that are read. Republishers keep the opening and cut or extend the end, and a feed's
/// summary is 30–60 words of it.
const OPENING_WORDS: usize = 120;

/// Bytes of a text that are looked at for those words: 120 words of 34 letters, and a bound for texts
/// that never end a word.
const OPENING_BYTES: usize = 4096;

/// Smallest hashes kept of the runs: at a true overlap of 0.5 the estimate is good to ± 0.07 (one standard
/// deviation), and openings up to 50 words are kept whole.
const RUNS: usize = 48;

/// Most headline words kept; longer headlines are lists.
const WORDS: usize = 24;

/// Most names kept: a venue's notice with its list of excluded countries has about thirty.
const NAMES: usize = 48;

/// Fewest runs that two texts must share before they count as copies: shorter agreement is a phrase.
const SHARED_RUNS: usize = 6;

/// Fewest distinctive words of a headline that only a copy repeats; "The airdrop everyone waited for is here"
/// has three.
const HEADLINE_WORDS: usize = 6;

/// Words of a headline that say nothing about which news it is.
const STOP_WORDS: [&str; 32] = [
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "have", "here", "how", "in",
    "into", "is", "it", "its", "new", "of", "on", "or", "s", "the", "this", "to", "what", "will", "with",
    "you", "your",
];

/// An unpacked fingerprint; all lists sorted, without repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MinHash {
    /// The smallest hashes of three-word runs.
    pub runs: Vec<u32>,
    /// Whether there were more runs than kept.
    cut: bool,
    /// Headline words.
    pub title: Vec<u32>,
    /// Words written as names or tickers.
    pub names: Vec<u32>,
}

/// Fingerprint of a text for finding its near-duplicates.
///
/// Takes the headline and the plain text (either may be empty); gives at most 485 bytes.
#[must_use]
pub fn signature(title: &str, text: &str) -> Signature {
    let headline: Vec<Word> = words(title).collect();
    let body: Vec<Word> = words(text).collect();
    let read = if body.is_empty() { &headline } else { &body };
    let mut runs: Vec<u32> = read.windows(3).map(run).collect();
    let mut title: Vec<u32> =
        headline.iter().filter(|word| !STOP_WORDS.contains(&word.lower.as_str())).map(Word::hash).collect();
    // In a headline every word may begin large: only tickers and brand spellings stand out there.
    let mut names: Vec<u32> = headline.iter().filter(|word| word.capitals > 1).map(Word::hash).collect();
    names.extend(body.iter().filter(|word| word.is_name()).map(Word::hash));
    for list in [&mut runs, &mut title, &mut names] {
        list.sort_unstable();
        list.dedup();
    }
    let cut = runs.len() > RUNS;
    runs.truncate(RUNS);
    title.truncate(WORDS);
    names.truncate(NAMES);
    MinHash { runs, cut, title, names }.pack()
}

impl MinHash {
    fn pack(&self) -> Signature {
        let lists = [&self.runs, &self.title, &self.names];
        let mut bytes = vec![LAYOUT, u8::from(self.cut)];
        bytes.extend(lists.map(|list| u8::try_from(list.len()).unwrap_or(u8::MAX)));
        bytes.extend(lists.into_iter().flatten().flat_map(|hash| hash.to_le_bytes()));
        Signature(bytes)
    }

    /// Reads a fingerprint back; an unknown or damaged one gives the empty sketch, which resembles nothing.
    pub fn unpack(packed: &Signature) -> Self {
        let [LAYOUT, cut, runs, title, names, ref hashes @ ..] = *packed.0 else { return Self::default() };
        let lengths = [runs, title, names].map(usize::from);
        if hashes.len() != lengths.iter().sum::<usize>() * 4 {
            return Self::default();
        }
        let mut hashes = hashes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let [runs, title, names] = lengths.map(|length| hashes.by_ref().take(length).collect());
        Self { runs, cut: cut != 0, title, names }
    }

    /// How much of the shorter text the longer one repeats, 0–1; 0 where the agreement is too short to be one.
    ///
    /// Cut lists hold the smallest hashes of their texts: up to the smaller of their last ones both are
    /// complete, so the share found there is a fair sample of the whole.
    pub fn overlap(&self, other: &Self) -> f64 {
        let mark = |min_hash: &Self| if min_hash.cut { min_hash.runs.last().copied() } else { None };
        let mark = mark(self).unwrap_or(u32::MAX).min(mark(other).unwrap_or(u32::MAX));
        let below = |min_hash: &Self| min_hash.runs.partition_point(|hash| *hash <= mark);
        let (a, b) = (&self.runs[..below(self)], &other.runs[..below(other)]);
        let shared = shared(a, b);
        if shared < SHARED_RUNS { 0.0 } else { shared as f64 / a.len().min(b.len()) as f64 }
    }

    /// Jaccard index of the headlines' words, 0–1.
    pub fn headline_likeness(&self, other: &Self) -> f64 {
        let shared = shared(&self.title, &other.title);
        let all = self.title.len() + other.title.len() - shared;
        if all == 0 { 0.0 } else { shared as f64 / all as f64 }
    }

    /// One hash for the whole headline, if it is so long that two newsrooms do not arrive at it by chance.
    pub fn headline(&self) -> Option<u32> {
        let bytes: Vec<u8> = self.title.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        (self.title.len() >= HEADLINE_WORDS).then(|| fold(&bytes))
    }

    /// Whether both carry the same long headline.
    pub fn same_headline(&self, other: &Self) -> bool {
        self.title.len() >= HEADLINE_WORDS && self.title == other.title
    }

    /// Whether the text with fewer names drops none that the other does not drop too. Never of texts that drop
    /// more than can be kept: the one in which they differ may be missing.
    pub fn names_agree(&self, other: &Self) -> bool {
        let (fewer, more) =
            (self.names.len().min(other.names.len()), self.names.len().max(other.names.len()));
        more < NAMES && shared(&self.names, &other.names) == fewer
    }

    /// Whether both texts drop the same names.
    pub fn names_equal(&self, other: &Self) -> bool {
        self.names.len() < NAMES && self.names == other.names
    }

    /// Whether headline or names hold every word of `name`, which is lower case.
    pub fn mentions(&self, name: &[String]) -> bool {
        !name.is_empty()
            && name.iter().map(|word| hash_of(word)).all(|hash| {
                self.title.binary_search(&hash).is_ok() || self.names.binary_search(&hash).is_ok()
            })
    }

    /// Whether the headline alone holds every word of `name`, which is lower case.
    pub fn headline_mentions(&self, name: &[String]) -> bool {
        !name.is_empty() && name.iter().all(|word| self.title.binary_search(&hash_of(word)).is_ok())
    }
}

/// Hash of one lower-case word, as sketches hold it.
pub(super) fn hash_of(word: &str) -> u32 {
    fold(word.as_bytes())
}

/// Length of the common part of two sorted lists without repeats.
fn shared(a: &[u32], b: &[u32]) -> usize {
    a.iter().filter(|hash| b.binary_search(hash).is_ok()).count()
}

/// The lower-case words of a text: runs of letters and digits, possessive `'s` left off.
pub(super) fn lower_words(text: &str) -> Vec<String> {
    words(text).map(|word| word.lower).collect()
}

struct Word {
    lower: String,
    /// Capital letters in it as it stands.
    capitals: usize,
    /// Whether it begins large only because a sentence does.
    opens_sentence: bool,
}

impl Word {
    fn hash(&self) -> u32 {
        hash_of(&self.lower)
    }

    fn is_name(&self) -> bool {
        self.capitals > usize::from(self.opens_sentence)
    }
}

/// The first [`OPENING_WORDS`] words.
fn words(text: &str) -> impl Iterator<Item = Word> + '_ {
    let mut rest = &text[..text.floor_char_boundary(OPENING_BYTES)];
    let mut opens_sentence = true;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(char::is_alphanumeric)?;
            let gap = &rest[..start];
            opens_sentence |= gap.contains(['.', '!', '?', '\n', ':', '…']);
            let after_apostrophe = gap.ends_with(['\'', '’']);
            let end = rest[start..].find(|c: char| !c.is_alphanumeric()).map_or(rest.len(), |at| start + at);
            let word = &rest[start..end];
            rest = &rest[end..];
            if after_apostrophe && word.eq_ignore_ascii_case("s") {
                continue;
            }
            let capitals = word.chars().filter(|c| c.is_uppercase()).count();
            let found = Word {
                lower: word.to_lowercase(),
                capitals,
                opens_sentence: std::mem::take(&mut opens_sentence),
            };
            return Some(found);
        }
    })
    .take(OPENING_WORDS)
}

fn run(words: &[Word]) -> u32 {
    let mut bytes = Vec::with_capacity(32);
    for word in words {
        bytes.extend_from_slice(word.lower.as_bytes());
        bytes.push(b' ');
    }
    fold(&bytes)
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo), then the finaliser of `SplitMix64` (Steele, Lea, Flood 2014), so that
/// the upper half is even enough for "the smallest hashes" to be a fair sample.
fn fold(bytes: &[u8]) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u32::try_from((hash ^ (hash >> 31)) >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests;
