-- What a person said of a detection that is in no incident: a weak sign, or one of a rule in MONITOR.
ALTER TABLE "detections"
  ADD COLUMN "resolution" "incident_resolution",
  ADD COLUMN "resolved_by" TEXT,
  ADD COLUMN "resolved_at" TIMESTAMPTZ(6);
-- Who counts how good a rule is looks for the few that were judged.
CREATE INDEX "detections_judged" ON "detections" ("organization_id", "rule_id", "created_at") WHERE "resolution" IS NOT NULL;

-- What it taught: feedback of an incident or of a detection.
ALTER TABLE "feedback" ALTER COLUMN "incident_id" DROP NOT NULL, ADD COLUMN "detection_id" UUID;
ALTER TABLE "feedback" ADD CONSTRAINT "feedback_of_something" CHECK ("incident_id" IS NOT NULL OR "detection_id" IS NOT NULL);
CREATE INDEX "feedback_organization_id_detection_id_idx" ON "feedback"("organization_id", "detection_id");
ALTER TABLE "feedback" ADD CONSTRAINT "feedback_organization_id_detection_id_fkey" FOREIGN KEY ("organization_id", "detection_id") REFERENCES "detections"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;
