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

-- What people write may name patients: sealed. The columns in clear are of before that; nothing is written to them now.
ALTER TABLE "security_incidents" ADD COLUMN "sealed_reason" BYTEA;
ALTER TABLE "incident_entries" ADD COLUMN "sealed" BYTEA;
ALTER TABLE "break_glass_uses" ADD COLUMN "sealed_reason" BYTEA, ADD COLUMN "sealed_note" BYTEA, ALTER COLUMN "reason" DROP NOT NULL;
ALTER TABLE "review_packs" ADD COLUMN "sealed_note" BYTEA;
GRANT UPDATE (sealed) ON incident_entries TO vigil_app; -- sealing anew with another key, as in the tables below
GRANT UPDATE (sealed_reason, sealed_note) ON break_glass_uses TO vigil_app;
GRANT UPDATE (sealed_note) ON review_packs TO vigil_app;

-- What is signed or reviewed stays as it is, but for the record that is sealed anew: a policy cannot tell columns apart.
DROP POLICY unsigned ON review_packs;
DROP POLICY unreviewed ON break_glass_uses;
CREATE FUNCTION refuse_change_of_final() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  IF to_jsonb(OLD) - 'sealed_note' - 'sealed_reason' IS DISTINCT FROM to_jsonb(NEW) - 'sealed_note' - 'sealed_reason'
    OR (OLD.sealed_note IS NULL) <> (NEW.sealed_note IS NULL) THEN
    RAISE EXCEPTION '% is final: it stays as it is', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER final BEFORE UPDATE ON review_packs FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL)
  EXECUTE FUNCTION refuse_change_of_final();
CREATE TRIGGER final BEFORE UPDATE ON break_glass_uses FOR EACH ROW WHEN (OLD.reviewed_at IS NOT NULL)
  EXECUTE FUNCTION refuse_change_of_final();

-- As before, and what a person wrote beside the sentence: sealed, or null.
DROP FUNCTION incident_log(uuid[], uuid[], entry_kind[], text[], text[], timestamptz);
CREATE FUNCTION incident_log(ids uuid[], incidents uuid[], kinds entry_kind[], messages text[], actors text[], at timestamptz,
    words bytea[] DEFAULT NULL) RETURNS void
  LANGUAGE sql
  AS $$
    INSERT INTO incident_entries (organization_id, id, incident_id, kind, message, actor, at, sealed)
    SELECT (SELECT current_organization()), id, incident_id, kind, message, actor, incident_log.at, sealed
    FROM unnest(ids, incidents, kinds, messages, actors, words) AS line(id, incident_id, kind, message, actor, sealed)
  $$;
