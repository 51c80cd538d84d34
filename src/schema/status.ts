import { readFileSync } from "node:fs";
import { faultsOf } from "../detect/fault.ts";
import { builder } from "./builder.ts";
import { type Context, type Health, viewerOf } from "./context.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const Part = builder.objectRef<Health["parts"][number]>("StatusPart").implement({
  description: "One part of the server.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Which part, e.g. `database`." }),
    ok: t.exposeBoolean("ok", { description: "Whether it works." }),
    detail: t.exposeString("detail", { description: "How it is, in words." }),
  }),
});

const Status = builder.objectRef<Health>("Status").implement({
  description: "How the server is.",
  fields: (t) => ({
    ok: t.exposeBoolean("ok", { description: "Whether every part works." }),
    version: t.string({ description: "Vigil's version.", resolve: () => version }),
    uptime: t.field({
      type: "Duration",
      description: "How long this process has been running.",
      resolve: () => `PT${Math.floor(process.uptime())}S`,
    }),
    parts: t.field({ type: [Part], description: "Each part.", resolve: ({ parts }) => parts }),
  }),
});

builder.queryField("status", (t) =>
  t.field({
    type: Status,
    description: "How the server is.",
    authScopes: { permission: "status.read" },
    resolve: async (_parent, _args, context) => {
      const { ready, parts } = await context.services.health();
      const all = ready ? [...parts, await rulesPart(context)] : parts;
      return { ok: all.every(({ ok }) => ok), ready, parts: all };
    },
  }),
);

/** Rules that cannot run find nothing, and nobody would miss what they do not find. */
async function rulesPart(context: Context): Promise<Health["parts"][number]> {
  return faultsOf(context.services.db, viewerOf(context).organizationId).then(
    ({ size }) => ({
      name: "rules",
      ok: size === 0,
      detail: size === 0 ? "all can run" : `${size} cannot run: alertRules { nodes { name fault } } says which and why`,
    }),
    () => ({ name: "rules", ok: false, detail: "cannot be read" }),
  );
}
