-- The heartbeat sends an alert of its own to prove that alerts are sent; it is not kept.
CREATE FUNCTION heartbeat_forget() RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ DELETE FROM security_alerts WHERE organization_id = (SELECT current_organization()) AND kind = 'HEARTBEAT' $$;
REVOKE ALL ON FUNCTION heartbeat_forget() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION heartbeat_forget() TO vigil_app;
