-- The weekly summary of each channel with that topic: up to when it was sent, and the size of the database then.
CREATE TABLE summaries (channel TEXT PRIMARY KEY, handled_at INTEGER NOT NULL, database_bytes INTEGER) STRICT, WITHOUT ROWID;
-- Stories that are due in a week, without reading all stories.
CREATE INDEX stories_by_date ON stories (event_date) WHERE event_date IS NOT NULL;
