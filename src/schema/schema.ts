import "./scalars.ts";
import "./viewer.ts";
import "./organization.ts";
import "./user.ts";
import "./user-contact.ts";
import "./api-key.ts";
import "./second-factor.ts";
import "./status.ts";
import "./security-event.ts";
import "./security-event-ingest.ts";
import "./security-event-stream.ts";
import "./security-event-phi.ts";
import "./security-event-enrichment.ts";
import "./organization-privacy.ts";
import "./alert-route.ts";
import "./alert-route-change.ts";
import "./alert-inhibition.ts";
import "./alert-settings-lint.ts";
import "./escalation-policy.ts";
import "./escalation-policy-change.ts";
import "./escalation.ts";
import "./on-call.ts";
import "./on-call-change.ts";
import "./alert-rule.ts";
import "./alert-rule-behaviour.ts";
import "./alert-rule-change.ts";
import "./alert-rule-exception.ts";
import "./alert-rule-revision.ts";
import "./alert-rules-import.ts";
import "./attack-coverage.ts";
import "./rule-placeholder.ts";
import "./alert-rule-test.ts";
import "./alert-rule-preview.ts";
import "./alert-rule-exception-preview.ts";
import "./alert-rule-fault.ts";
import "./alert-rule-backfill.ts";
import "./quality.ts";
import "./entity.ts";
import "./entities.ts";
import "./entity-change.ts";
import "./feedback.ts";
import "./risk-thresholds.ts";
import "./attack-coverage.ts";
import "./detection.ts";
import "./detection-judge.ts";
import "./incident.ts";
import "./incident-parts.ts";
import "./incident-change.ts";
import "./incident-assignee.ts";
import "./incident-work.ts";
import "./incident-task.ts";
import "./incident-create.ts";
import "./incidents-update.ts";
import "./incident-clock.ts";
import "./incident-report.ts";
import "./saved-filter.ts";
import "./alert-channel.ts";
import "./alert-channel-change.ts";
import "./alert-events.ts";
import "./decision.ts";
import "./decision-change.ts";
import "./response-rule.ts";
import "./response-rule-change.ts";
import "./response-webhook.ts";
import "./incident-action.ts";
import "./incident-respond.ts";
import "./response-preview.ts";
import "./response-breaker.ts";
import "./incident-ask-user.ts";
import "./viewer-can.ts";
import "./viewer-can-incident.ts";
import "./incident-events.ts";
import "./alert.ts";
import "./alert-template.ts";
import "./alert-template-change.ts";
import "./alerts-retry.ts";
import "./silence.ts";
import "./silence-change.ts";
import "./realtime.ts";
import "./audit-entry.ts";
import "./audit-verify.ts";
import "./audit-export.ts";
import "./retention-policy.ts";
import "./cleanup-run.ts";
import "./access-report.ts";
import "./phi-access-by-role.ts";
import "./users-import.ts";
import "./break-glass.ts";
import "./review-pack.ts";
import "./disclosure.ts";
import "./statistics.ts";
import "./metric.ts";
import "./performance.ts";
import "./notification.ts";
import "./notification-change.ts";
import "./notification-events.ts";
import "./notification-preference.ts";
import "./dashboard.ts";
import "./dashboard-change.ts";
import "./widget-data.ts";
import { type GraphQLSchema, isObjectType } from "graphql";
import { builder } from "./builder.ts";
import { guardPatients } from "./phi.ts";
import { auditRefusals } from "./refusals.ts";

/** The schema; each noun above adds its part to the builder. */
export const schema: GraphQLSchema = auditRefusals(guardPatients(describeConnections(builder.toSchema())));

/** What the relay plugin makes and leaves undescribed. */
function describeConnections(built: GraphQLSchema): GraphQLSchema {
  const pages: Record<string, string> = {
    first: "How many rows, from 1 to 100: the page goes forward. 50 unless told.",
    last: "How many rows, from 1 to 100: the page goes backward.",
    after: "Only rows behind this cursor.",
    before: "Only rows before this cursor.",
  };
  for (const type of Object.values(built.getTypeMap())) {
    if (!isObjectType(type)) continue;
    if (type.name.endsWith("Connection")) type.description ??= "One page of rows.";
    if (type.name.endsWith("Edge")) type.description ??= "A row and its cursor.";
    for (const field of Object.values(type.getFields())) {
      if (field.name === "nodes") field.description ??= "The rows of this page.";
      if (field.name === "totalCount") field.description ??= "How many rows there are on all pages.";
      for (const argument of field.args) argument.description ??= pages[argument.name];
    }
  }
  return built;
}
