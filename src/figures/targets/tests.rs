use super::*;
use crate::figures::{
    report::{ArticleFigures, CacheFigures, FeedFigures, HttpFigures},
    saved::Calls,
};

fn find(targets: &[Target], name: TargetName) -> &Target {
    targets.iter().find(|target| target.name == name).unwrap()
}

#[test]
fn what_was_not_measured_is_not_judged() {
    let targets = judge(&Settings::default(), &CycleReport::default(), Recent::default());
    let judged: Vec<_> =
        targets.iter().filter(|target| target.ok.is_some()).map(|target| target.name).collect();
    assert_eq!(judged, [TargetName::CycleTime]);
    assert!(targets.iter().all(|target| target.ok.is_some() == target.value.is_some()));
}

#[test]
fn each_target_is_judged_in_its_own_direction() {
    let mut report = CycleReport::default();
    report.cycle.duration_ms = 61_000;
    report.cache = CacheFigures::new(4, 10, 6);
    report.calls = Calls { made: 71, without_savings: 100, reduction: Some(0.29), ..Calls::default() };
    report.articles.fetched = 1;
    report.http =
        HttpFigures { requests: 121, origins: 21, reuse_of_possible: Some(0.81), ..HttpFigures::default() };
    report.x.rate_limit_violations = Some(1);
    report.memory.peak_rss_bytes = Some(100 * 1024 * 1024);
    report.feeds = FeedFigures { fetched: 1, not_modified: 18, failed: 1, ..FeedFigures::default() };
    let targets = judge(&Settings::default(), &report, Recent::default());
    for (name, value, ok) in [
        (TargetName::CycleTime, 61.0, false),
        (TargetName::CallReduction, 0.29, false),
        (TargetName::CacheHitRatio, 0.7, true),
        (TargetName::ConnectionReuse, 0.81, true),
        (TargetName::RateLimitViolations, 1.0, false),
        (TargetName::Memory, 100.0, true),
        (TargetName::ErrorRatio, 0.05, true),
    ] {
        let target = find(&targets, name);
        assert_eq!((target.value, target.ok), (Some(value), Some(ok)), "{name}");
    }
    assert_eq!(targets.len(), 9);
}

#[test]
fn shares_of_few_cases_are_not_judged() {
    let value = |report: &CycleReport, name| {
        find(&judge(&Settings::default(), report, Recent::default()), name).value
    };
    for (cases, is_judged) in [(19, false), (20, true)] {
        let report = CycleReport {
            calls: Calls { without_savings: cases, reduction: Some(0.0), ..Calls::default() },
            articles: ArticleFigures { fetched: cases, ..ArticleFigures::default() },
            cache: CacheFigures::new(0, 0, cases),
            http: HttpFigures {
                requests: cases + 3,
                origins: 3,
                reuse_of_possible: Some(0.0),
                ..HttpFigures::default()
            },
            feeds: FeedFigures { failed: cases, ..FeedFigures::default() },
            ..CycleReport::default()
        };
        for name in [
            TargetName::CallReduction,
            TargetName::CacheHitRatio,
            TargetName::ConnectionReuse,
            TargetName::ErrorRatio,
        ] {
            assert_eq!(value(&report, name).is_some(), is_judged, "{name} over {cases}");
        }
    }
}

#[test]
fn calls_are_judged_only_where_so_many_could_be_saved() {
    // 200 feeds, a dozen new entries: without a single page the reduction would be 12 of 212.
    let quiet = Calls { made: 202, without_savings: 212, reduction: Some(0.0472), ..Calls::default() };
    let mut report = CycleReport { calls: quiet, ..CycleReport::default() };
    report.articles.fetched = 2;
    let value = |report: &CycleReport| {
        find(&judge(&Settings::default(), report, Recent::default()), TargetName::CallReduction).value
    };
    assert_eq!(value(&report), None);
    // Twice as many pages as feeds, all read: that is a miss.
    report.calls = Calls { made: 600, without_savings: 600, reduction: Some(0.0), ..Calls::default() };
    report.articles.fetched = 400;
    assert_eq!(value(&report), Some(0.0));
    report.articles.fetched = 0;
    report.x.calls = 220;
    assert_eq!(value(&report), Some(0.0));
}

#[test]
fn a_target_is_written_as_the_contract_shows() {
    let report = CycleReport {
        cycle: crate::figures::report::CycleFigures { duration_ms: 812, ..Default::default() },
        ..Default::default()
    };
    let target = &judge(&Settings::default(), &report, Recent::default())[0];
    let written = serde_json::to_string(target).unwrap();
    assert_eq!(written, r#"{"name":"cycle_time","value":0.812,"target":60,"unit":"s","ok":true}"#);
}

#[test]
fn cycles_that_ended_ok_are_judged_where_one_bad_cycle_is_no_miss() {
    let value = |wanted: f64, cycles, ok| {
        let settings = Settings { cycle_success: wanted.into(), ..Settings::default() };
        let targets = judge(&settings, &CycleReport::default(), Recent { cycles, ok });
        let target = find(&targets, TargetName::CycleSuccess);
        (target.value, target.ok)
    };
    assert_eq!(value(0.5, 19, 0), (None, None), "fewer than 20 cycles");
    assert_eq!(value(0.5, 20, 9), (Some(0.45), Some(false)));
    assert_eq!(value(0.99, 99, 98), (None, None), "one bad cycle of 99 would miss 99 %");
    assert_eq!(value(0.99, 100, 99), (Some(0.99), Some(true)));
    assert_eq!(value(0.99, 100, 98), (Some(0.98), Some(false)));
    assert_eq!(value(1.0, 199, 198), (None, None));
    assert_eq!(value(1.0, 200, 199), (Some(0.995), Some(false)));
}

#[test]
fn a_gap_is_judged_only_with_a_limit() {
    let mut report = CycleReport::default();
    report.cycle.gap_s = Some(1801);
    let none = judge(&Settings::default(), &report, Recent::default());
    assert!(none.iter().all(|target| target.name != TargetName::MaxGap));
    let limit = Limit { warning: Duration::from_mins(30), critical: Some(Duration::from_hours(2)) };
    let settings = Settings { max_gap: Some(limit), ..Settings::default() };
    let targets = judge(&settings, &report, Recent::default());
    let gap = find(&targets, TargetName::MaxGap);
    assert_eq!((gap.value, gap.ok, gap.critical), (Some(1801.0), Some(false), Some(7200.0)));
    let written = serde_json::to_string(gap).unwrap();
    assert_eq!(
        written,
        r#"{"name":"max_gap","value":1801,"target":1800,"unit":"s","ok":false,"critical":7200}"#
    );
    report.cycle.gap_s = None;
    assert_eq!(find(&judge(&settings, &report, Recent::default()), TargetName::MaxGap).ok, None);
}
