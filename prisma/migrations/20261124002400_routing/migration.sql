-- Who is told when all steps of an escalation are over, and the revocable calendar of an on-call schedule.

-- AlterTable
ALTER TABLE "escalation_policies" ADD COLUMN     "fallback_channel_id" UUID;

-- AlterTable
ALTER TABLE "on_call_schedules" ADD COLUMN     "calendar_revision" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex
CREATE INDEX "escalation_policies_organization_id_fallback_channel_id_idx" ON "escalation_policies"("organization_id", "fallback_channel_id");

-- AddForeignKey
ALTER TABLE "escalation_policies" ADD CONSTRAINT "escalation_policies_organization_id_fallback_channel_id_fkey" FOREIGN KEY ("organization_id", "fallback_channel_id") REFERENCES "alert_channels"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- The auditor of escalations: its own code, which reads nothing but the tables. What should have gone on more than `late`
-- ago, because no worker did, is paged on every channel that is not suspended, once for each step, and is due now.
-- Answers how many were late.
CREATE FUNCTION escalations_page_overdue(at timestamptz, late interval) RETURNS integer
  LANGUAGE plpgsql SECURITY INVOKER
  AS $$
DECLARE
  organization uuid := current_organization();
  found integer;
BEGIN
  WITH overdue AS MATERIALIZED (
    SELECT e.id, e.incident_id, e.step, e.round, i.severity FROM escalations e
    JOIN security_incidents i ON i.organization_id = e.organization_id AND i.id = e.incident_id AND i.status_rank <= 1
    WHERE e.organization_id = organization AND e.state = 'RUNNING' AND e.due_at < escalations_page_overdue.at - late
  ), paged AS (
    INSERT INTO security_alerts (organization_id, id, incident_id, kind, priority, channel_id, recipient, group_key, status,
      escalation_id, step, round, due_at, created_at)
    SELECT organization, md5(concat_ws(' ', 'overdue', o.id, o.step, o.round, c.id, r.recipient))::uuid, o.incident_id, 'ESCALATED', 'CRITICAL',
      c.id, r.recipient, 'overdue ' || o.id, 'QUEUED', o.id, o.step, o.round, escalations_page_overdue.at, escalations_page_overdue.at
    FROM overdue o
    JOIN alert_channels c ON c.organization_id = organization AND c.suspended_at IS NULL AND c.removed_at IS NULL
    CROSS JOIN LATERAL (
      SELECT jsonb_array_elements_text(CASE jsonb_typeof(c.config -> 'to') WHEN 'array' THEN c.config -> 'to'
        WHEN 'string' THEN jsonb_build_array(c.config -> 'to') ELSE '[""]' END) AS recipient) r
    ON CONFLICT DO NOTHING
  )
  SELECT count(*)::int INTO found FROM overdue;
  RETURN found;
END
$$;
