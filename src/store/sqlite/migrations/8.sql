-- How long a publisher asks to be left alone, apart from how long we choose to: a 304 may shorten the one and not the other.
ALTER TABLE sources ADD COLUMN wish_s INTEGER NOT NULL DEFAULT 0;
