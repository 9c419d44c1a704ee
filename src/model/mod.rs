//! Nouns that cross rooms: plain data, no behaviour beyond small questions about itself.

pub mod alert;
pub mod article;
pub mod cycle;
pub mod detection;
pub mod entry;
pub mod event_date;
pub mod failure;
pub mod source;
pub mod state;
pub mod x;

pub use alert::{
    Alert, Body, BoundMessage, Change, ChannelState, ChannelStoryState, Incident, Notice, OpenMessage,
    OutboxRow, Phase, Settled, Topic,
};
pub use article::{Article, Method};
pub use cycle::{CycleStatus, SlowStatement, SourceStatus};
pub use detection::{Caution, Class, Coin, Detection, Event, Kind, Outlet, Reason, Stage, Verdict};
pub use entry::{Entry, EntryKey, EntryMarks, Rewordings};
pub use failure::FailureKind;
pub use source::{JsonMapping, Source, SourceFormat, Validators};
pub use state::{
    ArticleRecord, Commit, DetectionRecord, EntryRecord, EntryState, HostWait, LastSeen, Mention,
    RobotsRecord, Signature, Skips, SourceState, StoredFinding, Story,
};
pub use x::{
    RateState, XAccount, XGap, XIntent, XLimit, XMemory, XPage, XPerson, XPost, XReserved, XSource, XUsage,
    XUsageDay, XUsageState, XWindows,
};
