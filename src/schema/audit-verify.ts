import type { Fault, FaultKind } from "../audit/chain.ts";
import type { Loss } from "../audit/loss.ts";
import type { AuditRange, AuditVerdict } from "../audit/verify.ts";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";

export const AuditRangeInput = builder.inputType("AuditRangeInput", {
  description: "A part of the audit log, by time; an absent end is open.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", description: "From here on." }),
    to: t.field({ type: "DateTime", description: "Up to and with this." }),
  }),
});

/** The range as stages take it. */
export function rangeOf(
  range: { from?: Date | null | undefined; to?: Date | null | undefined } | null | undefined,
): AuditRange {
  const { from, to } = range ?? {};
  if (from && to && from > to) {
    throw new VigilError("BAD_USER_INPUT", "A range begins before it ends", { path: ["range", "from"] });
  }
  return { from: from ?? undefined, to: to ?? undefined };
}

const kinds: Record<FaultKind, string> = {
  CHANGED: "Its columns do not give its hash.",
  MISSING: "There is no entry of this number.",
  REORDERED: "Entries have changed places.",
  UNLINKED: "It does not follow the entry before it.",
  CUT: "The end of the log was removed: a checkpoint knows more.",
  REBUILT: "The chain was computed anew: a checkpoint knows another one.",
  ROLLED_BACK: "An older state of the database was restored: a checkpoint knows a newer one.",
  FORGED: "A checkpoint bears our key's name, but not its signature.",
};
const KindEnum = builder.enumType("AuditFaultKind", {
  description: "What is wrong with an audit log.",
  values: Object.fromEntries(
    Object.entries(kinds).map(([kind, description]) => [kind, { value: kind as FaultKind, description }]),
  ) as Record<FaultKind, { value: FaultKind; description: string }>,
});

const FaultType = builder.objectRef<Fault>("AuditFault").implement({
  description: "The first thing that is wrong with an audit log.",
  fields: (t) => ({
    kind: t.field({ type: KindEnum, description: "What is wrong.", resolve: ({ kind }) => kind }),
    seq: t.float({ description: "The first bad entry's number.", resolve: ({ seq }) => seq }),
    upTo: t.float({
      nullable: true,
      description: "Where checkpoints only say that the first bad entry lies between `seq` and another one: that one.",
      resolve: ({ upTo }) => upTo ?? null,
    }),
    message: t.exposeString("message", { description: "What is wrong, for people." }),
  }),
});

const LossType = builder.objectRef<Loss>("AuditLoss").implement({
  description: "Signed entries that are gone, since an older state of the database was restored: noted, and no fault.",
  fields: (t) => ({
    from: t.float({ description: "The first one's number; others may have it since.", resolve: ({ from }) => from }),
    upTo: t.float({ description: "The last one's that is known of.", resolve: ({ upTo }) => upTo }),
    at: t.field({ type: "DateTime", description: "When the restore was noted.", resolve: ({ at }) => new Date(at) }),
  }),
});

const VerdictType = builder.objectRef<AuditVerdict>("AuditVerdict").implement({
  description: "Whether the audit log is as it was written.",
  fields: (t) => ({
    ok: t.boolean({ description: "Nothing is wrong.", resolve: ({ fault }) => fault === undefined }),
    entries: t.exposeInt("entries", { description: "How many entries were looked at." }),
    lastSeq: t.float({ description: "The last good entry's number; 0: none.", resolve: ({ head }) => head.seq }),
    lastHash: t.string({ description: "Its hash, in hexadecimal.", resolve: ({ head }) => head.hash }),
    checkpoints: t.exposeInt("checkpoints", {
      description: "How many signed checkpoints from outside the database were compared with it.",
    }),
    unknownCheckpoints: t.exposeInt("unknownCheckpoints", {
      description: "Lines of the checkpoint file that are unreadable or signed by another key.",
    }),
    cutUpTo: t.float({
      nullable: true,
      description:
        "Entries up to this number had been kept long enough and were removed, as a signed cut says; null: none were.",
      resolve: ({ cut }) => cut?.seq ?? null,
    }),
    losses: t.expose("losses", {
      type: [LossType],
      description: "What restores of an older state have lost, as signed notes of `vigil restored` say.",
    }),
    fault: t.field({
      type: FaultType,
      nullable: true,
      description: "The first thing that is wrong; null: nothing is.",
      resolve: ({ fault }) => fault ?? null,
    }),
  }),
});

builder.queryField("auditVerify", (t) =>
  t.field({
    type: VerdictType,
    description: "Recomputes the audit chain and compares it with the signed checkpoints outside the database.",
    authScopes: { permission: "audit.read" },
    args: { range: t.arg({ type: AuditRangeInput, description: "Which part; absent: all of it." }) },
    resolve: (_parent, { range }, context) =>
      context.services.auditTrail.verify(viewerOf(context).organizationId, rangeOf(range)),
  }),
);
