-- Open incidents by severity are counted each second for whoever looks: from an index alone. An update of an incident that
-- stays open changes nothing in it but a row's place.
CREATE INDEX "security_incidents_open_by_severity" ON "security_incidents" ("organization_id", "severity")
  WHERE "open_fingerprint" IS NOT NULL;
