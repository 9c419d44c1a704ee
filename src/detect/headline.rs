//! Frames that an analyst reads at a glance: classes of texts, each told by a few groups in a certain relation.
//!
//! Each has an opinion to begin with (`PRIORS`): training starts from it and corrects it by what the labels say, so
//! that rare classes are judged sensibly before there are many examples of them.

use super::{
    lexicon::{Lexicon, Part, Reading},
    signals::Sink,
};
use crate::{model::Kind, text::normal::Shape};

/// The frames by name, with the raw points training starts from.
pub const PRIORS: &[(&str, f32)] = &[
    ("frame:clean headline", 1.2),
    ("frame:listing notice", 3.0),
    ("frame:sale advert", 1.5),
    ("frame:airdrop with tasks", 1.5),
    ("frame:presale placement", 2.0),
    ("frame:ahead of a launch", 1.5),
    ("frame:new token on a venue", 1.5),
    ("frame:other object", -1.5),
    ("frame:wrongdoing", -1.5),
    ("frame:price led", -1.2),
    ("frame:price led by an old token", -1.2),
    ("frame:trading contest", -2.5),
    ("frame:derivative", -2.5),
    ("frame:old token only", -1.2),
    ("frame:in general", -1.5),
    ("frame:lesson", -0.8),
    ("frame:recap", -1.2),
    ("frame:called off", -1.5),
    ("frame:reaction", -0.8),
    ("frame:handout of another coin", -2.0),
    ("frame:praise", -1.5),
    ("frame:price site", -2.5),
    ("frame:supposed", -2.0),
    ("frame:rumour", -3.0),
    ("frame:platform", -1.2),
    ("frame:unlock", -3.0),
];

/// What a headline says of the event and its time, by the order of docs/reference/labelling.md#order-of-events; training corrects it too.
/// Name, column of the weights, raw points.
pub const FACT_PRIORS: &[(&str, usize, f32)] = &[
    ("headline:announcement", 1, 4.0),
    ("headline:snapshot", 2, 4.0),
    ("headline:sale", 3, 4.0),
    ("headline:airdrop", 4, 4.0),
    ("headline:listing", 5, 4.0),
    ("headline:tokenomics", 6, 4.0),
    ("headline:upcoming", 7, 1.5),
    ("headline:live", 8, 1.5),
    ("headline:past", 9, 1.5),
];

/// Tokens between a hedge, or a coin, and the noun it belongs to.
const NEAR: usize = 6;

/// The groups the frames are made of.
#[derive(Debug, Clone, Copy)]
pub struct HeadlinePatterns {
    strict: u128,
    airdrop: u128,
    shared_out: u128,
    sale: u128,
    listing: u128,
    trading: u128,
    object: u128,
    wrong: u128,
    price_move: u128,
    relation: u128,
    after: u128,
    trade_contest: u128,
    perp: u128,
    old: u128,
    name: u128,
    cashtag: u128,
    plural: u128,
    education: u128,
    recap: u128,
    cancel: u128,
    reaction: u128,
    third: u128,
    cbdc: u128,
    praise: u128,
    instruct: u128,
    reward: u128,
    price_site: u128,
    hedge: u128,
    suppose: u128,
    tool: u128,
    unlock: u128,
    stage: u128,
    prediction: u128,
    wire: u128,
    join: u128,
    opens: u128,
    sets: u128,
    upcoming: u128,
    funding: u128,
    launch: u128,
    venue: u128,
    token: u128,
    debut: u128,
    launched: u128,
    raised: u128,
    snapshot: u128,
    tokenomics: u128,
    sell: u128,
    supply: u128,
    claim: u128,
    gives: u128,
    tge: u128,
}

