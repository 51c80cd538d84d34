-- E-mail addresses are one user however their letters are written (src/user-name.ts). Users who were known
-- under another spelling are known on, each under the one of which most recently something was heard. Row by row as each
-- organization, for its owner sees nothing otherwise.
LOCK TABLE entities IN SHARE ROW EXCLUSIVE MODE; -- or a user who is just being told of could come between

DO $$
DECLARE
  visited uuid;
BEGIN
  FOR visited IN SELECT id FROM organizations ORDER BY id LOOP
    PERFORM set_config('app.organization_id', visited::text, true);
    WITH renamed AS (
      UPDATE entities e SET key = lower(e.key)
      FROM (SELECT DISTINCT ON (lower(key)) key FROM entities
        WHERE organization_id = visited AND kind = 'USER' AND key LIKE '%@%' ORDER BY lower(key), key = lower(key) DESC, last_seen_at DESC) kept
      WHERE e.organization_id = visited AND e.kind = 'USER' AND e.key = kept.key AND e.key <> lower(e.key)
      RETURNING kept.key
    ), contributions AS (
      UPDATE risk_contributions c SET entity_key = lower(c.entity_key) FROM renamed
      WHERE c.organization_id = visited AND c.entity_kind = 'USER' AND c.entity_key = renamed.key
    )
    UPDATE feedback f SET entity_key = lower(f.entity_key) FROM renamed
    WHERE f.organization_id = visited AND f.entity_kind = 'USER' AND f.entity_key = renamed.key;
    UPDATE entities SET aliases = ARRAY(SELECT CASE WHEN alias LIKE '%@%' THEN lower(alias) ELSE alias END FROM unnest(aliases) AS alias)
    WHERE organization_id = visited AND kind = 'USER' AND aliases::text LIKE '%@%';
  END LOOP;
  PERFORM set_config('app.organization_id', '', true);
END
$$;
