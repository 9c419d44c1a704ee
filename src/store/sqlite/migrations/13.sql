-- The last test of each channel by `alerts test`; `error` is null if the message arrived.
CREATE TABLE channel_tests (
  name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, tested_at INTEGER NOT NULL, error TEXT
) STRICT, WITHOUT ROWID;
