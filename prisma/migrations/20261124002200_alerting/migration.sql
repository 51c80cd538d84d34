-- Routing, escalation and delivery of alerts: what their settings, their state and their ledger need.

-- CreateEnum
CREATE TYPE "alert_kind" AS ENUM ('OPENED', 'RAISED', 'REOPENED', 'BREACHED', 'RESOLVED', 'REPEATED', 'ESCALATED', 'RESPONSE', 'TEST', 'HEARTBEAT');

-- CreateEnum
CREATE TYPE "escalation_state" AS ENUM ('RUNNING', 'ACKNOWLEDGED', 'ENDED');

-- DropIndex
DROP INDEX "alert_templates_organization_id_name_channel_kind_locale_key";

-- AlterTable
ALTER TABLE "alert_channels" ADD COLUMN     "failing_since" TIMESTAMPTZ(6),
ADD COLUMN     "last_failure" TEXT,
ADD COLUMN     "last_failure_at" TIMESTAMPTZ(6),
ADD COLUMN     "last_success_at" TIMESTAMPTZ(6),
ADD COLUMN     "per_minute" INTEGER,
ADD COLUMN     "removed_at" TIMESTAMPTZ(6),
ADD COLUMN     "revision" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "suspended_reason" TEXT,
ADD COLUMN     "wait_until" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "alert_routes" ADD COLUMN     "removed_at" TIMESTAMPTZ(6),
ADD COLUMN     "tells_resolved" BOOLEAN NOT NULL DEFAULT true;

-- AlterTable
ALTER TABLE "alert_templates" ADD COLUMN     "alert_kind" "alert_kind",
ADD COLUMN     "html" TEXT;

-- AlterTable
ALTER TABLE "escalation_policies" ADD COLUMN     "removed_at" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "security_alerts" ADD COLUMN     "entry_id" UUID,
ADD COLUMN     "escalation_id" UUID,
ADD COLUMN     "group_key" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "kind" "alert_kind" NOT NULL DEFAULT 'OPENED',
ADD COLUMN     "message_id" UUID,
ADD COLUMN     "round" INTEGER,
ADD COLUMN     "step" INTEGER,
ADD COLUMN     "user_id" UUID,
ALTER COLUMN "incident_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "locale" TEXT,
ADD COLUMN     "phone" TEXT,
ADD COLUMN     "quiet_hours" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "time_zone" TEXT;

-- CreateTable
CREATE TABLE "alert_groups" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "channel_id" UUID NOT NULL,
    "last_sent_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "alert_groups_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "alert_inhibitions" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "source" JSONB NOT NULL,
    "target" JSONB NOT NULL,
    "equal" TEXT[],
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_inhibitions_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "escalations" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "route_id" UUID,
    "policy_id" UUID,
    "policy" JSONB NOT NULL,
    "state" "escalation_state" NOT NULL,
    "step" INTEGER NOT NULL DEFAULT 0,
    "round" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(6),
    "started_at" TIMESTAMPTZ(6) NOT NULL,
    "acknowledged_by" TEXT,
    "ended_at" TIMESTAMPTZ(6),
    "ended_reason" TEXT,

    CONSTRAINT "escalations_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "on_call_schedules" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "layers" JSONB NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "on_call_schedules_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "on_call_overrides" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schedule_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "starts_at" TIMESTAMPTZ(6) NOT NULL,
    "ends_at" TIMESTAMPTZ(6) NOT NULL,
    "author" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "on_call_overrides_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "bad_contacts" (
    "organization_id" UUID NOT NULL,
    "kind" "channel_kind" NOT NULL,
    "address" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "bad_contacts_pkey" PRIMARY KEY ("organization_id","kind","address")
);

-- CreateTable
CREATE TABLE "notification_preferences" (
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "in_app" BOOLEAN NOT NULL,
    "email" BOOLEAN NOT NULL,

    CONSTRAINT "notification_preferences_pkey" PRIMARY KEY ("organization_id","user_id","kind")
);

-- CreateIndex
CREATE INDEX "alert_groups_organization_id_channel_id_idx" ON "alert_groups"("organization_id", "channel_id");

-- CreateIndex
CREATE INDEX "alert_groups_last_sent_at_idx" ON "alert_groups" USING BRIN ("last_sent_at");

-- CreateIndex
CREATE UNIQUE INDEX "alert_inhibitions_organization_id_name_key" ON "alert_inhibitions"("organization_id", "name");

