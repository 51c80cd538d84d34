-- A start seeds only the organizations that were not given what this version ships: the others cost nothing.
ALTER TABLE organizations ADD COLUMN shipped text;
GRANT UPDATE (shipped) ON organizations TO vigil_app;

-- Reviewed list of SECURITY DEFINER functions: organizations_without joins it; it gives ids only, as organization_ids does.
CREATE FUNCTION organizations_without(wanted text) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT id FROM public.organizations WHERE shipped IS DISTINCT FROM wanted ORDER BY id $$;
REVOKE ALL ON FUNCTION organizations_without(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organizations_without(text) TO vigil_app;
