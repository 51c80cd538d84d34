-- The auditor of escalations, as before, sees those that somebody has acknowledged, too, where that has run out: nobody is
-- called again when no worker goes on with them. Each time that it runs out is paged once.
CREATE OR REPLACE FUNCTION escalations_page_overdue(at timestamptz, late interval) RETURNS integer
  LANGUAGE plpgsql SECURITY INVOKER
  AS $$
DECLARE
  organization uuid := current_organization();
  found integer;
BEGIN
  WITH overdue AS MATERIALIZED (
    SELECT e.id, e.incident_id, e.step, e.round, CASE e.state WHEN 'ACKNOWLEDGED' THEN extract(epoch FROM e.due_at) END AS ran_out
    FROM escalations e
    JOIN security_incidents i ON i.organization_id = e.organization_id AND i.id = e.incident_id AND i.status_rank <= 1
    WHERE e.organization_id = organization AND e.state <> 'ENDED' AND e.due_at < escalations_page_overdue.at - late
  ), paged AS (
    INSERT INTO security_alerts (organization_id, id, incident_id, kind, priority, channel_id, recipient, group_key, status,
      escalation_id, step, round, due_at, created_at)
    SELECT organization, md5(concat_ws(' ', 'overdue', o.id, o.step, o.round, o.ran_out, c.id, r.recipient))::uuid, o.incident_id, 'ESCALATED', 'CRITICAL',
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
