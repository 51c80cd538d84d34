-- A weak sign counts for the threat score and opens no incident by itself.
ALTER TABLE "detections" ADD COLUMN "weak" BOOLEAN NOT NULL DEFAULT false;
