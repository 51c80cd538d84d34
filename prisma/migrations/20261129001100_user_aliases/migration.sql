-- Other names by which events call the same person: an e-mail address, an id.
ALTER TABLE "entities" ADD COLUMN "aliases" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
CREATE INDEX "entities_with_aliases" ON "entities" ("organization_id", "key") WHERE "aliases" <> ARRAY[]::TEXT[];
