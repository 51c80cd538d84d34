/** Reads what alerting is set up as, and says what of it is weak: for people, and once a week for Vigil itself. */
import { can } from "../access/permissions.ts";
import type { Role } from "../access/viewer.ts";
import type { Tx } from "../db.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import type { Step } from "./escalation.ts";
import type { Layer } from "./on-call.ts";
import { namedIn } from "./policy-check.ts";
import { readPolicyWarnings } from "./policy-warnings.ts";
import { recipientsOf } from "./recipients.ts";
import { readSettings } from "./route-read.ts";
import { readScheduleWarnings } from "./schedule-warnings.ts";
import { type Finding, findingKinds, type LintChannel, lintRoutes } from "./settings-lint.ts";

interface ChannelRow {
  id: string;
  name: string;
  kind: ChannelKind;
  config: { url?: string; channel?: string };
  suspended: boolean;
  suspended_reason: string | null;
  failing: boolean;
  proven: boolean;
}

function endsOf({ id, kind, config }: ChannelRow): string[] {
  if (kind === "EMAIL" || kind === "SMS") return recipientsOf(config).map((one) => one.toLowerCase());
  return [kind === "WEBHOOK" ? (config.url ?? id) : (config.channel ?? id)];
}

/** Everything that is weak, the gravest kind first. */
export async function lintSettings(tx: Tx, now: number): Promise<Finding[]> {
  const { settings } = await readSettings(tx, { incidents: [], resolved: [], now });
  const { rows } = await tx.query<ChannelRow>(
    `SELECT id, name, kind, config, suspended_at IS NOT NULL AS suspended, suspended_reason, failing_since IS NOT NULL AS failing,
       last_success_at IS NOT NULL AS proven
     FROM alert_channels WHERE organization_id = $1 AND removed_at IS NULL ORDER BY name, id`,
    [tx.organizationId],
  );
  const channels = rows.map(
    (row): LintChannel => ({ ...row, suspendedReason: row.suspended_reason, ends: endsOf(row) }),
  );
  const policies = await readPolicyWarnings(tx, null, now);
  const schedules = await readScheduleWarnings(tx, null, now);
  const found: Finding[] = [
    ...lintRoutes(settings.routes, channels),
    ...[...policies.values()].flatMap(({ name, warnings }) =>
      warnings.map((message): Finding => ({ kind: "POLICY", name, message })),
    ),
    ...[...schedules.values()].flatMap(({ name, warnings }) =>
      warnings.map((message): Finding => ({ kind: "SCHEDULE", name, message })),
    ),
    ...(await lintResponders(tx, new Set(channels.filter(({ suspended }) => !suspended).map(({ kind }) => kind)))),
  ];
  return found.sort((a, b) => findingKinds.indexOf(a.kind) - findingKinds.indexOf(b.kind));
}

/** Of the people whom policies call, and schedules: who has no way to be told, and who may not answer. */
async function lintResponders(tx: Tx, kinds: ReadonlySet<ChannelKind>): Promise<Finding[]> {
  const { rows: set } = await tx.query<{ steps: Step[] | null; layers: Layer[] | null }>(
    `SELECT steps, NULL AS layers FROM escalation_policies WHERE organization_id = $1 AND removed_at IS NULL
     UNION ALL SELECT NULL, layers FROM on_call_schedules WHERE organization_id = $1`,
    [tx.organizationId],
  );
  const ids = set.flatMap(({ steps, layers }) => [
    ...namedIn(steps ?? [], "USER"),
    ...(layers ?? []).flatMap(({ users }) => users),
  ]);
  const roles = set.flatMap(({ steps }) => namedIn(steps ?? [], "ROLE"));
  const { rows } = await tx.query<{ email: string; phone: string | null; role: Role; bad: ChannelKind[] }>(
    `SELECT u.email, u.phone, u.role, ARRAY(SELECT b.kind::text FROM bad_contacts b WHERE b.organization_id = $1
       AND ((b.kind = 'EMAIL' AND b.address = u.email) OR (b.kind = 'SMS' AND b.address = u.phone))) AS bad
     FROM users u WHERE u.organization_id = $1 AND u.suspended_at IS NULL AND (u.id = ANY ($2::uuid[]) OR u.role::text = ANY ($3))
     ORDER BY u.email`,
    [tx.organizationId, [...new Set(ids)], [...new Set(roles)]],
  );
  return rows.flatMap(({ email, phone, role, bad }): Finding[] => {
    const byEmail = kinds.has("EMAIL") && !bad.includes("EMAIL");
    const bySms = kinds.has("SMS") && phone !== null && !bad.includes("SMS");
    const found: Finding[] = [];
    if (!byEmail && !bySms) {
      const message = "Is called by a policy and has no contact that a channel delivers to.";
      found.push({ kind: "RESPONDER_UNREACHABLE", name: email, message });
    }
    if (!can(role, "incident.write")) {
      const message = `Is called by a policy, and the role ${role} may not acknowledge.`;
      found.push({ kind: "RESPONDER_MAY_NOT_ACKNOWLEDGE", name: email, message });
    }
    return found;
  });
}
