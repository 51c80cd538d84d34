-- What is due is found, and what was tried is written down, row by row by its key: of a set, the planner reads all alerts of
-- an organization that it has no statistics of, which is any in its first storm. No operator of an enum is leakproof, so no
-- index by priority was ever used under Row Level Security; one by its rank is.
ALTER TABLE "security_alerts" ADD COLUMN "priority_rank" SMALLINT NOT NULL
  GENERATED ALWAYS AS (CASE "priority" WHEN 'LOW' THEN 0 WHEN 'MEDIUM' THEN 1 WHEN 'HIGH' THEN 2 ELSE 3 END) STORED;
DROP INDEX "security_alerts_organization_id_priority_due_at_id_idx";
CREATE INDEX "security_alerts_organization_id_priority_rank_due_at_id_idx" ON "security_alerts"("organization_id", "priority_rank", "due_at", "id");

-- The id of an alert is what it is told of, by which route, on which channel and to whom: nothing ever wrote the column of
-- this constraint, and nothing read by the index below it.
DROP INDEX "security_alerts_once_key";
ALTER TABLE "security_alerts" DROP COLUMN "change_id";
DROP INDEX "security_alerts_together_idx";

-- Hands out alerts that are due, the most urgent first, to one sender for the length of a lease: as many as asked for, at
-- most 1000; where any is CRITICAL, none that is not. What another sender holds is left out; what it has lost, for its lease
-- is over, is noted in the ledger and handed out again. Channels that are stopped, that wait as their provider asked, or on
-- which the sender has enough on its way (`full_up`; for what is not CRITICAL already `busy`), are left out. What is in no
-- message yet gets one of `message_ids`.
CREATE OR REPLACE FUNCTION alerts_claim_due(most integer, at timestamptz, lease interval, busy uuid[] DEFAULT '{}', full_up uuid[] DEFAULT '{}',
    message_ids uuid[] DEFAULT '{}')
  RETURNS TABLE (id uuid, incident_id uuid, kind alert_kind, channel_id uuid, recipient text, priority alert_priority, tries integer,
    group_key text, message_id uuid, claim uuid)
  LANGUAGE plpgsql SECURITY INVOKER
  -- leaves nothing but the walk of the index in the order of due_at
  SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off
  AS $$
#variable_conflict use_column
DECLARE
  organization uuid := current_organization();
  token constant uuid := gen_random_uuid();
  channels uuid[];
  rank smallint;
  taken uuid[] := '{}';
BEGIN
  IF most IS NULL OR most NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION 'alerts_claim_due takes 1 to 1000 alerts, not %', most;
  END IF;
  IF lease IS NULL OR lease <= interval '0' THEN
    RAISE EXCEPTION 'a lease lasts longer than nothing, not %', lease;
  END IF;
  channels := ARRAY(SELECT c.id FROM alert_channels c WHERE c.organization_id = organization AND c.suspended_at IS NULL
    AND (c.wait_until IS NULL OR c.wait_until <= at) AND c.id <> ALL (full_up));
  FOREACH rank IN ARRAY '{3,2,1,0}'::smallint[] LOOP
    taken := taken || ARRAY(
      SELECT a.id FROM security_alerts a
      WHERE a.organization_id = organization AND a.priority_rank = rank AND a.due_at <= at AND a.channel_id = ANY (channels)
      ORDER BY a.due_at, a.id LIMIT most - cardinality(taken) FOR UPDATE OF a SKIP LOCKED);
    EXIT WHEN cardinality(taken) = most OR (rank = 3 AND cardinality(taken) > 0);
    IF rank = 3 THEN
      channels := ARRAY(SELECT channel FROM unnest(channels) AS channel WHERE channel <> ALL (busy));
    END IF;
  END LOOP;
  FOR place IN 1 .. cardinality(taken) LOOP
    INSERT INTO alert_attempts (organization_id, id, alert_id, at, outcome, detail)
      SELECT organization, gen_random_uuid(), a.id, at, 'LOST', 'The sender did not report within its lease.'
      FROM security_alerts a WHERE a.organization_id = organization AND a.id = taken[place] AND a.status = 'SENDING';
    RETURN QUERY
      UPDATE security_alerts a SET status = 'SENDING', due_at = at + lease, claim = token, tries = a.tries + 1,
        message_id = coalesce(a.message_id, message_ids[place])
      WHERE a.organization_id = organization AND a.id = taken[place]
      RETURNING a.id, a.incident_id, a.kind, a.channel_id, a.recipient, a.priority, a.tries, a.group_key, a.message_id, a.claim;
  END LOOP;
