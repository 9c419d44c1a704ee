-- Sources with mirrors: the validators and the waits of each address.
CREATE TABLE source_addresses (
    source INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    etag BLOB,
    last_modified BLOB,
    validators_url TEXT NOT NULL,
    rules INTEGER NOT NULL,
    body_hash BLOB,
    unmodified_since INTEGER,
    plain_get_at INTEGER,
    answered_at INTEGER,
    not_before INTEGER,
    due_at INTEGER,
    failures INTEGER NOT NULL,
    last_failure TEXT,
    PRIMARY KEY (source, url)
) STRICT, WITHOUT ROWID;
