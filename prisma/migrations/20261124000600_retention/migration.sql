-- Retention: how long each class of data is kept, and the only ways in which the server may remove what is past it. The
-- server's role has no DELETE on events, incidents and alerts: it calls functions that work out the cut-off themselves,
-- so that no caller, whatever its fault or intent, removes anything younger.

-- CreateEnum
CREATE TYPE "retention_class" AS ENUM ('EVENTS', 'METRICS', 'NOTIFICATIONS', 'ALERTS', 'INCIDENTS', 'AUDIT');

-- CreateTable
CREATE TABLE "retention_policies" (
    "organization_id" UUID NOT NULL,
    "class" "retention_class" NOT NULL,
    "days" INTEGER NOT NULL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,
    "updated_by" TEXT NOT NULL,

    CONSTRAINT "retention_policies_pkey" PRIMARY KEY ("organization_id","class")
);

-- The bounds; src/retention/policy.ts says the same to people.
ALTER TABLE retention_policies ADD CONSTRAINT retention_policies_days_check CHECK (days BETWEEN
  CASE class WHEN 'EVENTS' THEN 7 WHEN 'METRICS' THEN 7 WHEN 'NOTIFICATIONS' THEN 7 WHEN 'ALERTS' THEN 30 ELSE 2190 END
  AND 36500);
CALL protect_tenant_table('retention_policies');
GRANT SELECT, INSERT, UPDATE (days, updated_at, updated_by) ON retention_policies TO vigil_app;

CREATE FUNCTION retention_days(wanted retention_class) RETURNS integer
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$ SELECT coalesce(
      (SELECT days FROM retention_policies WHERE organization_id = current_organization() AND class = wanted),
      CASE wanted WHEN 'EVENTS' THEN 90 WHEN 'METRICS' THEN 400 WHEN 'NOTIFICATIONS' THEN 90 WHEN 'ALERTS' THEN 400 ELSE 2190 END) $$;

-- What is older than this has been kept long enough. Events go by whole days of UTC. A moment that has not come counts as
-- now. For incidents and audit, 2,190 days are six years only with their leap days added.
CREATE FUNCTION retention_cutoff(wanted retention_class, at timestamptz) RETURNS timestamptz
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$ SELECT CASE
      WHEN wanted = 'EVENTS' THEN date_trunc('day', kept, 'UTC')
      WHEN wanted IN ('INCIDENTS', 'AUDIT') THEN least(kept, least(at, now()) - interval '6 years')
      ELSE kept END
    FROM (SELECT least(at, now()) - make_interval(days => retention_days(wanted))) AS policy(kept) $$;

-- The events that an open incident of the organization names: they outlive every policy.
CREATE FUNCTION open_incident_event_ids() RETURNS SETOF uuid
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$ SELECT DISTINCT unnest(d.event_ids)
    FROM security_incidents i JOIN detections d ON d.organization_id = i.organization_id AND d.incident_id = i.id
    WHERE i.organization_id = current_organization() AND i.open_fingerprint IS NOT NULL $$;

-- Reviewed list of SECURITY DEFINER functions: organization_ids, organization_id_by_slug, ensure_event_partitions, and
-- event_partitions_bound, drop_event_partitions, expire_events, expire_alerts, expire_incidents. These five run as the
-- tables' owner but under the same policies: the first two visit one organization after the other.

-- The first day whose events some organization still keeps; partitions of earlier days may go.
CREATE FUNCTION event_partitions_bound(at timestamptz) RETURNS date
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
DECLARE
  caller text := coalesce(current_setting('app.organization_id', true), '');
  organization uuid;
  bound date;
BEGIN
  FOR organization IN SELECT id FROM organizations LOOP
    PERFORM set_config('app.organization_id', organization::text, true);
    bound := least(bound, (retention_cutoff('EVENTS', at) AT TIME ZONE 'UTC')::date);
  END LOOP;
  PERFORM set_config('app.organization_id', caller, true);
  RETURN bound;
