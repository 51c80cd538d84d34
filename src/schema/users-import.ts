import { audit } from "../access/audit.ts";
import { importUsers } from "../detect/behaviour/import-users.ts";
import { mostRows, type RowFault, readCsv, readRows } from "../detect/behaviour/users-rows.ts";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, viewerOf } from "./context.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const RowInput = builder.inputType("UserImportRow", {
  description: "One person, by name or address as events call them; what is absent stays as it is.",
  fields: (t) => ({
    name: t.string({ description: "The name that events give (`actor.name`)." }),
    email: t.string({ description: "The address that events give (`actor.email`)." }),
    aliases: t.stringList({
      description:
        "What else events call the same person (`actor.email` or `actor.id`, where they tell no name): at most 10. From now on such events are given the name, and count for one user, who is called so in incidents, decisions and answers too. What was stored before stays; `vigil profiles rebuild` learns from it under the one name. Absent: as it is.",
    }),
    roles: t.stringList({ description: "Their roles. The first one is the peer group, where events tell none." }),
    department: t.string({ description: "Their department: the peer group, where there are no roles." }),
    criticality: t.float({ description: "How much depends on them: 0.5, 1, 1.5 or 2." }),
  }),
});

const Input = builder.inputType("UsersImportInput", {
  description: `People as rows or as CSV, one of the two, at most ${mostRows} of them.`,
  fields: (t) => ({
    rows: t.field({ type: [RowInput], description: "The people." }),
    csv: t.string({
      description: "CSV with a header of name, email, aliases, roles (both divided by `;`), department, criticality.",
    }),
    dryRun: t.boolean({ description: "Only says what would be refused." }),
  }),
});

interface Imported {
  imported: number;
  rejected: RowFault[];
}

const RejectionType = builder.objectRef<RowFault>("UserImportRejection").implement({
  description: "A row that was refused, and why.",
  fields: (t) => ({
    row: t.exposeInt("row", { description: "Which, from 1; the header of CSV does not count." }),
    field: t.exposeString("field", { description: "The field at fault." }),
    message: t.exposeString("message", { description: "What is wrong with it." }),
  }),
});

const Payload = builder.objectRef<Outcome<Imported>>("UsersImportPayload").implement({
  description: "What became of an import.",
  fields: (t) => ({
    imported: t.int({
      description: "How many rows were taken in; in a dry run, would be.",
      resolve: ({ value }) => value?.imported ?? 0,
    }),
    rejected: t.field({
      type: [RejectionType],
      description: "The rows that were refused; the others are taken in.",
      resolve: ({ value }) => value?.rejected ?? [],
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was done.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("usersImport", (t) =>
  t.field({
    type: Payload,
    description:
      "Tells who works in which role and department, and how much depends on whom: users of the monitored applications, whom behaviour rules compare with their peers. A bad row costs only itself.",
    authScopes: { permission: "entity.write" },
    args: { input: t.arg({ type: Input, required: true, description: "The people." }) },
    resolve: (_parent, { input }, context) => attempt(() => run(context, input)),
  }),
);

async function run(context: Context, { rows, csv, dryRun }: typeof Input.$inferInput): Promise<Imported> {
  if ((rows == null) === (csv == null))
    throw new VigilError("BAD_USER_INPUT", "Give rows or csv, one of the two", { path: ["input"] });
  const given = rows ?? readCsv(csv ?? "");
  if (given.length === 0 || given.length > mostRows) {
    const message = `An import has 1 to ${mostRows} rows, and this one ${given.length}`;
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", rows ? "rows" : "csv"] });
  }
  const { users, rejected } = readRows(given);
  const { change, now, raiseBy } = context.services;
  await change(viewerOf(context).organizationId, async (tx) => {
    const done = dryRun ? undefined : await importUsers(tx, users, now());
    if (done) await raiseBy(tx, done.crossings);
    const { made = 0, changed = 0 } = done ?? {};
    const detail = { dryRun: dryRun ?? false, rows: given.length, rejected: rejected.length, made, changed };
    const entry = { actor: auditActorOf(context), action: "USERS_IMPORTED", entityKind: "Entity", entityId: "" };
    await audit(tx, { ...entry, detail });
  });
  return { imported: users.length, rejected };
}
