import type { Policy } from "../alert/escalation.ts";
import type { EscalationState } from "../generated/prisma/client.ts";
import { builder } from "./builder.ts";
import { describedEnum } from "./enums.ts";
import { Incident } from "./incident.ts";

const StateEnum = describedEnum<EscalationState>("EscalationState", "Where an escalation is.", {
  RUNNING: "Its next step is due some time.",
  ACKNOWLEDGED: "Somebody has the incident: no step is done.",
  ENDED: "It is over: the incident is, or all steps are.",
});

const Escalation = builder.prismaObject("Escalation", {
  description: "The steps by which people are told of an incident until somebody acknowledges it.",
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    policyName: t.string({
      description: "The policy's name when it began: it goes on by the policy as it was then.",
      resolve: ({ policy }) => (policy as unknown as Policy).name,
    }),
    route: t.relation("route", { nullable: true, description: "The route that began it." }),
    state: t.expose("state", { type: StateEnum, description: "Where it is." }),
    step: t.exposeInt("step", {
      description: "The step that is done next, from 0; as many as there are: the fallback.",
    }),
    round: t.exposeInt("round", { description: "In which round, from 0." }),
    stepCount: t.int({
      description: "How many steps a round has.",
      resolve: ({ policy }) => (policy as unknown as Policy).steps.length,
    }),
    nextAt: t.expose("dueAt", {
      type: "DateTime",
      nullable: true,
      description: "When the next step is done; while it is acknowledged, when that no longer holds. Null: never.",
    }),
    startedAt: t.expose("startedAt", { type: "DateTime", description: "When it began." }),
    acknowledgedBy: t.exposeString("acknowledgedBy", { nullable: true, description: "Who acknowledged." }),
    endedAt: t.expose("endedAt", { type: "DateTime", nullable: true, description: "When it was over." }),
    endedReason: t.exposeString("endedReason", {
      nullable: true,
      description: "Why: EXHAUSTED (all steps are over), or the incident's status.",
    }),
    told: t.relation("alerts", {
      query: { orderBy: [{ createdAt: "asc" }, { id: "asc" }], take: 100 },
      description: "Who was told by it, oldest first; at most 100.",
    }),
  }),
});

builder.prismaObjectField(Incident, "escalations", (t) =>
  t.relation("escalations", {
    type: Escalation,
    query: { orderBy: [{ startedAt: "asc" }, { id: "asc" }], take: 50 },
    description: "Its escalations, oldest first; at most 50.",
  }),
);
