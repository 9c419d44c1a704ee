//! Every statement the store runs, in one list, so that a test can look at the plan of each.

/// Defines the statements as constants and lists them all.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub const $name: &str = $sql;)*
        /// Every statement with its name.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    CYCLE_BEGIN = "INSERT INTO cycles (started_at, status) VALUES (?1, 'running')";
    CYCLE_END = "UPDATE cycles SET duration_ms = ?2, status = ?3, exit_code = ?4, report = ?5 WHERE id = ?1";
    CYCLE_STAGE = "INSERT OR REPLACE INTO cycle_stages (cycle, stage, histogram) VALUES (?1, ?2, ?3)";
    CYCLE_SOURCE = "INSERT OR REPLACE INTO cycle_sources (cycle, source, outcome, failure, status, entries, new, ms)
        SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8 FROM sources WHERE url = ?2";
    CYCLES_LAST = "SELECT id, started_at, duration_ms, status, exit_code, report FROM cycles
        WHERE report IS NOT NULL AND started_at >= ?1 ORDER BY started_at DESC, id DESC LIMIT ?2";
    CYCLE_SUCCESS = "SELECT started_at FROM cycles WHERE exit_code = 0 ORDER BY id DESC LIMIT 1";
    CYCLE_STAGES = "SELECT stage, histogram FROM cycle_stages WHERE cycle BETWEEN ?1 AND ?2";
    CYCLE_SOURCES = "SELECT cycle, sources.url, failure, ms FROM cycle_sources
        JOIN sources ON sources.id = cycle_sources.source WHERE cycle >= ?1";
    SUMS = "SELECT period, document FROM sums WHERE period BETWEEN ?1 AND ?2 ORDER BY period";
    SUMS_PUT = "INSERT OR REPLACE INTO sums (period, document) VALUES (?1, ?2)";
    SUM_STAGES = "SELECT stage, histogram FROM sum_stages WHERE period = ?1";
    SUM_STAGE_PUT = "INSERT OR REPLACE INTO sum_stages (period, stage, histogram) VALUES (?1, ?2, ?3)";
    CYCLES_PRUNE = "DELETE FROM cycles WHERE id IN
        (SELECT id FROM cycles WHERE started_at < ?1 ORDER BY started_at LIMIT ?2)";

    SOURCES = "SELECT url, etag, last_modified, validators_url, rules, body_hash, first_read_at, checked_at,
        succeeded_at, read_at, changed_at, due_at, not_before, failures, last_failure, status, conditional,
        unmodified_since, plain_get_at, usual_gap_s, moved_to, moved_seen, gone_at, repaired, entries_total,
        candidates_total, detections_total, mean_ms FROM sources";
    SOURCE_PUT = "INSERT INTO sources (url, etag, last_modified, validators_url, rules, body_hash, first_read_at,
        checked_at, succeeded_at, read_at, changed_at, due_at, not_before, failures, last_failure, status,
        conditional, unmodified_since, plain_get_at, usual_gap_s, moved_to, moved_seen, gone_at, repaired,
        entries_total, candidates_total, detections_total, mean_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
        ?22, ?23, ?24, ?25, ?26, ?27, ?28)
        ON CONFLICT (url) DO UPDATE SET etag = ?2, last_modified = ?3, validators_url = ?4, rules = ?5,
        body_hash = ?6, first_read_at = ?7, checked_at = ?8, succeeded_at = ?9, read_at = ?10, changed_at = ?11,
        due_at = ?12, not_before = ?13, failures = ?14, last_failure = ?15, status = ?16, conditional = ?17,
        unmodified_since = ?18, plain_get_at = ?19, usual_gap_s = ?20, moved_to = ?21, moved_seen = ?22,
        gone_at = ?23, repaired = ?24, entries_total = ?25, candidates_total = ?26, detections_total = ?27,
        mean_ms = ?28";
    SOURCE_ADD = "INSERT INTO sources (url) VALUES (?1) ON CONFLICT (url) DO NOTHING";
    SOURCE_ID = "SELECT id FROM sources WHERE url = ?1";
    SOURCE_ASKED = "UPDATE sources SET asked_total = asked_total + 1, failed_total = failed_total + ?2,
        bytes_total = bytes_total + ?3 WHERE url = ?1";
    SOURCE_YIELDS = "SELECT url, asked_total, failed_total, bytes_total, ifnull(stories, 0) FROM sources
        LEFT JOIN (SELECT source, count(*) AS stories FROM (SELECT source, min(told_at) FROM detections GROUP BY story)
        GROUP BY source) AS first ON first.source = sources.id";
    SOURCE_DETECTED = "UPDATE sources SET detections_total = detections_total + 1 WHERE id = ?1";

    HOST_WAITS = "SELECT host, not_before, reason FROM host_waits WHERE not_before > ?1";
    HOST_WAIT_PUT = "INSERT OR REPLACE INTO host_waits (host, not_before, reason) VALUES (?1, ?2, ?3)";
    HOST_WAITS_PRUNE = "DELETE FROM host_waits WHERE not_before < ?1";

    ENTRY_SIFT = "SELECT state, rules, seen FROM entries WHERE source = ?1 AND key = ?2";
    ENTRY_PUT = "INSERT INTO entries (source, key, state, rules, seen, score, reason)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (source, key) DO UPDATE SET state = ?3, rules = ?4, seen = max(seen, ?5), score = ?6, reason = ?7";
    ENTRY_SIGHTED = "UPDATE entries SET seen = max(seen, ?3) WHERE source = ?1 AND key = ?2";
    ENTRIES_PRUNE = "DELETE FROM entries WHERE (source, key) IN (
        SELECT entries.source, entries.key FROM entries JOIN sources ON sources.id = entries.source
        WHERE entries.seen < ?1 AND (entries.state <> 'd' OR entries.seen < ?2) AND entries.state <> 'w'
        AND entries.seen < ifnull(sources.read_at, 0) / 86400 - 31 LIMIT ?3)";
    TEXT_PUT = "INSERT OR REPLACE INTO texts (source, key, title, link, summary, author, published, first_seen, silent)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    WAITING_PUT = "INSERT OR REPLACE INTO waiting (source, key, tries, next_try) VALUES (?1, ?2, ?3, ?4)";
    WAITING_DONE = "DELETE FROM waiting WHERE source = ?1 AND key = ?2";
    BACKLOG = "SELECT sources.url, waiting.key, title, link, summary, author, published, first_seen, silent, tries,
        next_try, entries.rules FROM waiting
        JOIN entries ON entries.source = waiting.source AND entries.key = waiting.key
        JOIN texts ON texts.source = waiting.source AND texts.key = waiting.key
        JOIN sources ON sources.id = waiting.source
        WHERE next_try <= ?1 ORDER BY next_try LIMIT ?2";

    ARTICLE = "SELECT final_url, etag, last_modified, fetched_at, title, text, published, published_guessed, author,
        canonical_url, lang, method, partial FROM articles WHERE key = ?1";
    ARTICLE_PUT = "INSERT OR REPLACE INTO articles (key, final_url, etag, last_modified, fetched_at, title, text,
        published, published_guessed, author, canonical_url, lang, method, partial)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    ARTICLES_PRUNE = "DELETE FROM articles WHERE rowid IN
        (SELECT rowid FROM articles WHERE fetched_at < ?1 ORDER BY fetched_at LIMIT ?2)";
    ROBOTS = "SELECT fetched_at, body FROM robots WHERE origin = ?1";
    ROBOTS_PUT = "INSERT OR REPLACE INTO robots (origin, fetched_at, body) VALUES (?1, ?2, ?3)";
    ROBOTS_PRUNE = "DELETE FROM robots WHERE origin IN (SELECT origin FROM robots WHERE fetched_at < ?1 LIMIT ?2)";

    STORY_PUT = "INSERT INTO stories (id, project, token, event, stage, event_date, opened_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (id) DO UPDATE SET project = ?2, token = ?3, stage = ?5, event_date = ?6, updated_at = ?8";
    STORY_MOVE = "UPDATE detections SET story = ?2 WHERE story = ?1";
    STORY_DROP = "DELETE FROM stories WHERE id = ?1";
    STORIES_SINCE = "SELECT id, project, token, event, stage, event_date, opened_at, updated_at FROM stories
        WHERE updated_at >= ?1";
    TELLINGS = "SELECT json_extract(document, '$.url'), json_extract(document, '$.source'),
        json_extract(document, '$.title'), told_at, signature FROM detections WHERE story = ?1 ORDER BY told_at";
    DETECTION_PUT = "INSERT INTO detections (id, story, source, key, event, stage, score, watched, project, told_at,
        detected_at, silent, signature, document)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (id) DO NOTHING";
    DETECTIONS_SINCE = "SELECT story, document FROM detections WHERE detected_at >= ?1
        ORDER BY detected_at DESC, told_at DESC, id";
    DETECTIONS_OF_STORY = "SELECT json_set(document, '$.story_id', story) FROM detections WHERE story = ?1 ORDER BY told_at, id";

    ENTRY_COUNT = "SELECT sum(entries_total) FROM sources";
    STORY_COUNT = "SELECT max(rowid) FROM detections";
}
