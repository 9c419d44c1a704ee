-- Rows written since the last clean-up: it deletes at least twice as many, where so many have expired.
CREATE TABLE inflow (id INTEGER PRIMARY KEY CHECK (id = 1), rows INTEGER NOT NULL) STRICT;
