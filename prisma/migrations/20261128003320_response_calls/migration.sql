-- Calls of systems of the organization's own, and what response rules were before.

-- CreateEnum
CREATE TYPE "call_event" AS ENUM ('APPLIED', 'REVERTED', 'EXPIRED');

-- CreateEnum
CREATE TYPE "call_status" AS ENUM ('QUEUED', 'SENT', 'FAILED');

-- CreateTable
CREATE TABLE "response_rule_revisions" (
    "organization_id" UUID NOT NULL,
    "rule_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "mode" "rule_mode" NOT NULL,
    "conditions" JSONB NOT NULL,
    "actions" JSONB NOT NULL,
    "cool_down_s" INTEGER NOT NULL,
    "author" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "response_rule_revisions_pkey" PRIMARY KEY ("organization_id","rule_id","revision")
);

-- CreateTable
CREATE TABLE "response_webhooks" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "sealed_secrets" BYTEA NOT NULL,
    "needs_approval" BOOLEAN NOT NULL DEFAULT false,
    "covered_by_baa" BOOLEAN NOT NULL DEFAULT false,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "response_webhooks_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "response_calls" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "action_id" UUID NOT NULL,
    "event" "call_event" NOT NULL,
    "status" "call_status" NOT NULL DEFAULT 'QUEUED',
    "tries" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(6),
    "answered" INTEGER,
    "detail" TEXT NOT NULL DEFAULT '',
    "sent_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "response_calls_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "response_webhooks_organization_id_name_key" ON "response_webhooks"("organization_id", "name");

-- CreateIndex
CREATE INDEX "response_calls_organization_id_due_at_idx" ON "response_calls"("organization_id", "due_at");

-- CreateIndex
CREATE UNIQUE INDEX "response_calls_organization_id_action_id_event_key" ON "response_calls"("organization_id", "action_id", "event");

-- AddForeignKey
ALTER TABLE "response_rule_revisions" ADD CONSTRAINT "response_rule_revisions_organization_id_rule_id_fkey" FOREIGN KEY ("organization_id", "rule_id") REFERENCES "response_rules"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "response_calls" ADD CONSTRAINT "response_calls_organization_id_action_id_fkey" FOREIGN KEY ("organization_id", "action_id") REFERENCES "incident_actions"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

CALL protect_tenant_table('response_rule_revisions'::regclass);
CALL protect_tenant_table('response_webhooks'::regclass);
CALL protect_tenant_table('response_calls'::regclass);

GRANT SELECT, INSERT ON response_rule_revisions TO vigil_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON response_webhooks TO vigil_app;
GRANT SELECT, INSERT, UPDATE ON response_calls TO vigil_app;

-- What a rule is now is its first known revision.
INSERT INTO response_rule_revisions (organization_id, rule_id, revision, name, position, mode, conditions, actions, cool_down_s,
    author, created_at)
  SELECT organization_id, id, revision, name, position, mode, conditions, actions, cool_down_s, 'vigil', updated_at FROM response_rules;
