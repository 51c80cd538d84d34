-- What was left of the ground: the delivery ledger of alerts as functions, and an audit log that can be cut.

-- Where an alert is, in its order of going on. A type made anew: a value added to the old one could not be used before
-- this migration has been committed.
DROP VIEW report_alert_delivery;
ALTER TABLE "security_alerts" DROP COLUMN "status_rank";
ALTER TYPE "alert_status" RENAME TO "alert_status_before";
CREATE TYPE "alert_status" AS ENUM ('QUEUED', 'SENDING', 'RETRYING', 'HELD', 'SENT', 'DELIVERED', 'FAILED');
CREATE TYPE "alert_priority" AS ENUM ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL');
CREATE TYPE "attempt_outcome" AS ENUM ('SENT', 'DELIVERED', 'RETRY', 'PERMANENT', 'LOST');

ALTER TABLE "security_alerts"
    ALTER COLUMN "status" TYPE "alert_status" USING "status"::text::"alert_status",
    ADD COLUMN "priority" "alert_priority" NOT NULL DEFAULT 'MEDIUM',
    ADD COLUMN "due_at" TIMESTAMPTZ(6),
    ADD COLUMN "claim" UUID,
    ADD COLUMN "tries" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "sent_at" TIMESTAMPTZ(6),
    ADD COLUMN "delivered_at" TIMESTAMPTZ(6);
DROP TYPE "alert_status_before";
UPDATE "security_alerts" SET "due_at" = "created_at" WHERE "status" = 'QUEUED';
ALTER TABLE "security_alerts"
    ADD COLUMN "status_rank" SMALLINT NOT NULL GENERATED ALWAYS AS (CASE "status" WHEN 'QUEUED' THEN 0 WHEN 'SENDING' THEN 1 WHEN 'RETRYING' THEN 2
      WHEN 'HELD' THEN 3 WHEN 'SENT' THEN 4 WHEN 'DELIVERED' THEN 5 ELSE 6 END) STORED,
    -- A claim names who sends it now.
    ADD CONSTRAINT "security_alerts_claim" CHECK (("claim" IS NOT NULL) = ("status" = 'SENDING'));

ALTER TABLE "alert_attempts"
    ALTER COLUMN "outcome" TYPE "attempt_outcome" USING "outcome"::"attempt_outcome",
    ADD COLUMN "latency_ms" INTEGER,
    ADD COLUMN "provider_id" TEXT;

CREATE INDEX "security_alerts_organization_id_status_rank_created_at_id_idx" ON "security_alerts"("organization_id", "status_rank", "created_at", "id");
CREATE INDEX "security_alerts_organization_id_priority_due_at_id_idx" ON "security_alerts"("organization_id", "priority", "due_at", "id");
CREATE INDEX "alert_attempts_organization_id_provider_id_idx" ON "alert_attempts"("organization_id", "provider_id");

-- An alert is due when it is made; whoever is told, sent or gone is never due again.
CREATE FUNCTION alert_due() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  NEW.due_at := CASE WHEN NEW.status IN ('QUEUED', 'SENDING', 'RETRYING') THEN coalesce(NEW.due_at, NEW.created_at) END;
  RETURN NEW;
END
$$;
CREATE TRIGGER due BEFORE INSERT OR UPDATE OF status, due_at ON security_alerts FOR EACH ROW EXECUTE FUNCTION alert_due();

CREATE VIEW report_alert_delivery WITH (security_invoker = true) AS
  SELECT a.organization_id, (a.created_at AT TIME ZONE 'UTC')::date AS day, a.channel_id, c.name AS channel_name, c.kind AS channel_kind,
    count(*)::int AS alerts,
    count(*) FILTER (WHERE a.status IN ('SENT', 'DELIVERED'))::int AS sent,
    count(*) FILTER (WHERE a.status = 'DELIVERED')::int AS delivered,
    count(*) FILTER (WHERE a.status = 'FAILED')::int AS failed,
    count(*) FILTER (WHERE a.status = 'HELD')::int AS held,
    count(*) FILTER (WHERE a.status IN ('QUEUED', 'SENDING', 'RETRYING'))::int AS queued,
    coalesce(sum(t.attempts), 0)::int AS attempts
  FROM security_alerts a
  JOIN alert_channels c ON c.organization_id = a.organization_id AND c.id = a.channel_id
  LEFT JOIN (SELECT organization_id, alert_id, count(*) AS attempts FROM alert_attempts GROUP BY 1, 2) t
    ON t.organization_id = a.organization_id AND t.alert_id = a.id
  GROUP BY 1, 2, 3, 4, 5;
GRANT SELECT ON report_alert_delivery TO vigil_app;

