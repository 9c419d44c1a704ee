//! Every statement of the store in one list, so that a test can check each query plan.

/// Defines the statements as constants and lists them all.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub const $name: &str = $sql;)*
        /// Every statement with its name.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// The columns of a source's state.
macro_rules! source_columns {
    () => {
        "url, etag, last_modified, validators_url, rules, body_hash, first_read_at, checked_at, succeeded_at, read_at,
        changed_at, due_at, not_before, failures, last_failure, status, conditional, unmodified_since, plain_get_at,
        usual_gap_s, moved_to, moved_seen, gone_at, repaired, entries_total, candidates_total, detections_total, mean_ms,
        wish_s, skip_hours, skip_days"
    };
}

/// The columns of an imported feed.
macro_rules! feed_columns {
    () => {
        "feeds.identity, feeds.name, feeds.site, feeds.tier, feeds.tags, feeds.every_s, feeds.kind, feeds.enabled"
    };
}

/// When an imported source is requested next, as the index `sources_due` has it.
macro_rules! next_request {
    () => {
        "(CASE WHEN gone_at IS NULL THEN max(ifnull(due_at, 0), ifnull(not_before, 0)) ELSE 9223372036854775807 END)"
    };
}

statements! {
    CYCLE_BEGIN = "INSERT INTO cycles (started_at, status) VALUES (?1, 'running')";
    CYCLE_END = "UPDATE cycles SET duration_ms = ?2, status = ?3, exit_code = ?4, report = ?5 WHERE id = ?1";
    CYCLE_STAGE = "INSERT OR REPLACE INTO cycle_stages (cycle, stage, histogram) VALUES (?1, ?2, ?3)";
    CYCLE_SOURCE = "INSERT OR REPLACE INTO cycle_sources (cycle, source, outcome, failure, status, entries, new, ms)
        SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8 FROM sources WHERE url = ?2";
    CYCLES_LAST = "SELECT id, started_at, report FROM cycles
        WHERE report IS NOT NULL AND started_at >= ?1 ORDER BY started_at DESC, id DESC LIMIT ?2";
    CYCLES_BETWEEN = "SELECT id, started_at, report FROM cycles
        WHERE report IS NOT NULL AND started_at >= ?1 AND started_at < ?2 ORDER BY started_at, id";
    CYCLE_STARTS = "SELECT id, started_at, duration_ms, status FROM cycles
        WHERE started_at >= ?1 ORDER BY started_at, id";
    CYCLE_SETTINGS = "SELECT ifnull(json_extract(report, '$.cycle.settings'), '') FROM cycles
        WHERE report IS NOT NULL ORDER BY id DESC LIMIT 1";
    CYCLE_SUCCESS = "SELECT started_at FROM cycles WHERE exit_code = 0 ORDER BY id DESC LIMIT 1";
    CYCLE_STAGES = "SELECT stage, histogram FROM cycle_stages WHERE cycle BETWEEN ?1 AND ?2";
    CYCLE_SOURCES = "SELECT cycle, sources.url, failure, ms FROM cycle_sources
        JOIN sources ON sources.id = cycle_sources.source WHERE cycle >= ?1";
    SUMS = "SELECT period, document FROM sums WHERE period BETWEEN ?1 AND ?2 ORDER BY period";
    SUMS_FIRST_DAY = "SELECT period FROM sums WHERE period > '0' AND length(period) = 10 ORDER BY period LIMIT 1";
    SUMS_PUT = "INSERT OR REPLACE INTO sums (period, document) VALUES (?1, ?2)";
    SUM_STAGES = "SELECT stage, histogram FROM sum_stages WHERE period = ?1";
    SUM_STAGES_BETWEEN = "SELECT period, stage, histogram FROM sum_stages WHERE period BETWEEN ?1 AND ?2";
    SUM_STAGE_PUT = "INSERT OR REPLACE INTO sum_stages (period, stage, histogram) VALUES (?1, ?2, ?3)";
    CYCLE_FIRST_AHEAD = "SELECT min(started_at) FROM cycles WHERE started_at > ?1";
    CYCLE_CONFIRMING = "SELECT started_at FROM cycles WHERE started_at <= ?1 ORDER BY started_at DESC LIMIT 1 OFFSET ?2";
    CYCLE_OLDEST = "SELECT min(started_at) FROM cycles";
    CYCLE_NEWEST = "SELECT started_at FROM cycles ORDER BY id DESC LIMIT 1";
    CYCLES_BACK = "UPDATE cycles SET started_at = started_at - ?1 WHERE started_at > ?2";
    CYCLE_BEFORE = "SELECT started_at FROM cycles WHERE id < ?1 ORDER BY id DESC LIMIT 1";
    CYCLES_OK = "SELECT count(*), ifnull(sum(status = 'ok'), 0) FROM
        (SELECT status FROM cycles WHERE id < ?1 ORDER BY id DESC LIMIT ?2)";
    CYCLE_NEXT = "SELECT ifnull(max(id), 0) + 1 FROM cycles";
    CYCLES_PRUNE = "DELETE FROM cycles WHERE id IN
        (SELECT id FROM cycles WHERE started_at < ?1 ORDER BY started_at LIMIT ?2)";

    SOURCES = concat!("SELECT ", source_columns!(), " FROM sources");
    SOURCES_OF_SETTINGS = concat!("SELECT ", source_columns!(), " FROM sources WHERE imported = 0");
    PROBLEM_SOURCES = concat!("SELECT ", source_columns!(), " FROM sources WHERE id IN (
        SELECT id FROM sources WHERE last_failure IS NOT NULL
        UNION ALL SELECT id FROM sources WHERE gone_at IS NOT NULL
        UNION ALL SELECT id FROM sources WHERE changed_at <= ?1)");
    SOURCE_PUT = "INSERT INTO sources (url, etag, last_modified, validators_url, rules, body_hash, first_read_at,
        checked_at, succeeded_at, read_at, changed_at, due_at, not_before, failures, last_failure, status,
        conditional, unmodified_since, plain_get_at, usual_gap_s, moved_to, moved_seen, gone_at, repaired,
        entries_total, candidates_total, detections_total, mean_ms, wish_s, skip_hours, skip_days)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
        ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31)
        ON CONFLICT (url) DO UPDATE SET etag = ?2, last_modified = ?3, validators_url = ?4, rules = ?5,
        body_hash = ?6, first_read_at = ?7, checked_at = ?8, succeeded_at = ?9, read_at = ?10, changed_at = ?11,
        due_at = ?12, not_before = ?13, failures = ?14, last_failure = ?15, status = ?16, conditional = ?17,
        unmodified_since = ?18, plain_get_at = ?19, usual_gap_s = ?20, moved_to = ?21, moved_seen = ?22,
        gone_at = ?23, repaired = ?24, entries_total = ?25, candidates_total = ?26,
        mean_ms = ?28, wish_s = ?29, skip_hours = ?30, skip_days = ?31";
    SOURCE_ADD = "INSERT INTO sources (url) VALUES (?1) ON CONFLICT (url) DO NOTHING";
    SOURCE_ID = "SELECT id FROM sources WHERE url = ?1";
    SOURCE_ASKED = "UPDATE sources SET asked_total = asked_total + 1, failed_total = failed_total + ?2,
        bytes_total = bytes_total + ?3 WHERE url = ?1";
    SOURCE_YIELDS = "SELECT url, asked_total, failed_total, bytes_total, first_total FROM sources";
    SOURCE_DETECTED = "UPDATE sources SET detections_total = detections_total + 1 WHERE id = ?1";

    SOURCES_FORGET = "UPDATE sources SET first_read_at = NULL, etag = NULL, last_modified = NULL, body_hash = NULL
        WHERE checked_at < ?1 AND first_read_at IS NOT NULL";

    SOURCES_BACK = "UPDATE sources SET
        first_read_at = CASE WHEN first_read_at > ?2 THEN first_read_at - ?1 ELSE first_read_at END,
        checked_at = CASE WHEN checked_at > ?2 THEN checked_at - ?1 ELSE checked_at END,
        due_at = CASE WHEN due_at > ?2 THEN due_at - ?1 ELSE due_at END,
        not_before = CASE WHEN not_before > ?2 THEN not_before - ?1 ELSE not_before END,
        read_at = CASE WHEN read_at > ?2 THEN read_at - ?1 ELSE read_at END,
        changed_at = CASE WHEN changed_at > ?2 THEN changed_at - ?1 ELSE changed_at END,
        succeeded_at = CASE WHEN succeeded_at > ?2 THEN succeeded_at - ?1 ELSE succeeded_at END,
        unmodified_since = CASE WHEN unmodified_since > ?2 THEN unmodified_since - ?1 ELSE unmodified_since END,
        plain_get_at = CASE WHEN plain_get_at > ?2 THEN plain_get_at - ?1 ELSE plain_get_at END
        WHERE checked_at > ?2";

    FEEDS = concat!("SELECT sources.url AS url, ", feed_columns!(), " FROM feeds JOIN sources ON sources.id = feeds.source");
    FEED_PUT = "INSERT INTO feeds (source, identity, host, name, site, tier, tags, every_s, kind, enabled)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING";
    FEED_EVERY = "UPDATE sources SET due_at = checked_at + ?2
        WHERE id = ?1 AND failures = 0 AND due_at > checked_at + ?2";
    FEED_SWITCH = "UPDATE feeds SET enabled = ?2 WHERE identity = ?1 AND enabled <> ?2";
    FEED_DROP = "DELETE FROM feeds WHERE identity = ?1";
    FEED_SOURCE = "SELECT source FROM feeds WHERE identity = ?1";
    FEED_NAME = "SELECT feeds.source, feeds.name FROM sources JOIN feeds ON feeds.source = sources.id
        WHERE url = ?1 AND imported = 1";
    FEED_HEALTH = concat!("SELECT url, gone_at IS NOT NULL, failures > 0, imported = 1 AND ", next_request!(), " > 0
        FROM sources WHERE id = ?1");
    FEEDS_HEALTH = concat!("SELECT count(*), ifnull(sum(gone_at IS NOT NULL), 0),
        ifnull(sum(gone_at IS NULL AND failures > 0), 0) FROM sources WHERE imported = 1 AND ", next_request!(), " > 0");
    SOURCES_HEALTH = "SELECT url, gone_at IS NOT NULL, failures > 0 FROM sources WHERE imported = 0 AND checked_at IS NOT NULL";
    FEED_CHANGES = "SELECT number FROM feed_changes WHERE id = 1";
    FEED_CHANGED = "INSERT INTO feed_changes (id, number) VALUES (1, 1)
        ON CONFLICT (id) DO UPDATE SET number = number + 1";
    FEEDS_DUE = concat!("SELECT ", source_columns!(), ", ", feed_columns!(), "
        FROM sources JOIN feeds ON feeds.source = sources.id WHERE imported = 1 AND ", next_request!(), " <= ?1");
    FEED_BY_ADDRESS = concat!("SELECT ", source_columns!(), ", ", feed_columns!(), "
        FROM sources JOIN feeds ON feeds.source = sources.id WHERE url = ?1 AND imported = 1");
    FEED_BY_SOURCE = concat!("SELECT ", source_columns!(), ", ", feed_columns!(), "
        FROM sources JOIN feeds ON feeds.source = sources.id WHERE sources.id = ?1");
    FEEDS_IDLE = concat!("SELECT count(*),
        ifnull(sum(gone_at IS NULL AND failures = 0 AND ifnull(not_before, 0) <= ?2), 0),
        ifnull(sum(last_failure IS NOT NULL AND (gone_at IS NOT NULL OR failures > 0 OR ifnull(not_before, 0) > ?2)), 0)
        FROM sources WHERE imported = 1 AND ", next_request!(), " > ?1");
    FEEDS_PAUSED = "SELECT count(*) FROM feeds JOIN sources ON sources.id = feeds.source
        WHERE host = ?3 AND enabled = 1 AND gone_at IS NULL AND failures = 0 AND ifnull(not_before, 0) <= ?2
        AND due_at > ?1";

    SOURCE_ADDRESSES = "SELECT sources.url AS source, source_addresses.url, source_addresses.etag,
        source_addresses.last_modified, source_addresses.validators_url, source_addresses.rules,
        source_addresses.body_hash, source_addresses.unmodified_since, source_addresses.plain_get_at, answered_at,
        source_addresses.not_before, source_addresses.due_at, source_addresses.failures, source_addresses.last_failure
        FROM source_addresses JOIN sources ON sources.id = source_addresses.source";
    SOURCE_ADDRESS_PUT = "INSERT INTO source_addresses (source, url, etag, last_modified, validators_url, rules,
        body_hash, unmodified_since, plain_get_at, answered_at, not_before, due_at, failures, last_failure)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    SOURCE_ADDRESSES_DROP = "DELETE FROM source_addresses WHERE source = ?1";
    SOURCE_ADDRESSES_BACK = "UPDATE source_addresses SET
        unmodified_since = CASE WHEN unmodified_since > ?2 THEN unmodified_since - ?1 ELSE unmodified_since END,
        plain_get_at = CASE WHEN plain_get_at > ?2 THEN plain_get_at - ?1 ELSE plain_get_at END,
        answered_at = CASE WHEN answered_at > ?2 THEN answered_at - ?1 ELSE answered_at END,
        not_before = CASE WHEN not_before > ?2 THEN not_before - ?1 ELSE not_before END,
        due_at = CASE WHEN due_at > ?2 THEN due_at - ?1 ELSE due_at END";

    HOST_WAITS_BACK = "UPDATE host_waits SET not_before = not_before - ?1 WHERE not_before > ?2";
    HOST_WAITS = "SELECT host, not_before, reason FROM host_waits WHERE not_before > ?1";
    HOST_WAIT_PUT = "INSERT OR REPLACE INTO host_waits (host, not_before, reason) VALUES (?1, ?2, ?3)";
    HOST_WAITS_PRUNE = "DELETE FROM host_waits WHERE not_before < ?1";

    ENTRY_BY_KEY = "SELECT key, state, rules, seen, id_mark, link_mark, title_mark, text_mark, reworded FROM entries
        WHERE source = ?1 AND key = ?2";
    ENTRIES_BY_LINK = "SELECT key, state, rules, seen, id_mark, link_mark, title_mark, text_mark, reworded FROM entries
        WHERE source = ?1 AND link_mark = ?2 LIMIT ?3";
    ENTRIES_BY_TITLE = "SELECT key, state, rules, seen, id_mark, link_mark, title_mark, text_mark, reworded FROM entries
        WHERE source = ?1 AND title_mark = ?2 LIMIT ?3";
    ENTRIES_BY_ID = "SELECT key, state, rules, seen, id_mark, link_mark, title_mark, text_mark, reworded FROM entries
        WHERE source = ?1 AND id_mark = ?2 AND id_mark > 0 LIMIT ?3";
    ENTRY_WORDS = "SELECT title, link, substr(summary, 1, 1000) FROM texts WHERE source = ?1 AND key = ?2";
    ENTRY_PUT = "INSERT INTO entries (source, key, state, rules, seen, score, reason, id_mark, link_mark, title_mark,
        text_mark, reworded, first_seen)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        ON CONFLICT (source, key) DO UPDATE SET state = ?3, rules = ?4, seen = max(seen, ?5), score = ?6, reason = ?7,
        id_mark = ifnull(?8, id_mark), link_mark = ifnull(?9, link_mark), title_mark = ifnull(?10, title_mark), text_mark = ifnull(?11, text_mark),
        reworded = max(reworded, ?12)";
    ENTRIES_OF_LINK = "SELECT entries.source, entries.key FROM sources CROSS JOIN entries
        ON entries.source = sources.id AND entries.link_mark = ?1 LIMIT ?2";
    ENTRIES_OF_KEYS = "SELECT entries.source, entries.key FROM sources CROSS JOIN entries
        ON entries.source = sources.id AND entries.key BETWEEN ?1 AND ?2 LIMIT ?3";
    ENTRY_HISTORY = "SELECT url, state, reason, score, entries.seen, coalesce(entries.first_seen, texts.first_seen) AS first_seen,
        title, link, summary, author, published, ifnull(texts.silent, 0) AS silent, tries, next_try, reworded FROM entries
        JOIN sources ON sources.id = entries.source
        LEFT JOIN texts ON texts.source = entries.source AND texts.key = entries.key
        LEFT JOIN waiting ON waiting.source = entries.source AND waiting.key = entries.key
        WHERE entries.source = ?1 AND entries.key = ?2";
    ENTRY_LAST_SEEN = "UPDATE entries SET seen = max(seen, ?3) WHERE source = ?1 AND key = ?2";
    ENTRY_MARKED = "UPDATE entries SET id_mark = ifnull(?3, id_mark), link_mark = ifnull(?4, link_mark), title_mark = ifnull(?5, title_mark),
        text_mark = ifnull(?6, text_mark) WHERE source = ?1 AND key = ?2";
    DETECTIONS_OF_ENTRY = "SELECT document FROM detections
        WHERE source = (SELECT id FROM sources WHERE url = ?1) AND key = ?2 ORDER BY rowid";
    ENTRIES_PRUNE_DROPPED = "DELETE FROM entries WHERE (source, key) IN (
        SELECT oldest.source, oldest.key FROM (SELECT source, key, seen FROM entries WHERE state = 'd' AND seen < ?1
        ORDER BY seen LIMIT ?2) AS oldest
        JOIN sources ON sources.id = oldest.source
        WHERE sources.checked_at < ?3 OR oldest.seen < ifnull(sources.changed_at, 0) / 86400 - ?4)";
    ENTRIES_PRUNE_JUDGED = "DELETE FROM entries WHERE (source, key) IN (
        SELECT oldest.source, oldest.key FROM (SELECT source, key, seen FROM entries WHERE state = 'j' AND seen < ?1
        ORDER BY seen LIMIT ?2) AS oldest
        JOIN sources ON sources.id = oldest.source
        WHERE sources.checked_at < ?3 OR oldest.seen < ifnull(sources.changed_at, 0) / 86400 - ?4)";
    ENTRIES_RENEW_DROPPED = "UPDATE entries SET seen = ?3 WHERE (source, key) IN (
        SELECT oldest.source, oldest.key FROM (SELECT source, key, seen FROM entries WHERE state = 'd' AND seen < ?1
        ORDER BY seen LIMIT ?2) AS oldest
        JOIN sources ON sources.id = oldest.source
        WHERE ifnull(sources.checked_at, ?4) >= ?4 AND oldest.seen >= ifnull(sources.changed_at, 0) / 86400 - ?5)";
    ENTRIES_RENEW_JUDGED = "UPDATE entries SET seen = ?3 WHERE (source, key) IN (
        SELECT oldest.source, oldest.key FROM (SELECT source, key, seen FROM entries WHERE state = 'j' AND seen < ?1
        ORDER BY seen LIMIT ?2) AS oldest
        JOIN sources ON sources.id = oldest.source
        WHERE ifnull(sources.checked_at, ?4) >= ?4 AND oldest.seen >= ifnull(sources.changed_at, 0) / 86400 - ?5)";
    INFLOW = "SELECT rows FROM inflow WHERE id = 1";
    INFLOW_ADD = "INSERT INTO inflow (id, rows) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET rows = rows + ?1";
    INFLOW_SET = "UPDATE inflow SET rows = ?1 WHERE id = 1";
    TEXT_PUT = "INSERT OR REPLACE INTO texts (source, key, title, link, summary, author, published, first_seen, silent)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    WAITING_PUT = "INSERT OR REPLACE INTO waiting (source, key, tries, next_try) VALUES (?1, ?2, ?3, ?4)";
    WAITING_LATER = "UPDATE waiting SET next_try = ?3 WHERE source = ?1 AND key = ?2";
    WAITING_DONE = "DELETE FROM waiting WHERE source = ?1 AND key = ?2";
    ENTRIES_BACK_DROPPED = "UPDATE entries SET seen = ?1, first_seen = min(first_seen, ?1 * 86400) WHERE state = 'd' AND seen >= ?2";
    ENTRIES_BACK_JUDGED = "UPDATE entries SET seen = ?1, first_seen = min(first_seen, ?1 * 86400) WHERE state = 'j' AND seen >= ?2";
    ENTRIES_BACK_WAITING = "UPDATE entries SET seen = ?1, first_seen = min(first_seen, ?1 * 86400) WHERE seen >= ?2 AND (source, key) IN
        (SELECT source, key FROM waiting)";
    TEXTS_BACK = "UPDATE texts SET first_seen = first_seen - ?1 WHERE first_seen > ?2 AND (source, key) IN
        (SELECT source, key FROM waiting)";
    DETECTIONS_AHEAD = "SELECT id, told_at, document FROM detections WHERE detected_at > ?1";
    DETECTION_BACK = "UPDATE detections SET told_at = ?2, detected_at = ?3, document = ?4 WHERE id = ?1";
    WAITING_BACK = "UPDATE waiting SET next_try = next_try - ?1 WHERE next_try > ?2";
    // Sources take turns, so that none fills the limit with its own.
    BACKLOG = "WITH turns AS (
            SELECT source, key, next_try, row_number() OVER (PARTITION BY source ORDER BY next_try) AS turn
            FROM waiting WHERE next_try <= ?1)
        SELECT turns.source, turns.key, link FROM turns
        JOIN texts ON texts.source = turns.source AND texts.key = turns.key ORDER BY turn, next_try";
    WAITING_ENTRY = "SELECT sources.url, waiting.key, title, link, summary, author, published, texts.first_seen, silent, tries,
        next_try, entries.rules, entries.reworded FROM waiting
        JOIN entries ON entries.source = waiting.source AND entries.key = waiting.key
        JOIN texts ON texts.source = waiting.source AND texts.key = waiting.key
        JOIN sources ON sources.id = waiting.source WHERE waiting.source = ?1 AND waiting.key = ?2";

    ARTICLE = "SELECT final_url, etag, last_modified, fetched_at, title, text, published, published_guessed, author,
        canonical_url, lang, method, partial FROM articles WHERE key = ?1";
    ARTICLES_OF_HOST = "SELECT key, method FROM articles WHERE key >= 'https://' || ?1 || '/'
        AND key < 'https://' || ?1 || ';' ORDER BY fetched_at DESC LIMIT ?2";
    ARTICLE_PUT = "INSERT OR REPLACE INTO articles (key, final_url, etag, last_modified, fetched_at, title, text,
        published, published_guessed, author, canonical_url, lang, method, partial)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    ARTICLES_BACK = "UPDATE articles SET fetched_at = fetched_at - ?1 WHERE fetched_at > ?2";
    ROBOTS_BACK = "UPDATE robots SET fetched_at = fetched_at - ?1 WHERE fetched_at > ?2";
    ARTICLES_PRUNE = "DELETE FROM articles WHERE rowid IN
        (SELECT rowid FROM articles WHERE fetched_at < ?1 ORDER BY fetched_at LIMIT ?2)";
    ROBOTS = "SELECT fetched_at, body FROM robots WHERE origin = ?1";
    ROBOTS_PUT = "INSERT OR REPLACE INTO robots (origin, fetched_at, body) VALUES (?1, ?2, ?3)";
    ROBOTS_PRUNE = "DELETE FROM robots WHERE origin IN (SELECT origin FROM robots WHERE fetched_at < ?1 LIMIT ?2)";

    STORY_PUT = "INSERT INTO stories (id, project, token, event, stage, event_date, opened_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (id) DO UPDATE SET project = ?2, token = ?3, stage = ?5, event_date = ?6, opened_at = ?7,
        updated_at = ?8";
    STORIES_BACK = "UPDATE stories SET updated_at = updated_at - ?1, opened_at = min(opened_at, updated_at - ?1)
        WHERE updated_at > ?2";
    STORY_MOVE = "UPDATE detections SET story = ?2 WHERE story = ?1";
    STORY_DROP = "DELETE FROM stories WHERE id = ?1";
    STORIES_SINCE = "SELECT id, project, token, event, stage, event_date, opened_at, updated_at FROM stories
        WHERE updated_at >= ?1";
    MENTIONS = "SELECT ifnull(about, json_extract(document, '$.url')), json_extract(document, '$.source'),
        json_extract(document, '$.title'), told_at, signature FROM detections
        WHERE story = ?1 AND json_valid(document) ORDER BY told_at";
    DETECTION_KNOWN = "SELECT 1 FROM detections WHERE id = ?1";
    DETECTION_PUT = "INSERT INTO detections (id, story, source, key, event, stage, score, watched, project, told_at,
        detected_at, silent, signature, document, about)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    STORIES_HEARD = "SELECT story, max(iif(silent, min(told_at, detected_at), detected_at)) AS heard, max(told_at) AS told
        FROM detections WHERE detected_at >= ?1 GROUP BY story HAVING heard >= ?2 ORDER BY heard DESC, told DESC, story";
    LOG_PUT = "INSERT INTO log (at, kind, document) VALUES (?1, ?2, ?3)";
    LOG_PUT_CYCLE = "INSERT INTO log (at, kind, document) SELECT started_at + ?2 / 1000, ?3, ?4 FROM cycles WHERE id = ?1";
    /// Also of a log whose entries have all been deleted.
    LOG_END = "SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'log'";
    LOG_START = "SELECT min(seq) FROM log";
    LOG = "SELECT seq, at, kind, document FROM log WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    LOG_PRUNE = "DELETE FROM log WHERE seq IN (SELECT seq FROM log WHERE at < ?1 ORDER BY at LIMIT ?2)";
    STORY_DATE = "SELECT event_date FROM stories WHERE id = ?1";
    DETECTIONS_OF_STORY = "SELECT json_set(document, '$.story_id', story) FROM detections WHERE story = ?1 ORDER BY told_at, id";

    JUDGED_ENTRIES = "SELECT sources.url, texts.key, title, link, summary, author, published, texts.first_seen, texts.silent,
        entries.rules, entries.reworded, entries.score,
        json_set(detections.document, '$.story_id', detections.story) AS document FROM entries
        JOIN texts ON texts.source = entries.source AND texts.key = entries.key
        JOIN sources ON sources.id = entries.source
        LEFT JOIN detections ON detections.source = entries.source AND detections.key = entries.key
        WHERE entries.state = 'j' AND texts.first_seen >= ?1 ORDER BY entries.source, entries.key";
    DETECTION_UPDATE = "UPDATE detections SET event = ?2, stage = ?3, score = ?4, watched = ?5, project = ?6,
        document = ?7 WHERE id = ?1";
    DETECTION_DROP = "DELETE FROM detections WHERE id = ?1 RETURNING story";
    DETECTION = "SELECT json_set(document, '$.story_id', story) FROM detections WHERE id = ?1";
    DETECTIONS_OF_IDS = "SELECT id, story FROM detections WHERE id >= ?1 AND id < ?2 LIMIT ?3";
    STORIES_OF_IDS = "SELECT id FROM stories WHERE id >= ?1 AND id < ?2 LIMIT ?3";
    DETECTIONS_OF_KEY = "SELECT id FROM detections WHERE source = ?1 AND key = ?2 ORDER BY told_at, id";
    DETECTIONS_OF_URL = "SELECT id FROM detections WHERE json_extract(document, '$.url') = ?1 ORDER BY told_at, id LIMIT ?2";
    DETECTION_ENTRIES = "SELECT DISTINCT source, key FROM detections WHERE story = ?1 AND source IS NOT NULL AND key IS NOT NULL";
    LABEL = "SELECT yes FROM labels WHERE detection = ?1";
    DELIVERED_SINCE = "SELECT outbox.channel, count(*) FROM messages JOIN outbox ON outbox.message = messages.id
        WHERE settled_at >= ?1 AND NOT given_up GROUP BY outbox.channel";
    ALERTS_OF_STORY = "SELECT outbox.channel, topic, class, due_at, outbox.created_at, outbox.message, settled_at, given_up,
        error FROM outbox LEFT JOIN messages ON messages.id = outbox.message
        WHERE story = ?1 ORDER BY outbox.created_at, outbox.rowid";
    STORY_DROP_EMPTY = "DELETE FROM stories WHERE id = ?1
        AND NOT EXISTS (SELECT 1 FROM detections WHERE detections.story = stories.id)";
    LABEL_PUT = "INSERT OR REPLACE INTO labels (detection, yes, at) VALUES (?1, ?2, ?3)";
    LABEL_DROP = "DELETE FROM labels WHERE detection = ?1";
    LABELS = "SELECT sum(yes), count(*) FROM labels";
    LABELLED_MENTIONS = "SELECT labels.detection, labels.yes, mentions.id, json_extract(mentions.document, '$.kind'),
        mentions.project, json_extract(mentions.document, '$.token'), json_extract(mentions.document, '$.title'),
        json_extract(mentions.document, '$.snippet'), vector FROM labels
        JOIN detections ON detections.id = labels.detection
        JOIN detections AS mentions ON mentions.story = detections.story
        LEFT JOIN label_vectors ON label_vectors.detection = mentions.id AND encoder = ?1
        WHERE mentions.id = labels.detection OR NOT EXISTS (SELECT 1 FROM labels WHERE detection = mentions.id)
        ORDER BY labels.at DESC, labels.detection LIMIT ?2";
    LABEL_VECTOR_PUT = "INSERT OR REPLACE INTO label_vectors (detection, encoder, vector)
        SELECT id, ?2, ?3 FROM detections WHERE id = ?1";
    LABEL_VECTORS_DROP = "DELETE FROM label_vectors WHERE detection IN (SELECT id FROM detections WHERE story = ?1)";

    ALERT_PUT = "INSERT INTO outbox (id, channel, topic, story, class, instant, due_at, created_at, document)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING";
    ALERTS_BACK = "UPDATE outbox SET created_at = created_at - ?1 WHERE created_at > ?2";
    QUEUED_BACK = "UPDATE outbox SET due_at = due_at - ?1 WHERE rowid IN
        (SELECT rowid FROM outbox INDEXED BY outbox_queued WHERE message IS NULL AND due_at > ?2)";
    SETTLED_BACK = "UPDATE messages SET settled_at = settled_at - ?1 WHERE settled_at > ?2";
    MESSAGES_BACK = "UPDATE messages SET next_try = CASE WHEN next_try > ?2 THEN next_try - ?1 ELSE next_try END,
        created_at = CASE WHEN created_at > ?2 THEN created_at - ?1 ELSE created_at END WHERE settled_at IS NULL";
    CHANNEL_STORY_BACK = "UPDATE told SET told_at = told_at - ?1 WHERE told_at > ?2";
    CHANNELS_BACK = "UPDATE channels SET
        not_before = CASE WHEN not_before > ?2 THEN not_before - ?1 ELSE not_before END,
        failing_since = CASE WHEN failing_since > ?2 THEN failing_since - ?1 ELSE failing_since END,
        sent_at = CASE WHEN sent_at > ?2 THEN sent_at - ?1 ELSE sent_at END";
    INCIDENTS_BACK = "UPDATE matters SET since = CASE WHEN since > ?2 THEN since - ?1 ELSE since END,
        told_at = CASE WHEN told_at > ?2 THEN told_at - ?1 ELSE told_at END,
        over_at = CASE WHEN over_at > ?2 THEN over_at - ?1 ELSE over_at END";
    ALERT_REPLACED = "DELETE FROM outbox WHERE story = ?1 AND channel = ?2 AND message IS NULL";
    ALERT_BIND = "UPDATE outbox SET message = ?2 WHERE id = ?1 AND message IS NULL";
    ALERT_LATER = "UPDATE outbox SET instant = 0, due_at = ?2 WHERE id = ?1 AND message IS NULL";
    ALERT_QUIETER = "DELETE FROM outbox WHERE story = ?1 AND message IS NULL AND EXISTS (SELECT 1 FROM outbox AS other
        WHERE other.story = ?2 AND other.channel = outbox.channel AND other.message IS NULL AND other.topic = 'news'
        AND instr('low medium high critical', other.class) >= instr('low medium high critical', outbox.class))";
    ALERT_MOVE = "UPDATE outbox SET story = ?2 WHERE story = ?1 AND message IS NULL";
    CHANNEL_STORY = "SELECT channel, class, event_date, told_at, outlets, EXISTS (SELECT 1 FROM outbox
        WHERE outbox.story = told.story AND outbox.channel = told.channel AND message IS NULL)
        FROM told WHERE story = ?1";
    CHANNEL_STORY_PUT = "INSERT INTO told (story, channel, class, event_date, told_at, outlets) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (story, channel) DO UPDATE SET class = ?3, event_date = ?4, told_at = ?5, outlets = ?6";
    CHANNEL_STORY_LOUDER = "UPDATE told SET event_date = ifnull(told.event_date, other.event_date),
        class = iif(instr('low medium high critical', other.class) > instr('low medium high critical', told.class),
        other.class, told.class), outlets = max(told.outlets, other.outlets)
        FROM told AS other WHERE other.story = ?1 AND told.story = ?2 AND other.channel = told.channel";
    CHANNEL_STORY_MOVE = "UPDATE OR IGNORE told SET story = ?2 WHERE story = ?1";
    CHANNEL_STORY_DROP = "DELETE FROM told WHERE story = ?1";
    CHANNEL_STORY_PRUNE = "DELETE FROM told WHERE (story, channel) IN (SELECT story, channel FROM told WHERE told_at < ?1 LIMIT ?2)";
    QUEUED = "SELECT id, topic, outbox.story, outbox.class, instant, due_at, created_at, document, ifnull(told.outlets, 1)
        FROM outbox LEFT JOIN told ON told.story = outbox.story AND told.channel = outbox.channel
        WHERE outbox.channel = ?1 AND message IS NULL ORDER BY due_at";
    QUEUED_OLDEST = "SELECT min(due_at) FROM outbox WHERE channel = ?1 AND message IS NULL AND topic <> 'update'";
    QUEUED_COUNT = "SELECT count(*) FROM outbox WHERE channel = ?1 AND message IS NULL";
    QUEUED_HASTEN = "UPDATE outbox SET due_at = ?2 WHERE channel = ?1 AND message IS NULL AND due_at > ?2";
    MESSAGE_PUT = "INSERT INTO messages (id, channel, created_at, next_try, document) VALUES (?1, ?2, ?3, ?3, ?4)
        ON CONFLICT (id) DO NOTHING";
    MESSAGE_ATTEMPT = "UPDATE messages SET tries = tries + 1 WHERE id = ?1";
    MESSAGE_SETTLED = "UPDATE messages SET settled_at = ?2, given_up = ?3, error = ?4 WHERE id = ?1";
    MESSAGE_AGAIN = "UPDATE messages SET next_try = ?2, error = ?3 WHERE id = ?1";
    MESSAGES_OPEN = "SELECT id, created_at, document, tries, next_try FROM messages
        WHERE channel = ?1 AND settled_at IS NULL ORDER BY created_at, rowid";
    MESSAGES_HASTEN = "UPDATE messages SET next_try = ?2 WHERE channel = ?1 AND settled_at IS NULL AND next_try > ?2";
    MESSAGES_REVIVE = "UPDATE messages SET settled_at = NULL, given_up = 0, created_at = ?2, tries = 0 WHERE rowid IN
        (SELECT rowid FROM messages WHERE settled_at > 0 AND given_up AND channel = ?1)";
    OPEN_OLDEST = "SELECT min(created_at) FROM messages WHERE channel = ?1 AND settled_at IS NULL";
    OPEN_COUNT = "SELECT count(*) FROM messages WHERE channel = ?1 AND settled_at IS NULL";
    OUTBOX_PRUNE = "DELETE FROM outbox WHERE message IN (SELECT id FROM messages WHERE settled_at < ?1 ORDER BY settled_at LIMIT ?2)";
    QUEUED_PRUNE = "DELETE FROM outbox WHERE id IN
        (SELECT id FROM outbox WHERE created_at < ?1 AND message IS NULL ORDER BY created_at LIMIT ?2)";
    MESSAGES_PRUNE = "DELETE FROM messages WHERE rowid IN (SELECT messages.rowid FROM messages
        WHERE settled_at < ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE message = messages.id) ORDER BY settled_at LIMIT ?2)";
    ALERT_TOTALS = "SELECT channel, result, number FROM alert_totals";
    DELIVERIES = "SELECT json_extract(outbox.document, '$.news.detection.id'), outbox.channel, outbox.created_at,
        outbox.message IS NOT NULL, settled_at, given_up FROM outbox LEFT JOIN messages ON messages.id = outbox.message
        WHERE topic = 'news' AND json_type(outbox.document, '$.news.detection.id') = 'text'
        ORDER BY outbox.created_at, outbox.channel";
    ALERTS_SENT = "SELECT count(*) FROM messages JOIN outbox ON outbox.message = messages.id
        WHERE settled_at >= ?1 AND NOT given_up";
    ALERTS_GIVEN_UP = "SELECT count(*) FROM messages JOIN outbox ON outbox.message = messages.id WHERE given_up = 1";
    ALERTS_QUEUED = "SELECT count(*), min(due_at) FROM outbox WHERE message IS NULL";
    ALERTS_OPEN = "SELECT error IS NOT NULL, count(*), min(due_at) FROM messages
        JOIN outbox ON outbox.message = messages.id WHERE settled_at IS NULL GROUP BY 1";
    OUTBOX_ROWS = "SELECT outbox.id, outbox.channel, topic, class, due_at, outbox.created_at,
        coalesce(json_extract(outbox.document, '$.news.detection.title'), json_extract(outbox.document, '$.update.title'),
        json_extract(outbox.document, '$.ops.says'), iif(topic = 'summary', 'summary of the week', NULL)), outbox.message, settled_at, given_up, tries, error
        FROM outbox LEFT JOIN messages ON messages.id = outbox.message
        WHERE outbox.created_at > 0 AND (NOT ?2 OR settled_at IS NULL) ORDER BY outbox.created_at DESC LIMIT ?1";
    CHANNELS = "SELECT name, fingerprint, not_before, failures, failing_since, last_error, broken, sent_at FROM channels";
    CHANNEL_PUT = "INSERT OR REPLACE INTO channels (name, fingerprint, not_before, failures, failing_since, last_error,
        broken, sent_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    CHANNEL_TESTS = "SELECT name, fingerprint, tested_at, error FROM channel_tests";
    CHANNEL_TEST_PUT = "INSERT OR REPLACE INTO channel_tests (name, fingerprint, tested_at, error) VALUES (?1, ?2, ?3, ?4)";
    INCIDENTS = "SELECT subject, since, told_at, over_at, says, level FROM matters";
    INCIDENT_PUT = "INSERT OR REPLACE INTO matters (subject, since, told_at, over_at, says, level)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    INCIDENT_DROP = "DELETE FROM matters WHERE subject = ?1";

    SUMMARIES = "SELECT channel, handled_at, database_bytes FROM summaries";
    SUMMARY_PUT = "INSERT OR REPLACE INTO summaries (channel, handled_at, database_bytes) VALUES (?1, ?2, ?3)";
    SUMMARY_DROP = "DELETE FROM summaries WHERE channel = ?1";
    SUMMARIES_BACK = "UPDATE summaries SET handled_at = handled_at - ?1 WHERE handled_at > ?2";
    STORIES_DATED = "SELECT id FROM stories WHERE event_date BETWEEN ?1 AND ?2 AND length(event_date) = 10 ORDER BY id";
    SUMMARY_ALERTS = "SELECT outbox.channel, ifnull(sum(settled_at >= ?1 AND settled_at < ?2 AND NOT given_up), 0),
        sum(settled_at IS NULL), ifnull(sum(settled_at >= ?1 AND settled_at < ?2 AND given_up), 0)
        FROM outbox LEFT JOIN messages ON messages.id = outbox.message
        WHERE outbox.created_at > 0 AND topic <> 'summary' GROUP BY outbox.channel";
    // The last cycle may be the one that asks.
    SUMMARY_CYCLES = "SELECT started_at, duration_ms, exit_code, iif(json_valid(report), json_extract(report, '$.cycle.deadline_hit'), NULL),
        iif(json_valid(report), json_extract(report, '$.x.cost_usd'), NULL),
        iif(json_valid(report), json_extract(report, '$.x.month_cost_usd'), NULL) FROM cycles
        WHERE started_at >= ?1 AND started_at < ?2 AND (status <> 'running' OR id < (SELECT max(id) FROM cycles))
        ORDER BY started_at, id";
    SUMMARY_CYCLE_BEFORE = "SELECT 1 FROM cycles WHERE started_at < ?1 LIMIT 1";
    SUMMARY_FAILURES = "SELECT failure, count(*) AS number FROM cycles JOIN cycle_sources ON cycle_sources.cycle = cycles.id
        WHERE started_at >= ?1 AND started_at < ?2 AND failure IS NOT NULL GROUP BY failure ORDER BY number DESC, failure";

    X_SOURCES_BACK = "UPDATE x_sources SET complete_at = NULL WHERE complete_at > ?2 AND ?1 > 0";
    X_ACCOUNTS_BACK = "UPDATE x_accounts SET checked_at = checked_at - ?1 WHERE checked_at > ?2";
    CACHE_VALIDATORS = "SELECT count(*), ifnull(sum(octet_length(ifnull(etag, '')) + octet_length(ifnull(last_modified, ''))), 0)
        FROM sources WHERE etag IS NOT NULL OR last_modified IS NOT NULL";
    CACHE_PAGES = "SELECT count(*), ifnull(sum(octet_length(title) + octet_length(text)), 0) FROM articles";
    CACHE_ROBOTS = "SELECT count(*), ifnull(sum(octet_length(body)), 0) FROM robots";
    CACHE_USERS = "SELECT count(*), ifnull(sum(octet_length(username)), 0) FROM
        (SELECT user, username FROM x_people UNION ALL SELECT user, username FROM x_accounts WHERE user IS NOT NULL)";
    MENTION_COUNT = "SELECT (SELECT count(*) FROM detections), (SELECT count(*) FROM stories)";
    ALERTS_HELD = "SELECT channel, created_at, due_at, instant, json_extract(document, '$.news.change') IS NOT NULL,
        json_extract(document, '$.news.detection.published_at') FROM outbox WHERE created_at > 0 AND topic = 'news'";
    X_LIMITS_BACK = "UPDATE x_limits SET skew_ms = 0, window_end = 0, remaining = calls,
        blocked_until = CASE WHEN blocked_until > ?2 THEN blocked_until - ?1 ELSE blocked_until END";
    X_POSTS_BACK = "UPDATE x_posts SET seen_at = seen_at - ?1 WHERE seen_at > ?2";
    X_PEOPLE_BACK = "UPDATE x_people SET seen_at = seen_at - ?1 WHERE seen_at > ?2";
    X_CALLS_BACK = "UPDATE x_calls SET at = at - ?1 WHERE at > ?2";
    X_SOURCES = "SELECT key, head, complete_at, last_post_at, failures, failure, posts FROM x_sources";
    X_GAPS = "SELECT source, owner, low, high FROM x_gaps";
    X_ACCOUNTS = "SELECT handle, username, user, followers, checked_at, trouble, misses FROM x_accounts";
    X_LIMITS = "SELECT route, calls, remaining, window_end, skew_ms, blocked_until, strikes, reason FROM x_limits
        WHERE credential = ?1";
    X_LIMIT = "SELECT calls, remaining, window_end, skew_ms, blocked_until, strikes, reason FROM x_limits
        WHERE credential = ?1 AND route = ?2";
    X_LIMIT_PUT = "INSERT OR REPLACE INTO x_limits (credential, route, calls, remaining, window_end, skew_ms,
        blocked_until, strikes, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    X_IN_FLIGHT = "SELECT count(*) FROM x_calls WHERE state IN ('o', 'l') AND at > ?3 AND credential = ?1
        AND route = ?2";
    X_CALL_OPEN = "INSERT INTO x_calls (at, server_at, credential, route, state, sources, low, ceiling, most, price,
        micros, month) VALUES (?1, ?2, ?3, ?4, 'o', ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    X_CALL_COST = "SELECT micros, month FROM x_calls WHERE id = ?1";
    X_CALL_DONE = "UPDATE x_calls SET state = 'd', status = ?2, note = ?3, returned = ?4, billed = ?5, micros = ?6
        WHERE id = ?1";
    X_CALL_LOST = "UPDATE x_calls SET state = 'l', note = ?2 WHERE id = ?1";
    X_CALLS_PRUNE = "DELETE FROM x_calls WHERE id IN
        (SELECT id FROM x_calls WHERE at < ?1 ORDER BY at LIMIT ?2)";
    X_PENDING = "SELECT id, at, server_at, state, route, sources, low, ceiling, most, price FROM x_calls
        WHERE state IN ('o', 'l') AND at > 0";
    X_ASKED_AGAIN = "SELECT server_at FROM x_calls WHERE at > ?1 AND route = ?2 AND state = 'd' AND status = 200
        ORDER BY at LIMIT 1";
    X_SOURCE_READ = "SELECT complete_at, (SELECT count(*) FROM x_gaps WHERE source = key) FROM x_sources WHERE key = ?1";
    X_UNBILLED = "SELECT count(*) FROM x_posts WHERE source = ?1 AND id > ?2 AND id <= ?3 AND NOT EXISTS
        (SELECT 1 FROM x_billed WHERE day = ?4 AND kind = 'p' AND x_billed.id = x_posts.id)";
    X_SPENT_SINCE = "SELECT sum(micros) FROM x_calls WHERE at >= ?1";
    X_FIRST_CALL = "SELECT at FROM x_calls WHERE at > 0 ORDER BY at LIMIT 1";
    X_MONTH = "SELECT sum(micros) FROM x_months WHERE month >= ?1";
    X_POSTS_BILLED = "SELECT count(*) FROM x_billed WHERE day = ?1 AND kind = 'p'";
    X_MONTH_ADD = "INSERT INTO x_months (month, micros) VALUES (?1, ?2)
        ON CONFLICT (month) DO UPDATE SET micros = micros + ?2";
    X_BILL = "INSERT INTO x_billed (day, kind, id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    X_BILLED_PRUNE = "DELETE FROM x_billed WHERE (day, kind, id) IN
        (SELECT day, kind, id FROM x_billed WHERE day < ?1 LIMIT ?2)";
    X_SETTING = "SELECT value FROM x_settings WHERE name = ?1";
    X_SETTING_PUT = "INSERT OR REPLACE INTO x_settings (name, value) VALUES (?1, ?2)";
    X_SOURCE_PUT = "INSERT INTO x_sources (key, head, complete_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (key) DO UPDATE SET head = nullif(max(iif(head <= ?5, head, 0), ifnull(?2, 0)), 0),
        complete_at = nullif(max(iif(complete_at <= ?6, complete_at, 0), ifnull(?3, 0)), 0),
        failures = iif(?4, failures, 0), failure = iif(?4, failure, NULL)";
    X_SOURCE_POSTED = "INSERT INTO x_sources (key, posts, last_post_at) VALUES (?1, 1, ?2)
        ON CONFLICT (key) DO UPDATE SET posts = posts + 1, last_post_at = max(iif(last_post_at <= ?3, last_post_at, 0), ?2)";
    X_SOURCE_FAILED = "INSERT INTO x_sources (key, failures, failure) VALUES (?1, 1, ?2)
        ON CONFLICT (key) DO UPDATE SET failures = failures + 1, failure = ?2";
    X_GAP_PUT = "INSERT INTO x_gaps (source, owner, low, high) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (source, owner) DO UPDATE SET high = min(high, ?4)";
    X_GAP_CLOSE = "DELETE FROM x_gaps WHERE source = ?1 AND owner = ?2";
    X_ACCOUNT_PUT = "INSERT OR REPLACE INTO x_accounts (handle, username, user, followers, checked_at, trouble, misses)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    X_PERSON = "SELECT username, followers FROM x_people WHERE user = ?1";
    X_PERSON_PUT = "INSERT OR REPLACE INTO x_people (user, username, followers, seen_at) VALUES (?1, ?2, ?3, ?4)";
    X_PERSON_DROP = "DELETE FROM x_people WHERE user = ?1";
    X_PEOPLE_PRUNE = "DELETE FROM x_people WHERE user IN
        (SELECT user FROM x_people WHERE seen_at < ?1 ORDER BY seen_at LIMIT ?2)";
    X_POST_KNOWN = "SELECT CASE WHEN purged THEN 9223372036854775807 ELSE latest END FROM x_posts WHERE id = ?1";
    X_POST_PUT = "INSERT INTO x_posts (id, latest, author, source, posted_at, seen_at, text, url)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING";
    X_POST_EDIT = "UPDATE x_posts SET latest = max(latest, ?2), text = ?3, url = ?4
        WHERE id = ?1 AND (latest < ?2 OR ?3 = '') AND NOT purged";
    X_POST_FIND = "SELECT id FROM x_posts WHERE id = ?1";
    X_POST_URL = "SELECT url FROM x_posts WHERE id = ?1";
    X_POSTS_OF = "SELECT id FROM x_posts WHERE author = ?1 AND NOT purged";
    X_POST_PURGE = "UPDATE x_posts SET text = '', url = '', author = NULL, purged = 1 WHERE id = ?1";
    X_POSTS_PRUNE = "DELETE FROM x_posts WHERE id IN
        (SELECT id FROM x_posts WHERE seen_at < ?1 AND NOT purged ORDER BY seen_at LIMIT ?2)";
    X_DETECTIONS_OF = "SELECT story FROM detections WHERE key = ?1 AND json_extract(document, '$.url') = ?2";
    X_DETECTIONS_DROP = "DELETE FROM detections WHERE key = ?1 AND json_extract(document, '$.url') = ?2";
    X_STORY_DROP_EMPTY = "DELETE FROM stories WHERE id = ?1
        AND NOT EXISTS (SELECT 1 FROM detections WHERE story = ?1)";

    ENTRY_COUNT = "SELECT sum(entries_total) FROM sources";
    STORY_COUNT = "SELECT max(rowid) FROM detections";
}
