//! A year of cycles, one each ten minutes: the sums of its days and months, and the rows of its last 30 days.
//!
//! The figures of every cycle are kept beside the database, so that a test can add them up by itself.

use std::{collections::BTreeMap, path::Path, sync::LazyLock, time::Duration};

use jiff::Timestamp;
use rusqlite::{Connection, params};
use tge_scrape::{
    figures::{
        CycleReport, Histogram, StageHistograms, StageName,
        path::{PathStep, Phase},
        sums::{ALL, Sums, periods},
    },
    model::CycleStatus,
    store::{Access, Store},
};

use super::random::Random;

/// Five minutes after the start of the last cycle.
pub const END: &str = "2026-11-21T12:05:00Z";
pub const CYCLES: usize = 52_560;
/// Cycles whose rows are kept: 30 days.
const KEPT: usize = 4_320;
const STEP_S: i64 = 600;
/// Cycles with other settings than the one before.
pub const CHANGES: [usize; 3] = [9_000, 40_000, CYCLES - 700];

/// The generated figures of a cycle.
#[derive(Debug, Clone, Copy)]
pub struct Cycle {
    pub at: Timestamp,
    pub duration_ms: u64,
    pub requests: u64,
    pub bytes: u64,
    pub new: u64,
    pub stories: u64,
    pub high: u64,
    pub lookups: u64,
    pub hits: u64,
    pub feeds: u64,
    pub memory: u64,
    pub cost_micros: u64,
    pub fetch_ms: u64,
    pub is_degraded: bool,
    pub changed: bool,
}

impl Cycle {
    fn report(&self, id: usize) -> CycleReport {
        let mut report = CycleReport::default();
        report.cycle.id = i64::try_from(id).unwrap();
        (report.cycle.started_at, report.cycle.duration_ms) = (self.at, self.duration_ms);
        report.cycle.settings = format!("{:08x}", CHANGES.iter().filter(|change| **change < id).count());
        report.cycle.settings_changed = self.changed;
        if self.is_degraded {
            (report.cycle.status, report.cycle.exit_code) = (CycleStatus::Degraded, 4);
        }
        (report.feeds.total, report.feeds.not_modified) = (self.feeds, self.feeds);
        (report.http.requests, report.http.bytes_received) = (self.requests, self.bytes);
        (report.entries.read, report.entries.new) = (self.new * 9, self.new);
        (report.stories.new, report.detections_by_class.high) = (self.stories, self.high);
        (report.cache.lookups, report.cache.fresh_hits) = (self.lookups, self.hits);
        (report.memory.peak_rss_bytes, report.x.cost_usd.micros) = (Some(self.memory), self.cost_micros);
        let step = |part, host: &str, ms| PathStep { part, host: host.to_owned(), ms };
        report.critical_path = vec![
            step(Phase::Plan, "", 1.0),
            step(Phase::Answer, "slow.example", self.duration_ms as f64 - 1.0),
        ];
        report
    }
}

fn generate() -> Vec<Cycle> {
    let end: Timestamp = END.parse().unwrap();
    let first = end.as_second() - 300 - STEP_S * (i64::try_from(CYCLES).unwrap() - 1);
    let mut random = Random::new(52_560);
    let cycle = |at: usize| {
        let busy = at as u64 / 10_000;
        let lookups = 200 + random.below(20);
        Cycle {
            at: Timestamp::from_second(first + STEP_S * i64::try_from(at).unwrap()).unwrap(),
            duration_ms: if at % 1_000 == 999 { 9_000 } else { 1_200 + random.below(300) },
            requests: 180 + busy * 10 + random.below(40),
            bytes: 400_000 + random.below(100_000),
            new: random.below(6),
            stories: u64::from(random.below(50) == 0),
            high: u64::from(random.below(90) == 0),
            lookups,
            hits: random.below(lookups),
            feeds: 200 + busy,
            memory: 40_000_000 + random.below(9_000_000),
            cost_micros: random.below(2) * 5_000,
            fetch_ms: 40 + random.below(200),
            is_degraded: random.below(150) == 0,
            changed: CHANGES.contains(&at),
        }
    };
    (0..CYCLES).map(cycle).collect()
}

/// The year, generated once.
pub static YEAR: LazyLock<Vec<Cycle>> = LazyLock::new(generate);

/// The folder of its database, written once.
static STATE: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path(), Access::Write).unwrap());
    write(dir.path());
    dir
});

#[derive(Default)]
struct Stored {
    sums: Sums,
    stages: StageHistograms,
    whole: Histogram,
}

fn write(dir: &Path) {
    let mut periods_of: BTreeMap<String, Stored> = BTreeMap::new();
    let mut database = Connection::open(dir.join("tge-scrape.db")).unwrap();
    let database = database.transaction().unwrap();
    {
        let mut row = database
            .prepare("INSERT INTO cycles (id, started_at, duration_ms, status, exit_code, report) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .unwrap();
        for (at, cycle) in YEAR.iter().enumerate() {
            let report = cycle.report(at + 1);
            let sums = Sums::of(&report);
            for period in periods(cycle.at) {
                let stored = periods_of.entry(period.clone()).or_default();
                stored.sums.add(&sums);
                if period != ALL {
                    stored.stages.record(StageName::FeedFetch, Duration::from_millis(cycle.fetch_ms));
                    stored.whole.record(Duration::from_millis(cycle.duration_ms));
                }
            }
            if at >= CYCLES - KEPT {
                let json = serde_json::to_string(&report).unwrap();
                let (duration, status) =
                    (i64::try_from(cycle.duration_ms).unwrap(), report.cycle.status.as_str());
                let values = params![
                    report.cycle.id,
                    cycle.at.as_second(),
                    duration,
                    status,
                    report.cycle.exit_code,
                    json
                ];
                row.execute(values).unwrap();
            }
        }
        let mut sums = database.prepare("INSERT INTO sums (period, document) VALUES (?1, ?2)").unwrap();
        let mut stages = database
            .prepare("INSERT INTO sum_stages (period, stage, histogram) VALUES (?1, ?2, ?3)")
            .unwrap();
        for (period, stored) in &periods_of {
            sums.execute(params![period, serde_json::to_string(&stored.sums).unwrap()]).unwrap();
            if period != ALL {
                for (stage, bytes) in stored.stages.to_bytes() {
                    stages.execute(params![period, stage, bytes]).unwrap();
                }
                stages.execute(params![period, "cycle", stored.whole.to_bytes()]).unwrap();
            }
        }
    }
    database.commit().unwrap();
}

/// Copies the database of the year into the state folder `state`.
pub fn copy_to(state: &Path) {
    std::fs::create_dir_all(state).unwrap();
    let copy = Connection::open(STATE.path().join("tge-scrape.db")).unwrap();
    copy.execute("VACUUM INTO ?1", [state.join("tge-scrape.db").to_str().unwrap()]).unwrap();
    Connection::open(state.join("tge-scrape.db"))
        .unwrap()
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
}