impl HeadlinePatterns {
    /// Looks up the groups by name.
    #[must_use]
    pub fn new(lexicon: &Lexicon) -> Self {
        let mask = |names: &[&str]| lexicon.mask(names);
        Self {
            strict: mask(&[
                "airdrop",
                "airdropped",
                "claim",
                "presale",
                "tokensale",
                "ido",
                "launchpad",
                "tge",
                "tokenlaunch",
            ]),
            airdrop: mask(&["airdrop", "airdropped"]),
            shared_out: mask(&["distribution"]),
            sale: mask(&["presale", "tokensale", "ido", "launchpad"]),
            listing: mask(&["list"]),
            trading: mask(&["trading"]),
            object: mask(&["nft", "cbdc", "stock", "stablecoin", "rwa"]),
            wrong: mask(&["wrong"]),
            price_move: mask(&["pricemove"]),
            relation: mask(&["after", "upcoming"]),
            after: mask(&["after", "ahead"]),
            trade_contest: mask(&["tradecontest"]),
            perp: mask(&["perp"]),
            old: mask(&["old"]),
            name: mask(&["name"]),
            cashtag: mask(&["cashtag"]),
            plural: mask(&["plural"]),
            education: mask(&["education"]),
            recap: mask(&["recap"]),
            cancel: mask(&["cancel"]),
            reaction: mask(&["reaction"]),
            third: mask(&["third"]),
            cbdc: mask(&["cbdc"]),
            praise: mask(&["praise"]),
            instruct: mask(&["instruct"]),
            reward: mask(&["reward"]),
            price_site: mask(&["oldlisting"]),
            suppose: mask(&["suppose"]),
            hedge: mask(&["hedge", "farm"]),
            tool: mask(&["tool"]),
            unlock: mask(&["unlock"]),
            stage: mask(&["stage"]),
            prediction: mask(&["prediction"]),
            wire: mask(&["wire"]),
            join: mask(&["join"]),
            opens: mask(&["opens"]),
            sets: mask(&["sets", "reveals"]),
            upcoming: mask(&["upcoming"]),
            funding: mask(&["funding", "raised"]),
            launch: mask(&["tokenlaunch", "tge", "airdrop"]),
            venue: mask(&["venue"]),
            token: mask(&["token", "cashtag", "newtoken", "governance"]),
            debut: mask(&["debut", "launches"]),
            launched: mask(&["launches", "opens"]),
            raised: mask(&["raised", "ended"]),
            snapshot: mask(&["record"]),
            tokenomics: mask(&["tokenomics"]),
            sell: mask(&["sell"]),
            supply: mask(&["supply"]),
            claim: mask(&["claim"]),
            gives: mask(&["gives"]),
            tge: mask(&["tge", "tokenlaunch", "newtoken"]),
        }
    }

    /// Tells `sink` every frame of `reading`.
    pub fn signals(&self, kind: Kind, reading: &Reading, sink: &mut impl Sink) {
        self.facts(kind, reading, sink);
        let head = if reading.title.tags.is_empty() { &reading.body } else { &reading.title };
        let seen = head.seen;
        let has = |mask: u128| seen & mask != 0;
        let mut tell = |name: &str| sink.signal(&["frame:", name], 1.0, None);
        let event = has(self.strict);
        let fresh = self.fresh(head);
        let blemish = self.object
            | self.wrong
            | self.plural
            | self.cancel
            | self.reaction
            | self.trade_contest
            | self.perp
            | self.price_move
            | self.hedge
            | self.recap
            | self.tool
            | self.price_site;
        if kind == Kind::News && event && fresh && !has(blemish) {
            tell("clean headline");
        }
        let listed = has(self.listing) && (has(self.trading) || reading.body.seen & self.trading != 0);
        if listed && fresh && !has(self.perp | self.trade_contest | self.price_site | self.cancel) {
            tell("listing notice");
        }
        if kind == Kind::Post {
            self.post(head, fresh, &mut tell);
        } else {
            self.news(reading, fresh, &mut tell);
        }
        if has(self.trade_contest) {
            tell("trading contest");
        }
        if has(self.perp) {
            tell("derivative");
        }
        if has(self.price_site) {
            tell("price site");
        }
        if near(head, self.strict | self.listing, self.hedge) {
            tell("supposed");
        }
        if has(self.suppose) && has(self.strict | self.listing | self.token) {
            tell("rumour");
        }
        if after(head, self.airdrop, self.third | self.cbdc) {
            tell("handout of another coin");
        }
    }

    fn news(&self, reading: &Reading, fresh: bool, tell: &mut impl FnMut(&str)) {
        let head = if reading.title.tags.is_empty() { &reading.body } else { &reading.title };
        let has = |mask: u128| head.seen & mask != 0;
        let event = has(self.strict);
        let placed = reading.body.seen & (self.wire | self.stage | self.raised) != 0
            || has(self.prediction | self.stage | self.raised);
        if (head.seen | reading.body.seen) & self.sale != 0 && placed && !has(self.wrong) && fresh {
            tell("presale placement");
        }
        if event && has(self.upcoming) && has(self.launch) && has(self.funding) && fresh {
            tell("ahead of a launch");
        }
        if has(self.venue)
            && has(self.token | self.debut)
            && has(self.debut | self.listing | self.sale | self.trading)
            && fresh
            && !has(self.old | self.object)
        {
            tell("new token on a venue");
        }
        let core = event || has(self.listing | self.trading);
        let frames = [
            (self.object, "other object"),
            (self.wrong, "wrongdoing"),
            (self.plural, "in general"),
            (self.education, "lesson"),
            (self.recap, "recap"),
            (self.cancel, "called off"),
            (self.reaction, "reaction"),
            (self.tool, "platform"),
        ];
        for (mask, name) in frames {
            if core && has(mask) {
                tell(name);
            }
        }
        if has(self.old) && !fresh {
            tell("old token only");
        }
        if has(self.unlock) && !has(self.airdrop | self.sale | self.claim) {
            tell("unlock");
        }
        if self.price_led(head) {
            tell("price led");
            if has(self.old) {
                tell("price led by an old token");
            }
        }
    }

