-- What arrival adds to an event: its place, network and program, with the versions of the data they came from.
-- Null: of an event from before there was any, or with nothing to add.
ALTER TABLE "realtime_monitoring" ADD COLUMN "enrichment" JSONB;
