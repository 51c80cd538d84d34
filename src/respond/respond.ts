/**
 * Responding to what has changed: the letters are incidents with a line that waits; reading one, choosing, doing and
 * putting the letter away are one transaction, so a bell that rings twice, or in two processes, does nothing twice.
 */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { inWords } from "../incident/breach.ts";
import type { NewEntry } from "../incident/entry.ts";
import { type ActionRow, insertActions, type NewRow, storedRow } from "./action-row.ts";
import { nameOf } from "./action-words.ts";
import { actions, needsApproval } from "./actions/table.ts";
import { judgeBreaker } from "./breaker.ts";
import { count, openBreaker, readBreaker, readLoad, readTraffic } from "./breaker-state.ts";
import { carryOutAll, tellAll } from "./carry-out.ts";
import { failing } from "./conditions.ts";
import { readUnaskable } from "./contact.ts";
import { countEarlier, type DueIncident, dueIncidents, loadHistory, loadResponseRules } from "./due.ts";
import { askApproval } from "./notices.ts";
import { type Chosen, choose, type NotChosen } from "./playbook.ts";
import type { ActionType, ResponseRule } from "./rule.ts";
import { judgeAction, type Surroundings } from "./safety.ts";
import { readSurroundings } from "./surroundings.ts";

/** Incidents in one transaction. */
export const most = 50;
/** For how long somebody may approve an action, ms: after that the moment is over. */
export const approvalLimit = 1_800_000; // 30 minutes

interface Planned {
  row: NewRow;
  chosen: Chosen;
  incident: DueIncident;
  line: string;
}

/** Responds to some of what waits. Answers how many incidents that were, and whether people are to be told of the breaker. */
export async function respondOnce(
  tx: Tx,
  { now, ownAddresses, canAsk }: { now: number; ownAddresses: readonly string[]; canAsk: boolean },
): Promise<{ responded: number; breakerOpened: boolean }> {
  // One at a time in an organization: so the breaker counts right.
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.respond:' || $1, 0))", [tx.organizationId]);
  await tx.query("SAVEPOINT no_incident");
  let due = await readDue(tx, { now, canAsk });
  if (due.incidents.some((incident) => due.rules.some((rule) => rule.mode === "ACTIVE" && fits(rule, incident, now)))) {
    // Before the incidents, unlike all others (see lock-action.ts). A rule may be switched off during the wait.
    await tx.query("ROLLBACK TO SAVEPOINT no_incident");
    await tx.query("SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE", [tx.organizationId]);
    due = await readDue(tx, { now, canAsk });
  }
  const { incidents, rules } = due;
  if (incidents.length === 0) return { responded: 0, breakerOpened: false };
  // Most changes call for nothing: what only an action needs is read where there may be one.
  const acts = incidents.some((incident) => rules.some((rule) => fits(rule, incident, now)));
  const breakerOpened = acts && (await act(tx, { incidents, rules, now, ownAddresses }));
  await putAway(tx, incidents);
  return { responded: incidents.length, breakerOpened };
}

const fits = (...of: Parameters<typeof failing>): boolean => failing(...of) === undefined;

/** The rules, and incidents that wait, which are locked. */
async function readDue(
  tx: Tx,
  { now, canAsk }: { now: number; canAsk: boolean },
): Promise<{ incidents: DueIncident[]; rules: ResponseRule[] }> {
  const incidents = await dueIncidents(tx, most);
  if (incidents.length === 0) return { incidents, rules: [] };
  const rules = await loadResponseRules(tx);
  await countEarlier(tx, incidents, rules);
  await readUnaskable(tx, incidents, { rules, canAsk, now });
  return { incidents, rules };
}

interface Due {
  incidents: readonly DueIncident[];
  rules: readonly ResponseRule[];
  now: number;
  ownAddresses: readonly string[];
}

/** Chooses, writes down and does; answers whether the breaker opened. */
async function act(tx: Tx, { incidents, rules, now, ownAddresses }: Due): Promise<boolean> {
  const history = await loadHistory(tx, incidents, now);
  const around = await readSurroundings(tx, { actor: "vigil", automatic: true, ownAddresses });
  const held: NewEntry[] = [];
  const planned: Planned[] = [];
  for (const incident of incidents) {
    const { chosen, notChosen } = choose(incident, rules, history, now);
    held.push(...notChosen.flatMap((one) => lineOf(one, incident)));
    for (const one of chosen) {
      const plan = planOne(one, incident, around, now);
      planned.push(plan);
      // What is done here is history for the next incident about the same target.
      const waits = plan.row.approveBy;
      const until = plan.row.status === "PLANNED" ? now + one.ttl : waits;
      const past = { incidentId: incident.id, ruleId: one.rule.id, type: one.type, target: plan.row.target, at: now };
      const monitored = plan.row.status === "MONITORED";
      if (plan.row.status !== "REFUSED")
        history.push({ ...past, done: plan.row.status === "PLANNED", monitored, inForceUntil: until });
    }
  }
  const opened = planned.some(({ row }) => row.status === "PLANNED") && (await breakAll(tx, planned, now));
  const made = await insertActions(
    tx,
    planned.map(({ row }) => row),
    now,
  );
  const waiting = planned.filter(({ row }) => row.status === "AWAITING_APPROVAL" && made.has(row.id));
  await askApproval(
    tx,
    waiting.map(({ row }) => row),
    now,
  );
  const told: NewEntry[] = [...held];
  const doing: ActionRow[] = [];
  for (const { row, incident, line } of planned) {
    if (!made.has(row.id)) continue;
    const kind = row.endedReason ? "ACTION_REFUSED" : "ACTION_PLANNED";
    if (row.status === "PLANNED") doing.push(storedRow(row));
    else told.push({ incidentId: incident.id, kind, message: line, actor: "vigil" });
  }
  if (doing.length > 0) told.push(...(await carryOutAll(tx, doing, { around, auditActor: "vigil", now })).entries);
  await tellAll(tx, told, now);
  return opened;
}

