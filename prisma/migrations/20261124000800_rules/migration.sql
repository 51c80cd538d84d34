-- The life of a rule: what was changed of it, its settings over the Sigma text, a removal that can be taken back,
-- exceptions that end, and lists of values that rules refer to by name.

CREATE TYPE "rule_change" AS ENUM ('CREATED', 'IMPORTED', 'UPDATED', 'DELETED', 'RESTORED');

ALTER TABLE "alert_rules"
    ADD COLUMN "status" TEXT,
    ADD COLUMN "author" TEXT,
    ADD COLUMN "reference_links" TEXT[] DEFAULT ARRAY[]::TEXT[],
    ADD COLUMN "falsepositives" TEXT[] DEFAULT ARRAY[]::TEXT[],
    ADD COLUMN "techniques" TEXT[] DEFAULT ARRAY[]::TEXT[],
    ADD COLUMN "tactics" TEXT[] DEFAULT ARRAY[]::TEXT[],
    ADD COLUMN "throttle_ms" INTEGER,
    ADD COLUMN "overrides" JSONB NOT NULL DEFAULT '{}',
    ADD COLUMN "deleted_at" TIMESTAMPTZ(6),
    ADD COLUMN "live_reference" TEXT GENERATED ALWAYS AS (CASE WHEN "deleted_at" IS NULL THEN "reference" END) STORED,
    ADD CONSTRAINT "alert_rules_throttle" CHECK ("throttle_ms" > 0);

-- A removed rule gives its name free.
DROP INDEX "alert_rules_organization_id_reference_key";
CREATE UNIQUE INDEX "alert_rules_organization_id_live_reference_key" ON "alert_rules"("organization_id", "live_reference");

ALTER TABLE "alert_rule_revisions"
    ADD COLUMN "change" "rule_change" NOT NULL DEFAULT 'IMPORTED',
    ADD COLUMN "throttle_ms" INTEGER,
    ADD COLUMN "overrides" JSONB NOT NULL DEFAULT '{}';

-- A removed exception stays: what it hid while it was in force stays hidden when history is replayed.
ALTER TABLE "alert_rule_exceptions"
    ADD COLUMN "deleted_at" TIMESTAMPTZ(6),
    ADD COLUMN "live_name" TEXT GENERATED ALWAYS AS (CASE WHEN "deleted_at" IS NULL THEN "name" END) STORED,
    ADD CONSTRAINT "alert_rule_exceptions_expires_after_start" CHECK ("expires_at" > "created_at");
DROP INDEX "alert_rule_exceptions_organization_id_rule_id_name_key";
CREATE UNIQUE INDEX "alert_rule_exceptions_organization_id_rule_id_live_name_key"
    ON "alert_rule_exceptions"("organization_id", "rule_id", "live_name");

CREATE TABLE "alert_rule_placeholders" (
    "organization_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "listed_values" TEXT[],
    "author" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "alert_rule_placeholders_pkey" PRIMARY KEY ("organization_id","name")
);
CALL protect_tenant_table('alert_rule_placeholders');
GRANT SELECT, INSERT, UPDATE, DELETE ON alert_rule_placeholders TO vigil_app;
