-- What is to be told to whom. An alert is written in the same transaction as its detection; it is bound into a
-- message before anything is sent; a message is sent as it is until it arrives or is given up.

CREATE TABLE messages (
  id TEXT PRIMARY KEY, channel TEXT NOT NULL, created_at INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0, next_try INTEGER NOT NULL,
  settled_at INTEGER, given_up INTEGER NOT NULL DEFAULT 0, error TEXT,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX messages_open ON messages (channel, created_at) WHERE settled_at IS NULL;
CREATE INDEX messages_settled ON messages (settled_at) WHERE settled_at IS NOT NULL;

-- topic: news, update, ops. `message` is empty until the alert is bound.
CREATE TABLE outbox (
  id TEXT PRIMARY KEY, channel TEXT NOT NULL, topic TEXT NOT NULL, story TEXT, class TEXT NOT NULL,
  instant INTEGER NOT NULL, due_at INTEGER NOT NULL, created_at INTEGER NOT NULL,
  message TEXT REFERENCES messages (id), document TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_queued ON outbox (channel, due_at) WHERE message IS NULL;
CREATE INDEX outbox_by_message ON outbox (message) WHERE message IS NOT NULL;
CREATE INDEX outbox_by_time ON outbox (created_at);
CREATE INDEX outbox_by_story ON outbox (story, channel) WHERE story IS NOT NULL AND message IS NULL;

-- What each channel knows of each story.
CREATE TABLE told (
  story TEXT NOT NULL, channel TEXT NOT NULL, class TEXT NOT NULL, event_date TEXT,
  told_at INTEGER NOT NULL, outlets INTEGER NOT NULL,
  PRIMARY KEY (story, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX told_by_time ON told (told_at);

CREATE TABLE channels (
  name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, not_before INTEGER, failures INTEGER NOT NULL,
  failing_since INTEGER, last_error TEXT, broken INTEGER NOT NULL, sent_at INTEGER
) STRICT, WITHOUT ROWID;

-- Troubles of the program that its operator was told of.
CREATE TABLE matters (
  subject TEXT PRIMARY KEY, since INTEGER NOT NULL, told_at INTEGER NOT NULL, over_at INTEGER, says TEXT NOT NULL
) STRICT, WITHOUT ROWID;
