-- What a message was about, for whoever acknowledges it, and whom an SMS that comes back may be for.

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_message_id_idx" ON "security_alerts"("organization_id", "message_id");

-- Which organizations have told a number something by SMS since a time, the latest first: the number is all that an SMS
-- tells of its sender, and the signature is checked before it is asked.
CREATE FUNCTION organizations_told_by_sms(number text, since timestamptz) RETURNS TABLE (organization uuid, at timestamptz)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
DECLARE
  caller text := coalesce(current_setting('app.organization_id', true), '');
  visited uuid;
  found uuid[] := '{}';
  times timestamptz[] := '{}';
  latest timestamptz;
BEGIN
  FOR visited IN SELECT id FROM organizations ORDER BY id LOOP
    PERFORM set_config('app.organization_id', visited::text, true);
    SELECT max(a.sent_at) INTO latest FROM alert_channels c
      JOIN security_alerts a ON a.organization_id = visited AND a.channel_id = c.id AND a.recipient = organizations_told_by_sms.number
        AND a.sent_at > organizations_told_by_sms.since
      WHERE c.organization_id = visited AND c.kind = 'SMS' AND c.removed_at IS NULL;
    IF latest IS NOT NULL THEN
      found := found || visited;
      times := times || latest;
    END IF;
  END LOOP;
  PERFORM set_config('app.organization_id', caller, true);
  RETURN QUERY SELECT u.o, u.t FROM unnest(found, times) AS u(o, t) ORDER BY u.t DESC, u.o;
END
$$;
REVOKE ALL ON FUNCTION organizations_told_by_sms(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organizations_told_by_sms(text, timestamptz) TO vigil_app;
