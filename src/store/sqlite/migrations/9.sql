-- Hours and days in which a feed's last body asked not to be read (bit 0 is midnight to one, and Monday): they hold after a
-- 304 too, which brings no body.
ALTER TABLE sources ADD COLUMN skip_hours INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN skip_days INTEGER NOT NULL DEFAULT 0;
