-- What was left of the ground: sign-in by e-mail.

-- Who may be sent a sign-in link at an address, in whichever organization: they have signed in nowhere yet, so no
-- organization can be set. Like the retention functions it runs as the tables' owner but under the same policies.
CREATE FUNCTION sign_in_users(address text) RETURNS TABLE (organization uuid, user_id uuid)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
DECLARE
  caller text := coalesce(current_setting('app.organization_id', true), '');
  visited uuid;
BEGIN
  FOR visited IN SELECT id FROM organizations ORDER BY id LOOP
    PERFORM set_config('app.organization_id', visited::text, true);
    RETURN QUERY SELECT u.organization_id, u.id FROM users u WHERE u.organization_id = visited AND u.email = address;
  END LOOP;
  PERFORM set_config('app.organization_id', caller, true);
END
$$;
REVOKE ALL ON FUNCTION sign_in_users(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sign_in_users(text) TO vigil_app;

-- The secrets of second factors go under the organization's data keys. `sealed_secret`, under a key of the server's, is
-- emptied when its secret is sealed anew: at the next start, or at its next use.
ALTER TABLE "second_factors" ADD COLUMN "sealed" BYTEA, ALTER COLUMN "sealed_secret" DROP NOT NULL,
  ADD CONSTRAINT "second_factors_one_secret" CHECK (num_nonnulls("sealed", "sealed_secret") = 1);
GRANT UPDATE (sealed) ON second_factors TO vigil_app;
