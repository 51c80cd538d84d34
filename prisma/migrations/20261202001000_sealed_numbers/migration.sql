-- Telephone numbers are sealed: wherever one stood, its code stands (src/alert/numbers.ts). Those that are there are sealed
-- by the server, which has the keys, when it starts.

-- CreateTable
CREATE TABLE "phone_numbers" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "given_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "phone_numbers_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "phone_numbers_organization_id_code_key" ON "phone_numbers"("organization_id", "code");

CALL protect_tenant_table('phone_numbers'::regclass);
GRANT SELECT, INSERT, UPDATE, DELETE ON phone_numbers TO vigil_app;

-- A number has another code in each organization, which only the server can make: it asks who may have told it something.
DROP FUNCTION organizations_told_by_sms(text, timestamptz);
CREATE FUNCTION organizations_telling_by_sms(since timestamptz) RETURNS SETOF uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
DECLARE
  caller text := coalesce(current_setting('app.organization_id', true), '');
  visited uuid;
BEGIN
  FOR visited IN SELECT id FROM organizations ORDER BY id LOOP
    PERFORM set_config('app.organization_id', visited::text, true);
    IF EXISTS (SELECT FROM alert_channels c
        JOIN security_alerts a ON a.organization_id = visited AND a.channel_id = c.id AND a.sent_at > since
        WHERE c.organization_id = visited AND c.kind = 'SMS' AND c.removed_at IS NULL) THEN
      RETURN NEXT visited;
    END IF;
  END LOOP;
  PERFORM set_config('app.organization_id', caller, true);
END
$$;
REVOKE ALL ON FUNCTION organizations_telling_by_sms(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organizations_telling_by_sms(timestamptz) TO vigil_app;
