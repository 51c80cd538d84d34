import { requireSecondFactor } from "../access/permissions.ts";
import { type DisclosureSecret, recordDisclosure } from "../audit/disclosure.ts";
import { AuditRangeInput, rangeOf } from "./audit-verify.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { listOf } from "./list.ts";
import { paged, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { mark, mayReadPatients } from "./phi.ts";
import { openSealed } from "./sealed.ts";

export const Disclosure = builder.prismaNode("Disclosure", {
  id: { resolve: (disclosure) => disclosure.id, description: "The disclosure's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "audit.read" },
  select: { id: true, sealed: true },
  fields: (t) => ({
    patientId: t.string({
      description: "Whose data it was.",
      resolve: (row, _args, context) => read(row, context, ({ patientId }) => patientId),
    }),
    disclosedAt: t.expose("disclosedAt", { type: "DateTime", description: "When it was disclosed." }),
    recipient: t.exposeString("recipient"),
    recipientAddress: t.string({
      nullable: true,
      description: "The recipient's address, where known.",
      resolve: (row, _args, context) => read(row, context, ({ recipientAddress }) => recipientAddress ?? null),
    }),
    description: t.string({
      description: "What was disclosed, briefly.",
      resolve: (row, _args, context) => read(row, context, ({ description }) => description),
    }),
    purpose: t.string({
      description: "Why it was disclosed.",
      resolve: (row, _args, context) => read(row, context, ({ purpose }) => purpose),
    }),
    recordedAt: t.expose("recordedAt", { type: "DateTime", description: "When it was written down." }),
    recordedBy: t.exposeString("recordedBy", { description: "Who wrote it down." }),
  }),
});

/** What is sealed of a disclosure: withheld from whoever may not read patients' data, else noted for the audit log. */
async function read<T>(
  row: { id: string; sealed: Uint8Array },
  context: Context,
  field: (secret: DisclosureSecret) => T,
): Promise<T | typeof mark> {
  if (!(await mayReadPatients(context))) return mark;
  const secret = await openSealed<DisclosureSecret>(context, "disclosure", row);
  if (!secret) return mark;
  context.patients?.add(secret.patientId);
  return field(secret);
}

const list = listOf("Disclosure", "disclosures", { field: "disclosedAt", direction: "desc" });

builder.queryField("disclosures", (t) =>
  t.prismaConnection({
    ...paged,
    type: Disclosure,
    description:
      "The register of disclosures, the latest first; with `patientId`, a patient's own accounting (45 CFR 164.528).",
    authScopes: { permission: "audit.read" },
    args: {
      patientId: t.arg.string({ description: "Only of this patient." }),
      range: t.arg({ type: AuditRangeInput, description: "Disclosed when; absent: ever." }),
    },
    totalCount: async (_parent, args, context) => list.count(context, await filterOf(args, context)),
    resolve: async (query, _parent, args, context) =>
      list.page(context, query, { filter: await filterOf(args, context) }, (rows) =>
        prismaOf(context).disclosure.findMany(rows),
      ),
  }),
);

async function filterOf(
  args: { patientId?: string | null | undefined; range?: typeof AuditRangeInput.$inferInput | null | undefined },
  context: Context,
) {
  const { from, to } = rangeOf(args.range);
  let ofPatient = {};
  if (args.patientId != null) {
    requireSecondFactor(viewerOf(context), "phi.read");
    context.patients?.add(args.patientId); // also an empty accounting says something of a patient
    const indexOf = await context.services.patientIndexer(viewerOf(context).organizationId);
    ofPatient = { patientIndex: { eq: indexOf(args.patientId) } };
  }
  return { ...ofPatient, disclosedAt: { gte: from, lte: to } };
}

const Input = builder.inputType("DisclosureRecordInput", {
  description: "A disclosure that has happened.",
  fields: (t) => ({
    patientId: t.string({ required: true, description: "Whose data it was." }),
    disclosedAt: t.field({ type: "DateTime", required: true, description: "When." }),
    recipient: t.string({ required: true, description: "Who received it." }),
    recipientAddress: t.string({ description: "The recipient's address, where known." }),
    description: t.string({ required: true, description: "What was disclosed, briefly." }),
    purpose: t.string({ required: true, description: "Why." }),
  }),
});

const Payload = builder.objectRef<Outcome<{ id: string }>>("DisclosureRecordPayload").implement({
  description: "The disclosure as it stands in the register, or why it does not.",
  fields: (t) => ({
    disclosure: t.prismaField({
      type: Disclosure,
      nullable: true,
      description: "The disclosure; null when there are user errors.",
      resolve: (query, { value }, _args, context) =>
        value ? prismaOf(context).disclosure.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was done.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("disclosureRecord", (t) =>
  t.field({
    type: Payload,
    description: "Writes a disclosure of a patient's data into the register.",
    authScopes: { permission: "compliance.write" },
    args: { input: t.arg({ type: Input, required: true, description: "The disclosure." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        const { now, db, vault } = context.services;
        await vault.reserve(viewerOf(context).organizationId, 1);
        const disclosure = { ...input, recipientAddress: input.recipientAddress ?? undefined };
        return db.inOrganization(viewerOf(context).organizationId, (tx) =>
          recordDisclosure(tx, vault, disclosure, { actor: auditActorOf(context), now: now() }),
        );
      }),
  }),
);
