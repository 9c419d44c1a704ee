-- What an entry can be recognised by when its guid, its link or its words change: the first 48 bits of the hashes of its
-- guid (0 where the key is made of it), canonical link, title and opening. Entries kept before have none until they are
-- seen again. `reworded` counts how often one was judged again for other words: the day, then 8 bits of how often in all,
-- then 8 bits of how often on that day.
ALTER TABLE entries ADD COLUMN id_mark INTEGER;
ALTER TABLE entries ADD COLUMN link_mark INTEGER;
ALTER TABLE entries ADD COLUMN title_mark INTEGER;
ALTER TABLE entries ADD COLUMN text_mark INTEGER;
ALTER TABLE entries ADD COLUMN reworded INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entries_by_link ON entries (source, link_mark) WHERE link_mark IS NOT NULL;
CREATE INDEX entries_by_title ON entries (source, title_mark) WHERE title_mark IS NOT NULL;
CREATE INDEX entries_by_id ON entries (source, id_mark) WHERE id_mark > 0;
