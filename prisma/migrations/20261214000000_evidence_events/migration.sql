-- The events that an open incident of the organization names: they outlive every policy. Those that people added as evidence
-- did not, though nothing shows better what happened; those of an incident that was merged live on with the open one.
CREATE OR REPLACE FUNCTION open_incident_event_ids() RETURNS SETOF uuid
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$ WITH RECURSIVE up AS (
      SELECT v.event_id, v.incident_id AS id FROM incident_evidence v
      WHERE v.organization_id = current_organization() AND v.event_id IS NOT NULL
      UNION
      SELECT up.event_id, i.merged_into_id FROM up
        JOIN security_incidents i ON i.organization_id = current_organization() AND i.id = up.id
      WHERE i.merged_into_id IS NOT NULL)
    SELECT unnest(d.event_ids)
    FROM security_incidents i JOIN detections d ON d.organization_id = i.organization_id AND d.incident_id = i.id
    WHERE i.organization_id = current_organization() AND i.open_fingerprint IS NOT NULL
    UNION
    SELECT up.event_id FROM up JOIN security_incidents i ON i.organization_id = current_organization() AND i.id = up.id
    WHERE i.open_fingerprint IS NOT NULL $$;
