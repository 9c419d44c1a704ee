-- When an entry was first seen: `texts` has it only for entries that may be launches. `show` prints it for dropped ones.
ALTER TABLE entries ADD COLUMN first_seen INTEGER;
