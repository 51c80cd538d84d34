-- Behaviour: what is known of users, addresses, services and the rest, and what behaviour rules found in an event.

CREATE TYPE "entity_kind" AS ENUM ('USER', 'ADDRESS', 'API_KEY', 'SERVICE', 'HOST', 'DEVICE', 'PATIENT', 'ROLE', 'ORGANIZATION');

CREATE TABLE "entities" (
    "organization_id" UUID NOT NULL,
    "kind" "entity_kind" NOT NULL,
    "key" TEXT NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "profile" JSONB NOT NULL DEFAULT '{}',
    "roles" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "department" TEXT,
    "criticality" REAL NOT NULL DEFAULT 1,
    "risk" REAL NOT NULL DEFAULT 0,
    "risk_at" TIMESTAMPTZ(3),

    CONSTRAINT "entities_pkey" PRIMARY KEY ("organization_id","kind","key"),
    CONSTRAINT "entities_key_length" CHECK (octet_length("key") <= 1024),
    CONSTRAINT "entities_criticality" CHECK ("criticality" IN (0.5, 1, 1.5, 2)),
    CONSTRAINT "entities_risk" CHECK ("risk" BETWEEN 0 AND 100)
);
CREATE INDEX "entities_organization_id_kind_risk_key_idx" ON "entities"("organization_id", "kind", "risk" DESC, "key");

CALL protect_tenant_table('entities');
GRANT SELECT, INSERT, UPDATE, DELETE ON entities TO vigil_app;

-- {rule id: {revision, reason, subjects}}; null nearly always.
ALTER TABLE "realtime_monitoring" ADD COLUMN "behaviour" JSONB;

-- IANA, e.g. America/Chicago: when the organization's days and working hours begin.
ALTER TABLE "organizations" ADD COLUMN "time_zone" TEXT NOT NULL DEFAULT 'UTC';
GRANT UPDATE (time_zone) ON organizations TO vigil_app;
