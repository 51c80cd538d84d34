-- What a detection was when its incident was over and it went on in another: a row of its own, which stays with the first.
ALTER TABLE "detections" ADD COLUMN "kept_of" UUID;

-- Decisions about users who go by several names: few, and asked for by any of their names with every batch that detects.
CREATE INDEX "decisions_with_aliases" ON "decisions" ("organization_id", "expires_at") WHERE "aliases" <> ARRAY[]::TEXT[];
