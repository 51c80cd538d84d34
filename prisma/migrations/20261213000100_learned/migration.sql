-- A profile is read and written whole, many times a second: as the text that it is, which PostgreSQL need not take apart and
-- put together again. Beside the old column, which servers of the version before go on with; what it holds counts until the
-- profile is next written. It can go in a later version.
ALTER TABLE "entities" ADD COLUMN "learned" JSON;
