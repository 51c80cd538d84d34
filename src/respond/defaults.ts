/**
 * The response rules that come with Vigil. Those that stand in somebody's way begin on trial (R4): they list what they
 * would have done until a person makes them ACTIVE. Those that only look and tell act from the start. The one that writes to
 * users is switched on by a person.
 */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import type { Conditions, ResponseRule, WantedAction } from "./rule.ts";
import { keepRevision } from "./rule-change.ts";

interface Default {
  /** Counts up; an organization gets each once, so one that was removed stays away. */
  number: number;
  name: string;
  mode: ResponseRule["mode"];
  conditions: Conditions;
  actions: WantedAction[];
  coolDownS: number;
}

const hour = 3_600;
const takeovers = [
  "success_after_brute_force",
  "success_after_spraying",
  "mfa_fatigue_accepted",
  "key_after_brute_force",
  "reset_then_mfa_disabled",
];

export const defaultRules: readonly Default[] = [
  {
    number: 1,
    name: "Tell administrators of every critical incident",
    mode: "ACTIVE",
    conditions: { severityAtLeast: "CRITICAL" },
    actions: [{ type: "NOTIFY_ADMIN" }],
    coolDownS: hour,
  },
  {
    number: 2,
    name: "Block the address of a critical brute force",
    mode: "MONITOR",
    conditions: { severityAtLeast: "CRITICAL", tags: ["attack.t1110"], subjectKinds: ["ADDRESS"] },
    actions: [{ type: "BLOCK_IP", ttlS: hour }],
    coolDownS: 0,
  },
  {
    number: 3,
    name: "Ask for a second factor after impossible travel",
    mode: "MONITOR",
    conditions: { rules: ["impossible_travel"], severityAtLeast: "MEDIUM", subjectKinds: ["USER"] },
    actions: [{ type: "FORCE_MFA", ttlS: 8 * hour }],
    coolDownS: hour,
  },
  {
    number: 4,
    name: "Suspend the user of a confirmed takeover, when somebody approves",
    mode: "MONITOR",
    conditions: { severityAtLeast: "HIGH", rules: takeovers, subjectKinds: ["USER"] },
    actions: [{ type: "SUSPEND_USER", ttlS: 24 * hour, approval: true }],
    coolDownS: hour,
  },
  {
    number: 5,
    name: "Look closer where it is unclear",
    mode: "ACTIVE",
    conditions: { severityAtLeast: "MEDIUM", severityAtMost: "MEDIUM", scoreAtLeast: 15, scoreAtMost: 60 },
    actions: [
      { type: "INCREASE_MONITORING", target: "USER", ttlS: 4 * hour },
      { type: "INCREASE_MONITORING", target: "ADDRESS", ttlS: 4 * hour },
    ],
    coolDownS: 4 * hour,
  },
  {
    number: 6,
    name: "Ask users by e-mail whether it was them",
    mode: "DISABLED",
    conditions: { severityAtLeast: "MEDIUM", rules: ["impossible_travel", ...takeovers], subjectKinds: ["USER"] },
    actions: [{ type: "ASK_USER" }],
    coolDownS: 24 * hour,
  },
];

/** Gives the organization those that it was not given yet. */
export async function seedResponseRules(tx: Tx, now: number): Promise<void> {
  const { rows } = await tx.query<{ given: number }>(
    "SELECT response_defaults AS given FROM organizations WHERE id = $1 FOR UPDATE",
    [tx.organizationId],
  );
  const given = rows[0]?.given ?? 0;
  const fresh = defaultRules.filter(({ number }) => number > given);
  if (fresh.length === 0) return;
  for (const { number, name, mode, conditions, actions, coolDownS } of fresh) {
    const id = uuidv7({ msecs: now });
    const { rowCount } = await tx.query(
      `INSERT INTO response_rules (organization_id, id, name, position, mode, conditions, actions, cool_down_s, builtin, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true, $9, $9) ON CONFLICT DO NOTHING`,
      [
        tx.organizationId,
        id,
        name,
        number * 10,
        mode,
        JSON.stringify(conditions),
        JSON.stringify(actions),
        coolDownS,
        new Date(now),
      ],
    );
    if (rowCount === 1) await keepRevision(tx, id, { author: "vigil", now });
  }
  await tx.query("UPDATE organizations SET response_defaults = $2 WHERE id = $1", [
    tx.organizationId,
    Math.max(...fresh.map(({ number }) => number)),
  ]);
}