-- Takes at most `most` alerts that are due at `at` for one sender, the most urgent first, then the one due longest. They
-- are SENDING until `at + lease`; what is not reported by then has lost its sender: the try is written down as LOST, and
-- the next caller takes the alert. Alerts of suspended channels wait. Two callers never get the same alert.
CREATE FUNCTION alerts_claim_due(most integer, at timestamptz, lease interval)
  RETURNS TABLE (id uuid, incident_id uuid, channel_id uuid, recipient text, priority alert_priority, tries integer, claim uuid)
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
      RETURNING a.id, a.incident_id, a.channel_id, a.recipient, a.priority, a.tries, a.claim)
    SELECT c.* FROM claimed c ORDER BY array_position(taken, c.id);
END
$$;

-- Writes one try at delivering an alert into its ledger, and moves the alert on; answers where it is now, null when there
-- is no such alert. SENT: the provider took it. DELIVERED: the receiver confirmed it, also later and without a claim.
-- RETRY: it is tried again at `retry_at`; without one there is no try left, and it has FAILED. PERMANENT: it has FAILED.
-- Of a sender whose lease ended only the try is kept, but for SENT, which spares the receiver a second message unless
-- that is under way.
CREATE FUNCTION alert_attempt_record(alert uuid, held_claim uuid, at timestamptz, outcome attempt_outcome, detail text,
    latency_ms integer DEFAULT NULL, provider_id text DEFAULT NULL, retry_at timestamptz DEFAULT NULL)
  RETURNS alert_status
  LANGUAGE plpgsql SECURITY INVOKER
  AS $$
#variable_conflict use_variable
DECLARE
  organization uuid := current_organization();
  known security_alerts;
  moved alert_status;
BEGIN
  SELECT * INTO known FROM security_alerts a WHERE a.organization_id = organization AND a.id = alert FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF outcome = 'RETRY' AND retry_at <= at THEN
    RAISE EXCEPTION 'a retry is later than the try at %, not at %', at, retry_at;
  END IF;
  INSERT INTO alert_attempts (organization_id, id, alert_id, at, outcome, detail, latency_ms, provider_id)
    VALUES (organization, gen_random_uuid(), alert, at, outcome, detail, latency_ms, provider_id);
  moved := CASE
    WHEN known.status = 'DELIVERED' THEN 'DELIVERED'
    WHEN outcome = 'DELIVERED' THEN 'DELIVERED'
    WHEN known.status = 'SENDING' AND known.claim = held_claim THEN (CASE
      WHEN outcome = 'SENT' THEN 'SENT'
      WHEN outcome = 'RETRY' AND retry_at IS NOT NULL THEN 'RETRYING'
      ELSE 'FAILED' END)::alert_status
    WHEN outcome = 'SENT' AND known.status <> 'SENDING' THEN 'SENT'
    -- a provider that took a message may say later that it could not deliver it
    WHEN outcome = 'PERMANENT' AND known.status = 'SENT' THEN 'FAILED'
    ELSE known.status END;
  IF moved <> known.status THEN
    UPDATE security_alerts a SET status = moved, due_at = CASE WHEN moved = 'RETRYING' THEN retry_at END, claim = NULL,
      sent_at = CASE WHEN moved IN ('SENT', 'DELIVERED') THEN coalesce(a.sent_at, at) ELSE a.sent_at END,
      delivered_at = CASE WHEN moved = 'DELIVERED' THEN at ELSE a.delivered_at END
    WHERE a.organization_id = organization AND a.id = alert;
  END IF;
  RETURN moved;
END
$$;

-- Puts alerts that have FAILED or are HELD back into the queue, due at `at`, with their tries counted anew; their ledger
-- stays. Answers those it moved: others are under way or have arrived.
CREATE FUNCTION alerts_requeue(ids uuid[], at timestamptz) RETURNS SETOF uuid
  LANGUAGE sql SECURITY INVOKER
  AS $$
    WITH due AS MATERIALIZED (
      SELECT id FROM security_alerts WHERE organization_id = (SELECT current_organization()) AND id = ANY (ids)
        AND status IN ('FAILED', 'HELD') ORDER BY id FOR UPDATE)
    UPDATE security_alerts a SET status = 'QUEUED', due_at = at, tries = 0 FROM due
    WHERE a.organization_id = (SELECT current_organization()) AND a.id = due.id RETURNING a.id
  $$;

-- How many alerts of a time there are on each channel in each status, and since when the oldest of them waits.
CREATE FUNCTION alert_counts(since timestamptz, until timestamptz)
  RETURNS TABLE (channel_id uuid, status alert_status, alerts integer, oldest timestamptz)
  LANGUAGE sql STABLE SECURITY INVOKER
  AS $$
    SELECT channel_id, status, count(*)::int, min(created_at) FROM security_alerts
    WHERE organization_id = (SELECT current_organization()) AND created_at >= since AND created_at < until
    GROUP BY 1, 2 ORDER BY 1, 2
  $$;

