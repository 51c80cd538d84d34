/** What the viewer may do with an incident, its tasks and its actions. */
import {
  type IncidentMove,
  type IncidentStatus,
  incidentMoves,
  isOpen,
  judgeMove,
  reopenBoundMs,
} from "../incident/state.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { type Context, viewerOf } from "./context.ts";
import { describedEnum } from "./enums.ts";
import { inEmergency } from "./phi.ts";
import { can } from "./viewer-can.ts";

const MoveEnum = describedEnum<IncidentMove>("IncidentLifeMove", "A step in an incident's life.", {
  ACKNOWLEDGE: "`incidentAcknowledge`.",
  INVESTIGATE: "`incidentInvestigate`.",
  CONTAIN: "`incidentContain`.",
  RESOLVE: "`incidentResolve`.",
  CLOSE: "`incidentClose`.",
  REOPEN: "`incidentReopen`.",
  MERGE: "`incidentMerge`.",
});

/** Of incidents, what else is going on: people are being called about it, another of its kind is open. */
const around = batched<{ calls: boolean; rivalled: boolean }>(async (context, ids) => {
  const { organizationId } = viewerOf(context);
  const { rows } = await context.services.db.query<{ id: string; calls: boolean; rivalled: boolean }>(
    organizationId,
    {
      name: "incident_moves_around",
      text: `SELECT id,
          EXISTS (SELECT FROM escalations e WHERE e.organization_id = $1 AND e.incident_id = i.id AND e.state = 'RUNNING') AS calls,
          EXISTS (SELECT FROM security_incidents o WHERE o.organization_id = $1 AND o.open_fingerprint = i.fingerprint) AS rivalled
        FROM security_incidents i WHERE organization_id = $1 AND id = ANY ($2)`,
    },
    [organizationId, ids],
  );
  return new Map(rows.map(({ id, ...rest }) => [id, rest]));
});

async function movesOf(
  context: Context,
  { id, status, resolvedAt }: { id: string; status: IncidentStatus; resolvedAt: Date | null },
): Promise<IncidentMove[]> {
  const moves = incidentMoves.filter((move) => judgeMove(status, move).allowed);
  if (status === "ACKNOWLEDGED") return (await around(context, id))?.calls ? ["ACKNOWLEDGE", ...moves] : moves;
  if (!moves.includes("REOPEN")) return moves;
  const isLate = resolvedAt !== null && context.services.now() - resolvedAt.getTime() > reopenBoundMs;
  return isLate || (await around(context, id))?.rivalled ? moves.filter((move) => move !== "REOPEN") : moves;
}

builder.prismaObjectFields("Incident", (t) => ({
  viewerCanUpdate: t.boolean({
    select: { status: true },
    description: "Whether whoever asks may work on it now: assign it, grade it, add tasks. It is not over.",
    resolve: ({ status }, _args, context) => isOpen(status) && can(context, "incident.write"),
  }),
  viewerCanComment: t.boolean({
    description: "Whether whoever asks may write about it, and add evidence: also when it is over.",
    resolve: (_incident, _args, context) => can(context, "incident.write"),
  }),
  viewerCanMove: t.field({
    type: [MoveEnum],
    select: { id: true, status: true, resolvedAt: true },
    description: "The steps that whoever asks may make it take now.",
    resolve: (incident, _args, context) => (can(context, "incident.write") ? movesOf(context, incident) : []),
  }),
  viewerCanRespond: t.boolean({
    select: { status: true },
    description: "Whether whoever asks may run response actions for it: it was not merged into another.",
    resolve: ({ status }, _args, context) => status !== "MERGED" && can(context, "respond.write"),
  }),
}));

builder.prismaObjectFields("IncidentTask", (t) => ({
  viewerCanFinish: t.boolean({
    select: { doneAt: true },
    description: "Whether whoever asks may say that it is done: nobody has.",
    resolve: ({ doneAt }, _args, context) => doneAt === null && can(context, "incident.write"),
  }),
}));

interface Waiting {
  status: string;
  dueAt: Date | null;
}
const waits = ({ status, dueAt }: Waiting, context: Context): boolean =>
  status === "AWAITING_APPROVAL" && (dueAt === null || dueAt.getTime() > context.services.now());

builder.prismaObjectFields("IncidentAction", (t) => ({
  viewerCanApprove: t.boolean({
    select: { status: true, dueAt: true, requesterId: true, requesterSession: true },
    description:
      "Whether whoever asks may approve it now: it waits, and somebody else asked for it, or this is an emergency (`breakGlassStart`).",
    resolve: async ({ status, dueAt, requesterId, requesterSession }, _args, context) => {
      if (!waits({ status, dueAt }, context) || !can(context, "respond.approve")) return false;
      const { id, sessionId } = viewerOf(context);
      const isSame = requesterId === id || (requesterSession !== null && requesterSession === sessionId);
      return !isSame || inEmergency(context);
    },
  }),
  viewerCanReject: t.boolean({
    select: { status: true, dueAt: true },
    description: "Whether whoever asks may reject it now: it waits.",
    resolve: ({ status, dueAt }, _args, context) =>
      waits({ status, dueAt }, context) && can(context, "respond.approve"),
  }),
  viewerCanRevert: t.boolean({
    select: { status: true },
    description: "Whether whoever asks may take it back now.",
    resolve: ({ status }, _args, context) =>
      ["PLANNED", "AWAITING_APPROVAL", "APPLIED"].includes(status) && can(context, "respond.write"),
  }),
}));