END
$$;
REVOKE ALL ON FUNCTION event_partitions_bound(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION event_partitions_bound(timestamptz) TO vigil_app;

-- The partitions of one day each that hold only events received before `before`.
CREATE FUNCTION event_partitions_before(before date) RETURNS SETOF text
  LANGUAGE sql STABLE SET search_path = pg_catalog, public
  AS $$ SELECT c.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
    WHERE h.inhparent = 'realtime_monitoring'::regclass AND c.relname ~ '^realtime_monitoring_\d{8}$'
      AND to_date(right(c.relname, 8), 'YYYYMMDD') < before
    ORDER BY c.relname $$;

-- Drops the partitions of the days before `before`; answers their names. What open incidents name stays in
-- realtime_monitoring, in one partition of its own that is written anew each time, so that every query finds it as before.
-- Reading and writing wait only for the drop itself; it gives up when it cannot have the table within a second.
CREATE FUNCTION drop_event_partitions(before date) RETURNS SETOF text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET lock_timeout = '1s'
  AS $$
DECLARE
  caller text := coalesce(current_setting('app.organization_id', true), '');
  evidence constant text := 'event_partitions.incident_evidence';
  edge uuid := event_id_floor(before::timestamp AT TIME ZONE 'UTC');
  bound date;
  due text[];
  organization uuid;
  partition text;
  kept boolean := false;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('vigil.event_partitions'));
  LOCK TABLE retention_policies IN SHARE MODE; -- none grows between the check and the drop
  bound := event_partitions_bound(now());
  IF bound IS NULL OR before IS NULL OR before > bound THEN
    RAISE EXCEPTION 'drop_event_partitions(%): some organization keeps its events from % on', before, bound;
  END IF;
  due := ARRAY(SELECT event_partitions_before(before));
  IF cardinality(due) = 0 THEN
    RETURN;
  END IF;

  FOR organization IN SELECT id FROM organizations LOOP
    PERFORM set_config('app.organization_id', organization::text, true);
    CONTINUE WHEN NOT EXISTS (
      SELECT FROM realtime_monitoring e JOIN open_incident_event_ids() AS named(id) ON e.id = named.id
      WHERE e.organization_id = organization AND e.id < edge);
    IF NOT kept THEN
      CREATE TABLE event_partitions.incident_evidence_new (LIKE public.realtime_monitoring INCLUDING DEFAULTS INCLUDING INDEXES);
      CALL public.protect_tenant_table('event_partitions.incident_evidence_new');
      kept := true;
    END IF;
    INSERT INTO event_partitions.incident_evidence_new
      SELECT e.* FROM realtime_monitoring e JOIN open_incident_event_ids() AS named(id) ON e.id = named.id
      WHERE e.organization_id = organization AND e.id < edge;
  END LOOP;
  PERFORM set_config('app.organization_id', caller, true);

  EXECUTE format('DROP TABLE IF EXISTS %s', evidence);
  FOREACH partition IN ARRAY due LOOP
    EXECUTE format('DROP TABLE event_partitions.%I', partition);
  END LOOP;
  IF kept THEN
    ALTER TABLE event_partitions.incident_evidence_new RENAME TO incident_evidence;
    EXECUTE format('ALTER TABLE public.realtime_monitoring ATTACH PARTITION %s FOR VALUES FROM (MINVALUE) TO (%L)', evidence, edge);
  END IF;
  RETURN QUERY SELECT unnest(due);
END
$$;
REVOKE ALL ON FUNCTION drop_event_partitions(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_event_partitions(date) TO vigil_app;

CREATE PROCEDURE check_batch(batch integer)
  LANGUAGE plpgsql
  AS $$
BEGIN
  IF batch IS NULL OR batch NOT BETWEEN 1 AND 10000 THEN
    RAISE EXCEPTION 'a batch is 1 to 10000 rows, not %', batch;
  END IF;
END
$$;
REVOKE ALL ON PROCEDURE check_batch(integer) FROM PUBLIC;

-- Each removes at most `batch` rows of the current organization older than `before`, but never what its policy still keeps;
-- answers how many.
-- A generic plan: one made for thousands of named ids takes longer than the deletion itself.
CREATE FUNCTION expire_events(before timestamptz, batch integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  SET plan_cache_mode = force_generic_plan
  AS $$
DECLARE
  organization uuid := current_organization();
  edge uuid := event_id_floor(least(before, retention_cutoff('EVENTS', now())));
  due uuid[];
  removed integer;
BEGIN
  CALL check_batch(batch);
  due := ARRAY(
    WITH kept AS MATERIALIZED (SELECT id FROM open_incident_event_ids() AS named(id))
    SELECT e.id FROM realtime_monitoring e
    WHERE e.organization_id = organization AND e.id < edge AND NOT EXISTS (SELECT FROM kept WHERE kept.id = e.id)
    ORDER BY e.id LIMIT batch);
  -- The bounds spare it every partition beyond them.
  DELETE FROM realtime_monitoring WHERE organization_id = organization AND id = ANY (due)
    AND id BETWEEN due[1] AND due[cardinality(due)];
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$$;
REVOKE ALL ON FUNCTION expire_events(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expire_events(timestamptz, integer) TO vigil_app;

-- Alerts of open incidents stay: without them, an incident open for long would look as if nobody had been told.
CREATE FUNCTION expire_alerts(before timestamptz, batch integer) RETURNS integer
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
      JOIN security_incidents i ON i.organization_id = a.organization_id AND i.id = a.incident_id
    WHERE a.organization_id = organization AND a.created_at < edge AND i.open_fingerprint IS NULL
    ORDER BY a.created_at LIMIT batch);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$$;
REVOKE ALL ON FUNCTION expire_alerts(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expire_alerts(timestamptz, integer) TO vigil_app;

-- Detections first, which an incident may not go without; entries, actions and alerts go with it. The timeline counts beside
-- the incident's own times, since the server's role can change those, but no entry.
CREATE FUNCTION expire_incidents(before timestamptz, batch integer) RETURNS integer
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
    ORDER BY created_at, id LIMIT batch FOR UPDATE);
  DELETE FROM detections WHERE organization_id = organization AND incident_id = ANY (due);
  DELETE FROM security_incidents WHERE organization_id = organization AND id = ANY (due);
  RETURN cardinality(due);
END
$$;
REVOKE ALL ON FUNCTION expire_incidents(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expire_incidents(timestamptz, integer) TO vigil_app;
