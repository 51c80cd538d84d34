/** One change for many incidents, in one transaction: each is changed or refused by itself, and each says which. */
import { audit } from "../access/audit.ts";
import { acknowledge } from "../alert/acknowledge.ts";
import type { Tx } from "../db.ts";
import { teaches } from "../detect/feedback.ts";
import { holdTurn } from "../detect/turn.ts";
import { VigilError } from "../errors.ts";
import { teaching } from "../feedback.ts";
import { closeIncident, containIncident, investigateIncident, resolveIncident } from "../incident/change.ts";
import type { Changed } from "../incident/move.ts";
import type { IncidentResolution } from "../incident/state.ts";
import { assignIncident, gradeIncident } from "../incident/work.ts";
import type { Severity } from "../ingest/event.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { describedEnum, ResolutionEnum, SeverityEnum } from "./enums.ts";
import { Incident } from "./incident.ts";
import type { IncidentOutcome, Who } from "./incident-payload.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

type Move = "ACKNOWLEDGE" | "INVESTIGATE" | "CONTAIN" | "RESOLVE" | "CLOSE";

const MoveEnum = describedEnum<Move>("IncidentMove", "A step in an incident's life.", {
  ACKNOWLEDGE: "Somebody has seen it.",
  INVESTIGATE: "Somebody is at work on it.",
  CONTAIN: "It does no further harm; needs a reason.",
  RESOLVE: "It is over; needs a resolution and a reason.",
  CLOSE: "The work on it is over.",
});

interface Wanted {
  move?: Move | null | undefined;
  resolution?: IncidentResolution | null | undefined;
  severity?: Severity | null | undefined;
  assignee?: string | null | undefined;
  reason?: string | null | undefined;
}

const Input = builder.inputType("IncidentsUpdateInput", {
  description: "What to do with each of them; at least one of move, severity and assignee.",
  fields: (t) => ({
    move: t.field({ type: MoveEnum, description: "A step in its life." }),
    resolution: t.field({ type: ResolutionEnum, description: "For RESOLVE: why, for statistics." }),
    severity: t.field({ type: SeverityEnum, description: "How bad it is; needs a reason." }),
    assignee: t.string({ description: "Who is to work on it, by e-mail address; null: nobody. Absent: as it is." }),
    reason: t.string({ description: "Why, for people: 1 to 2,000 characters, kept sealed." }),
  }),
});

interface One {
  id: string;
  outcome: IncidentOutcome;
}

const Result = builder.objectRef<One>("IncidentsUpdateResult").implement({
  description: "What became of one of the incidents.",
  fields: (t) => ({
    id: t.globalID({ description: "The incident's id.", resolve: ({ id }) => ({ id, type: "Incident" }) }),
    incident: t.prismaField({
      type: Incident,
      nullable: true,
      description: "As it is now; null when there are user errors.",
      resolve: (query, { outcome: { value } }, _args, context) =>
        value ? prismaOf(context).incident.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why it was not changed.",
      resolve: ({ outcome }) => outcome.userErrors,
    }),
  }),
});

const Payload = builder.objectRef<Outcome<One[]>>("IncidentsUpdatePayload").implement({
  description: "What became of each incident, in the order of the ids; or why none was looked at.",
  fields: (t) => ({
    results: t.field({ type: [Result], description: "One for each id.", resolve: ({ value }) => value ?? [] }),
    updated: t.int({
      description: "How many were changed.",
      resolve: ({ value }) => value?.filter(({ outcome }) => outcome.value).length ?? 0,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why none was looked at.",
      resolve: (it) => it.userErrors,
    }),
    cursor: t.string({
      nullable: true,
      description: "Where the last change stands in the feed.",
      resolve: ({ value }) => value?.flatMap(({ outcome }) => outcome.value?.cursor ?? []).at(-1) ?? null,
    }),
  }),
});

const mostAtOnce = 100;

