/** Fires the steps of escalations that are due. Running it twice, or in two processes, tells nobody twice. */
import type { Tx } from "../db.ts";
import { lockIncidentsDue } from "../incident/lock-due.ts";
import { type Notice, notify } from "../publish/notify.ts";
import { fire, type Policy, type Step } from "./escalation.ts";
import { type Reached, readPeople } from "./escalation-people.ts";
import { alertId, groupKeyOf } from "./ids.ts";
import { type AlertDraft, holdsOf, priorityOf, quietBy } from "./route.ts";
import { readSettings } from "./route-read.ts";
import { type StepOf, writeRouted } from "./route-write.ts";

interface Due {
  id: string;
  incident_id: string;
  route_id: string | null;
  policy: Policy;
  state: "RUNNING" | "ACKNOWLEDGED";
  step: number;
  round: number;
  status: string;
}

const most = 100; // escalations a transaction
const silenceLooksAgain = 60; // seconds

/** Answers how many escalations went on; fewer than `most` are left when it is less. */
export async function escalateDue(tx: Tx, now: number): Promise<number> {
  const locked = await lockIncidentsDue(tx, { table: "escalations", most, now });
  if (locked.length === 0) return 0;
  const { rows: due } = await tx.query<Due>({
    name: "escalations_due",
    text: `SELECT e.id, e.incident_id, e.route_id, e.policy, e.state, e.step, e.round, i.status FROM escalations e
      JOIN security_incidents i ON i.organization_id = e.organization_id AND i.id = e.incident_id
      WHERE e.organization_id = $1 AND e.due_at <= $2 AND e.incident_id = ANY ($3)
      ORDER BY e.due_at, e.id LIMIT ${most} FOR UPDATE OF e SKIP LOCKED`,
    values: [tx.organizationId, new Date(now), locked],
  });
  if (due.length === 0) return 0;
  const ids = [...new Set(due.map(({ incident_id }) => incident_id))];
  const { incidents, settings } = await readSettings(tx, { incidents: ids, resolved: [], now });
  const policies = due.map(({ policy }) => policy);
  const people = await readPeople(tx, policies, now);
  const alerts: (AlertDraft & StepOf)[] = [];
  const after = due.map((one) => {
    const { id, status, state, step, round, policy } = one;
    const stays = { id, state, step, round, dueInS: null as number | null };
    // an acknowledgement that ran out counts while nobody has done more than acknowledge
    if (status !== "OPEN" && status !== "ACKNOWLEDGED") return { ...stays, state: "ACKNOWLEDGED" };
    const incident = incidents.get(one.incident_id);
    if (!incident) return { ...stays, dueInS: silenceLooksAgain };
    if (holdsOf(incident, settings).length > 0) return { ...stays, dueInS: silenceLooksAgain };
    const severity = priorityOf(incident.severity);
    const priority = severity === "CRITICAL" ? severity : "HIGH"; // whoever is called is wanted now
    const draft = (at: { step: number; round: number }, reached: readonly Reached[]): (AlertDraft & StepOf)[] =>
      unique(reached).map(({ channelId, recipient, userId }) => {
        const quiet = settings.quiet.find((user) => user.id === userId);
        const hold = quiet && quietBy(quiet, severity, now);
        const of = { incidentId: incident.id, kind: "ESCALATED" as const, routeId: one.route_id, channelId, recipient };
        return {
          id: alertId({ ...of, cause: id, ...at }),
          ...of,
          entryId: null,
          priority,
          userId,
          groupKey: groupKeyOf("escalation", id),
          waitS: 0,
          intervalS: 0,
          heldBy: hold ? [hold] : [],
          escalationId: id,
          ...at,
        };
      });
    const { told, next } = fire(
      policy,
      { step, round },
      {
        reach: ({ tell }: Step, at) => draft(at, tell.flatMap(people)),
        fallback: (at) => {
          const { fallbackChannelId: channel } = policy;
          return channel ? draft(at, people({ kind: "CHANNEL", id: channel })) : [];
        },
        reaches: ({ heldBy }) => heldBy.length === 0,
      },
    );
    alerts.push(...told.flatMap((one) => one.alerts));
    if (!next) return { ...stays, state: "ENDED" };
    return { id, state: "RUNNING", step: next.step, round: next.round, dueInS: next.dueInS };
  });
  await writeRouted(tx, alerts, [], now);
  await notify(tx, alerts.filter(({ heldBy }) => heldBy.length === 0).flatMap(noticeOf), now);
  await tx.query({
    name: "escalations_go_on",
    text: `UPDATE escalations e SET state = n.state, step = n.step, round = n.round,
        due_at = CASE WHEN n.state = 'ENDED' THEN NULL ELSE $2::timestamptz + make_interval(secs => n.due_in) END,
        ended_at = CASE WHEN n.state = 'ENDED' THEN $2::timestamptz END,
        ended_reason = CASE WHEN n.state = 'ENDED' THEN 'EXHAUSTED' END
      FROM unnest($3::uuid[], $4::escalation_state[], $5::int[], $6::int[], $7::int[]) AS n(id, state, step, round, due_in)
      WHERE e.organization_id = $1 AND e.id = n.id`,
    values: [
      tx.organizationId,
      new Date(now),
      after.map(({ id }) => id),
      after.map(({ state }) => state),
      after.map(({ step }) => step),
      after.map(({ round }) => round),
      after.map(({ dueInS }) => dueInS),
    ],
  });
  return due.length;
}

/** Whoever is called finds it where they sign in, too: once a step, by however many channels they are called. */
function noticeOf({ incidentId, userId, escalationId, step, round }: AlertDraft & StepOf): Notice[] {
  if (userId === null) return [];
  const notice = {
    cause: `escalated ${escalationId} ${round} ${step}`,
    kind: "incident.escalated" as const,
    to: { users: [userId] },
    priority: "CRITICAL" as const,
    title: "Incident #? waits for you",
    body: `Nobody has acknowledged it yet. This is step ${step + 1} of the escalation.`,
    incidentId,
  };
  return [notice];
}

/** Two targets may reach the same person. */
function unique(reached: readonly Reached[]): Reached[] {
  return [...new Map(reached.map((one) => [`${one.channelId} ${one.recipient}`, one])).values()];
}

/** What a step has told cannot be delivered, none of it: the next step is due now. Answers how many escalations go on. */
export async function onUndeliverable(tx: Tx, alertIds: readonly string[], now: number): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE escalations e SET due_at = $3 FROM (
       SELECT DISTINCT escalation_id, step, round FROM security_alerts
       WHERE organization_id = $1 AND id = ANY ($2) AND escalation_id IS NOT NULL) failed
     WHERE e.organization_id = $1 AND e.id = failed.escalation_id AND e.state = 'RUNNING' AND e.due_at > $3
       AND NOT EXISTS (SELECT FROM security_alerts a WHERE a.organization_id = $1 AND a.escalation_id = failed.escalation_id
         AND (a.round, a.step) >= (failed.round, failed.step) AND a.status NOT IN ('FAILED', 'HELD'))`,
    [tx.organizationId, alertIds, new Date(now)],
  );
  return rowCount ?? 0;
}
