-- Which restore of the database the feed has begun behind: a base backup's count of transactions goes on from where it was, so
-- that a cursor from before the restore cannot be told by its transaction once the count has passed it.
ALTER TABLE organizations ADD COLUMN feed_epoch bigint NOT NULL DEFAULT 0;
GRANT UPDATE (feed_epoch) ON organizations TO vigil_app;
