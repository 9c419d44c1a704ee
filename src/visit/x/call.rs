//! An API call and its result. Pure.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use url::Url;

use crate::{
    model::XPage,
    x::{
        Settings,
        api::{self, Dialect, Page},
        limits,
        plan::{Endpoint, Query},
        windows::Bounds,
    },
};

/// What a call asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum ApiCall<'a> {
    /// Accounts by handle.
    Handles(&'a [String]),
    /// Accounts by id.
    Ids(&'a [u64]),
    /// X's own count of the posts it delivered.
    Usage,
    /// One page of posts; the token names every page but the first.
    Posts(&'a Query, Option<&'a str>),
}

/// Objects that a call may return, and their price.
pub(super) struct Objects {
    pub wanted: u32,
    /// The fewest that the endpoint accepts as a maximum.
    pub least: u32,
    /// Millionths of a dollar for one object.
    pub price: u64,
}

impl ApiCall<'_> {
    pub fn route(&self) -> &'static str {
        match self {
            Self::Handles(_) => limits::USERS_BY,
            Self::Ids(_) => limits::USERS,
            Self::Usage => limits::USAGE,
            Self::Posts(query, _) => query.endpoint.route(),
        }
    }

    pub fn url(&self, base: &Url, dialect: Dialect, most: u32) -> Url {
        match self {
            Self::Handles(handles) => api::users_by(base, handles),
            Self::Ids(ids) => api::users(base, ids),
            Self::Usage => api::usage(base),
            Self::Posts(query, next) => {
                let bounds = query.progress.bounds;
                match &query.endpoint {
                    Endpoint::Search(text) => api::search(base, dialect, text, bounds, most, *next),
                    Endpoint::Timeline { user, replies } => {
                        api::timeline(base, dialect, *user, *replies, bounds, most, *next)
                    }
                }
            }
        }
    }

    pub fn objects(&self, settings: &Settings, dialect: Dialect) -> Objects {
        let users = |count: usize| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            Objects { wanted: count, least: count, price: settings.user_price }
        };
        match self {
            Self::Handles(handles) => users(handles.len()),
            Self::Ids(ids) => users(ids.len()),
            // Free of charge.
            Self::Usage => Objects { wanted: 1, least: 1, price: 0 },
            Self::Posts(query, _) => {
                let author_price = if dialect.expands_authors() { settings.user_price } else { 0 };
                Objects { wanted: query.most, least: query.least, price: settings.post_price + author_price }
            }
        }
    }

    /// Keys of the sources that the call reads, and the id above which it reads.
    pub fn sources(&self) -> (Vec<String>, u64) {
        match self {
            Self::Posts(query, _) => (query.progress.sources.clone(), query.progress.bounds.low()),
            Self::Handles(_) | Self::Ids(_) | Self::Usage => (Vec::new(), 0),
        }
    }

    /// The page in the body of a response to this call.
    pub fn read(&self, body: &[u8]) -> Result<Page, api::Unreadable> {
        match self {
            Self::Posts(..) => api::posts(body),
            Self::Handles(_) | Self::Ids(_) | Self::Usage => api::people(body),
        }
    }
}

/// A response with status 200.
#[derive(Debug)]
pub(super) struct Response {
    /// Number of the call in the store.
    pub call: i64,
    pub status: u16,
    pub body: Bytes,
    /// When the call was sent, by the server's clock.
    pub asked_at: Timestamp,
    /// When the response came, by the server's clock.
    pub at: Timestamp,
    pub elapsed: Duration,
}

impl Response {
    /// What `page`, the content of this response, costs; nothing else of it is filled in.
    pub fn charge(&self, page: &Page, settings: &Settings) -> XPage {
        charge(self.call, self.status, self.at, page, settings)
    }
}

/// The cost of `page`, which a call returned at `at`.
pub(super) fn charge(call: i64, status: u16, at: Timestamp, page: &Page, settings: &Settings) -> XPage {
    XPage {
        call,
        answered_at: at,
        status,
        posts_billed: api::billed_posts(page),
        post_price: settings.post_price,
        users_billed: page.users.iter().map(|user| user.id).collect(),
        user_price: settings.user_price,
        ..XPage::default()
    }
}

/// How a call ended. Each sentence says why there is no page.
#[derive(Debug)]
pub(super) enum CallResult {
    Page(Box<Response>),
    /// A rate limit or the budget forbids it now; a later cycle makes the call.
    Deferred(String),
    /// Search no longer covers the lower bound of the query.
    StaleBounds {
        /// The lowest id that X accepts, where it named one.
        larger_than: Option<u64>,
        sentence: String,
    },
    /// Other calls may still succeed.
    Failed(String),
    /// No further call makes sense in this run.
    Stop(String),
}

/// The bounds that X still accepts in place of `before`; `None` where that would read nothing or change nothing.
pub(super) fn newer_bounds(before: Bounds, oldest: u64) -> Option<(u64, Bounds)> {
    let Bounds::Ids { since, until } = before else { return None };
    let reads = oldest > since && until.is_none_or(|until| until > oldest);
    reads.then_some((since, Bounds::Ids { since: oldest, until }))
}
