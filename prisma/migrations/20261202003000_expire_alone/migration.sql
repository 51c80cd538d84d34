-- Alerts that are about no incident (tests of channels, notifications by e-mail) were kept for ever. Alerts of open incidents
-- stay: without them, an incident open for long would look as if nobody had been told.
CREATE OR REPLACE FUNCTION expire_alerts(before timestamptz, batch integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
DECLARE
  organization uuid := current_organization();
  edge timestamptz := least(before, retention_cutoff('ALERTS', now()));
  removed integer;
BEGIN
  CALL check_batch(batch);
  DELETE FROM security_alerts WHERE organization_id = organization AND id IN (
    SELECT a.id FROM security_alerts a
      LEFT JOIN security_incidents i ON i.organization_id = a.organization_id AND i.id = a.incident_id
    WHERE a.organization_id = organization AND a.created_at < edge AND i.open_fingerprint IS NULL
    ORDER BY a.created_at LIMIT batch);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$$;