-- Where the audit log was cut: a signed checkpoint becomes its new beginning. The signature is the server's over the cut
-- itself, so that entries removed by anyone else do not look like one.
ALTER TABLE "audit_checkpoints"
    ADD COLUMN "cut_at" TIMESTAMPTZ(3),
    ADD COLUMN "cut_key_id" TEXT,
    ADD COLUMN "cut_signature" BYTEA,
    ADD CONSTRAINT "audit_checkpoints_cut" CHECK (num_nonnulls("cut_at", "cut_key_id", "cut_signature") IN (0, 3));
REVOKE INSERT ON audit_checkpoints FROM vigil_app;
GRANT INSERT (organization_id, seq, hash, at, key_id, signature) ON audit_checkpoints TO vigil_app;

-- Removes the current organization's audit entries up to and with entry `upto`; answers how many. Only up to a checkpoint
-- that fits the entry, and only where all of it is older than the policy, which is six years at least, keeps it; the log
-- never becomes empty. The checkpoint stays, with the signature of the cut; those before it go with their entries.
CREATE FUNCTION audit_cut(upto bigint, signed_at timestamptz, key_id text, signature bytea) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
DECLARE
  organization uuid := current_organization();
  bound timestamptz := retention_cutoff('AUDIT', now());
  youngest timestamptz;
  removed bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('vigil.audit:' || organization, 0));
  IF NOT EXISTS (SELECT FROM audit_checkpoints c JOIN security_audit_log l ON l.organization_id = c.organization_id AND l.seq = c.seq
      WHERE c.organization_id = organization AND c.seq = upto AND c.hash = l.hash) THEN
    RAISE EXCEPTION 'audit_cut(%): there is no checkpoint of this entry', upto;
  END IF;
  SELECT max(l.at) INTO youngest FROM security_audit_log l WHERE l.organization_id = organization AND l.seq <= upto;
  IF youngest >= bound THEN
    RAISE EXCEPTION 'audit_cut(%): its youngest entry is of %, and what is of % or later is kept', upto, youngest, bound;
  END IF;
  IF NOT EXISTS (SELECT FROM security_audit_log l WHERE l.organization_id = organization AND l.seq > upto) THEN
    RAISE EXCEPTION 'audit_cut(%): it is the last entry, which stays', upto;
  END IF;
  DELETE FROM audit_patients p WHERE p.organization_id = organization AND p.seq <= upto;
  DELETE FROM security_audit_log l WHERE l.organization_id = organization AND l.seq <= upto;
  GET DIAGNOSTICS removed = ROW_COUNT;
  DELETE FROM audit_checkpoints c WHERE c.organization_id = organization AND c.seq < upto;
  UPDATE audit_checkpoints c SET cut_at = signed_at, cut_key_id = audit_cut.key_id, cut_signature = audit_cut.signature
    WHERE c.organization_id = organization AND c.seq = upto;
  RETURN removed;
END
$$;
REVOKE ALL ON FUNCTION audit_cut(bigint, timestamptz, text, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_cut(bigint, timestamptz, text, bytea) TO vigil_app;

-- The entry up to which the current organization's audit log may be cut: the last checkpoint before the first entry of
-- `before` or later, but no more than some `most` entries ahead of the beginning; null: there is none yet.
CREATE FUNCTION audit_cut_due(before timestamptz, most integer) RETURNS bigint
  LANGUAGE sql STABLE SECURITY INVOKER
  AS $$
    WITH bounds AS (
      SELECT (SELECT min(seq) FROM security_audit_log WHERE organization_id = (SELECT current_organization())) AS first,
        coalesce((SELECT seq FROM security_audit_log WHERE organization_id = (SELECT current_organization()) AND at >= before
            ORDER BY at, seq LIMIT 1),
          (SELECT max(seq) FROM security_audit_log WHERE organization_id = (SELECT current_organization()))) AS kept),
    due AS (
      SELECT seq, first FROM audit_checkpoints, bounds
      WHERE organization_id = (SELECT current_organization()) AND seq >= first AND seq < kept)
    SELECT coalesce((SELECT max(seq) FROM due WHERE seq < first + most), (SELECT min(seq) FROM due))
  $$;

-- Detections that opened no incident, those of rules in MONITOR, are kept as long as incidents are.
CREATE FUNCTION expire_detections(before timestamptz, batch integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
DECLARE
  organization uuid := current_organization();
  edge timestamptz := least(before, retention_cutoff('INCIDENTS', now()));
  removed integer;
BEGIN
  CALL check_batch(batch);
  DELETE FROM detections WHERE organization_id = organization AND id IN (
    SELECT d.id FROM detections d
    WHERE d.organization_id = organization AND d.created_at < edge AND d.updated_at < edge AND d.incident_id IS NULL
    ORDER BY d.created_at, d.id LIMIT batch);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$$;
REVOKE ALL ON FUNCTION expire_detections(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expire_detections(timestamptz, integer) TO vigil_app;
