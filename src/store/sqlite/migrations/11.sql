-- The page or post that a post points at. The story knows the post under this address.
ALTER TABLE detections ADD COLUMN about TEXT;
