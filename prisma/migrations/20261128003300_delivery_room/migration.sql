-- Fewer and larger steps from what is due to what was sent. A receiver that hangs does not hold up those of other channels.
DROP FUNCTION alerts_claim_due(integer, timestamptz, interval);

-- Hands out alerts that are due, the most urgent first, to one sender for the length of a lease: as many as asked for, at
-- most 1000. What another sender holds is left out; what it has lost, for its lease is over, is noted in the ledger and
-- handed out again. Channels that are stopped, that wait as their provider asked, or on which the sender has enough on its
-- way (`full_up`; for what is not CRITICAL already `busy`), are left out. What is in no message yet gets one of `message_ids`.
CREATE FUNCTION alerts_claim_due(most integer, at timestamptz, lease interval, busy uuid[] DEFAULT '{}', full_up uuid[] DEFAULT '{}',
    message_ids uuid[] DEFAULT '{}')
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
          AND (c.wait_until IS NULL OR c.wait_until <= at) AND c.id <> ALL (full_up)
          AND (urgency = 'CRITICAL' OR c.id <> ALL (busy))
      WHERE a.organization_id = organization AND a.priority = urgency AND a.due_at <= at
      ORDER BY a.due_at, a.id LIMIT most - cardinality(taken) FOR UPDATE OF a SKIP LOCKED);
    EXIT WHEN cardinality(taken) = most;
  END LOOP;
  INSERT INTO alert_attempts (organization_id, id, alert_id, at, outcome, detail)
    SELECT organization, gen_random_uuid(), a.id, at, 'LOST', 'The sender did not report within its lease.'
    FROM security_alerts a WHERE a.organization_id = organization AND a.id = ANY (taken) AND a.status = 'SENDING';
  RETURN QUERY
    WITH claimed AS (
      UPDATE security_alerts a SET status = 'SENDING', due_at = at + lease, claim = token, tries = a.tries + 1,
        message_id = coalesce(a.message_id, message_ids[array_position(taken, a.id)])
      WHERE a.organization_id = organization AND a.id = ANY (taken)
      RETURNING a.id, a.incident_id, a.kind, a.channel_id, a.recipient, a.priority, a.tries, a.group_key, a.message_id, a.claim)
    SELECT c.* FROM claimed c ORDER BY array_position(taken, c.id);
END
$$;

DROP FUNCTION alerts_release(uuid[], uuid, timestamptz);

-- Puts back what was claimed and not tried: it is due again at `until`, the try does not count, and what is `fresh` is in
-- no message.
CREATE FUNCTION alerts_release(ids uuid[], held_claim uuid, until timestamptz, fresh uuid[] DEFAULT '{}') RETURNS void
  LANGUAGE sql SECURITY INVOKER
  AS $$
    UPDATE security_alerts SET status = CASE WHEN tries > 1 THEN 'RETRYING' ELSE 'QUEUED' END::alert_status, due_at = until,
      claim = NULL, tries = tries - 1, message_id = CASE WHEN id <> ALL (fresh) THEN message_id END
    WHERE organization_id = (SELECT current_organization()) AND id = ANY (ids) AND claim = held_claim AND status = 'SENDING'
  $$;

DROP FUNCTION alert_attempt_record(uuid, uuid, timestamptz, attempt_outcome, text, integer, text, timestamptz);

-- Writes down what became of tries, each at the place of its alert in the arrays, and moves the alerts on; answers where
-- each is now, in the order of their ids. A report of a sender whose claim is over is noted, and moves nothing that another
-- one has in hand.
CREATE FUNCTION alert_attempts_record(alerts uuid[], claims uuid[], at timestamptz[], outcomes attempt_outcome[], details text[],
    latencies integer[], provider_ids text[], retries timestamptz[])
  RETURNS TABLE (alert uuid, status alert_status)
  LANGUAGE plpgsql SECURITY INVOKER
  AS $$
#variable_conflict use_column
DECLARE
  organization uuid := current_organization();
  late record;
BEGIN
  SELECT t.at, t.retry_at INTO late FROM unnest(at, outcomes, retries) AS t(at, outcome, retry_at)
    WHERE t.outcome = 'RETRY' AND t.retry_at <= t.at LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a retry is later than the try at %, not at %', late.at, late.retry_at;
  END IF;
  RETURN QUERY
    WITH tried AS MATERIALIZED (
      SELECT * FROM unnest(alerts, claims, at, outcomes, details, latencies, provider_ids, retries)
        AS t(id, held, at, outcome, detail, latency_ms, provider_id, retry_at)),
    known AS MATERIALIZED (
      SELECT a.id, a.status, a.claim, t.held, t.at, t.outcome, t.detail, t.latency_ms, t.provider_id, t.retry_at
      FROM tried t JOIN security_alerts a ON a.organization_id = organization AND a.id = t.id
      ORDER BY a.id FOR UPDATE OF a),
    noted AS (
      INSERT INTO alert_attempts (organization_id, id, alert_id, at, outcome, detail, latency_ms, provider_id)
      SELECT organization, gen_random_uuid(), k.id, k.at, k.outcome, k.detail, k.latency_ms, k.provider_id FROM known k),
    judged AS MATERIALIZED (
      SELECT k.*, CASE
        WHEN k.status = 'DELIVERED' OR k.outcome = 'DELIVERED' THEN 'DELIVERED'
        WHEN k.status = 'SENDING' AND k.claim = k.held THEN (CASE
          WHEN k.outcome = 'SENT' THEN 'SENT'
          WHEN k.outcome = 'RETRY' AND k.retry_at IS NOT NULL THEN 'RETRYING'
          ELSE 'FAILED' END)::alert_status
        WHEN k.outcome = 'SENT' AND k.status <> 'SENDING' THEN 'SENT'
        -- a provider that took a message may say later that it could not deliver it
        WHEN k.outcome = 'PERMANENT' AND k.status = 'SENT' THEN 'FAILED'
        ELSE k.status END AS moved
      FROM known k),
    moved AS (
      UPDATE security_alerts a SET status = j.moved, due_at = CASE WHEN j.moved = 'RETRYING' THEN j.retry_at END, claim = NULL,
        sent_at = CASE WHEN j.moved IN ('SENT', 'DELIVERED') THEN coalesce(a.sent_at, j.at) ELSE a.sent_at END,
        delivered_at = CASE WHEN j.moved = 'DELIVERED' THEN j.at ELSE a.delivered_at END
      FROM judged j WHERE a.organization_id = organization AND a.id = j.id AND j.moved <> j.status)
    SELECT j.id, j.moved FROM judged j ORDER BY j.id;
END
$$;

-- The same for one; null: there is no such alert.
CREATE FUNCTION alert_attempt_record(alert uuid, held_claim uuid, at timestamptz, outcome attempt_outcome, detail text,
    latency_ms integer DEFAULT NULL, provider_id text DEFAULT NULL, retry_at timestamptz DEFAULT NULL)
  RETURNS alert_status
  LANGUAGE sql SECURITY INVOKER
  AS $$
    SELECT status FROM alert_attempts_record(ARRAY[alert], ARRAY[held_claim], ARRAY[at], ARRAY[outcome], ARRAY[detail],
      ARRAY[latency_ms], ARRAY[provider_id], ARRAY[retry_at])
  $$;
