import { createReviewPack, isOverdue, readMonth, signReviewPack } from "../audit/review-pack.ts";
import { builder } from "./builder.ts";
import { auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { listOf } from "./list.ts";
import { paged, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { readWords } from "./words.ts";

export const ReviewPack = builder.prismaNode("ReviewPack", {
  id: { resolve: (pack) => pack.id, description: "The pack's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "audit.read" },
  fields: (t) => ({
    month: t.string({
      description: "Which month, e.g. 2026-01.",
      resolve: ({ month }) => month.toISOString().slice(0, 7),
    }),
    content: t.expose("content", { type: "JSON" }),
    contentHash: t.string({
      description: "SHA-256 of the content, in hexadecimal; the audit entry of the signature carries it.",
      resolve: ({ contentHash }) => Buffer.from(contentHash).toString("hex"),
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was gathered." }),
    createdBy: t.exposeString("createdBy", { description: "Who had it gathered." }),
    signedAt: t.expose("signedAt", { type: "DateTime", nullable: true, description: "When it was signed." }),
    signedBy: t.exposeString("signedBy", { nullable: true, description: "Who signed it." }),
    note: t.string({
      nullable: true,
      description:
        "What the reviewer wrote; withheld from whoever may not read patients' data, since it may name some.",
      resolve: ({ id, sealedNote, note }, _args, context) =>
        readWords(context, "reviewNote", { id, sealed: sealedNote, clear: note }),
    }),
    isOverdue: t.boolean({
      description: "Its month has been over for more than 10 days, and nobody has signed it.",
      resolve: ({ month, signedAt }, _args, context) => isOverdue(month, signedAt, context.services.now()),
    }),
  }),
});

const list = listOf("ReviewPack", "review_packs", { field: "month", direction: "desc" });

builder.queryField("reviewPacks", (t) =>
  t.prismaConnection({
    ...paged,
    type: ReviewPack,
    description: "Review packs, the latest month first. See `reviewsOverdue` for months that have none.",
    authScopes: { permission: "audit.read" },
    totalCount: (_parent, _args, context) => list.count(context, {}),
    resolve: (query, _parent, _args, context) =>
      list.page(context, query, {}, (rows) => prismaOf(context).reviewPack.findMany(rows)),
  }),
);

const kept = 72; // months: six years

builder.queryField("reviewsOverdue", (t) =>
  t.stringList({
    description: "Months of the last six years that should have been reviewed and signed by now, e.g. 2026-01.",
    authScopes: { permission: "audit.read" },
    resolve: async (_parent, _args, context) => {
      const { organizationId } = viewerOf(context);
      const now = context.services.now();
      const prisma = prismaOf(context);
      const { createdAt } = await prisma.organization.findUniqueOrThrow({ where: { id: organizationId } });
      const signed = await prisma.reviewPack.findMany({ where: { signedAt: { not: null } }, select: { month: true } });
      const done = new Set(signed.map(({ month }) => month.getTime()));
      const today = new Date(now);
      return Array.from({ length: kept }, (_, back) =>
        Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 1 - back, 1),
      )
        .filter((month) => month >= Date.UTC(createdAt.getUTCFullYear(), createdAt.getUTCMonth(), 1))
        .filter((month) => !done.has(month) && isOverdue(new Date(month), null, now))
        .map((month) => new Date(month).toISOString().slice(0, 7));
    },
  }),
);

function payload(name: string, description: string) {
  return builder.objectRef<Outcome<{ id: string }>>(name).implement({
    description,
    fields: (t) => ({
      reviewPack: t.prismaField({
        type: ReviewPack,
        nullable: true,
        description: "The pack as it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).reviewPack.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was done.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const CreateInput = builder.inputType("ReviewPackCreateInput", {
  description: "Which month to gather.",
  fields: (t) => ({ month: t.string({ required: true, description: "A month that is over, e.g. 2026-01." }) }),
});
const CreatePayload = payload("ReviewPackCreatePayload", "The pack, or why there is none.");
builder.mutationField("reviewPackCreate", (t) =>
  t.field({
    type: CreatePayload,
    description:
      "Gathers a month for its review: log-ins, failures, privilege changes, outliers of patient data access, open incidents. Until it is signed it can be gathered anew.",
    authScopes: { permission: "compliance.write" },
    args: { input: t.arg({ type: CreateInput, required: true, description: "Which month." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        const now = context.services.now();
        const month = readMonth(input.month, now);
        const actor = auditActorOf(context);
        return context.services.db.inOrganization(viewerOf(context).organizationId, (tx) =>
          createReviewPack(tx, { month, actor, now }),
        );
      }),
  }),
);

const SignInput = builder.inputType("ReviewPackSignInput", {
  description: "What the reviewer says.",
  fields: (t) => ({ note: t.string({ required: true, description: "What was found: 1 to 2,000 characters." }) }),
});
const SignPayload = payload("ReviewPackSignPayload", "The pack as it was signed, or why it was not.");
builder.mutationField("reviewPackSign", (t) =>
  t.field({
    type: SignPayload,
    description: "Signs a pack by your name: from then on it stays as it is, and its hash is in the audit chain.",
    authScopes: { permission: "compliance.write" },
    args: {
      id: t.arg.globalID({ required: true, for: ReviewPack, description: "The pack." }),
      input: t.arg({ type: SignInput, required: true, description: "What was found." }),
    },
    resolve: (_parent, { id, input }, context) =>
      attempt(async () => {
        const now = context.services.now();
        const actor = auditActorOf(context);
        await context.services.db.inOrganization(viewerOf(context).organizationId, (tx) =>
          signReviewPack(tx, context.services.vault, { id: id.id, actor, note: input.note, now }),
        );
        return { id: id.id };
      }),
  }),
);
