//! Which field of the cycle report has which metric.

/// How a field of the report becomes a number in Prometheus' base units.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    /// A number as it is; true is 1.
    Plain,
    /// Milliseconds, exported as seconds.
    Milliseconds,
    /// A decimal number of US dollars in a string.
    Dollars,
    /// A time, exported as seconds since 1970.
    Time,
}

/// A metric with its series: each is a field of the report, by JSON pointer, and the value of the label.
pub struct Family {
    pub name: &'static str,
    pub help: &'static str,
    pub unit: Unit,
    pub label: &'static [&'static str],
    pub series: &'static [(&'static str, &'static str)],
}

/// A metric of one field.
const fn one(
    name: &'static str,
    unit: Unit,
    field: &'static [(&'static str, &'static str)],
    help: &'static str,
) -> Family {
    Family { name, help, unit, label: &[], series: field }
}

pub const FAMILIES: &[Family] = &[
    one("last_run_timestamp_seconds", Unit::Time, &[("/cycle/started_at", "")], "Start of the last cycle."),
    one(
        "last_run_duration_seconds",
        Unit::Milliseconds,
        &[("/cycle/duration_ms", "")],
        "Duration of the last cycle.",
    ),
    one(
        "last_run_gap_seconds",
        Unit::Plain,
        &[("/cycle/gap_s", "")],
        "Time between the starts of the last cycle and the one before.",
    ),
    one(
        "last_run_settings_changed",
        Unit::Plain,
        &[("/cycle/settings_changed", "")],
        "1 if the settings of the last cycle differ from those of the cycle before.",
    ),
    one("last_run_exit_code", Unit::Plain, &[("/cycle/exit_code", "")], "Exit code of the last cycle."),
    one(
        "last_run_deadline_hit",
        Unit::Plain,
        &[("/cycle/deadline_hit", "")],
        "1 if the last cycle ran into cycle.timeout.",
    ),
    Family {
        name: "last_run_feeds",
        help: "Feeds by the result of the last cycle.",
        unit: Unit::Plain,
        label: &["result"],
        series: &[
            ("/feeds/fetched", "fetched"),
            ("/feeds/not_modified", "not_modified"),
            ("/feeds/fresh", "fresh"),
            ("/feeds/waiting", "waiting"),
            ("/feeds/failed", "failed"),
        ],
    },
    one("last_run_feeds_enabled", Unit::Plain, &[("/feeds/total", "")], "Enabled feeds in the last cycle."),
    one(
        "last_run_feeds_repaired",
        Unit::Plain,
        &[("/feeds/repaired", "")],
        "Feeds whose document was repaired.",
    ),
    one("last_run_feed_bytes", Unit::Plain, &[("/feeds/bytes", "")], "Bytes of feeds after decompression."),
    Family {
        name: "last_run_entries",
        help: "Entries of feeds in the last cycle; new ones are dropped early or candidates.",
        unit: Unit::Plain,
        label: &["state"],
        series: &[
            ("/entries/read", "read"),
            ("/entries/new", "new"),
            ("/entries/dropped_early", "dropped_early"),
            ("/entries/candidates", "candidates"),
            ("/entries/waiting", "waiting"),
        ],
    },
    Family {
        name: "last_run_articles",
        help: "Articles of the last cycle by the origin of their text.",
        unit: Unit::Plain,
        label: &["result"],
        series: &[
            ("/articles/fetched", "fetched"),
            ("/articles/not_modified", "not_modified"),
            ("/articles/from_cache", "from_cache"),
            ("/articles/from_feed", "from_feed"),
            ("/articles/failed", "failed"),
        ],
    },
    one(
        "last_run_article_bytes",
        Unit::Plain,
        &[("/articles/bytes", "")],
        "Bytes of pages after decompression.",
    ),
    Family {
        name: "last_run_stories",
        help: "Stories that the last cycle opened or joined.",
        unit: Unit::Plain,
        label: &["change"],
        series: &[("/stories/new", "new"), ("/stories/updated", "updated")],
    },
    one(
        "last_run_http_requests",
        Unit::Plain,
        &[("/http/requests", "")],
        "Requests of the last cycle, retries included.",
    ),
    one("last_run_http_retries", Unit::Plain, &[("/http/retries", "")], "Retries of the last cycle."),
    one(
        "last_run_http_conditional_requests",
        Unit::Plain,
        &[("/http/conditional", "")],
        "Requests with a validator.",
    ),
    one("last_run_http_origins", Unit::Plain, &[("/http/origins", "")], "Distinct origins of the requests."),
    one(
        "last_run_http_connections_opened",
        Unit::Plain,
        &[("/http/connections_opened", "")],
        "Connections opened.",
    ),
    one(
        "last_run_http_connection_reuse_ratio",
        Unit::Plain,
        &[("/http/connection_reuse", "")],
        "Requests on an open connection, 0 to 1.",
    ),
    one(
        "last_run_http_reusable_connection_ratio",
        Unit::Plain,
        &[("/http/reuse_of_possible", "")],
        "The same among requests beyond the first to their origin, 0 to 1.",
    ),
    one(
        "last_run_http_received_bytes",
        Unit::Plain,
        &[("/http/bytes_received", "")],
        "Bytes received before decompression.",
    ),
    Family {
        name: "last_run_http_requests_by_purpose",
        help: "Requests of the last cycle by what they were for.",
        unit: Unit::Plain,
        label: &["purpose"],
        series: &[
            ("/http/by_purpose/feeds", "feeds"),
            ("/http/by_purpose/pages", "pages"),
            ("/http/by_purpose/robots", "robots"),
            ("/http/by_purpose/x", "x"),
            ("/http/by_purpose/channels", "channels"),
        ],
    },
    Family {
        name: "last_run_http_body_bytes",
        help: "Bytes of the bodies that were read, before and after decompression.",
        unit: Unit::Plain,
        label: &["state"],
        series: &[("/http/bytes_encoded", "encoded"), ("/http/bytes_decoded", "decoded")],
    },
    one(
        "last_run_http_compression_ratio",
        Unit::Plain,
        &[("/http/compression_ratio", "")],
        "Bytes of bodies after decompression by bytes before.",
    ),
    Family {
        name: "last_run_http_responses",
        help: "Responses of the last cycle by kind.",
        unit: Unit::Plain,
        label: &["code"],
        series: &[
            ("/http/outcomes/2xx", "2xx"),
            ("/http/outcomes/304", "304"),
            ("/http/outcomes/4xx", "4xx"),
            ("/http/outcomes/429", "429"),
            ("/http/outcomes/5xx", "5xx"),
            ("/http/outcomes/error", "error"),
        ],
    },
    Family {
        name: "last_run_cache_lookups",
        help: "Lookups of the caches in the last cycle.",
        unit: Unit::Plain,
        label: &["result"],
        series: &[
            ("/cache/fresh_hits", "fresh"),
            ("/cache/revalidated", "revalidated"),
            ("/cache/misses", "miss"),
        ],
    },
    one(
        "last_run_cache_hit_ratio",
        Unit::Plain,
        &[("/cache/hit_ratio", "")],
        "Lookups without a full fetch, 0 to 1.",
    ),
    one(
        "last_run_cache_memory_pages",
        Unit::Plain,
        &[("/cache/memory_pages", "")],
        "Pages in memory at the end of the last cycle.",
    ),
    one("last_run_cache_memory_bytes", Unit::Plain, &[("/cache/memory_bytes", "")], "Their size."),
    one(
        "last_run_cache_memory_evictions",
        Unit::Plain,
        &[("/cache/memory_evictions", "")],
        "Pages that cache.memory_limit removed from memory.",
    ),
    one(
        "last_run_cache_robots_hits",
        Unit::Plain,
        &[("/cache/robots_hits", "")],
        "Pages whose robots.txt was known.",
    ),
    one("last_run_calls", Unit::Plain, &[("/calls/made", "")], "Calls of the last cycle."),
    one(
        "last_run_calls_without_savings",
        Unit::Plain,
        &[("/calls/naive", "")],
        "Calls that it would have sent without savings.",
    ),
    one(
        "last_run_calls_reduction_ratio",
        Unit::Plain,
        &[("/calls/reduction", "")],
        "Share of calls that were saved, 0 to 1.",
    ),
    Family {
        name: "last_run_calls_saved",
        help: "Calls that the last cycle did not send, by reason.",
        unit: Unit::Plain,
        label: &["reason"],
        series: &[
            ("/calls/saved_by/early_filter", "early_filter"),
            ("/calls/saved_by/fresh", "fresh"),
            ("/calls/saved_by/batching", "batching"),
            ("/calls/saved_by/full_text_feed", "full_text_feed"),
            ("/calls/saved_by/dedup", "dedup"),
        ],
    },
    one(
        "last_run_memory_peak_bytes",
        Unit::Plain,
        &[("/memory/peak_rss_bytes", "")],
        "Largest resident set of the last cycle.",
    ),
    Family {
        name: "last_run_cpu_seconds",
        help: "Processor time of the last cycle.",
        unit: Unit::Milliseconds,
        label: &["mode"],
        series: &[("/cpu/user_ms", "user"), ("/cpu/system_ms", "system")],
    },
    one(
        "last_run_statements",
        Unit::Plain,
        &[("/database/statements", "")],
        "Statements of the database in the last cycle.",
    ),
    one(
        "last_run_database_bytes",
        Unit::Plain,
        &[("/database/bytes", "")],
        "Size of the database at the end of the last cycle.",
    ),
    Family {
        name: "last_run_statement_seconds",
        help: "Times of the database's statements: 95th percentile and largest.",
        unit: Unit::Milliseconds,
        label: &["percentile"],
        series: &[("/database/p95_ms", "95"), ("/database/max_ms", "100")],
    },
    one("last_run_x_calls", Unit::Plain, &[("/x/calls", "")], "Calls to X in the last cycle."),
    one(
        "last_run_x_calls_deferred",
        Unit::Plain,
        &[("/x/calls_deferred", "")],
        "Calls to X that limits or the budget put off.",
    ),
    one(
        "last_run_x_users_looked_up",
        Unit::Plain,
        &[("/x/users_looked_up", "")],
        "Users of X that were looked up.",
    ),
    Family {
        name: "last_run_x_posts",
        help: "Posts of X in the last cycle.",
        unit: Unit::Plain,
        label: &["state"],
        series: &[("/x/posts_read", "read"), ("/x/posts_new", "new"), ("/x/posts_refused", "refused")],
    },
    one(
        "last_run_x_rate_limit_violations",
        Unit::Plain,
        &[("/x/rate_limit_violations", "")],
        "429 responses of X.",
    ),
    one("last_run_x_cost_dollars", Unit::Dollars, &[("/x/cost_usd", "")], "Cost of X in the last cycle."),
    one(
        "x_spend_month_dollars",
        Unit::Dollars,
        &[("/x/month_cost_usd", "")],
        "Cost of X in this calendar month.",
    ),
    one(
        "x_forecast_month_dollars",
        Unit::Dollars,
        &[("/x/month_forecast_usd", "")],
        "Cost of the month at the pace of the last day.",
    ),
    one(
        "x_budget_days_left",
        Unit::Plain,
        &[("/x/budget_days_left", "")],
        "Whole days until the budget is used up.",
    ),
    one(
        "x_usage_posts",
        Unit::Plain,
        &[("/x/usage/posts", "")],
        "Posts of the billing period, as X counts them.",
    ),
    one(
        "x_usage_cap_posts",
        Unit::Plain,
        &[("/x/usage/cap", "")],
        "Posts that X allows in the billing period.",
    ),
];

/// Fields without a metric of their own, by prefix of their JSON pointer, with the reason.
#[cfg(test)]
pub const NOT_EXPORTED: &[(&str, &str)] = &[
    ("/schema", "version of the JSON"),
    ("/cycle/id", "a number without a quantity"),
    ("/cycle/status", "last_run_exit_code"),
    ("/cycle/settings", "text; last_run_settings_changed says when it changes"),
    ("/detections_by_class", "detections_total counts them"),
    ("/detections", "texts; detections_total counts them"),
    ("/sources", "a series for each feed would be too many; sources and failing_feeds count them"),
    ("/cache/lookups", "sum of last_run_cache_lookups"),
    ("/stages_ms", "stage_duration_seconds, stage_runs"),
    ("/critical_path", "critical_path_seconds"),
    ("/unfinished", "a series for each host would be too many; stats --why lists them"),
    ("/targets", "target_value, target_limit, target_level"),
    ("/database/slow", "texts; slow_statements counts them"),
    ("/x/usage/asked_at", "x_usage_posts is as old as the last cycle with X"),
    ("/x/usage/says", "text"),
    ("/x/usage/warnings", "texts"),
    ("/x/planned", "only in a dry run"),
    ("/x/problem", "text"),
];
