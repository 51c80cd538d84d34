-- Sealed fields: data keys per organization, what each organization seals, and where events keep it.

-- CreateEnum
CREATE TYPE "unknown_fields" AS ENUM ('KEEP', 'SEAL', 'DROP');

-- CreateEnum
CREATE TYPE "phi_fields" AS ENUM ('KEEP', 'PATIENT', 'SEAL');

-- CreateEnum
CREATE TYPE "data_key_state" AS ENUM ('CURRENT', 'OLD', 'RETIRED');

-- AlterTable
ALTER TABLE "organizations"
  ADD COLUMN "unknown_fields" "unknown_fields" NOT NULL DEFAULT 'KEEP',
  ADD COLUMN "phi_fields" "phi_fields" NOT NULL DEFAULT 'PATIENT',
  ADD COLUMN "allowed_attributes" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "realtime_monitoring"
  ADD COLUMN "sealed" BYTEA,
  ADD COLUMN "sealed_fields" TEXT[] DEFAULT ARRAY[]::TEXT[],
  ADD COLUMN "patient_index" BYTEA;

-- CreateTable
CREATE TABLE "data_keys" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "purpose" TEXT NOT NULL,
    "state" "data_key_state" NOT NULL,
    "current_purpose" TEXT GENERATED ALWAYS AS (CASE WHEN "state" = 'CURRENT' THEN "purpose" END) STORED,
    "kek_id" TEXT NOT NULL,
    "wrapped" BYTEA NOT NULL,
    "uses" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "data_keys_pkey" PRIMARY KEY ("organization_id","id")
);

-- Partial, so that events about no patient do not pay for it.
CREATE INDEX "realtime_monitoring_patient_index" ON "realtime_monitoring"("organization_id", "patient_index", "time")
  WHERE "patient_index" IS NOT NULL;

-- CreateIndex
CREATE UNIQUE INDEX "data_keys_organization_id_current_purpose_key" ON "data_keys"("organization_id", "current_purpose");

CALL protect_tenant_table('data_keys');

-- A key is made, counted, rewrapped and retired; never deleted. Events stay as they came, but for the record that is
-- sealed anew under another key.
GRANT SELECT, INSERT, UPDATE (state, kek_id, wrapped, uses) ON data_keys TO vigil_app;
GRANT UPDATE (sealed) ON realtime_monitoring TO vigil_app;
GRANT UPDATE (unknown_fields, phi_fields, allowed_attributes) ON organizations TO vigil_app;
