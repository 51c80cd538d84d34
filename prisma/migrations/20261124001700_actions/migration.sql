-- Response rules that act: actions with their whole life, the circuit breaker, and "was this you?".

ALTER TYPE "action_status" ADD VALUE 'MONITORED';
ALTER TYPE "entry_kind" ADD VALUE 'ACTION_PLANNED';
ALTER TYPE "entry_kind" ADD VALUE 'ACTION_APPLIED';
ALTER TYPE "entry_kind" ADD VALUE 'ACTION_REFUSED';
ALTER TYPE "entry_kind" ADD VALUE 'ACTION_REVERTED';
ALTER TYPE "entry_kind" ADD VALUE 'ACTION_EXPIRED';
ALTER TYPE "entry_kind" ADD VALUE 'ACTION_FAILED';
ALTER TYPE "entry_kind" ADD VALUE 'USER_ASKED';
ALTER TYPE "entry_kind" ADD VALUE 'USER_ANSWERED';

ALTER TABLE "organizations"
  -- As many automatic actions in 10 minutes; the next one opens the breaker.
  ADD COLUMN "response_cap" INTEGER NOT NULL DEFAULT 20 CHECK ("response_cap" BETWEEN 0 AND 10000),
  -- Since when no automatic action is done; null: they are.
  ADD COLUMN "breaker_opened_at" TIMESTAMPTZ(6),
  ADD COLUMN "breaker_reason" TEXT,
  ADD COLUMN "breaker_resumed_at" TIMESTAMPTZ(6),
  -- Whether people were told of it.
  ADD COLUMN "breaker_reported" BOOLEAN NOT NULL DEFAULT false,
  -- Up to which number the response rules that come with Vigil were given to the organization.
  ADD COLUMN "response_defaults" INTEGER NOT NULL DEFAULT 0;
GRANT UPDATE (response_cap, breaker_opened_at, breaker_reason, breaker_resumed_at, breaker_reported, response_defaults) ON organizations TO vigil_app;

-- The line of the timeline that waits to be responded to: the letter behind the doorbell.
ALTER TABLE "security_incidents" ADD COLUMN "response_entry_id" UUID;
CREATE INDEX "security_incidents_organization_id_response_entry_id_idx" ON "security_incidents"("organization_id", "response_entry_id");

ALTER TABLE "incident_actions"
  ADD COLUMN "scope" "decision_scope",
  -- The response rule that chose it, and the line of the timeline that it answers.
  ADD COLUMN "rule_id" UUID,
  ADD COLUMN "entry_id" UUID,
  ADD COLUMN "ttl_s" INTEGER,
  -- Who asked for it, by id and session: another one approves.
  ADD COLUMN "requester_id" TEXT,
  ADD COLUMN "requester_session" UUID,
  -- When time changes it: it expires, or nobody has approved it in time. Null once it is over.
  ADD COLUMN "due_at" TIMESTAMPTZ(6),
  ADD COLUMN "ended_by" TEXT,
  ADD COLUMN "ended_reason" TEXT;
-- Running twice is harmless: one change makes a rule act once on a target.
CREATE UNIQUE INDEX "incident_actions_once" ON "incident_actions"("organization_id", "incident_id", "rule_id", "entry_id", "type", "target");
CREATE INDEX "incident_actions_organization_id_due_at_idx" ON "incident_actions"("organization_id", "due_at");
CREATE INDEX "incident_actions_organization_id_target_created_at_idx" ON "incident_actions"("organization_id", "target", "created_at");
CREATE INDEX "incident_actions_organization_id_applied_at_idx" ON "incident_actions"("organization_id", "applied_at");

-- One-time questions to the user of a monitored application: was this you?
CREATE TABLE "user_checks" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "answered_at" TIMESTAMPTZ(6),
    "was_user" BOOLEAN,
    CONSTRAINT "user_checks_pkey" PRIMARY KEY ("organization_id", "id")
);
CREATE INDEX "user_checks_organization_id_incident_id_idx" ON "user_checks"("organization_id", "incident_id");
CREATE INDEX "user_checks_organization_id_subject_created_at_idx" ON "user_checks"("organization_id", "subject", "created_at");
ALTER TABLE "user_checks" ADD CONSTRAINT "user_checks_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id")
  REFERENCES "security_incidents"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;
CALL protect_tenant_table('user_checks'::regclass);
GRANT SELECT, INSERT, UPDATE ON user_checks TO vigil_app;

-- As before; and a line that may call for a response leaves its letter with the incident, in the same transaction.
CREATE OR REPLACE FUNCTION incident_log(ids uuid[], incidents uuid[], kinds entry_kind[], messages text[], actors text[], at timestamptz,
    words bytea[] DEFAULT NULL) RETURNS void
  LANGUAGE sql
  AS $$
    INSERT INTO incident_entries (organization_id, id, incident_id, kind, message, actor, at, sealed)
    SELECT (SELECT current_organization()), id, incident_id, kind, message, actor, incident_log.at, sealed
    FROM unnest(ids, incidents, kinds, messages, actors, words) AS line(id, incident_id, kind, message, actor, sealed);
    UPDATE security_incidents i SET response_entry_id = letter.id
    FROM (
      SELECT DISTINCT ON (incident_id) incident_id, id FROM unnest(ids, incidents, kinds) WITH ORDINALITY AS line(id, incident_id, kind, n)
      WHERE kind::text IN ('OPENED', 'SEVERITY_RAISED', 'SEVERITY_CHANGED', 'COUNT_REACHED', 'REOPENED') ORDER BY incident_id, n DESC
    ) letter
    WHERE i.organization_id = (SELECT current_organization()) AND i.id = letter.incident_id;
  $$;
