import { judgeSign, unjudgeSign } from "../feedback.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { Detection } from "./detection.ts";
import { ResolutionEnum } from "./enums.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const JudgeInput = builder.inputType("DetectionJudgeInput", {
  description: "What a detection was.",
  fields: (t) => ({
    resolution: t.field({
      type: ResolutionEnum,
      required: true,
      description: "TRUE_POSITIVE, POLICY_VIOLATION, FALSE_POSITIVE, BENIGN or USER_CONFIRMED.",
    }),
  }),
});

function payload(name: string) {
  return builder.objectRef<Outcome<string>>(name).implement({
    description: "The detection after the change, or why nothing was changed.",
    fields: (t) => ({
      detection: t.prismaField({
        type: Detection,
        nullable: true,
        description: "As it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).detection.findUnique({ ...query, where: rowKey(value, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

type Work = typeof unjudgeSign;

function change(context: Context, id: string, work: Work): Promise<Outcome<string>> {
  return attempt(async () => {
    rowKey(id, context);
    const who = { actor: actorOf(context), auditActor: auditActorOf(context), now: context.services.now() };
    await context.services.change(viewerOf(context).organizationId, (tx) => work(tx, id, who));
    return id;
  });
}

const detectionId = "The detection.";
const JudgePayload = payload("DetectionJudgePayload");
const UndoPayload = payload("DetectionJudgeUndoPayload");

builder.mutationField("detectionJudge", (t) =>
  t.field({
    type: JudgePayload,
    description:
      "Says what a detection that is in no incident was: a weak sign, or one of a rule in MONITOR. FALSE_POSITIVE and USER_CONFIRMED teach as they do of an incident: its places, networks, devices and hours are known for its user, and it counts in no threat score, until it goes on. Counted in the rule's quality.",
    authScopes: { permission: "incident.write" },
    args: {
      id: t.arg.globalID({ required: true, for: Detection, description: detectionId }),
      input: t.arg({ type: JudgeInput, required: true, description: "What it was." }),
    },
    resolve: (_parent, { id, input }, context) =>
      change(context, id.id, (tx, of, who) => judgeSign(tx, of, input.resolution, who)),
  }),
);

builder.mutationField("detectionJudgeUndo", (t) =>
  t.field({
    type: UndoPayload,
    description: "Takes back what was said of a detection, and all that it taught.",
    authScopes: { permission: "incident.write" },
    args: { id: t.arg.globalID({ required: true, for: Detection, description: detectionId }) },
    resolve: (_parent, { id }, context) => change(context, id.id, unjudgeSign),
  }),
);
