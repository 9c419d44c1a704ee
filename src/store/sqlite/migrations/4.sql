-- X. Ids are X's own numbers, times are milliseconds since 1970, money is in millionths of a US dollar.

CREATE TABLE x_accounts (
  handle TEXT PRIMARY KEY, username TEXT NOT NULL, user INTEGER, followers INTEGER, checked_at INTEGER, trouble TEXT,
  misses INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Authors of posts that a search found.
CREATE TABLE x_people (
  user INTEGER PRIMARY KEY, username TEXT NOT NULL, followers INTEGER, seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX x_people_by_age ON x_people (seen_at);

CREATE TABLE x_sources (
  key TEXT PRIMARY KEY, head INTEGER, complete_at INTEGER, last_post_at INTEGER,
  failures INTEGER NOT NULL DEFAULT 0, failure TEXT, posts INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Ids between low and high, both exclusive, are not read yet.
CREATE TABLE x_gaps (
  source TEXT NOT NULL, owner INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
  PRIMARY KEY (source, owner)
) STRICT, WITHOUT ROWID;

-- `id` is the first of the chain of edits, `latest` the newest. A purged post keeps nothing but its id.
CREATE TABLE x_posts (
  id INTEGER PRIMARY KEY, latest INTEGER NOT NULL, author INTEGER, source TEXT NOT NULL,
  posted_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, text TEXT NOT NULL, url TEXT NOT NULL,
  purged INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX x_posts_by_source ON x_posts (source, id);
CREATE INDEX x_posts_by_author ON x_posts (author);
CREATE INDEX x_posts_by_age ON x_posts (seen_at);

-- The ledger. state: o open (sent, or about to be), l lost (no answer came), d done. `micros` is the reservation until
-- the call is done, then its cost.
CREATE TABLE x_calls (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, server_at INTEGER NOT NULL, credential TEXT NOT NULL,
  route TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('o', 'l', 'd')), status INTEGER, note TEXT,
  sources TEXT NOT NULL, low INTEGER NOT NULL, ceiling INTEGER NOT NULL, most INTEGER NOT NULL, price INTEGER NOT NULL,
  returned INTEGER, billed INTEGER, micros INTEGER NOT NULL, month INTEGER NOT NULL
) STRICT;
CREATE INDEX x_calls_by_time ON x_calls (at);
CREATE INDEX x_calls_pending ON x_calls (at) WHERE state IN ('o', 'l');

-- Spent and reserved by calendar month: year × 12 + month − 1.
CREATE TABLE x_months (month INTEGER PRIMARY KEY, micros INTEGER NOT NULL) STRICT;

-- What was charged on a day (UTC, days since 1970): the same again is free.
CREATE TABLE x_billed (
  day INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('p', 'u')), id INTEGER NOT NULL,
  PRIMARY KEY (day, kind, id)
) STRICT, WITHOUT ROWID;

-- `window_end` is seconds by the server's clock.
CREATE TABLE x_limits (
  credential TEXT NOT NULL, route TEXT NOT NULL, calls INTEGER NOT NULL, remaining INTEGER NOT NULL,
  window_end INTEGER NOT NULL, skew_ms INTEGER NOT NULL, blocked_until INTEGER, strikes INTEGER NOT NULL, reason TEXT,
  PRIMARY KEY (credential, route)
) STRICT, WITHOUT ROWID;

CREATE TABLE x_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Detections by the entry or post they were found in.
CREATE INDEX detections_by_key ON detections (key);
