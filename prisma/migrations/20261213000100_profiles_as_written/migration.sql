-- A profile is read and written whole, many times a second: as the text that it is, which PostgreSQL need not take apart and
-- put together again. What an older server writes as jsonb is cast.
ALTER TABLE "entities" ALTER COLUMN "profile" DROP DEFAULT,
  ALTER COLUMN "profile" SET DATA TYPE JSON USING "profile"::json,
  ALTER COLUMN "profile" SET DEFAULT '{}';
