-- What is known of a user, an address, a patient was kept for as long as the organization. It goes two years after it was last
-- seen, which is the longest that a rule looks back (dormant_account), and no sooner than metrics and events. What a detection
-- or an open incident names stays with it. Of whom nothing was ever seen, an import has told: at the epoch, and no age.
CREATE FUNCTION entities_due(before timestamptz, most integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$
  SELECT e.id FROM entities e
  WHERE e.organization_id = current_organization() AND e.last_seen_at > to_timestamp(0)
    AND e.last_seen_at < (SELECT least(before, retention_cutoff('METRICS', now()), retention_cutoff('EVENTS', now()), now() - interval '730 days'))
    -- Neither is a join, so that few are read of many that are due.
    AND (e.kind::text, e.key) NOT IN (
      SELECT s.kind, s.key FROM security_incidents i CROSS JOIN LATERAL jsonb_to_recordset(i.subjects) AS s(kind text, key text)
      WHERE i.organization_id = current_organization() AND i.open_fingerprint IS NOT NULL AND s.kind IS NOT NULL AND s.key IS NOT NULL)
    AND (SELECT true FROM risk_contributions r
      WHERE r.organization_id = current_organization() AND r.entity_kind = e.kind::text AND r.entity_key = e.key LIMIT 1) IS NULL
  ORDER BY e.last_seen_at, e.id LIMIT most
$$;
REVOKE ALL ON FUNCTION entities_due(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION entities_due(timestamptz, integer) TO vigil_app;

-- In a turn of its own, so that no batch teaches one meanwhile, and every process forgets what it knew of them. Of whom people
-- have told something, that stays: the row is as the import made it.
CREATE FUNCTION expire_entities(before timestamptz, batch integer) RETURNS integer
  LANGUAGE plpgsql SET search_path = pg_catalog, public
  AS $$
DECLARE
  organization uuid := current_organization();
  due uuid[];
BEGIN
  IF NOT EXISTS (SELECT FROM entities_due(before, 1)) THEN
    RETURN 0;
  END IF;
  UPDATE detection_positions SET profiles_version = profiles_version + 1 WHERE organization_id = organization;
  due := ARRAY(SELECT entities_due(before, batch));
  UPDATE entities SET learned = '{}', profile = '{}', first_seen_at = to_timestamp(0), last_seen_at = to_timestamp(0)
    WHERE organization_id = organization AND id = ANY (due)
      AND (criticality <> 1 OR department IS NOT NULL OR roles <> '{}' OR aliases <> '{}');
  DELETE FROM entities WHERE organization_id = organization AND id = ANY (due) AND last_seen_at > to_timestamp(0);
  RETURN cardinality(due);
END
$$;
REVOKE ALL ON FUNCTION expire_entities(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expire_entities(timestamptz, integer) TO vigil_app;
