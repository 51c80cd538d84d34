-- Events that tell their user by an e-mail address or an id alone are found by it.
CREATE INDEX "realtime_monitoring_nameless_user" ON "realtime_monitoring"("organization_id", (coalesce("actor_email", "actor_id")), "time")
  WHERE "actor_name" IS NULL AND coalesce("actor_email", "actor_id") IS NOT NULL;
