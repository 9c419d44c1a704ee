-- Feeds of `feed import --into database`. `identity` is the same for all spellings of an address; `host` is the name under
-- which it is paced.
CREATE TABLE feeds (
  source INTEGER PRIMARY KEY REFERENCES sources (id),
  identity TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  name TEXT NOT NULL, site TEXT NOT NULL, tier INTEGER NOT NULL, tags TEXT NOT NULL,
  every_s INTEGER,
  kind TEXT NOT NULL CHECK (kind IN ('feed', 'sitemap')),
  enabled INTEGER NOT NULL
) STRICT;
CREATE INDEX feeds_by_host ON feeds (host);
-- How often this list was changed.
CREATE TABLE feed_changes (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL) STRICT;

-- Whether `feeds` has the source and it is enabled.
ALTER TABLE sources ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER feeds_added AFTER INSERT ON feeds BEGIN
  UPDATE sources SET imported = new.enabled WHERE id = new.source;
END;
CREATE TRIGGER feeds_switched AFTER UPDATE OF enabled ON feeds BEGIN
  UPDATE sources SET imported = new.enabled WHERE id = new.source;
END;
CREATE TRIGGER feeds_removed AFTER DELETE ON feeds BEGIN
  UPDATE sources SET imported = 0 WHERE id = old.source;
END;
-- By the time of the next request, which never comes for a source that is gone; with the columns that separate fresh sources from waiting ones.
CREATE INDEX sources_due ON sources (
  (CASE WHEN gone_at IS NULL THEN max(ifnull(due_at, 0), ifnull(not_before, 0)) ELSE 9223372036854775807 END),
  failures, not_before, last_failure, gone_at
) WHERE imported = 1;
CREATE INDEX sources_of_settings ON sources (id) WHERE imported = 0;