builder.mutationField("incidentsUpdate", (t) =>
  t.field({
    type: Payload,
    description: "Changes up to 100 incidents alike. One that cannot be changed does not hold up the others.",
    authScopes: { permission: "incident.write" },
    args: {
      ids: t.arg.globalIDList({ required: true, for: Incident, description: "Which, at most 100." }),
      input: t.arg({ type: Input, required: true, description: "What to do." }),
    },
    resolve: (_parent, { ids, input }, context) =>
      attempt(async () => {
        const wanted = [...new Set(ids.map(({ id }) => id))];
        refuseNonsense(wanted, input);
        for (const id of wanted) rowKey(id, context);
        const { vault, change } = context.services;
        await vault.reserve(viewerOf(context).organizationId, wanted.length * 4);
        const results = await change(viewerOf(context).organizationId, async (tx) => {
          // Before the incidents, as a batch does, which may raise one while whoever has another waits for it.
          if (wanted.length > 1 || (input.resolution && teaches(input.resolution))) await holdTurn(tx);
          await tx.query(
            "SELECT FROM security_incidents WHERE organization_id = $1 AND id = ANY ($2) ORDER BY fingerprint FOR UPDATE",
            [tx.organizationId, wanted],
          );
          const done = new Map<string, IncidentOutcome>();
          for (const id of wanted) done.set(id, await updateOne(tx, context, id, input));
          return done;
        });
        return wanted.map((id) => ({ id, outcome: results.get(id) as IncidentOutcome }));
      }),
  }),
);

function refuseNonsense(ids: string[], { move, resolution, severity, assignee, reason }: Wanted): void {
  const bad = (message: string, path: string[]): never => {
    throw new VigilError("BAD_USER_INPUT", message, { path });
  };
  if (ids.length === 0 || ids.length > mostAtOnce) bad("Give 1 to 100 ids.", ["ids"]);
  if (!move && !severity && assignee === undefined) bad("Say what to do: move, severity or assignee.", ["input"]);
  if (move === "RESOLVE" && !resolution) bad("RESOLVE needs a resolution.", ["input", "resolution"]);
  if (move !== "RESOLVE" && resolution) bad("A resolution goes with the move RESOLVE.", ["input", "resolution"]);
  if ((severity || move === "RESOLVE" || move === "CONTAIN") && !reason?.trim()) {
    bad("This needs a reason of 1 to 2,000 characters.", ["input", "reason"]);
  }
}

/** All of the change of one incident, or none of it. */
async function updateOne(tx: Tx, context: Context, id: string, wanted: Wanted): Promise<IncidentOutcome> {
  await tx.query("SAVEPOINT one_incident");
  const outcome = await attempt(async () => {
    const who = { id, actor: actorOf(context), now: context.services.now() };
    let cursor = "";
    for (const step of stepsOf(tx, context, who, wanted)) cursor = (await step()).cursor;
    const { move, severity, assignee, resolution } = wanted;
    const entry = { actor: auditActorOf(context), action: "INCIDENT_UPDATED", entityKind: "Incident", entityId: id };
    await audit(tx, { ...entry, detail: { move, severity, assignee, resolution } });
    return { id, cursor };
  });
  await tx.query(outcome.value ? "RELEASE SAVEPOINT one_incident" : "ROLLBACK TO SAVEPOINT one_incident");
  return outcome;
}

function stepsOf(tx: Tx, context: Context, who: Who, wanted: Wanted): (() => Promise<Changed>)[] {
  const { vault } = context.services;
  const { move, resolution, severity, assignee } = wanted;
  const reason = wanted.reason ?? "";
  const moves: Record<Move, () => Promise<Changed>> = {
    ACKNOWLEDGE: () => acknowledge(tx, who),
    INVESTIGATE: () => investigateIncident(tx, who),
    CONTAIN: () => containIncident(tx, vault, { ...who, reason }),
    RESOLVE: () =>
      teaching(tx, resolution as string, { incidentId: who.id, ...who, auditActor: auditActorOf(context) }, () =>
        resolveIncident(tx, vault, { ...who, reason, resolution: resolution as IncidentResolution }),
      ),
    CLOSE: () => closeIncident(tx, who),
  };
  // What needs an open incident first, so that resolving and assigning at once is possible.
  return [
    ...(assignee === undefined ? [] : [() => assignIncident(tx, { ...who, assignee })]),
    ...(severity ? [() => gradeIncident(tx, vault, { ...who, severity, reason })] : []),
    ...(move ? [moves[move]] : []),
  ];
}
