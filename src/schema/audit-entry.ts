import { phiRead } from "../audit/phi-read.ts";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { paged } from "./page.ts";

/** Ids of entries are their numbers. */
function entryKey(id: string, context: Context) {
  if (!/^\d{1,18}$/.test(id)) throw new VigilError("BAD_USER_INPUT", "This is no id of Vigil", { path: ["id"] });
  return { organizationId_seq: { organizationId: viewerOf(context).organizationId, seq: BigInt(id) } };
}

export const AuditEntry = builder.prismaNode("AuditEntry", {
  id: { resolve: (entry) => String(entry.seq), description: "The entry's id." },
  findUnique: entryKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "audit.read" },
  fields: (t) => ({
    seq: t.float({
      description: "Counts from 1 within the organization, without gaps.",
      resolve: (entry) => Number(entry.seq),
    }),
    at: t.expose("at", { type: "DateTime", description: "When it was written." }),
    actor: t.exposeString("actor"),
    action: t.exposeString("action", { description: "What was done, e.g. INCIDENT_RESOLVED." }),
    entityKind: t.exposeString("entityKind", { description: "What kind of thing it was done to." }),
    entityId: t.exposeString("entityId", { description: "Which one." }),
    detail: t.field({
      type: "JSON",
      description: "More about it. Whose data was read is not in here: see `accessReport`, which is audited itself.",
      resolve: ({ action, detail }) => (action === phiRead ? { ...(detail as object), patients: undefined } : detail),
    }),
    hash: t.string({
      description: "SHA-256 over the hash before and this entry, in hexadecimal.",
      resolve: (entry) => Buffer.from(entry.hash).toString("hex"),
    }),
    previousHash: t.string({
      description: "The hash of the entry before; empty for the first one.",
      resolve: (entry) => Buffer.from(entry.previousHash).toString("hex"),
    }),
  }),
});

const Filter = filters.filterInput("AuditEntry", {
  actor: [filters.StringFilter, "The user's e-mail address, the API key's id, or `vigil`."],
  action: [filters.StringFilter, "What was done."],
  entityKind: [filters.StringFilter, "What kind of thing it was done to."],
  entityId: [filters.StringFilter, "Which one."],
  at: [filters.DateTimeFilter, "When it was written."],
});

const list = listOf("AuditEntry", "security_audit_log", { field: "seq", direction: "desc" }, {}, undefined, "seq");

builder.queryField("auditLog", (t) =>
  t.prismaConnection({
    ...paged,
    cursor: "organizationId_seq",
    type: AuditEntry,
    description: "Who did or saw what, the latest first.",
    authScopes: { permission: "audit.read" },
    args: { filter: t.arg({ type: Filter, description: "Which." }) },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      list.page(context, query, asked, (rows, ids) =>
        prismaOf(context).auditEntry.findMany({ ...rows, where: { ...rows.where, seq: { in: ids.map(BigInt) } } }),
      ),
  }),
);
