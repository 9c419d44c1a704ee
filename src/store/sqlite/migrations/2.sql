-- What the user says of a detection: 1 a launch, 0 none.
CREATE TABLE labels (
  detection TEXT PRIMARY KEY REFERENCES detections (id) ON DELETE CASCADE, yes INTEGER NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A later judgement of an entry finds the detection an earlier one made.
CREATE INDEX detections_by_entry ON detections (source, key);
