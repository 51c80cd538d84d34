-- CreateEnum
CREATE TYPE "severity" AS ENUM ('INFO', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL');

-- CreateEnum
CREATE TYPE "event_category" AS ENUM ('AUTHENTICATION', 'AUTHORIZATION', 'ACCESS', 'DATA', 'CONFIGURATION', 'NETWORK', 'WEB', 'PROCESS', 'OTHER');

-- CreateEnum
CREATE TYPE "event_outcome" AS ENUM ('SUCCESS', 'FAILURE', 'UNKNOWN');

-- CreateEnum
CREATE TYPE "rule_kind" AS ENUM ('DETECTION', 'CORRELATION', 'BEHAVIOUR');

-- CreateEnum
CREATE TYPE "rule_mode" AS ENUM ('ACTIVE', 'MONITOR', 'DISABLED');

-- CreateEnum
CREATE TYPE "incident_status" AS ENUM ('OPEN', 'ACKNOWLEDGED', 'INVESTIGATING', 'CONTAINED', 'RESOLVED', 'CLOSED', 'MERGED');

-- CreateEnum
CREATE TYPE "incident_resolution" AS ENUM ('TRUE_POSITIVE', 'FALSE_POSITIVE', 'BENIGN', 'DUPLICATE', 'USER_CONFIRMED', 'POLICY_VIOLATION', 'INSUFFICIENT_INFORMATION');

-- CreateEnum
CREATE TYPE "entry_kind" AS ENUM ('OPENED', 'DETECTED', 'SEVERITY_RAISED', 'COUNT_REACHED', 'ACKNOWLEDGED', 'INVESTIGATING', 'CONTAINED', 'RESOLVED', 'CLOSED', 'REOPENED');

-- CreateEnum
CREATE TYPE "action_type" AS ENUM ('BLOCK_IP', 'SUSPEND_USER', 'INCREASE_MONITORING', 'FORCE_MFA', 'NOTIFY_ADMIN');

-- CreateEnum
CREATE TYPE "action_status" AS ENUM ('PLANNED', 'AWAITING_APPROVAL', 'APPLIED', 'REVERTED', 'EXPIRED', 'REFUSED', 'FAILED');

-- CreateEnum
CREATE TYPE "channel_kind" AS ENUM ('EMAIL', 'WEBHOOK', 'SLACK', 'SMS');

-- CreateEnum
CREATE TYPE "alert_status" AS ENUM ('QUEUED', 'HELD', 'SENT', 'DELIVERED', 'FAILED');

-- CreateEnum
CREATE TYPE "role" AS ENUM ('ADMIN', 'RESPONDER', 'ANALYST', 'VIEWER', 'AUDITOR', 'INGEST', 'ENFORCER');

-- CreateTable
CREATE TABLE "organizations" (
    "id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "next_incident_number" INTEGER NOT NULL DEFAULT 1,
    "rules_version" INTEGER NOT NULL DEFAULT 1,
    "feed_forgotten_xid" xid8,
    "feed_forgotten_id" BIGINT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organizations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "suspended_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "sign_in_links" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "used_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sign_in_links_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6),
    "revoked_at" TIMESTAMPTZ(6),
    "last_used_at" TIMESTAMPTZ(6),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "realtime_monitoring" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "client_id" TEXT,
    "time" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "product" TEXT,
    "service" TEXT,
    "log_category" TEXT,
    "action" TEXT NOT NULL,
    "category" "event_category" NOT NULL,
    "outcome" "event_outcome" NOT NULL,
    "severity" "severity",
    "actor_id" TEXT,
    "actor_name" TEXT,
    "actor_email" TEXT,
    "actor_roles" TEXT[],
    "source_ip" INET,
    "source_port" INTEGER,
    "source_geo" JSONB,
    "user_agent" TEXT,
    "device" TEXT,
    "session_id" TEXT,
    "target_type" TEXT,
    "target_id" TEXT,
    "target_name" TEXT,
    "patient_id" TEXT,
    "http_method" TEXT,
    "http_path" TEXT,
    "http_status" INTEGER,
    "http_more" JSONB,
    "message" TEXT,
    "attributes" JSONB NOT NULL,

    CONSTRAINT "realtime_monitoring_pkey" PRIMARY KEY ("organization_id","id")
) PARTITION BY RANGE ("id");

