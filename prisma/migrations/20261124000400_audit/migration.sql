-- CreateEnum
CREATE TYPE "break_glass_outcome" AS ENUM ('JUSTIFIED', 'UNJUSTIFIED');

-- CreateTable
CREATE TABLE "audit_checkpoints" (
    "organization_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "key_id" TEXT NOT NULL,
    "signature" BYTEA NOT NULL,

    CONSTRAINT "audit_checkpoints_pkey" PRIMARY KEY ("organization_id","seq")
);

-- CreateTable
CREATE TABLE "audit_patients" (
    "organization_id" UUID NOT NULL,
    "patient_key" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "audit_patients_pkey" PRIMARY KEY ("organization_id","patient_key","seq")
);

-- CreateTable
CREATE TABLE "break_glass_uses" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "incident_id" UUID,
    "reviewed_at" TIMESTAMPTZ(6),
    "reviewed_by" TEXT,
    "outcome" "break_glass_outcome",
    "review_note" TEXT,

    CONSTRAINT "break_glass_uses_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "review_packs" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "month" DATE NOT NULL,
    "content" JSONB NOT NULL,
    "content_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "created_by" TEXT NOT NULL,
    "signed_at" TIMESTAMPTZ(6),
    "signed_by" TEXT,
    "note" TEXT,

    CONSTRAINT "review_packs_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "disclosures" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "patient_index" BYTEA NOT NULL,
    "disclosed_at" TIMESTAMPTZ(6) NOT NULL,
    "recipient" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "recorded_at" TIMESTAMPTZ(6) NOT NULL,
    "recorded_by" TEXT NOT NULL,

    CONSTRAINT "disclosures_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateIndex
CREATE INDEX "audit_patients_organization_id_seq_idx" ON "audit_patients"("organization_id", "seq");

-- CreateIndex
CREATE INDEX "break_glass_uses_organization_id_started_at_id_idx" ON "break_glass_uses"("organization_id", "started_at", "id");

-- CreateIndex
CREATE INDEX "break_glass_uses_organization_id_user_id_expires_at_idx" ON "break_glass_uses"("organization_id", "user_id", "expires_at");

-- CreateIndex
CREATE INDEX "break_glass_uses_organization_id_incident_id_idx" ON "break_glass_uses"("organization_id", "incident_id");

-- CreateIndex
CREATE UNIQUE INDEX "review_packs_organization_id_month_key" ON "review_packs"("organization_id", "month");

-- CreateIndex
CREATE INDEX "disclosures_organization_id_disclosed_at_id_idx" ON "disclosures"("organization_id", "disclosed_at", "id");

-- CreateIndex
CREATE INDEX "disclosures_organization_id_patient_index_disclosed_at_id_idx" ON "disclosures"("organization_id", "patient_index", "disclosed_at", "id");

-- CreateIndex
CREATE INDEX "security_audit_log_organization_id_at_seq_idx" ON "security_audit_log"("organization_id", "at", "seq");

-- CreateIndex
CREATE INDEX "security_audit_log_organization_id_actor_seq_idx" ON "security_audit_log"("organization_id", "actor", "seq");

-- CreateIndex
CREATE INDEX "security_audit_log_organization_id_action_seq_idx" ON "security_audit_log"("organization_id", "action", "seq");

-- CreateIndex
CREATE INDEX "security_audit_log_organization_id_entity_kind_entity_id_se_idx" ON "security_audit_log"("organization_id", "entity_kind", "entity_id", "seq");

-- AddForeignKey
ALTER TABLE "audit_patients" ADD CONSTRAINT "audit_patients_organization_id_seq_fkey" FOREIGN KEY ("organization_id", "seq") REFERENCES "security_audit_log"("organization_id", "seq") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "break_glass_uses" ADD CONSTRAINT "break_glass_uses_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id") REFERENCES "security_incidents"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Row Level Security, and what the server may do. Nothing here can be deleted; what is signed or recorded cannot be changed.
CALL protect_tenant_table('audit_checkpoints');
CALL protect_tenant_table('audit_patients');
CALL protect_tenant_table('break_glass_uses');
CALL protect_tenant_table('review_packs');
CALL protect_tenant_table('disclosures');

GRANT SELECT, INSERT ON audit_checkpoints, audit_patients, break_glass_uses, review_packs, disclosures TO vigil_app;
GRANT UPDATE (sealed) ON disclosures TO vigil_app; -- sealing anew with another key
GRANT UPDATE (reviewed_at, reviewed_by, outcome, review_note) ON break_glass_uses TO vigil_app;
GRANT UPDATE (content, content_hash, created_at, created_by, signed_at, signed_by, note) ON review_packs TO vigil_app;

-- A signed pack stays as it was signed.
CREATE POLICY unsigned ON review_packs AS RESTRICTIVE FOR UPDATE TO vigil_app USING (signed_at IS NULL) WITH CHECK (true);
-- A reviewed use stays reviewed, and nobody reviews twice.
CREATE POLICY unreviewed ON break_glass_uses AS RESTRICTIVE FOR UPDATE TO vigil_app USING (reviewed_at IS NULL) WITH CHECK (true);

-- The text an audit entry's hash is taken over. Exports carry it as it is, so that it can be checked without a database.
CREATE FUNCTION audit_text(previous bytea, seq bigint, at timestamptz, actor text, action text, entity_kind text, entity_id text, detail jsonb)
  RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT jsonb_build_array(encode(previous, 'hex'), seq,
      to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor, action, entity_kind, entity_id, detail)::text $$;

-- The same bytes as before, now said once.
CREATE OR REPLACE FUNCTION audit_canonical(previous bytea, seq bigint, at timestamptz, actor text, action text, entity_kind text, entity_id text, detail jsonb)
  RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT sha256(convert_to(audit_text(previous, seq, at, actor, action, entity_kind, entity_id, detail), 'UTF8')) $$;
