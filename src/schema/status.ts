import { type AlertBacklog, alertBacklog } from "../alert/backlog.ts";
import { criticalTimes } from "../alert/delivery-times.ts";
import { faultsOf } from "../detect/fault.ts";
import { version } from "../version.ts";
import { builder } from "./builder.ts";
import { type Context, type Health, type HealthPart, type QueueDepth, viewerOf } from "./context.ts";
import { DeliveryTimesType } from "./delivery-times.ts";

const Queue = builder.objectRef<QueueDepth>("QueueDepth").implement({
  description: "How full one queue of jobs is.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Which queue." }),
    waiting: t.exposeInt("waiting", { description: "Jobs that wait for a worker." }),
    active: t.exposeInt("active", { description: "Jobs being done." }),
    delayed: t.exposeInt("delayed", { description: "Jobs for later." }),
    failed: t.exposeInt("failed", { description: "Jobs that were given up." }),
  }),
});

const Backlog = builder.objectRef<AlertBacklog & { ingestMs: number }>("StatusBacklog").implement({
  description: "What waits in the organization.",
  fields: (t) => ({
    ingestMs: t.exposeFloat("ingestMs", {
      description: "How long the oldest event that waits in this process has waited, in milliseconds.",
    }),
    alertsQueued: t.exposeInt("queued", { description: "Alerts that are to be sent." }),
    alertsMs: t.exposeFloat("lateMs", {
      description: "How far past its time the alert is that has waited longest, in milliseconds; 0: none is late.",
    }),
  }),
});

const Part = builder.objectRef<HealthPart>("StatusPart").implement({
  description: "One part of the server.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Which part, e.g. `database`." }),
    ok: t.exposeBoolean("ok", { description: "Whether it works." }),
    detail: t.exposeString("detail", { description: "How it is, in words." }),
    version: t.string({
      nullable: true,
      description: "The version of the program behind it; null: none, or it does not answer.",
      resolve: ({ version }) => version ?? null,
    }),
    latencyMs: t.float({
      nullable: true,
      description: "How long it took to answer, in milliseconds; null: it was not asked.",
      resolve: ({ latencyMs }) => latencyMs ?? null,
    }),
    queues: t.field({
      type: [Queue],
      description: "How full its queues are; empty where it has none.",
      resolve: ({ queues }) => queues ?? [],
    }),
  }),
});

const Status = builder.objectRef<Health>("Status").implement({
  description: "How the server is.",
  fields: (t) => ({
    ok: t.exposeBoolean("ok", { description: "Whether every part works." }),
    version: t.string({ description: "Vigil's version.", resolve: () => version }),
    node: t.string({ description: "The version of Node.js it runs on.", resolve: () => process.versions.node }),
    backlog: t.field({
      type: Backlog,
      authScopes: { permission: "incident.read" },
      description: "What waits in the organization: events, and alerts.",
      resolve: async (_health, _args, context) => {
        const { db, gauges, now } = context.services;
        const { organizationId } = viewerOf(context);
        const [{ ingestLagMs: ingestMs }, alerts] = await Promise.all([
          gauges.now(organizationId),
          alertBacklog(db, organizationId, now()),
        ]);
        return { ...alerts, ingestMs };
      },
    }),
    criticalAlerts: t.field({
      type: DeliveryTimesType,
      nullable: true,
      authScopes: { permission: "incident.read" },
      description:
        "How long what is CRITICAL took to its receivers within the last hour, beside the objective; null: nothing was CRITICAL.",
      resolve: async (_health, _args, context) => {
        const { db, now } = context.services;
        return (await criticalTimes(db, viewerOf(context).organizationId, now())) ?? null;
      },
    }),
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
