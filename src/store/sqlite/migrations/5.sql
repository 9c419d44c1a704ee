-- Sums that outlive their cycles: a row for each day (2026-11-21), each month (2026-11) and all time (all).
-- Months are kept beside days so that the percentiles of a year are added from a few rows, not from thousands.
CREATE TABLE sums (period TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sum_stages (
  period TEXT NOT NULL, stage TEXT NOT NULL, histogram BLOB NOT NULL, PRIMARY KEY (period, stage)
) STRICT, WITHOUT ROWID;

ALTER TABLE sources ADD COLUMN asked_total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN failed_total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN bytes_total INTEGER NOT NULL DEFAULT 0;

-- Who told a story first, without reading the detections themselves.
CREATE INDEX detections_by_telling ON detections (story, told_at, source);
DROP INDEX detections_by_story;