async function putAway(tx: Tx, incidents: readonly DueIncident[]): Promise<void> {
  await tx.query({
    name: "put_letters_away",
    text: `UPDATE security_incidents i SET response_entry_id = NULL FROM unnest($2::uuid[], $3::uuid[]) AS l(id, entry_id)
      WHERE i.organization_id = $1 AND i.id = l.id AND i.response_entry_id = l.entry_id`,
    values: [tx.organizationId, incidents.map(({ id }) => id), incidents.map(({ entryId }) => entryId)],
  });
}

function planOne(chosen: Chosen, incident: DueIncident, around: Surroundings, now: number): Planned {
  const { rule, type, ttl, kind, reason } = chosen;
  const action = actions[type];
  const read = action.plan(chosen.target, kind ?? undefined);
  const target = "target" in read ? read.target : null;
  const verdict =
    "fault" in read
      ? { safe: false as const, reason: read.fault }
      : judgeAction({ type, target, name: chosen.target }, around);
  const onTrial = rule.mode === "MONITOR";
  const waits =
    !onTrial && verdict.safe && (chosen.approval || needsApproval({ type, target, name: chosen.target }, around));
  const row: NewRow = {
    id: uuidv7({ msecs: now }),
    incidentId: incident.id,
    type,
    status: onTrial ? "MONITORED" : verdict.safe ? (waits ? "AWAITING_APPROVAL" : "PLANNED") : "REFUSED",
    target: target?.value ?? chosen.target,
    scope: target?.scope ?? null,
    ttl,
    actor: "vigil",
    reason,
    ruleId: rule.id,
    entryId: incident.entryId,
    requesterId: null,
    requesterSession: null,
    approveBy: waits ? now + approvalLimit : null,
    endedReason: !onTrial && !verdict.safe ? verdict.reason : null,
  };
  const name = `The ${nameOf(row)}`;
  const refused = verdict.safe ? "" : ` It would have been refused: ${verdict.reason}`;
  const line = onTrial
    ? `${name} for ${inWords(Math.round(ttl / 1_000))} would have been done; the rule is on trial. ${reason}${refused}`
    : verdict.safe
      ? `${name} waits for approval until ${new Date(now + approvalLimit).toISOString()}. ${reason}`
      : `${name} was refused: ${verdict.reason} ${reason}`;
  return { row, chosen, incident, line };
}

/** Refuses what is more than the circuit breaker lets through; answers whether it opened. */
async function breakAll(tx: Tx, planned: Planned[], now: number): Promise<boolean> {
  const breaker = await readBreaker(tx);
  const load = await readLoad(tx, breaker, now);
  let open = breaker.openedAt
    ? `The circuit breaker is open since ${breaker.openedAt.toISOString()}: ${breaker.reason}`
    : undefined;
  let opened = false;
  for (const plan of planned) {
    const { row, incident } = plan;
    if (row.status !== "PLANNED") continue;
    const refuse = (reason: string): void => {
      row.status = "REFUSED";
      row.endedReason = reason;
      plan.line = `The ${nameOf(row)} was refused: ${reason} ${row.reason}`;
    };
    if (open) {
      refuse(open);
      continue;
    }
    const action = { type: row.type, scope: row.scope, target: row.target, since: incident.firstEventAt };
    const traffic = await readTraffic(tx, { load, action, now });
    const user = row.scope === "USER" ? row.target : undefined;
    const verdict = judgeBreaker({ type: row.type, user }, { cap: breaker.cap, load, traffic });
    if (verdict.may) count(load, action);
    else {
      refuse(verdict.reason);
      if (!verdict.opens) continue;
      open = `The circuit breaker opened: ${verdict.reason}`;
      opened = true;
      await openBreaker(tx, verdict.reason, now);
    }
  }
  return opened;
}

/** What a rule would have done, had it not done so already, is worth a line; a rule that does not apply is not. */
function lineOf({ rule, type, target, code, reason }: NotChosen, { id }: DueIncident): NewEntry[] {
  if (code !== "COOLING_DOWN" && code !== "TOO_MANY_TARGETS" && code !== "TAKEN_BACK") return [];
  const message = `The ${nameOf({ type: type as ActionType, target: String(target) })} was not chosen by the response rule "${rule.name}": ${reason}`;
  return [{ incidentId: id, kind: "ACTION_REFUSED", message, actor: "vigil" }];
}
