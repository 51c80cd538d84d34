-- The other names of the user that a decision is about, as they were when it was made: enforcers get it under each of them.
ALTER TABLE "decisions" ADD COLUMN "aliases" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
