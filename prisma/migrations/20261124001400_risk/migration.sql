-- The threat score: what each detection adds to whom, the score of each entity, and what people taught by resolving incidents.

ALTER TABLE "organizations"
    ADD COLUMN "risk_high_at" SMALLINT NOT NULL DEFAULT 70,
    ADD COLUMN "risk_critical_at" SMALLINT NOT NULL DEFAULT 90,
    ADD CONSTRAINT "organizations_risk_thresholds" CHECK (0 < "risk_high_at" AND "risk_high_at" < "risk_critical_at" AND "risk_critical_at" <= 100);
GRANT UPDATE (risk_high_at, risk_critical_at) ON organizations TO vigil_app;

-- AlterTable
ALTER TABLE "entities"
    ADD COLUMN "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN "risk_level" "severity";

-- CreateTable
CREATE TABLE "risk_contributions" (
    "organization_id" UUID NOT NULL,
    "entity_kind" TEXT NOT NULL,
    "entity_key" TEXT NOT NULL,
    "detection_id" UUID NOT NULL,
    "rule_id" UUID NOT NULL,
    "weight" REAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "rank" DOUBLE PRECISION NOT NULL,
    "withdrawn_at" TIMESTAMPTZ(6),
    "feedback_id" UUID,

    CONSTRAINT "risk_contributions_pkey" PRIMARY KEY ("organization_id","entity_kind","entity_key","detection_id"),
    CONSTRAINT "risk_contributions_weight" CHECK ("weight" >= 0 AND "weight" <= 100)
);

-- CreateTable
CREATE TABLE "feedback" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "entity_kind" TEXT NOT NULL,
    "entity_key" TEXT NOT NULL,
    "resolution" "incident_resolution" NOT NULL,
    "taught" TEXT[],
    "event_ids" UUID[],
    "withdrawn" INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "undone_by" TEXT,
    "undone_at" TIMESTAMPTZ(6),

    CONSTRAINT "feedback_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "entities_organization_id_id_key" ON "entities"("organization_id", "id");

-- CreateIndex
CREATE INDEX "entities_organization_id_risk_last_seen_at_id_idx" ON "entities"("organization_id", "risk", "last_seen_at", "id");

-- CreateIndex
CREATE INDEX "entities_organization_id_last_seen_at_id_idx" ON "entities"("organization_id", "last_seen_at", "id");

-- CreateIndex
CREATE INDEX "entities_organization_id_key_idx" ON "entities"("organization_id", "key");

-- CreateIndex
CREATE INDEX "risk_contributions_organization_id_entity_kind_entity_key_r_idx" ON "risk_contributions"("organization_id", "entity_kind", "entity_key", "rank");

-- CreateIndex
CREATE INDEX "risk_contributions_organization_id_detection_id_idx" ON "risk_contributions"("organization_id", "detection_id");

-- CreateIndex
CREATE INDEX "risk_contributions_organization_id_rule_id_idx" ON "risk_contributions"("organization_id", "rule_id");

-- CreateIndex
CREATE INDEX "risk_contributions_organization_id_feedback_id_idx" ON "risk_contributions"("organization_id", "feedback_id");

-- CreateIndex
CREATE INDEX "feedback_organization_id_entity_kind_entity_key_at_id_idx" ON "feedback"("organization_id", "entity_kind", "entity_key", "at", "id");

-- CreateIndex
CREATE INDEX "feedback_organization_id_incident_id_idx" ON "feedback"("organization_id", "incident_id");

-- AddForeignKey
ALTER TABLE "risk_contributions" ADD CONSTRAINT "risk_contributions_organization_id_detection_id_fkey" FOREIGN KEY ("organization_id", "detection_id") REFERENCES "detections"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "risk_contributions" ADD CONSTRAINT "risk_contributions_organization_id_rule_id_fkey" FOREIGN KEY ("organization_id", "rule_id") REFERENCES "alert_rules"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "feedback" ADD CONSTRAINT "feedback_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id") REFERENCES "security_incidents"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

CALL protect_tenant_table('risk_contributions');
CALL protect_tenant_table('feedback');
-- Neither is deleted by the server: they go with their detection and their incident.
GRANT SELECT, INSERT, UPDATE ON risk_contributions, feedback TO vigil_app;

-- The threat score at a moment: the formula of src/detect/risk.ts. What is left of each weight (half of it every 7 days, nothing
-- after 30), rank-damped, the criticality multiplying the odds.
CREATE FUNCTION threat_score(weights double precision[], times timestamptz[], moment timestamptz, criticality double precision)
  RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  WITH left_over AS (
    SELECT least(100, w) * 2 ^ (-greatest(0, extract(epoch FROM moment - t)::float8) / 604800) AS r
    FROM unnest(weights, times) AS c(w, t) WHERE moment - t < interval '30 days' AND w > 1e-6 -- less underflows
  ), ranked AS (
    SELECT r, row_number() OVER (ORDER BY r DESC) AS n FROM (SELECT r FROM left_over ORDER BY r DESC LIMIT 1000) most
  ), summed AS (
    SELECT least(1, coalesce(sum(r / n ^ 1.5), 0) / 2.612 / 100) AS part FROM ranked
  )
  SELECT 100 * part * criticality / (1 - part + part * criticality) FROM summed
$$;

-- The order of contributions by what is left of them, which time does not change: all halve together.
CREATE FUNCTION contribution_rank(weight double precision, at timestamptz) RETURNS double precision
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT ln(greatest(weight, 0.001)) / ln(2::float8) + extract(epoch FROM at)::float8 / 604800 $$;

