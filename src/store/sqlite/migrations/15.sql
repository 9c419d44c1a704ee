-- The level of the last notice about a condition: one that rises is reported at once.
ALTER TABLE matters ADD COLUMN level TEXT NOT NULL DEFAULT 'warning';
