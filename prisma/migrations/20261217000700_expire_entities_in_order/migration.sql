-- Whom a detection names stays for years, and each batch read all of them anew, from the oldest on, while events waited. Each
-- goes on behind the one before now, and takes the turn only where something goes. For servers of the version before the old
-- functions stay.
CREATE FUNCTION entities_edge(before timestamptz) RETURNS timestamptz
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$
  SELECT least(before, retention_cutoff('METRICS', now()), retention_cutoff('EVENTS', now()), now() - interval '730 days')
$$;

-- Those that are due of the ones behind one place in the order of last_seen_at, up to another.
CREATE FUNCTION entities_due_within(behind timestamptz, behind_id uuid, until timestamptz, until_id uuid) RETURNS SETOF uuid
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$
  SELECT e.id FROM entities e
  WHERE e.organization_id = current_organization()
    AND (e.last_seen_at, e.id) > (behind, behind_id) AND (e.last_seen_at, e.id) <= (until, until_id)
    -- No join, which would read all contributions for a few entities.
    AND (SELECT true FROM risk_contributions r
      WHERE r.organization_id = current_organization() AND r.entity_kind = e.kind::text AND r.entity_key = e.key LIMIT 1) IS NULL
    AND (e.kind::text, e.key) NOT IN (
      SELECT s.kind, s.key FROM security_incidents i CROSS JOIN LATERAL jsonb_to_recordset(i.subjects) AS s(kind text, key text)
      WHERE i.organization_id = current_organization() AND i.open_fingerprint IS NOT NULL AND s.kind IS NOT NULL AND s.key IS NOT NULL)
$$;

-- How many are due, all read at once.
CREATE FUNCTION count_entities_due(before timestamptz) RETURNS bigint
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$
  SELECT count(*) FROM entities e
  WHERE e.organization_id = current_organization() AND e.last_seen_at > to_timestamp(0) AND e.last_seen_at < entities_edge(before)
    AND NOT EXISTS (SELECT FROM risk_contributions r
      WHERE r.organization_id = current_organization() AND r.entity_kind = e.kind::text AND r.entity_key = e.key)
    AND (e.kind::text, e.key) NOT IN (
      SELECT s.kind, s.key FROM security_incidents i CROSS JOIN LATERAL jsonb_to_recordset(i.subjects) AS s(kind text, key text)
      WHERE i.organization_id = current_organization() AND i.open_fingerprint IS NOT NULL AND s.kind IS NOT NULL AND s.key IS NOT NULL)
$$;

-- Looks at the next `batch` behind `after`, where the call before has stopped. `next` is null where there is no more.
CREATE FUNCTION expire_entities_in_order(before timestamptz, batch integer, after jsonb, OUT removed integer, OUT next jsonb)
  LANGUAGE plpgsql SET search_path = pg_catalog, public
  AS $$
DECLARE
  organization uuid := current_organization();
  edge timestamptz := entities_edge(before);
  behind timestamptz := coalesce((after->>'seen')::timestamptz, to_timestamp(0)); -- of whom nothing was ever seen, an import has told
  behind_id uuid := coalesce((after->>'id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  looked integer;
  until timestamptz;
  until_id uuid;
  due uuid[];
BEGIN
  removed := 0;
  SELECT count(*), max(last_seen_at), (array_agg(id ORDER BY last_seen_at DESC, id DESC))[1] INTO looked, until, until_id
    FROM (SELECT id, last_seen_at FROM entities
      WHERE organization_id = organization AND (last_seen_at, id) > (behind, behind_id) AND last_seen_at < edge
      ORDER BY last_seen_at, id LIMIT batch) oldest;
  IF looked = batch THEN
    next := jsonb_build_object('seen', until, 'id', until_id);
  END IF;
  IF looked = 0 OR NOT EXISTS (SELECT FROM entities_due_within(behind, behind_id, until, until_id)) THEN
    RETURN;
  END IF;
  UPDATE detection_positions SET profiles_version = profiles_version + 1 WHERE organization_id = organization;
  due := ARRAY(SELECT entities_due_within(behind, behind_id, until, until_id)); -- anew: whoever had the turn before may have seen one
  DELETE FROM entities WHERE organization_id = organization AND id = ANY (due)
    AND criticality = 1 AND department IS NULL AND roles = '{}' AND aliases = '{}';
  UPDATE entities SET learned = '{}', profile = '{}', first_seen_at = to_timestamp(0), last_seen_at = to_timestamp(0)
    WHERE organization_id = organization AND id = ANY (due);
  removed := cardinality(due);
END
$$;

REVOKE ALL ON FUNCTION entities_edge(timestamptz), entities_due_within(timestamptz, uuid, timestamptz, uuid),
  count_entities_due(timestamptz), expire_entities_in_order(timestamptz, integer, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION entities_edge(timestamptz), entities_due_within(timestamptz, uuid, timestamptz, uuid),
  count_entities_due(timestamptz), expire_entities_in_order(timestamptz, integer, jsonb) TO vigil_app;