-- The scores of some entities of the organization at a moment, from their contributions: at most 1,000 each, the greatest.
CREATE FUNCTION entity_risks(kinds text[], keys text[], moment timestamptz)
  RETURNS TABLE (kind text, key text, risk double precision)
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$
  SELECT e.kind::text, e.key, threat_score(c.weights, c.times, moment, e.criticality)
  FROM (SELECT DISTINCT * FROM unnest(kinds, keys)) AS wanted(kind, key)
  JOIN entities e ON e.organization_id = current_organization() AND e.kind = wanted.kind::entity_kind AND e.key = wanted.key
  CROSS JOIN LATERAL (
    SELECT array_agg(weight::float8) AS weights, array_agg(at) AS times FROM (
      SELECT weight, at FROM risk_contributions r
      WHERE r.organization_id = current_organization() AND r.entity_kind = wanted.kind AND r.entity_key = wanted.key
        AND r.withdrawn_at IS NULL AND r.at > moment - interval '30 days'
      ORDER BY r.rank DESC LIMIT 1000) greatest_ones
  ) c
$$;

-- Stores those scores, and answers them with the level each entity was at and the organization's thresholds.
CREATE FUNCTION refresh_risk(kinds text[], keys text[], moment timestamptz)
  RETURNS TABLE (entity_id uuid, kind text, key text, risk double precision, level severity, criticality double precision, high_at smallint, critical_at smallint)
  LANGUAGE sql SET search_path = pg_catalog, public
  AS $$
  UPDATE entities e SET risk = scored.risk, risk_at = moment
  FROM entity_risks(kinds, keys, moment) AS scored, organizations o
  WHERE e.organization_id = current_organization() AND e.kind = scored.kind::entity_kind AND e.key = scored.key AND o.id = current_organization()
  RETURNING e.id, e.kind::text, e.key, scored.risk, e.risk_level, e.criticality::float8, o.risk_high_at, o.risk_critical_at
$$;

-- What a batch's detections add, one row an entity and detection, and the scores that change by it. A detection that grows
-- moves on in time; what goes on after it was withdrawn counts again.
CREATE FUNCTION contribute_risk(kinds text[], keys text[], detections uuid[], rules uuid[], weights real[], times timestamptz[],
    reasons text[], moment timestamptz)
  RETURNS TABLE (entity_id uuid, kind text, key text, risk double precision, level severity, criticality double precision, high_at smallint, critical_at smallint)
  LANGUAGE plpgsql SET search_path = pg_catalog, public
  AS $$
BEGIN
  INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at)
    SELECT current_organization(), c.kind::entity_kind, c.key, min(c.at), max(c.at) FROM unnest(kinds, keys, times) AS c(kind, key, at)
    GROUP BY c.kind, c.key ORDER BY c.kind, c.key
    ON CONFLICT DO NOTHING;
  INSERT INTO risk_contributions AS r (organization_id, entity_kind, entity_key, detection_id, rule_id, weight, at, reason, rank)
    SELECT current_organization(), c.kind, c.key, c.detection, c.rule, c.weight, c.at, c.reason, contribution_rank(c.weight, c.at)
    FROM unnest(kinds, keys, detections, rules, weights, times, reasons) AS c(kind, key, detection, rule, weight, at, reason)
    ORDER BY c.kind, c.key, c.detection
    ON CONFLICT (organization_id, entity_kind, entity_key, detection_id) DO UPDATE SET
      weight = greatest(r.weight, excluded.weight), at = greatest(r.at, excluded.at), reason = excluded.reason,
      rank = contribution_rank(greatest(r.weight, excluded.weight), greatest(r.at, excluded.at)),
      withdrawn_at = NULL, feedback_id = NULL;
  RETURN QUERY SELECT * FROM refresh_risk(kinds, keys, moment);
END
$$;

-- What a person teaches, profiles learn outside of a batch: then every process must forget what it knew of them. The turn
-- says so beside what it said before.
ALTER TABLE detection_positions ADD COLUMN profiles_version INTEGER NOT NULL DEFAULT 0;
DROP FUNCTION take_detection_turn(uuid, timestamptz);
CREATE FUNCTION take_detection_turn(batch uuid, at timestamptz) RETURNS TABLE (
  previous_batch uuid, previous_received_at timestamptz, received_at timestamptz,
  rules_version integer, unknown_fields unknown_fields, phi_fields phi_fields, allowed_attributes text[], profiles_version integer)
  LANGUAGE plpgsql SET search_path = pg_catalog, public
  AS $$
DECLARE
  organization uuid := current_organization();
BEGIN
  SELECT p.batch_id, p.received_at INTO previous_batch, previous_received_at
    FROM detection_positions p WHERE p.organization_id = organization FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO detection_positions (organization_id, batch_id, received_at) VALUES (organization, batch, at)
      ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN -- another process was the first
      SELECT p.batch_id, p.received_at INTO previous_batch, previous_received_at
        FROM detection_positions p WHERE p.organization_id = organization FOR UPDATE;
    END IF;
  END IF;
  received_at := greatest(at, previous_received_at + interval '1 millisecond');
  UPDATE detection_positions p SET batch_id = batch, received_at = take_detection_turn.received_at
    WHERE p.organization_id = organization RETURNING p.profiles_version INTO profiles_version;
  SELECT o.rules_version, o.unknown_fields, o.phi_fields, o.allowed_attributes
    INTO rules_version, unknown_fields, phi_fields, allowed_attributes
    FROM organizations o WHERE o.id = organization;
  IF FOUND THEN
    RETURN NEXT;
  END IF;
END
$$;
REVOKE ALL ON FUNCTION take_detection_turn(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_detection_turn(uuid, timestamptz) TO vigil_app;
