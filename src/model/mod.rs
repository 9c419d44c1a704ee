//! Plain data shared by modules, with small questions about itself.

mod alert;
mod article;
mod cycle;
mod detection;
mod entry;
pub mod event_date;
mod failure;
mod language;
#[cfg(test)]
pub(crate) mod samples;
mod source;
pub(crate) mod stamp;
mod state;
mod summary;
mod x;

pub(crate) use alert::{
    Alert, AlertState, Body, BoundMessage, Change, ChannelState, ChannelStoryState, ChannelTest, Incident,
    Notice, OpenMessage, OutboxRow, Phase, Settled, Severity, Topic,
};
pub use article::Article;
pub(crate) use article::Method;
pub(crate) use cycle::SlowStatement;
pub use cycle::{CycleStart, CycleStatus, SourceStatus};
pub(crate) use detection::{Caution, Coin, Event, Outlet, Reason, Verdict, short_id};
pub use detection::{Class, Detection, Kind, Stage};
pub(crate) use detection::{DetectionView, views};
pub(crate) use entry::{Entry, EntryMarks};
pub use entry::{EntryKey, Rewordings};
pub use failure::FailureKind;
pub use language::Language;
pub use source::{
    CursorPlace, ImportedFeed, ImportedInUse, JsonCursor, JsonMapping, JsonSource, PageSelectors, SiteRules,
    Source, SourceFormat, Validators,
};
pub(crate) use source::{EXEC_SCHEME, ExecSource};
pub(crate) use state::AddressState;
pub use state::{ArticleRecord, Commit, EntryRecord, EntryState, SourceState};
pub(crate) use state::{
    DetectionRecord, HostWait, LastSeen, Mention, RobotsRecord, Signature, Skips, StoredFinding, Story,
};
pub(crate) use summary::{
    ChannelAlerts, ClassCounts, CycleFacts, CyclesInTime, FailureCount, FirstReporter, Listed, Machine,
    Percentiles, SilentFeed, Summary, SummaryFacts, SummaryState, SummaryStory, XSpending,
};
pub use x::{RateState, XAccount, XSource, XUsage};
pub(crate) use x::{
    XGap, XIntent, XLimit, XMemory, XPage, XPerson, XPost, XReserved, XUsageDay, XUsageState, XWindows,
};
