-- An incident past its time that something names could not go: foreign keys refused it, and with it the whole batch, each
-- hour again. What names it goes with it (decisions of its actions that have ended, notifications), or lets it go (uses of
-- break-glass, which the audit log describes; detections of another incident that were its own before they were merged). One
-- that others were merged into goes after them, and one whose decisions are in force stays until they are not.
CREATE OR REPLACE FUNCTION expire_incidents(before timestamptz, batch integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
DECLARE
  organization uuid := current_organization();
  edge timestamptz := least(before, retention_cutoff('INCIDENTS', now()));
  due uuid[];
BEGIN
  CALL check_batch(batch);
  due := ARRAY(
    SELECT id FROM security_incidents i
    WHERE organization_id = organization AND created_at < edge AND updated_at < edge AND open_fingerprint IS NULL
      AND NOT EXISTS (SELECT FROM incident_entries e
        WHERE e.organization_id = organization AND e.incident_id = i.id AND e.at >= edge)
      AND NOT EXISTS (SELECT FROM security_incidents m WHERE m.organization_id = organization AND m.merged_into_id = i.id)
      AND NOT EXISTS (SELECT FROM incident_actions a
        JOIN decisions d ON d.organization_id = organization AND d.action_id = a.id
        WHERE a.organization_id = organization AND a.incident_id = i.id AND d.revoked_at IS NULL AND d.expires_at > now())
    ORDER BY created_at, id LIMIT batch FOR UPDATE);
  UPDATE break_glass_uses SET incident_id = NULL WHERE organization_id = organization AND incident_id = ANY (due);
  UPDATE detections SET home_incident_id = NULL
    WHERE organization_id = organization AND home_incident_id = ANY (due) AND NOT incident_id = ANY (due);
  DELETE FROM security_notifications WHERE organization_id = organization AND incident_id = ANY (due);
  DELETE FROM decisions WHERE organization_id = organization AND action_id IN (
    SELECT id FROM incident_actions WHERE organization_id = organization AND incident_id = ANY (due));
  DELETE FROM detections WHERE organization_id = organization AND incident_id = ANY (due);
  DELETE FROM security_incidents WHERE organization_id = organization AND id = ANY (due);
  RETURN cardinality(due);
END
$$;
