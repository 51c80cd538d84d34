-- A question that is sent again, after a crash between sending and writing that down, leaves the links of before valid.
ALTER TABLE "user_checks" ADD COLUMN "earlier_hashes" BYTEA[] NOT NULL DEFAULT ARRAY[]::BYTEA[];
