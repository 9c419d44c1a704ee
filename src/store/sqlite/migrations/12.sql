-- Texts of labelled stories as vectors (384 signed bytes), with the number of the encoder that made them. They are made
-- again where they are missing.
CREATE TABLE label_vectors (
  detection TEXT PRIMARY KEY REFERENCES detections (id) ON DELETE CASCADE, encoder INTEGER NOT NULL, vector BLOB NOT NULL
) STRICT, WITHOUT ROWID;
