-- Times are seconds since 1970, UTC. A row that recurs by the million is kept small: integer ids, 16-byte
-- keys, one-letter states; long text only where it is still needed.

CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  etag BLOB, last_modified BLOB, validators_url TEXT NOT NULL DEFAULT '',
  rules INTEGER NOT NULL DEFAULT 0, body_hash BLOB,
  first_read_at INTEGER, checked_at INTEGER, succeeded_at INTEGER, read_at INTEGER, changed_at INTEGER,
  due_at INTEGER, not_before INTEGER,
  failures INTEGER NOT NULL DEFAULT 0, last_failure TEXT, status INTEGER,
  conditional INTEGER NOT NULL DEFAULT 0, unmodified_since INTEGER, plain_get_at INTEGER, usual_gap_s INTEGER,
  moved_to TEXT, moved_seen INTEGER NOT NULL DEFAULT 0, gone_at INTEGER,
  repaired INTEGER NOT NULL DEFAULT 0,
  entries_total INTEGER NOT NULL DEFAULT 0, candidates_total INTEGER NOT NULL DEFAULT 0,
  detections_total INTEGER NOT NULL DEFAULT 0, mean_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE host_waits (host TEXT PRIMARY KEY, not_before INTEGER NOT NULL, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- state: d dropped, w waiting, j judged. `seen` is the last sighting, in days.
CREATE TABLE entries (
  source INTEGER NOT NULL REFERENCES sources (id),
  key BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('d', 'w', 'j')),
  rules INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  score INTEGER, reason TEXT,
  PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_by_seen ON entries (seen);

-- What the judgement of an entry needs, and what a later judgement would.
CREATE TABLE texts (
  source INTEGER NOT NULL, key BLOB NOT NULL,
  title TEXT NOT NULL, link TEXT, summary TEXT NOT NULL, author TEXT NOT NULL,
  published INTEGER NOT NULL, first_seen INTEGER NOT NULL, silent INTEGER NOT NULL,
  PRIMARY KEY (source, key),
  FOREIGN KEY (source, key) REFERENCES entries (source, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE waiting (
  source INTEGER NOT NULL, key BLOB NOT NULL, tries INTEGER NOT NULL, next_try INTEGER NOT NULL,
  PRIMARY KEY (source, key),
  FOREIGN KEY (source, key) REFERENCES entries (source, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_by_time ON waiting (next_try);

CREATE TABLE articles (
  key TEXT PRIMARY KEY, final_url TEXT NOT NULL, etag BLOB, last_modified BLOB, fetched_at INTEGER NOT NULL,
  title TEXT NOT NULL, text TEXT NOT NULL, published INTEGER, published_guessed INTEGER NOT NULL, author TEXT NOT NULL,
  canonical_url TEXT, lang TEXT NOT NULL, method TEXT NOT NULL, partial INTEGER NOT NULL
) STRICT;
CREATE INDEX articles_by_age ON articles (fetched_at);

CREATE TABLE robots (origin TEXT PRIMARY KEY, fetched_at INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX robots_by_age ON robots (fetched_at);

CREATE TABLE stories (
  id TEXT PRIMARY KEY, project TEXT, token TEXT, event TEXT NOT NULL, stage TEXT NOT NULL, event_date TEXT,
  opened_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX stories_by_update ON stories (updated_at);

-- `document` is the detection as told; the columns beside it are what is searched by.
CREATE TABLE detections (
  id TEXT PRIMARY KEY, story TEXT NOT NULL REFERENCES stories (id),
  source INTEGER REFERENCES sources (id), key BLOB,
  event TEXT NOT NULL, stage TEXT NOT NULL, score INTEGER NOT NULL, watched INTEGER NOT NULL,
  project TEXT, told_at INTEGER NOT NULL, detected_at INTEGER NOT NULL, silent INTEGER NOT NULL,
  signature BLOB NOT NULL, document TEXT NOT NULL
) STRICT;
CREATE INDEX detections_by_story ON detections (story);
CREATE INDEX detections_by_time ON detections (detected_at);

CREATE TABLE cycles (
  id INTEGER PRIMARY KEY, started_at INTEGER NOT NULL, duration_ms INTEGER, status TEXT NOT NULL, exit_code INTEGER,
  report TEXT
) STRICT;
CREATE INDEX cycles_by_start ON cycles (started_at);

CREATE TABLE cycle_stages (
  cycle INTEGER NOT NULL REFERENCES cycles (id) ON DELETE CASCADE, stage TEXT NOT NULL, histogram BLOB NOT NULL,
  PRIMARY KEY (cycle, stage)
) STRICT, WITHOUT ROWID;

-- Only sources that brought a body or failed: what answered 304 is told by its counters in `sources`.
CREATE TABLE cycle_sources (
  cycle INTEGER NOT NULL REFERENCES cycles (id) ON DELETE CASCADE, source INTEGER NOT NULL REFERENCES sources (id),
  outcome TEXT NOT NULL, failure TEXT, status INTEGER, entries INTEGER NOT NULL, new INTEGER NOT NULL, ms INTEGER NOT NULL,
  PRIMARY KEY (cycle, source)
) STRICT, WITHOUT ROWID;
