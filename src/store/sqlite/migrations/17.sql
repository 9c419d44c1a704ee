-- What became known, in the order of the commits: `events --follow` reads it from a number on. Numbers are never used again.
CREATE TABLE log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, document TEXT NOT NULL
) STRICT;
CREATE INDEX log_by_time ON log (at);
