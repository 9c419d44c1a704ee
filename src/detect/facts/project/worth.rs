//! What a name is worth as the project, by the places in which it stands. All of these were set by hand in November
//! 2026, until the labelled texts named the right project most often (docs/measurements/2026-11-detection.md#judgement-first-version);
//! only their proportions count.

/// A name in the title of news, in that of a post, and in the body.
pub(super) const NEWS_TITLE: f32 = 2.0;
pub(super) const POST_TITLE: f32 = 1.0;
pub(super) const BODY: f32 = 0.5;
/// The first name of a part, what each later one loses, and the least that is left.
pub(super) const FIRST: f32 = 1.2;
pub(super) const LATER: f32 = 0.4;
pub(super) const LATE: f32 = -0.5;
/// Before a noun of the trade: next to it or as its owner, or within four tokens.
pub(super) const BEFORE_NOUN: f32 = 2.0;
pub(super) const NEAR_NOUN: f32 = 0.5;
/// Before a ticker that stands near such a noun: "Kamino's KMNO airdrop".
pub(super) const BEFORE_TICKER: f32 = 1.0;
/// Before a verb whose subject is a project.
pub(super) const SUBJECT: f32 = 0.9;
/// Before a bracket with capitals in it.
pub(super) const BEFORE_BRACKET: f32 = 1.8;
/// Up to two tokens after a verb of listing.
pub(super) const LISTED: f32 = 1.2;
/// "The airdrop of ...".
pub(super) const OF_NOUN: f32 = 1.0;
/// After a quotation mark or a square bracket.
pub(super) const QUOTED: f32 = 0.7;
/// After "on", "via" and the like: a place or a partner.
pub(super) const PARTNER: f32 = -1.2;
/// Near talk of prices.
pub(super) const PRICE_TALK: f32 = -1.0;
/// A common word at the head of a text, and elsewhere.
pub(super) const COMMON_FIRST: f32 = -0.8;
pub(super) const COMMON: f32 = -2.0;
pub(super) const ESTABLISHED: f32 = -2.6;
pub(super) const VENUE: f32 = -3.6;
pub(super) const PRESS: f32 = -6.0;
/// The subject of "lists": an exchange.
pub(super) const LISTS: f32 = -5.0;
/// A ticker in the place of a name.
pub(super) const TICKER: f32 = -1.4;
/// A hashtag, and what it loses in a text with more than [`MANY_HASHTAGS`].
pub(super) const HASHTAG: f32 = 0.9;
pub(super) const CROWDED: f32 = 0.4;
pub(super) const MANY_HASHTAGS: usize = 5;
pub(super) const CASHTAG: f32 = 1.0;
/// A cashtag or hashtag at the head of a text; each token before it takes off a hundredth.
pub(super) const EARLY: f32 = 1.0;
pub(super) const PER_TOKEN: f32 = 0.01;
/// An account that is addressed, and one that is mentioned.
pub(super) const ADDRESSED: f32 = 0.2;
pub(super) const MENTIONED: f32 = 0.7;
/// The least that a tag is worth, and what a noun of the trade within two tokens adds.
pub(super) const LEAST_TAG: f32 = 0.1;
pub(super) const TAG_NEAR_NOUN: f32 = 0.8;
/// With the ticker as its owner: "Caldera (ERA)", "Kamino's KMNO".
pub(super) const OWNER: f32 = 6.0;
/// What a name must be worth to be reported in place of a ticker that is worth more.
pub(super) const BESIDE_TICKER: f32 = 1.0;
/// What each of [`MENTIONS`] more mentions adds that is worth more than [`CONFIRMING`].
pub(super) const MENTION: f32 = 0.35;
pub(super) const MENTIONS: u8 = 2;
pub(super) const CONFIRMING: f32 = 0.8;
/// What two spellings of one name gain on the better of both, and what the longer one loses again.
pub(super) const JOINED: f32 = 0.3;
pub(super) const LONGER: f32 = 0.1;
