-- CreateEnum
CREATE TYPE "notification_priority" AS ENUM ('NORMAL', 'HIGH', 'CRITICAL');

-- CreateEnum
CREATE TYPE "decision_scope" AS ENUM ('IP', 'RANGE', 'USER', 'SESSION');

-- CreateEnum
CREATE TYPE "widget_kind" AS ENUM ('NUMBER', 'LINE', 'BAR', 'TABLE', 'FEED');

-- DropIndex
DROP INDEX "security_alerts_organization_id_channel_id_idx";

-- DropIndex
DROP INDEX "security_alerts_organization_id_status_created_at_id_idx";

-- DropIndex
DROP INDEX "security_incidents_organization_id_severity_created_at_id_idx";

-- DropIndex
DROP INDEX "security_incidents_organization_id_status_created_at_id_idx";

-- AlterTable
ALTER TABLE "alert_channels" ADD COLUMN     "config" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "covered_by_baa" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "sealed_secrets" BYTEA,
ADD COLUMN     "suspended_at" TIMESTAMPTZ(6),
ADD COLUMN     "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "detections" ADD COLUMN     "severity_rank" SMALLINT NOT NULL GENERATED ALWAYS AS (CASE "severity" WHEN 'INFO' THEN 0 WHEN 'LOW' THEN 1 WHEN 'MEDIUM' THEN 2 WHEN 'HIGH' THEN 3 ELSE 4 END) STORED;

-- AlterTable
ALTER TABLE "incident_actions" ADD COLUMN     "actor" TEXT NOT NULL DEFAULT 'vigil',
ADD COLUMN     "applied_at" TIMESTAMPTZ(6),
ADD COLUMN     "approved_by" TEXT,
ADD COLUMN     "ended_at" TIMESTAMPTZ(6),
ADD COLUMN     "reason" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "security_alerts" ADD COLUMN     "change_id" BIGINT,
ADD COLUMN     "recipient" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "route_id" UUID,
ADD COLUMN     "status_rank" SMALLINT NOT NULL GENERATED ALWAYS AS (CASE "status" WHEN 'QUEUED' THEN 0 WHEN 'HELD' THEN 1 WHEN 'SENT' THEN 2 WHEN 'DELIVERED' THEN 3 ELSE 4 END) STORED;

-- AlterTable
ALTER TABLE "security_incidents" ADD COLUMN     "assignee_id" UUID,
ADD COLUMN     "closed_at" TIMESTAMPTZ(6),
ADD COLUMN     "contained_at" TIMESTAMPTZ(6),
ADD COLUMN     "merged_into_id" UUID,
ADD COLUMN     "severity_rank" SMALLINT NOT NULL GENERATED ALWAYS AS (CASE "severity" WHEN 'INFO' THEN 0 WHEN 'LOW' THEN 1 WHEN 'MEDIUM' THEN 2 WHEN 'HIGH' THEN 3 ELSE 4 END) STORED,
ADD COLUMN     "status_rank" SMALLINT NOT NULL GENERATED ALWAYS AS (CASE "status" WHEN 'OPEN' THEN 0 WHEN 'ACKNOWLEDGED' THEN 1 WHEN 'INVESTIGATING' THEN 2 WHEN 'CONTAINED' THEN 3 WHEN 'RESOLVED' THEN 4 WHEN 'CLOSED' THEN 5 ELSE 6 END) STORED;

-- CreateTable
CREATE TABLE "alert_rule_exceptions" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "rule_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "yaml" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_rule_exceptions_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "response_rules" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "mode" "rule_mode" NOT NULL,
    "conditions" JSONB NOT NULL,
    "actions" JSONB NOT NULL,
    "cool_down_s" INTEGER NOT NULL DEFAULT 0,
    "builtin" BOOLEAN NOT NULL DEFAULT false,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "response_rules_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "decisions" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "action_id" UUID,
    "type" "action_type" NOT NULL,
    "scope" "decision_scope" NOT NULL,
    "value" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "revoked_at" TIMESTAMPTZ(6),
    "revoked_by" TEXT,

    CONSTRAINT "decisions_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "enforcers" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "api_key_id" UUID NOT NULL,
    "version" TEXT,
    "list_version" BIGINT NOT NULL DEFAULT 0,
    "last_seen_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "enforcers_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "decision_acknowledgements" (
    "organization_id" UUID NOT NULL,
    "decision_id" UUID NOT NULL,
    "enforcer_id" UUID NOT NULL,
    "applied_at" TIMESTAMPTZ(6) NOT NULL,
    "lifted_at" TIMESTAMPTZ(6),

    CONSTRAINT "decision_acknowledgements_pkey" PRIMARY KEY ("organization_id","decision_id","enforcer_id")
);

