-- Who told a story first, and how often each source was it: counted as stories change, so that nobody has to read
-- all detections there ever were to say it.
ALTER TABLE stories ADD COLUMN first INTEGER;
ALTER TABLE sources ADD COLUMN first_total INTEGER NOT NULL DEFAULT 0;
UPDATE stories SET first = (SELECT source FROM detections WHERE story = stories.id ORDER BY told_at, source LIMIT 1);
UPDATE sources SET first_total = firsts.number
  FROM (SELECT first, count(*) AS number FROM stories GROUP BY first) AS firsts WHERE firsts.first = sources.id;

CREATE TRIGGER story_told AFTER INSERT ON detections BEGIN
  UPDATE stories SET first = (SELECT source FROM detections WHERE story = NEW.story ORDER BY told_at, source LIMIT 1)
    WHERE id = NEW.story;
END;
CREATE TRIGGER story_moved AFTER UPDATE OF story ON detections BEGIN
  UPDATE stories SET first = (SELECT source FROM detections WHERE story = stories.id ORDER BY told_at, source LIMIT 1)
    WHERE id IN (OLD.story, NEW.story);
END;
CREATE TRIGGER story_untold AFTER DELETE ON detections BEGIN
  UPDATE stories SET first = (SELECT source FROM detections WHERE story = OLD.story ORDER BY told_at, source LIMIT 1)
    WHERE id = OLD.story;
END;
CREATE TRIGGER first_changed AFTER UPDATE OF first ON stories WHEN NEW.first IS NOT OLD.first BEGIN
  UPDATE sources SET first_total = first_total - 1 WHERE id = OLD.first;
  UPDATE sources SET first_total = first_total + 1 WHERE id = NEW.first;
END;
CREATE TRIGGER first_dropped AFTER DELETE ON stories BEGIN
  UPDATE sources SET first_total = first_total - 1 WHERE id = OLD.first;
END;

-- Alerts by how they ended, for counters that never fall: messages are forgotten after a while.
CREATE TABLE alert_totals (
  channel TEXT NOT NULL, result TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (channel, result)
) STRICT, WITHOUT ROWID;
INSERT INTO alert_totals SELECT messages.channel, iif(given_up, 'given_up', 'delivered'), count(*)
  FROM messages JOIN outbox ON outbox.message = messages.id WHERE settled_at IS NOT NULL GROUP BY 1, 2;
CREATE TRIGGER message_settled AFTER UPDATE OF settled_at ON messages
  WHEN NEW.settled_at IS NOT NULL AND OLD.settled_at IS NULL BEGIN
  INSERT INTO alert_totals VALUES (NEW.channel, iif(NEW.given_up, 'given_up', 'delivered'),
    (SELECT count(*) FROM outbox WHERE message = NEW.id))
    ON CONFLICT (channel, result) DO UPDATE SET number = number + excluded.number;
END;
