import { builder } from "./builder.ts";
import { EntryKindEnum } from "./enums.ts";
import { htmlOf } from "./markdown.ts";
import { rowKey } from "./page.ts";
import { readWords } from "./words.ts";

builder.prismaNode("IncidentEntry", {
  id: { resolve: (entry) => entry.id, description: "The entry's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  include: { incident: { select: { subjects: true } } }, // whose data its message may hold
  fields: (t) => ({
    kind: t.expose("kind", { type: EntryKindEnum, description: "What it reports." }),
    message: t.string({
      description:
        "What it reports, in words. What a person wrote is withheld from whoever may not read patients' data, since it may name some.",
      resolve: async ({ id, message, sealed }, _args, context) => {
        const words = await readWords(context, "entry", { id, sealed });
        return words === null ? message : `${message}: ${words}`;
      },
    }),
    html: t.string({
      nullable: true,
      description: "What a person wrote, its Markdown as HTML that a page may show; null where nobody wrote anything.",
      resolve: async ({ id, sealed }, _args, context) => {
        const words = await readWords(context, "entry", { id, sealed });
        return words === null ? null : htmlOf(words);
      },
    }),
    actor: t.exposeString("actor"),
    at: t.expose("at", { type: "DateTime", description: "When it happened." }),
    incident: t.relation("incident", { description: "The incident it belongs to." }),
  }),
});