    fn post(&self, post: &Part, fresh: bool, tell: &mut impl FnMut(&str)) {
        let has = |mask: u128| post.seen & mask != 0;
        let link = post.normal.tokens.iter().any(|token| token.shape == Shape::Link);
        let named = fresh || post.normal.tokens.iter().any(|token| token.shape == Shape::Hashtag);
        if has(self.sale)
            && link
            && named
            && has(self.opens | self.join | self.stage | self.sets | self.upcoming)
        {
            tell("sale advert");
        }
        if has(self.airdrop) && link && named && has(self.reward | self.join) && !has(self.trade_contest) {
            tell("airdrop with tasks");
        }
        if has(self.praise) && !(link && has(self.reward | self.join | self.instruct)) {
            tell("praise");
        }
        if has(self.wrong) && has(self.strict) {
            tell("wrongdoing");
        }
        if has(self.plural) {
            tell("in general");
        }
    }

    /// The event of the headline, and how far it has come.
    fn facts(&self, kind: Kind, reading: &Reading, sink: &mut impl Sink) {
        let title = reading.title.seen;
        let whole = title | reading.body.seen;
        let supply = if title & self.sets != 0 { title & self.supply } else { 0 };
        let events = self.strict | self.listing | self.trading | self.tokenomics | self.tge | supply;
        let main = self.before_cause(&reading.title);
        let seen = if main & events != 0 {
            main
        } else if title & events != 0 {
            title
        } else {
            whole
        };
        let has = |mask: u128| seen & mask != 0;
        let ahead = has(self.sets | self.upcoming);
        let event = if has(self.sale) && !(has(self.airdrop) && title & self.sale == 0) {
            "sale"
        } else if has(self.airdrop) && has(self.snapshot) && !has(self.claim | self.gives | self.upcoming) {
            "snapshot"
        } else if has(self.airdrop | self.claim) && !(has(self.listing) && has(self.trading)) {
            "airdrop"
        } else if has(self.listing | self.trading) {
            "listing"
        } else if title & self.sell != 0 && has(self.launched | self.raised | self.join) {
            "sale"
        } else if has(self.shared_out) && has(self.launched | self.gives) {
            "airdrop"
        } else if has(self.tge) {
            if has(self.launched) && !has(self.sets) || !(ahead || has(self.funding)) {
                "listing"
            } else {
                "announcement"
            }
        } else if has(self.tokenomics | supply) {
            "tokenomics"
        } else if has(self.snapshot) {
            "snapshot"
        } else {
            return;
        };
        sink.signal(&["headline:", event], 1.0, None);
        let open = has(self.launched | self.gives) || kind == Kind::Post && has(self.join | self.reward);
        let placed = event == "sale" && (whole & self.wire | title & (self.stage | self.prediction)) != 0;
        let stage = if placed {
            "live"
        } else if event == "sale" && title & self.raised != 0 {
            "past"
        } else if open && !(ahead && event == "listing") {
            "live"
        } else if ahead || event == "announcement" || event == "tokenomics" || event == "snapshot" {
            "upcoming"
        } else {
            return;
        };
        sink.signal(&["headline:", stage], 1.0, None);
    }

    /// The groups of a headline up to the word that gives a cause or a background: what stands after "after" is old
    /// news, and what stands after "ahead of" is another day's.
    fn before_cause(&self, title: &Part) -> u128 {
        title.tags.iter().take_while(|tags| **tags & self.after == 0).fold(0, |seen, tags| seen | tags)
    }

    /// Whether a name or ticker stands there that is no established token, venue or outlet.
    fn fresh(&self, part: &Part) -> bool {
        part.tags.iter().any(|tags| tags & self.name != 0 || tags & self.cashtag != 0 && tags & self.old == 0)
    }

    /// "X soars after airdrop": the price moves, the event is only its cause.
    fn price_led(&self, part: &Part) -> bool {
        let first = |mask: u128, from: usize| (from..part.tags.len()).find(|&at| part.tags[at] & mask != 0);
        let Some(moved) = first(self.price_move, 0) else { return false };
        let Some(related) = first(self.relation, moved) else { return false };
        first(self.strict | self.trading | self.listing, related).is_some() || part.seen & self.strict == 0
    }
}

/// Whether a token of `a` stands near one of `b`.
fn near(part: &Part, a: u128, b: u128) -> bool {
    let found = |at: usize, mask: u128| part.tags[at] & mask != 0;
    (0..part.tags.len()).filter(|&at| found(at, b)).any(|at| {
        (at.saturating_sub(NEAR)..(at + NEAR + 1).min(part.tags.len())).any(|other| found(other, a))
    })
}

/// Whether a token of `b` follows soon after one of `a`.
fn after(part: &Part, a: u128, b: u128) -> bool {
    (0..part.tags.len())
        .filter(|&at| part.tags[at] & a != 0)
        .any(|at| (at + 1..(at + NEAR + 1).min(part.tags.len())).any(|other| part.tags[other] & b != 0))
}
