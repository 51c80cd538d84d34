-- Tenancy: the server works as a member of vigil_app, which owns nothing; every tenant table shows only the rows of the
-- organization named in app.organization_id, which is set inside the transaction (after it, the setting is '' and no row shows).

DO $$
BEGIN
  CREATE ROLE vigil_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- roles belong to the cluster: another database made it
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO vigil_app;

CREATE FUNCTION current_organization() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('app.organization_id', true), '')::uuid $$;

-- One policy for every tenant table, the partitions made later included.
CREATE PROCEDURE protect_tenant_table(target regclass)
  LANGUAGE plpgsql
  AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format(
    'CREATE POLICY tenant ON %s USING (organization_id = (SELECT public.current_organization()))
       WITH CHECK (organization_id = (SELECT public.current_organization()))', target);
END
$$;
REVOKE ALL ON PROCEDURE protect_tenant_table(regclass) FROM PUBLIC;

DO $$
DECLARE
  target regclass;
BEGIN
  FOR target IN
    SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  LOOP
    CALL protect_tenant_table(target);
  END LOOP;
END
$$;

ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organizations USING (id = (SELECT current_organization()))
  WITH CHECK (id = (SELECT current_organization()));
-- The owner makes organizations and lists them for jobs; the server's role is not the owner.
CREATE POLICY administration ON organizations TO CURRENT_USER USING (true) WITH CHECK (true);

-- What the server may do, table by table. Never TRUNCATE: Row Level Security does not cover it.
GRANT SELECT ON organizations TO vigil_app;
GRANT UPDATE (name, next_incident_number, rules_version, feed_forgotten_xid, feed_forgotten_id) ON organizations TO vigil_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  users, sign_in_links, api_keys, alert_rules, alert_channels, event_keys TO vigil_app;
GRANT SELECT, INSERT, UPDATE ON
  detections, security_incidents, incident_actions, security_alerts, alert_attempts TO vigil_app;
GRANT SELECT, INSERT ON
  realtime_monitoring, incident_entries, alert_rule_revisions, security_audit_log TO vigil_app;
GRANT SELECT, INSERT, DELETE ON changes TO vigil_app;
GRANT USAGE ON SEQUENCE changes_id_seq TO vigil_app;

-- Reviewed list of SECURITY DEFINER functions: organization_ids, organization_id_by_slug, ensure_event_partitions.

-- For jobs that visit every organization in turn, each visit under that organization's own policy.
CREATE FUNCTION organization_ids() RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT id FROM public.organizations ORDER BY id $$;
REVOKE ALL ON FUNCTION organization_ids() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organization_ids() TO vigil_app;

-- For the command line, which names an organization by its slug.
CREATE FUNCTION organization_id_by_slug(wanted text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT id FROM public.organizations WHERE slug = wanted $$;
REVOKE ALL ON FUNCTION organization_id_by_slug(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organization_id_by_slug(text) TO vigil_app;

-- Events live in one partition a day, by the time part of their UUIDv7 id (RFC 9562: the first 48 bits are Unix milliseconds).
CREATE SCHEMA event_partitions;

CREATE FUNCTION event_id_floor(at timestamptz) RETURNS uuid
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

-- Makes the partitions of `days` days from `first` on. LIKE + ATTACH, so that running inserts are not blocked.
CREATE FUNCTION ensure_event_partitions(first date, days integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
DECLARE
  day date;
  partition text;
  made integer := 0;
BEGIN
  IF days NOT BETWEEN 1 AND 31 OR first NOT BETWEEN (now() - interval '2 days')::date AND (now() + interval '31 days')::date THEN
    RAISE EXCEPTION 'ensure_event_partitions(%, %): from the day before yesterday on, 31 days at most', first, days;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('vigil.event_partitions'));
  FOR day IN SELECT first + n FROM generate_series(0, days - 1) n LOOP
    partition := format('event_partitions.%I', 'realtime_monitoring_' || to_char(day, 'YYYYMMDD'));
    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
    EXECUTE format('CREATE TABLE %s (LIKE public.realtime_monitoring INCLUDING DEFAULTS)', partition);
    EXECUTE format('ALTER TABLE public.realtime_monitoring ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', partition,
      public.event_id_floor(day::timestamp AT TIME ZONE 'UTC'), public.event_id_floor((day + 1)::timestamp AT TIME ZONE 'UTC'));
    CALL public.protect_tenant_table(partition::regclass);
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;
REVOKE ALL ON FUNCTION ensure_event_partitions(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_event_partitions(date, integer) TO vigil_app;

-- Appends to the organization's audit chain. The advisory lock keeps writers from forking it (two that read the same tail).
-- The canonical text is rebuilt from the stored columns, so that a verifier needs nothing else.
CREATE FUNCTION audit_canonical(previous bytea, seq bigint, at timestamptz, actor text, action text, entity_kind text, entity_id text, detail jsonb)
  RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT sha256(convert_to(jsonb_build_array(encode(previous, 'hex'), seq,
      to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor, action, entity_kind, entity_id, detail)::text, 'UTF8')) $$;

CREATE FUNCTION audit_append(actor text, action text, entity_kind text, entity_id text, detail jsonb) RETURNS bigint
  LANGUAGE plpgsql
  AS $$
DECLARE
  organization uuid := current_organization();
  next_seq bigint;
  previous bytea;
  stamp timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('vigil.audit:' || organization, 0));
  SELECT l.seq + 1, l.hash INTO next_seq, previous
    FROM security_audit_log l WHERE l.organization_id = organization ORDER BY l.seq DESC LIMIT 1;
  next_seq := coalesce(next_seq, 1);
  previous := coalesce(previous, '\x'::bytea);
  stamp := clock_timestamp();
  INSERT INTO security_audit_log (organization_id, seq, at, actor, action, entity_kind, entity_id, detail, previous_hash, hash)
    VALUES (organization, next_seq, stamp, actor, action, entity_kind, entity_id, detail, previous,
      audit_canonical(previous, next_seq, stamp, actor, action, entity_kind, entity_id, detail));
  RETURN next_seq;
END
$$;