END
$$;

-- Writes down what became of tries, each at the place of its alert in the arrays, and moves the alerts on; answers where
-- each is now, in the order of their ids. A report of a sender whose claim is over is noted, and moves nothing that another
-- one has in hand.
CREATE OR REPLACE FUNCTION alert_attempts_record(alerts uuid[], claims uuid[], at timestamptz[], outcomes attempt_outcome[], details text[],
    latencies integer[], provider_ids text[], retries timestamptz[])
  RETURNS TABLE (alert uuid, status alert_status)
  LANGUAGE plpgsql SECURITY INVOKER
  AS $$
#variable_conflict use_column
DECLARE
  organization uuid := current_organization();
  late record;
  tried record;
  known record;
  moved alert_status;
BEGIN
  SELECT t.at, t.retry_at INTO late FROM unnest(at, outcomes, retries) AS t(at, outcome, retry_at)
    WHERE t.outcome = 'RETRY' AND t.retry_at <= t.at LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a retry is later than the try at %, not at %', late.at, late.retry_at;
  END IF;
  FOR tried IN
    SELECT * FROM unnest(alerts, claims, at, outcomes, details, latencies, provider_ids, retries)
      AS t(id, held, at, outcome, detail, latency_ms, provider_id, retry_at) ORDER BY t.id
  LOOP
    SELECT a.status, a.claim INTO known FROM security_alerts a WHERE a.organization_id = organization AND a.id = tried.id FOR UPDATE;
    CONTINUE WHEN NOT FOUND;
    INSERT INTO alert_attempts (organization_id, id, alert_id, at, outcome, detail, latency_ms, provider_id)
      VALUES (organization, gen_random_uuid(), tried.id, tried.at, tried.outcome, tried.detail, tried.latency_ms, tried.provider_id);
    moved := CASE
      WHEN known.status = 'DELIVERED' OR tried.outcome = 'DELIVERED' THEN 'DELIVERED'
      WHEN known.status = 'SENDING' AND known.claim = tried.held THEN (CASE
        WHEN tried.outcome = 'SENT' THEN 'SENT'
        WHEN tried.outcome = 'RETRY' AND tried.retry_at IS NOT NULL THEN 'RETRYING'
        ELSE 'FAILED' END)::alert_status
      WHEN tried.outcome = 'SENT' AND known.status <> 'SENDING' THEN 'SENT'
      -- a provider that took a message may say later that it could not deliver it
      WHEN tried.outcome = 'PERMANENT' AND known.status = 'SENT' THEN 'FAILED'
      ELSE known.status END;
    IF moved <> known.status THEN
      UPDATE security_alerts a SET status = moved, due_at = CASE WHEN moved = 'RETRYING' THEN tried.retry_at END, claim = NULL,
        sent_at = CASE WHEN moved IN ('SENT', 'DELIVERED') THEN coalesce(a.sent_at, tried.at) ELSE a.sent_at END,
        delivered_at = CASE WHEN moved = 'DELIVERED' THEN tried.at ELSE a.delivered_at END
      WHERE a.organization_id = organization AND a.id = tried.id;
    END IF;
    alert := tried.id;
    status := moved;
    RETURN NEXT;
  END LOOP;
END
$$;
