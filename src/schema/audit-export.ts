import { audit } from "../access/audit.ts";
import { AuditRangeInput, rangeOf } from "./audit-verify.ts";
import { builder } from "./builder.ts";
import { auditActorOf, viewerOf } from "./context.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const Input = builder.inputType("AuditExportInput", {
  description: "What to export.",
  fields: (t) => ({ range: t.field({ type: AuditRangeInput, description: "Which part; absent: all of it." }) }),
});

const Payload = builder.objectRef<Outcome<{ ticket: string; expiresAt: number }>>("AuditExportPayload").implement({
  description: "Where the export can be fetched.",
  fields: (t) => ({
    path: t.string({
      nullable: true,
      description: "Path on this server that answers the NDJSON; it needs no other credential.",
      resolve: ({ value }) => (value ? `/audit/export?ticket=${value.ticket}` : null),
    }),
    expiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Until when.",
      resolve: ({ value }) => (value ? new Date(value.expiresAt) : null),
    }),
    publicKey: t.string({
      description: "The key the export's checkpoints are signed with, for `docs/verify-audit.mjs --key`.",
      resolve: (_payload, _args, context) => context.services.auditTrail.publicKey,
    }),
    userErrors: t.field({ type: [UserErrorType], description: "Why there is none.", resolve: (it) => it.userErrors }),
  }),
});

builder.mutationField("auditExport", (t) =>
  t.field({
    type: Payload,
    description: "Prepares the audit log as NDJSON that can be checked without us, by `docs/verify-audit.mjs`.",
    authScopes: { permission: "audit.export" },
    args: { input: t.arg({ type: Input, required: true, description: "What to export." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        const { organizationId } = viewerOf(context);
        const range = rangeOf(input.range);
        const actor = auditActorOf(context);
        const detail = { from: range.from?.toISOString() ?? null, to: range.to?.toISOString() ?? null };
        await context.services.db.inOrganization(organizationId, (tx) =>
          audit(tx, { actor, action: "AUDIT_EXPORT_PREPARED", entityKind: "AuditEntry", entityId: "range", detail }),
        );
        return context.services.auditTrail.issueTicket({ organizationId, actor, ...range });
      }),
  }),
);
