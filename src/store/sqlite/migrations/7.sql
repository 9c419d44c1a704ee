-- The clean-up looks for dropped entries of 400 days and judged ones of 90. With one index for both it read every dropped
-- entry between the two ages in each cycle.
DROP INDEX entries_by_seen;
CREATE INDEX entries_dropped ON entries (seen) WHERE state = 'd';
CREATE INDEX entries_judged ON entries (seen) WHERE state = 'j';
