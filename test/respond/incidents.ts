/** Rules and events with which incidents of a chosen kind come about, and a look at what was done about them. */
import { v7 as uuidv7 } from "uuid";
import type { Conditions, ResponseRule, WantedAction } from "../../src/respond/rule.ts";
import type { TestServer } from "../support/server.ts";

/** Each event `attacked` opens an incident of the level about its address and its user. */
export async function attackRules(
  server: TestServer,
  levels: readonly string[] = ["critical", "medium"],
): Promise<void> {
  const document = (
    level: string,
    subject: "source.ip" | "user.name",
    name: string,
  ): string => `title: Attack ${level} ${subject}
name: attack_${level}_${name}
correlation:
  type: event_count
  rules: [attacked_${level}]
  group-by: [${subject}]
  timespan: 1m
  condition: { gte: 1 }
level: ${level}
tags: [attack.t1110.001]
`;
  const base = (level: string): string => `title: Attacked ${level}
name: attacked_${level}
logsource: { category: attack }
detection:
  s: { event.action: "attacked-${level}" }
  condition: s
level: informational
`;
  const counting = levels.flatMap((level) => [
    document(level, "source.ip", "address"),
    document(level, "user.name", "user"),
  ]);
  await importRules(server, levels.map(base).join("---\n"), "MONITOR");
  await importRules(server, counting.join("---\n"), "ACTIVE");
}

export async function importRules(server: TestServer, yaml: string, mode: string): Promise<void> {
  const { data, errors } = await server.query(
    "mutation ($input: AlertRulesImportInput!) { alertRulesImport(input: $input) { rejected { message } } }" as never,
    { input: { yaml, mode } } as never,
  );
  const rejected = (data as { alertRulesImport: { rejected: unknown[] } } | undefined)?.alertRulesImport.rejected;
  if (errors || rejected?.length) throw new Error(JSON.stringify(errors ?? rejected));
}

export const attack = (
  server: TestServer,
  more: { ip?: string; user?: string; level?: string }[],
  headers: Record<string, string> = {},
) =>
  server.ingest(
    more
      .map(({ ip, user, level = "critical" }) =>
        JSON.stringify({
          action: `attacked-${level}`,
          logsource: { category: "attack" },
          ...(ip ? { source: { ip } } : {}),
          ...(user ? { actor: { name: user } } : {}),
        }),
      )
      .join("\n"),
    headers,
  );

/** Stores a response rule, in place of all that are there where `alone`. */
export async function respondBy(
  server: TestServer,
  rule: { conditions?: Conditions; actions: WantedAction[]; mode?: ResponseRule["mode"]; coolDownS?: number },
): Promise<string> {
  const id = uuidv7();
  const { conditions = {}, actions, mode = "ACTIVE", coolDownS = 0 } = rule;
  await server.app.db.query(
    server.ours,
    `INSERT INTO response_rules (organization_id, id, name, position, mode, conditions, actions, cool_down_s)
     VALUES ($1, $2::uuid, 'Rule ' || $2, 1, $3, $4, $5, $6)`,
    [server.ours, id, mode, JSON.stringify(conditions), JSON.stringify(actions), coolDownS],
  );
  return id;
}

export async function noRules(server: TestServer): Promise<void> {
  await server.app.db.query(server.ours, "DELETE FROM response_rules WHERE organization_id = $1", [server.ours]);
}

export interface Done {
  id: string;
  incident_id: string;
  type: string;
  status: string;
  target: string;
  ended_reason: string | null;
  expires_at: Date | null;
  rule_id: string | null;
}

/** All actions, once everything that waits has been responded to. */
export async function actionsOf(server: TestServer): Promise<Done[]> {
  await server.app.respond(server.ours);
  const { rows } = await server.app.db.query<Done & Record<string, unknown>>(
    server.ours,
    "SELECT * FROM incident_actions WHERE organization_id = $1 ORDER BY created_at, id",
    [server.ours],
  );
  return rows;
}

export async function decisionsInForce(
  server: TestServer,
  now = Date.now(),
): Promise<{ type: string; value: string }[]> {
  const { rows } = await server.app.db.query<{ type: string; value: string }>(
    server.ours,
    `SELECT type, value, reason, extract(epoch FROM expires_at) AS until FROM decisions
     WHERE organization_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY type, value`,
    [server.ours, new Date(now)],
  );
  return rows;
}

export async function timeline(server: TestServer, incidentId: string): Promise<string[]> {
  const { rows } = await server.app.db.query<{ kind: string; message: string }>(
    server.ours,
    "SELECT kind, message FROM incident_entries WHERE organization_id = $1 AND incident_id = $2 ORDER BY at, id",
    [server.ours, incidentId],
  );
  return rows.map(({ kind, message }) => `${kind} ${message}`);
}