-- CreateTable
CREATE TABLE "alert_templates" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "channel_kind" "channel_kind" NOT NULL,
    "locale" TEXT NOT NULL DEFAULT 'en',
    "subject" TEXT,
    "body" TEXT NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_templates_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "escalation_policies" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "steps" JSONB NOT NULL,
    "repeats" INTEGER NOT NULL DEFAULT 0,
    "acknowledge_timeout_s" INTEGER,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "escalation_policies_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "alert_routes" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "parent_id" UUID,
    "position" INTEGER NOT NULL,
    "matchers" JSONB NOT NULL,
    "goes_on" BOOLEAN NOT NULL DEFAULT false,
    "group_by" TEXT[],
    "group_wait_s" INTEGER,
    "group_interval_s" INTEGER,
    "repeat_interval_s" INTEGER,
    "mute_times" JSONB NOT NULL DEFAULT '[]',
    "escalation_policy_id" UUID,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_routes_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "alert_route_channels" (
    "organization_id" UUID NOT NULL,
    "route_id" UUID NOT NULL,
    "channel_id" UUID NOT NULL,
    "template_id" UUID,

    CONSTRAINT "alert_route_channels_pkey" PRIMARY KEY ("organization_id","route_id","channel_id")
);

-- CreateTable
CREATE TABLE "silences" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "matchers" JSONB NOT NULL,
    "author" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(6) NOT NULL,
    "ends_at" TIMESTAMPTZ(6) NOT NULL,
    "expired_by" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "silences_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "security_notifications" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "priority" "notification_priority" NOT NULL,
    "title" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "incident_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "read_at" TIMESTAMPTZ(6),
    "expires_at" TIMESTAMPTZ(6),

    CONSTRAINT "security_notifications_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "dashboards" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "author" TEXT NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dashboards_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "dashboard_widgets" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "dashboard_id" UUID NOT NULL,
    "kind" "widget_kind" NOT NULL,
    "title" TEXT NOT NULL,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "x" INTEGER NOT NULL DEFAULT 0,
    "y" INTEGER NOT NULL DEFAULT 0,
    "width" INTEGER NOT NULL DEFAULT 4,
    "height" INTEGER NOT NULL DEFAULT 4,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dashboard_widgets_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "security_metrics" (
    "organization_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "resolution" SMALLINT NOT NULL,
    "at" TIMESTAMPTZ(0) NOT NULL,
    "labels_hash" TEXT NOT NULL GENERATED ALWAYS AS (md5("labels"::text)) STORED,
    "labels" JSONB NOT NULL,
    "count" BIGINT NOT NULL,
    "sum" DOUBLE PRECISION NOT NULL,
    "min" DOUBLE PRECISION NOT NULL,
    "max" DOUBLE PRECISION NOT NULL,
    "last" DOUBLE PRECISION NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "security_metrics_pkey" PRIMARY KEY ("organization_id","name","resolution","at","labels_hash")
);

-- CreateTable
CREATE TABLE "security_performance" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "unit" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "security_performance_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "alert_rule_exceptions_organization_id_rule_id_name_key" ON "alert_rule_exceptions"("organization_id", "rule_id", "name");

-- CreateIndex
CREATE INDEX "response_rules_organization_id_position_id_idx" ON "response_rules"("organization_id", "position", "id");

-- CreateIndex
CREATE UNIQUE INDEX "response_rules_organization_id_name_key" ON "response_rules"("organization_id", "name");

-- CreateIndex
CREATE INDEX "decisions_organization_id_created_at_id_idx" ON "decisions"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "decisions_organization_id_expires_at_id_idx" ON "decisions"("organization_id", "expires_at", "id");

-- CreateIndex
CREATE INDEX "decisions_organization_id_action_id_idx" ON "decisions"("organization_id", "action_id");

-- CreateIndex
CREATE UNIQUE INDEX "decisions_organization_id_value_type_scope_version_key" ON "decisions"("organization_id", "value", "type", "scope", "version");