-- CreateIndex
CREATE INDEX "escalations_organization_id_incident_id_idx" ON "escalations"("organization_id", "incident_id");

-- CreateIndex
CREATE INDEX "escalations_organization_id_route_id_idx" ON "escalations"("organization_id", "route_id");

-- CreateIndex
CREATE INDEX "escalations_organization_id_policy_id_idx" ON "escalations"("organization_id", "policy_id");

-- CreateIndex
CREATE INDEX "escalations_organization_id_due_at_id_idx" ON "escalations"("organization_id", "due_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "on_call_schedules_organization_id_name_key" ON "on_call_schedules"("organization_id", "name");

-- CreateIndex
CREATE INDEX "on_call_overrides_organization_id_schedule_id_ends_at_id_idx" ON "on_call_overrides"("organization_id", "schedule_id", "ends_at", "id");

-- CreateIndex
CREATE INDEX "on_call_overrides_organization_id_user_id_idx" ON "on_call_overrides"("organization_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "alert_templates_once_key" ON "alert_templates"("organization_id", "name", "channel_kind", "locale", "alert_kind");

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_escalation_id_idx" ON "security_alerts"("organization_id", "escalation_id");

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_user_id_idx" ON "security_alerts"("organization_id", "user_id");

-- CreateIndex
CREATE INDEX "security_alerts_together_idx" ON "security_alerts"("organization_id", "channel_id", "recipient", "group_key", "due_at");

-- AddForeignKey
ALTER TABLE "security_alerts" ADD CONSTRAINT "security_alerts_organization_id_escalation_id_fkey" FOREIGN KEY ("organization_id", "escalation_id") REFERENCES "escalations"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "security_alerts" ADD CONSTRAINT "security_alerts_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "alert_groups" ADD CONSTRAINT "alert_groups_organization_id_channel_id_fkey" FOREIGN KEY ("organization_id", "channel_id") REFERENCES "alert_channels"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "escalations" ADD CONSTRAINT "escalations_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id") REFERENCES "security_incidents"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "escalations" ADD CONSTRAINT "escalations_organization_id_route_id_fkey" FOREIGN KEY ("organization_id", "route_id") REFERENCES "alert_routes"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "escalations" ADD CONSTRAINT "escalations_organization_id_policy_id_fkey" FOREIGN KEY ("organization_id", "policy_id") REFERENCES "escalation_policies"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "on_call_overrides" ADD CONSTRAINT "on_call_overrides_organization_id_schedule_id_fkey" FOREIGN KEY ("organization_id", "schedule_id") REFERENCES "on_call_schedules"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "on_call_overrides" ADD CONSTRAINT "on_call_overrides_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "notification_preferences" ADD CONSTRAINT "notification_preferences_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

ALTER TABLE "alert_channels" ADD CONSTRAINT "alert_channels_per_minute" CHECK (per_minute BETWEEN 1 AND 10000);
ALTER TABLE "security_alerts" ADD CONSTRAINT "security_alerts_step" CHECK (num_nonnulls(escalation_id, step, round) IN (0, 3) AND step >= 0 AND round >= 0);
ALTER TABLE "on_call_overrides" ADD CONSTRAINT "on_call_overrides_ends_after_start" CHECK (ends_at > starts_at);
ALTER TABLE "escalations"
    ADD CONSTRAINT "escalations_counted" CHECK (step >= 0 AND round >= 0),
    -- Whatever runs is due some time, so that it cannot be forgotten.
    ADD CONSTRAINT "escalations_due" CHECK (CASE state WHEN 'RUNNING' THEN due_at IS NOT NULL WHEN 'ENDED' THEN due_at IS NULL ELSE true END),
    ADD CONSTRAINT "escalations_ended" CHECK ((ended_at IS NOT NULL) = (state = 'ENDED'));

DO $$
DECLARE
  target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['alert_groups', 'alert_inhibitions', 'escalations', 'on_call_schedules', 'on_call_overrides',
    'bad_contacts', 'notification_preferences']
  LOOP
    CALL protect_tenant_table(target::regclass);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON alert_groups, alert_inhibitions, on_call_schedules, on_call_overrides, bad_contacts,
  notification_preferences TO vigil_app;
GRANT SELECT, INSERT, UPDATE ON escalations TO vigil_app;