-- CreateTable
CREATE TABLE "event_keys" (
    "organization_id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "event_keys_pkey" PRIMARY KEY ("organization_id","client_id")
);

-- CreateTable
CREATE TABLE "alert_rules" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "sigma_id" TEXT,
    "kind" "rule_kind" NOT NULL,
    "mode" "rule_mode" NOT NULL,
    "severity" "severity" NOT NULL,
    "description" TEXT,
    "tags" TEXT[],
    "yaml" TEXT NOT NULL,
    "builtin" BOOLEAN NOT NULL DEFAULT false,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_rules_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "alert_rule_revisions" (
    "organization_id" UUID NOT NULL,
    "rule_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "mode" "rule_mode" NOT NULL,
    "yaml" TEXT NOT NULL,
    "author" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_rule_revisions_pkey" PRIMARY KEY ("organization_id","rule_id","revision")
);

-- CreateTable
CREATE TABLE "detections" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "rule_id" UUID NOT NULL,
    "rule_revision" INTEGER NOT NULL,
    "mode" "rule_mode" NOT NULL,
    "severity" "severity" NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "subjects" JSONB NOT NULL,
    "explanation" TEXT NOT NULL,
    "first_event_at" TIMESTAMPTZ(3) NOT NULL,
    "last_event_at" TIMESTAMPTZ(3) NOT NULL,
    "event_count" INTEGER NOT NULL,
    "event_ids" UUID[],
    "incident_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "detections_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "security_incidents" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "severity" "severity" NOT NULL,
    "status" "incident_status" NOT NULL DEFAULT 'OPEN',
    "rule_id" UUID,
    "fingerprint" TEXT NOT NULL,
    "open_fingerprint" TEXT GENERATED ALWAYS AS (CASE WHEN "status" NOT IN ('RESOLVED', 'CLOSED', 'MERGED') THEN "fingerprint" END) STORED,
    "threat_score" REAL NOT NULL,
    "subjects" JSONB NOT NULL,
    "tags" TEXT[],
    "detection_count" INTEGER NOT NULL,
    "event_count" INTEGER NOT NULL,
    "first_event_at" TIMESTAMPTZ(3) NOT NULL,
    "last_event_at" TIMESTAMPTZ(3) NOT NULL,
    "opened_at" TIMESTAMPTZ(6) NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(6),
    "acknowledged_by" TEXT,
    "resolved_at" TIMESTAMPTZ(6),
    "resolved_by" TEXT,
    "resolution" "incident_resolution",
    "resolution_reason" TEXT,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "security_incidents_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "incident_entries" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "kind" "entry_kind" NOT NULL,
    "message" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "incident_entries_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "incident_actions" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "type" "action_type" NOT NULL,
    "status" "action_status" NOT NULL,
    "target" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "incident_actions_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "alert_channels" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" "channel_kind" NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_channels_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "security_alerts" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "channel_id" UUID NOT NULL,
    "status" "alert_status" NOT NULL,
    "held_by" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "security_alerts_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "alert_attempts" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "alert_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "outcome" TEXT NOT NULL,
    "detail" TEXT NOT NULL,

    CONSTRAINT "alert_attempts_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "changes" (
    "organization_id" UUID NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "topic" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "entity_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "changes_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "security_audit_log" (
    "organization_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "entity_kind" TEXT NOT NULL,
    "entity_id" TEXT NOT NULL,
    "detail" JSONB NOT NULL,
    "previous_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "security_audit_log_pkey" PRIMARY KEY ("organization_id","seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "organizations_slug_key" ON "organizations"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "users_organization_id_email_key" ON "users"("organization_id", "email");

-- CreateIndex
CREATE INDEX "sign_in_links_organization_id_user_id_idx" ON "sign_in_links"("organization_id", "user_id");

-- CreateIndex
CREATE INDEX "realtime_monitoring_organization_id_time_id_idx" ON "realtime_monitoring"("organization_id", "time", "id");

-- CreateIndex
CREATE INDEX "realtime_monitoring_organization_id_source_ip_time_idx" ON "realtime_monitoring"("organization_id", "source_ip", "time");

-- CreateIndex
CREATE INDEX "realtime_monitoring_organization_id_actor_name_time_idx" ON "realtime_monitoring"("organization_id", "actor_name", "time");

-- CreateIndex
CREATE INDEX "event_keys_received_at_idx" ON "event_keys" USING BRIN ("received_at");

-- CreateIndex
CREATE INDEX "alert_rules_organization_id_name_id_idx" ON "alert_rules"("organization_id", "name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "alert_rules_organization_id_reference_key" ON "alert_rules"("organization_id", "reference");

-- CreateIndex
CREATE INDEX "detections_organization_id_created_at_id_idx" ON "detections"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "detections_organization_id_incident_id_created_at_id_idx" ON "detections"("organization_id", "incident_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "detections_organization_id_rule_id_created_at_id_idx" ON "detections"("organization_id", "rule_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_created_at_id_idx" ON "security_incidents"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_status_created_at_id_idx" ON "security_incidents"("organization_id", "status", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_severity_created_at_id_idx" ON "security_incidents"("organization_id", "severity", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_rule_id_created_at_id_idx" ON "security_incidents"("organization_id", "rule_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "security_incidents_organization_id_number_key" ON "security_incidents"("organization_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "security_incidents_organization_id_open_fingerprint_key" ON "security_incidents"("organization_id", "open_fingerprint");

-- CreateIndex
CREATE INDEX "incident_entries_organization_id_incident_id_at_id_idx" ON "incident_entries"("organization_id", "incident_id", "at", "id");

-- CreateIndex
CREATE INDEX "incident_actions_organization_id_incident_id_created_at_id_idx" ON "incident_actions"("organization_id", "incident_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "alert_channels_organization_id_name_key" ON "alert_channels"("organization_id", "name");

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_incident_id_created_at_id_idx" ON "security_alerts"("organization_id", "incident_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_channel_id_idx" ON "security_alerts"("organization_id", "channel_id");

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_status_created_at_id_idx" ON "security_alerts"("organization_id", "status", "created_at", "id");

-- CreateIndex
CREATE INDEX "alert_attempts_organization_id_alert_id_at_id_idx" ON "alert_attempts"("organization_id", "alert_id", "at", "id");

-- CreateIndex
CREATE INDEX "changes_organization_id_topic_xid_id_idx" ON "changes"("organization_id", "topic", "xid", "id");

-- CreateIndex
CREATE INDEX "changes_at_idx" ON "changes" USING BRIN ("at");

-- CreateIndex
CREATE UNIQUE INDEX "security_audit_log_organization_id_previous_hash_key" ON "security_audit_log"("organization_id", "previous_hash");

-- AddForeignKey
ALTER TABLE "sign_in_links" ADD CONSTRAINT "sign_in_links_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "alert_rule_revisions" ADD CONSTRAINT "alert_rule_revisions_organization_id_rule_id_fkey" FOREIGN KEY ("organization_id", "rule_id") REFERENCES "alert_rules"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "detections" ADD CONSTRAINT "detections_organization_id_rule_id_fkey" FOREIGN KEY ("organization_id", "rule_id") REFERENCES "alert_rules"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "detections" ADD CONSTRAINT "detections_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id") REFERENCES "security_incidents"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "security_incidents" ADD CONSTRAINT "security_incidents_organization_id_rule_id_fkey" FOREIGN KEY ("organization_id", "rule_id") REFERENCES "alert_rules"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "incident_entries" ADD CONSTRAINT "incident_entries_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id") REFERENCES "security_incidents"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "incident_actions" ADD CONSTRAINT "incident_actions_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id") REFERENCES "security_incidents"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "security_alerts" ADD CONSTRAINT "security_alerts_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id") REFERENCES "security_incidents"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "security_alerts" ADD CONSTRAINT "security_alerts_organization_id_channel_id_fkey" FOREIGN KEY ("organization_id", "channel_id") REFERENCES "alert_channels"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "alert_attempts" ADD CONSTRAINT "alert_attempts_organization_id_alert_id_fkey" FOREIGN KEY ("organization_id", "alert_id") REFERENCES "security_alerts"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;
