-- Alerts are claimed with what their message has been, and only where their channel delivers now.
DROP FUNCTION alerts_claim_due(integer, timestamptz, interval);

-- Hands out alerts that are due, the most urgent first, to one sender for the length of a lease: as many as asked for, at
-- most 1000. What another sender holds is left out; what it has lost, for its lease is over, is noted in the ledger and
-- handed out again. Channels that are stopped, or that wait as their provider asked, are left out.
CREATE FUNCTION alerts_claim_due(most integer, at timestamptz, lease interval)
  RETURNS TABLE (id uuid, incident_id uuid, kind alert_kind, channel_id uuid, recipient text, priority alert_priority, tries integer,
    group_key text, message_id uuid, claim uuid)
  LANGUAGE plpgsql SECURITY INVOKER
  AS $$
#variable_conflict use_column
DECLARE
  organization uuid := current_organization();
  token constant uuid := gen_random_uuid();
  urgency alert_priority;
  taken uuid[] := '{}';
BEGIN
  IF most IS NULL OR most NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION 'alerts_claim_due takes 1 to 1000 alerts, not %', most;
  END IF;
  IF lease IS NULL OR lease <= interval '0' THEN
    RAISE EXCEPTION 'a lease lasts longer than nothing, not %', lease;
  END IF;
  -- One walk of the index for each priority, from the one due longest on.
  FOREACH urgency IN ARRAY ARRAY['CRITICAL', 'HIGH', 'MEDIUM', 'LOW']::alert_priority[] LOOP
    taken := taken || ARRAY(
      SELECT a.id FROM security_alerts a
        JOIN alert_channels c ON c.organization_id = a.organization_id AND c.id = a.channel_id AND c.suspended_at IS NULL
          AND (c.wait_until IS NULL OR c.wait_until <= at)
      WHERE a.organization_id = organization AND a.priority = urgency AND a.due_at <= at
      ORDER BY a.due_at, a.id LIMIT most - cardinality(taken) FOR UPDATE OF a SKIP LOCKED);
    EXIT WHEN cardinality(taken) = most;
  END LOOP;
  INSERT INTO alert_attempts (organization_id, id, alert_id, at, outcome, detail)
    SELECT organization, gen_random_uuid(), a.id, at, 'LOST', 'The sender did not report within its lease.'
    FROM security_alerts a WHERE a.organization_id = organization AND a.id = ANY (taken) AND a.status = 'SENDING';
  RETURN QUERY
    WITH claimed AS (
      UPDATE security_alerts a SET status = 'SENDING', due_at = at + lease, claim = token, tries = a.tries + 1
      WHERE a.organization_id = organization AND a.id = ANY (taken)
      RETURNING a.id, a.incident_id, a.kind, a.channel_id, a.recipient, a.priority, a.tries, a.group_key, a.message_id, a.claim)
    SELECT c.* FROM claimed c ORDER BY array_position(taken, c.id);
END
$$;

-- Puts back what was claimed and not tried: it is due again at `until`, and the try does not count.
CREATE FUNCTION alerts_release(ids uuid[], held_claim uuid, until timestamptz) RETURNS void
  LANGUAGE sql SECURITY INVOKER
  AS $$
    UPDATE security_alerts SET status = CASE WHEN tries > 1 THEN 'RETRYING' ELSE 'QUEUED' END::alert_status, due_at = until,
      claim = NULL, tries = tries - 1
    WHERE organization_id = (SELECT current_organization()) AND id = ANY (ids) AND claim = held_claim AND status = 'SENDING'
  $$;
