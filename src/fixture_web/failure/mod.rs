//! Injected failures of hosts: of a whole host, or of a part of one.
//!
//! Such a host is answered byte by byte, because no library sends what these hosts send.

mod bombs;
mod content;
mod head;
mod play;
mod random;

use super::{World, lock};

pub use play::intercept;
pub use random::RandomFailure;

macro_rules! failures {
    ($($failure:ident $name:literal $effect:literal,)*) => {
        /// A way in which a host fails.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum InjectedFailure {
            $(#[doc = $effect] $failure,)*
        }

        impl InjectedFailure {
            /// Every failure.
            pub const ALL: &'static [Self] = &[$(Self::$failure,)*];

            /// Its name in options.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$failure => $name,)* }
            }

            /// What the host does, in a line.
            #[must_use]
            pub fn effect(self) -> &'static str {
                match self { $(Self::$failure => $effect,)* }
            }
        }
    };
}

failures! {
    ServerError "server_error" "answers 500",
    Overloaded "overloaded" "answers 503 with Retry-After: 600",
    LimitSeconds "limit_seconds" "answers 429 with Retry-After in seconds (7200)",
    LimitDate "limit_date" "answers 429 with Retry-After as an HTTP date, three hours after its Date",
    LimitEndless "limit_endless" "answers 429 with a Retry-After of thirty digits",
    LimitNonsense "limit_nonsense" "answers 429 with Retry-After: soon",
    LimitSilent "limit_silent" "answers 429 without Retry-After",
    LimitReset "limit_reset" "answers 429 without Retry-After, with x-ratelimit-reset: 5400",
    LimitFar "limit_far" "answers 429 with a Retry-After in the year 9999",
    Gone "gone" "answers 410",
    Missing "missing" "answers 404",
    Challenge "challenge" "answers 403 with a browser challenge",
    ChallengePage "challenge_page" "answers 200 with the page of a browser challenge",
    ChallengeUnavailable "challenge_unavailable" "answers 503 with the page of a browser challenge",
    NotAcceptable "not_acceptable" "answers 406 to requests that do not prefer text/html",
    Stuck304 "stuck_304" "answers 304 whatever it is asked, even to requests without validators",
    RedirectChain "redirect_chain" "redirects without end, each time to another address",
    RedirectLoop "redirect_loop" "redirects in a circle of two",
    RedirectPrivate "redirect_private" "redirects to a loopback address",
    RedirectMapped "redirect_mapped" "redirects to a loopback address written as IPv6",
    RedirectLinkLocal "redirect_link_local" "redirects to 169.254.169.254",
    RedirectInward "redirect_inward" "redirects to a name that resolves to a private address",
    RedirectScheme "redirect_scheme" "redirects to a file: address",
    RedirectNowhere "redirect_nowhere" "redirects without a Location",
    RedirectCookie "redirect_cookie" "redirects to the same address until the cookie it sets comes back",
    RedirectUtf8 "redirect_utf8" "redirects to an address in raw UTF-8, where its feed is",
    RedirectLong "redirect_long" "redirects to an address of 60,000 characters",
    SlowDrip "slow_drip" "sends its body a byte at a time, without end",
    Stall "stall" "falls silent in mid-body",
    Silence "silence" "takes the request and never answers",
    HangUp "hang_up" "takes the request and hangs up",
    EndlessBody "endless_body" "sends entries without end",
    Reset "reset" "resets the connection in mid-body",
    GzipBomb "gzip_bomb" "sends a megabyte of gzip that unpacks to a gibibyte",
    ZstdBomb "zstd_bomb" "sends a few kilobytes of zstd that unpack to a gibibyte",
    DamagedGzip "damaged_gzip" "sends gzip with a damaged middle",
    CodingCharset "coding_charset" "names a character set as Content-Encoding",
    CodingFalse "coding_false" "names br as coding and sends its body plain",
    NoLastChunk "no_last_chunk" "sends a whole body in chunks and hangs up before the last, empty one",
    BadChunk "bad_chunk" "sends a chunk whose length is no number",
    LengthTooLong "length_too_long" "sends less than its Content-Length",
    LengthTooShort "length_too_short" "sends more than its Content-Length",
    ManyHeaders "many_headers" "sends 10,000 headers",
    HugeHeader "huge_header" "sends a header of a megabyte",
    NoHttp "no_http" "answers in another protocol",
    Empty "empty" "answers 200 with nothing",
    WrongCharset "wrong_charset" "names koi8-r and sends UTF-8",
    MissingCharset "missing_charset" "sends windows-1251 and names no charset",
    Truncated "truncated" "sends a feed that ends after two thirds, lengths and validators as if whole",
    Malformed "malformed" "sends a feed without a proper end to anything",
    Html "html" "sends a web page for a feed",
    ChangingEtag "changing_etag" "sends the same feed with another tag each time",
    BareEntries "bare_entries" "sends entries without date, link and guid",
    FutureDates "future_dates" "dates everything in 2999",
    ManyEntries "many_entries" "sends 100,000 entries before its own",
    NestedBases "nested_bases" "nests 200 elements with an xml:base of 20,000 characters each",
    DeepNesting "deep_nesting" "nests a million elements",
    EntityBomb "entity_bomb" "declares entities that grow tenfold, ten times",
    ExternalEntity "external_entity" "declares an entity at a private address",
}

impl InjectedFailure {
    /// The failure of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|failure| failure.name() == name)
    }
}

impl World {
    /// Whether any part of `host` fails.
    fn has_failure(&self, host: &str) -> bool {
        let targets = |target: &Option<String>| {
            target.as_deref().is_some_and(|target| target.split('/').next() == Some(host))
        };
        lock(&self.failures).iter().any(|injection| targets(&injection.target))
    }

    /// The failure of `path`, with its query, at `host`.
    fn failure(&self, host: &str, path: &str) -> Option<InjectedFailure> {
        let fits = |target: &str| {
            target == host || (target.contains('/') && format!("{host}{path}").starts_with(target))
        };
        super::injection::next(&mut lock(&self.failures), &[], fits).map(|(failure, _)| failure)
    }
}