-- CreateIndex
CREATE INDEX "enforcers_organization_id_api_key_id_idx" ON "enforcers"("organization_id", "api_key_id");

-- CreateIndex
CREATE INDEX "enforcers_organization_id_created_at_id_idx" ON "enforcers"("organization_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "enforcers_organization_id_name_key" ON "enforcers"("organization_id", "name");

-- CreateIndex
CREATE INDEX "decision_acknowledgements_organization_id_enforcer_id_idx" ON "decision_acknowledgements"("organization_id", "enforcer_id");

-- CreateIndex
CREATE UNIQUE INDEX "alert_templates_organization_id_name_channel_kind_locale_key" ON "alert_templates"("organization_id", "name", "channel_kind", "locale");

-- CreateIndex
CREATE UNIQUE INDEX "escalation_policies_organization_id_name_key" ON "escalation_policies"("organization_id", "name");

-- CreateIndex
CREATE INDEX "alert_routes_organization_id_parent_id_position_id_idx" ON "alert_routes"("organization_id", "parent_id", "position", "id");

-- CreateIndex
CREATE INDEX "alert_routes_organization_id_escalation_policy_id_idx" ON "alert_routes"("organization_id", "escalation_policy_id");

-- CreateIndex
CREATE UNIQUE INDEX "alert_routes_organization_id_name_key" ON "alert_routes"("organization_id", "name");

-- CreateIndex
CREATE INDEX "alert_route_channels_organization_id_channel_id_idx" ON "alert_route_channels"("organization_id", "channel_id");

-- CreateIndex
CREATE INDEX "alert_route_channels_organization_id_template_id_idx" ON "alert_route_channels"("organization_id", "template_id");

-- CreateIndex
CREATE INDEX "silences_organization_id_created_at_id_idx" ON "silences"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "silences_organization_id_ends_at_id_idx" ON "silences"("organization_id", "ends_at", "id");

-- CreateIndex
CREATE INDEX "security_notifications_organization_id_user_id_created_at_i_idx" ON "security_notifications"("organization_id", "user_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_notifications_organization_id_user_id_read_at_crea_idx" ON "security_notifications"("organization_id", "user_id", "read_at", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_notifications_organization_id_incident_id_idx" ON "security_notifications"("organization_id", "incident_id");

-- CreateIndex
CREATE INDEX "security_notifications_expires_at_idx" ON "security_notifications" USING BRIN ("expires_at");

-- CreateIndex
CREATE INDEX "dashboards_organization_id_created_at_id_idx" ON "dashboards"("organization_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "dashboards_organization_id_name_key" ON "dashboards"("organization_id", "name");

-- CreateIndex
CREATE INDEX "dashboard_widgets_organization_id_dashboard_id_y_x_id_idx" ON "dashboard_widgets"("organization_id", "dashboard_id", "y", "x", "id");

-- CreateIndex
CREATE INDEX "security_metrics_at_idx" ON "security_metrics" USING BRIN ("at");

-- CreateIndex
CREATE INDEX "security_performance_organization_id_at_id_idx" ON "security_performance"("organization_id", "at", "id");

-- CreateIndex
CREATE INDEX "security_performance_organization_id_name_at_id_idx" ON "security_performance"("organization_id", "name", "at", "id");

-- CreateIndex
CREATE INDEX "detections_organization_id_severity_rank_created_at_id_idx" ON "detections"("organization_id", "severity_rank", "created_at", "id");

-- CreateIndex
CREATE INDEX "detections_organization_id_first_event_at_created_at_id_idx" ON "detections"("organization_id", "first_event_at", "created_at", "id");

-- CreateIndex
CREATE INDEX "detections_organization_id_last_event_at_created_at_id_idx" ON "detections"("organization_id", "last_event_at", "created_at", "id");

-- CreateIndex
CREATE INDEX "detections_organization_id_updated_at_idx" ON "detections"("organization_id", "updated_at");

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_created_at_id_idx" ON "security_alerts"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_route_id_idx" ON "security_alerts"("organization_id", "route_id");

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_channel_id_created_at_id_idx" ON "security_alerts"("organization_id", "channel_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_status_rank_created_at_id_idx" ON "security_alerts"("organization_id", "status_rank", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "security_alerts_once_key" ON "security_alerts"("organization_id", "incident_id", "change_id", "route_id", "channel_id", "recipient");

-- CreateIndex
CREATE INDEX "security_audit_log_organization_id_action_at_idx" ON "security_audit_log"("organization_id", "action", "at");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_status_rank_created_at_i_idx" ON "security_incidents"("organization_id", "status_rank", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_severity_rank_created_at_idx" ON "security_incidents"("organization_id", "severity_rank", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_threat_score_created_at__idx" ON "security_incidents"("organization_id", "threat_score", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_opened_at_created_at_id_idx" ON "security_incidents"("organization_id", "opened_at", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_last_event_at_created_at_idx" ON "security_incidents"("organization_id", "last_event_at", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_updated_at_created_at_id_idx" ON "security_incidents"("organization_id", "updated_at", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_assignee_id_created_at_i_idx" ON "security_incidents"("organization_id", "assignee_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_incidents_organization_id_merged_into_id_idx" ON "security_incidents"("organization_id", "merged_into_id");

-- AddForeignKey
ALTER TABLE "alert_rule_exceptions" ADD CONSTRAINT "alert_rule_exceptions_organization_id_rule_id_fkey" FOREIGN KEY ("organization_id", "rule_id") REFERENCES "alert_rules"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "security_incidents" ADD CONSTRAINT "security_incidents_organization_id_assignee_id_fkey" FOREIGN KEY ("organization_id", "assignee_id") REFERENCES "users"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "security_incidents" ADD CONSTRAINT "security_incidents_organization_id_merged_into_id_fkey" FOREIGN KEY ("organization_id", "merged_into_id") REFERENCES "security_incidents"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_organization_id_action_id_fkey" FOREIGN KEY ("organization_id", "action_id") REFERENCES "incident_actions"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "enforcers" ADD CONSTRAINT "enforcers_organization_id_api_key_id_fkey" FOREIGN KEY ("organization_id", "api_key_id") REFERENCES "api_keys"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "decision_acknowledgements" ADD CONSTRAINT "decision_acknowledgements_organization_id_decision_id_fkey" FOREIGN KEY ("organization_id", "decision_id") REFERENCES "decisions"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "decision_acknowledgements" ADD CONSTRAINT "decision_acknowledgements_organization_id_enforcer_id_fkey" FOREIGN KEY ("organization_id", "enforcer_id") REFERENCES "enforcers"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "alert_routes" ADD CONSTRAINT "alert_routes_organization_id_parent_id_fkey" FOREIGN KEY ("organization_id", "parent_id") REFERENCES "alert_routes"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "alert_routes" ADD CONSTRAINT "alert_routes_organization_id_escalation_policy_id_fkey" FOREIGN KEY ("organization_id", "escalation_policy_id") REFERENCES "escalation_policies"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "alert_route_channels" ADD CONSTRAINT "alert_route_channels_organization_id_route_id_fkey" FOREIGN KEY ("organization_id", "route_id") REFERENCES "alert_routes"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "alert_route_channels" ADD CONSTRAINT "alert_route_channels_organization_id_channel_id_fkey" FOREIGN KEY ("organization_id", "channel_id") REFERENCES "alert_channels"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "alert_route_channels" ADD CONSTRAINT "alert_route_channels_organization_id_template_id_fkey" FOREIGN KEY ("organization_id", "template_id") REFERENCES "alert_templates"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "security_alerts" ADD CONSTRAINT "security_alerts_organization_id_route_id_fkey" FOREIGN KEY ("organization_id", "route_id") REFERENCES "alert_routes"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "security_notifications" ADD CONSTRAINT "security_notifications_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "security_notifications" ADD CONSTRAINT "security_notifications_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id") REFERENCES "security_incidents"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "dashboard_widgets" ADD CONSTRAINT "dashboard_widgets_organization_id_dashboard_id_fkey" FOREIGN KEY ("organization_id", "dashboard_id") REFERENCES "dashboards"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

ALTER TABLE silences ADD CONSTRAINT silences_ends_after_start CHECK (ends_at >= starts_at);
ALTER TABLE decisions ADD CONSTRAINT decisions_expires_after_start CHECK (expires_at > created_at);
ALTER TABLE dashboard_widgets ADD CONSTRAINT dashboard_widgets_on_grid
  CHECK (x >= 0 AND y >= 0 AND width BETWEEN 1 AND 12 AND height >= 1 AND x + width <= 12);
ALTER TABLE security_metrics ADD CONSTRAINT security_metrics_counted CHECK (count > 0 AND min <= max AND resolution IN (1, 60, 3600));

DO $$
DECLARE
  target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['alert_rule_exceptions', 'response_rules', 'decisions', 'enforcers', 'decision_acknowledgements',
    'alert_templates', 'escalation_policies', 'alert_routes', 'alert_route_channels', 'silences', 'security_notifications',
    'dashboards', 'dashboard_widgets', 'security_metrics', 'security_performance']
  LOOP
    CALL protect_tenant_table(target::regclass);
  END LOOP;
END
$$;

-- Settings are changed and removed; what happened is kept: a decision, an acknowledgement, a silence end by a column.
GRANT SELECT, INSERT, UPDATE, DELETE ON alert_rule_exceptions, response_rules, enforcers, alert_templates, escalation_policies, alert_routes,
  alert_route_channels, dashboards, dashboard_widgets TO vigil_app;
GRANT SELECT, INSERT, UPDATE ON decisions, decision_acknowledgements, silences TO vigil_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON security_notifications, security_metrics TO vigil_app;
GRANT SELECT, INSERT, DELETE ON security_performance TO vigil_app;

-- Writes lines of timelines: the n-th of each list belong together.
CREATE FUNCTION incident_log(ids uuid[], incidents uuid[], kinds entry_kind[], messages text[], actors text[], at timestamptz) RETURNS void
  LANGUAGE sql
  AS $$
    INSERT INTO incident_entries (organization_id, id, incident_id, kind, message, actor, at)
    SELECT (SELECT current_organization()), id, incident_id, kind, message, actor, incident_log.at
    FROM unnest(ids, incidents, kinds, messages, actors) AS line(id, incident_id, kind, message, actor)
  $$;

-- What happened in each step of a time: incidents opened, acknowledged and resolved, detections, alerts and how many of them failed.
CREATE FUNCTION incident_statistics(since timestamptz, until timestamptz, step interval)
  RETURNS TABLE (at timestamptz, opened integer, acknowledged integer, resolved integer, detections integer, alerts integer, alerts_failed integer)
  LANGUAGE sql STABLE
  AS $$
    WITH happened AS (
      SELECT opened_at AS moment, 'opened' AS what FROM security_incidents
        WHERE organization_id = (SELECT current_organization()) AND opened_at >= since AND opened_at < until
      UNION ALL
      -- a row was last changed at or after whatever is noted in it, and that has an index
      SELECT acknowledged_at, 'acknowledged' FROM security_incidents
        WHERE organization_id = (SELECT current_organization()) AND updated_at >= since AND acknowledged_at >= since AND acknowledged_at < until
      UNION ALL
      SELECT resolved_at, 'resolved' FROM security_incidents
        WHERE organization_id = (SELECT current_organization()) AND updated_at >= since AND resolved_at >= since AND resolved_at < until
      UNION ALL
      SELECT created_at, 'detection' FROM detections
        WHERE organization_id = (SELECT current_organization()) AND created_at >= since AND created_at < until
      UNION ALL
      SELECT created_at, CASE WHEN status = 'FAILED' THEN 'failed alert' ELSE 'alert' END FROM security_alerts
        WHERE organization_id = (SELECT current_organization()) AND created_at >= since AND created_at < until
    ), counted AS (
      SELECT date_bin(step, moment, since) AS at, count(*) FILTER (WHERE what = 'opened') AS opened,
        count(*) FILTER (WHERE what = 'acknowledged') AS acknowledged, count(*) FILTER (WHERE what = 'resolved') AS resolved,
        count(*) FILTER (WHERE what = 'detection') AS detections, count(*) FILTER (WHERE what LIKE '%alert') AS alerts,
        count(*) FILTER (WHERE what = 'failed alert') AS alerts_failed
      FROM happened GROUP BY 1
    )
    SELECT bucket.at, coalesce(c.opened, 0)::int, coalesce(c.acknowledged, 0)::int, coalesce(c.resolved, 0)::int,
      coalesce(c.detections, 0)::int, coalesce(c.alerts, 0)::int, coalesce(c.alerts_failed, 0)::int
    FROM generate_series(since, until - interval '1 microsecond', step) AS bucket(at) LEFT JOIN counted c USING (at)
    ORDER BY bucket.at
  $$;

-- Reports, a row a day (UTC) at the finest. As whoever asks: Row Level Security of the tables holds.
CREATE VIEW report_incidents WITH (security_invoker = true) AS
  SELECT i.organization_id, (i.opened_at AT TIME ZONE 'UTC')::date AS day, i.severity, i.rule_id, r.name AS rule_name,
    count(*)::int AS incidents, count(i.open_fingerprint)::int AS open
  FROM security_incidents i LEFT JOIN alert_rules r ON r.organization_id = i.organization_id AND r.id = i.rule_id
  GROUP BY 1, 2, 3, 4, 5;

CREATE VIEW report_response_times WITH (security_invoker = true) AS
  SELECT organization_id, (opened_at AT TIME ZONE 'UTC')::date AS day, severity,
    count(acknowledged_at)::int AS acknowledged,
    avg(extract(epoch FROM acknowledged_at - opened_at))::float8 AS mean_acknowledge_s,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM acknowledged_at - opened_at)::float8) AS p90_acknowledge_s,
    count(resolved_at)::int AS resolved,
    avg(extract(epoch FROM resolved_at - opened_at))::float8 AS mean_resolve_s,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM resolved_at - opened_at)::float8) AS p90_resolve_s
  FROM security_incidents GROUP BY 1, 2, 3;

CREATE VIEW report_alert_delivery WITH (security_invoker = true) AS
  SELECT a.organization_id, (a.created_at AT TIME ZONE 'UTC')::date AS day, a.channel_id, c.name AS channel_name, c.kind AS channel_kind,
    count(*)::int AS alerts,
    count(*) FILTER (WHERE a.status IN ('SENT', 'DELIVERED'))::int AS sent,
    count(*) FILTER (WHERE a.status = 'DELIVERED')::int AS delivered,
    count(*) FILTER (WHERE a.status = 'FAILED')::int AS failed,
    count(*) FILTER (WHERE a.status = 'HELD')::int AS held,
    count(*) FILTER (WHERE a.status = 'QUEUED')::int AS queued,
    coalesce(sum(t.attempts), 0)::int AS attempts
  FROM security_alerts a
  JOIN alert_channels c ON c.organization_id = a.organization_id AND c.id = a.channel_id
  LEFT JOIN (SELECT organization_id, alert_id, count(*) AS attempts FROM alert_attempts GROUP BY 1, 2) t
    ON t.organization_id = a.organization_id AND t.alert_id = a.id
  GROUP BY 1, 2, 3, 4, 5;

CREATE VIEW report_subjects WITH (security_invoker = true) AS
  SELECT i.organization_id, (i.opened_at AT TIME ZONE 'UTC')::date AS day, s.subject ->> 'kind' AS kind, s.subject ->> 'key' AS key,
    count(*)::int AS incidents, sum(i.detection_count)::int AS detections, max(i.threat_score) AS threat_score
  FROM security_incidents i CROSS JOIN LATERAL jsonb_array_elements(i.subjects) AS s(subject)
  GROUP BY 1, 2, 3, 4;

-- Audit entries of action PHI_READ name the patients whose records were read, by pseudonym: {"patients": ["…"], "purpose": "…"}.
CREATE VIEW report_phi_reads WITH (security_invoker = true) AS
  SELECT l.organization_id, l.seq, l.at, (l.at AT TIME ZONE 'UTC')::date AS day, l.actor, p.patient, l.detail ->> 'purpose' AS purpose
  FROM security_audit_log l CROSS JOIN LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(l.detail -> 'patients') = 'array' THEN l.detail -> 'patients' ELSE '[]' END) AS p(patient)
  WHERE l.action = 'PHI_READ';

CREATE VIEW report_phi_access_by_user WITH (security_invoker = true) AS
  SELECT organization_id, day, actor, count(DISTINCT seq)::int AS reads, count(DISTINCT patient)::int AS patients
  FROM report_phi_reads GROUP BY 1, 2, 3;

CREATE VIEW report_phi_access_by_patient WITH (security_invoker = true) AS
  SELECT organization_id, day, patient, count(DISTINCT seq)::int AS reads, count(DISTINCT actor)::int AS users
  FROM report_phi_reads GROUP BY 1, 2, 3;

GRANT SELECT ON report_incidents, report_response_times, report_alert_delivery, report_subjects, report_phi_reads,
  report_phi_access_by_user, report_phi_access_by_patient TO vigil_app;
