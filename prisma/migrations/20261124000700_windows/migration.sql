-- Detection in several processes: batches of an organization take turns, and one row says which came last.

-- CreateTable
CREATE TABLE "detection_positions" (
    "organization_id" UUID NOT NULL,
    "batch_id" UUID NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "detection_positions_pkey" PRIMARY KEY ("organization_id")
);

CALL protect_tenant_table('detection_positions');
GRANT SELECT, INSERT, UPDATE ON detection_positions TO vigil_app;

-- Waits for the organization's turn, which lasts until the transaction ends, and says what came before it. Each turn
-- has a later millisecond than the one before, whatever the clocks of the processes say, so that the ids of its events
-- are above all ids before. Its own statements, so that what it reads was committed before the turn began.
CREATE FUNCTION take_detection_turn(batch uuid, at timestamptz) RETURNS TABLE (
  previous_batch uuid, previous_received_at timestamptz, received_at timestamptz,
  rules_version integer, unknown_fields unknown_fields, phi_fields phi_fields, allowed_attributes text[])
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
    WHERE p.organization_id = organization;
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
