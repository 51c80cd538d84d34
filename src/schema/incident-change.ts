import { acknowledge } from "../alert/acknowledge.ts";
import { teaching, unlearning } from "../feedback.ts";
import {
  closeIncident,
  containIncident,
  investigateIncident,
  reopenIncident,
  resolveIncident,
} from "../incident/change.ts";
import { builder } from "./builder.ts";
import { auditActorOf } from "./context.ts";
import { ResolutionEnum } from "./enums.ts";
import { Incident } from "./incident.ts";
import { changeIncident, expected, incidentPayload, revisionText } from "./incident-payload.ts";

const AcknowledgeInput = builder.inputType("IncidentAcknowledgeInput", {
  description: "How to acknowledge.",
  fields: (t) => ({ expectedRevision: t.int({ description: revisionText }) }),
});

const AcknowledgePayload = incidentPayload("IncidentAcknowledgePayload");
builder.mutationField("incidentAcknowledge", (t) =>
  t.field({
    type: AcknowledgePayload,
    description:
      "Says that somebody has seen the incident: escalations stop. Again, where that has lasted too long and people are being called.",
    authScopes: { permission: "incident.write" },
    args: {
      id: t.arg.globalID({ required: true, for: Incident, description: "The incident." }),
      input: t.arg({ type: AcknowledgeInput, description: "How." }),
    },
    resolve: (_parent, { id, input }, context) =>
      changeIncident(context, id.id, "INCIDENT_ACKNOWLEDGED", {}, (tx, who) =>
        acknowledge(tx, { ...who, ...expected(input ?? {}) }),
      ),
  }),
);

const ResolveInput = builder.inputType("IncidentResolveInput", {
  description: "How to resolve.",
  fields: (t) => ({
    resolution: t.field({ type: ResolutionEnum, required: true, description: "Why, for statistics." }),
    reason: t.string({ required: true, description: "Why, for people." }),
    expectedRevision: t.int({ description: revisionText }),
  }),
});

const ResolvePayload = incidentPayload("IncidentResolvePayload");
builder.mutationField("incidentResolve", (t) =>
  t.field({
    type: ResolvePayload,
    description: "Says that the incident is over, and why.",
    authScopes: { permission: "incident.write" },
    args: {
      id: t.arg.globalID({ required: true, for: Incident, description: "The incident." }),
      input: t.arg({ type: ResolveInput, required: true, description: "How." }),
    },
    resolve: (_parent, { id, input }, context) => {
      const { resolution, reason } = input;
      return changeIncident(context, id.id, "INCIDENT_RESOLVED", { resolution }, (tx, who) =>
        teaching(tx, resolution, { incidentId: id.id, ...who, auditActor: auditActorOf(context) }, () =>
          resolveIncident(tx, context.services.vault, { ...who, resolution, reason, ...expected(input) }),
        ),
      );
    },
  }),
);

/** A move that needs nothing but the incident. */
function plainMove(
  name: "incidentInvestigate" | "incidentClose",
  noun: "IncidentInvestigate" | "IncidentClose",
  { description, action, work }: { description: string; action: string; work: typeof closeIncident },
): void {
  const input = builder.inputType(`${noun}Input`, {
    description: "How.",
    fields: (t) => ({ expectedRevision: t.int({ description: revisionText }) }),
  });
  const type = incidentPayload(`${noun}Payload`);
  builder.mutationField(name, (t) =>
    t.field({
      type,
      description,
      authScopes: { permission: "incident.write" },
      args: {
        id: t.arg.globalID({ required: true, for: Incident, description: "The incident." }),
        input: t.arg({ type: input, description: "How." }),
      },
      resolve: (_parent, { id, input }, context) =>
        changeIncident(context, id.id, action, {}, (tx, who) => work(tx, { ...who, ...expected(input ?? {}) })),
    }),
  );
}

plainMove("incidentInvestigate", "IncidentInvestigate", {
  description: "Says that somebody is at work on the incident; it counts as seen.",
  action: "INCIDENT_INVESTIGATED",
  work: investigateIncident,
});
plainMove("incidentClose", "IncidentClose", {
  description: "Says that the work on a resolved incident is over, its review included.",
  action: "INCIDENT_CLOSED",
  work: closeIncident,
});

/** A move that needs a reason. */
function reasonedMove(
  name: "incidentContain" | "incidentReopen",
  noun: "IncidentContain" | "IncidentReopen",
  { description, action, work }: { description: string; action: string; work: typeof reopenIncident },
): void {
  const input = builder.inputType(`${noun}Input`, {
    description: "How, and why.",
    fields: (t) => ({
      reason: t.string({ required: true, description: "Why, for people: 1 to 2,000 characters, kept sealed." }),
      expectedRevision: t.int({ description: revisionText }),
    }),
  });
  const type = incidentPayload(`${noun}Payload`);
  builder.mutationField(name, (t) =>
    t.field({
      type,
      description,
      authScopes: { permission: "incident.write" },
      args: {
        id: t.arg.globalID({ required: true, for: Incident, description: "The incident." }),
        input: t.arg({ type: input, required: true, description: "How, and why." }),
      },
      resolve: (_parent, { id, input }, context) =>
        changeIncident(context, id.id, action, {}, (tx, who) => {
          const move = () => work(tx, context.services.vault, { ...who, reason: input.reason, ...expected(input) });
          if (name === "incidentContain") return move();
          return unlearning(tx, { incidentId: id.id, ...who, auditActor: auditActorOf(context) }, move);
        }),
    }),
  );
}

reasonedMove("incidentContain", "IncidentContain", {
  description: "Says that the incident does no further harm.",
  action: "INCIDENT_CONTAINED",
  work: containIncident,
});
reasonedMove("incidentReopen", "IncidentReopen", {
  description:
    "Opens a resolved or closed incident again, within 30 days of its resolution and while no other of its kind is open.",
  action: "INCIDENT_REOPENED",
  work: reopenIncident,
});
