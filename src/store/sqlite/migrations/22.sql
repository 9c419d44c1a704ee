-- Messages that were given up, without reading all that have ended.
CREATE INDEX messages_given_up ON messages (settled_at) WHERE given_up = 1;
